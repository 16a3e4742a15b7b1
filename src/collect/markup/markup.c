/* A file of markup: open, close, its metadata, footnotes, tables. Lines are in markup_lines.c. */
#include "collect/markup/markup_int.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define MAX_NOTES   100000
#define MAX_COLUMNS 64 /* that short rows are filled up to */

static void split_lines(struct markup *m)
{
	TW_VEC(struct markup_line) lines = {0};
	const char *p = m->text.data, *end = p + m->text.len;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);
		struct markup_line l = {.raw = p, .s = p};
		while (n && markup_is_space(p[n - 1]))
			n--;
		for (; l.s < p + n && markup_is_space(*l.s); l.s++)
			l.col = *l.s == '\t' ? (l.col / 8 + 1) * 8 : l.col + 1;
		l.n = (size_t)(p + n - l.s);
		tw_vec_push(&lines, l);
		p = nl ? nl + 1 : end;
	}
	m->at = tw_copy_array(m->a, lines.at, lines.n, sizeof(*lines.at));
	m->n = lines.n;
	tw_vec_release(&lines);
}

enum tw_status markup_open(struct markup *m, const struct file_input *in, struct tw_arena *a,
			   struct tw_err *err)
{
	size_t skip = 0;
	memset(m, 0, sizeof(*m));
	m->a = a;
	enum tw_status st = file_to_utf8(&m->text, &in->data, a, err);
	if (st != TW_OK)
		return st;
	front_matter_read(&m->front, &skip, m->text.data, m->text.len, in->label, in->report, a);
	m->text = (struct tw_bytes){m->text.data + skip, m->text.len - skip};
	m->fields = TW_NEW(a, struct tw_json);
	m->fields->type = TW_JSON_OBJECT;
	m->md.out = &m->out;
	split_lines(m);
	return TW_OK;
}

static void write_notes(struct markup *m)
{
	char first[24];
	m->md = (struct md_writer){.out = &m->out};
	for (size_t i = 0; i < m->notes.n; i++) {
		if (!m->notes.at[i].len)
			continue;
		snprintf(first, sizeof(first), "[^%u]: ", (unsigned)i + 1);
		md_push(&m->md, first, "    ");
		md_lines(&m->md, m->notes.at[i].data, m->notes.at[i].len);
		md_pop(&m->md, true);
	}
}

/* "Ann Lee <ann@example.org>": the name alone. */
static const char *without_addresses(struct markup *m, const char *author)
{
	struct tw_str names = TW_STR_INIT;
	const char *last = author ? strrchr(author, '>') : NULL;
	for (const char *c = author ? author : ""; *c; c++) {
		if (*c == '<' && last && c < last) {
			tw_str_trim(&names);
			c = strchr(c, '>');
		} else {
			tw_str_addc(&names, *c);
		}
	}
	tw_str_trim(&names);
	const char *copy = names.len ? tw_str_dup(&names, m->a) : author;
	tw_str_release(&names);
	return copy;
}

#define OR(a, b) ((a) ? (a) : (b))

void markup_close(struct markup *m, struct tw_document *doc)
{
	struct meta own = {0};
	write_notes(m);
	meta_from_tree(&own, m->fields, m->a);
	doc->media = "text/markdown";
	doc->body = (struct tw_bytes){tw_strndup(m->a, tw_str_c(&m->out), m->out.len), m->out.len};
	doc->title = OR(m->front.title, own.title);
	if (!doc->title)
		doc->title = markdown_title(doc->body.data, doc->body.len, m->a);
	doc->author = OR(m->front.author, without_addresses(m, own.author));
	doc->url = OR(m->front.url, own.url);
	doc->lang = OR(m->front.lang, own.lang);
	doc->extra = OR(m->front.extra, own.extra);
	doc->created_ms = OR(m->front.created_ms, own.created_ms);
	doc->modified_ms = OR(m->front.modified_ms, own.modified_ms);
	tw_str_release(&m->out);
	tw_str_release(&m->lead);
	tw_map_release(&m->note_numbers);
	tw_vec_release(&m->notes);
}

/* --- fields --- */

static bool is_true(const char *s)
{
	return strcasecmp(s, "true") == 0 || strcasecmp(s, "t") == 0 || strcasecmp(s, "yes") == 0;
}

static struct tw_json *new_field(struct markup *m, const char *key)
{
	struct tw_json *v = TW_NEW(m->a, struct tw_json);
	v->type = TW_JSON_STRING;
	v->key = key;
	v->next = m->fields->child;
	m->fields->child = v;
	m->fields->n++;
	return v;
}

static void set_field(struct tw_json *v, struct markup *m, const char *before, const char *s,
		      size_t len)
{
	struct tw_str text = TW_STR_INIT;
	tw_str_add(&text, s, len);
	tw_str_trim(&text);
	if (text.len)
		v->s = tw_sprintf(m->a, "%s%s%s", before, *before ? "," : "", text.data);
	v->len = v->s ? strlen(v->s) : 0;
	v->b = v->s && is_true(v->s);
	if (strcmp(v->key, "draft") == 0)
		v->type = TW_JSON_BOOL;
	tw_str_release(&text);
}

void markup_field(struct markup *m, const char *key, const char *s, size_t len)
{
	while (len && markup_is_space(*s))
		s++, len--;
	if (len && !tw_json_get(m->fields, key))
		set_field(new_field(m, key), m, "", s, len);
}

