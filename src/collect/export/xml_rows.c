#include "collect/export/xml_rows_int.h"

#include <stdlib.h>
#include <string.h>

#include "collect/html/dom_int.h"

#define BUFFER ((size_t)1 << 16)
#define OPEN   "<row"

static void end_file(struct xml_rows *r)
{
	free(r->name);
	free(r->buf);
	r->name = r->buf = NULL;
	tw_str_clear(&r->text);
	r->at = r->n = 0;
}

void xml_rows_release(struct xml_rows *r)
{
	end_file(r);
	tw_str_release(&r->text);
}

static enum tw_status begin_file(struct xml_rows *r, struct export_in *x, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st = export_next_entry(&e, x, r->recognise, err);
	if (st != TW_OK)
		return st;
	r->name = tw_xstrdup(e.name);
	r->buf = tw_xmalloc(BUFFER);
	return TW_OK;
}

/* *c is the next byte; TW_DONE at the end of the file. */
static enum tw_status next_byte(char *c, struct xml_rows *r, struct export_in *x,
				struct tw_err *err)
{
	if (r->at == r->n) {
		r->at = r->n = 0;
		enum tw_status st = bundle_read(x->files, r->buf, BUFFER, &r->n, err);
		if (st != TW_OK)
			return st;
		if (!r->n)
			return TW_DONE;
	}
	*c = r->buf[r->at++];
	return TW_OK;
}

/* From the "<" of a tag to its ">": in quotes that is a character like others. */
static enum tw_status read_tag(struct xml_rows *r, struct export_in *x, struct tw_err *err)
{
	char c, quote = '\0';
	enum tw_status st;
	r->over = false;
	tw_str_clear(&r->text);
	tw_str_addc(&r->text, '<');
	while ((st = next_byte(&c, r, x, err)) == TW_OK) {
		r->over |= r->text.len >= EXPORT_MAX_PIECE;
		if (!r->over)
			tw_str_addc(&r->text, c);
		if (quote)
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return TW_OK;
	}
	return st;
}

static bool is_row(const struct tw_str *tag)
{
	size_t n = strlen(OPEN);
	return tag->len > n && memcmp(tag->data, OPEN, n) == 0 && strchr(" \t\r\n", tag->data[n]);
}

static enum tw_status cut(const struct xml_rows *r, struct tw_err *err)
{
	return tw_fail(err, TW_BAD_DATA, "%s is cut; download it again", r->name);
}

/* TW_DONE: the file ends, with the end of its root. */
static enum tw_status next_in_file(struct xml_rows *r, struct export_in *x, struct tw_err *err)
{
	char c;
	enum tw_status st;
	while ((st = next_byte(&c, r, x, err)) == TW_OK) {
		if (c != '<')
			continue;
		st = read_tag(r, x, err);
		if (st == TW_DONE)
			return cut(r, err);
		if (st != TW_OK || is_row(&r->text))
			return st;
	}
	if (st == TW_DONE && !(r->text.len > 2 && r->text.data[1] == '/'))
		return cut(r, err);
	return st;
}

enum tw_status xml_rows_next(const char **key, struct xml_rows *r, struct export_in *x,
			     struct tw_arena *a, struct tw_err *err)
{
	for (;;) {
		enum tw_status st = r->name ? TW_OK : begin_file(r, x, err);
		if (st != TW_OK)
			return st;
		st = next_in_file(r, x, err);
		*key = tw_sprintf(a, "%s/", r->name); /* which row it was is not known */
		if (st == TW_OK && r->over)
			return tw_fail(err, TW_SKIPPED, "%s: a row of more than %zu MiB", r->name,
				       EXPORT_MAX_PIECE >> 20);
		if (st != TW_DONE)
			return st;
		end_file(r);
	}
}

/* What stands between the quotes; *quote is the one that ends it. NULL when there is no such attribute. */
static const char *raw_value(const struct xml_rows *r, const char *name, size_t *len)
{
	size_t n = strlen(name);
	const char *p = tw_str_c(&r->text), *end = p + r->text.len;
	for (p += strlen(OPEN); p < end;) {
		const char *eq = memchr(p, '=', (size_t)(end - p));
		const char *from = eq && eq + 1 < end ? eq + 2 : NULL;
		const char *to =
			from && from < end ? memchr(from, eq[1], (size_t)(end - from)) : NULL;
		if (!to)
			return NULL;
		while (p < eq && strchr(" \t\r\n", *p))
			p++;
		if ((size_t)(eq - p) == n && memcmp(p, name, n) == 0) {
			*len = (size_t)(to - from);
			return from;
		}
		p = to + 1;
	}
	return NULL;
}

bool xml_row_has(const struct xml_rows *r, const char *name)
{
	size_t n;
	return raw_value(r, name, &n) != NULL;
}

bool xml_row_is(const struct xml_rows *r, const char *name, const char *value)
{
	size_t n;
	const char *s = raw_value(r, name, &n);
	return s && n == strlen(value) && memcmp(s, value, n) == 0;
}

/* As text of an element: there no sign counts for an attribute. */
static const char *resolve(const char *value, struct tw_arena *a)
{
	struct dom d;
	struct tw_str text = TW_STR_INIT;
	const char *xml = tw_sprintf(a, "<v>%s</v>", value);
	if (dom_parse_xml(&d, xml, strlen(xml), "UTF-8", a, NULL) != TW_OK)
		return NULL;
	dom_text(&text, d.root);
	const char *s = tw_str_dup(&text, a);
	tw_str_release(&text);
	return s;
}

const char *xml_row_get(const struct xml_rows *r, const char *name, struct tw_arena *a)
{
	size_t n;
	const char *s = raw_value(r, name, &n);
	struct tw_str text = TW_STR_INIT;
	if (!s)
		return NULL;
	tw_str_add(&text, s, n);
	export_mend(&text);
	const char *value = tw_str_dup(&text, a);
	tw_str_release(&text);
	return strchr(value, '&') ? resolve(value, a) : value;
}
