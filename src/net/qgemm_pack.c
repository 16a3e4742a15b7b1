/* Weights become whole numbers, in the order in which kernels read them. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/qgemm_int.h"

enum { N = TW_Q_COLS, STEP = TW_Q_STEP };

#define TERMS 64 /* whose factors a thread makes at a time */

int tw_q_part(enum tw_q_bits bits, int k)
{
	int steps = tw_pieces(k, STEP), parts = tw_pieces(k, TW_Q_PART * tw_q_terms(bits));
	return tw_pieces(steps, parts) * STEP;
}

static size_t words(enum tw_q_bits bits, int n, int k)
{
	return (size_t)tw_whole(n, N) * (size_t)(tw_whole(k, STEP) / tw_q_terms(bits));
}

static size_t scales(enum tw_q_bits bits, int n, int k)
{
	return (size_t)tw_whole(n, N) * (size_t)tw_pieces(k, tw_q_part(bits, k));
}

static size_t factors(enum tw_q_bits bits, int k)
{
	return bits == TW_Q8 ? (size_t)k : 0;
}

int64_t tw_q_weights_bytes(enum tw_q_bits bits, int n, int k)
{
	return (int64_t)((words(bits, n, k) + scales(bits, n, k) + factors(bits, k)) *
			 sizeof(uint32_t));
}

enum tw_status tw_q_weights_init(struct tw_q_weights *q, enum tw_q_bits bits, int n, int k,
				 struct tw_err *err)
{
	*q = (struct tw_q_weights){.bits = bits, .n = n, .k = k};
	q->w = tw_try_alloc((size_t)tw_q_weights_bytes(bits, n, k), "weights as whole numbers",
			    err);
	if (!q->w)
		return TW_NO_MEMORY;
	q->scale = (float *)(q->w + words(bits, n, k));
	q->by = bits == TW_Q8 ? q->scale + scales(bits, n, k) : NULL;
	return TW_OK;
}

void tw_q_weights_release(struct tw_q_weights *q)
{
	free(q->w);
	*q = (struct tw_q_weights){0};
}

struct packing {
	struct tw_q_weights *q;
	const struct tw_q_piece *piece;
	int part, strips; /* terms of a part, strips of the piece */
};

/* --- a strip --- */

/* A strip of a part: x[i row + p column] / by[p] for i < n, p < k. */
struct strip {
	const float *x, *by; /* by NULL: 1 */
	ptrdiff_t row, column;
	int n, k;
};

/* Terms from b on: to (64, 32), zeros where there are none. */
static void gather(float to[STEP][N], const struct strip *s, int b)
{
	int n = s->n, k = tw_least(STEP, s->k - b);
	const float *x = s->x + b * s->column;
	if (n < N || k < STEP)
		memset(to, 0, sizeof(float[STEP][N]));
	for (int i = 0; s->column == 1 && i < n; i++)
		for (int p = 0; p < k; p++)
			to[p][i] = x[i * s->row + p];
	for (int p = 0; s->column != 1 && p < k; p++)
		for (int i = 0; i < n; i++)
			to[p][i] = x[i * s->row + p * s->column];
	for (int p = 0; s->by && p < k; p++)
		for (int i = 0; i < n; i++)
			to[p][i] /= s->by[b + p];
}

/* The least scale of a column that keeps its numbers and the length of this step of it. */
static float least_scale(enum tw_q_bits bits, float square, float most)
{
	if (bits == TW_Q8)
		return most / TW_Q8_MOST;
	float scale = most / TW_Q16_MOST;
	/* where float32 has no square, 64 of them are at most 8 times as long as its largest number */
	float length = square < 1e-25f || square > 1e35f ? 8 * most : sqrtf(square);
	return length / TW_Q16_W_LENGTH <= scale ? scale : length / TW_Q16_W_LENGTH;
}

