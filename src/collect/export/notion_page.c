/* A page of Notion in Markdown: title, properties, text. What stands around it is in export_notion.c. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "collect/export/notion_int.h"

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcasecmp(name, *names) == 0)
			return true;
	return false;
}

int64_t notion_date(const char *s, struct tw_arena *a)
{
	const char *range = strstr(s, "\xe2\x86\x92"); /* → */
	char *one = tw_strndup(a, s, range ? (size_t)(range - s) : strlen(s));
	for (char *p = one; p[0] && p[1] && p[2] && p[3] && p[4]; p++)
		if (p[4] == '/' && isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[5])) {
			p[4] = '-'; /* 2022/08/01 */
			if (p[5] && p[6] && p[7] == '/')
				p[7] = '-';
		}
	size_t n = strlen(one);
	while (n && isspace((unsigned char)one[n - 1]))
		one[--n] = '\0';
	return export_parse_date(one + strspn(one, "@ "));
}

static void add_tags(struct export_tags *tags, const char *value, struct tw_arena *a)
{
	while (*value) {
		size_t n = strcspn(value, ",");
		struct tw_str one = TW_STR_INIT;
		tw_str_add(&one, value, n);
		tw_str_trim(&one);
		export_add_tag(tags, tw_str_dup(&one, a));
		tw_str_release(&one);
		value += n + (value[n] == ',');
	}
}

/* Names that Notion itself gives, in English, and that people do; others say nothing here. */
void notion_property(struct tw_document *doc, struct export_tags *tags, const char *name,
		     const char *value, struct tw_arena *a)
{
	static const char *const tag[] = {"tags",   "tag",	    "topics", "categories",
					  "labels", "multi-select", NULL};
	static const char *const created[] = {"created",   "created time", "created at", "date",
					      "published", "published on", NULL};
	static const char *const modified[] = {"updated", "last edited time", "last edited",
					       "edited",  "updated at",	      NULL};
	static const char *const lang[] = {"language", "lang", NULL};
	if (is_one_of(name, tag))
		add_tags(tags, value, a);
	else if (is_one_of(name, created) && !doc->created_ms)
		doc->created_ms = notion_date(value, a);
	else if (is_one_of(name, modified) && !doc->modified_ms)
		doc->modified_ms = notion_date(value, a);
	else if (is_one_of(name, lang) && strlen(value) == 2)
		doc->lang = tw_strdup(a, value);
}

/* --- lines --- */

struct page {
	const char *at, *end;
	struct tw_str out;
	bool code;  /* within ``` */
	bool aside; /* the last line was <aside> */
};

/* The next line without its end; false behind the last. */
static bool next_line(struct tw_bytes *line, struct page *p)
{
	if (p->at >= p->end)
		return false;
	const char *nl = memchr(p->at, '\n', (size_t)(p->end - p->at));
	*line = (struct tw_bytes){p->at, (size_t)((nl ? nl : p->end) - p->at)};
	p->at = nl ? nl + 1 : p->end;
	line->len -= line->len && line->data[line->len - 1] == '\r';
	return true;
}

static bool is_blank(const struct tw_bytes *l)
{
	for (size_t i = 0; i < l->len; i++)
		if (!isspace((unsigned char)l->data[i]))
			return false;
	return true;
}

static struct tw_bytes trimmed(struct tw_bytes l)
{
	while (l.len && isspace((unsigned char)*l.data))
		l.data++, l.len--;
	while (l.len && isspace((unsigned char)l.data[l.len - 1]))
		l.len--;
	return l;
}

static bool line_is(const struct tw_bytes *l, const char *s)
{
	struct tw_bytes t = trimmed(*l);
	return t.len == strlen(s) && memcmp(t.data, s, t.len) == 0;
}

