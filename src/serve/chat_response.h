/*
 * serve/chat_response.h: what POST /v1/chat/completions writes, as OpenAI's
 * clients read it; "sources" and "twin" are ours, and ordinary clients pass
 * over them. Plain functions: no sockets here.
 */
#ifndef TW_SERVE_CHAT_RESPONSE_H
#define TW_SERVE_CHAT_RESPONSE_H

#include "inference/answer.h"

struct tw_chat_head { /* the same in every chunk of an answer */
	const char *id, *model;
	int64_t created_s;
	const char *label; /* of the deployment */
};

/* One server-sent event: "data: {…}\n\n". */
void tw_sse_frame(struct tw_str *out, const struct tw_str *json);

/* The first chunk: the role, and what the answer will be made from. */
void tw_chat_chunk_first(struct tw_str *out, const struct tw_chat_head *h,
			 const struct tw_answer_source *s, size_t n);
void tw_chat_chunk_text(struct tw_str *out, const struct tw_chat_head *h, const char *text,
			size_t len);
/* The last chunk, with the sources as they were cited; then usage when asked for; then [DONE]. */
void tw_chat_chunk_last(struct tw_str *out, const struct tw_chat_head *h, const struct tw_answer *a,
			bool include_usage);
void tw_chat_chunk_error(struct tw_str *out, int status, const char *msg);

void tw_chat_whole(struct tw_str *out, const struct tw_chat_head *h, const struct tw_answer *a);

/* {"error": {"message", "type", "param", "code"}} */
void tw_error_json(struct tw_str *out, int status, const char *msg, const char *param,
		   const char *code);

#endif
