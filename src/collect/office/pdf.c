/* Paragraphs of a PDF as a document: which are headings, and what the title is. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collect/office/pdf_int.h"
#include "collect/office/rich_int.h"

#define HEADING_MOST  200 /* bytes */
#define HEADING_SIZES 6

struct sizes {
	double at[HEADING_SIZES]; /* of headings, the largest first */
	int n;
};

static bool is_heading(const struct pdf_paragraph *q, double body)
{
	bool letters = false;
	for (const char *s = tw_str_c(&q->text); *s && !letters; s++)
		letters = isalpha((unsigned char)*s) || (unsigned char)*s >= 0x80;
	return letters && q->height > PDF_LARGER * body && q->text.len <= HEADING_MOST &&
	       q->lines <= 4 && q->kind != PDF_BULLET;
}

static int size_of(const struct sizes *s, double height)
{
	for (int i = 0; i < s->n; i++)
		if (fabs(s->at[i] - height) <= 0.07 * s->at[i])
			return i;
	return s->n;
}

static struct sizes find_sizes(const struct pdf_paragraphs *all, double body)
{
	struct sizes s = {.n = 0};
	for (size_t i = 0; i < all->n; i++) {
		double h = all->at[i].height;
		if (!is_heading(&all->at[i], body) || size_of(&s, h) < s.n)
			continue;
		int k = s.n < HEADING_SIZES ? s.n++ : HEADING_SIZES - 1;
		for (; k > 0 && s.at[k - 1] < h; k--)
			s.at[k] = s.at[k - 1];
		s.at[k] = h;
	}
	return s;
}

/* The largest words of the first page, where they are larger than the text. */
static const struct pdf_paragraph *find_title(const struct pdf *p, const struct pdf_paragraphs *all,
					      double body)
{
	const struct pdf_paragraph *best = NULL;
	for (size_t i = 0; i < all->n && p->lines.at[all->at[i].last].page == 0; i++)
		if (is_heading(&all->at[i], body) &&
		    (!best || all->at[i].height > 1.05 * best->height))
			best = &all->at[i];
	return best;
}

static const char *one_line(const struct tw_str *text, struct tw_arena *a)
{
	char *s = tw_str_dup(text, a);
	for (char *c = s; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	return s;
}

static void write_lines(struct rich *r, const char *s)
{
	static const struct rich_format plain = {0};
	for (;;) {
		size_t n = strcspn(s, "\n");
		rich_text(r, s, n, &plain);
		if (!s[n])
			return;
		rich_break(r);
		s += n + 1;
	}
}

static void write_paragraph(struct rich *r, const struct pdf_paragraph *q,
			    const struct sizes *sizes, double body)
{
	if (is_heading(q, body)) {
		rich_list_end(r, 0);
		rich_open(r, RICH_HEADING, size_of(sizes, q->height) + 1);
		if (q->kind == PDF_NUMBERED) {
			char number[24];
			snprintf(number, sizeof(number), "%d. ", q->number);
			write_lines(r, number);
		}
	} else if (q->kind == PDF_TEXT) {
		rich_list_end(r, 0);
		rich_open(r, RICH_PARAGRAPH, 0);
	} else {
		rich_item(r, 0, q->kind == PDF_NUMBERED, q->number);
		rich_open(r, RICH_PARAGRAPH, 0);
	}
	write_lines(r, tw_str_c(&q->text));
	rich_close(r);
}

void pdf_write(struct tw_document *doc, struct pdf *p)
{
	struct pdf_paragraphs all = {0};
	struct rich r;
	const double body = pdf_body_height(p);
	pdf_find_running(p, body);
	pdf_join(&all, p, body);
	const struct sizes sizes = find_sizes(&all, body);
	const struct pdf_paragraph *title = find_title(p, &all, body);
	rich_begin(&r, p->a);
	for (size_t i = 0; i < all.n; i++)
		if (i || &all.at[i] != title)
			write_paragraph(&r, &all.at[i], &sizes, body);
	doc->body = rich_end(&r);
	const char *largest = title ? one_line(&title->text, p->a) : NULL;
	office_take_meta(doc, &p->meta, p->a);
	if (largest && !office_is_title(p->meta.title))
		doc->title = largest;
	pdf_paragraphs_release(&all);
}
