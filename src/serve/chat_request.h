/*
 * serve/chat_request.h: reads the bodies of POST /v1/chat/completions and /v1/completions.
 *
 * A plain function of bytes. What OpenAI's clients send and what does not
 * matter here is passed over; what would change the meaning of the answer and
 * cannot be done (several choices, tools, log-probabilities, a schema, images)
 * is refused by name, so that nobody believes it was done.
 */
#ifndef TW_SERVE_CHAT_REQUEST_H
#define TW_SERVE_CHAT_REQUEST_H

#include "core/llm.h"

struct tw_api_error {
	int status; /* HTTP; 0: none */
	const char *param, *code;
	char msg[400];
};

int tw_api_fail(struct tw_api_error *e, int status, const char *param, const char *code,
		const char *fmt, ...) TW_PRINTF(5, 6);

struct tw_chat_request {
	const char *model;  /* NULL: not named */
	const char *system; /* the client's own system and developer messages, "" for none */
	const struct tw_message *history; /* user and assistant by turns, a user first */
	size_t n_history;
	const char *question; /* of /v1/completions: the prompt */
	bool stream, include_usage;
	/* What was given beats the deployment's settings. */
	int max_tokens;		   /* 0: not given */
	double temperature, top_p; /* < 0: not given */
	bool has_seed;
	uint64_t seed;
	const char *const *stop; /* NULL: none */
};

/* All in the arena. False: *e says what is wrong. */
bool tw_chat_request_parse(struct tw_chat_request *out, const char *body, size_t len,
			   struct tw_arena *a, struct tw_api_error *e);

/* The same for /v1/completions: a prompt that is to be continued, in `question`; no history, no system. */
bool tw_completion_request_parse(struct tw_chat_request *out, const char *body, size_t len,
				 struct tw_arena *a, struct tw_api_error *e);

#endif