void markup_field_inline(struct markup *m, const char *key, const struct tw_str *s)
{
	struct tw_str line = TW_STR_INIT;
	tw_str_adds(&line, "# ");
	for (size_t i = 0; i < s->len; i++)
		tw_str_addc(&line, s->data[i] == '\n' ? ' ' : s->data[i]);
	const char *plain = markdown_title(line.data, line.len, m->a);
	if (plain)
		markup_field(m, key, plain, strlen(plain));
	tw_str_release(&line);
}

void markup_field_more(struct markup *m, const char *key, const char *s, size_t len)
{
	enum { LONGEST = 4096 };
	struct tw_json *v = tw_json_get(m->fields, key);
	if (!v)
		markup_field(m, key, s, len);
	else if (v->len < LONGEST)
		set_field(v, m, v->s ? v->s : "", s, len);
}

/* --- footnotes --- */

int markup_note(struct markup *m, const char *label, size_t len)
{
	struct tw_map_slot *slot = len ? tw_map_at(&m->note_numbers, label, len) : NULL;
	if (slot && slot->v.i)
		return (int)slot->v.i;
	if (m->notes.n < MAX_NOTES)
		tw_vec_push(&m->notes, (struct tw_bytes){0});
	if (slot)
		slot->v.i = (int64_t)m->notes.n;
	return (int)m->notes.n;
}

void markup_note_mark(struct tw_str *out, int number)
{
	tw_str_addf(out, "[^%d]", number);
}

void markup_note_text(struct markup *m, int number, const struct tw_str *text)
{
	struct tw_bytes *note = &m->notes.at[number - 1];
	size_t len = text->len;
	while (len && markup_is_space(text->data[len - 1]))
		len--;
	if (!note->len && len)
		*note = (struct tw_bytes){tw_strndup(m->a, text->data, len), len};
}

/* --- tables --- */

void markup_cell(struct markup *m, struct markup_table *t, const struct tw_str *text)
{
	struct tw_bytes cell = {tw_strndup(m->a, tw_str_c(text), text->len), text->len};
	tw_vec_push(&t->cells, cell);
}

void markup_row(struct markup_table *t)
{
	if (t->cells.n > (t->ends.n ? t->ends.at[t->ends.n - 1] : 0))
		tw_vec_push(&t->ends, t->cells.n);
}

static size_t widest(const struct markup_table *t)
{
	size_t from = 0, most = 0;
	for (size_t r = 0; r < t->ends.n; from = t->ends.at[r++])
		most = t->ends.at[r] - from > most ? t->ends.at[r] - from : most;
	return most;
}

void markup_table(struct markup *m, struct markup_table *t)
{
	struct tw_str s = TW_STR_INIT;
	size_t columns = widest(t), from = 0;
	columns = columns < MAX_COLUMNS ? columns : MAX_COLUMNS;
	for (size_t r = 0; r < t->ends.n; r++) {
		md_row(&s);
		for (size_t i = from; i < t->ends.at[r]; i++)
			md_cell(&s, t->cells.at[i].data, t->cells.at[i].len);
		for (size_t i = t->ends.at[r] - from; i < columns; i++)
			md_cell(&s, "", 0);
		md_row_end(&s, r == 0, columns);
		from = t->ends.at[r];
	}
	if (s.len)
		md_lines(&m->md, s.data, s.len);
	tw_str_release(&s);
	tw_vec_release(&t->cells);
	tw_vec_release(&t->ends);
}

/* --- blocks --- */

void markup_heading(struct markup *m, int level, struct tw_str *s)
{
	md_heading(&m->md, level, tw_str_c(s), s->len);
	tw_str_release(s);
}

void markup_paragraph(struct markup *m, struct tw_str *s)
{
	if (m->lead.len && s->len) {
		struct tw_str whole = TW_STR_INIT;
		tw_str_addf(&whole, "**%s** %s", m->lead.data, s->data);
		md_paragraphs(&m->md, whole.data, whole.len);
		tw_str_release(&whole);
		tw_str_clear(&m->lead);
		tw_str_release(s);
		return;
	}
	md_paragraphs(&m->md, tw_str_c(s), s->len);
	tw_str_release(s);
}

void markup_lead(struct markup *m, const char *s, size_t len)
{
	tw_str_clear(&m->lead);
	markup_text(&m->lead, s, len);
	tw_str_trim(&m->lead);
}

void markup_lead_end(struct markup *m)
{
	struct tw_str text = TW_STR_INIT;
	if (m->lead.len)
		tw_str_addf(&text, "**%s**", m->lead.data);
	tw_str_clear(&m->lead);
	markup_paragraph(m, &text);
}

void markup_term(struct markup *m, struct tw_str *term)
{
	struct tw_str bold = TW_STR_INIT;
	const char *mark = term->len && memchr(term->data, '*', term->len) ? "" : "**";
	markup_wrap(&bold, term, mark, mark);
	tw_str_release(term);
	markup_paragraph(m, &bold);
	m->md.tight = true;
}

void markup_math(struct markup *m, const struct tw_str *tex)
{
	struct tw_str block = TW_STR_INIT, trimmed = TW_STR_INIT;
	tw_str_add(&trimmed, tw_str_c(tex), tex->len);
	tw_str_trim(&trimmed);
	if (trimmed.len) {
		tw_str_addf(&block, "$$\n%s\n$$", trimmed.data);
		md_lines(&m->md, block.data, block.len);
	}
	tw_str_release(&trimmed);
	tw_str_release(&block);
}
