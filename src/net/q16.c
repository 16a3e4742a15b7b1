/*
 * Products in whole numbers: rows of x become whole numbers for a part of the sum, and then the product is cut for threads. A
 * tile's sums stay in registers and in the first cache, some rows of x and a strip of w in the second.
 */
#include "net/q16.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/q16_int.h"

enum { N = TW_Q16_COLS, BLOCK = TW_Q16_BLOCK };
enum { BLOCKS = 3, TERMS = BLOCKS * BLOCK, ROWS = 14 }; /* of a trial */

#define STAY   (224 * TW_Q16_PART) /* numbers of x that stay in the second cache */
#define SHARES 4  /* items for a thread, at least: the last one to finish is not far behind */
#define MAKE   16 /* rows that a thread makes whole numbers at a time */

/* --- rows --- */

static int most_terms(int k)
{
	return tw_whole(tw_least(k, TW_Q16_PART), BLOCK);
}

static size_t numbers(int T, int k)
{
	return (size_t)T * (size_t)tw_q16_ld(most_terms(k));
}

int64_t tw_q16_rows_bytes(int T, int k)
{
	return (int64_t)(numbers(T, k) * sizeof(int16_t)) +
	       (int64_t)T * (most_terms(k) / BLOCK) * (int64_t)sizeof(float);
}

enum tw_status tw_q16_rows_init(struct tw_q16_rows *r, int T, int k, struct tw_err *err)
{
	r->x = tw_try_alloc((size_t)tw_q16_rows_bytes(T, k),
			    "activations as whole numbers; a shorter training.sequence needs less",
			    err);
	if (!r->x)
		return TW_NO_MEMORY;
	r->scale = (float *)(r->x + numbers(T, k));
	return TW_OK;
}

void tw_q16_rows_release(struct tw_q16_rows *r)
{
	free(r->x);
	*r = (struct tw_q16_rows){0};
}

/* --- a part of the sum --- */

struct part {
	const struct tw_q16_kernel *kernel;
	const struct tw_q16 *q;
	const struct tw_q16_rows *rows;
	float *y;
	const float *x;
	int T;
	float by;
	int k0, k;	  /* terms */
	int blocks, ld;	  /* of the rows */
	int down, across; /* rows and strips of an item */
};

static void make_rows(void *ctx, int begin, int end)
{
	const struct part *p = ctx;
	for (ptrdiff_t t = begin; t < end; t++)
		p->kernel->make(p->rows->x + t * p->ld, p->rows->scale + t * p->blocks,
				p->x + t * p->q->k + p->k0, p->k);
}

/* Rows [from, to) with one strip: in tiles of most rows, and the last ones in tiles of fewer and fewer. The first two tiles
 * have the next strip come into the second cache. */
static void run_strip(const struct part *p, int from, int to, int strip)
{
	const struct tw_q16 *q = p->q;
	const int terms = p->blocks * BLOCK, n = strip * N;
	int half = 2;
	struct tw_q16_tile t = {
		.blocks = p->blocks,
		.cols = tw_least(N, q->n - n),
		.x = p->rows->x + (ptrdiff_t)from * p->ld,
		.x_ld = p->ld,
		.x_scale = p->rows->scale + (ptrdiff_t)from * p->blocks,
		.w = q->w + tw_q16_at(q, p->k0, strip, terms),
		.w_scale =
			q->scale + (ptrdiff_t)(p->k0 / tw_q16_part(q->k)) * tw_whole(q->n, N) + n,
		.y = p->y + (ptrdiff_t)from * q->n + n,
		.y_ld = q->n,
		.by = p->by,
		.add = p->k0 > 0};
	for (int i = 0; from < to; i++)
		for (int rows = p->kernel->tile[i].rows; to - from >= rows; from += rows) {
			t.ahead = t.w + (half < 4 ? half++ : 0) * (ptrdiff_t)terms * N / 2;
			p->kernel->tile[i].run(&t);
			t.x += rows * t.x_ld;
			t.x_scale += rows * t.blocks;
			t.y += rows * t.y_ld;
		}
}

