/* Which addresses are pages of a site, each spelt in one way: RFC 3986, section 6. */
#include "collect/site/crawl_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "collect/file/files_int.h"

#define MAX_URL	     2000
#define MAX_PATH     600
#define MAX_SEGMENTS 24
#define MAX_REPEATS  3 /* of one name in a path */
#define MAX_PARAMS   6

struct parts {
	struct tw_bytes scheme, host, path, query;
};

static void split(struct parts *p, const char *url)
{
	const char *s = strstr(url, "://");
	size_t n = s ? (size_t)(s - url) : 0;
	*p = (struct parts){.scheme = {url, n}};
	const char *host = s ? s + 3 : url;
	const char *path = host + strcspn(host, "/?#");
	const char *at = memrchr(host, '@', (size_t)(path - host));
	host = at ? at + 1 : host;
	p->host = (struct tw_bytes){host, (size_t)(path - host)};
	p->path = (struct tw_bytes){path, strcspn(path, "?#")};
	const char *query = path + p->path.len;
	if (*query == '?')
		p->query = (struct tw_bytes){query + 1, strcspn(query + 1, "#")};
}

static bool is(struct tw_bytes b, const char *word)
{
	return b.len == strlen(word) && strncasecmp(b.data, word, b.len) == 0;
}

/* Says where a reader came from or who they are, never which page it is. */
static bool is_tracking(struct tw_bytes name)
{
	static const char *const names[] = {
		"fbclid",    "gclid",	  "gclsrc",	"dclid",       "gbraid",     "wbraid",
		"msclkid",   "yclid",	  "twclid",	"ttclid",      "igshid",     "igsh",
		"li_fat_id", "mc_cid",	  "mc_eid",	"_ga",	       "_gl",	     "_hsenc",
		"_hsmi",     "mkt_tok",	  "vero_id",	"oly_anon_id", "oly_enc_id", "wickedid",
		"ref_src",   "PHPSESSID", "jsessionid", "replytocom"};
	if (name.len > 4 && strncasecmp(name.data, "utm_", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is(name, names[i]))
			return true;
	return false;
}

/* The name, or an address in brackets; 0 when it is neither. */
static size_t name_length(struct tw_bytes host)
{
	size_t n = 0;
	bool brackets = host.len && *host.data == '[';
	if (brackets) {
		const char *end = memchr(host.data, ']', host.len);
		return end ? (size_t)(end - host.data) + 1 : 0;
	}
	while (n < host.len) {
		char c = host.data[n];
		if (!isalnum((unsigned char)c) && !strchr("-._", c) && (unsigned char)c < 0x80)
			break;
		n++;
	}
	return n;
}

static bool add_host(struct tw_str *out, struct tw_bytes scheme, struct tw_bytes host)
{
	size_t n = name_length(host), from = n + 1;
	size_t n_port = n < host.len ? host.len - from : 0;
	if (!n || (n < host.len && host.data[n] != ':') || n_port > 5)
		return false;
	for (size_t i = 0; i < n_port; i++)
		if (!isdigit((unsigned char)host.data[from + i]))
			return false;
	if (host.data[n - 1] == '.')
		n--;
	for (size_t i = 0; i < n; i++)
		tw_str_addc(out, (char)tolower((unsigned char)host.data[i]));
	struct tw_bytes port = {host.data + from, n_port};
	if (n_port && !is(port, is(scheme, "https") ? "443" : "80"))
		tw_str_addf(out, ":%.*s", (int)n_port, port.data);
	return n && host.data[n - 1] != '.';
}

static void add_query(struct tw_str *out, struct tw_bytes query, struct tw_arena *a)
{
	char mark = '?';
	for (size_t at = 0; at < query.len;) {
		const char *s = query.data + at;
		const char *end = memchr(s, '&', query.len - at);
		size_t n = end ? (size_t)(end - s) : query.len - at;
		const char *equals = memchr(s, '=', n);
		at += n + 1;
		if (!n || is_tracking((struct tw_bytes){s, equals ? (size_t)(equals - s) : n}))
			continue;
		tw_str_addc(out, mark);
		tw_str_adds(out, octets_normal(s, n, a));
		mark = '&';
	}
}

/* "/a;jsessionid=1" → "/a" */
static size_t without_session(struct tw_bytes path)
{
	for (size_t i = 0; i + 12 < path.len; i++)
		if (strncasecmp(path.data + i, ";jsessionid=", 12) == 0)
			return i;
	return path.len;
}

char *url_normal(const char *url, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	struct parts p;
	char *whole = tw_url_resolve(a, url, url);
	if (!whole || strlen(whole) > MAX_URL)
		return NULL;
	split(&p, whole);
	if (!is(p.scheme, "http") && !is(p.scheme, "https"))
		return NULL;
	tw_str_adds(&out, is(p.scheme, "http") ? "http://" : "https://");
	bool ok = add_host(&out, p.scheme, p.host);
	const char *path = octets_normal(p.path.data, without_session(p.path), a);
	tw_str_adds(&out, *path ? path : "/");
	add_query(&out, p.query, a);
	/* What was written as %2E may be a step up now. */
	char *normal = ok ? tw_url_resolve(a, tw_str_c(&out), tw_str_c(&out)) : NULL;
	tw_str_release(&out);
	return normal;
}

/* --- the site --- */

void crawl_scope_of(struct crawl_scope *out, const char *start, struct tw_arena *a)
{
	struct parts p;
	split(&p, start);
	out->origin = tw_strndup(a, start, (size_t)(p.path.data - start));
	const char *slash = memrchr(p.path.data, '/', p.path.len);
	out->folder = slash ? tw_strndup(a, p.path.data, (size_t)(slash - p.path.data) + 1) : "/";
}

void crawl_scope_moved(struct crawl_scope *out, const char *start, const char *to,
		       struct tw_arena *a)
{
	struct parts from, here;
	split(&from, start);
	split(&here, to);
	crawl_scope_of(out, start, a);
	out->origin = tw_strndup(a, to, (size_t)(here.path.data - to));
	size_t n = from.path.len;
	if (n && from.path.data[n - 1] != '/' && here.path.len > n && here.path.data[n] == '/' &&
	    memcmp(here.path.data, from.path.data, n) == 0)
		out->folder = tw_strndup(a, here.path.data, n + 1);
}

bool crawl_in_folder(const struct crawl_scope *s, const char *url)
{
	struct parts p;
	size_t n = strlen(s->folder);
	split(&p, url);
	return p.path.len >= n && memcmp(p.path.data, s->folder, n) == 0;
}

static struct tw_bytes without_www(struct tw_bytes host)
{
	if (host.len > 4 && strncasecmp(host.data, "www.", 4) == 0)
		return (struct tw_bytes){host.data + 4, host.len - 4};
	return host;
}

bool crawl_same_site(const struct crawl_scope *s, const char *url)
{
	struct parts own, other;
	split(&own, s->origin);
	split(&other, url);
	struct tw_bytes a = without_www(own.host), b = without_www(other.host);
	return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

char *crawl_site_url(const struct crawl_scope *s, const char *base, const char *ref,
		     struct tw_arena *a)
{
	char *whole = tw_url_resolve(a, base, ref);
	char *url = whole ? url_normal(whole, a) : NULL;
	if (!url || !crawl_same_site(s, url))
		return NULL;
	struct parts p;
	split(&p, url);
	return tw_sprintf(a, "%s%s", s->origin, p.path.data);
}

static bool has_media_name(struct tw_bytes path)
{
	static const char *const ends[] = {
		".jpg",	 ".jpeg", ".png", ".gif",  ".webp", ".avif", ".svg",  ".ico",	 ".bmp",
		".tif",	 ".tiff", ".mp3", ".mp4",  ".m4a",  ".m4v",  ".ogg",  ".opus",	 ".wav",
		".flac", ".webm", ".mov", ".avi",  ".mkv",  ".zip",  ".gz",   ".tgz",	 ".bz2",
		".xz",	 ".7z",	  ".rar", ".tar",  ".iso",  ".dmg",  ".exe",  ".deb",	 ".rpm",
		".pdf",	 ".epub", ".doc", ".docx", ".xls",  ".xlsx", ".ppt",  ".pptx",	 ".odt",
		".css",	 ".js",	  ".mjs", ".json", ".xml",  ".rss",  ".atom", ".woff",	 ".woff2",
		".ttf",	 ".otf",  ".csv", ".ics",  ".vcf",  ".asc",  ".sig",  ".torrent"};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);
		if (path.len > n && strncasecmp(path.data + path.len - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

static int count_of(struct tw_bytes path, struct tw_bytes name)
{
	int n = 0;
	for (size_t at = 0; at < path.len; at++) {
		size_t len = 0;
		while (at + len < path.len && path.data[at + len] != '/')
			len++;
		n += len == name.len && memcmp(path.data + at, name.data, len) == 0;
		at += len;
	}
	return n;
}

/* Calendars without end, relative links that grow with each page: by length, depth and repetition. */
static bool is_trap(const struct parts *p)
{
	struct tw_bytes path = {p->path.data + 1, p->path.len - 1};
	int segments = 0, params = p->query.len > 0;
	if (p->path.len + p->query.len > MAX_PATH)
		return true;
	for (size_t i = 0; i < p->query.len; i++)
		params += p->query.data[i] == '&';
	for (size_t at = 0; at < path.len; at++) {
		struct tw_bytes name = {path.data + at, 0};
		while (at + name.len < path.len && name.data[name.len] != '/')
			name.len++;
		at += name.len;
		if (++segments > MAX_SEGMENTS || count_of(path, name) > MAX_REPEATS)
			return true;
	}
	return params > MAX_PARAMS;
}

char *crawl_page_url(const struct crawl_scope *s, const char *base, const char *ref,
		     struct tw_arena *a)
{
	struct parts p;
	char *url = crawl_site_url(s, base, ref, a);
	if (!url)
		return NULL;
	split(&p, url);
	if (!crawl_in_folder(s, url) || has_media_name(p.path) || is_trap(&p) ||
	    is(p.path, "/robots.txt"))
		return NULL;
	return crawl_path_matches(&s->exclude, url, a) ? NULL : url;
}

/* The path without slashes at its ends, as globs see it. */
static char *bare_path(const char *url, struct tw_arena *a)
{
	struct parts p;
	split(&p, url);
	while (p.path.len && *p.path.data == '/')
		p.path.data++, p.path.len--;
	while (p.path.len && p.path.data[p.path.len - 1] == '/')
		p.path.len--;
	return tw_strndup(a, p.path.data, p.path.len);
}

bool crawl_path_matches(const struct tw_strings *globs, const char *url, struct tw_arena *a)
{
	char *path = globs->n ? bare_path(url, a) : NULL;
	for (size_t i = 0; i < globs->n; i++) {
		const char *glob = globs->at[i] + (globs->at[i][0] == '/' && globs->at[i][1]);
		if (glob_match(glob, path, tw_ends_with(url, "/")))
			return true;
		for (char *slash = path; (slash = strchr(slash, '/')); slash++) {
			*slash = '\0';
			bool hit = glob_match(glob, path, true);
			*slash = '/';
			if (hit)
				return true;
		}
	}
	return false;
}
