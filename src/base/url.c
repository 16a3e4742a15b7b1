/* References between pages: RFC 3986, section 5. Fetching is in http_curl.c. */
#include "base/http.h"

#include <ctype.h>
#include <string.h>

/* Parts as in appendix B; NULL: not there, which differs from empty. */
struct url {
	struct tw_bytes scheme, authority, path, query, fragment;
};

static size_t scheme_len(const char *s, size_t len)
{
	if (!len || !isalpha((unsigned char)s[0]))
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (s[i] == ':')
			return i;
		if (!isalnum((unsigned char)s[i]) && !strchr("+-.", s[i]))
			return 0;
	}
	return 0;
}

static void split(struct url *u, struct tw_bytes s)
{
	size_t n = scheme_len(s.data, s.len);
	const char *p = s.data, *end = s.data + s.len, *q;

	memset(u, 0, sizeof(*u));
	if (n) {
		u->scheme = (struct tw_bytes){p, n};
		p += n + 1;
	}
	if ((q = memchr(p, '#', (size_t)(end - p)))) {
		u->fragment = (struct tw_bytes){q + 1, (size_t)(end - q - 1)};
		end = q;
	}
	if ((q = memchr(p, '?', (size_t)(end - p)))) {
		u->query = (struct tw_bytes){q + 1, (size_t)(end - q - 1)};
		end = q;
	}
	if (end - p >= 2 && p[0] == '/' && p[1] == '/') {
		p += 2;
		q = memchr(p, '/', (size_t)(end - p));
		if (!q)
			q = end;
		u->authority = (struct tw_bytes){p, (size_t)(q - p)};
		p = q;
	}
	u->path = (struct tw_bytes){p, (size_t)(end - p)};
}

static struct tw_bytes trim(const char *s)
{
	struct tw_bytes b = {s, strlen(s)};

	while (b.len && isspace((unsigned char)b.data[0])) {
		b.data++;
		b.len--;
	}
	while (b.len && isspace((unsigned char)b.data[b.len - 1]))
		b.len--;
	return b;
}

/* 5.2.4, appends to out. Segments before out's length `from` are never taken back. */
static void add_without_dots(struct tw_str *out, const char *path, size_t len)
{
	size_t from = out->len;
	const char *p = path, *end = path + len;

	tw_str_reserve(out, len);
	while (p < end) {
		const char *next = memchr(p + 1, '/', (size_t)(end - p - 1));
		size_t n = (size_t)((next ? next : end) - p);
		bool dot = n == 2 && memcmp(p, "/.", 2) == 0;
		bool dots = n == 3 && memcmp(p, "/..", 3) == 0;

		if (dots) {
			while (out->len > from && out->data[--out->len] != '/')
				;
			out->data[out->len] = '\0';
		}
		if (!dot && !dots)
			tw_str_add(out, p, n);
		else if (!next)
			tw_str_addc(out, '/');
		p += n;
	}
}

/* 5.2.3: the reference's path in the base's folder. */
static void merge(struct tw_str *out, const struct url *base, struct tw_bytes path)
{
	const char *slash = base->path.len ? memrchr(base->path.data, '/', base->path.len) : NULL;

	if (slash)
		tw_str_add(out, base->path.data, (size_t)(slash - base->path.data) + 1);
	else
		tw_str_addc(out, '/');
	tw_str_add(out, path.data, path.len);
}

/* 5.2.2; *out is filled with parts of both, `path` holds a merged one. */
static void resolve(struct url *out, struct tw_str *path, const struct url *base,
		    const struct url *ref)
{
	struct tw_str merged = TW_STR_INIT;

	*out = *ref;
	if (!ref->scheme.data) {
		out->scheme = base->scheme;
		if (!ref->authority.data) {
			out->authority = base->authority;
			if (!ref->path.len && !ref->query.data)
				out->query = base->query;
			if (!ref->path.len)
				tw_str_add(&merged, base->path.data, base->path.len);
			else if (ref->path.data[0] != '/')
				merge(&merged, base, ref->path);
		}
	}
	if (!merged.len)
		tw_str_add(&merged, ref->path.data, ref->path.len);
	if (merged.data[0] == '/')
		add_without_dots(path, merged.data, merged.len);
	else /* "mailto:a@b" and its like have no segments; an empty path stays */
		tw_str_add(path, merged.data, merged.len);
	tw_str_release(&merged);
}

/* What people write into links and what may not stand in a URL: spaces, quotes, other scripts. */
static void add_encoded(struct tw_str *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}", c))
			tw_str_addf(out, "%%%02X", c);
		else
			tw_str_addc(out, (char)c);
	}
}

static bool authority_ok(const struct url *u)
{
	static const char bad[] = " \t\r\n\"<>\\^`{|}";

	for (size_t i = 0; i < u->authority.len; i++) {
		unsigned char c = (unsigned char)u->authority.data[i];

		if (c < ' ' || c == 0x7f || strchr(bad, c))
			return false;
	}
	return true;
}

char *tw_url_resolve(struct tw_arena *a, const char *base, const char *ref)
{
	struct tw_str out = TW_STR_INIT, path = TW_STR_INIT;
	struct url b, r, u;
	char *copy = NULL;

	split(&b, trim(base));
	split(&r, trim(ref));
	if (!b.scheme.len || !b.authority.data)
		return NULL;
	resolve(&u, &path, &b, &r);
	if (authority_ok(&u)) {
		tw_str_add(&out, u.scheme.data, u.scheme.len);
		tw_str_addc(&out, ':');
		if (u.authority.data) {
			tw_str_adds(&out, "//");
			tw_str_add(&out, u.authority.data, u.authority.len);
		}
		add_encoded(&out, tw_str_c(&path), path.len);
		if (u.query.data) {
			tw_str_addc(&out, '?');
			add_encoded(&out, u.query.data, u.query.len);
		}
		if (u.fragment.data) {
			tw_str_addc(&out, '#');
			add_encoded(&out, u.fragment.data, u.fragment.len);
		}
		copy = tw_str_dup(&out, a);
	}
	tw_str_release(&path);
	tw_str_release(&out);
	return copy;
}

char *tw_url_host(struct tw_arena *a, const char *url)
{
	struct tw_bytes host;
	const char *at;
	struct url u;
	char *copy;

	split(&u, trim(url));
	host = u.authority;
	if (!u.scheme.len || !host.len || !authority_ok(&u))
		return NULL;
	at = memrchr(host.data, '@', host.len); /* without user and password */
	if (at) {
		host.len -= (size_t)(at + 1 - host.data);
		host.data = at + 1;
	}
	if (!host.len)
		return NULL;
	copy = tw_strndup(a, host.data, host.len);
	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}
