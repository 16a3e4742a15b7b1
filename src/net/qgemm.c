/*
 * Products in whole numbers: rows of x become whole numbers for a part of the sum, and then the product is cut for threads. A
 * tile's sums stay in registers and in the first cache, some rows of x and a strip of w in the second.
 */
#include "net/qgemm.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/qgemm_int.h"

enum { N = TW_Q_COLS, STEP = TW_Q_STEP };
enum { STEPS = 3, TERMS = STEPS * STEP, ROWS = 14, ADDED = 2 }; /* of a trial */

#define STAY   (224 * TW_Q_PART) /* words of x that stay in the second cache */
#define SHARES 4  /* items for a thread, at least: the last one to finish is not far behind */
#define MAKE   16 /* rows that a thread makes whole numbers at a time */

/* --- rows --- */

/* Of a part of any sum of up to k terms. */
static int most_terms(enum tw_q_bits bits, int k)
{
	return tw_whole(tw_least(k, TW_Q_PART * tw_q_terms(bits)), STEP);
}

/* Whatever the size of the numbers: the same rows also become those of 16 bits. */
static int most_blocks(enum tw_q_bits bits, int k)
{
	return most_terms(bits, k) / STEP;
}

/* A word has 2 of them at least, whatever the kernel. */
static int64_t most_words(enum tw_q_bits bits, int k)
{
	return tw_q_ld(most_terms(bits, k) / 2);
}

int64_t tw_q_rows_bytes(enum tw_q_bits bits, int T, int k)
{
	return (int64_t)sizeof(uint32_t) * T * (most_words(bits, k) + 2 * most_blocks(bits, k));
}

enum tw_status tw_q_rows_init(struct tw_q_rows *r, enum tw_q_bits bits, int T, int k,
			      struct tw_err *err)
{
	r->x = tw_try_alloc((size_t)tw_q_rows_bytes(bits, T, k),
			    "activations as whole numbers; a shorter training.sequence needs less",
			    err);
	if (!r->x)
		return TW_NO_MEMORY;
	r->scale = (float *)(r->x + T * most_words(bits, k));
	r->start = (int32_t *)(r->scale + (ptrdiff_t)T * most_blocks(bits, k));
	return TW_OK;
}

void tw_q_rows_release(struct tw_q_rows *r)
{
	free(r->x);
	*r = (struct tw_q_rows){0};
}

/* --- a part of the sum --- */

struct part {
	const struct tw_q_form *form;
	const struct tw_q_product *of;
	int k0, k;	       /* terms */
	int steps, blocks, ld; /* of the rows */
	int down, across;      /* rows and strips of an item */
};

static void make_rows(void *ctx, int begin, int end)
{
	const struct part *p = ctx;
	const struct tw_q_weights *q = p->of->q;
	const struct tw_q_rows *rows = p->of->rows;
	for (ptrdiff_t t = begin; t < end; t++)
		p->form->make(&(struct tw_q_row){.to = rows->x + t * p->ld,
						 .scale = rows->scale + t * p->blocks,
						 .start = rows->start + t * p->blocks,
						 .x = p->of->x + t * q->k + p->k0,
						 .by = q->by ? q->by + p->k0 : NULL,
						 .n = p->k});
}

static struct tw_q_tile first_tile(const struct part *p, int from, int strip)
{
	const struct tw_q_weights *q = p->of->q;
	const struct tw_q_rows *rows = p->of->rows;
	const int n = strip * N, part = p->k0 / tw_q_part(q->bits, q->k);
	return (struct tw_q_tile){.steps = p->steps,
				  .blocks = p->blocks,
				  .cols = tw_least(N, q->n - n),
				  .x = rows->x + (ptrdiff_t)from * p->ld,
				  .x_ld = p->ld,
				  .x_scale = rows->scale + (ptrdiff_t)from * p->blocks,
				  .x_start = rows->start + (ptrdiff_t)from * p->blocks,
				  .w = q->w + tw_q_at(q, p->k0, strip, p->steps * STEP),
				  .w_scale = q->scale + (ptrdiff_t)part * tw_whole(q->n, N) + n,
				  .y = p->of->y + (ptrdiff_t)from * q->n + n,
				  .y_ld = q->n,
				  .by = p->of->by,
				  .add = p->of->add || p->k0 > 0};
}

/* --- what is added --- */

/* What is added to a strip: terms of a row from a on, and b (terms, 32), zeros where a product has none of the columns. */
struct added {
	int terms;
	const float *a;
	ptrdiff_t ld;
	float *b; /* room for all terms of a row */
};

/* Columns [*from, *to) of the strip are columns of the product. */
static bool touches(int *from, int *to, const struct tw_gemm *g, const struct tw_q_product *of,
		    int strip)
{
	int first = (int)(g->c - of->y) - strip * N;
	*from = tw_most(first, 0);
	*to = tw_least(first + g->n, N);
	return *from < *to;
}

