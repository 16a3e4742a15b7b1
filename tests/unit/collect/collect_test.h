/*
 * A host for sources whose documents and state live in memory.
 */
#ifndef TEST_COLLECT_TEST_H
#define TEST_COLLECT_TEST_H

#include "test.h"

#include "base/map.h"
#include "base/vec.h"
#include "core/source.h"

/* A fresh folder of this name below the test's own; in the arena. */
const char *fresh_dir(const char *name, struct tw_arena *a);
void write_file(const char *dir, const char *name, const char *text);

struct seen {
	struct tw_document doc; /* in the arena of the host */
	enum tw_status status;
	const char *why; /* of TW_SKIPPED */
};

/* One "store" for passes of one source, one after another. */
struct memory_host {
	struct tw_source_host host;
	struct tw_map known, state, next_state; /* strings in the arena */
	struct tw_arena arena;
	TW_VEC(struct seen) seen; /* by the last pass */
	struct tw_err err;	  /* of the last pass */
	int commits;		  /* in it */
};

void memory_host_init(struct memory_host *h, struct tw_http *http);
void memory_host_release(struct memory_host *h);

/* Opens the source with options in YAML and takes all that it yields. Like the store, keeps fingerprints and, after a whole
 * pass, state. The status of the pass: TW_OK, or what open() or next() failed with. */
enum tw_status memory_pass(struct memory_host *h, const struct tw_source_type *type,
			   const char *yaml);
/* Of the last pass, by key; NULL when it did not come. */
const struct seen *find_seen(const struct memory_host *h, const char *key);
size_t count_unchanged(const struct memory_host *h);

#endif
