/* Keywords of Org ("#+TITLE: …"): metadata, words that say how far a task is, captions. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "collect/markup/org_int.h"

static void add_states(struct org *o, const char *s, size_t len)
{
	for (size_t i = 0, n, word; i < len; i += n + 1) {
		for (n = 0; i + n < len && !strchr(" \t|", s[i + n]);)
			n++;
		for (word = 0; word < n && s[i + word] != '(';) /* "DONE(d!)" */
			word++;
		if (word)
			tw_map_at(&o->states, s + i, word)->v.i = 1;
	}
}

void org_init_states(struct org *o)
{
	static const char usual[] = "TODO DONE NEXT WAITING HOLD CANCELLED CANCELED STARTED "
				    "IN-PROGRESS SOMEDAY";
	add_states(o, usual, strlen(usual));
}

/* ":a:b:" and "a b" as "a,b". */
static void add_tags(struct org *o, const char *s, size_t len)
{
	for (size_t i = 0, n; i < len; i += n + 1) {
		for (n = 0; i + n < len && !strchr(": \t,", s[i + n]);)
			n++;
		if (n)
			markup_field_more(&o->m, "tags", s + i, n);
	}
}

static void add_date(struct org *o, const char *key, const char *s, size_t len)
{
	char iso[17] = "";
	while (len && *s != '<' && *s != '[' && !isdigit((unsigned char)*s))
		s++, len--;
	if (!org_timestamp(s, len)) {
		markup_field(&o->m, key, s, len);
		return;
	}
	memcpy(iso, s + 1, 10);
	const char *colon = memchr(s, ':', org_timestamp(s, len));
	if (colon && colon - s > 13 && isdigit((unsigned char)colon[-2]) &&
	    isdigit((unsigned char)colon[1])) {
		iso[10] = 'T';
		memcpy(iso + 11, colon - 2, 5);
	}
	markup_field(&o->m, key, iso, strlen(iso));
}

static void add_plain(struct org *o, const char *key, const char *s, size_t len)
{
	markup_field(&o->m, key, s, len);
}

static void add_inline(struct org *o, const char *key, const char *s, size_t len)
{
	struct tw_str text = TW_STR_INIT;
	org_inline(&text, &o->m, s, len);
	markup_field_inline(&o->m, key, &text);
	tw_str_release(&text);
}

static void add_more(struct org *o, const char *key, const char *s, size_t len)
{
	markup_field_more(&o->m, key, s, len);
}

static void add_words(struct org *o, const char *key, const char *s, size_t len)
{
	(void)key;
	add_tags(o, s, len);
}

static void add_todo(struct org *o, const char *key, const char *s, size_t len)
{
	(void)key;
	add_states(o, s, len);
}

static void add_caption(struct org *o, const char *key, const char *s, size_t len)
{
	struct tw_str text = TW_STR_INIT;
	(void)key;
	org_inline(&text, &o->m, s, len);
	markup_paragraph(&o->m, &text);
}

static const struct {
	const char *name, *key;
	void (*take)(struct org *, const char *key, const char *s, size_t len);
} keywords[] = {
	{"title", "title", add_inline},
	{"subtitle", "subtitle", add_inline},
	{"author", "author", add_plain},
	{"date", "date", add_date},
	{"lastmod", "lastmod", add_date},
	{"hugo_lastmod", "lastmod", add_date},
	{"language", "lang", add_plain},
	{"description", "description", add_plain},
	{"keywords", "tags", add_more},
	{"filetags", NULL, add_words},
	{"tags[]", NULL, add_words},
	{"hugo_tags", NULL, add_words},
	{"categories[]", "categories", add_more},
	{"hugo_categories", "categories", add_more},
	{"draft", "draft", add_plain},
	{"hugo_draft", "draft", add_plain},
	{"todo", NULL, add_todo},
	{"seq_todo", NULL, add_todo},
	{"typ_todo", NULL, add_todo},
	{"caption", NULL, add_caption},
};

void org_keyword(struct org *o, const struct markup_line *l)
{
	const char *colon = memchr(l->s, ':', l->n);
	size_t n = colon && colon > l->s + 1 ? (size_t)(colon - l->s) - 2 : 0;
	for (size_t k = 0; n && k < sizeof(keywords) / sizeof(keywords[0]); k++)
		if (strlen(keywords[k].name) == n &&
		    strncasecmp(keywords[k].name, l->s + 2, n) == 0)
			keywords[k].take(o, keywords[k].key, colon + 1,
					 (size_t)(l->s + l->n - colon) - 1);
}
