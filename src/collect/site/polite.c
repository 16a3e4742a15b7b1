#include "collect/site/polite_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/stop.h"
#include "base/time.h"
#include "collect/site/crawl_int.h"

#define MAX_ROBOTS_HOPS 5

enum tw_status polite_init(struct polite *p, struct tw_http *http, double delay_s,
			   bool allow_private, struct tw_err *err)
{
	struct tw_http_policy policy = tw_http_policy_of(http);
	*p = (struct polite){.http = http, .delay_s = delay_s};
	if (policy.allow_private != allow_private) {
		policy.allow_private = allow_private;
		enum tw_status st = tw_http_new(&p->own, &policy, err);
		if (st != TW_OK)
			return st;
		p->http = p->own;
	}
	tw_arena_init(&p->arena);
	return TW_OK;
}

void polite_release(struct polite *p)
{
	tw_map_release(&p->robots);
	tw_map_release(&p->last_fetch);
	tw_http_free(p->own);
	tw_arena_release(&p->arena);
}

const char *url_shown(const char *url, struct tw_arena *a)
{
	const char *from = strstr(url, "://");
	const char *end = from ? from + 3 + strcspn(from + 3, "/?#") : NULL;
	const char *at = from ? memrchr(from + 3, '@', (size_t)(end - from - 3)) : NULL;
	if (!at)
		return url;
	return tw_sprintf(a, "%.*s%s", (int)(from + 3 - url), url, at + 1);
}

enum tw_status polite_wait_ms(int64_t ms, struct tw_err *err)
{
	while (ms > 0 && !tw_stopping()) {
		int64_t piece = ms < 50 ? ms : 50;
		nanosleep(&(struct timespec){.tv_nsec = piece * 1000000}, NULL);
		ms -= piece;
	}
	return tw_stopping() ? tw_fail(err, TW_CANCELLED, "stopped") : TW_OK;
}

static int64_t now_ms(void)
{
	return (int64_t)(tw_monotonic_s() * 1000) + 1; /* 0 is "never" */
}

/* "https://example.org", and in *path the rest, at least "/". */
static const char *origin_of(const char **path, const char *url, struct tw_arena *a)
{
	const char *s = strstr(url, "://");
	if (!s)
		return NULL;
	size_t n = (size_t)(s - url) + 3 + strcspn(s + 3, "/?#");
	const char *rest = url + n;
	size_t len = strcspn(rest, "#");
	*path = *rest == '/' ? tw_strndup(a, rest, len) : tw_sprintf(a, "/%.*s", (int)len, rest);
	return tw_strndup(a, url, n);
}

/* Milliseconds until the host may be asked again, 0 or less for now. */
static int64_t pause_ms(struct polite *p, const char *url, struct tw_arena *a)
{
	const char *path, *origin = origin_of(&path, url, a), *host = tw_url_host(a, url);
	const struct robots *r = origin ? tw_map_get(&p->robots, origin) : NULL;
	double asked = r ? fmin(r->crawl_delay, POLITE_MAX_CRAWL_DELAY) : 0;
	int64_t last = host ? tw_map_get_int(&p->last_fetch, host, 0) : 0;
	return last ? last + (int64_t)(fmax(p->delay_s, asked) * 1000) - now_ms() : 0;
}

enum tw_status polite_fetch(struct tw_http_response *out, struct polite *p,
			    const struct tw_http_request *req, struct tw_err *err)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const char *host = tw_url_host(&a, req->url);
	enum tw_status st = polite_wait_ms(pause_ms(p, req->url, &a), err);
	if (st == TW_OK)
		st = tw_http_fetch(out, p->http, req, err);
	if (host)
		tw_map_set_int(&p->last_fetch, host, now_ms());
	tw_arena_release(&a);
	return st;
}

bool host_is_overloaded(int status)
{
	return status == 429 || status == 503;
}

double retry_after_s(const char *value)
{
	char *end;
	int64_t when;
	double s = strtod(value, &end);
	if (*value && !*end && isfinite(s) && s >= 0)
		return s;
	if (!tw_parse_date(&when, value))
		return -1;
	return fmax(0, (double)(when - tw_now_ms()) / 1000);
}

enum tw_status polite_fetch_patiently(struct tw_http_response *out, struct polite *p,
				      const struct tw_http_request *req, struct tw_err *err)
{
	double left = POLITE_MAX_RETRY_AFTER;
	enum tw_status st = polite_fetch(out, p, req, err);
	for (int again = 0; st == TW_OK && again < 2; again++) {
		if (!host_is_overloaded(out->status))
			break;
		double s = retry_after_s(tw_str_c(&out->retry_after));
		if (s < 0)
			s = fmax(1, 2 * p->delay_s) * (again + 1);
		if (s > left)
			break;
		left -= s;
		st = polite_wait_ms((int64_t)(s * 1000), err);
		if (st == TW_OK)
			st = polite_fetch(out, p, req, err);
	}
	return st;
}

