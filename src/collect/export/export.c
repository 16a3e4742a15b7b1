/* What formats of exports share. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "collect/export/export_int.h"

#define MAX_PAGE ((size_t)16 << 20)

enum tw_status export_next_entry(struct bundle_entry *out, struct export_in *x,
				 export_recognise recognise, struct tw_err *err)
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

enum tw_status export_next_page(struct tw_document *doc, struct export_in *x,
				export_recognise recognise, export_read_page read, void *state,
				struct tw_arena *a, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st;
	while ((st = export_next_entry(&e, x, recognise, err)) == TW_OK) {
		struct tw_str page = TW_STR_INIT;
		tw_arena_reset(a);
		*doc = (struct tw_document){.key = tw_strdup(a, e.name)};
		st = bundle_read_all(&page, x->files, MAX_PAGE, err);
		if (st == TW_OK)
			st = read(doc, state, x, &page, a, err);
		tw_str_release(&page);
		if (st == TW_SKIPPED)
			return tw_wrap(err, st, "%s", e.name);
		if (st != TW_DONE)
			return st;
	}
	return st;
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

bool export_is_of_one(const struct export_in *x, size_t writers)
{
	return writers == 0 || (writers == 1 && !x->author.n);
}

void export_add_name(struct tw_str *names, const char *name)
{
	tw_str_addf(names, "%s\"%s\"", names->len ? ", " : "", name);
}

enum tw_status export_no_author(struct tw_str *names, struct tw_err *err)
{
	enum tw_status st = tw_fail(err, TW_BAD_USE,
				    "nobody who writes here is known as the author: %s; say who it "
				    "is, as in `author: [NAME]`",
				    tw_str_c(names));
	tw_str_release(names);
	return st;
}

void export_add_tag(struct export_tags *t, const char *tag)
{
	struct tw_json_writer w;
	if (!tag || !*tag)
		return;
	tw_str_addc(&t->json, t->json.len ? ',' : '[');
	tw_jw_init(&w, &t->json);
	tw_jw_str(&w, NULL, tag);
}

const char *export_tags(struct export_tags *t, struct tw_arena *a)
{
	return export_extra(t, NULL, NULL, a);
}

const char *export_extra(struct export_tags *t, const char *summary, const char *in_reply_to,
			 struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	if (t->json.len) {
		tw_str_addc(&t->json, ']');
		tw_jw_raw(&w, "tags", tw_str_c(&t->json));
	}
	if (summary)
		tw_jw_str(&w, "summary", summary);
	if (in_reply_to)
		tw_jw_str(&w, "in_reply_to", in_reply_to);
	if (t->exchanges)
		tw_jw_raw(&w, "exchanges", t->exchanges);
	tw_jw_end(&w);
	const char *extra = s.len > 2 ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	tw_str_release(&t->json);
	return extra;
}

bool export_has(const char *head, size_t n, const char *text)
{
	return memmem(head, n, text, strlen(text)) != NULL;
}

bool export_is_array(const char *head, size_t n)
{
	size_t i = 0;
	while (i < n && strchr(" \t\r\n\xef\xbb\xbf", head[i]))
		i++;
	return i < n && head[i] == '[';
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

const struct tw_json *export_list(const struct tw_json *v, const char *key)
{
	const struct tw_json *list = tw_json_get(v, key);
	return list && list->type == TW_JSON_ARRAY ? list->child : NULL;
}

int64_t export_parse_date(const char *s)
{
	int64_t ms;
	return s && tw_parse_date(&ms, s) ? ms : 0;
}

int64_t export_date(const struct tw_json *v, const char *key)
{
	const struct tw_json *d = tw_json_get(v, key);
	const char *s = tw_json_str(d, NULL);
	double seconds = tw_json_real(d, 0);
	if (s && strspn(s, "0123456789") == strlen(s))
		seconds = strtod(s, NULL);
	else if (s)
		return export_parse_date(s);
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
