/*
 * store/write_int.h: replacing a document's rows in a view.
 *
 * commit.c (a document at a time) and replace.c (a view as a whole) decide which
 * documents; write_rows.c does it and counts what it did.
 */
#ifndef TW_STORE_WRITE_INT_H
#define TW_STORE_WRITE_INT_H

#include "store/fs_int.h"

struct tw_view_write {
	struct tw_feature_store *fs;
	struct tw_conn *c;
	const struct tw_view_table *t;
	int64_t watermark, dim; /* as stored at the beginning; dim is kept up to date */
	int64_t docs, rows;	/* how many more there are now */
	int64_t changed;	/* documents whose rows were written or removed */
};

/* Takes the writer. End with tw_view_write_finish(), also on failure of what comes between. */
TW_MUST_USE enum tw_status tw_view_write_begin(struct tw_view_write *w, struct tw_feature_store *fs,
					       const char *view, struct tw_err *err);
/* Stores the counts and, when it is larger, the watermark; commits when st is TW_OK. */
enum tw_status tw_view_write_finish(struct tw_view_write *w, int64_t watermark, enum tw_status st,
				    struct tw_err *err);

/* What view_docs says of a document. */
struct tw_view_doc {
	bool found;
	int64_t n;
	char input[TW_DIGEST_LEN + 1], output[TW_DIGEST_LEN + 1];
};
TW_MUST_USE enum tw_status tw_view_doc_read(struct tw_view_doc *out, struct tw_view_write *w,
					    const char *doc, struct tw_err *err);

/* Rows [from, from + n) become the document's, unless they are already. input "" removes the document. */
TW_MUST_USE enum tw_status tw_view_write_doc(struct tw_view_write *w, const char *doc,
					     const char *input, const struct tw_rows *rows,
					     size_t from, size_t n, struct tw_err *err);

/* The input digest of rows that were computed from everything at once. */
#define TW_INPUT_ALL "all"

#endif
