/*
 * inference/passages.h: from rows that are evidence to passages with their text.
 *
 * Chunks of one document that stand side by side and are both evidence become
 * one passage, in the order of the document, up to the length that the options
 * allow; the text that both hold (chunks may overlap) is in it once.
 */
#ifndef TW_INFERENCE_PASSAGES_H
#define TW_INFERENCE_PASSAGES_H

#include "inference/fuse.h"
#include "inference/retrieve.h"

/* At most k passages, and at most per_document of one document. A row that went away meanwhile is passed over. */
TW_MUST_USE enum tw_status tw_passages_make(struct tw_passages *out,
					    const struct tw_retrieve_env *env,
					    const struct tw_fusion *f, size_t k, struct tw_arena *a,
					    struct tw_err *err);

/* Bytes at the end of `left` that `right` begins with; 0 when fewer than 8. */
size_t tw_overlap(const char *left, const char *right);

#endif