/* --- robots.txt --- */

static bool take_beginning(void *ctx, const char *data, size_t len)
{
	struct tw_str *text = ctx;
	size_t room = ROBOTS_MAX_TEXT - text->len;
	tw_str_add(text, data, len < room ? len : room);
	return text->len < ROBOTS_MAX_TEXT;
}

/* Section 2.3.1: 4xx, too many redirects and those to another site allow all; 5xx and no answer forbid all, and so does
 * "too many requests", which says nothing of the file. */
static void judge(struct robots *out, struct polite *p, const struct tw_err *why, int status,
		  const struct tw_str *text)
{
	if (why->code != TW_OK && (status < 300 || status >= 400))
		out->unread = tw_strdup(&p->arena, why->msg);
	else if (status >= 500 || status == 429)
		out->unread = tw_sprintf(&p->arena, "the server answered %d", status);
	else if (why->code == TW_OK && status >= 200 && status < 300)
		robots_parse(out, tw_str_c(text), text->len, POLITE_AGENT, &p->arena);
}

/* Where the answer leads to on the same site, by http or https, with or without "www."; NULL for nowhere. */
static const char *next_hop(const struct tw_http_response *res, const char *url, struct tw_arena *a)
{
	struct crawl_scope site = {0};
	if (res->status < 300 || res->status >= 400 || !res->location.len)
		return NULL;
	const char *to = tw_url_resolve(a, url, tw_str_c(&res->location));
	to = to ? url_normal(to, a) : NULL;
	crawl_scope_of(&site, url, a);
	return to && crawl_same_site(&site, to) ? to : NULL;
}

/* One file for the whole site: what another host says is not about this one. */
static enum tw_status fetch_robots(struct tw_http_response *res, struct tw_str *text,
				   struct polite *p, const char *url, struct tw_err *err)
{
	struct tw_http_request req = {.max_body = INT64_C(1) << 40,
				      .timeout_s = 30,
				      .no_redirects = true,
				      .on_data = take_beginning,
				      .ctx = text};
	enum tw_status st = TW_OK;
	for (int hop = 0; st == TW_OK && url && hop <= MAX_ROBOTS_HOPS; hop++) {
		tw_http_response_release(res);
		tw_str_clear(text);
		req.url = url;
		st = tw_http_fetch(res, p->http, &req, err);
		if (text->len >= ROBOTS_MAX_TEXT) { /* we ended it */
			st = TW_OK;
			tw_err_clear(err);
		}
		url = next_hop(res, url, &p->arena);
	}
	return st;
}

static enum tw_status ask(struct robots *out, struct polite *p, const char *origin,
			  struct tw_err *err)
{
	struct tw_http_response res = {0};
	struct tw_str text = TW_STR_INIT;
	struct tw_err why = TW_ERR_INIT;
	*out = (struct robots){0};
	const char *url = tw_sprintf(&p->arena, "%s/robots.txt", origin);
	enum tw_status st = fetch_robots(&res, &text, p, url, &why);
	if (st == TW_CANCELLED)
		tw_fail(err, st, "%s", why.msg);
	else
		judge(out, p, &why, res.status, &text);
	tw_str_release(&text);
	tw_http_response_release(&res);
	return st == TW_CANCELLED ? st : TW_OK;
}

static enum tw_status robots_of(const struct robots **out, const char **path, struct polite *p,
				const char *url, struct tw_arena *a, struct tw_err *err)
{
	const char *origin = origin_of(path, url, a);
	if (!origin)
		return tw_fail(err, TW_BLOCKED, "%s: no http URL", url_shown(url, a));
	struct robots *r = tw_map_get(&p->robots, origin);
	if (!r) {
		r = TW_NEW(&p->arena, struct robots);
		enum tw_status st = ask(r, p, origin, err);
		if (st != TW_OK)
			return st;
		tw_map_set(&p->robots, origin, r);
	}
	*out = r;
	return TW_OK;
}

enum tw_status polite_robots(const struct robots **out, struct polite *p, const char *url,
			     struct tw_err *err)
{
	const char *path;
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = robots_of(out, &path, p, url, &a, err);
	tw_arena_release(&a);
	return st;
}

enum tw_status polite_may(struct polite *p, const char *url, struct tw_err *err)
{
	const struct robots *r;
	const char *path = "/";
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = robots_of(&r, &path, p, url, &a, err);
	if (st == TW_OK && r->unread)
		st = tw_fail(err, TW_BLOCKED,
			     "%s: robots.txt could not be read there, so nothing is fetched (%s)",
			     url_shown(url, &a), r->unread);
	else if (st == TW_OK && !robots_allow(r, path))
		st = tw_fail(err, TW_BLOCKED, "%s: robots.txt does not allow it",
			     url_shown(url, &a));
	tw_arena_release(&a);
	return st;
}
