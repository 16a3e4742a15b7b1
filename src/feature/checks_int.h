/*
 * feature/checks_int.h: what the checks look at, and what they say about it.
 */
#ifndef TW_FEATURE_CHECKS_INT_H
#define TW_FEATURE_CHECKS_INT_H

#include <stdbool.h>

#include "base/vec.h"
#include "core/transform.h"

#define CHECK_EXAMPLES 5 /* documents named in a detail */

/* All that is known of one document. */
struct check_doc {
	const char *id, *lang;
	int64_t words, secrets, chunks, over_budget, pairs, not_verbatim, leaks;
	double removed;
	bool canonical, has_text;
};

struct check_docs TW_VEC_BODY(struct check_doc *);

struct checks {
	double max_empty, max_short, max_other_language, max_removed, max_duplicates,
		max_over_budget, max_not_verbatim, max_leaks, max_without_chunks, max_secrets,
		max_filtered_questions;
	int64_t min_words;
};

struct check_data {
	struct check_docs docs; /* in order of their ids */
	const char *text;	/* of the document that is being read: not all of them at once */
	int64_t chunks, questions, filtered;
	struct tw_arena *a;
};

/* Reads clean, scrub, duplicates, chunks, labels, questions: side by side, and of each document in this order. */
TW_MUST_USE enum tw_status tw_checks_read(struct check_data *d, struct tw_row_reader *const *in,
					  struct tw_err *err);
void tw_checks_release(struct check_data *d);

#endif
