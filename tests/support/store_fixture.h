/*
 * support/store_fixture.h: a feature store with a few documents and views, for
 * tests that look at it through core's contracts only.
 *
 * Every engine opens its store from a URL; TW_STORE_ENGINES lists them, and a
 * contract test runs its cases on each.
 */
#ifndef TEST_SUPPORT_STORE_FIXTURE_H
#define TEST_SUPPORT_STORE_FIXTURE_H

#include "test.h"

#include <stdbool.h>

#include "core/document_store.h"
#include "core/feature_store.h"

struct store_engine {
	const char *name;
	/* URL of a new, empty store; valid until the next eight calls. */
	const char *(*url)(const char *suffix);
};
extern const struct store_engine store_engines[]; /* ended by {0} */

/* A path in this program's own folder that no earlier call gave. */
const char *fresh_path(const char *suffix);

/* A new store for one test: *state of a test that is set up and torn down with these two. */
struct store_world {
	struct tw_feature_store *fs;
	struct tw_arena a;
	struct tw_err err;
	char url[512];
};
int store_setup(void **state);
int store_teardown(void **state);
void store_reopen(struct store_world *w);

/* One document as a source would give it: title "Title of KEY", fingerprint of the body. */
struct tw_document doc_of(const char *key, const char *body);

/* A pass over source `src` that sees exactly these: key, body, key, body, …, NULL. */
struct tw_pass_stats collect(struct tw_feature_store *fs, const char *src, ...);

/* Id of the document with this key. */
const char *id_of(struct tw_feature_store *fs, const char *key, struct tw_arena *a);

extern const struct tw_field
	text_schema[]; /* text (searched, 1), heading (searched, 2), n INT, score REAL */
extern const struct tw_field vector_schema[]; /* vec VECTOR, n INT */

/* Declares name with these inputs (NULL-ended digests); returns its digest in `a`. `params` tells versions apart. */
const char *declare(struct tw_feature_store *fs, const char *name, const char *params,
		    const struct tw_field *schema, struct tw_arena *a, ...);

/* Brings a view of text_schema up to date: a row for each line of each input document. Returns how many documents it computed. */
size_t materialize(struct tw_feature_store *fs, const char *view, const char *input);

/* One document's vectors in a view of vector_schema: n rows of dim, the k-th of document `seed` by fake_vector(). */
void put_vectors(struct tw_feature_store *fs, const char *view, const char *doc, size_t n, int dim,
		 uint64_t seed);
/* A random unit vector, the same for the same seed and k on every call. */
void fake_vector(float *out, int dim, uint64_t seed, size_t k);

/* How often these bytes stand in the files of the store at `url`: database, side files, segments of vectors. */
size_t files_hold(const char *url, const void *bytes, size_t len);

/* One row of text. */
void add_text(struct tw_rows *rows, const char *doc, const char *text);

#endif
