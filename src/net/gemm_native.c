/*
 * Our own sgemm (after Goto and van de Geijn 2008): a tile of c stays in registers, some rows of a and some strips of b in
 * the second cache. a is read where it lies; b is packed into strips as wide as a tile, by each thread for its block of c,
 * or long before (tw_gemm_pack), unless there are few rows, or b lies as it would be packed: then it is read where it lies, too. The order in which an
 * element is summed depends on k alone, so results do not depend on threads or blocks.
 */
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/cut_int.h"
#include "net/gemm_native_int.h"

#define MOST_STRIPS 16 /* block_n / nr of any instruction set */
#define FEW	    4  /* tiles that take b unpacked */
#define SHARES	    4  /* items for a thread, at least: the last one to finish is not far behind */

/* --- memory of a thread for strips of b --- */

/* 1.5 MiB are needed; a huge page has few misses of the TLB. */
static const size_t scratch_bytes = TW_HUGE_PAGE;
static_assert((size_t)MOST_STRIPS * TW_GEMM_PART * TW_GEMM_NR * sizeof(float) <= TW_HUGE_PAGE,
	      "the strips of a block fit");
static pthread_key_t scratch_key;

static void scratch_make_key(void)
{
	if (pthread_key_create(&scratch_key, free) != 0)
		abort();
}

static float *scratch_of_thread(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, scratch_make_key);
	float *s = pthread_getspecific(scratch_key);
	if (s)
		return s;
	s = tw_try_alloc(scratch_bytes, "packing", NULL);
	if (!s)
		abort();
	pthread_setspecific(scratch_key, s);
	return s;
}

int64_t tw_gemm_bytes(void)
{
	return (int64_t)scratch_bytes;
}

/* --- packing --- */

/* Columns that are no whole strip: to[p width + i] = from[i step + p ld] for i < n, and 0 for i from n to `zero`. */
static void pack_edge(float *to, const float *from, ptrdiff_t step, ptrdiff_t ld, int n, int zero,
		      int width, int k)
{
	for (int p = 0; p < k; p++, to += width)
		for (int i = 0; i < zero; i++)
			to[i] = i < n ? from[i * step + p * ld] : 0;
}

/* k terms of n columns, the first of a strip. From a strip to the next there are `pitch` floats. */
static void pack_strips(const struct tw_gemm_isa *isa, float *to, ptrdiff_t pitch,
			const float *from, ptrdiff_t ld, bool tb, int n, int k)
{
	int nr = isa->nr, whole = n / nr;
	if (!tb && whole > 0)
		isa->copy(to, pitch, from, ld, nr, whole, k);
	for (int s = 0; tb && s < whole; s++)
		isa->transpose(to + s * pitch, from + (ptrdiff_t)s * nr * ld, ld, nr, k);
	if (n > whole * nr)
		pack_edge(to + whole * pitch, from + (ptrdiff_t)whole * nr * (tb ? ld : 1),
			  tb ? ld : 1, tb ? 1 : ld, n - whole * nr, nr, nr, k);
}

static const struct tw_gemm_isa *for_columns(const struct tw_gemm_isa *isa, int n)
{
	return isa->narrow && n <= isa->narrow->nr ? isa->narrow : isa;
}

/* Where a packed b has the terms from k0 on, of all strips. */
static ptrdiff_t part_at(const struct tw_gemm_isa *isa, int n, int k0)
{
	return (ptrdiff_t)tw_whole(n, isa->nr) * k0;
}

/* Columns [at, at + n) of b from the rows x (n, k), of which terms [k0, k0 + kk) go to `to`. */
static void pack_columns(const struct tw_gemm_isa *isa, float *to, const struct tw_gemm_b *b,
			 const float *x, int at, int n, int k0, int kk)
{
	int nr = isa->nr;
	for (int here; n > 0; at += here, n -= here, x += (ptrdiff_t)here * b->k) {
		int beside = at % nr;
		float *strip = to + (ptrdiff_t)(at / nr) * nr * kk;
		here = tw_least(n, nr - beside);
		if (here == nr)
			isa->transpose(strip, x + k0, b->k, nr, kk);
		else
			pack_edge(strip + beside, x + k0, b->k, 1, here,
				  at + here == b->n ? nr - beside : here, nr, kk);
	}
}

void tw_gemm_pack_by(const struct tw_gemm_isa *isa, float *to, const struct tw_gemm_b *b,
		     const float *x, int from, int rows)
{
	isa = for_columns(isa, b->n);
	int part = tw_even(b->k, isa->part_k);
	for (int k0 = 0; k0 < b->k; k0 += part) {
		int kk = tw_least(part, b->k - k0), first = from > k0 ? from : k0;
		int n = tw_least(from + rows, k0 + kk) - first;
		float *at = to + part_at(isa, b->n, k0);
		if (b->tb)
			pack_columns(isa, at, b, x, from, rows, k0, kk);
		else if (n > 0)
			pack_strips(isa, at + (ptrdiff_t)(first - k0) * isa->nr,
				    (ptrdiff_t)kk * isa->nr, x + (ptrdiff_t)(first - from) * b->n,
				    b->n, false, b->n, n);
	}
}

