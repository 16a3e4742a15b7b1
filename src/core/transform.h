/*
 * core/transform.h: a transform computes the rows of one feature view.
 *
 * Owns the contract, the handle and the identity of a view. A transform is a
 * function of its input rows, its options and (where it says so) a model:
 * nothing else may change its output, no clock, no file, no order of calls.
 * The same function runs in batch, on one changed document, and on a request.
 * Reading inputs, saving rows and deciding what is stale is the caller's
 * (feature/materialize.h).
 *
 * The raw documents are an input like any other, the view "documents", with
 * the schema tw_documents_schema.
 *
 * To add one: feature/x.c, its extern in feature/feature.h, one line in
 * app/plugins.c, one row in tests/contract/test_transform.c.
 */
#ifndef TW_CORE_TRANSFORM_H
#define TW_CORE_TRANSFORM_H

#include "core/document.h"
#include "core/opt.h"
#include "core/row.h"

struct tw_transform; /* opaque */
struct tw_llm;
struct tw_embedder;

#define TW_TRANSFORM_MAX_INPUTS 8

/* Models that a transform asked for; borrowed, they outlive it. */
struct tw_transform_env {
	struct tw_llm *llm;	      /* with TW_NEEDS_LLM */
	struct tw_embedder *embedder; /* with TW_NEEDS_EMBEDDER or TW_NEEDS_TOKENIZER */
};

enum {
	TW_NEEDS_LLM = 1,      /* its digest goes into the view's */
	TW_NEEDS_EMBEDDER = 2, /* likewise */
	TW_NEEDS_TOKENIZER =
		4, /* counts with the embedder's tokenizer only: the tokenizer's digest goes in */
	TW_SERIAL = 8, /* apply() is not to be called by two threads at once */
	TW_OPTIONAL =
		16, /* computed only when twin.yaml gives it a share: apply() may emit nothing */
};

/* Rows of one input, in document order. next() gives all rows of one document at a time; TW_DONE at the end. */
struct tw_row_reader {
	enum tw_status (*next)(struct tw_row_reader *r, struct tw_rows *out, struct tw_arena *a,
			       struct tw_err *err);
};

struct tw_transform_type {
	const char *name; /* of the view, and its key under `features:` */
	const char *help;
	int code_version; /* raise it when the output changes for the same input */
	const char *const
		*inputs; /* names of views, ended by NULL; at most TW_TRANSFORM_MAX_INPUTS */
	const struct tw_field *schema; /* of its rows */
	const struct tw_opt *opts;     /* written into ctx before open(); may be NULL */
	size_t ctx_size;
	unsigned flags;

	/* Optional. On failure leaves nothing for close() to undo. */
	enum tw_status (*open)(void *ctx, const struct tw_transform_env *env, struct tw_err *err);

	/* Exactly one of the two is given.
	 * apply: rows of ONE document, in[i] from inputs[i] (possibly none); adds rows to `out` out of `a`.
	 * apply_all: a function of the whole input (groups, checks); adds rows of any documents, a document's rows
	 * together, and leaves out documents without rows. */
	enum tw_status (*apply)(struct tw_rows *out, void *ctx, const char *doc,
				const struct tw_rows *in, struct tw_arena *a, struct tw_err *err);
	enum tw_status (*apply_all)(struct tw_rows *out, void *ctx, struct tw_row_reader *const *in,
				    struct tw_arena *a, struct tw_err *err);

	/* Optional. Called once, and only after open() succeeded (or when there is no open). */
	void (*close)(void *ctx);
};

extern const struct tw_field tw_documents_schema
	[]; /* title author url lang media extra created_ms modified_ms source key body */
#define TW_DOCUMENTS_VIEW "documents"

/* `params` is the view's map under `features:` or the stored canonical parameters; NULL for defaults. */
TW_MUST_USE enum tw_status tw_transform_new(struct tw_transform **out,
					    const struct tw_transform_type *type,
					    const struct tw_json *params, const char *where,
					    const char *dir, const struct tw_transform_env *env,
					    struct tw_err *err);
void tw_transform_free(struct tw_transform *t); /* NULL is fine */

const struct tw_transform_type *tw_transform_type(const struct tw_transform *t);
const char *tw_transform_params(const struct tw_transform *t); /* canonical JSON, borrowed */

/* Wrappers around apply and apply_all. */
TW_MUST_USE enum tw_status tw_transform_apply(struct tw_rows *out, struct tw_transform *t,
					      const char *doc, const struct tw_rows *in,
					      struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status tw_transform_apply_all(struct tw_rows *out, struct tw_transform *t,
						  struct tw_row_reader *const *in,
						  struct tw_arena *a, struct tw_err *err);

/* fv_digest = sha256(name, code version, parameters, schema, input view digests, model digest, tokenizer digest).
 * inputs[i] are digests in the order of type->inputs; "documents" has the digest of its name. */
struct tw_digest tw_view_digest(const struct tw_transform_type *type, const char *params,
				const char *const *input_digests, const char *model_digest,
				const char *tokenizer_digest);

TW_MUST_USE enum tw_status tw_transform_find(const struct tw_transform_type **out,
					     const struct tw_transform_type *const *types,
					     const char *name, struct tw_err *err);

#endif
