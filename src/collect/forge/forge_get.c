/* One request to the service, with the token, and what its limits ask for. */
#include "collect/forge/forge_get_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

#define MAX_HOPS    5
#define MAX_AGAIN   2
#define MAX_HEADERS 8
#define A_MOMENT \
	1000000000 /* a reset is a moment in seconds since 1970, or below that seconds from now */
#define PAUSE_FAILED 1.0  /* seconds, after an error of the server */
#define PAUSE_LIMIT  60.0 /* where it does not say how long: as GitHub's documentation asks */
#define PAUSE_MOST   (366.0 * 86400) /* nobody means more */

/* --- JSON --- */

struct text {
	const char *data;
	size_t len;
};

static enum tw_status read_text(void *ctx, void *buf, size_t cap, size_t *got,
				struct tw_err *err TW_UNUSED)
{
	struct text *t = ctx;
	*got = t->len < cap ? t->len : cap;
	memcpy(buf, t->data, *got);
	t->data += *got;
	t->len -= *got;
	return TW_OK;
}

/* By the reader for what services really write: one bad letter in one comment is no reason to lose the others. */
enum tw_status forge_parse(const struct tw_json **out, const struct tw_str *body,
			   struct tw_arena *a, struct tw_err *err)
{
	struct text t = {tw_str_c(body), body->len};
	struct tw_json *tree = NULL;
	struct tw_err why = TW_ERR_INIT;
	struct tw_json_reader *r = tw_json_reader_new(read_text, &t, body->len + 1);
	enum tw_status st = tw_json_value(&tree, r, a, &why);
	tw_json_reader_free(r);
	*out = tree;
	if (st == TW_OK && tree && (tree->type == TW_JSON_ARRAY || tree->type == TW_JSON_OBJECT))
		return TW_OK;
	return tw_fail(err, TW_SKIPPED, "the answer is not the JSON that it should be%s%s",
		       why.msg[0] ? ": " : "", why.msg);
}

/* ": Not Found", as the service explains it; "" when it does not. */
static const char *explained(const struct tw_http_response *res, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	const struct tw_json *v = tw_json_of(tw_str_c(&res->body), a);
	const char *said = tw_json_str(tw_json_get(v, "message"), NULL);
	said = said ? said : tw_json_str(tw_json_get(v, "error"), NULL);
	if (!said || !*said)
		return "";
	tw_text_plain(&s, said, tw_utf8_floor(said, strnlen(said, 200)), "");
	const char *text = tw_sprintf(a, ": %s", tw_str_c(&s));
	tw_str_release(&s);
	return text;
}

/* --- one request --- */

static void add_lines(const char **headers, size_t *n, const char *lines, struct tw_arena *a)
{
	while (*lines && *n + 1 < MAX_HEADERS) {
		size_t len = strcspn(lines, "\n");
		headers[(*n)++] = tw_strndup(a, lines, len);
		lines += len + (lines[len] == '\n');
	}
}

