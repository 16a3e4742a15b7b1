/*
 * core/embedder.h: text to vectors of one length.
 *
 * Specs as in core/llm.h. The digest tells embedders apart even when their
 * dimensions agree: vectors of two digests never meet in one index.
 * A text gives the same vector whatever is embedded beside it. A handle may be used by several threads; those of a
 * backend that is not `concurrent` wait for each other.
 *
 * To add a backend: llm/embedder_x.c, its extern in llm/llm_backends.h, one line in
 * app/plugins.c, one row in tests/contract/test_embedder.c.
 */
#ifndef TW_CORE_EMBEDDER_H
#define TW_CORE_EMBEDDER_H

#include "base/hash.h"
#include "core/llm.h"

struct tw_embedder; /* opaque */

struct tw_embedder_info {
	const char *spec;
	const char *name;
	struct tw_digest digest;
	struct tw_digest tokenizer;
	int dim;
	int max_tokens; /* longer text is cut there */
};

struct tw_embedder_type {
	const char *prefix;
	const char *help;
	size_t ctx_size;
	bool concurrent; /* embed() may be called by several threads at once; count() always may */
	/* Required. Of the options, adapter and context are not used. */
	enum tw_status (*open)(void *ctx, const char *rest, const struct tw_llm_options *o,
			       struct tw_embedder_info *info, struct tw_err *err);
	/* Required. out (n, dim) row-major, each row of length 1. */
	enum tw_status (*embed)(float *out, void *ctx, const struct tw_bytes *texts, size_t n,
				struct tw_err *err);
	/* Required. Tokens without the special ones; remote ones estimate from above. */
	int (*count)(void *ctx, const char *text, size_t len);
	void (*close)(void *ctx);
	void (*hosts)(const char *rest, struct tw_str *out); /* optional */
};

TW_MUST_USE enum tw_status tw_embedder_open(struct tw_embedder **out,
					    const struct tw_embedder_type *const *types,
					    const char *spec, const struct tw_llm_options *o,
					    struct tw_err *err);
/* As tw_llm_hosts(). */
void tw_embedder_hosts(struct tw_str *out, const struct tw_embedder_type *const *types,
		       const char *spec);
void tw_embedder_close(struct tw_embedder *e); /* NULL is fine */
const struct tw_embedder_info *tw_embedder_info(const struct tw_embedder *e);
TW_MUST_USE enum tw_status tw_embed(float *out, struct tw_embedder *e, const struct tw_bytes *texts,
				    size_t n, struct tw_err *err);
int tw_embedder_count(struct tw_embedder *e, const char *text, size_t len);

#endif