static void find_added(struct added *to, const struct tw_q_product *of, int strip)
{
	const float *end = NULL;
	int from, until;
	to->terms = 0;
	for (int i = 0; i < of->n_then; i++) {
		const struct tw_gemm *g = &of->then[i];
		if (!touches(&from, &until, g, of, strip))
			continue;
		to->a = end && to->a < g->a ? to->a : g->a;
		end = end && end > g->a + g->k ? end : g->a + g->k;
		to->terms = (int)(end - to->a);
	}
	assert(to->terms <= to->ld);
	memset(to->b, 0, (size_t)to->terms * N * sizeof(*to->b));
	for (int i = 0; i < of->n_then; i++) {
		const struct tw_gemm *g = &of->then[i];
		if (!touches(&from, &until, g, of, strip))
			continue;
		const ptrdiff_t row = g->tb ? 1 : g->ldb, column = g->tb ? g->ldb : 1;
		const ptrdiff_t first = strip * N - (g->c - of->y);
		float *b = to->b + (g->a - to->a) * N;
		for (int k = 0; k < g->k; k++, b += N)
			for (int n = from; n < until; n++)
				b[n] += g->alpha * g->b[k * row + (first + n) * column];
	}
}

/* --- tiles --- */

/* Rows [from, to) with one strip: in tiles of most rows, and the last ones in tiles of fewer and fewer. The first two tiles
 * have the next strip come into the second cache. */
static void run_strip(const struct part *p, const struct added *added, int from, int to, int strip)
{
	const struct tw_q_weights *q = p->of->q;
	const ptrdiff_t words = (ptrdiff_t)p->steps * STEP / tw_q_terms(q->bits) * N;
	struct tw_q_tile t = first_tile(p, from, strip);
	t.terms = added->terms;
	t.a = added->a + from * added->ld;
	t.a_ld = added->ld;
	t.b = added->b;
	int half = strip * N + N < q->n ? 2 : 4; /* of this strip and the next */
	for (int i = 0; from < to; i++)
		for (int rows = p->form->tile[i].rows; to - from >= rows; from += rows) {
			t.ahead = t.w + (half < 4 ? half++ : 0) * words / 2;
			p->form->tile[i].run(&t);
			t.x += rows * t.x_ld;
			t.x_scale += rows * t.blocks;
			t.x_start += rows * t.blocks;
			t.y += rows * t.y_ld;
			t.a += rows * t.a_ld;
		}
}

static void run_block(void *ctx, size_t item, int worker)
{
	const struct part *p = ctx;
	const struct tw_q_weights *q = p->of->q;
	int strips = tw_pieces(q->n, N), across = tw_pieces(strips, p->across);
	int from = (int)item / across * p->down, to = tw_least(from + p->down, p->of->T);
	int s = (int)item % across * p->across, end = tw_least(s + p->across, strips);
	struct added added = {.a = p->of->x}; /* without terms nothing is read there */
	(void)worker;
	if (p->of->n_then > 0 && p->k0 + p->k == q->k) { /* the last part */
		added.a = p->of->then->a;
		added.ld = p->of->then->lda;
		added.b = tw_xmalloc((size_t)added.ld * N * sizeof(*added.b));
	}
	for (; s < end; s++) {
		if (added.b)
			find_added(&added, p->of, s);
		run_strip(p, &added, from, to, s);
	}
	free(added.b);
}

/* Rows that stay in the second cache, and as many strips with them as may be for so many items. */
static size_t cut(struct part *p, int items)
{
	const struct tw_q_weights *q = p->of->q;
	int T = p->of->T, strips = tw_pieces(q->n, N), tile = p->form->tile[0].rows;
	int stay = STAY / tw_pieces(tw_q_part(q->bits, q->k), p->form->x_terms);
	int most = (int)((int64_t)T * strips / items);
	p->down = tw_whole(tw_even(T, tw_least(stay, most > tile ? most : tile)), tile);
	int down = tw_pieces(T, p->down);
	p->across = tw_pieces(strips, tw_least(tw_pieces(items, down), strips));
	return (size_t)down * (size_t)tw_pieces(strips, p->across);
}

void tw_q_run(const struct tw_compute *c, const struct tw_q_kernel *kernel,
	      const struct tw_q_product *of)
{
	const struct tw_q_weights *q = of->q;
	struct part p = {.form = &kernel->form[q->bits], .of = of};
	int part = tw_q_part(q->bits, q->k);
	for (int i = 0; i < of->n_then; i++) {
		const struct tw_gemm *g = &of->then[i];
		assert(g->m == of->T && !g->ta && !g->packed && g->beta == 1);
		assert(g->ldc == q->n && g->lda == of->then->lda);
	}
	if (of->T == 0)
		return;
	size_t items = cut(&p, SHARES * tw_pool_size(c->pool));
	for (p.k0 = 0; p.k0 < q->k; p.k0 += part) {
		p.k = tw_least(part, q->k - p.k0);
		p.steps = tw_pieces(p.k, STEP);
		p.blocks = tw_pieces(p.k, tw_q_block(q->bits));
		p.ld = tw_q_ld(p.steps * STEP / p.form->x_terms);
		tw_for_pieces(c, of->T, MAKE, make_rows, &p);
		tw_pool_run(c->pool, items, run_block, &p);
	}
}

