/* The search of a segment: sign bits in a large one, then int8 codes, then float32. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/vec_segment.h"

#define BLOCK	      4096 /* rows scanned at once: their results stay in the cache */
#define AFTER_BITS    4000 /* rows that pass on from the bits: recall@10 .997 of a million */
#define AFTER_CODES   64   /* rows that pass on from the codes */
#define TIMES	      4	   /* … or so many times what is wanted */
#define BITS_DISTINCT 65536

/* --- the best of many --- */

static bool worse(const struct tw_vec_hit *a, const struct tw_vec_hit *b)
{
	return a->score < b->score || (a->score == b->score && a->rid > b->rid);
}

static void sink(struct tw_vec_top *t, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;
		if (child + 1 < t->n && worse(&t->at[child + 1], &t->at[child]))
			child++;
		if (child >= t->n || !worse(&t->at[child], &t->at[i]))
			return;
		struct tw_vec_hit x = t->at[i];
		t->at[i] = t->at[child];
		t->at[child] = x;
		i = child;
	}
}

void tw_vec_top_add(struct tw_vec_top *t, float score, int64_t rid)
{
	const struct tw_vec_hit hit = {score, rid};

	if (t->n < t->want) {
		size_t i = t->n++;
		for (; i && worse(&hit, &t->at[(i - 1) / 2]); i = (i - 1) / 2)
			t->at[i] = t->at[(i - 1) / 2];
		t->at[i] = hit;
	} else if (t->want && worse(&t->at[0], &hit)) {
		t->at[0] = hit;
		sink(t, 0);
	}
}

static int best_first(const void *a, const void *b)
{
	return worse(a, b) ? 1 : worse(b, a) ? -1 : 0;
}

void tw_vec_top_sort(struct tw_vec_top *t)
{
	if (t->n)
		qsort(t->at, t->n, sizeof(*t->at), best_first);
}

/* --- the query in all forms --- */

void tw_vec_query_init(struct tw_vec_query *q, const float *vec, int dim, struct tw_arena *a)
{
	float max = 0;

	*q = (struct tw_vec_query){
		.k = tw_vec_kernels_best(), .dim = dim, .width = tw_vec_width(dim)};
	q->vec = TW_NEW_ARRAY(a, q->width, float);
	q->codes = TW_NEW_ARRAY(a, q->width, int16_t);
	memcpy(q->vec, vec, (size_t)dim * sizeof(float));
	for (int j = 0; j < dim; j++) {
		max = fmaxf(max, fabsf(vec[j]));
		q->sum += fabsf(vec[j]);
	}
	for (int j = 0; j < dim && max > 0; j++)
		q->codes[j] = (int16_t)lrintf(vec[j] / max * 127);
	q->scale = max / 127;
}

static bool is_dead(const struct tw_segment *s, size_t i)
{
	return s->dead[i / 64] >> (i % 64) & 1;
}

/* --- sieve one: sign bits. Row indexes of the nearest; the caller frees. --- */

static size_t nearest_distance(const uint16_t *dist, size_t n, size_t want)
{
	size_t *count = tw_xcalloc(BITS_DISTINCT, sizeof(*count));
	size_t limit = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		count[dist[i]]++;
	while (limit < BITS_DISTINCT - 1 && (sum += count[limit]) < want)
		limit++;
	free(count);
	return limit;
}

static uint32_t *sieve_bits(size_t *found, const struct tw_segment *s, const struct tw_vec_query *q,
			    size_t want)
{
	size_t words = s->width / 64;
	uint64_t *bits = tw_xcalloc(words, sizeof(*bits));
	uint16_t *dist = tw_xmalloc(s->n * sizeof(*dist));
	uint32_t *rows;
	size_t n = 0;

	for (int j = 0; j < q->dim; j++)
		if (q->vec[j] > s->mean[j])
			bits[j / 64] |= UINT64_C(1) << (j % 64);
	q->k->hamming(dist, s->bits, s->n, words, bits);
	size_t limit = nearest_distance(dist, s->n, want + s->n_dead);
	for (size_t i = 0; i < s->n; i++)
		n += dist[i] <= limit;
	rows = tw_xmalloc((n + 1) * sizeof(*rows));
	*found = 0;
	for (size_t i = 0; i < s->n; i++)
		if (dist[i] <= limit && !is_dead(s, i))
			rows[(*found)++] = (uint32_t)i;
	free(dist);
	free(bits);
	return rows;
}

/* --- sieve two: codes. The `rid` of a hit is the row's index here. --- */

static void scan_codes(struct tw_vec_top *top, const struct tw_segment *s,
		       const struct tw_vec_query *q)
{
	int32_t *dot = tw_xmalloc(BLOCK * sizeof(*dot));

	for (size_t from = 0; from < s->n; from += BLOCK) {
		size_t n = s->n - from < BLOCK ? s->n - from : BLOCK;
		q->k->dot_i8(dot, s->codes + from * s->width, n, s->width, q->codes);
		for (size_t i = 0; i < n; i++) {
			float score = (float)dot[i] * s->scale[from + i];
			if (top->n == top->want && score < top->at[0].score)
				continue;
			if (!is_dead(s, from + i))
				tw_vec_top_add(top, score, (int64_t)(from + i));
		}
	}
	free(dot);
}

static void score_codes(struct tw_vec_top *top, const struct tw_segment *s,
			const struct tw_vec_query *q, const uint32_t *rows, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		int32_t dot;
		size_t i = rows[k];
		q->k->dot_i8(&dot, s->codes + i * s->width, 1, s->width, q->codes);
		tw_vec_top_add(top, (float)dot * s->scale[i], (int64_t)i);
	}
}

/*
 * Rounding moves a dot product by at most half a step of each factor times the
 * other: what differs by more was not written so.
 */
static bool agrees(const struct tw_segment *s, const struct tw_vec_query *q, size_t i, float coarse,
		   float exact)
{
	float step = s->scale[i];
	float bound = 0.5f * step * q->sum + 0.5f * q->scale * step * 127 * (float)q->dim + 1e-3f;

	return fabsf(coarse * q->scale - exact) <= bound; /* false for NaN */
}

enum tw_status tw_segment_search(struct tw_vec_top *top, const struct tw_segment *s,
				 const struct tw_vec_query *q, struct tw_err *err)
{
	size_t want = top->want * TIMES > AFTER_CODES ? top->want * TIMES : AFTER_CODES;
	struct tw_vec_top coarse = {.want = want};
	enum tw_status st = TW_OK;

	coarse.at = tw_xmalloc(want * sizeof(*coarse.at));
	if (s->bits) {
		size_t n, pass = want * 10 > AFTER_BITS ? want * 10 : AFTER_BITS;
		uint32_t *rows = sieve_bits(&n, s, q, pass);
		score_codes(&coarse, s, q, rows, n);
		free(rows);
	} else {
		scan_codes(&coarse, s, q);
	}
	for (size_t k = 0; st == TW_OK && k < coarse.n; k++) {
		size_t i = (size_t)coarse.at[k].rid;
		float exact = q->k->dot_f32(s->vecs + i * s->width, q->vec, s->width);
		if (!agrees(s, q, i, coarse.at[k].score, exact))
			st = tw_fail(err, TW_BAD_DATA, "vectors and codes of row %lld disagree",
				     (long long)s->rids[i]);
		else
			tw_vec_top_add(top, exact, s->rids[i]);
	}
	free(coarse.at);
	if (st == TW_OK && !tw_segment_whole(s))
		st = tw_fail(err, TW_BAD_DATA, "a segment was written over during the search");
	return st;
}
