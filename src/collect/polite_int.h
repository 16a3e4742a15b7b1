/*
 * collect/polite_int.h: fetching pages of other people's hosts.
 *
 * Asks robots.txt before the first page of an origin, keeps what it said for
 * the pass, and leaves time between two requests to one host. One thread.
 */
#ifndef TW_COLLECT_POLITE_INT_H
#define TW_COLLECT_POLITE_INT_H

#include "base/http.h"
#include "base/map.h"
#include "collect/feed_int.h"

/* The product token that robots.txt may name. */
#define POLITE_AGENT "twin"

struct polite {
	struct tw_http *http; /* borrowed */
	double delay_s;
	struct tw_map robots;	  /* origin → struct robots in the arena */
	struct tw_map last_fetch; /* host → milliseconds on the monotonic clock */
	struct tw_arena arena;
};

void polite_init(struct polite *p, struct tw_http *http, double delay_s);
void polite_release(struct polite *p);

/* tw_http_fetch() after the host's pause. TW_CANCELLED on tw_stopping(). */
TW_MUST_USE enum tw_status polite_fetch(struct tw_http_response *out, struct polite *p,
					const struct tw_http_request *req, struct tw_err *err);

/* TW_BLOCKED when robots.txt says no, or can't be asked (RFC 9309, 2.3.1.4). */
TW_MUST_USE enum tw_status polite_may(struct polite *p, const char *url, struct tw_err *err);

/* The URL without user and password, for messages. */
const char *url_shown(const char *url, struct tw_arena *a);

#endif
