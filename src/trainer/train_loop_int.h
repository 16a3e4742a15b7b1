/*
 * trainer/train_loop_int.h: the training loop: steps, validation, checkpoints. What a step minimises lies behind
 * objective_int.h, what it is made of in the other files; here is the order of things.
 */
#ifndef TW_TRAINER_TRAIN_LOOP_INT_H
#define TW_TRAINER_TRAIN_LOOP_INT_H

#include "core/trainer.h"
#include "trainer/checkpoint_int.h"
#include "net/net.h"
#include "trainer/objective_int.h"
#include "trainer/optim_int.h"
#include "trainer/plan_int.h"

struct tw_train_loop {
	const struct tw_train_options *o;
	const struct tw_objective *objective;
	const struct tw_train_job *job;
	struct tw_arena arena;
	struct tw_weights w;
	struct tw_lora lora;
	struct tw_compute c;
	struct tw_plan plan; /* of memory */
	struct tw_net net;
	struct tw_batch batch;
	struct tw_state state;
	struct tw_pack train; /* of the objective's groups */
	struct tw_pack
		valid; /* single samples, whatever the objective is: valid_loss can be compared */
	struct tw_pack valid_pairs; /* where the objective takes pairs */
	struct tw_schedule schedule;
	const struct tw_optim *optim;
	double *logp;		  /* (batch.cap): scratch of objectives, by target */
	float *weight;		  /* likewise */
	size_t *order;		  /* rows of the current epoch */
	int64_t epoch;		  /* that `order` is for; -1: none */
	int64_t total_rows;	  /* rows in all epochs together */
	double saved_at;	  /* monotonic */
	float *their_g;		  /* (lora.n): gradients of another rank; NULL: there is one rank */
	struct tw_rescue *rescue; /* NULL: the same */
};

/* On failure nothing is left to release. */
TW_MUST_USE enum tw_status tw_train_loop_init(struct tw_train_loop *l,
					      const struct tw_train_options *o,
					      const struct tw_train_job *job, struct tw_err *err);
void tw_train_loop_release(struct tw_train_loop *l);

/* What ranks other than 0 have of it: prepared, and when l->train and *o are read, ready to compute gradients. After a
 * failure it is to be released too. */
void tw_train_loop_prepare(struct tw_train_loop *l, const struct tw_train_options *o,
			   const struct tw_train_job *job);
TW_MUST_USE enum tw_status tw_train_loop_join(struct tw_train_loop *l, const char *base,
					      int context, const struct tw_net_size *size,
					      struct tw_err *err);

/* Of all that is random. */
uint64_t tw_train_loop_seed(const struct tw_train_loop *l);

/* Sums and gradient of the rows of step l->state.head->step: of all of them on rank 0, of a part elsewhere. */
TW_MUST_USE enum tw_status tw_train_loop_gradient(struct tw_train_loop *l, struct tw_sums *sums,
						  struct tw_err *err);

/* From where the state stands to the last step. */
TW_MUST_USE enum tw_status tw_train_loop_run(struct tw_train_loop *l, struct tw_err *err);

/* The adapter with parameters p as a GGUF; with DoRA, which has no such file, the base with it. */
TW_MUST_USE enum tw_status tw_train_loop_write(struct tw_train_loop *l, const char *path,
					       const float *p, struct tw_err *err);

/* Whether validations tell which adapter is the best: there is a validation split, of pairs where the method learns
 * from pairs. Else the last adapter is kept. */
bool tw_train_loop_judges(const struct tw_train_loop *l);

/* Writes into l->lora.p what training begins with: the job's init_adapter, or a fresh adapter that changes nothing. */
TW_MUST_USE enum tw_status tw_train_loop_begin(struct tw_train_loop *l, struct tw_err *err);

/* Row number k of the whole training: each epoch passes all rows in an order of its own. */
size_t tw_train_loop_row(struct tw_train_loop *l, int64_t k);

/* Adds a row of a pack to l->batch; there must be room. */
void tw_train_loop_add_row(struct tw_train_loop *l, const struct tw_pack *p, size_t row);

#endif
