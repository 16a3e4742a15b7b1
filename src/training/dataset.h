/*
 * training/dataset.h: from label views to an immutable snapshot.
 *
 * Splits go by near-duplicate group, by a hash of seed and group: stable when
 * documents are added, and no text of the test split is ever trained on. The
 * snapshot itself belongs to the feature store (core/dataset.h).
 */
#ifndef TW_TRAINING_DATASET_H
#define TW_TRAINING_DATASET_H

#include "core/dataset.h"
#include "core/opt.h"

/* Raise it when the same rows would make other examples. */
#define TW_DATASET_CODE_VERSION 2

struct tw_dataset_options { /* section `training.dataset` */
	int64_t seed;
	double valid, test; /* shares of the groups; 0: no such split */
	int64_t max_examples;
	double grounded; /* share of the examples that are asked with passages */
};
extern const struct tw_opt tw_dataset_opts[];

struct tw_dataset_sources {
	struct tw_feature_store *fs;
	const char *labels, *questions, *duplicates; /* view digests; questions may be NULL */
	const char *
		preferences; /* likewise: answers that are worse than those of labels and questions */
	const char *service; /* digest of the feature service */
	const char *system;  /* system prompt, the one that serving uses; "": none */
};

/* Kind of an example that is asked with passages, as serving asks. */
#define TW_GROUNDED "grounded"
#define TW_REPLY    "reply" /* likewise, of a conversation: it says nothing that could be looked up */

/* Builds, checks and stores the snapshot; *out is in the arena. TW_BLOCKED when there is nothing to train on, or too few
 * groups for one in each split that was asked for. However small the share, a split that is asked for gets one group. */
TW_MUST_USE enum tw_status tw_dataset_build(struct tw_dataset *out,
					    const struct tw_dataset_sources *src,
					    const struct tw_dataset_options *o, struct tw_arena *a,
					    struct tw_err *err);

/* JSONL, tw_dataset_lines(). The file appears whole or not at all. TW_NOT_FOUND for a split without such examples. */
TW_MUST_USE enum tw_status tw_dataset_export(struct tw_feature_store *fs, const char *dataset,
					     enum tw_split split, enum tw_dataset_rows rows,
					     const char *path, struct tw_err *err);

#endif
