/*
 * core/trainer.h: a trainer turns a dataset and a base model into an adapter.
 *
 * It neither reads the stores nor registers anything: the training pipeline
 * hands it examples and takes the file that it leaves.
 * A trainer can be killed at any moment; started again with the same job and
 * work folder it goes on from its last checkpoint and ends with the same file.
 *
 * To add one: trainer/trainer_x.c, its extern in trainer/trainers.h, one
 * line in app/plugins.c, one row in tests/contract/test_trainer.c.
 */
#ifndef TW_CORE_TRAINER_H
#define TW_CORE_TRAINER_H

#include "core/config.h"
#include "core/dataset.h"
#include "core/llm.h"

struct tw_trainer; /* opaque: a type with its options */

struct tw_train_job {
	struct tw_llm *llm; /* the base: tokenizer, template, path of its weights; borrowed */
	struct tw_examples train, valid;
	const char *work_dir; /* exists; checkpoints live here, named after the job's digest */
	const char *
		job_digest; /* of dataset, base, options: a checkpoint of another job is not resumed */
	const char *init_adapter; /* GGUF LoRA to go on from; NULL: from nothing */
	const char *init_name;	  /* of it, for people: "v3"; NULL: its path */
	uint64_t seed;
	int threads; /* 0: all cores */
	/* Called after each optimiser step and evaluation: ("loss", 12, 2.31). */
	void (*on_metric)(void *ctx, const char *name, int64_t step, double value);
	/* Optional. The evaluation of this step, whose metrics come next, found the best adapter so far: it is the one
	 * that is kept unless a later one is better. */
	void (*on_best)(void *ctx, int64_t step);
	/* Optional. After each evaluation: the adapter, or model, as it is at this step, a file that the callee may read until it
	 * returns. Failing ends the training. */
	enum tw_status (*on_adapter)(void *ctx, int64_t step, const char *path, struct tw_err *err);
	void *ctx;
};

struct tw_train_result {
	char adapter_path
		[4096]; /* GGUF, in work_dir: an adapter, or a whole model (see core/llm.h); "": the base as it is */
	int64_t steps, tokens, trainable;
	int64_t resumed_from; /* step; 0: from the start */
	int64_t kept_step;    /* whose adapter it is; 0: not known */
	double train_loss;    /* mean of the last tenth of the steps */
	double valid_loss;    /* of the adapter that was kept; NAN without a validation split */
};

struct tw_trainer_type {
	const char *name; /* `trainer:` under `training:` */
	const char *help;
	const struct tw_opt *opts;
	size_t ctx_size;
	int code_version;
	/* Optional. TW_BAD_USE for options that do not go together, or that have no effect with the others. */
	enum tw_status (*check)(const void *ctx, struct tw_err *err);
	/* Required. TW_CANCELLED when tw_stopping(): a checkpoint is left. Fails loudly when no token carries loss. */
	enum tw_status (*train)(struct tw_train_result *out, void *ctx,
				const struct tw_train_job *job, struct tw_err *err);
};

/* As `training:` says: `trainer` picks the type (the list's first when absent), all but `dataset` and `samples` are its options.
 * On TW_OK the caller owns *out; end it with tw_trainer_free(). TW_BAD_USE. */
TW_MUST_USE enum tw_status tw_trainer_new(struct tw_trainer **out,
					  const struct tw_trainer_type *const *types,
					  const struct tw_config *conf, struct tw_err *err);
void tw_trainer_free(struct tw_trainer *t); /* NULL is fine */

/* Canonical JSON: name, code version, options. Equal texts train equal adapters from equal jobs. */
const char *tw_trainer_params(const struct tw_trainer *t);

TW_MUST_USE enum tw_status tw_train(struct tw_train_result *out, struct tw_trainer *t,
				    const struct tw_train_job *job, struct tw_err *err);

#endif
