/*
 * inference/prompt.h: the messages of one answer, within the model's context.
 *
 * System prompt, history, then one message with the numbered passages and the
 * question. What does not fit goes in this order: the lowest passages but one,
 * the oldest turns of the history, the end of the last passage. Passages are
 * data: the LLM contract promises that they never become special tokens.
 */
#ifndef TW_INFERENCE_PROMPT_H
#define TW_INFERENCE_PROMPT_H

#include "core/llm.h"
#include "core/retriever.h"

struct tw_prompt_request {
	const char *system;		  /* NULL or "": none */
	const struct tw_message *history; /* oldest first, without system messages */
	size_t n_history;
	const char *question;
	struct tw_passages passages;
	int context;	/* tokens that the prompt and the answer share */
	int max_tokens; /* of the answer */
};

struct tw_prompt {
	const struct tw_message *at; /* in the arena */
	size_t n;
	size_t n_passages;   /* passages.at[0 .. n_passages) are in it, as [1], [2], … */
	size_t history_from; /* first turn of the history that is in it */
	int tokens;	     /* estimated, from above */
};

/* TW_BAD_USE when the question alone does not fit, with both numbers in the message. */
TW_MUST_USE enum tw_status tw_prompt_build(struct tw_prompt *out, const struct tw_prompt_request *r,
					   struct tw_llm *llm, struct tw_arena *a,
					   struct tw_err *err);

#endif
