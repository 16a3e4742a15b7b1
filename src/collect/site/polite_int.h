/*
 * collect/site/polite_int.h: fetching pages of other people's hosts.
 *
 * Asks robots.txt before the first page of an origin, keeps what it said for
 * the pass, and leaves time between two requests to one host: the option's, or
 * what the host asks for with Crawl-delay if that is longer. One thread.
 */
#ifndef TW_COLLECT_POLITE_INT_H
#define TW_COLLECT_POLITE_INT_H

#include "base/http.h"
#include "base/map.h"
#include "collect/site/robots_int.h"

/* The product token that robots.txt may name. */
#define POLITE_AGENT "twin"

#define POLITE_MAX_CRAWL_DELAY 30  /* seconds; more is taken as this */
#define POLITE_MAX_RETRY_AFTER 120 /* seconds that one request may wait in all */

struct polite {
	struct tw_http *http, *own; /* own: when the one that was given has another policy */
	double delay_s;
	struct tw_map robots;	  /* origin → struct robots in the arena */
	struct tw_map last_fetch; /* host → milliseconds on the monotonic clock */
	struct tw_arena arena;
};

/* `http` outlives it. Private addresses are reached with allow_private alone, whatever http may. */
TW_MUST_USE enum tw_status polite_init(struct polite *p, struct tw_http *http, double delay_s,
				       bool allow_private, struct tw_err *err);
void polite_release(struct polite *p);

/* tw_http_fetch() after the host's pause. TW_CANCELLED on tw_stopping(). */
TW_MUST_USE enum tw_status polite_fetch(struct tw_http_response *out, struct polite *p,
					const struct tw_http_request *req, struct tw_err *err);

/* The same, and asks again twice when the host is overloaded (429, 503), when it says to, or a little later. A host that
 * wants to be left alone for longer than POLITE_MAX_RETRY_AFTER gets its answer back: status 429 or 503. */
TW_MUST_USE enum tw_status polite_fetch_patiently(struct tw_http_response *out, struct polite *p,
						  const struct tw_http_request *req,
						  struct tw_err *err);

/* TW_CANCELLED on tw_stopping(). */
TW_MUST_USE enum tw_status polite_wait_ms(int64_t ms, struct tw_err *err);

/* TW_BLOCKED when robots.txt says no, or can't be asked (RFC 9309, 2.3.1.4). */
TW_MUST_USE enum tw_status polite_may(struct polite *p, const char *url, struct tw_err *err);

/* What the origin of the URL says; borrowed. TW_BLOCKED for what is no URL. */
TW_MUST_USE enum tw_status polite_robots(const struct robots **out, struct polite *p,
					 const char *url, struct tw_err *err);

/* Wants to be asked again, later: 429 and 503. */
bool host_is_overloaded(int status);
/* Seconds of a Retry-After header: a number or a date. -1 when it is neither. */
double retry_after_s(const char *value);

/* The URL without user and password, for messages. */
const char *url_shown(const char *url, struct tw_arena *a);

#endif
