/*
 * store/pass_int.h: a collection pass in memory, and what it writes.
 *
 * pass.c decides what each document that was seen means; pass_write.c puts a
 * batch of decisions into the database.
 */
#ifndef TW_STORE_PASS_INT_H
#define TW_STORE_PASS_INT_H

#include "base/map.h"
#include "store/fs_int.h"

/* A document of the source as the store knows it, or came to know it in this pass. */
struct tw_pass_entry {
	const char *doc; /* id; NULL for one that is new and not written yet */
	const char *key, *fingerprint;
	char digest[TW_DIGEST_LEN + 1]; /* of the current content; "" for a tombstone */
	int64_t revision;
	bool live, seen;
	/* As they were at the beginning of the pass, for renames. */
	int64_t revision_before;
	int64_t same; /* index of another entry that had the same content, -1 at the end */
};

enum tw_pass_kind {
	TW_PASS_NEW,
	TW_PASS_REVISE, /* new content, also of a tombstone */
	TW_PASS_TOUCH,	/* new fingerprint alone */
	TW_PASS_RENAME, /* entry `from` gets this key */
	TW_PASS_COPY,	/* new, with the content that `from` had at the beginning */
	TW_PASS_BURY,
};

struct tw_pass_op {
	enum tw_pass_kind kind;
	size_t entry; /* for RENAME and COPY: the deferred one */
	size_t from;
	struct tw_document doc; /* NEW, REVISE: a copy in the batch's arena */
};

struct tw_pass_ops TW_VEC_BODY(struct tw_pass_op);

struct tw_pass {
	struct tw_feature_store *fs;
	const char *source;
	struct tw_arena arena; /* entries' strings */
	TW_VEC(struct tw_pass_entry) entries;
	struct tw_map by_key;	 /* -> index of an entry */
	struct tw_map by_digest; /* -> index of the first entry that had this content */
	TW_VEC(size_t) deferred;
	struct tw_map state, dirty; /* name -> value; dirty: what to store */
	struct tw_map forgotten,
		forgotten_texts; /* digests: tw_forgotten_digest(), tw_forgotten_text_digest() */
	struct tw_pass_ops ops;	 /* the batch */
	struct tw_arena batch;
	size_t batch_bytes;
	struct tw_pass_stats stats;
	bool failed; /* a batch was lost: nothing may be stored that says it was not */
};

/* One transaction: the batch and, where it is asked for, the state. */
TW_MUST_USE enum tw_status tw_pass_write(struct tw_pass *p, bool state, struct tw_err *err);

#endif
