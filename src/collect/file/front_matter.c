/*
 * Front matter: the block of YAML (between "---" lines) or TOML ("+++") that
 * site generators put in front of a text.
 */
#include "collect/file/files_int.h"

#include <string.h>
#include <strings.h>

#include "base/time.h"

#define MAX_BLOCK (256 * 1024)

struct line {
	const char *at;
	size_t len;  /* without the line end */
	size_t next; /* offset of the next line */
};

static struct line line_at(const char *text, size_t len, size_t from)
{
	const char *nl = memchr(text + from, '\n', len - from);
	size_t end = nl ? (size_t)(nl - text) : len;
	struct line l = {text + from, end - from, nl ? end + 1 : len};
	while (l.len &&
	       (l.at[l.len - 1] == '\r' || l.at[l.len - 1] == ' ' || l.at[l.len - 1] == '\t'))
		l.len--;
	return l;
}

static bool line_is(const struct line *l, const char *s)
{
	return l->len == strlen(s) && memcmp(l->at, s, l->len) == 0;
}

/* Offset of the closing line, 0 when there is none. */
static size_t find_end(size_t *body, const char *text, size_t len, size_t from, bool toml)
{
	size_t limit = len < MAX_BLOCK ? len : MAX_BLOCK;
	for (size_t at = from; at < limit;) {
		struct line l = line_at(text, len, at);
		if (line_is(&l, toml ? "+++" : "---") || (!toml && line_is(&l, "..."))) {
			*body = l.next;
			return at;
		}
		at = l.next;
	}
	return 0;
}

/* A text between two rules ("---") is no front matter: something in it must look like `key:`. */
static bool has_key(const char *s, size_t len)
{
	for (size_t at = 0; at < len;) {
		struct line l = line_at(s, len, at);
		size_t n = 0;
		while (n < l.len && (strchr("-_.", l.at[n]) || (l.at[n] >= '0' && l.at[n] <= '9') ||
				     ((l.at[n] | 32) >= 'a' && (l.at[n] | 32) <= 'z')))
			n++;
		if (n && n < l.len && l.at[n] == ':' && (n + 1 == l.len || l.at[n + 1] == ' '))
			return true;
		at = l.next;
	}
	return false;
}

void front_matter_read(struct meta *out, size_t *skip, const char *text, size_t len,
		       const char *label, struct reports *rep, struct tw_arena *a)
{
	struct line first = line_at(text, len, 0);
	bool toml = line_is(&first, "+++");
	struct tw_json *tree = NULL;
	struct tw_err why = TW_ERR_INIT;
	size_t body = 0;
	*skip = 0;
	if (!toml && !line_is(&first, "---"))
		return;
	size_t end = find_end(&body, text, len, first.next, toml);
	bool empty = end == first.next;
	if (!end || (!toml && !empty && !has_key(text + first.next, end - first.next)))
		return;
	/* The opening line goes in too, so that messages name the file's own lines. */
	enum tw_status st =
		toml ? toml_parse(&tree, text + first.next, end - first.next, label, a, &why)
		     : tw_yaml_parse(&tree, text, end, label, a, &why);
	*skip = body;
	if (st == TW_OK)
		meta_from_tree(out, tree, a);
	else
		report(rep, "%s; its front matter is left out, its text is taken", why.msg);
}

/* --- what the keys mean --- */

static const struct tw_json *find_key(const struct tw_json *tree, const char *const *names)
{
	for (; *names; names++)
		for (const struct tw_json *v = tree->child; v; v = v->next)
			if (v->key && strcasecmp(v->key, *names) == 0 && v->type != TW_JSON_NULL)
				return v;
	return NULL;
}

static const char *scalar(const struct tw_json *v, struct tw_arena *a)
{
	if (!v || v->type == TW_JSON_ARRAY || v->type == TW_JSON_OBJECT || !v->s || !*v->s)
		return NULL;
	return tw_strdup(a, v->s);
}

static const char *text_of(const struct tw_json *tree, const char *const *names, struct tw_arena *a)
{
	return scalar(find_key(tree, names), a);
}

static int64_t date_of(const struct tw_json *tree, const char *const *names)
{
	const struct tw_json *v = find_key(tree, names);
	int64_t ms;
	return v && v->s && tw_parse_date(&ms, v->s) ? ms : 0;
}