/* Where a redirect leads to at the same origin, NULL for elsewhere. */
static const char *moved_to(const struct forge *f, const char *path,
			    const struct tw_http_response *res, struct tw_arena *a)
{
	size_t n = strlen(f->origin);
	const char *to =
		tw_url_resolve(a, tw_sprintf(a, "%s%s", f->origin, path), tw_str_c(&res->location));
	return to && strncmp(to, f->origin, n) == 0 && to[n] == '/' ? to + n : NULL;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Through redirects, as far as they stay at the service. */
static enum tw_status request(struct tw_http_response *res, struct forge *f, const char *path,
			      const char *const *headers, struct tw_arena *a, struct tw_err *err)
{
	struct tw_http_request req = {.headers = headers, .no_redirects = true};
	for (int hop = 0; path && hop <= MAX_HOPS; hop++) {
		req.url = tw_sprintf(a, "%s%s", f->origin, path);
		tw_http_response_release(res);
		enum tw_status st = polite_fetch(res, &f->polite, &req, err);
		if (st == TW_NETWORK && res->status) /* it answers, but this is too large */
			return TW_SKIPPED;
		if (st != TW_OK || !is_redirect(res->status))
			return st;
		path = moved_to(f, path, res, a);
	}
	return tw_fail(err, TW_SKIPPED,
		       path ? "too many redirects"
			    : "it leads to another host, which gets no token");
}

/* --- what the answer means --- */

static bool is_limit(const struct tw_http_response *res)
{
	if (res->status == 429)
		return true;
	return res->status == 403 &&
	       (strcmp(tw_str_c(&res->rate_left), "0") == 0 || res->retry_after.len ||
		strcasestr(tw_str_c(&res->body), "rate limit"));
}

static double asked_pause(const struct tw_http_response *res)
{
	return res->retry_after.len ? fmin(retry_after_s(tw_str_c(&res->retry_after)), PAUSE_MOST)
				    : -1;
}

/* Seconds until it may be asked again, -1 when asking again is of no use. */
static double pause_of(const struct tw_http_response *res, enum tw_status st)
{
	int64_t reset;
	if (st == TW_NETWORK)
		return PAUSE_FAILED;
	if (st != TW_OK)
		return -1;
	double asked = asked_pause(res);
	if (!is_limit(res))
		return res->status < 500 ? -1 : asked >= 0 ? asked : PAUSE_FAILED;
	if (asked >= 0)
		return asked;
	if (strcmp(tw_str_c(&res->rate_left), "0") == 0 &&
	    tw_parse_i64(&reset, tw_str_c(&res->rate_reset), NULL) == TW_OK)
		return fmin(fmax(1, (double)reset + 1 -
					    (reset < A_MOMENT ? 0 : (double)tw_now_ms() / 1000)),
			    PAUSE_MOST);
	return PAUSE_LIMIT;
}

static enum tw_status leave_alone(struct forge *f, double s, struct tw_err *err)
{
	struct tw_arena a;
	tw_arena_init(&a);
	if (!f->stopped)
		tw_warn("%s: no more requests are allowed now; what there is is stored, and the "
			"next `twin collect` goes on from here, at %s or later (in %s)",
			f->service->name,
			tw_format_time(&a, tw_now_ms() + (int64_t)(s * 1000) + 999),
			tw_format_duration(&a, s));
	tw_arena_release(&a);
	f->stopped = true;
	f->whole = false;
	return tw_fail(err, TW_BLOCKED, "%s wants to be left alone", f->service->name);
}

/* 304 answers an etag alone. */
static enum tw_status judge(struct forge *f, const struct tw_http_response *res, const char *etag,
			    struct tw_arena *a, struct tw_err *err)
{
	int status = res->status;
	if (status == 200 || (status == 304 && etag))
		return TW_OK;
	if (status == 401 && f->authorization)
		return tw_fail(err, TW_NETWORK, "%s does not take the token in %s (401%s)",
			       f->service->name, f->token_env, explained(res, a));
	bool gone = status == 404 || status == 410 || status == 409 || status == 451 ||
		    status == 403 || status == 401;
	return tw_fail(err, gone ? TW_NOT_FOUND : TW_SKIPPED, "the server answered %d%s", status,
		       explained(res, a));
}

/* --- all of it --- */

/* A kill costs no more than the request that is under way. */
static enum tw_status store_so_far(struct forge *f, struct tw_err *err)
{
	if (!f->dirty || !f->host->commit)
		return TW_OK;
	f->dirty = false;
	return f->host->commit(f->host->host, err);
}

static enum tw_status patiently(struct tw_http_response *res, struct forge *f, const char *path,
				const char *const *headers, struct tw_arena *a, struct tw_err *err)
{
	for (int again = 0;; again++) {
		struct tw_err why = TW_ERR_INIT;
		enum tw_status st = request(res, f, path, headers, a, &why);
		double s = pause_of(res, st);
		bool limit = st == TW_OK && is_limit(res);
		if (limit && (s > (double)f->max_wait || again == MAX_AGAIN))
			return leave_alone(f, s, err);
		if (s < 0 || s > (double)f->max_wait || again == MAX_AGAIN)
			return st == TW_OK ? st : tw_fail(err, st, "%s", why.msg);
		if (limit)
			tw_info("%s: no more requests are allowed now; going on in %s",
				f->service->name, tw_format_duration(a, s));
		st = polite_wait_ms((int64_t)(s * 1000), err);
		if (st != TW_OK)
			return st;
	}
}

/* The first says what is accepted. */
static const char *usual_headers(const struct forge_service *service, const char *accept)
{
	const char *s = service->headers;
	s += accept ? strcspn(s, "\n") : 0;
	return s + (*s == '\n');
}

enum tw_status forge_get(struct tw_http_response *res, struct forge *f, const char *path,
			 const char *accept, const char *etag, struct tw_err *err)
{
	const char *headers[MAX_HEADERS] = {NULL};
	struct tw_arena a;
	size_t n = 0;
	if (f->stopped)
		return leave_alone(f, 0, err);
	tw_arena_init(&a);
	if (f->authorization)
		headers[n++] = f->authorization;
	if (etag)
		headers[n++] = tw_sprintf(&a, "If-None-Match: %s", etag);
	if (accept)
		headers[n++] = tw_sprintf(&a, "Accept: %s", accept);
	add_lines(headers, &n, usual_headers(f->service, accept), &a);
	enum tw_status st = store_so_far(f, err);
	if (st == TW_OK)
		st = patiently(res, f, path, headers, &a, err);
	if (st == TW_OK)
		st = judge(f, res, etag, &a, err);
	tw_arena_release(&a);
	return st;
}

enum tw_status forge_get_json(const struct tw_json **out, struct forge *f, const char *path,
			      struct tw_arena *a, struct tw_err *err)
{
	struct tw_http_response res = {0};
	*out = NULL;
	enum tw_status st = forge_get(&res, f, path, NULL, NULL, err);
	if (st == TW_OK)
		st = forge_parse(out, &res.body, a, err);
	tw_http_response_release(&res);
	return st;
}

/* RFC 8288: <target>; rel="next", … Of the target its path alone counts: behind a proxy, a server may know itself by another
 * name. */
const char *forge_next_link(const struct tw_str *link, const struct forge *f, struct tw_arena *a)
{
	const char *s = tw_str_c(link);
	while ((s = strchr(s, '<'))) {
		size_t n = strcspn(s, ">");
		const char *rest = s + n, *url = tw_strndup(a, s + 1, n ? n - 1 : 0);
		const char *rel = tw_strndup(a, rest, strcspn(rest, "<"));
		if (strstr(rel, "rel=\"next\"") || strstr(rel, "rel=next")) {
			const char *at = tw_url_resolve(a, tw_sprintf(a, "%s/", f->origin), url);
			const char *host = at ? strstr(at, "://") : NULL;
			return host ? host + 3 + strcspn(host + 3, "/") : "";
		}
		s = rest;
	}
	return "";
}
