/*
 * core/document_store.h: the documents of the feature store: a collection pass
 * writes them, everybody reads them.
 *
 * A pass over one source: begin, then put() or keep() for each document seen,
 * then end(). Documents are committed in batches as the pass goes on: a pass
 * that was killed has stored whole documents, and the next pass finishes.
 * Only end() removes: a document that a complete pass has not seen becomes a
 * tombstone; a key that is new while an unseen one had the same content is a
 * rename and keeps its id. Nothing changed: nothing is written.
 */
#ifndef TW_CORE_DOCUMENT_STORE_H
#define TW_CORE_DOCUMENT_STORE_H

#include "core/feature_store.h"

struct tw_pass; /* opaque; one thread */

enum tw_put {
	TW_PUT_NEW,
	TW_PUT_CHANGED,
	TW_PUT_UNCHANGED,
	TW_PUT_DEFERRED /* new or renamed: end() tells */
};

struct tw_pass_stats {
	int64_t added, changed, unchanged, renamed, removed, skipped;
};

TW_MUST_USE enum tw_status tw_pass_begin(struct tw_pass **out, struct tw_feature_store *fs,
					 const char *source, struct tw_err *err);
/* Borrowed until the pass ends; NULL when no live document has this key. Both answer from memory, so a forked child may
 * ask its copy of a pass, too. */
const char *tw_pass_known(struct tw_pass *p, const char *key);
const char *tw_pass_state(struct tw_pass *p, const char *name);
void tw_pass_set_state(struct tw_pass *p, const char *name, const char *value);
/* doc->unchanged counts as seen. `outcome` may be NULL. A forgotten document (tw_fs_forget), and one with its text, is
 * left out: TW_SKIPPED. */
TW_MUST_USE enum tw_status tw_pass_put(struct tw_pass *p, const struct tw_document *doc,
				       enum tw_put *outcome, struct tw_err *err);
/* Every live document of the source is there as it was: all count as seen and unchanged. */
void tw_pass_keep_all(struct tw_pass *p);
/* Seen, but could not be read: neither changed nor removed. */
void tw_pass_skip(struct tw_pass *p, const char *key);
/* Whether this pass has put, kept or skipped it. */
bool tw_pass_seen(struct tw_pass *p, const char *key);
/* Stores what was put and set so far; the pass goes on. */
TW_MUST_USE enum tw_status tw_pass_commit(struct tw_pass *p, struct tw_err *err);
/* Commits, and with `complete` removes what was not seen. Frees the pass, also on failure. */
TW_MUST_USE enum tw_status tw_pass_end(struct tw_pass *p, bool complete,
				       struct tw_pass_stats *stats, struct tw_err *err);
/* Keeps what was committed, removes nothing, frees the pass. NULL is fine. */
void tw_pass_abort(struct tw_pass *p);

struct tw_document_filter {
	const char *source; /* NULL: all */
	bool deleted;	    /* tombstones too */
	size_t limit;	    /* 0: all */
};
struct tw_documents {
	const struct tw_document *at; /* newest first by created_ms, without bodies */
	size_t n, total;	      /* that are here; that there would be without a limit */
};
TW_MUST_USE enum tw_status tw_fs_documents(struct tw_documents *out, struct tw_feature_store *fs,
					   const struct tw_document_filter *filter,
					   struct tw_arena *a, struct tw_err *err);
/* `ref`: an id, a prefix of at least 6 digits, or a key. Revision 0: the current one. TW_NOT_FOUND. */
TW_MUST_USE enum tw_status tw_fs_document(struct tw_document *out, struct tw_feature_store *fs,
					  const char *ref, int64_t revision, struct tw_arena *a,
					  struct tw_err *err);

/* Tombstones of all documents of sources that are not in `keep` (n names). *removed counts them. */
TW_MUST_USE enum tw_status tw_fs_retire_sources(struct tw_feature_store *fs,
						const char *const *keep, size_t n, int64_t *removed,
						struct tw_err *err);

struct tw_forgotten {
	const char *doc;
	int64_t revisions, rows, dataset_rows, predictions; /* erased by this call */
	const char *const *
		datasets; /* ids of datasets that held it: their models are to be marked (tw_mr_taint) */
	size_t n_datasets;
};
/* Erases the document, its revisions, rows, vectors, dataset rows and predictions that cite it, from the files too,
 * and remembers only its id and digests: of source and key, and of the text of each revision, so that no pass brings it
 * back, under another key neither, and rows, examples and answers that were under way are not stored. Again for the same id or key: TW_OK, finishes what was cut short. */
TW_MUST_USE enum tw_status tw_fs_forget(struct tw_forgotten *out, struct tw_feature_store *fs,
					const char *doc, struct tw_arena *a, struct tw_err *err);

#endif