/* A name, a list of names, or maps with a `name`. */
static const char *author_of(const struct tw_json *tree, struct tw_arena *a)
{
	static const char *const names[] = {"author", "authors", "by", "byline", NULL};
	const struct tw_json *v = find_key(tree, names);
	struct tw_str all = TW_STR_INIT;
	const char *copy = NULL;
	if (!v)
		return NULL;
	const struct tw_json *one = v->type == TW_JSON_ARRAY ? v->child : v;
	for (; one; one = v->type == TW_JSON_ARRAY ? one->next : NULL) {
		const char *name = one->type == TW_JSON_OBJECT
					   ? tw_json_str(tw_json_get(one, "name"), NULL)
					   : scalar(one, a);
		if (name && *name)
			tw_str_addf(&all, "%s%s", all.len ? ", " : "", name);
	}
	if (all.len)
		copy = tw_str_dup(&all, a);
	tw_str_release(&all);
	return copy;
}

/* A list, or a text with commas. */
static void write_list(struct tw_json_writer *w, const char *key, const struct tw_json *v,
		       struct tw_arena *a)
{
	if (!v || v->type == TW_JSON_OBJECT)
		return;
	tw_jw_array(w, key);
	if (v->type == TW_JSON_ARRAY) {
		for (const struct tw_json *c = v->child; c; c = c->next)
			if (scalar(c, a))
				tw_jw_str(w, NULL, c->s);
	} else {
		for (const char *p = v->s ? v->s : ""; *p;) {
			size_t n = strcspn(p, ",");
			struct tw_str one = TW_STR_INIT;
			tw_str_add(&one, p, n);
			tw_str_trim(&one);
			if (one.len)
				tw_jw_strn(w, NULL, one.data, one.len);
			tw_str_release(&one);
			p += n + (p[n] == ',');
		}
	}
	tw_jw_end(w);
}

static const char *extra_of(const struct tw_json *tree, struct tw_arena *a)
{
	static const char *const tags[] = {"tags", "tag", "keywords", NULL};
	static const char *const categories[] = {"categories", "category", NULL};
	static const char *const series[] = {"series", NULL};
	static const char *const description[] = {"description", "desc",     "summary",
						  "excerpt",	 "subtitle", NULL};
	static const char *const draft[] = {"draft", NULL};
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	write_list(&w, "tags", find_key(tree, tags), a);
	write_list(&w, "categories", find_key(tree, categories), a);
	if (text_of(tree, series, a))
		tw_jw_str(&w, "series", text_of(tree, series, a));
	if (text_of(tree, description, a))
		tw_jw_str(&w, "description", text_of(tree, description, a));
	if (tw_json_bool(find_key(tree, draft), false))
		tw_jw_bool(&w, "draft", true);
	tw_jw_end(&w);
	const char *copy = s.len > 2 ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return copy;
}

void meta_from_tree(struct meta *out, const struct tw_json *tree, struct tw_arena *a)
{
	static const char *const title[] = {"title", NULL};
	static const char *const lang[] = {"lang", "language", "locale", NULL};
	static const char *const url[] = {"canonical_url", "canonical", "url",
					  "link",	   "permalink", NULL};
	static const char *const created[] = {"date",
					      "published",
					      "publishDate",
					      "pubDate",
					      "date_published",
					      "published_at",
					      "datePublished",
					      "created",
					      "created_at",
					      "date_created",
					      NULL};
	static const char *const modified[] = {
		"updated",    "modified",      "lastmod",      "last_modified", "last_modified_at",
		"updated_at", "date_modified", "dateModified", "date_updated",	"edited",
		NULL};
	if (tree->type != TW_JSON_OBJECT)
		return;
	out->title = text_of(tree, title, a);
	out->lang = text_of(tree, lang, a);
	out->author = author_of(tree, a);
	out->url = text_of(tree, url, a);
	if (out->url && !tw_starts_with(out->url, "http://") &&
	    !tw_starts_with(out->url, "https://"))
		out->url = NULL;
	out->created_ms = date_of(tree, created);
	out->modified_ms = date_of(tree, modified);
	out->extra = extra_of(tree, a);
}
