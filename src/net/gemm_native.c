/*
 * Our own sgemm (after Goto and van de Geijn 2008): a tile of c stays in registers, a strip of b in the first cache, a
 * block of a and a few strips of b in the second.
 *
 * a is packed once for all columns, on all threads. Then the threads take blocks of c,
 * some columns and mostly all rows, and each packs its columns of b. The order in which an element is
 * summed depends on k alone, so results do not depend on threads or blocks.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/gemm_native_int.h"

#define PART_K	    384		      /* of a sum that is made in registers; 24 kB of a strip */
#define PACKED	    ((size_t)4 << 20) /* floats of a that are packed at a time */
#define FEW_COLUMNS 64		      /* a is read where it lies: packing it would not pay */
#define PAGE	    ((size_t)2 << 20) /* of scratch: a huge one, few misses of the TLB */
#define MOST_STRIPS 16		      /* block_n / nr of any instruction set */
#define SHARES	    4 /* items for a thread, at least: the last one to finish is not far behind */

/* --- memory of a thread for packed operands --- */

enum slot { SLOT_A, SLOT_B, SLOTS };

struct scratch {
	float *at[SLOTS];
	size_t floats[SLOTS];
};

static pthread_key_t scratch_key;

static void scratch_free(void *p)
{
	struct scratch *s = p;
	for (int i = 0; i < SLOTS; i++)
		free(s->at[i]);
	free(s);
}

static void scratch_make_key(void)
{
	if (pthread_key_create(&scratch_key, scratch_free) != 0)
		abort();
}

static size_t whole_pages(size_t floats)
{
	return (floats * sizeof(float) + PAGE - 1) / PAGE * PAGE;
}

static float *scratch_of_thread(enum slot slot, size_t floats)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, scratch_make_key);
	struct scratch *s = pthread_getspecific(scratch_key);
	if (!s) {
		s = tw_xcalloc(1, sizeof(*s));
		pthread_setspecific(scratch_key, s);
	}
	if (s->floats[slot] < floats) {
		size_t bytes = whole_pages(floats);
		free(s->at[slot]);
		s->at[slot] = aligned_alloc(PAGE, bytes);
		if (!s->at[slot])
			abort();
		madvise(s->at[slot], bytes, MADV_HUGEPAGE);
		s->floats[slot] = bytes / sizeof(float);
	}
	return s->at[slot];
}

/* --- the cut --- */

struct job {
	const struct tw_gemm_isa *isa;
	const struct tw_gemm *g;
	struct tw_pool *pool;
	int part;     /* of k */
	int tiles;    /* of all rows */
	int rows, bn; /* block of c: tiles, strips */
	int k0, kk;   /* terms of the sum that are added now */
	float *a;     /* packed tiles (kk, mr); NULL: a is read where it lies */
};

/* What a thread works on: tiles [i0, i1), strips [s0, s1), terms [p, p + k) of which b is packed. */
struct piece {
	const struct job *j;
	int i0, i1, s0, s1, p, k;
	float *b;
	const float *edge; /* the tile of a that hangs over, where a is not packed */
};

