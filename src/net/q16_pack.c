/* Weights become whole numbers, in the order in which kernels read them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/q16_int.h"

enum { N = TW_Q16_COLS, BLOCK = TW_Q16_BLOCK };

int tw_q16_part(int k)
{
	int blocks = tw_pieces(k, BLOCK), parts = tw_pieces(k, TW_Q16_PART);
	return tw_pieces(blocks, parts) * BLOCK;
}

static size_t numbers(int n, int k)
{
	return (size_t)tw_whole(n, N) * (size_t)tw_whole(k, BLOCK);
}

static size_t scales(int n, int k)
{
	return (size_t)tw_whole(n, N) * (size_t)tw_pieces(k, tw_q16_part(k));
}

int64_t tw_q16_bytes(int n, int k)
{
	return (int64_t)(numbers(n, k) * sizeof(int16_t) + scales(n, k) * sizeof(float));
}

enum tw_status tw_q16_init(struct tw_q16 *q, int n, int k, struct tw_err *err)
{
	*q = (struct tw_q16){.n = n, .k = k};
	q->w = tw_try_alloc((size_t)tw_q16_bytes(n, k), "weights as whole numbers", err);
	if (!q->w)
		return TW_NO_MEMORY;
	q->scale = (float *)(q->w + numbers(n, k));
	return TW_OK;
}

void tw_q16_release(struct tw_q16 *q)
{
	free(q->w);
	*q = (struct tw_q16){0};
}

struct packing {
	struct tw_q16 *q;
	const struct tw_q16_piece *piece;
	int part, strips; /* terms of a part, strips of the piece */
};

/* A strip of a part: x[i row + p column] for i < n, p < k. */
struct strip {
	const float *x;
	ptrdiff_t row, column;
	int n, k;
};

/* Terms from b on: to (64, 32), zeros where there are none. */
static void gather(float to[BLOCK][N], const struct strip *s, int b)
{
	int n = s->n, k = tw_least(BLOCK, s->k - b);
	const float *x = s->x + b * s->column;
	if (n < N || k < BLOCK)
		memset(to, 0, sizeof(float[BLOCK][N]));
	for (int i = 0; s->column == 1 && i < n; i++)
		for (int p = 0; p < k; p++)
			to[p][i] = x[i * s->row + p];
	for (int p = 0; s->column != 1 && p < k; p++)
		for (int i = 0; i < n; i++)
			to[p][i] = x[i * s->row + p * s->column];
}

/* The least scale of a column that keeps its numbers and the length of this block of it. */
static float least_scale(float square, float most)
{
	float scale = most / TW_Q16_MOST;
	/* where float32 has no square, a block of 64 is at most 8 times as long as its largest number */
	float length = square < 1e-25f || square > 1e35f ? 8 * most : sqrtf(square);
	return length / TW_Q16_W_LENGTH <= scale ? scale : length / TW_Q16_W_LENGTH;
}

static void measure(float scale[N], const struct strip *s)
{
	for (int i = 0; i < N; i++)
		scale[i] = 0;
	for (int b = 0; b < s->k; b += BLOCK) {
		float w[BLOCK][N], square[N] = {0}, most[N] = {0};
		gather(w, s, b);
		for (int p = 0; p < BLOCK; p++)
			for (int i = 0; i < N; i++) {
				float size = fabsf(w[p][i]);
				square[i] += size * size;
				most[i] = size > most[i] ? size : most[i];
			}
		for (int i = 0; i < N; i++) {
			float least = least_scale(square[i], most[i]);
			if (!(least <= scale[i]) &&
			    !isnan(scale[i])) /* what is no number stays so */
				scale[i] = least;
		}
	}
}

static void round_strip(int16_t *to, const float scale[N], const struct strip *s)
{
	float by[N];
	for (int i = 0; i < N; i++) /* nothing is too small for it, or is no number */
		by[i] = scale[i] > 1e-37f && scale[i] < INFINITY ? 1 / scale[i] : 0;
	for (int b = 0; b < s->k; b += BLOCK) {
		float w[BLOCK][N];
		gather(w, s, b);
		for (int p = 0; p < BLOCK; p += 2, to += 2 * N)
			for (int i = 0; i < N; i++) {
				to[2 * i] = tw_q16_round(w[p][i] * by[i]);
				to[2 * i + 1] = tw_q16_round(w[p + 1][i] * by[i]);
			}
	}
}

static void pack_strip(void *ctx, size_t item, int worker)
{
	const struct packing *p = ctx;
	const struct tw_q16_piece *f = p->piece;
	struct tw_q16 *q = p->q;
	int n = (int)item % p->strips * N, k = (int)item / p->strips * p->part;
	int strip = (f->n0 + n) / N, k0 = f->k0 + k, all = tw_pieces(q->n, N);
	float *scale = q->scale + ((ptrdiff_t)(k0 / p->part) * all + strip) * N;
	struct strip s = {f->from + n * f->row + k * f->column, f->row, f->column,
			  tw_least(N, f->n - n), tw_least(p->part, f->k - k)};
	(void)worker;
	measure(scale, &s);
	round_strip(q->w + tw_q16_at(q, k0, strip, tw_whole(s.k, BLOCK)), scale, &s);
}

void tw_q16_pack(const struct tw_compute *c, struct tw_q16 *q, const struct tw_q16_piece *piece)
{
	struct packing p = {q, piece, tw_q16_part(q->k), tw_pieces(piece->n, N)};
	tw_pool_run(c->pool, (size_t)p.strips * (size_t)tw_pieces(piece->k, p.part), pack_strip,
		    &p);
}
