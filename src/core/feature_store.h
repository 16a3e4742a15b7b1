/*
 * core/feature_store.h: documents, and the feature views computed from them.
 *
 * One of the two places where the pipelines meet. Owns documents with all
 * their revisions, views with their rows and watermarks, feature services,
 * and the full-text and vector indexes over views. Datasets and predictions
 * live in the same store: core/dataset.h, core/prediction.h.
 * How a row is computed is feature/'s business, how it is stored store/'s.
 * A view is named by its digest; a `ref` may be a digest, a prefix of one of at
 * least 8 digits, "chunks@v3", or "chunks" (its newest version, for people
 * only). Everything that changes is one transaction, on disk when the call returns TW_OK.
 * A handle may be used by several threads. Strings handed out live in the caller's arena.
 */
#ifndef TW_CORE_FEATURE_STORE_H
#define TW_CORE_FEATURE_STORE_H

#include "core/document.h"
#include "core/row.h"
#include "core/transform.h"

struct tw_feature_store; /* opaque */

/* `url` is a file path (SQLite; made when absent). TW_UNSUPPORTED for a store written by a newer Twin. */
TW_MUST_USE enum tw_status tw_fs_open(struct tw_feature_store **out, const char *url,
				      struct tw_err *err);
void tw_fs_close(struct tw_feature_store *fs); /* NULL is fine */

/* --- views --- */

struct tw_view {
	const char *digest, *name; /* name is the transform's too */
	int version, code_version; /* the version is 1, 2, … within the name */
	const char *params;	   /* canonical JSON */
	const struct tw_field *schema;
	const char *const *inputs; /* digests, "documents" for the raw ones; n_inputs of them */
	size_t n_inputs;
	const char *model_digest, *model_spec; /* of the LLM or embedder behind it; "" for none */
	const char *tokenizer_digest;
	int64_t rows, docs; /* how many there are now */
	int64_t watermark; /* change number up to which it has followed its inputs; -1: never computed */
	int64_t created_ms;
};

struct tw_views {
	const struct tw_view *at;
	size_t n;
};

/* Finds the view with v->digest or makes it, with the next version of its name. Fills v->version. */
TW_MUST_USE enum tw_status tw_fs_view_declare(struct tw_view *v, struct tw_feature_store *fs,
					      struct tw_err *err);
TW_MUST_USE enum tw_status tw_fs_view(struct tw_view *out, struct tw_feature_store *fs,
				      const char *ref, struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_fs_views(struct tw_views *out, struct tw_feature_store *fs,
				       struct tw_arena *a, struct tw_err *err);
/* Rows and indexes go, name and version stay taken. */
TW_MUST_USE enum tw_status tw_fs_view_drop(struct tw_feature_store *fs, const char *digest,
					   struct tw_err *err);

/* --- materialising --- */

/* The digest is of all that the rows will be computed from; "" when the document is gone from the inputs. */
struct tw_stale_doc {
	const char *doc, *input_digest;
};

struct tw_stale {
	const struct tw_stale_doc *at; /* in document order */
	size_t n;
	int64_t watermark; /* hand to the last commit */
	bool changed;	   /* an input moved since the view's watermark (what apply_all goes by) */
	size_t total;	   /* documents in the inputs; counted only when one of them moved */
};

/* The documents whose rows are missing, out of date, or to be removed. Immediate when no input has changed. */
TW_MUST_USE enum tw_status tw_fs_stale(struct tw_stale *out, struct tw_feature_store *fs,
				       const char *view, struct tw_arena *a, struct tw_err *err);

struct tw_doc_rows {
	const char *doc, *input_digest; /* as tw_fs_stale() gave them; "" removes the document */
	const struct tw_rows *rows;	/* NULL: none */
};

/* Replaces the rows of each document and, with watermark >= 0, moves the watermark; one transaction. */
TW_MUST_USE enum tw_status tw_fs_commit(struct tw_feature_store *fs, const char *view,
					const struct tw_doc_rows *docs, size_t n, int64_t watermark,
					struct tw_err *err);

/* For apply_all: makes the view hold exactly `rows`, writing only documents whose rows differ. *changed counts them. */
TW_MUST_USE enum tw_status tw_fs_replace(struct tw_feature_store *fs, const char *view,
					 const struct tw_rows *rows, int64_t watermark,
					 int64_t *changed, struct tw_err *err);

/* --- reading --- */

/* Adds the rows of one document ("" for rows of the whole view). `out` is started by the callee. */
TW_MUST_USE enum tw_status tw_fs_rows(struct tw_rows *out, struct tw_feature_store *fs,
				      const char *view, const char *doc, struct tw_arena *a,
				      struct tw_err *err);
/* TW_NOT_FOUND when no such row. */
TW_MUST_USE enum tw_status tw_fs_row(struct tw_rows *out, struct tw_feature_store *fs,
				     const char *view, const char *row_id, struct tw_arena *a,
				     struct tw_err *err);
/* All rows, a document at a time; a consistent snapshot. End with tw_fs_reader_close(). */
TW_MUST_USE enum tw_status tw_fs_reader(struct tw_row_reader **out, struct tw_feature_store *fs,
					const char *view, struct tw_err *err);
void tw_fs_reader_close(struct tw_row_reader *r);

/* --- retrieval --- */
struct tw_hit {
	const char *doc, *row_id;
	int ord;
	double score; /* text: BM25, higher is better; vector: cosine */
};
struct tw_hits {
	struct tw_hit *at; /* best first, at most k; ties by document and ord */
	size_t n;
};

/* BM25 (Robertson and Zaragoza 2009) over the view's fields that have a search_weight; any of the words may match,
 * stop words are dropped unless nothing is left. The query is plain text: no operators. */
TW_MUST_USE enum tw_status tw_fs_search_text(struct tw_hits *out, struct tw_feature_store *fs,
					     const char *view, const char *query, size_t k,
					     struct tw_arena *a, struct tw_err *err);
/* The same rows without scores, by document and ord, if they are `most` at most; if there are *more, none. */
TW_MUST_USE enum tw_status tw_fs_find_text(struct tw_hits *out, bool *more,
					   struct tw_feature_store *fs, const char *view,
					   const char *query, size_t most, struct tw_arena *a,
					   struct tw_err *err);
/* Exact or nearly (recall@10 at least .997) nearest rows of the view's vector field by cosine. TW_BAD_USE for a wrong dimension. */
TW_MUST_USE enum tw_status tw_fs_search_vector(struct tw_hits *out, struct tw_feature_store *fs,
					       const char *view, const float *query, int dim,
					       size_t k, struct tw_arena *a, struct tw_err *err);

/* --- feature services: the ordered views that one model version uses --- */

struct tw_service {
	const char *digest, *name;
	const char *const *views; /* digests */
	size_t n_views;
};
TW_MUST_USE enum tw_status
tw_fs_service_put(struct tw_service *s, struct tw_feature_store *fs, struct tw_arena *a,
		  struct tw_err *err); /* fills s->digest; the same list is stored once */
struct tw_digest tw_service_digest(const char *const *views, size_t n); /* stored or not */
TW_MUST_USE enum tw_status tw_fs_service(struct tw_service *out, struct tw_feature_store *fs,
					 const char *digest, struct tw_arena *a,
					 struct tw_err *err);

#endif
