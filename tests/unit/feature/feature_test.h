/*
 * Small helpers of the tests of feature/: transforms on one document, without a store.
 */
#ifndef TEST_FEATURE_TEST_H
#define TEST_FEATURE_TEST_H

#include "test.h"

#include "core/embedder.h"
#include "core/llm.h"
#include "core/transform.h"
#include "feature/feature.h"

#define assert_lacks(text, part)                                         \
	do {                                                             \
		if (strstr((text), (part)))                              \
			fail_msg("\"%s\" is in \"%s\"", (part), (text)); \
	} while (0)

/* Rows of "documents" with one document. */
struct tw_rows raw(struct tw_arena *a, const char *id, const char *title, const char *media,
		   const char *body);

/* A transform on one document; fails the test on an error. `params` is JSON or NULL. */
struct tw_rows apply(struct tw_arena *a, const struct tw_transform_type *type, const char *params,
		     const struct tw_transform_env *env, const char *doc, const struct tw_rows *in);

/* A transform on whole inputs: in[i] has rows of any documents. */
struct tw_rows apply_all(struct tw_arena *a, const struct tw_transform_type *type,
			 const char *params, const struct tw_rows *in, size_t n);

/* Cleaned text of a body. */
const char *cleaned(struct tw_arena *a, const char *media, const char *body);

/* Rows of "scrub" with one document. */
struct tw_rows scrubbed(struct tw_arena *a, const char *id, const char *title, const char *body);

/* A row reader over the documents of `rows`; free() ends it. */
struct tw_row_reader *reader_of(const struct tw_rows *rows);

/* Appends rows of one document. */
void append(struct tw_rows *to, const struct tw_rows *from);

/* Folder of the shared corpora ("jbranchaud-til"), or NULL when this machine has none. */
const char *shared_data(struct tw_arena *a, const char *name);

/* Reads a Markdown file and returns its body without front matter. */
const char *body_of(struct tw_arena *a, const char *path);

#endif
