/*
 * inference/batch.h: many questions, from a file of JSON lines to another.
 *
 * In: {"question": …, "id"?: …} a line. Out, in the same order: {"line", "id",
 * "question", "answer", "finish", "support", "prediction", "sources"}, or {"line", "id", "error"} for a
 * line that could not be answered. Lines of white space are passed over.
 *
 * Answers go to OUT.<digest>.part, on disk line by line, and the file gets its
 * name when all are there. The digest is of the input and of what serves, so a
 * batch that was killed goes on where it was when it is started again, and a
 * changed input or deployment starts afresh.
 */
#ifndef TW_INFERENCE_BATCH_H
#define TW_INFERENCE_BATCH_H

#include "inference/deployment.h"

struct tw_batch_job {
	const char *in, *out; /* paths; `in` may be a pipe, "-" for standard input */
	const char *name;     /* that predictions are stored under; NULL: made of the digest */
};

struct tw_batch_stats {
	char name[64];
	int64_t lines;	  /* with something in them */
	int64_t answered; /* now */
	int64_t resumed;  /* by an earlier run of this batch */
	int64_t failed;	  /* lines with an "error", of both runs */
};

/* TW_OK also when lines failed. TW_CANCELLED when tw_stopping(): what was answered is kept. */
TW_MUST_USE enum tw_status tw_batch_run(struct tw_batch_stats *stats, struct tw_serving *s,
					const struct tw_batch_job *job, struct tw_err *err);

#endif