/* "[Title](folder/Title%2032-digits.md)" alone on a line: the place of a subpage or database. */
static bool is_subpage(const struct tw_bytes *l)
{
	struct tw_bytes t = trimmed(*l);
	if (t.len < NOTION_ID + 8 || t.data[0] != '[' || t.data[t.len - 1] != ')' ||
	    !memmem(t.data, t.len, "](", 2))
		return false;
	const char *end = t.data + t.len - 1;
	size_t ext = memcmp(end - 3, ".md", 3) == 0 ? 3 : memcmp(end - 4, ".csv", 4) == 0 ? 4 : 0;
	for (size_t i = 1; ext && i <= NOTION_ID; i++)
		if (!strchr("0123456789abcdef", end[-(long)(ext + i)]))
			return false;
	return ext && !memmem(t.data, t.len, "](http", 6);
}

/* The picture sign at the start of a callout, which Notion puts there: "💡 text". */
static size_t skip_sign(const struct tw_bytes *l)
{
	size_t n = 0;
	while (n < l->len && l->data[n] != ' ' && (unsigned char)l->data[n] >= 0x80)
		n++;
	bool sign = n >= 3 && n <= 32 && (n == l->len || l->data[n] == ' ') &&
		    ((unsigned char)l->data[0] == 0xf0 ||
		     ((unsigned char)l->data[0] == 0xe2 && (unsigned char)l->data[1] >= 0x84));
	return sign ? n + (n < l->len) : 0;
}

static void take_line(struct page *p, const struct tw_bytes *l)
{
	struct tw_bytes t = trimmed(*l);
	bool fence = t.len >= 3 && memcmp(t.data, "```", 3) == 0;
	bool aside = p->aside && !is_blank(l);
	p->code ^= fence;
	if (!p->code && !fence && (line_is(l, "<aside>") || line_is(l, "</aside>"))) {
		p->aside = line_is(l, "<aside>");
		tw_str_addc(&p->out, '\n');
		return;
	}
	if (!p->code && is_subpage(l))
		return;
	size_t skip = aside && !p->code ? skip_sign(l) : 0;
	tw_str_add(&p->out, l->data + skip, l->len - skip);
	tw_str_addc(&p->out, '\n');
	p->aside &= is_blank(l);
}

/* "Name: value" where the database has such a property. */
static bool take_property(struct tw_document *doc, struct export_tags *tags,
			  const struct tw_bytes *l, const char *folder,
			  const struct tw_map *columns, struct tw_arena *a)
{
	const char *colon = memmem(l->data, l->len, ": ", 2);
	for (; colon; colon = memmem(colon + 2, (size_t)(l->data + l->len - colon) - 2, ": ", 2)) {
		size_t n = (size_t)(colon - l->data);
		if (n > 200)
			return false;
		if (!notion_has_column(columns, folder, l->data, n))
			continue;
		notion_property(doc, tags, tw_strndup(a, l->data, n),
				tw_strndup(a, colon + 2, l->len - n - 2), a);
		return true;
	}
	return false;
}

static void take_head(struct tw_document *doc, struct export_tags *tags, struct page *p,
		      const char *folder, const struct tw_map *columns, struct tw_arena *a)
{
	struct tw_bytes l;
	const char *body = p->at;
	if (next_line(&l, p) && l.len > 1 && memcmp(l.data, "# ", 2) == 0) {
		l = trimmed((struct tw_bytes){l.data + 2, l.len - 2});
		doc->title = l.len ? tw_strndup(a, l.data, l.len) : NULL;
		body = p->at;
	}
	p->at = body;
	while (next_line(&l, p) && is_blank(&l))
		body = p->at;
	p->at = body;
	while (next_line(&l, p) && take_property(doc, tags, &l, folder, columns, a))
		body = p->at;
	p->at = body;
}

void notion_markdown(struct tw_document *doc, const char *text, size_t len, const char *folder,
		     const struct tw_map *columns, struct tw_arena *a)
{
	struct page p = {.at = text, .end = text + len};
	struct export_tags tags = {0};
	struct tw_bytes l;
	take_head(doc, &tags, &p, folder, columns, a);
	while (next_line(&l, &p))
		take_line(&p, &l);
	tw_str_trim(&p.out);
	doc->extra = export_tags(&tags, a);
	export_set_body(doc, "text/markdown", tw_str_dup(&p.out, a));
	tw_str_release(&p.out);
}