static void measure(float scale[N], const struct strip *s, enum tw_q_bits bits)
{
	for (int i = 0; i < N; i++)
		scale[i] = 0;
	for (int b = 0; b < s->k; b += STEP) {
		float w[STEP][N], square[N] = {0}, most[N] = {0};
		gather(w, s, b);
		for (int p = 0; p < STEP; p++)
			for (int i = 0; i < N; i++) {
				float size = fabsf(w[p][i]);
				square[i] += size * size;
				most[i] = size > most[i] ? size : most[i];
			}
		for (int i = 0; i < N; i++) {
			/* what is no number has no square either, and stays so */
			float least =
				isnan(square[i]) ? NAN : least_scale(bits, square[i], most[i]);
			if (!(least <= scale[i]) && !isnan(scale[i]))
				scale[i] = least;
		}
	}
}

/* Terms [p, p + terms of a word) of all columns: a word each. */
static void round_words(uint32_t *to, float (*w)[N], const float by[N], enum tw_q_bits bits)
{
	for (int i = 0; i < N && bits == TW_Q16; i++)
		to[i] = (uint32_t)(uint16_t)tw_q_round(w[0][i] * by[i]) |
			(uint32_t)(uint16_t)tw_q_round(w[1][i] * by[i]) << 16;
	for (int i = 0; i < N && bits == TW_Q8; i++) {
		to[i] = 0;
		for (int p = 0; p < 4; p++)
			to[i] |= (uint32_t)(tw_q_round(w[p][i] * by[i]) + TW_Q8_ZERO) << 8 * p;
	}
}

static void round_strip(uint32_t *to, const float scale[N], const struct strip *s,
			enum tw_q_bits bits)
{
	const int terms = tw_q_terms(bits);
	float by[N];
	for (int i = 0; i < N; i++) /* nothing is too small for it, or is no number */
		by[i] = scale[i] > 1e-37f && scale[i] < INFINITY ? 1 / scale[i] : 0;
	for (int b = 0; b < s->k; b += STEP) {
		float w[STEP][N];
		gather(w, s, b);
		for (int p = 0; p < STEP; p += terms, to += N)
			round_words(to, w + p, by, bits);
	}
}

static void pack_strip(void *ctx, size_t item, int worker)
{
	const struct packing *p = ctx;
	const struct tw_q_piece *f = p->piece;
	struct tw_q_weights *q = p->q;
	int n = (int)item % p->strips * N, k = (int)item / p->strips * p->part;
	int strip = (f->n0 + n) / N, k0 = f->k0 + k, all = tw_pieces(q->n, N);
	float *scale = q->scale + ((ptrdiff_t)(k0 / p->part) * all + strip) * N;
	struct strip s = {.x = f->from + n * f->row + k * f->column,
			  .by = q->by ? q->by + k0 : NULL,
			  .row = f->row,
			  .column = f->column,
			  .n = tw_least(N, f->n - n),
			  .k = tw_least(p->part, f->k - k)};
	(void)worker;
	measure(scale, &s, q->bits);
	round_strip(q->w + tw_q_at(q, k0, strip, tw_whole(s.k, STEP)), scale, &s, q->bits);
}

/* --- factors of the terms --- */

/* Root of the mean square of a term's weights in all columns: 1 where that is nothing, or no number. */
static float factor_of(const struct tw_q_piece *f, int k)
{
	double square = 0;
	for (int i = 0; i < f->n; i++) {
		double w = (double)f->from[i * f->row + k * f->column];
		square += isfinite(w) ? w * w : 0;
	}
	float by = (float)sqrt(square / f->n);
	return by > 1e-30f ? by : 1;
}

static void find_factors(void *ctx, int begin, int end)
{
	const struct packing *p = ctx;
	for (int k = begin; k < end; k++)
		p->q->by[p->piece->k0 + k] = factor_of(p->piece, k);
}

void tw_q_pack(const struct tw_compute *c, struct tw_q_weights *q, const struct tw_q_piece *piece)
{
	struct packing p = {q, piece, tw_q_part(q->bits, q->k), tw_pieces(piece->n, N)};
	assert(q->bits == TW_Q16 || piece->n == q->n);
	if (q->by)
		tw_for_pieces(c, piece->k, TERMS, find_factors, &p);
	tw_pool_run(c->pool, (size_t)p.strips * (size_t)tw_pieces(piece->k, p.part), pack_strip,
		    &p);
}
