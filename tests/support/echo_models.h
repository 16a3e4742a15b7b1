/*
 * support/echo_models.h: models at the contract, small enough to reason about in a
 * test of what stands around them.
 *
 * echo_llm ("echo:MODE") answers with the beginning of the last message, a word a
 * token: MODE "cite" appends " [1] [9].", "slow" sleeps 20 ms a token and goes on to max_tokens,
 * "fail" fails after three tokens, "long" never stops by itself.
 * echo_embedder ("echo:SEED") hashes words into 64 dimensions: texts that share
 * words are near, others are not.
 */
#ifndef TEST_SUPPORT_ECHO_MODELS_H
#define TEST_SUPPORT_ECHO_MODELS_H

#include "core/embedder.h"
#include "core/llm.h"

extern const struct tw_llm_type echo_llm;
extern const struct tw_embedder_type echo_embedder;

extern const struct tw_llm_type *const echo_llms[];
extern const struct tw_embedder_type *const echo_embedders[];

#endif
