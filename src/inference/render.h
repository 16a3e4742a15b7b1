/*
 * inference/render.h: an answer's sources as text for a terminal.
 *
 *	[1] Truing a wheel by ear, 2021-03-14
 *	    posts/2021-03-14-truing-a-wheel-by-ear.md
 *
 * What comes from documents is written without control characters.
 */
#ifndef TW_INFERENCE_RENDER_H
#define TW_INFERENCE_RENDER_H

#include <stdio.h>

#include "inference/answer.h"

/* Colours as base/log.h has them for `f`; NULL for none. Sources that the answer cites are marked with '*'. */
void tw_render_sources(struct tw_str *out, const struct tw_answer_source *s, size_t n, FILE *f);

/* The same for a search, with scores and the first `width` bytes of each passage. */
void tw_render_passages(struct tw_str *out, const struct tw_passages *p, size_t width, FILE *f);

/* Text of a model or a document: its lines and tabs, but no other control character. */
void tw_render_text(struct tw_str *out, const char *text, size_t len);

/* [{"n", "doc", "row_id", "title", …, "score", "cosine", "bm25", "text"}] */
void tw_passages_json(struct tw_json_writer *w, const char *key, const struct tw_passages *p);

#endif
