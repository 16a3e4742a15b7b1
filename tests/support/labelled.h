/*
 * support/labelled.h: label views with the rows that a test gives them, as the feature pipeline would, on a real store,
 * and the datasets that come of them.
 */
#ifndef TEST_SUPPORT_LABELLED_H
#define TEST_SUPPORT_LABELLED_H

#include "support/store_fixture.h"

#include "base/map.h"
#include "training/dataset.h"

struct labelled {
	struct store_world *w;
	struct tw_dataset_sources src;
	struct tw_dataset_options o;
	struct tw_rows labels, questions, groups, preferences;
};

/* Views without rows; the world is borrowed. Examples are asked without passages. */
void labelled_init(struct labelled *l, struct store_world *w);
void labelled_group(struct labelled *l, const char *doc, const char *group);
void labelled_label(struct labelled *l, const char *doc, const char *instruction,
		    const char *answer);
void labelled_question(struct labelled *l, const char *doc, const char *instruction,
		       const char *answer, const char *status);
const char *labelled_doc(struct labelled *l, size_t i);
/* Documents [from, to), each a group of its own with two examples. */
void labelled_documents(struct labelled *l, size_t from, size_t to);
/* Writes the rows into the store. */
void labelled_commit(struct labelled *l);
/* Commits and builds. */
struct tw_dataset labelled_build(struct labelled *l);
enum tw_status labelled_try_build(struct labelled *l);
struct tw_examples labelled_examples(struct labelled *l, const struct tw_dataset *d,
				     enum tw_split split);
/* Document: its split. Fails when a document or a group is in two. Release it. */
struct tw_map labelled_splits(struct labelled *l, const struct tw_dataset *d);
/* Of the statistics: -1 when absent. */
int64_t labelled_stat(struct labelled *l, const struct tw_dataset *d, const char *part,
		      const char *name);

#endif
