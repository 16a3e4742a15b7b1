/*
 * core/llm.h: a large language model that writes.
 *
 * Two families stand behind it, chosen by a spec: "llama:PATH.gguf" (any GGUF,
 * in process; a bare file name is looked up in the models folder of the cache) and "openai:URL#MODEL"
 * (any OpenAI-compatible server; key from TWIN_OPENAI_API_KEY or OPENAI_API_KEY). Nothing outside llm/ names a
 * model, a template or a vocabulary.
 * A handle is used by one thread at a time. Decoding with temperature 0 or a
 * fixed seed is reproducible, whatever was asked before.
 *
 * To add a backend: llm/llm_x.c, its extern in llm/llm_backends.h, one line in
 * app/plugins.c, one row in tests/contract/test_llm.c.
 */
#ifndef TW_CORE_LLM_H
#define TW_CORE_LLM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/str.h"

struct tw_llm; /* opaque */

struct tw_message {
	const char *role; /* "system", "user", "assistant" */
	const char *content;
};

struct tw_llm_options {
	/* Path of a GGUF LoRA adapter, or of a whole model that was trained from the one of the spec and then writes in its
	 * place; NULL for none (remote: TW_UNSUPPORTED). What tw_llm_info() says is of the spec's either way. */
	const char *adapter;
	int context;	      /* tokens; 0: the model's own, at most 8192 */
	int threads;	      /* 0: all cores */
	struct tw_http *http; /* for remote ones; borrowed, outlives the handle */
	const char *dir; /* relative paths in a spec are relative to it; NULL: working folder */
};

struct tw_llm_info {
	const char *spec;
	const char *name;	 /* for people */
	struct tw_digest digest; /* sha256 of the file, or of URL + model + server fingerprint */
	struct tw_digest
		tokenizer; /* of vocabulary and merges; of the model digest for a remote one */
	struct tw_digest
		template_digest; /* of the chat template in use, of an empty text where there is none;
				  * zero digits for a remote one */
	const char *path;	 /* GGUF file; NULL for a remote one */
	int context;		 /* tokens it takes */
};

struct tw_gen_params {
	int max_tokens;	       /* > 0 */
	double temperature;    /* 0: greedy */
	double top_p;	       /* 0 or 1: off */
	int top_k;	       /* 0: off */
	double min_p;	       /* 0: off */
	double repeat_penalty; /* 0 or 1: off; over the last 64 tokens */
	uint64_t seed;
	const char *const *stop; /* NULL-terminated; NULL for none. Never part of the text */
};

struct tw_generation {
	struct tw_str text; /* release with tw_generation_release() */
	const char *finish; /* "stop", "length", "cancelled" (on_text said no, or tw_stopping()) */
	int prompt_tokens, completion_tokens;
};
void tw_generation_release(struct tw_generation *g);

/* Takes each piece of text as it is made, whole UTF-8 sequences only; false ends the generation. */
typedef bool (*tw_text_fn)(void *ctx, const char *text, size_t len);

struct tw_tokens {
	int32_t *at; /* in the arena */
	uint8_t *
		answer; /* 1 where the token belongs to an assistant's message, its end mark included */
	size_t n;
};

struct tw_llm_type {
	const char *prefix; /* of the spec: "llama" */
	const char *help;
	size_t ctx_size;
	/* Required. `rest` is the spec after "prefix:". */
	enum tw_status (*open)(void *ctx, const char *rest, const struct tw_llm_options *o,
			       struct tw_llm_info *info, struct tw_err *err);
	/* Required. Adds the text to out->text. */
	enum tw_status (*chat)(struct tw_generation *out, void *ctx, const struct tw_message *m,
			       size_t n, const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
			       struct tw_err *err);
	/* Required. Continues plain text: no template, no special tokens parsed. */
	enum tw_status (*complete)(struct tw_generation *out, void *ctx, const char *prompt,
				   const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
				   struct tw_err *err);
	/* Required. Tokens of plain text; remote ones estimate from above. */
	int (*count)(void *ctx, const char *text, size_t len);
	/* Optional (needed to train): the chat as the template writes it. Contents never turn into special tokens. */
	enum tw_status (*chat_tokens)(struct tw_tokens *out, void *ctx, const struct tw_message *m,
				      size_t n, bool open_answer, struct tw_arena *a,
				      struct tw_err *err);
	/* Optional (needed to evaluate): sum of -log p (nats) of tokens whose `answer` is 1, given all before them. */
	enum tw_status (*score)(double *nll, size_t *n, void *ctx, const struct tw_tokens *t,
				struct tw_err *err);
	void (*close)(void *ctx);
	/* Optional. Host that it talks to, into out. */
	void (*hosts)(const char *rest, struct tw_str *out);
};

/* Picks the type by the spec's prefix from a NULL-terminated list. On TW_OK the caller owns *out. */
TW_MUST_USE enum tw_status tw_llm_open(struct tw_llm **out, const struct tw_llm_type *const *types,
				       const char *spec, const struct tw_llm_options *o,
				       struct tw_err *err);
/* Appends the host that the spec would reach, nothing for a local model; opens nothing. */
void tw_llm_hosts(struct tw_str *out, const struct tw_llm_type *const *types, const char *spec);
void tw_llm_close(struct tw_llm *llm); /* NULL is fine */
const struct tw_llm_info *tw_llm_info(const struct tw_llm *llm);

/* Wrappers; *out is started by the callee (on failure nothing to release). fn may be NULL. */
TW_MUST_USE enum tw_status tw_llm_chat(struct tw_generation *out, struct tw_llm *llm,
				       const struct tw_message *m, size_t n,
				       const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
				       struct tw_err *err);
TW_MUST_USE enum tw_status tw_llm_complete(struct tw_generation *out, struct tw_llm *llm,
					   const char *prompt, const struct tw_gen_params *p,
					   tw_text_fn fn, void *fn_ctx, struct tw_err *err);
int tw_llm_count(struct tw_llm *llm, const char *text, size_t len);
/* TW_UNSUPPORTED where the backend lacks the slot. */
TW_MUST_USE enum tw_status tw_llm_chat_tokens(struct tw_tokens *out, struct tw_llm *llm,
					      const struct tw_message *m, size_t n,
					      bool open_answer, struct tw_arena *a,
					      struct tw_err *err);
TW_MUST_USE enum tw_status tw_llm_score(double *nll, size_t *n, struct tw_llm *llm,
					const struct tw_tokens *t, struct tw_err *err);

#endif
