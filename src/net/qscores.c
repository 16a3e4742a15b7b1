/* Scores in whole numbers: keys are packed as weights are, a row of them being a column; a part of the sum is one block. */
#include "net/qscores.h"

#include <assert.h>

#include "net/qgemm_int.h"

enum { N = TW_Q_COLS, STEP = TW_Q_STEP, WORDS = STEP / 2 };

/* Where everything lies, of parts of 64 terms. */
struct layout {
	int parts, strips, x_ld;
	uint32_t *keys[2], *x; /* (parts, strips, 32 words, 32 keys), (parts, queries, words) */
	float *keys_scale[2], *x_scale; /* (parts, strips, 32), (parts, queries) */
};

/* Says how many words that takes. `memory` NULL: only that. */
static int64_t lay_out(struct layout *l, char *memory, int T, int D)
{
	uint32_t *words = (uint32_t *)memory;
	int64_t used = 0;
	l->parts = tw_pieces(D, STEP);
	l->strips = tw_pieces(T, N);
	l->x_ld = tw_q_ld(WORDS);
	const int64_t columns = (int64_t)l->parts * l->strips * N;
	const int64_t queries = (int64_t)l->parts * TW_Q_QUERIES;
	const int64_t sizes[] = {columns * WORDS, columns * WORDS, queries * l->x_ld,
				 columns,	  columns,	   queries};
	uint32_t *at[6];
	for (int i = 0; i < 6; i++) {
		at[i] = words ? words + used : NULL;
		used += sizes[i];
	}
	l->keys[TW_Q_KEYS] = at[0];
	l->keys[TW_Q_VALUES] = at[1];
	l->x = at[2];
	l->keys_scale[TW_Q_KEYS] = (float *)at[3];
	l->keys_scale[TW_Q_VALUES] = (float *)at[4];
	l->x_scale = (float *)at[5];
	return used;
}

int64_t tw_q_scores_bytes(int T, int D)
{
	struct layout l;
	return lay_out(&l, NULL, T, D) * (int64_t)sizeof(uint32_t);
}

static void make(const struct tw_q_form *form, uint32_t *to, float *scale, const float *x, int n)
{
	form->make(&(struct tw_q_row){.to = to, .scale = scale, .x = x, .n = n});
}

/* Keys [0, n) of a strip: words (32, 32), and their scales. */
static void set_strip(const struct tw_q_form *form, uint32_t *to, float *scale, const float *rows,
		      int ld, int n, int terms)
{
	uint32_t row[N][WORDS] = {{0}};
	for (int i = 0; i < n; i++)
		make(form, row[i], scale + i, rows + (ptrdiff_t)i * ld, terms);
	for (int i = n; i < N; i++)
		scale[i] = 0;
	for (int k = 0; k < WORDS; k++)
		for (int i = 0; i < N; i++)
			to[k * N + i] = row[i][k];
}

void tw_q_scores_set(const struct tw_q_scores *q, enum tw_q_keys of, const float *rows, int ld,
		     int T, int D)
{
	struct layout l;
	lay_out(&l, q->memory, T, D);
	for (int p = 0; p < l.parts; p++)
		for (int s = 0; s < l.strips; s++) {
			const ptrdiff_t at = (ptrdiff_t)p * l.strips + s;
			set_strip(&q->kernel->form[TW_Q16], l.keys[of] + at * WORDS * N,
				  l.keys_scale[of] + at * N,
				  rows + (ptrdiff_t)s * N * ld + p * STEP, ld,
				  tw_least(N, T - s * N), tw_least(STEP, D - p * STEP));
		}
}

/* All rows with one strip of one part, whose first key is column n of s. */
static void run_strip(const struct tw_q_form *form, const struct layout *l,
		      const struct tw_q_score_tile *t, int part, int n)
{
	const ptrdiff_t at = (ptrdiff_t)part * l->strips + (t->first + n) / N;
	const ptrdiff_t row = (ptrdiff_t)part * TW_Q_QUERIES;
	struct tw_q_tile q = {.steps = 1,
			      .blocks = 1,
			      .cols = tw_least(N, t->keys - n),
			      .x = l->x + row * l->x_ld,
			      .x_ld = l->x_ld,
			      .x_scale = l->x_scale + row,
			      .w = l->keys[t->of] + at * WORDS * N,
			      .w_scale = l->keys_scale[t->of] + at * N,
			      .y = t->s + n,
			      .y_ld = t->s_ld,
			      .by = t->by,
			      .add = part > 0};
	q.ahead = q.w;
	for (int i = 0, from = 0; from < t->n; i++)
		for (int rows = form->tile[i].rows; t->n - from >= rows; from += rows) {
			if (n < from + rows + t->diagonal)
				form->tile[i].run(&q);
			q.x += rows * q.x_ld;
			q.x_scale += rows;
			q.y += rows * q.y_ld;
		}
}

void tw_q_scores_run(const struct tw_q_scores *q, const struct tw_q_score_tile *t)
{
	const struct tw_q_form *form = &q->kernel->form[TW_Q16];
	struct layout l;
	assert(t->first % N == 0 && t->first + t->keys <= t->T && t->n <= TW_Q_QUERIES);
	lay_out(&l, q->memory, t->T, t->D);
	for (int p = 0; p < l.parts; p++)
		for (ptrdiff_t i = 0; i < t->n; i++) {
			const ptrdiff_t at = (ptrdiff_t)p * TW_Q_QUERIES + i;
			make(form, l.x + at * l.x_ld, l.x_scale + at, t->x + i * t->x_ld + p * STEP,
			     tw_least(STEP, t->D - p * STEP));
		}
	for (int n = 0; n < t->keys; n += N)
		for (int p = 0; p < l.parts; p++)
			run_strip(form, &l, t, p, n);
}
