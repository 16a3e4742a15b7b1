/* What has many fields, in the one order that both sides know. */
#include <stddef.h>
#include <string.h>

#include "collect/child/wire_int.h"

#define MAX_HEADERS 64
#define MAX_TIMEOUT 86400

/* --- documents --- */

void wire_put_document(struct wire *w, const struct tw_document *d)
{
	wire_str(w, d->key);
	wire_str(w, d->fingerprint);
	wire_i64(w, d->unchanged);
	wire_str(w, d->title);
	wire_str(w, d->author);
	wire_str(w, d->url);
	wire_str(w, d->lang);
	wire_str(w, d->media);
	wire_str(w, d->extra);
	wire_i64(w, d->created_ms);
	wire_i64(w, d->modified_ms);
	wire_bytes(w, d->body.data, d->body.len);
}

void wire_get_document(struct tw_document *out, struct wire_frame *f)
{
	*out = (struct tw_document){0};
	out->key = wire_get_str(f);
	out->fingerprint = wire_get_str(f);
	out->unchanged = wire_get_i64(f) != 0;
	out->title = wire_get_str(f);
	out->author = wire_get_str(f);
	out->url = wire_get_str(f);
	out->lang = wire_get_str(f);
	out->media = wire_get_str(f);
	out->extra = wire_get_str(f);
	out->created_ms = wire_get_i64(f);
	out->modified_ms = wire_get_i64(f);
	out->body = wire_get_bytes(f);
	if (!out->key)
		f->bad = true;
}

/* --- fetches --- */

void wire_put_request(struct wire *w, const struct tw_http_request *r)
{
	int64_t n = 0;
	while (r->headers && r->headers[n])
		n++;
	wire_str(w, r->url);
	wire_str(w, r->method);
	wire_bytes(w, r->body, r->body_len);
	wire_i64(w, r->timeout_s);
	wire_i64(w, r->max_body);
	wire_i64(w, r->no_redirects);
	wire_i64(w, n);
	for (int64_t i = 0; i < n; i++)
		wire_str(w, r->headers[i]);
}

static bool is_asked(const char *method)
{
	return !method || strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
	       strcmp(method, "POST") == 0;
}

void wire_get_request(struct tw_http_request *out, struct wire_frame *f, struct tw_arena *a)
{
	*out = (struct tw_http_request){0};
	out->url = wire_get_str(f);
	out->method = wire_get_str(f);
	struct tw_bytes body = wire_get_bytes(f);
	out->body = body.data;
	out->body_len = body.len;
	int64_t timeout = wire_get_i64(f);
	out->timeout_s = timeout < 0 || timeout > MAX_TIMEOUT ? MAX_TIMEOUT : (int)timeout;
	out->max_body = wire_get_i64(f);
	out->no_redirects = wire_get_i64(f) != 0;
	int64_t n = wire_get_i64(f);
	if (!out->url || !is_asked(out->method) || out->max_body < 0 || n < 0 || n > MAX_HEADERS)
		f->bad = true;
	if (f->bad)
		return;
	const char **headers = TW_NEW_ARRAY(a, (size_t)n + 1, const char *);
	for (int64_t i = 0; i < n; i++) {
		headers[i] = wire_get_str(f);
		f->bad |= !headers[i];
	}
	out->headers = headers;
}

/* All strings of a response but the body. */
static const size_t texts[] = {
	offsetof(struct tw_http_response, url),
	offsetof(struct tw_http_response, content_type),
	offsetof(struct tw_http_response, etag),
	offsetof(struct tw_http_response, last_modified),
	offsetof(struct tw_http_response, retry_after),
	offsetof(struct tw_http_response, location),
	offsetof(struct tw_http_response, robots_tag),
	offsetof(struct tw_http_response, link),
	offsetof(struct tw_http_response, rate_left),
	offsetof(struct tw_http_response, rate_reset),
};
#define N_TEXTS (sizeof(texts) / sizeof(*texts))

/* A header that is added to the response must be added above, too. */
_Static_assert(sizeof(struct tw_http_response) == offsetof(struct tw_http_response, body) +
							  (N_TEXTS + 1) * sizeof(struct tw_str),
	       "a text of the response is not carried");

void wire_put_response(struct wire *w, const struct tw_http_response *r)
{
	wire_i64(w, r->status);
	for (size_t i = 0; i < N_TEXTS; i++) {
		const struct tw_str *s =
			(const struct tw_str *)(const void *)((const char *)r + texts[i]);
		wire_bytes(w, tw_str_c(s), s->len);
	}
}

void wire_get_response(struct tw_http_response *out, struct wire_frame *f)
{
	int64_t status = wire_get_i64(f);
	out->status = status >= 0 && status <= 999 ? (int)status : 0;
	for (size_t i = 0; i < N_TEXTS; i++) {
		struct tw_str *s = (struct tw_str *)(void *)((char *)out + texts[i]);
		const struct tw_bytes b = wire_get_bytes(f);
		tw_str_clear(s);
		if (b.len)
			tw_str_add(s, b.data, b.len);
	}
}
