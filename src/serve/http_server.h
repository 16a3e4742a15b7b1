/*
 * serve/http_server.h: HTTP, and nothing of what is said over it.
 *
 * Owns sockets and the library's thread. A request arrives whole; the handler
 * answers it at once or keeps the exchange and answers later from any thread.
 * One request a connection ("Connection: close"), so that nothing is left over
 * from one request to the next. The guards in front are serve/front.h's.
 *
 * An exchange has one owner besides the server: the handler, until it calls
 * tw_exchange_reply() or tw_exchange_end(). After either it must not be used.
 */
#ifndef TW_SERVE_HTTP_SERVER_H
#define TW_SERVE_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

struct tw_http_server; /* opaque */
struct tw_exchange;    /* opaque: one request and its answer */

struct tw_http_server_config {
	const char *address;
	int port, max_connections, header_timeout_s, body_timeout_s;
	int64_t max_body;
	/* Before the body is kept: false drops it, and `handle` answers without it. On the server's thread. */
	bool (*admit)(void *ctx, struct tw_exchange *x);
	/* On the server's thread: must not wait. */
	void (*handle)(void *ctx, struct tw_exchange *x);
	/* Optional. A request that never became one: its head was refused with this status. */
	void (*refused)(void *ctx, int status);
	void *ctx;
};

TW_MUST_USE enum tw_status tw_http_server_start(struct tw_http_server **out,
						const struct tw_http_server_config *c,
						struct tw_err *err);
int tw_http_server_port(const struct tw_http_server *s);
void tw_http_server_stop_listening(struct tw_http_server *s);
/* Until every connection is done, at most so long. */
void tw_http_server_wait_idle(struct tw_http_server *s, double seconds);
/* Ends what is still open. Exchanges that are still held are gone to their holders; a request that
 * comes meanwhile must be answered at once. */
void tw_http_server_free(struct tw_http_server *s); /* NULL is fine */

/* --- the request; borrowed from the exchange --- */

const char *tw_exchange_method(const struct tw_exchange *x);
const char *tw_exchange_path(const struct tw_exchange *x);		       /* decoded */
const char *tw_exchange_query(const struct tw_exchange *x, const char *name);  /* decoded; NULL */
const char *tw_exchange_header(const struct tw_exchange *x, const char *name); /* NULL */
struct tw_bytes tw_exchange_body(const struct tw_exchange *x);
struct tw_arena *tw_exchange_arena(struct tw_exchange *x); /* of its owner */
const char *tw_exchange_id(const struct tw_exchange *x);   /* of the request, random */
double tw_exchange_age(const struct tw_exchange *x);	   /* seconds since it came */
bool tw_exchange_gone(struct tw_exchange *x);		   /* the client has left */

/* --- the answer --- */

/* Before reply or stream. Both strings are copied. */
void tw_exchange_set_header(struct tw_exchange *x, const char *name, const char *value);
/* The whole answer. Lets go of x. */
void tw_exchange_reply(struct tw_exchange *x, int status, const char *content_type,
		       const void *body, size_t len);
/* The beginning of an answer that comes in pieces. */
void tw_exchange_stream(struct tw_exchange *x, int status, const char *content_type);
bool tw_exchange_write(struct tw_exchange *x, const void *data, size_t len); /* false: gone */
/* The end of a stream. Lets go of x. */
void tw_exchange_end(struct tw_exchange *x);

#endif
