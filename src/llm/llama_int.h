/*
 * llm/llama_int.h: what the *_llama.c files share: libllama quietly started, a
 * model file in memory, and text to tokens.
 */
#ifndef TW_LLM_LLAMA_INT_H
#define TW_LLM_LLAMA_INT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/vec.h"
#include "llama.h"
#include "llm/model_file_int.h"

struct tw_token_vec TW_VEC_BODY(llama_token);

/* Starts libllama once a process: its talk goes to our log at DEBUG, and an abort of its own starts no debugger. Any thread. */
void tw_llama_start(void);

/* What libllama last complained of on this thread, after a call of it failed; "no reason given" when nothing. */
const char *tw_llama_complaint(void);
void tw_llama_forget_complaint(void);

/*
 * A vocabulary, loaded at first use without the weights (tens of milliseconds). Thread-safe.
 */
struct tw_vocab {
	pthread_mutex_t lock;
	const char *path; /* borrowed */
	struct llama_model *model;
	struct llama_vocab const *vocab;
};

void tw_vocab_init(struct tw_vocab *v, const char *path);
void tw_vocab_release(struct tw_vocab *v);
TW_MUST_USE enum tw_status tw_vocab_get(const struct llama_vocab **out, struct tw_vocab *v,
					struct tw_err *err);

/* Tokens of plain text, special ones not counted; when there is no vocabulary to be had, an estimate from above. */
int tw_vocab_count(struct tw_vocab *v, const char *text, size_t len);

TW_MUST_USE enum tw_status tw_llama_load(struct llama_model **out, const char *path,
					 struct tw_err *err);

/* Adds the tokens of `text`, which may be anything: invalid UTF-8 is replaced, special tokens stay text (but for the user-defined ones).
 * Stops early once `out` holds `enough` tokens (0: never). */
TW_MUST_USE enum tw_status tw_llama_tokenize(struct tw_token_vec *out,
					     const struct llama_vocab *vocab, const char *text,
					     size_t len, size_t enough, struct tw_err *err);

#endif
