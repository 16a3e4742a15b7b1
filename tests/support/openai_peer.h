/*
 * support/openai_peer.h: a model server for tests, on loopback, that speaks the
 * OpenAI API: /v1/models, /v1/chat/completions, /v1/completions, /v1/embeddings.
 *
 * Its model is arithmetic: it answers with words drawn from the messages by the
 * request's seed, and embeds by hashing words. A script may take the place of an answer, to be a server
 * that is slow, wrong or breaks off. One thread; connections end with their answer.
 */
#ifndef TEST_SUPPORT_OPENAI_PEER_H
#define TEST_SUPPORT_OPENAI_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define PEER_DIM 48

struct peer_request {
	const char *method, *path, *headers, *body; /* headers: all lines, as they came */
};

/* Writes raw bytes of the answer with peer_send(). False: the peer answers by itself. */
typedef bool (*peer_script_fn)(void *ctx, int connection, const struct peer_request *r);

struct openai_peer; /* opaque */

/* The script may be NULL. */
struct openai_peer *openai_peer_new(peer_script_fn script, void *ctx);
void openai_peer_free(struct openai_peer *p);

/* "http://127.0.0.1:PORT/v1" */
const char *openai_peer_url(const struct openai_peer *p);
int openai_peer_requests(const struct openai_peer *p);

/* Sends at once, as one segment where the system lets it. */
void peer_send(int connection, const char *bytes, size_t len);
void peer_sends(int connection, const char *text);

#endif