static void run_block(void *ctx, size_t item, int worker)
{
	const struct part *p = ctx;
	int strips = tw_pieces(p->q->n, N), across = tw_pieces(strips, p->across);
	int from = (int)item / across * p->down, s = (int)item % across * p->across;
	int end = tw_least(s + p->across, strips);
	(void)worker;
	for (; s < end; s++)
		run_strip(p, from, tw_least(from + p->down, p->T), s);
}

/* Rows that stay in the second cache, and as many strips with them as may be for so many items. */
static size_t cut(struct part *p, int items)
{
	int strips = tw_pieces(p->q->n, N), tile = p->kernel->tile[0].rows;
	int stay = STAY / tw_q16_part(p->q->k), most = (int)((int64_t)p->T * strips / items);
	p->down = tw_whole(tw_even(p->T, tw_least(stay, most > tile ? most : tile)), tile);
	int down = tw_pieces(p->T, p->down);
	p->across = tw_pieces(strips, tw_least(tw_pieces(items, down), strips));
	return (size_t)down * (size_t)tw_pieces(strips, p->across);
}

void tw_q16_run(const struct tw_compute *c, const struct tw_q16_kernel *kernel,
		const struct tw_q16 *q, const struct tw_q16_rows *rows, float *y, const float *x,
		int T, float by)
{
	struct part p = {.kernel = kernel, .q = q, .rows = rows, .y = y, .x = x, .T = T, .by = by};
	int part = tw_q16_part(q->k);
	if (T == 0)
		return;
	size_t items = cut(&p, SHARES * tw_pool_size(c->pool));
	for (p.k0 = 0; p.k0 < q->k; p.k0 += part) {
		p.k = tw_least(part, q->k - p.k0);
		p.blocks = tw_pieces(p.k, BLOCK);
		p.ld = tw_q16_ld(p.blocks * BLOCK);
		tw_for_pieces(c, T, MAKE, make_rows, &p);
		tw_pool_run(c->pool, items, run_block, &p);
	}
}

/* --- which kernel --- */

/* Some rows made whole numbers and then in tiles of one size, of the largest numbers and of odd ones. */
struct trial {
	int16_t x[ROWS * TERMS], w[TERMS * N];
	float x_scale[ROWS * BLOCKS], w_scale[N], y[ROWS * N];
};

static void try_tile(struct trial *r, const struct tw_q16_kernel *k, int tile)
{
	float x[TERMS];
	for (int i = 0; i < ROWS; i++) {
		for (int p = 0; p < TERMS; p++)
			x[p] = p < BLOCK ? -1 : (float)(p * (7919 + 2 * i) % 8191 - 4095);
		k->make(r->x + i * TERMS, r->x_scale + i * BLOCKS, x, TERMS);
	}
	for (int i = 0; i < TERMS * N; i++) /* of length 2^16, or less */
		r->w[i] = (int16_t)(i < BLOCK * N ? 8187 : i * 6007 % 16383 - 8191);
	for (int i = 0; i < N; i++)
		r->w_scale[i] = 1e-4f * (float)(i % 5 + 1);
	struct tw_q16_tile t = {.blocks = BLOCKS,
				.cols = N,
				.x = r->x,
				.x_ld = TERMS,
				.x_scale = r->x_scale,
				.w = r->w,
				.w_scale = r->w_scale,
				.y = r->y,
				.y_ld = N,
				.by = 1,
				.ahead = r->w};
	for (int i = 0, n = k->tile[tile].rows; i + n <= ROWS; i += n) {
		k->tile[tile].run(&t);
		t.x += n * TERMS;
		t.x_scale += n * BLOCKS;
		t.y += n * N;
	}
}

/* With the plain kernel, but for what rounding may do. */
static bool agrees(const struct tw_q16_kernel *k)
{
	struct trial *r = tw_xcalloc(2, sizeof(*r));
	bool good = true;
	try_tile(&r[0], &tw_q16_ref, 0);
	for (int tile = 0; tile < 5 && k->tile[tile].run; tile++) {
		int rows = k->tile[tile].rows;
		try_tile(&r[1], k, tile);
		for (int i = 0; i < ROWS / rows * rows * N; i++)
			good &= fabsf(r[0].y[i] - r[1].y[i]) <= 1e-3f * fabsf(r[0].y[i]) + 1;
	}
	free(r);
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
