/*
 * What libllama makes of tokens: the trainer's peer, and the program that will serve its adapters.
 */
#ifndef TEST_SUPPORT_LLAMA_LOGITS_H
#define TEST_SUPPORT_LLAMA_LOGITS_H

#include <stdint.h>

/* Logits (n, vocabulary) of a document of n tokens, all in float32; adapter NULL for none. Caller frees. NULL when libllama
 * does not take the model or the adapter. */
float *llama_logits(const char *model, const char *adapter, const int32_t *tokens, int n);
/* The same in a context of that many tokens; 0: as many as the document has. */
float *llama_logits_in(const char *model, const char *adapter, const int32_t *tokens, int n,
		       int context);

#endif
