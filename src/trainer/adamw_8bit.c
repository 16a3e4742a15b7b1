/*
 * AdamW whose moments are kept in 8 bits (Dettmers et al. 2022). A block of 256 numbers of one matrix
 * shares a scale, its largest magnitude; each number is the nearest of 256 values of the
 * dynamic map: seven decades, the upper ones more finely divided. The first moment has a sign, the second none, and it
 * never becomes zero where it is not: a step is divided by its root.
 * What a step computes from them is float32.
 */
#include <math.h>
#include <string.h>

#include "trainer/optim_int.h"

enum { BLOCK = 256, DECADES = 7, CODES = 256, BUCKETS = 24 * 128 + 1 };

struct map {
	float value[CODES];	   /* ascending, the last is 1 */
	float middle[CODES];	   /* between value[i] and value[i + 1] */
	uint8_t first[2][BUCKETS]; /* by sign and magnitude: code of the least number there */
};

/* Middles of `parts` equal parts of [0.1, 1], in each of seven decades; decade i has `first` 2^i parts. */
static int decades(float *out, int first)
{
	int n = 0;
	for (int i = 0, parts = first; i < DECADES; i++, parts *= 2)
		for (int k = 0; k < parts; k++)
			out[n++] = (float)((0.1 + 0.9 * (k + 0.5) / parts) *
					   pow(10, i - (DECADES - 1)));
	return n;
}

/* The nearest: how many middles are below x in [-1, 1]. */
static uint8_t search(const struct map *m, float x)
{
	int at = 0;
	for (int half = CODES / 2; half > 0; half /= 2)
		at += m->middle[at + half - 1] < x ? half : 0;
	return (uint8_t)at;
}

/* Magnitudes with the same exponent and first 7 bits behind the point, from 2^-24 on; all below are the first. */
static int bucket_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof(bits));
	int at = (int)((bits & 0x7fffffff) >> 16) - (127 - 24) * 128;
	return at > 0 ? at : 0;
}

static float bucket_edge(int bucket)
{
	uint32_t bits = (uint32_t)(bucket + (127 - 24) * 128) << 16;
	float x;
	memcpy(&x, &bits, sizeof(x));
	return bucket > 0 ? x : 0;
}

/* A bucket is narrower than the values' distance: it holds one middle at most. */
static void fill_buckets(struct map *m)
{
	for (int i = 0; i < BUCKETS; i++) {
		m->first[0][i] = search(m, bucket_edge(i));
		m->first[1][i] = search(m, -bucket_edge(i + 1));
	}
}

static void make_map(struct map *m, bool with_sign)
{
	float above[CODES];
	int n = decades(above, with_sign ? 1 : 2), at = 0;
	for (int i = n - 1; with_sign && i >= 0; i--)
		m->value[at++] = -above[i];
	m->value[at++] = 0;
	memcpy(m->value + at, above, (size_t)n * sizeof(*above));
	m->value[CODES - 1] = 1;
	for (int i = 0; i < CODES - 1; i++)
		m->middle[i] = 0.5f * (m->value[i] + m->value[i + 1]);
	m->middle[CODES - 1] = 2; /* above all */
	fill_buckets(m);
}

static inline uint8_t code_of(const struct map *m, float x)
{
	int at = m->first[signbit(x) ? 1 : 0][bucket_of(x)];
	return (uint8_t)(at + (m->middle[at] < x));
}

/* One moment of all parameters. */
struct moment {
	struct map map;
	uint8_t least; /* code of what is not zero */
	float *scale;  /* by block */
	uint8_t *code;
};

static void load(float *x, const struct moment *m, size_t block, size_t at, size_t n)
{
	for (size_t k = 0; k < n; k++)
		x[k] = m->map.value[m->code[at + k]] * m->scale[block];
}

static void save(struct moment *m, size_t block, size_t at, const float *x, size_t n)
{
	float most = 0;
	for (size_t k = 0; k < n; k++)
		most = fabsf(x[k]) > most ? fabsf(x[k]) : most;
	m->scale[block] = most;
	const float inverse = most > 1e-37f ? 1 / most : 0; /* no overflow */
	for (size_t k = 0; k < n; k++) {
		uint8_t code = code_of(&m->map, x[k] * inverse);
		m->code[at + k] = x[k] > 0 && code < m->least ? m->least : code;
	}
}

struct adamw {
	const struct tw_params *ps;
	const struct tw_optim_step *s;
	struct moment m, v;
};

/* Parameters [at, at + n). */
static void update_block(struct adamw *a, const struct tw_adamw_rates *r, size_t block, size_t at,
			 size_t n)
{
	float m[BLOCK], v[BLOCK];
	load(m, &a->m, block, at, n);
	load(v, &a->v, block, at, n);
	tw_adamw_update(a->s->p + at, m, v, a->s->g + at, n, r);
	save(&a->m, block, at, m, n);
	save(&a->v, block, at, v, n);
}

static void update(void *ctx, size_t i)
{
	struct adamw *a = ctx;
	const struct tw_param *q = &a->ps->at[i];
	const struct tw_adamw_rates r = tw_adamw_rates_of(a->s, q->rate);
	/* Blocks end with their matrix: so many at most have begun before this one. */
	size_t block = q->at / BLOCK + i, end = q->at + tw_param_size(q);
	for (size_t at = q->at; at < end; at += BLOCK, block++)
		update_block(a, &r, block, at, end - at < BLOCK ? end - at : BLOCK);
}

static size_t blocks(const struct tw_params *ps)
{
	return ps->floats / BLOCK + ps->n + 1;
}

static size_t bytes(const struct tw_params *ps)
{
	return 2 * (blocks(ps) * sizeof(float) + ps->floats);
}

static void run_step(const struct tw_compute *c, void *state, const struct tw_params *ps,
		     const struct tw_optim_step *s)
{
	float *scales = state;
	uint8_t *codes = (uint8_t *)(scales + 2 * blocks(ps));
	struct adamw a = {.ps = ps, .s = s};
	make_map(&a.m.map, true);
	make_map(&a.v.map, false);
	a.v.least = 1;
	a.m.scale = scales;
	a.v.scale = scales + blocks(ps);
	a.m.code = codes;
	a.v.code = codes + ps->floats;
	tw_for_params(c, ps, update, &a);
}

const struct tw_optim tw_optim_adamw_8bit = {
	.name = "adamw_8bit", .bytes = bytes, .step = run_step};
