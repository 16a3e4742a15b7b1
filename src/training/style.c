#include "training/style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"

#define MOST_FREQUENT 100
/* A piece is long enough that common words occur, and there are enough pieces for a deviation. */
#define PIECE_MAX     500
#define PIECE_MIN     50
#define PIECES_MIN    4

struct word {
	const char *text; /* folded */
	double deviation; /* of its relative frequency between pieces */
	int64_t n;
};

struct tw_style {
	struct word *words;
	size_t n;
};

/* Folded text and its words. */
struct reading {
	struct tw_str folded;
	struct tw_spans words;
	struct tw_arena a;
};

static void read_words(struct reading *r, struct tw_bytes text)
{
	*r = (struct reading){0};
	tw_arena_init(&r->a);
	tw_text_fold(&r->folded, text.data ? text.data : "", text.len);
	r->words = tw_text_words(tw_str_c(&r->folded), r->folded.len, &r->a);
}

static void release_words(struct reading *r)
{
	tw_str_release(&r->folded);
	tw_arena_release(&r->a);
}

static void count_words(struct tw_map *out, const struct reading *r, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct tw_span w = r->words.at[i];
		tw_map_at(out, r->folded.data + w.start, w.end - w.start)->v.i++;
	}
}

static int by_frequency(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* The most frequent words into s->words. */
static void choose_words(struct tw_style *s, const struct reading *r, struct tw_arena *a)
{
	struct tw_map counts = TW_MAP_INIT;
	TW_VEC(struct word) all = {0};
	size_t it = 0;
	count_words(&counts, r, 0, r->words.n);
	for (const struct tw_map_slot *m; (m = tw_map_next(&counts, &it));) {
		const struct word w = {.text = m->key, .n = m->v.i};
		tw_vec_push(&all, w);
	}
	if (all.n)
		qsort(all.at, all.n, sizeof(*all.at), by_frequency);
	s->n = all.n < MOST_FREQUENT ? all.n : MOST_FREQUENT;
	s->words = tw_copy_array(a, all.at, s->n, sizeof(*all.at));
	for (size_t i = 0; i < s->n; i++)
		s->words[i].text = tw_strdup(a, s->words[i].text);
	tw_vec_release(&all);
	tw_map_release(&counts);
}

/* Sum and sum of squares of each word's frequency over pieces of equal length. */
static void add_piece(struct tw_style *s, double *sum, double *squares, const struct reading *r,
		      size_t from, size_t len)
{
	struct tw_map counts = TW_MAP_INIT;
	count_words(&counts, r, from, from + len);
	for (size_t i = 0; i < s->n; i++) {
		const double f = (double)tw_map_get_int(&counts, s->words[i].text, 0) / (double)len;
		sum[i] += f;
		squares[i] += f * f;
	}
	tw_map_release(&counts);
}

static void measure_deviations(struct tw_style *s, const struct reading *r, struct tw_arena *a)
{
	size_t len = r->words.n / (2 * PIECES_MIN);
	len = len > PIECE_MAX ? PIECE_MAX : len < PIECE_MIN ? PIECE_MIN : len;
	const size_t pieces = r->words.n / len;
	double *sum = TW_NEW_ARRAY(a, s->n, double), *squares = TW_NEW_ARRAY(a, s->n, double);
	size_t kept = 0;
	for (size_t p = 0; p < pieces; p++)
		add_piece(s, sum, squares, r, p * len, len);
	for (size_t i = 0; i < s->n && pieces >= PIECES_MIN; i++) {
		const double k = (double)pieces;
		const double variance = (squares[i] - sum[i] * sum[i] / k) / (k - 1);
		if (variance <= 0)
			continue;
		s->words[kept] = s->words[i];
		s->words[kept++].deviation = sqrt(variance);
	}
	s->n = kept;
}

struct tw_style *tw_style_new(struct tw_bytes text, struct tw_arena *a)
{
	struct tw_style *s = TW_NEW(a, struct tw_style);
	struct reading r;
	read_words(&r, text);
	choose_words(s, &r, a);
	measure_deviations(s, &r, a);
	release_words(&r);
	return s;
}

size_t tw_style_size(const struct tw_style *s)
{
	return s->n + 1;
}

void tw_style_count(double *counts, const struct tw_style *s, struct tw_bytes text)
{
	struct tw_map words = TW_MAP_INIT;
	struct reading r;
	read_words(&r, text);
	count_words(&words, &r, 0, r.words.n);
	for (size_t i = 0; i < s->n; i++)
		counts[i] += (double)tw_map_get_int(&words, s->words[i].text, 0);
	counts[s->n] += (double)r.words.n;
	tw_map_release(&words);
	release_words(&r);
}

/* The author's mean cancels out of the difference of two z-scores (Argamon 2008). */
double tw_style_distance(const struct tw_style *s, const double *x, const double *y)
{
	const double nx = x[s->n], ny = y[s->n];
	double sum = 0;
	if (nx == 0 || ny == 0 || s->n == 0)
		return NAN;
	for (size_t i = 0; i < s->n; i++)
		sum += fabs(x[i] / nx - y[i] / ny) / s->words[i].deviation;
	return sum / (double)s->n;
}

double tw_style_delta(const struct tw_style *s, struct tw_bytes x, struct tw_bytes y)
{
	struct tw_arena a;
	tw_arena_init(&a);
	double *in_x = TW_NEW_ARRAY(&a, tw_style_size(s), double);
	double *in_y = TW_NEW_ARRAY(&a, tw_style_size(s), double);
	tw_style_count(in_x, s, x);
	tw_style_count(in_y, s, y);
	const double delta = tw_style_distance(s, in_x, in_y);
	tw_arena_release(&a);
	return delta;
}

/* --- character n-grams --- */

/* White space as one blank; starts of the code points, and the end behind them. */
static void fold_text(struct tw_str *out, struct tw_bytes text)
{
	struct tw_str f = TW_STR_INIT;
	tw_text_fold(&f, text.data ? text.data : "", text.len);
	for (size_t i = 0; i < f.len; i++) {
		const bool blank = strchr(" \t\r\n", f.data[i]) && f.data[i];
		if (!blank)
			tw_str_addc(out, f.data[i]);
		else if (out->len && out->data[out->len - 1] != ' ')
			tw_str_addc(out, ' ');
	}
	tw_str_trim(out);
	tw_str_release(&f);
}

static size_t next_char(const struct tw_str *s, size_t i)
{
	for (i++; i < s->len && ((unsigned char)s->data[i] & 0xC0) == 0x80; i++)
		;
	return i;
}

static void count_ngrams(struct tw_map *out, struct tw_bytes text)
{
	struct tw_str s = TW_STR_INIT;
	fold_text(&s, text);
	size_t from = 0, to = 0;
	for (int i = 0; i < 3; i++)
		to = to < s.len ? next_char(&s, to) : s.len + 1;
	while (to <= s.len) {
		tw_map_at(out, s.data + from, to - from)->v.i++;
		from = next_char(&s, from);
		to = to < s.len ? next_char(&s, to) : s.len + 1;
	}
	tw_str_release(&s);
}

static double squares_of(const struct tw_map *m)
{
	double sum = 0;
	size_t it = 0;
	for (const struct tw_map_slot *s; (s = tw_map_next(m, &it));)
		sum += (double)s->v.i * (double)s->v.i;
	return sum;
}

double tw_style_ngrams(struct tw_bytes x, struct tw_bytes y)
{
	struct tw_map in_x = TW_MAP_INIT, in_y = TW_MAP_INIT;
	count_ngrams(&in_x, x);
	count_ngrams(&in_y, y);
	double dot = 0;
	size_t it = 0;
	for (const struct tw_map_slot *s; (s = tw_map_next(&in_x, &it));) {
		const struct tw_map_slot *t = tw_map_find(&in_y, s->key, s->len);
		dot += t ? (double)s->v.i * (double)t->v.i : 0;
	}
	const double norm = sqrt(squares_of(&in_x)) * sqrt(squares_of(&in_y));
	tw_map_release(&in_x);
	tw_map_release(&in_y);
	return norm > 0 ? fmax(0, 1 - dot / norm) : NAN;
}

/* --- lengths --- */

size_t tw_style_words(struct tw_bytes text)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const size_t n = text.len ? tw_text_words(text.data, text.len, &a).n : 0;
	tw_arena_release(&a);
	return n;
}

size_t tw_style_prefix(struct tw_bytes text, size_t n)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const struct tw_spans w =
		text.len ? tw_text_words(text.data, text.len, &a) : (struct tw_spans){0};
	const size_t len = n >= w.n ? text.len : n ? w.at[n - 1].end : 0;
	tw_arena_release(&a);
	return len;
}