/* --- the cut --- */

struct job {
	const struct tw_gemm_isa *isa;
	const struct tw_gemm *g;
	int part;	   /* of k */
	int tiles, strips; /* of c */
	int rows, bn;	   /* block of c: tiles, strips */
	bool in_place;	   /* b is read where it lies */
};

/* Strips as a tile reads them: from one to the next, and from a term to the next, in floats. */
struct strips {
	const float *b;
	ptrdiff_t pitch, step;
};

/* What a thread works on: tiles [i0, i1), strips [s0, s1), terms [p, p + k). */
struct piece {
	const struct job *j;
	int i0, i1, s0, s1, p, k;
};

/* The tile of rows [i, i + rows) and columns from n on, without what is zeros or not wanted. */
static void run_causal(const struct piece *q, tw_gemm_tile_fn run, struct tw_gemm_tile t, int i,
		       int rows, int n)
{
	const struct tw_gemm *g = q->j->g;
	int seen = i + rows + g->diagonal, unseen = i - g->diagonal - q->p;
	if (g->causal == TW_GEMM_C_CAUSAL && n >= seen)
		return;
	if (g->causal == TW_GEMM_A_CAUSAL && !g->ta) {
		t.k = tw_most(0, tw_least(t.k, seen - q->p));
	} else if (g->causal == TW_GEMM_A_CAUSAL) {
		int skip = tw_most(0, tw_least(t.k, unseen));
		t.a += skip * t.step;
		t.b += skip * t.b_step;
		t.k -= skip;
	}
	run(&t);
}

/* Which tile is next where `left` rows are left: one of fewer and fewer rows. Two of the second size rather than one of the
 * first and one of two rows, whose few sums wait for each other. */
static int next_tile(const struct tw_gemm_isa *isa, int left)
{
	int size = 0, rest = left - isa->mr;
	while (isa->tile[size].rows > left)
		size++;
	return size == 0 && rest < isa->tile[1].rows && rest % 4 >= 2 ? 1 : size;
}

/* Tiles [from, to) with one strip of b. The first ones have the next strip come into the second cache. */
static void run_strip(const struct piece *q, const struct strips *b, int from, int to, int strip)
{
	const struct tw_gemm_isa *isa = q->j->isa;
	const struct tw_gemm *g = q->j->g;
	int nr = isa->nr, n = strip * nr, i = from * isa->mr, end = tw_least(to * isa->mr, g->m);
	ptrdiff_t row = g->ta ? 1 : g->lda, step = g->ta ? g->lda : 1;
	struct tw_gemm_tile t = {.k = q->k,
				 .cols = tw_least(nr, g->n - n),
				 .a = g->a + i * row + q->p * step,
				 .row_step = row,
				 .step = step,
				 .b = b->b + (strip - q->s0) * b->pitch,
				 .b_step = b->step,
				 .c = g->c + (ptrdiff_t)i * g->ldc + n,
				 .ldc = g->ldc,
				 .alpha = g->alpha,
				 .beta = q->p > 0 ? 1 : g->beta};
	isa = for_columns(isa, t.cols); /* its tiles have as many rows */
	for (int rows, line = 0; i < end; i += rows, line += TW_GEMM_LINE) {
		int size = next_tile(isa, end - i);
		rows = isa->tile[size].rows;
		t.ahead = t.b + (line < nr ? b->pitch + line : 0); /* of each term */
		if (g->causal == TW_GEMM_ALL)
			isa->tile[size].run(&t);
		else
			run_causal(q, isa->tile[size].run, t, i, rows, n);
		t.a += rows * row;
		t.c += rows * t.ldc;
	}
}

/* Where the strips of a piece lie, packed beforehand or now. */
static struct strips strips_of(const struct piece *q, int from)
{
	const struct tw_gemm_isa *isa = q->j->isa;
	const struct tw_gemm *g = q->j->g;
	struct strips s = {NULL, (ptrdiff_t)q->k * isa->nr, isa->nr};
	int n = from * isa->nr, cols = tw_least(q->s1 * isa->nr, g->n) - n;
	if (g->packed) {
		s.b = g->b + part_at(isa, g->n, q->p) + (ptrdiff_t)n * q->k;
		return s;
	}
	float *to = scratch_of_thread();
	pack_strips(isa, to, s.pitch,
		    g->tb ? g->b + (ptrdiff_t)n * g->ldb + q->p
			  : g->b + (ptrdiff_t)q->p * g->ldb + n,
		    g->ldb, g->tb, cols, q->k);
	s.b = to - (from - q->s0) * s.pitch;
	return s;
}