/* --- which kernel --- */

/* Some rows made whole numbers and then in tiles of one size, of the largest numbers and of odd ones. */
struct trial {
	uint32_t x[ROWS * TERMS / 2], w[TERMS / 2 * N];
	float x_scale[ROWS * STEPS], w_scale[N], y[ROWS * N];
	int32_t x_start[ROWS * STEPS];
	float a[ROWS * ADDED], b[ADDED * N];
};

/* Weights of a length that is allowed, the first step being of the largest numbers. */
static void make_weights(struct trial *r, enum tw_q_bits bits)
{
	const int terms = tw_q_terms(bits);
	for (int i = 0; i < TERMS * N; i++) {
		int word = i / terms, of_16 = i < STEP * N ? 8187 : i * 6007 % 16383 - 8191;
		int shift = i % terms * (32 / terms);
		uint32_t number = bits == TW_Q16 ? (uint32_t)of_16 & 0xffff
						 : (uint32_t)(i < STEP * N ? 255 : i * 97 % 256);
		r->w[word] = (i % terms ? r->w[word] : 0) | number << shift;
	}
	for (int i = 0; i < N; i++)
		r->w_scale[i] = 1e-4f * (float)(i % 5 + 1);
}

static void make_values(struct trial *r, const struct tw_q_form *form, int blocks)
{
	float x[TERMS], by[TERMS];
	for (int i = 0; i < ROWS; i++) {
		for (int p = 0; p < TERMS; p++) {
			x[p] = p < STEP ? -4095 : (float)(p * (7919 + 2 * i) % 8191 - 4095);
			by[p] = 1;
		}
		form->make(&(struct tw_q_row){r->x + i * TERMS / form->x_terms,
					      r->x_scale + i * blocks, r->x_start + i * blocks, x,
					      by, TERMS});
	}
}

static void make_added(struct trial *r)
{
	for (int i = 0; i < ROWS * ADDED; i++)
		r->a[i] = (float)(i % 9 - 4);
	for (int i = 0; i < ADDED * N; i++)
		r->b[i] = (float)(i * 37 % 101 - 50);
}

static void try_tile(struct trial *r, const struct tw_q_form *form, enum tw_q_bits bits, int tile)
{
	const int blocks = tw_pieces(TERMS, tw_q_block(bits));
	make_values(r, form, blocks);
	make_weights(r, bits);
	make_added(r);
	struct tw_q_tile t = {.steps = STEPS,
			      .blocks = blocks,
			      .cols = N,
			      .x = r->x,
			      .x_ld = TERMS / form->x_terms,
			      .x_scale = r->x_scale,
			      .x_start = r->x_start,
			      .w = r->w,
			      .w_scale = r->w_scale,
			      .y = r->y,
			      .y_ld = N,
			      .by = 1,
			      .terms = ADDED,
			      .a = r->a,
			      .a_ld = ADDED,
			      .b = r->b,
			      .ahead = r->w};
	for (int i = 0, n = form->tile[tile].rows; i + n <= ROWS; i += n) {
		form->tile[tile].run(&t);
		t.x += n * t.x_ld;
		t.x_scale += n * blocks;
		t.x_start += n * blocks;
		t.y += n * N;
		t.a += n * ADDED;
	}
}

static bool form_agrees(const struct tw_q_form *form, enum tw_q_bits bits)
{
	struct trial *r = tw_xcalloc(2, sizeof(*r));
	bool good = true;
	try_tile(&r[0], &tw_q_ref.form[bits], bits, 0);
	for (int tile = 0; tile < 5 && form->tile[tile].run; tile++) {
		int rows = form->tile[tile].rows;
		try_tile(&r[1], form, bits, tile);
		for (int i = 0; i < ROWS / rows * rows * N; i++)
			good &= fabsf(r[0].y[i] - r[1].y[i]) <= 1e-3f * fabsf(r[0].y[i]) + 1;
	}
	free(r);
	return good;
}

/* With the plain kernel, but for what rounding may do. */
static bool agrees(const struct tw_q_kernel *k)
{
	return form_agrees(&k->form[TW_Q16], TW_Q16) && form_agrees(&k->form[TW_Q8], TW_Q8);
}

static const struct tw_q_kernel *best = &tw_q_ref;

static void choose(void)
{
	const struct tw_q_kernel *list[] = {tw_q_vnni(), tw_q_avxvnni(), tw_q_avx2()};
	for (int i = 0; i < 3; i++) {
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

const struct tw_q_kernel *tw_q_best(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, choose);
	return best;
}

bool tw_q_is_fast(void)
{
	return tw_q_best() != &tw_q_ref;
}
