/*
 * trainer/command_int.h: what a trainer that runs another program is made of: the files that
 * it hands over (command_files.c), and what the program says (command_log.c).
 *
 * All of a job lies in one folder below the work folder, named after the job:
 *
 *	settings.json        paths and numbers; its path is the program's first argument
 *	train.jsonl, valid.jsonl              {"messages": […]}
 *	train_pairs.jsonl, valid_pairs.jsonl  {"prompt", "chosen", "rejected"}, when there are pairs
 *	init/                adapter to go on from, as PEFT's folder, when there is one
 *	checkpoints/         the program's own, for going on
 *	output/              where it leaves adapter.gguf, or PEFT's two files
 *	metrics.jsonl        lines of metrics so far, of this call and earlier ones
 *	adapter.gguf         taken and checked: the job is done
 */
#ifndef TW_TRAINER_COMMAND_INT_H
#define TW_TRAINER_COMMAND_INT_H

#include <stdio.h>

#include "base/vec.h"
#include "core/trainer.h"

/* TW_BLOCKED when no token would carry loss; TW_UNSUPPORTED for a base that is no file here. */
TW_MUST_USE enum tw_status tw_command_write_job(const char *dir, const struct tw_train_job *job,
						struct tw_arena *a, struct tw_err *err);

struct tw_command_loss {
	int64_t step;
	double value;
};

struct tw_command_log {
	FILE *file;					 /* metrics.jsonl, at its end */
	struct TW_VEC_BODY(struct tw_command_loss) loss; /* by step */
	int64_t last_step;				 /* 0: none */
	int64_t tokens;					 /* seen, as the program said last */
	double valid;					 /* NAN: none */
	int64_t resumed_from; /* step, known with the first line of this call */
	bool heard;	      /* a line in this call */
};

/* Reads what earlier calls heard. End with tw_command_log_close(), also after a failure. */
TW_MUST_USE enum tw_status tw_command_log_open(struct tw_command_log *l, const char *path,
					       struct tw_err *err);
void tw_command_log_close(struct tw_command_log *l);

/* One line of metrics. */
struct tw_command_metrics {
	int64_t step;
	const struct tw_json *numbers; /* members; those that are no finite numbers are skipped */
	const char *adapter; /* path of the adapter as it is at this step; NULL: not said */
};

/* Whether the line is one: {"step": 12, "loss": 2.3, …}. All else is talk. */
bool tw_command_parse(struct tw_command_metrics *out, const char *line, size_t len,
		      struct tw_arena *a);
/* Keeps it, and tells job->on_metric. */
void tw_command_log_add(struct tw_command_log *l, const struct tw_command_metrics *m,
			const char *line, const struct tw_train_job *job);

/* Mean of the last tenth of the steps that told a loss. */
double tw_command_train_loss(const struct tw_command_log *l);

#endif