static int count(int n, int piece)
{
	return (n + piece - 1) / piece;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

static void each(struct job *j, int n, tw_pool_fn fn)
{
	if (j->pool && n > 1)
		tw_pool_run(j->pool, (size_t)n, fn, j);
	else
		for (int i = 0; i < n; i++)
			fn(j, (size_t)i, 0);
}

/* --- packing --- */

/* A strip that hangs over the edge: to[p width + i] is 0 for i >= n. */
static void pack_edge(float *to, const float *from, ptrdiff_t step, ptrdiff_t ld, int n, int width,
		      int k)
{
	for (int p = 0; p < k; p++)
		for (int i = 0; i < width; i++)
			*to++ = i < n ? from[i * step + p * ld] : 0;
}

static void pack_b(const struct piece *q)
{
	const struct tw_gemm *g = q->j->g;
	const struct tw_gemm_isa *isa = q->j->isa;
	int nr = isa->nr, n = q->s0 * nr, k0 = q->j->k0 + q->p;
	int whole = least(q->s1, g->n / nr) - q->s0;
	ptrdiff_t pitch = (ptrdiff_t)q->k * nr, strip = g->tb ? (ptrdiff_t)nr * g->ldb : nr;
	const float *from =
		g->tb ? g->b + (ptrdiff_t)n * g->ldb + k0 : g->b + (ptrdiff_t)k0 * g->ldb + n;
	if (!g->tb && whole > 0)
		isa->copy(q->b, pitch, from, g->ldb, nr, whole, q->k);
	for (int s = 0; g->tb && s < whole; s++)
		isa->transpose(q->b + s * pitch, from + s * strip, g->ldb, nr, q->k);
	if (whole < q->s1 - q->s0)
		pack_edge(q->b + whole * pitch, from + whole * strip, g->tb ? g->ldb : 1,
			  g->tb ? 1 : g->ldb, g->n - n - whole * nr, nr, q->k);
}

/* Rows from i on, terms of the sum from k0 on. */
static const float *a_at(const struct tw_gemm *g, int i, int k0)
{
	return g->ta ? g->a + (ptrdiff_t)k0 * g->lda + i : g->a + (ptrdiff_t)i * g->lda + k0;
}

static void pack_tile(const struct job *j, float *to, int i, int k0, int k)
{
	const struct tw_gemm *g = j->g;
	const float *from = a_at(g, i, k0);
	int mr = j->isa->mr;
	if (g->m - i < mr)
		pack_edge(to, from, g->ta ? 1 : g->lda, g->ta ? g->lda : 1, g->m - i, mr, k);
	else if (g->ta)
		j->isa->copy(to, 0, from, g->lda, mr, 1, k);
	else
		j->isa->transpose(to, from, g->lda, mr, k);
}

/* Floats from a packed tile of a to the next; what packing writes behind one must not reach the next. */
static ptrdiff_t tile_pitch(const struct job *j)
{
	return (ptrdiff_t)j->kk * j->isa->mr + TW_GEMM_SLACK;
}

static void pack_a(void *ctx, size_t item, int worker)
{
	const struct job *j = ctx;
	int mr = j->isa->mr, per = j->isa->block_m / mr, i = (int)item * per;
	int to = least(i + per, j->tiles), whole = least(to, j->g->m / mr);
	(void)worker;
	if (j->g->ta && i < whole) { /* what lies side by side is read side by side */
		j->isa->copy(j->a + i * tile_pitch(j), tile_pitch(j), a_at(j->g, i * mr, j->k0),
			     j->g->lda, mr, whole - i, j->kk);
		i = whole;
	}
	for (; i < to; i++)
		pack_tile(j, j->a + i * tile_pitch(j), i * mr, j->k0, j->kk);
}

/* --- a block of c --- */

static tw_gemm_tile_fn tile_for(const struct tw_gemm_isa *isa, int rows)
{
	for (int i = 0; i < 2; i++)
		if (rows <= isa->low[i].rows)
			return isa->low[i].tile;
	return isa->tile;
}

/* What hangs over the edge of c is computed beside it. */
static void run_edge(const struct job *j, const struct tw_gemm_tile *t, int rows, int cols)
{
	float c[TW_GEMM_MR * TW_GEMM_NR];
	struct tw_gemm_tile beside = *t;
	beside.c = c;
	beside.ldc = j->isa->nr;
	beside.beta = 0;
	tile_for(j->isa, rows)(&beside);
	for (int i = 0; i < rows; i++)
		for (int n = 0; n < cols; n++) {
			float *to = t->c + i * t->ldc + n, x = c[i * beside.ldc + n];
			*to = t->beta == 0   ? x
			      : t->beta == 1 ? *to + x
					     : fmaf(t->beta, *to, x); /* as a tile does */
		}
}

/* Tiles [from, to) with one strip of b. Meanwhile the next strip comes into the first cache. */
static void run_strip(const struct piece *q, int from, int to, int strip)
{
	const struct job *j = q->j;
	const struct tw_gemm *g = j->g;
	int mr = j->isa->mr, nr = j->isa->nr, n = strip * nr, cols = least(nr, g->n - n);
	struct tw_gemm_tile t = {.k = q->k,
				 .b = q->b + (ptrdiff_t)(strip - q->s0) * q->k * nr,
				 .ldc = g->ldc,
				 .alpha = g->alpha,
				 .beta = j->k0 + q->p > 0 ? 1 : g->beta};
	const float *next = t.b + (ptrdiff_t)q->k * nr;
	int ahead = count(q->k * nr, to - from);
	for (int i = from; i < to; i++, next += ahead) {
		int rows = least(mr, g->m - i * mr);
		bool as_it_lies = !j->a && rows == mr;
		for (int f = 0; f < ahead; f += 16)
			__builtin_prefetch(next + f);
		t.c = g->c + (ptrdiff_t)i * mr * g->ldc + n;
		t.a = j->a	   ? j->a + i * tile_pitch(j) + (ptrdiff_t)q->p * mr
		      : as_it_lies ? a_at(g, i * mr, j->k0 + q->p)
				   : q->edge;
		t.row_step = as_it_lies && !g->ta ? g->lda : 1;
		t.step = !as_it_lies ? mr : g->ta ? g->lda : 1;
		if (rows == mr && cols == nr)
			j->isa->tile(&t);
		else
			run_edge(j, &t, rows, cols);
	}
}

/* One strip more than are packed: the tile reads ahead. */
static size_t floats_of_b(int strips)
{
	return (size_t)(strips + 1) * PART_K * TW_GEMM_NR;
}

static void run_block(void *ctx, size_t item, int worker)
{
	const struct job *j = ctx;
	float edge[TW_GEMM_MR * PART_K + TW_GEMM_SLACK];
	int mr = j->isa->mr, per = j->isa->block_m / mr;
	int strips = count(j->g->n, j->isa->nr), across = count(strips, j->bn);
	struct piece q = {.j = j, .edge = edge};
	(void)worker;
	q.i0 = (int)item / across * j->rows;
	q.i1 = least(q.i0 + j->rows, j->tiles);
	q.s0 = (int)item % across * j->bn;
	q.s1 = least(q.s0 + j->bn, strips);
	q.b = scratch_of_thread(SLOT_B, floats_of_b(j->bn));
	for (q.p = 0; q.p < j->kk; q.p += j->part) {
		q.k = least(j->part, j->kk - q.p);
		pack_b(&q);
		if (!j->a && q.i1 * mr > j->g->m)
			pack_tile(j, edge, (q.i1 - 1) * mr, j->k0 + q.p, q.k);
		for (int i = q.i0; i < q.i1; i += per)
			for (int s = q.s0; s < q.s1; s++)
				run_strip(&q, i, least(i + per, q.i1), s);
	}
}

/* --- the whole --- */

/* Length of each of as few equal pieces as are needed for pieces of at most `most`. */
static int even(int n, int most)
{
	return count(n, count(n, most));
}

static void scale(const struct tw_gemm *g)
{
	for (int i = 0; i < g->m; i++)
		for (int n = 0; n < g->n; n++) {
			float *c = g->c + (ptrdiff_t)i * g->ldc + n;
			*c = g->beta != 0 ? g->beta * *c : 0;
		}
}

void tw_gemm_by(const struct tw_gemm_isa *isa, struct tw_pool *pool, const struct tw_gemm *g)
{
	if (isa->narrow && g->n <= isa->narrow->nr)
		isa = isa->narrow;
	int mr = isa->mr, nr = isa->nr, per = isa->block_m / mr;
	if (g->m == 0 || g->n == 0)
		return;
	if (g->k == 0) {
		scale(g);
		return;
	}
	struct job j = {.isa = isa, .g = g, .pool = pool, .part = even(g->k, PART_K)};
	j.tiles = count(g->m, mr);
	j.bn = even(count(g->n, nr), isa->block_n / nr);
	int across = count(count(g->n, nr), j.bn);
	int downwards = pool ? count(SHARES * tw_pool_size(pool), across) : 1;
	j.rows = count(j.tiles, least(downwards, count(j.tiles, per)));
	int parts = (int)(PACKED / ((size_t)j.tiles * (size_t)mr * (size_t)j.part));
	int most_k = least(g->k, (parts > 0 ? parts : 1) * j.part);
	if (g->n > FEW_COLUMNS)
		j.a = scratch_of_thread(
			SLOT_A, (size_t)j.tiles * ((size_t)mr * (size_t)most_k + TW_GEMM_SLACK));
	for (j.k0 = 0; j.k0 < g->k; j.k0 += most_k) {
		j.kk = least(most_k, g->k - j.k0);
		if (j.a)
			each(&j, count(j.tiles, per), pack_a);
		each(&j, across * count(j.tiles, j.rows), run_block);
	}
}

/* Of a, PACKED floats, or a part of the sum for all rows where that is more. */
int64_t tw_gemm_bytes(int m)
{
	const size_t rows = (size_t)m + TW_GEMM_MR, part = rows * PART_K;
	const size_t a = (part > PACKED ? part : PACKED) + rows * TW_GEMM_SLACK;
	return (int64_t)(whole_pages(a) + whole_pages(floats_of_b(MOST_STRIPS)));
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

static const struct tw_gemm_kernel native = {.name = name, .run = run, .run_on = run_on};

const struct tw_gemm_kernel *tw_gemm_native(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, choose);
	return chosen ? &native : NULL;
}
