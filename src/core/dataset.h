/*
 * core/dataset.h: training datasets, immutable snapshots in the feature store.
 *
 * A dataset's id is the digest of its manifest: the rows with their splits and
 * messages, the seed, the parameters, the feature service. The same inputs give the same
 * id on any machine, however often the work was interrupted.
 */
#ifndef TW_CORE_DATASET_H
#define TW_CORE_DATASET_H

#include "core/feature_store.h"

enum tw_split { TW_TRAIN, TW_VALID, TW_TEST };
const char *tw_split_name(enum tw_split s);

struct tw_example {
	enum tw_split split;
	const char *row_id, *view, *doc; /* where it comes from: row of a label view */
	const char *group;		 /* near-duplicate group: never in two splits */
	const char *kind;		 /* "title", "heading", "question", … */
	const char
		*messages; /* JSON: [{"role": …, "content": …}, …]; the last is the assistant's */
	const char *rejected; /* a worse answer to the same, for preference training; NULL: none */
};

struct tw_dataset {
	const char *id; /* digest */
	int number;	/* 1, 2, … for people: "dataset 3" */
	const char *service;
	int64_t seed;
	const char *params; /* canonical JSON, with the system prompt */
	const char *stats;  /* JSON */
	int64_t n[3];	    /* examples by split */
	int64_t created_ms;
};

struct tw_datasets {
	const struct tw_dataset *at; /* newest first */
	size_t n;
};

struct tw_examples {
	const struct tw_example *at; /* ordered by split, then by row id */
	size_t n;
};

/* Computes d->id, stores manifest and examples unless that id is there already, fills number. */
TW_MUST_USE enum tw_status tw_fs_dataset_put(struct tw_dataset *d, struct tw_feature_store *fs,
					     const struct tw_examples *examples, struct tw_arena *a,
					     struct tw_err *err);
/* `ref`: id, prefix of 8, or number. */
TW_MUST_USE enum tw_status tw_fs_dataset(struct tw_dataset *out, struct tw_feature_store *fs,
					 const char *ref, struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_fs_datasets(struct tw_datasets *out, struct tw_feature_store *fs,
					  struct tw_arena *a, struct tw_err *err);
/* Those that hold an example of this document, by its id. */
TW_MUST_USE enum tw_status tw_fs_datasets_with(struct tw_datasets *out, struct tw_feature_store *fs,
					       const char *doc, struct tw_arena *a,
					       struct tw_err *err);
TW_MUST_USE enum tw_status tw_fs_examples(struct tw_examples *out, struct tw_feature_store *fs,
					  const char *dataset, enum tw_split split,
					  struct tw_arena *a, struct tw_err *err);

enum tw_dataset_rows {
	TW_ROWS_ALL,   /* pairs as pairs, the others as chats */
	TW_ROWS_CHATS, /* every example as a chat, with the better answer */
	TW_ROWS_PAIRS, /* only examples with a worse answer */
};

/* A line of JSON for each example, as TRL reads it: {"messages": […]}, or for a pair {"prompt": […], "chosen": […],
 * "rejected": […]}. TW_BAD_DATA for messages that are no chat. */
TW_MUST_USE enum tw_status tw_dataset_lines(struct tw_str *out, const struct tw_examples *examples,
					    enum tw_dataset_rows rows, struct tw_err *err);

#endif
