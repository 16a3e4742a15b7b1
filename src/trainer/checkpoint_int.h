/*
 * trainer/checkpoint_int.h: all that a training run is besides its inputs, in one
 * block of memory that is the file as it stands: saving and loading copy nothing
 * apart. A file holds for the machine's kind that wrote it.
 *
 * What random numbers are needed for (first values, order of rows) follows from seed
 * and step alone, so no state of a generator is kept.
 */
#ifndef TW_TRAINER_CHECKPOINT_INT_H
#define TW_TRAINER_CHECKPOINT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

struct tw_state_head {
	char magic[16];
	uint64_t checksum;		       /* of all that follows it */
	char job[(TW_DIGEST_LEN + 8) / 8 * 8]; /* sha256 of the job's digest */
	uint64_t n;			       /* parameters */
	int64_t total_steps;
	int64_t step;	   /* done */
	int64_t tokens;	   /* seen */
	int64_t evaluated; /* last step with a validation; -1: none */
	int64_t best_step; /* 0: none yet */
	double last_valid; /* loss of the last validation */
	double best_valid; /* of that which was the best */
	double best_score; /* what the best is chosen by */
	int64_t stale;	   /* validations since */
	int64_t rows;	   /* of a step that go through the net at a time; 0: not planned yet */
	int64_t ended;	   /* 1: before total_steps, because it got no better */
};

struct tw_state {
	struct tw_state_head *head;
	float *p, *best; /* n each: parameters, the best of them by validation */
	double *loss;	 /* total_steps */
	void *optim;	 /* what the optimiser remembers */
	size_t bytes;
};

/* Zeroed; optim_bytes for the optimiser. On TW_OK end with tw_state_release(). */
TW_MUST_USE enum tw_status tw_state_init(struct tw_state *s, size_t n, size_t optim_bytes,
					 int64_t total_steps, const char *job_digest,
					 struct tw_err *err);
void tw_state_release(struct tw_state *s);

/* The file appears whole or not at all; an older one stays when this fails. */
TW_MUST_USE enum tw_status tw_state_save(struct tw_state *s, const char *path, struct tw_err *err);

/* False, and *s unchanged: there is none, or it is of another job (or broken: says so in the log). */
bool tw_state_load(struct tw_state *s, const char *path);

/* The same in a folder, where files are named for the job and the step: this one stays, and the newest intact ones
 * before it, `keep` (at least 1) in all. Damaged ones and those of later steps go. */
TW_MUST_USE enum tw_status tw_checkpoints_save(struct tw_state *s, const char *dir, int keep,
					       struct tw_err *err);
/* The newest that is intact. */
bool tw_checkpoints_load(struct tw_state *s, const char *dir);

#endif
