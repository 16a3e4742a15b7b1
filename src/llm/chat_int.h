/*
 * llm/chat_int.h: messages to tokens, as the model's own template writes them; as plain text where it has none.
 *
 * What a person or a document wrote never becomes a control token: the template
 * is rendered with a placeholder for each content, control tokens are looked for
 * between the placeholders only, and everything else is plain text.
 */
#ifndef TW_LLM_CHAT_INT_H
#define TW_LLM_CHAT_INT_H

#include "core/llm.h"
#include "llm/llama_int.h"

struct tw_special {
	const char *text;
	size_t len;
	llama_token id;
	enum llama_token_attr attr;
	bool harmful; /* libllama finds it in plain text too, and plain text must not have it */
};

/* The control tokens of a vocabulary, longest first; borrows their texts. */
struct tw_specials TW_VEC_BODY(struct tw_special);
void tw_specials_collect(struct tw_specials *out, const struct llama_vocab *vocab,
			 const char *tmpl);

struct tw_chat_tokens {
	struct tw_token_vec ids;
	struct {
		uint8_t *at; /* 1: belongs to the answer; as tw_tokens.answer */
		size_t n, cap;
	} answer;
};
void tw_chat_tokens_release(struct tw_chat_tokens *t);

struct tw_chat_format {
	const char *tmpl; /* the model's; NULL: none, and messages are plain text */
	const char *path; /* of the model, for messages */
	const struct llama_vocab *vocab;
	const struct tw_specials *specials;
};

/* Adds to *out. TW_UNSUPPORTED when libllama doesn't know the template, or it drops a message. */
TW_MUST_USE enum tw_status tw_chat_tokenize(struct tw_chat_tokens *out,
					    const struct tw_chat_format *f,
					    const struct tw_message *m, size_t n, bool open_answer,
					    struct tw_err *err);

/* Plain text, begun as the model wants texts begun. */
TW_MUST_USE enum tw_status tw_plain_tokenize(struct tw_chat_tokens *out,
					     const struct tw_chat_format *f, const char *text,
					     size_t len, struct tw_err *err);

/* A template with its messages in place: pieces in order. */
struct tw_chat_part {
	const char *text;
	size_t len;
	int message; /* whose content; -1: the template's own text */
};
struct tw_chat_parts {
	const struct tw_chat_part *at; /* in the arena */
	size_t n;
};
TW_MUST_USE enum tw_status tw_chat_render(struct tw_chat_parts *out, const struct tw_chat_format *f,
					  const struct tw_message *m, size_t n, bool open_answer,
					  struct tw_arena *a, struct tw_err *err);

#endif
