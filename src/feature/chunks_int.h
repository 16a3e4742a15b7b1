/*
 * feature/chunks_int.h: how a document is cut into chunks: chunks.c is the view,
 * chunk_pack.c decides where to cut.
 */
#ifndef TW_FEATURE_CHUNKS_INT_H
#define TW_FEATURE_CHUNKS_INT_H

#include <stdbool.h>

#include "base/vec.h"
#include "core/embedder.h"
#include "core/row.h"

struct chunks {
	int64_t max_tokens, min_tokens, overlap;
	struct tw_embedder *embedder; /* counts only: from any thread */
};

/* [start, end) of the document's text. */
struct chunk {
	const char *heading;
	size_t start, end;
	int64_t tokens; /* of heading and text together */
};
struct chunk_list TW_VEC_BODY(struct chunk);

/* Tokens of what an embedder reads of a chunk. */
int64_t tw_chunk_tokens(const struct chunks *o, const char *heading, const char *text, size_t n,
			struct tw_arena *a);

/* Cuts a document that is longer than the budget. */
void tw_chunk_sections(struct chunk_list *out, const struct chunks *o, const char *title,
		       struct tw_bytes text, struct tw_arena *a);

/* True when the document stands for its group of duplicates, or has none. */
bool tw_is_canonical(const struct tw_rows *duplicates);

/* What an embedder reads of a chunk. */
char *tw_embed_text(const char *heading, struct tw_bytes text, struct tw_arena *a);

#endif
