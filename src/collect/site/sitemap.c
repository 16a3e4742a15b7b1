/* Sitemaps: https://www.sitemaps.org/protocol.html */
#include "collect/site/sitemap_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "base/vec.h"

#define MAX_LOC	   2048 /* the protocol's limit of an address */
#define MAX_ENTITY 10	/* "&#x000026;" */

struct entries TW_VEC_BODY(struct sitemap_entry);

/* A pass over the text: which element we are in, and what was collected of the entry. */
struct scan {
	const char *at, *end;
	struct tw_arena *a;
	struct entries entries;
	bool is_index, is_sitemap;
	bool closed, cut;	/* its root has ended; it names more than is taken */
	int depth, entry_depth; /* of <url> or <sitemap>; 0: in none */
	struct tw_str *into;	/* the text that is being collected, or NULL */
	struct tw_str loc, lastmod;
};

/* --- XML, as far as sitemaps have it --- */

struct tag {
	const char *name; /* without its prefix */
	size_t len;
	bool prefixed, closing, empty;
};

static bool tag_is(const struct tag *t, const char *name)
{
	return t->len == strlen(name) && memcmp(t->name, name, t->len) == 0;
}

/* Behind `mark`, or the end. */
static const char *behind(const struct scan *s, const char *mark)
{
	const char *hit = memmem(s->at, (size_t)(s->end - s->at), mark, strlen(mark));
	return hit ? hit + strlen(mark) : s->end;
}

/* Reads the tag at '<'; false when it does not end. */
static bool read_tag(struct tag *t, struct scan *s)
{
	const char *p = s->at + 1;
	char quote = 0;
	*t = (struct tag){0};
	if (p < s->end && *p == '/')
		t->closing = true, p++;
	t->name = p;
	while (p < s->end && !isspace((unsigned char)*p) && !strchr("/>", *p)) {
		if (*p == ':')
			t->name = p + 1, t->prefixed = true;
		p++;
	}
	t->len = (size_t)(p - t->name);
	for (; p < s->end && (quote || *p != '>'); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		t->empty = *p == '/';
	}
	if (p >= s->end)
		return false;
	s->at = p + 1;
	return true;
}

