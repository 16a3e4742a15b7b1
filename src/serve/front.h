/*
 * serve/front.h: the door of the server: it accepts, and lets in requests whose
 * head is whole and good.
 *
 * One thread with one epoll. A new connection is only peeked at until its head
 * has come (within header_timeout) and tw_head_check() agreed; then the socket,
 * still unread, goes to the HTTP library. The front keeps watching it: for a
 * body that does not come (body_timeout), and for a client that leaves, which
 * the library does not notice while a connection waits.
 */
#ifndef TW_SERVE_FRONT_H
#define TW_SERVE_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct tw_front; /* opaque */

struct tw_front_config {
	const char *address; /* an IPv4 or IPv6 address, or "localhost" */
	int port;	     /* 0: any free one */
	int max_connections;
	int header_timeout_s, body_timeout_s;
	int64_t max_body;
	/* On the front's thread. Takes the descriptor over; false when it could not, and has closed it. */
	bool (*take)(void *ctx, int fd, const struct sockaddr *addr, socklen_t len);
	/* Client of `tag` left. The tag was held by hold(), and gone() lets go of it. */
	void (*hold)(void *tag);
	void (*gone)(void *tag);
	/* Says why a head was refused, for the metrics. */
	void (*refused)(void *ctx, int status);
	void *ctx;
};

/* TW_BAD_USE: no such address. TW_IO: the port is taken. It lets nobody in before tw_front_run(). */
TW_MUST_USE enum tw_status tw_front_open(struct tw_front **out, const struct tw_front_config *c,
					 struct tw_err *err);
TW_MUST_USE enum tw_status tw_front_run(struct tw_front *f, struct tw_err *err);
int tw_front_port(const struct tw_front *f);

/* The request on `fd` is now `tag` (NULL: none). True when its client has left already. Any thread. */
bool tw_front_tag(struct tw_front *f, int fd, void *tag);
void tw_front_body_done(struct tw_front *f, int fd);
void tw_front_closed(struct tw_front *f, int fd); /* just before the descriptor is closed */

void tw_front_stop_listening(struct tw_front *f); /* no new connections */
void tw_front_halt(struct tw_front *f); /* ends the thread: nobody is let in or told any more */
void tw_front_free(struct tw_front *f); /* after the library has closed all; NULL is fine */

bool tw_address_is_known(const char *address); /* an IP address, or localhost */
bool tw_address_is_loopback(const char *address);

#endif
