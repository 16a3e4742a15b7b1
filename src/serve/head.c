#include "serve/head.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

struct seen {
	int hosts, lengths, encodings;
};

static int refuse(struct tw_head *out, int status, const char *why)
{
	out->why = why;
	return status;
}

/* RFC 9110, 5.6.2. */
static bool is_token(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!s[i] || (!isalnum((unsigned char)s[i]) && !strchr("!#$%&'*+-.^_`|~", s[i])))
			return false;
	return len > 0;
}

static bool is(const char *s, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(s, name, len) == 0;
}

/* "METHOD SP /target SP HTTP/1.x", without its CRLF. */
static int check_request_line(struct tw_head *out, const char *s, size_t len)
{
	const char *sp = memchr(s, ' ', len);
	if (!sp || sp - s > 16 || !is_token(s, (size_t)(sp - s)))
		return refuse(out, 400, "the request line has no method");
	const char *target = sp + 1, *end = s + len;
	const char *sp2 = memchr(target, ' ', (size_t)(end - target));
	if (!sp2 || (!is(sp2 + 1, (size_t)(end - sp2 - 1), "HTTP/1.1") &&
		     !is(sp2 + 1, (size_t)(end - sp2 - 1), "HTTP/1.0")))
		return refuse(out, 400, "the request line does not end in HTTP/1.1");
	if (sp2 - target > TW_HEAD_TARGET_MAX)
		return refuse(out, 414, "the request target is too long");
	if (*target != '/')
		return refuse(out, 400, "the request target must begin with /");
	for (const char *p = target; p < sp2; p++) {
		if (*p <= ' ' || *p > '~')
			return refuse(out, 400,
				      "the request target has bytes that must be escaped");
		if (sp2 - p >= 3 && memcmp(p, "%00", 3) == 0)
			return refuse(out, 400, "the request target has a NUL");
	}
	return 0;
}

static int check_length(struct tw_head *out, const char *v, size_t len)
{
	if (len == 0 || len > 15)
		return refuse(out, 400, "Content-Length is not a number");
	int64_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (v[i] < '0' || v[i] > '9')
			return refuse(out, 400, "Content-Length is not a number");
		n = n * 10 + (v[i] - '0');
	}
	out->content_length = n;
	return 0;
}

static int check_field(struct tw_head *out, struct seen *seen, const char *s, size_t len)
{
	if (*s == ' ' || *s == '\t')
		return refuse(out, 400, "a header line is folded");
	const char *colon = memchr(s, ':', len);
	if (!colon || !is_token(s, (size_t)(colon - s)))
		return refuse(out, 400, "a header line has no proper name");
	size_t n = (size_t)(colon - s);
	const char *v = colon + 1, *end = s + len;
	for (const char *p = v; p < end; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return refuse(out, 400, "a header value has control characters");
	while (v < end && (*v == ' ' || *v == '\t'))
		v++;
	while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	size_t vlen = (size_t)(end - v);
	if (is(s, n, "host"))
		return ++seen->hosts > 1 ? refuse(out, 400, "more than one Host") : 0;
	if (is(s, n, "transfer-encoding"))
		return ++seen->encodings, 0;
	if (is(s, n, "content-length"))
		return ++seen->lengths > 1 ? refuse(out, 400, "more than one Content-Length")
					   : check_length(out, v, vlen);
	if (is(s, n, "expect") && !is(v, vlen, "100-continue"))
		return refuse(out, 417, "only Expect: 100-continue is known");
	return 0;
}

static int check_whole(struct tw_head *out, const struct seen *seen, int64_t max_body)
{
	if (seen->hosts == 0)
		return refuse(out, 400, "there is no Host");
	if (seen->encodings && seen->lengths)
		return refuse(out, 400, "both Content-Length and Transfer-Encoding");
	if (seen->encodings)
		return refuse(out, 411, "send a Content-Length instead of a Transfer-Encoding");
	if (out->content_length > max_body)
		return refuse(out, 413, "the body is too large");
	return 200;
}

int tw_head_check(struct tw_head *out, const char *data, size_t len, int64_t max_body)
{
	struct seen seen = {0};
	size_t at = 0;
	int fields = -1; /* the request line is none */
	*out = (struct tw_head){0};
	if (len > 0 && !isalpha((unsigned char)data[0]))
		return refuse(out, 400,
			      "this is no HTTP request (TLS ends in front of this server)");
	for (;;) {
		const char *s = data + at;
		const char *nl = memchr(s, '\n', len - at);
		size_t reach = nl ? (size_t)(nl - data) + 1 : len;
		if (reach > TW_HEAD_MAX)
			return refuse(out, 431, "the head is too long");
		if (!nl)
			return len >= TW_HEAD_MAX ? refuse(out, 431, "the head is too long") : 0;
		if (nl == s || nl[-1] != '\r')
			return refuse(out, 400, "a line ends without CR");
		size_t n = (size_t)(nl - s) - 1;
		if (memchr(s, '\r', n))
			return refuse(out, 400, "a CR inside a line");
		at = reach;
		if (n == 0 && fields >= 0) {
			out->len = at;
			return check_whole(out, &seen, max_body);
		}
		int bad =
			fields < 0 ? check_request_line(out, s, n) : check_field(out, &seen, s, n);
		if (bad)
			return bad;
		if (++fields > TW_HEAD_FIELDS_MAX)
			return refuse(out, 431, "too many headers");
	}
}
