/* Making operands whole numbers, and cutting their product for threads. */
#include "net/q16.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

enum { R = TW_Q16_ROWS, N = TW_Q16_COLS, BLOCK = TW_Q16_BLOCK };

#define PART \
	16 /* blocks that are summed before the next strip: 16 kB of a strip stay in the first cache */
#define TILES  16 /* of rows that a thread takes */
#define STRIPS 8  /* of columns that it takes */

static int count(int n, int piece)
{
	return (n + piece - 1) / piece;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* x (BLOCK) becomes whole numbers; returns their scale. A value that is no number makes the scale none, so that it is not lost. */
static float make_whole(int32_t to[BLOCK], const float *x)
{
	int32_t bits[BLOCK], most = 0;
	float scale, q[BLOCK];
	memcpy(bits, x, sizeof(bits));
	for (int i = 0; i < BLOCK; i++) {
		int32_t size = bits[i] & 0x7fffffff; /* |x|: ordered as its bits are */
		most = size > most ? size : most;
	}
	memcpy(&scale, &most, sizeof(scale));
	if (most < 0x00800000) { /* nothing, or so small that its inverse overflows */
		memset(to, 0, BLOCK * sizeof(*to));
		return 0;
	}
	float inverse = TW_Q16_MOST / scale;
	if (!(inverse < 1e30f)) { /* small, or no number */
		memset(to, 0, BLOCK * sizeof(*to));
		return scale < 1 ? 0 : NAN;
	}
	for (int i = 0; i < BLOCK; i++)
		q[i] = x[i] * inverse +
		       12582912.0f; /* 1.5 x 2^23: its last bits are the rounded number */
	memcpy(to, q, sizeof(q));
	for (int i = 0; i < BLOCK; i++)
		to[i] -= 0x4b400000;
	return scale == INFINITY ? NAN : scale / TW_Q16_MOST;
}

/* Puts a block into its place among `width` others, pair by pair. */
static void put(int16_t *to, const int32_t from[BLOCK], int width)
{
	for (int p = 0; p < BLOCK / 2; p++) {
		uint32_t pair = ((uint32_t)from[2 * p] & 0xffff) | (uint32_t)from[2 * p + 1] << 16;
		memcpy(to + (ptrdiff_t)p * width * 2, &pair, sizeof(pair));
	}
}

/* --- weights --- */

int64_t tw_q16_bytes(int n, int k)
{
	int64_t blocks = (int64_t)count(n, N) * count(k, BLOCK);
	return blocks * N * (BLOCK * (int64_t)sizeof(int16_t) + (int64_t)sizeof(float));
}

enum tw_status tw_q16_init(struct tw_q16 *q, int n, int k, struct tw_err *err)
{
	size_t blocks = (size_t)count(n, N) * (size_t)count(k, BLOCK);
	*q = (struct tw_q16){.n = n, .k = k};
	q->scale = tw_try_alloc((size_t)tw_q16_bytes(n, k), "weights as whole numbers", err);
	if (!q->scale)
		return TW_NO_MEMORY;
	q->w = (int16_t *)(q->scale + blocks * N);
	return TW_OK;
}

void tw_q16_release(struct tw_q16 *q)
{
	free(q->scale);
	*q = (struct tw_q16){0};
}

struct packing {
	struct tw_q16 *q;
	const float *from;
	ptrdiff_t row, column;
};

static void pack_strip(void *ctx, size_t strip, int worker)
{
	const struct packing *p = ctx;
	int blocks = count(p->q->k, BLOCK);
	(void)worker;
	for (int b = 0; b < blocks; b++) {
		ptrdiff_t at = (ptrdiff_t)strip * blocks + b;
		for (int n = 0; n < N; n++) {
			int row = (int)strip * N + n;
			float x[BLOCK] = {0};
			int32_t whole[BLOCK];
			for (int i = 0; row < p->q->n && i < least(BLOCK, p->q->k - b * BLOCK); i++)
				x[i] = p->from[row * p->row + (b * BLOCK + i) * p->column];
			p->q->scale[at * N + n] = make_whole(whole, x);
			put(p->q->w + at * N * BLOCK + n * 2, whole, N);
		}
	}
}

void tw_q16_pack(const struct tw_compute *c, struct tw_q16 *q, const float *from, ptrdiff_t row,
		 ptrdiff_t column)
{
	struct packing p = {q, from, row, column};
	tw_pool_run(c->pool, (size_t)count(q->n, N), pack_strip, &p);
}

/* --- rows --- */

int64_t tw_q16_rows_bytes(int T, int k)
{
	int64_t blocks = (int64_t)count(T, R) * count(k, BLOCK);
	return blocks * R * (int64_t)(sizeof(float) + BLOCK * sizeof(int16_t));
}

enum tw_status tw_q16_rows_init(struct tw_q16_rows *r, int T, int k, struct tw_err *err)
{
	size_t blocks = (size_t)count(T, R) * (size_t)count(k, BLOCK);
	r->scale = tw_try_alloc(
		(size_t)tw_q16_rows_bytes(T, k),
		"activations as whole numbers; a shorter training.sequence needs less", err);
	if (!r->scale)
		return TW_NO_MEMORY;
	r->x = (int16_t *)(r->scale + blocks * R);
	return TW_OK;
}

void tw_q16_rows_release(struct tw_q16_rows *r)
{
	free(r->scale);
	*r = (struct tw_q16_rows){0};
}

struct product {
	const struct tw_q16_kernel *kernel;
	const struct tw_q16 *q;
	const struct tw_q16_rows *rows;
	float *y;
	const float *x;
	int T;
};

static void make_tile(void *ctx, size_t tile, int worker)
{
	const struct product *p = ctx;
	int k = p->q->k, blocks = count(k, BLOCK);
	(void)worker;
	for (int i = 0; i < R; i++) {
		int t = (int)tile * R + i;
		const float *x = p->x + (ptrdiff_t)t * k;
		for (int b = 0; b < blocks; b++) {
			ptrdiff_t at = (ptrdiff_t)tile * blocks + b;
			int32_t whole[BLOCK];
			float tail[BLOCK] = {0};
			int n = t < p->T ? least(BLOCK, k - b * BLOCK) : 0;
			if (n < BLOCK && n > 0)
				memcpy(tail, x + b * BLOCK, (size_t)n * sizeof(*tail));
			p->rows->scale[at * R + i] =
				make_whole(whole, n < BLOCK ? tail : x + b * BLOCK);
			put(p->rows->x + at * R * BLOCK + i * 2, whole, R);
		}
	}
}

/* A tile of y takes the blocks [b, b + n) of its sums. */
static void run_tile(const struct product *p, int tile, int strip, int b, int n)
{
	float c[R * N] = {0};
	int blocks = count(p->q->k, BLOCK);
	ptrdiff_t at = (ptrdiff_t)tile * blocks + b, bt = (ptrdiff_t)strip * blocks + b;
	int rows = least(R, p->T - tile * R), cols = least(N, p->q->n - strip * N);
	float *y = p->y + (ptrdiff_t)tile * R * p->q->n + strip * N;
	for (int i = 0; b > 0 && i < rows; i++)
		memcpy(c + i * N, y + (ptrdiff_t)i * p->q->n, (size_t)cols * sizeof(*c));
	p->kernel->tile(c, p->rows->x + at * R * BLOCK, p->rows->scale + at * R,
			p->q->w + bt * N * BLOCK, p->q->scale + bt * N, n);
	for (int i = 0; i < rows; i++)
		memcpy(y + (ptrdiff_t)i * p->q->n, c + i * N, (size_t)cols * sizeof(*c));
}

/* Has the i-th part of a strip's blocks fetched, ahead of its turn. May ask for what lies behind the last. */
static void come(const struct product *p, int i, int strip, int b, int n)
{
	int bytes = n * N * BLOCK * (int)sizeof(int16_t) / TILES;
	ptrdiff_t at = ((ptrdiff_t)strip * count(p->q->k, BLOCK) + b) * N * BLOCK;
	uintptr_t from =
		(uintptr_t)p->q->w + (uintptr_t)at * sizeof(int16_t) + (uintptr_t)(i * bytes);
	for (int f = 0; f < bytes; f += 64)
		__builtin_prefetch((const void *)(from + (uintptr_t)f));
}

static void run_block(void *ctx, size_t item, int worker)
{
	const struct product *p = ctx;
	int tiles = count(p->T, R), strips = count(p->q->n, N), blocks = count(p->q->k, BLOCK);
	int down = count(tiles, TILES), parts = count(blocks, PART), part = count(blocks, parts);
	/* Downwards first: the weights of a few strips stay in the second cache meanwhile. */
	int t0 = (int)item % down * TILES, s0 = (int)item / down * STRIPS;
	(void)worker;
	for (int b = 0; b < blocks; b += part)
		for (int s = s0; s < least(s0 + STRIPS, strips); s++)
			for (int t = t0; t < least(t0 + TILES, tiles); t++) {
				come(p, t - t0, s + 1, b, part);
				run_tile(p, t, s, b, least(part, blocks - b));
			}
}

void tw_q16_run(const struct tw_compute *c, const struct tw_q16_kernel *kernel,
		const struct tw_q16 *q, const struct tw_q16_rows *rows, float *y, const float *x,
		int T)
{
	struct product p = {kernel, q, rows, y, x, T};
	tw_pool_run(c->pool, (size_t)count(T, R), make_tile, &p);
	tw_pool_run(c->pool,
		    (size_t)count(count(T, R), TILES) * (size_t)count(count(q->n, N), STRIPS),
		    run_block, &p);
}

/* --- which kernel --- */

/* One tile of the largest numbers and of odd ones, against the plain kernel. */
static bool agrees(const struct tw_q16_kernel *k)
{
	enum { BLOCKS = 3 };
	int16_t a[BLOCKS * R * BLOCK], b[BLOCKS * N * BLOCK];
	float as[BLOCKS * R], bs[BLOCKS * N], c[2][R * N] = {{0}};
	bool good = true;
	for (int i = 0; i < BLOCKS * R * BLOCK; i++)
		a[i] = (int16_t)(i < R * BLOCK ? -TW_Q16_MOST : i * 7919 % 16383 - TW_Q16_MOST);
	for (int i = 0; i < BLOCKS * N * BLOCK; i++)
		b[i] = (int16_t)(i < N * BLOCK ? TW_Q16_MOST : i * 6007 % 16383 - TW_Q16_MOST);
	for (int i = 0; i < BLOCKS * R; i++)
		as[i] = 1e-4f * (float)(i + 1);
	for (int i = 0; i < BLOCKS * N; i++)
		bs[i] = 1e-4f * (float)(i % 5 + 1);
	tw_q16_ref.tile(c[0], a, as, b, bs, BLOCKS);
	k->tile(c[1], a, as, b, bs, BLOCKS);
	for (int i = 0; i < R * N; i++)
		good &= fabsf(c[0][i] - c[1][i]) <= 1e-5f * fabsf(c[0][i]) + 1e-2f;
	return good;
}

static const struct tw_q16_kernel *best = &tw_q16_ref;

static void choose(void)
{
	const struct tw_q16_kernel *list[] = {tw_q16_vnni(), tw_q16_avx2()};
	for (int i = 0; i < 2; i++) {
		if (!list[i])
			continue;
		if (agrees(list[i])) {
			best = list[i];
			return;
		}
		tw_warn("the products in whole numbers for %s give wrong results on this machine and "
			"are not used; please report it",
			list[i]->name);
	}
}

const struct tw_q16_kernel *tw_q16_best(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, choose);
	return best;
}
