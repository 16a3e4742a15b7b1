#include "collect/polite_int.h"

#include <string.h>
#include <time.h>

#include "base/stop.h"
#include "base/time.h"

void polite_init(struct polite *p, struct tw_http *http, double delay_s)
{
	*p = (struct polite){.http = http, .delay_s = delay_s};
	tw_arena_init(&p->arena);
}

void polite_release(struct polite *p)
{
	tw_map_release(&p->robots);
	tw_map_release(&p->last_fetch);
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

static enum tw_status wait_ms(int64_t ms, struct tw_err *err)
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

enum tw_status polite_fetch(struct tw_http_response *out, struct polite *p,
			    const struct tw_http_request *req, struct tw_err *err)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const char *host = tw_url_host(&a, req->url);
	int64_t last = host ? tw_map_get_int(&p->last_fetch, host, 0) : 0;
	int64_t due = last ? last + (int64_t)(p->delay_s * 1000) : 0;
	enum tw_status st = wait_ms(due - now_ms(), err);
	if (st == TW_OK)
		st = tw_http_fetch(out, p->http, req, err);
	if (host)
		tw_map_set_int(&p->last_fetch, host, now_ms());
	tw_arena_release(&a);
	return st;
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

/* 4xx allows all, 5xx and no answer forbid all. */
static enum tw_status ask(struct robots *out, struct polite *p, const char *origin,
			  struct tw_err *err)
{
	struct tw_http_response res = {0};
	struct tw_http_request req = {.max_body = 2 << 20, .timeout_s = 30};
	struct tw_err why = TW_ERR_INIT;
	*out = (struct robots){0};
	req.url = tw_sprintf(&p->arena, "%s/robots.txt", origin);
	enum tw_status st = tw_http_fetch(&res, p->http, &req, &why);
	if (st == TW_CANCELLED)
		tw_fail(err, st, "%s", why.msg);
	else if (st != TW_OK || res.status >= 500)
		out->disallow_all = true;
	else if (res.status >= 200 && res.status < 300)
		robots_parse(out, tw_str_c(&res.body), res.body.len, POLITE_AGENT, &p->arena);
	tw_http_response_release(&res);
	return st == TW_CANCELLED ? st : TW_OK;
}

enum tw_status polite_may(struct polite *p, const char *url, struct tw_err *err)
{
	const char *path = "/", *origin = origin_of(&path, url, &p->arena);
	if (!origin)
		return tw_fail(err, TW_BLOCKED, "%s: no http URL", url_shown(url, &p->arena));
	struct robots *r = tw_map_get(&p->robots, origin);
	if (!r) {
		r = TW_NEW(&p->arena, struct robots);
		enum tw_status st = ask(r, p, origin, err);
		if (st != TW_OK)
			return st;
		tw_map_set(&p->robots, origin, r);
	}
	if (robots_allow(r, path))
		return TW_OK;
	return tw_fail(err, TW_BLOCKED, "%s: robots.txt %s", url_shown(url, &p->arena),
		       r->disallow_all ? "could not be read there, so nothing is fetched"
				       : "does not allow it");
}