static void run_part(const struct piece *q)
{
	const struct job *j = q->j;
	const struct tw_gemm *g = j->g;
	int nr = j->isa->nr, per = j->isa->block_m / j->isa->mr;
	int whole = j->in_place ? tw_least(q->s1, g->n / nr) : q->s0;
	struct strips stored = {g->b + (ptrdiff_t)q->p * g->ldb + q->s0 * nr, nr, g->ldb}, made;
	if (whole < q->s1)
		made = strips_of(q, whole);
	for (int i = q->i0; i < q->i1; i += per)
		for (int s = q->s0; s < q->s1; s++)
			run_strip(q, s < whole ? &stored : &made, i, tw_least(i + per, q->i1), s);
}

static void run_block(void *ctx, size_t item, int worker)
{
	const struct job *j = ctx;
	int across = tw_pieces(j->strips, j->bn);
	struct piece q = {.j = j};
	(void)worker;
	q.i0 = (int)item / across * j->rows;
	q.i1 = tw_least(q.i0 + j->rows, j->tiles);
	q.s0 = (int)item % across * j->bn;
	q.s1 = tw_least(q.s0 + j->bn, j->strips);
	for (q.p = 0; q.p < j->g->k; q.p += j->part) {
		q.k = tw_least(j->part, j->g->k - q.p);
		run_part(&q);
	}
}

/* --- the whole --- */

static void scale(const struct tw_gemm *g)
{
	for (int i = 0; i < g->m; i++)
		for (int n = 0; n < g->n; n++) {
			float *c = g->c + (ptrdiff_t)i * g->ldc + n;
			*c = g->beta != 0 ? g->beta * *c : 0;
		}
}

/* Blocks of c for at least `items` items, where that can be. A thread packs b for as many rows as it may; where b is packed,
 * it takes as many strips as it may for the rows of a that stay in its second cache. */
static void cut(struct job *j, int items)
{
	int per = j->isa->block_m / j->isa->mr, most = tw_pieces(j->tiles, per);
	if (j->g->packed) {
		j->rows = per;
		j->bn = tw_pieces(j->strips, tw_least(tw_pieces(items, most), j->strips));
	} else {
		j->bn = tw_even(j->strips, j->isa->block_n / j->isa->nr);
		j->rows = tw_pieces(j->tiles,
				    tw_least(tw_pieces(items, tw_pieces(j->strips, j->bn)), most));
	}
}

void tw_gemm_by(const struct tw_gemm_isa *isa, struct tw_pool *pool, const struct tw_gemm *g)
{
	if (g->m == 0 || g->n == 0)
		return;
	if (g->k == 0) {
		scale(g);
		return;
	}
	isa = for_columns(isa, g->n);
	struct job j = {.isa = isa, .g = g, .part = tw_even(g->k, isa->part_k)};
	j.tiles = tw_pieces(g->m, isa->mr);
	j.strips = tw_pieces(g->n, isa->nr);
	bool strip = g->n == isa->nr && g->ldb == isa->nr; /* it lies as packed */
	j.in_place = !g->packed && !g->tb && (strip || j.tiles <= FEW);
	cut(&j, pool ? SHARES * tw_pool_size(pool) : 1);
	int items = tw_pieces(j.strips, j.bn) * tw_pieces(j.tiles, j.rows);
	if (pool && items > 1)
		tw_pool_run(pool, (size_t)items, run_block, &j);
	else
		for (int i = 0; i < items; i++)
			run_block(&j, (size_t)i, 0);
}

/* --- which instruction set --- */

static const struct tw_gemm_isa *chosen;
static char name[64];

static bool run_by(void *isa, const struct tw_gemm *g)
{
	tw_gemm_by(*(const struct tw_gemm_isa **)isa, NULL, g);
	return true;
}

static const struct tw_gemm_isa *checked(const struct tw_gemm_isa *isa)
{
	if (!isa)
		return NULL;
	for (int i = 0; i < 4; i++)
		if (!tw_gemm_is_right(run_by, &isa, i & 1, i & 2, 0.5f)) {
			tw_warn("the matrix products for %s give wrong results on this machine and are "
				"not used; please report it",
				isa->name);
			return NULL;
		}
	return isa;
}

static void choose(void)
{
	chosen = checked(tw_gemm_avx512());
	if (!chosen)
		chosen = checked(tw_gemm_avx2());
	if (chosen)
		snprintf(name, sizeof(name), "Twin %s", chosen->name);
}

static void run(const struct tw_gemm *g)
{
	tw_gemm_by(chosen, NULL, g);
}

static void run_on(struct tw_pool *pool, const struct tw_gemm *g)
{
	tw_gemm_by(chosen, pool, g);
}

static void pack(float *to, const struct tw_gemm_b *b, const float *x, int from, int rows)
{
	tw_gemm_pack_by(chosen, to, b, x, from, rows);
}

static const struct tw_gemm_kernel native = {
	.name = name, .run = run, .run_on = run_on, .pack = pack};

const struct tw_gemm_kernel *tw_gemm_native(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, choose);
	return chosen ? &native : NULL;
}