static void add_entity(struct tw_str *out, const char *name, size_t len)
{
	static const struct {
		const char *name, c;
	} all[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (len == strlen(all[i].name) && memcmp(name, all[i].name, len) == 0)
			tw_str_addc(out, all[i].c);
	if (len < 2 || len > 8 || *name != '#')
		return;
	bool hex = name[1] == 'x';
	long c = strtol(name + 1 + hex, NULL, hex ? 16 : 10);
	if (c > ' ' && c < 0x7f) /* an address is of these */
		tw_str_addc(out, (char)c);
}

static void add_text(struct tw_str *out, const char *p, const char *end, bool raw)
{
	while (p < end && out->len < MAX_LOC + 1) {
		size_t left = (size_t)(end - p);
		const char *semicolon =
			!raw && *p == '&' ? memchr(p, ';', left < MAX_ENTITY ? left : MAX_ENTITY)
					  : NULL;
		if (semicolon)
			add_entity(out, p + 1, (size_t)(semicolon - p - 1));
		else
			tw_str_addc(out, *p);
		p = semicolon ? semicolon + 1 : p + 1;
	}
}

/* --- entries --- */

static void add_entry(struct scan *s, const char *loc, const char *lastmod)
{
	struct sitemap_entry e = {0};
	size_t n = strlen(loc);
	if (!n || n > MAX_LOC)
		return;
	s->cut = s->entries.n >= SITEMAP_MAX_ENTRIES;
	if (s->cut)
		return;
	e.loc = tw_strndup(s->a, loc, n);
	if (!tw_parse_date(&e.lastmod_ms, lastmod))
		e.lastmod_ms = 0;
	tw_vec_push(&s->entries, e);
}

static void open_tag(struct scan *s, const struct tag *t)
{
	bool entry = tag_is(t, "url") || tag_is(t, "sitemap");
	s->depth += !t->empty;
	if (tag_is(t, "urlset") || tag_is(t, "sitemapindex")) {
		s->is_sitemap = true;
		s->is_index = tag_is(t, "sitemapindex");
		s->closed = t->empty;
	} else if (s->is_sitemap && entry && !s->entry_depth && !t->empty) {
		s->entry_depth = s->depth;
		tw_str_clear(&s->loc);
		tw_str_clear(&s->lastmod);
	} else if (s->entry_depth && s->depth == s->entry_depth + 1 && !t->empty) {
		/* <image:loc> lies one deeper */
		s->into = tag_is(t, "loc") ? &s->loc : tag_is(t, "lastmod") ? &s->lastmod : NULL;
	}
}

static void close_tag(struct scan *s, const struct tag *t)
{
	if (s->is_sitemap && (tag_is(t, "urlset") || tag_is(t, "sitemapindex")))
		s->closed = true;
	if (s->entry_depth && s->depth == s->entry_depth) {
		tw_str_trim(&s->loc);
		tw_str_trim(&s->lastmod);
		add_entry(s, tw_str_c(&s->loc), tw_str_c(&s->lastmod));
		s->entry_depth = 0;
	}
	s->into = NULL;
	s->depth -= s->depth > 0;
}

static bool starts(const struct scan *s, const char *mark)
{
	size_t n = strlen(mark);
	return (size_t)(s->end - s->at) >= n && memcmp(s->at, mark, n) == 0;
}

/* What stands at '<'; false at the end. */
static bool scan_mark(struct scan *s)
{
	struct tag t;
	if (starts(s, "<![CDATA[")) {
		const char *from = s->at + 9;
		s->at = behind(s, "]]>");
		if (s->into && s->at - 3 > from)
			add_text(s->into, from, s->at - 3, true);
	} else if (starts(s, "<!--")) {
		s->at = behind(s, "-->");
	} else if (starts(s, "<!") || starts(s, "<?")) {
		s->at = behind(s, ">");
	} else if (!read_tag(&t, s)) {
		return false;
	} else if (t.closing) {
		close_tag(s, &t);
	} else {
		open_tag(s, &t);
	}
	return true;
}

static void scan_xml(struct scan *s)
{
	while (s->at < s->end && !s->cut) {
		const char *mark = memchr(s->at, '<', (size_t)(s->end - s->at));
		if (!mark)
			break;
		if (s->into)
			add_text(s->into, s->at, mark, false);
		s->at = mark;
		if (!scan_mark(s))
			break;
	}
}

/* A text with one address a line. */
static void scan_lines(struct scan *s)
{
	while (s->at < s->end && !s->cut) {
		const char *eol = memchr(s->at, '\n', (size_t)(s->end - s->at));
		size_t n = (size_t)((eol ? eol : s->end) - s->at);
		tw_str_clear(&s->loc);
		tw_str_add(&s->loc, s->at, n);
		tw_str_trim(&s->loc);
		if (tw_starts_with(tw_str_c(&s->loc), "http")) {
			s->is_sitemap = s->closed = true;
			add_entry(s, tw_str_c(&s->loc), "");
		}
		s->at += n + 1;
	}
}

struct place {
	struct sitemap_entry entry;
	size_t at;
};

static int newest_first(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->entry.lastmod_ms != y->entry.lastmod_ms)
		return x->entry.lastmod_ms > y->entry.lastmod_ms ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static void sort_entries(struct entries *e)
{
	struct place *all = tw_xcalloc(e->n + 1, sizeof(*all));
	for (size_t i = 0; i < e->n; i++)
		all[i] = (struct place){e->at[i], i};
	qsort(all, e->n, sizeof(*all), newest_first);
	for (size_t i = 0; i < e->n; i++)
		e->at[i] = all[i].entry;
	free(all);
}

static enum tw_status read_plain(struct sitemap *out, const char *data, size_t len,
				 struct tw_arena *a, struct tw_err *err)
{
	struct scan s = {.at = data + tw_utf8_mark(data, len), .end = data + len, .a = a};
	while (s.at < s.end && isspace((unsigned char)*s.at))
		s.at++;
	if (s.at < s.end && *s.at == '<')
		scan_xml(&s);
	else
		scan_lines(&s);
	sort_entries(&s.entries);
	bool ended = s.closed || s.cut;
	*out = (struct sitemap){
		.is_index = s.is_index, .n = s.entries.n, .cut = s.cut || (s.is_sitemap && !ended)};
	out->entries = tw_copy_array(a, s.entries.at, s.entries.n, sizeof(*s.entries.at));
	tw_vec_release(&s.entries);
	tw_str_release(&s.loc);
	tw_str_release(&s.lastmod);
	if (s.is_sitemap && !ended)
		return tw_fail(err, TW_BAD_DATA, "the sitemap ends in the middle");
	return s.is_sitemap ? TW_OK : tw_fail(err, TW_BAD_DATA, "no sitemap");
}

enum tw_status sitemap_read(struct sitemap *out, const char *data, size_t len, struct tw_arena *a,
			    struct tw_err *err)
{
	struct tw_str plain = TW_STR_INIT;
	*out = (struct sitemap){0};
	if (!is_gzip(data, len))
		return read_plain(out, data, len, a, err);
	enum tw_status st = gunzip(&plain, data, len, SITEMAP_MAX_BYTES, err);
	out->cut = st == TW_BAD_DATA;
	if (st == TW_OK)
		st = read_plain(out, tw_str_c(&plain), plain.len, a, err);
	tw_str_release(&plain);
	return st;
}
