/* What formats of exports share. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "collect/export_int.h"

enum tw_status export_next_entry(struct bundle_entry *out, struct export_in *x,
				 bool (*recognise)(const char *name, const char *head, size_t n),
				 struct tw_err *err)
{
	for (;;) {
		struct tw_bytes head;
		enum tw_status st = bundle_next(out, x->files, err);
		if (st == TW_OK)
			st = bundle_peek(&head, x->files, err);
		if (st != TW_OK || recognise(out->name, head.data, head.len))
			return st;
	}
}

static bool is_same_person(const char *one, const char *other)
{
	one += *one == '@';
	other += *other == '@';
	return *one && strcasecmp(one, other) == 0;
}

bool export_is_author(const struct export_in *x, const char *who)
{
	for (size_t i = 0; who && i < x->author.n; i++)
		if (is_same_person(x->author.at[i], who))
			return true;
	return who && !x->author.n && is_same_person(x->twin, who);
}

enum tw_status export_no_author(const char *names, struct tw_err *err)
{
	return tw_fail(err, TW_BAD_USE,
		       "nobody who writes here is known as the author: %s; say who it is, as in "
		       "`author: [NAME]`",
		       names);
}

void export_add_tag(struct export_tags *t, const char *tag)
{
	struct tw_json_writer w;
	if (!tag || !*tag)
		return;
	tw_str_adds(&t->json, t->json.len ? "," : "{\"tags\":[");
	tw_jw_init(&w, &t->json);
	tw_jw_str(&w, NULL, tag);
}

const char *export_tags(struct export_tags *t, struct tw_arena *a)
{
	const char *json = t->json.len ? tw_sprintf(a, "%s]}", tw_str_c(&t->json)) : NULL;
	tw_str_release(&t->json);
	return json;
}

bool export_has(const char *head, size_t n, const char *text)
{
	return memmem(head, n, text, strlen(text)) != NULL;
}

const char *export_unescape(const char *text, struct tw_arena *a)
{
	static const struct {
		const char *name;
		char c;
	} names[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
	char *copy = tw_strdup(a, text), *to = copy;
	for (const char *p = text; *p;) {
		size_t i = 0, n = sizeof(names) / sizeof(*names);
		while (i < n && !tw_starts_with(p, names[i].name))
			i++;
		*to++ = i < n ? names[i].c : *p;
		p += i < n ? strlen(names[i].name) : 1;
	}
	*to = '\0';
	return copy;
}

const char *export_text(const struct tw_json *v, const char *key)
{
	const char *s = tw_json_str(tw_json_get(v, key), NULL);
	return s && *s ? s : NULL;
}

int64_t export_date(const struct tw_json *v, const char *key)
{
	const struct tw_json *d = tw_json_get(v, key);
	const char *s = tw_json_str(d, NULL);
	int64_t ms = 0;
	double seconds = tw_json_real(d, 0);
	if (s && strspn(s, "0123456789") == strlen(s))
		seconds = strtod(s, NULL);
	else if (s)
		return tw_parse_date(&ms, s) ? ms : 0;
	if (seconds >= 1e11) /* milliseconds */
		seconds /= 1000;
	return seconds > 0 && seconds < 1e11 ? (int64_t)(seconds * 1000) : 0;
}

void export_set_body(struct tw_document *doc, const char *media, const char *body)
{
	doc->media = media;
	doc->body = (struct tw_bytes){body, strlen(body)};
}

void export_add_paragraph(struct tw_str *out, const char *text)
{
	size_t n = strlen(text), from = strspn(text, "\r\n");
	while (n > from && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (n == from)
		return;
	if (out->len)
		tw_str_adds(out, "\n\n");
	tw_str_add(out, text + from, n - from);
}
