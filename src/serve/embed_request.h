/*
 * serve/embed_request.h: reads the body of POST /v1/embeddings.
 */
#ifndef TW_SERVE_EMBED_REQUEST_H
#define TW_SERVE_EMBED_REQUEST_H

#include "base/mem.h"
#include "serve/chat_request.h"

#define TW_EMBED_MAX_TEXTS 256

struct tw_embed_request {
	const char *model; /* NULL: not named */
	const struct tw_bytes *texts;
	size_t n;
	bool base64;	/* little-endian float32 */
	int dimensions; /* 0: not given */
};

/* All in the arena. False: *e says what is wrong. */
bool tw_embed_request_parse(struct tw_embed_request *out, const char *body, size_t len,
			    struct tw_arena *a, struct tw_api_error *e);

/* Appends RFC 4648 base64 of the bytes. */
void tw_base64(struct tw_str *out, const void *data, size_t len);

#endif
