/*
 * Lines of a PDF rejoined into paragraphs. A line goes on in the next unless it
 * ends early: the next one's first word would have had room in it, or the next
 * stands lower or further in than lines do there. Across columns and pages it
 * goes on where its sentence does.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/office/pdf_int.h"

#define NARROW	  10  /* times the height of letters */
#define MOST_WORD 100 /* bytes before a hyphen */

/* Of the lines of one block. */
struct column {
	double base;  /* where most of them begin */
	double right; /* how far most of them go at most */
	double pitch;
	size_t lines;
};

/* The program's own blocks: mostly a paragraph. */
struct extent {
	double right;
	size_t lines;
};

struct joiner {
	const struct pdf *p;
	struct pdf_paragraphs *out;
	struct column *columns; /* by block */
	struct extent *parts;	/* by part */
	struct tw_map hyphened; /* words that have a hyphen within a line */
	double body;
	bool item_open; /* a bullet that stands alone awaits its text */
};

/* --- measures --- */

static int by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;
	return (a > b) - (a < b);
}

static double middle(double *v, size_t n)
{
	if (!n)
		return 0;
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

double pdf_body_height(const struct pdf *p)
{
	TW_VEC(double) all = {0};
	for (size_t i = 0; i < p->lines.n; i++)
		for (size_t k = 0; k <= strlen(p->lines.at[i].text) / 20; k++)
			tw_vec_push(&all, p->lines.at[i].height);
	double h = middle(all.at, all.n);
	tw_vec_release(&all);
	return h;
}

static void measure_block(struct column *c, const struct pdf_line *l, size_t n)
{
	double *v = tw_xcalloc(n, sizeof(*v));
	c->lines = n;
	for (size_t i = 0; i < n; i++)
		v[i] = l[i].x1;
	qsort(v, n, sizeof(*v), by_value);
	c->right = v[n - 1 - n / 8];
	for (size_t i = 0; i < n; i++)
		v[i] = l[i].x0;
	c->base = middle(v, n);
	for (size_t i = 1; i < n; i++)
		v[i - 1] = fabs(l[i].y1 - l[i - 1].y1);
	c->pitch = n > 1 ? middle(v, n - 1) : l->height * 1.2;
	free(v);
}

static void measure(struct joiner *j)
{
	const struct pdf_line *l = j->p->lines.at;
	for (size_t i = 0, end; i < j->p->lines.n; i = end) {
		for (end = i + 1; end < j->p->lines.n && l[end].block == l[i].block;)
			end++;
		measure_block(&j->columns[l[i].block], l + i, end - i);
	}
	for (size_t i = 0; i < j->p->lines.n; i++) {
		struct extent *e = &j->parts[l[i].part];
		e->right = l[i].x1 > e->right ? l[i].x1 : e->right;
		e->lines++;
	}
}

/* How far the line could have gone. */
static double right_of(const struct joiner *j, const struct pdf_line *l)
{
	const struct extent *e = &j->parts[l->part];
	double right = j->columns[l->block].right;
	return e->lines >= 3 || e->right > right ? e->right : right;
}

/* "well-known" in the middle of a line says that "well-" at the end of one keeps its hyphen. */
static void find_hyphened(struct joiner *j)
{
	for (size_t i = 0; i < j->p->lines.n; i++) {
		const char *s = j->p->lines.at[i].text;
		while (*s) {
			size_t n = strcspn(s, " "), word = strcspn(s, " .,;:!?)");
			const char *hyphen = memchr(s, '-', word);
			if (hyphen && hyphen > s && hyphen + 1 < s + word && j->hyphened.n < 100000)
				tw_map_at(&j->hyphened, s, word);
			s += n + (s[n] == ' ');
		}
	}
}

/* --- what lines look like --- */

static bool is_same_size(double x, double y)
{
	return fabs(x - y) <= 0.12 * (x > y ? x : y);
}

/* "3. " or "3) ": the length, and the number. */
static size_t number_len(const char *s, int *number)
{
	size_t n = strspn(s, "0123456789");
	if (!n || n > 3 || (s[n] != '.' && s[n] != ')') || s[n + 1] != ' ' || !s[n + 2])
		return 0;
	*number = atoi(s);
	return n + 2;
}

/* A letter of a script with small letters, and a small one. Beyond ASCII: Latin-1's and the alphabets' behind it. */
static bool begins_small(const char *s)
{
	struct tw_str first = TW_STR_INIT, low = TW_STR_INIT;
	size_t n = tw_utf8_prefix(s, strlen(s), 1);
	tw_str_add(&first, s, n);
	tw_text_fold(&low, s, n);
	unsigned char c = (unsigned char)*s;
	bool small = (c >= 'a' && c <= 'z') ||
		     (c >= 0xc3 && c <= 0xd1 && low.len == n && memcmp(low.data, s, n) == 0);
	tw_str_release(&first);
	tw_str_release(&low);
	return small;
}

/* East Asian letters have no spaces between them. */
static bool is_wide(const char *s)
{
	unsigned char c = (unsigned char)*s;
	return c >= 0xe3 && c <= 0xe9;
}

static const char *last_letter(const char *s, size_t len)
{
	size_t at = tw_utf8_floor(s, len ? len - 1 : 0);
	return s + at;
}

/* By its length: paragraphs grow line by line. */
static bool text_ends_with(const struct tw_str *text, const char *end)
{
	size_t n = strlen(end);
	return text->len >= n && memcmp(text->data + text->len - n, end, n) == 0;
}

/* The sentence goes on: it ends in a letter, a comma or a hyphen. */
static bool is_unfinished(const struct tw_str *text)
{
	char c = text->len ? text->data[text->len - 1] : '.';
	return isalnum((unsigned char)c) || c == ',' || c == '-' || c == '(' ||
	       ((unsigned char)c >= 0x80 && !text_ends_with(text, "”") &&
		!text_ends_with(text, "»") && !text_ends_with(text, "…"));
}

static bool ends_sentence(const struct tw_str *text)
{
	return text->len && strchr(".!?:;\"", text->data[text->len - 1]) != NULL;
}

/* --- joining --- */

static struct pdf_paragraph *last_of(const struct joiner *j)
{
	return j->out->n ? &j->out->at[j->out->n - 1] : NULL;
}

static void begin(struct joiner *j, size_t i, const char *text)
{
	const struct pdf_line *l = &j->p->lines.at[i];
	struct pdf_paragraph q = {.height = l->height, .x0 = l->x0, .last = i, .lines = 1};
	int number = 0;
	size_t bullet = pdf_bullet(text), digits = number_len(text, &number);
	q.kind = bullet ? PDF_BULLET : digits ? PDF_NUMBERED : PDF_TEXT;
	q.number = number;
	tw_str_adds(&q.text, text + (bullet ? bullet : digits));
	tw_vec_push(j->out, q);
	j->item_open = bullet && !text[bullet];
}

/* The word that the hyphen ends and what stands behind it were one. */
static bool keeps_hyphen(const struct joiner *j, const struct tw_str *text, const char *next)
{
	size_t from = text->len, n = strcspn(next, " .,;:!?)");
	while (from > 0 && text->len - from < MOST_WORD && text->data[from - 1] != ' ' &&
	       text->data[from - 1] != '\n')
		from--;
	struct tw_str word = TW_STR_INIT;
	tw_str_add(&word, text->data + from, text->len - from);
	tw_str_add(&word, next, n);
	bool known = tw_map_find(&j->hyphened, tw_str_c(&word), word.len) != NULL;
	tw_str_release(&word);
	return known || !begins_small(next);
}

static void cut(struct tw_str *s, size_t n)
{
	s->len -= n;
	s->data[s->len] = '\0';
}

static void append(const struct joiner *j, struct tw_str *text, const char *next)
{
	size_t soft = text_ends_with(text, "\u00ad") || text_ends_with(text, "‐")
			      ? strlen(last_letter(text->data, text->len))
			      : 0;
	bool hyphen = text->len > 1 && text->data[text->len - 1] == '-' &&
		      (isalpha((unsigned char)text->data[text->len - 2]) ||
		       (unsigned char)text->data[text->len - 2] >= 0x80);
	if (soft)
		cut(text, soft);
	else if (hyphen && !keeps_hyphen(j, text, next))
		cut(text, 1);
	else if (!hyphen && text->len &&
		 !(is_wide(last_letter(text->data, text->len)) && is_wide(next)))
		tw_str_addc(text, ' ');
	tw_str_adds(text, next);
}

enum joint { JOIN, BREAK_LINE, BREAK };

/* The line ends early: the next one's first word would have had room in it. */
static bool ends_early(const struct joiner *j, const struct pdf_line *l, const struct pdf_line *m,
		       const struct tw_str *text)
{
	double right = right_of(j, l), room = right - l->x1;
	double width = right - j->columns[m->block].base;
	if (width < NARROW * m->height) /* words below each other: nothing was ever full */
		return true;
	if (is_unfinished(text) && begins_small(m->text) && room < 0.15 * width)
		return false;
	return room > m->first_word + 0.25 * m->height;
}

static bool is_cut_word(const struct tw_str *text, const char *next)
{
	return text->len > 1 && text->data[text->len - 1] == '-' &&
	       isalpha((unsigned char)text->data[text->len - 2]) && begins_small(next);
}

/* An item goes on below its first word, or where it has no room left. */
static enum joint within_item(const struct joiner *j, const struct pdf_line *l,
			      const struct pdf_line *m, const struct pdf_paragraph *q)
{
	bool hanging = m->x0 > q->x0 + 0.4 * m->height, early = ends_early(j, l, m, &q->text);
	double right = right_of(j, l), width = right - j->columns[l->block].base;
	int number;
	if (q->kind == PDF_NUMBERED && number_len(m->text, &number) && number == q->number + 1)
		return BREAK;
	if (m->x0 < q->x0 - 0.4 * m->height)
		return BREAK;
	bool long_before = right - l->x1 > 0.3 * width && !begins_small(m->text);
	if (hanging)
		return early && (long_before || ends_sentence(&q->text)) ? BREAK : JOIN;
	return early ? BREAK : JOIN;
}

/* Between two lines of one block. */
static enum joint within(const struct joiner *j, const struct pdf_line *l, const struct pdf_line *m,
			 const struct pdf_paragraph *q)
{
	const struct column *c = &j->columns[m->block];
	double down = m->y1 - l->y1, h = m->height;
	int number;
	if (pdf_bullet(m->text) || down > (l->part == m->part ? 1.45 : 1.25) * c->pitch)
		return BREAK;
	if (fabs(down) < 0.4 * h) /* beside each other */
		return JOIN;
	if (q->kind != PDF_TEXT)
		return within_item(j, l, m, q);
	bool further_in = m->x0 > c->base + 0.7 * h && m->x0 > l->x0 + 0.5 * h;
	bool further_out = m->x0 < c->base - 0.7 * h && m->x0 < l->x0 - 0.5 * h;
	/* The second line of a paragraph is further out than its first, or hangs below it. */
	if ((further_in || further_out) &&
	    (q->lines > 1 || (further_in && ends_sentence(&q->text))))
		return BREAK;
	if (!ends_early(j, l, m, &q->text) || is_cut_word(&q->text, m->text))
		return JOIN;
	return ends_sentence(&q->text) || number_len(m->text, &number) ? BREAK : BREAK_LINE;
}

/* The paragraph that a line at the head of a column goes on with: notes below the column before are passed over. */
static struct pdf_paragraph *to_go_on(const struct joiner *j, const struct pdf_line *m)
{
	for (size_t i = j->out->n, seen = 0; i-- > 0 && seen < 12; seen++) {
		struct pdf_paragraph *q = &j->out->at[i];
		bool smaller = q->height < 0.93 * m->height;
		if (smaller)
			continue;
		const struct pdf_line *l = &j->p->lines.at[q->last];
		const struct column *c = &j->columns[l->block];
		bool full = c->lines < 2 || right_of(j, l) - l->x1 < 3 * l->height;
		bool near = m->page <= l->page + 1;
		return near && full && is_same_size(q->height, m->height) &&
				       is_unfinished(&q->text) && begins_small(m->text)
			       ? q
			       : NULL;
	}
	return NULL;
}

static void add_line(struct joiner *j, size_t i)
{
	const struct pdf_line *m = &j->p->lines.at[i];
	struct pdf_paragraph *q = last_of(j);
	const struct pdf_line *l = q ? &j->p->lines.at[q->last] : NULL;
	enum joint joint = BREAK;
	if (q && j->item_open) {
		joint = JOIN;
		q->height = m->height;
	} else if (q && l->block == m->block && is_same_size(q->height, m->height)) {
		joint = within(j, l, m, q);
	} else if (q && !pdf_bullet(m->text) && to_go_on(j, m)) {
		q = to_go_on(j, m);
		joint = JOIN;
	}
	j->item_open = false;
	if (joint == BREAK) {
		begin(j, i, m->text);
		return;
	}
	if (joint == BREAK_LINE)
		tw_str_addf(&q->text, "\n%s", m->text);
	else
		append(j, &q->text, m->text);
	q->last = i;
	q->lines++;
}

void pdf_join(struct pdf_paragraphs *out, const struct pdf *p, double body)
{
	struct joiner j = {.p = p, .out = out, .body = body};
	j.columns = tw_xcalloc(p->blocks + 1, sizeof(*j.columns));
	j.parts = tw_xcalloc(p->parts + 1, sizeof(*j.parts));
	measure(&j);
	find_hyphened(&j);
	for (size_t i = 0; i < p->lines.n; i++)
		if (!p->lines.at[i].running)
			add_line(&j, i);
	tw_map_release(&j.hyphened);
	free(j.columns);
	free(j.parts);
}

void pdf_paragraphs_release(struct pdf_paragraphs *all)
{
	for (size_t i = 0; i < all->n; i++)
		tw_str_release(&all->at[i].text);
	tw_vec_release(all);
}
