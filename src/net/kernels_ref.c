#include "net/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/rows_int.h"

float tw_dot(const float *a, const float *b, int n)
{
	return tw_row_kernels()->dot(a, b, n);
}

double tw_sum(const float *x, int n)
{
	return tw_row_kernels()->sum(x, n);
}

float tw_max(const float *x, int n)
{
	return tw_row_kernels()->max(x, n);
}

void tw_exp_row(float *x, int n, float shift, float scale)
{
	tw_row_kernels()->exp(x, n, shift, scale);
}

double tw_exp_sum(float *x, int n, float shift)
{
	return tw_row_kernels()->exp_sum(x, n, shift);
}

void tw_score_backward(float *ds, float *s, int n, float lse, float mean, float scale)
{
	tw_row_kernels()->score_backward(ds, s, n, lse, mean, scale);
}

/* --- norm --- */

void tw_rmsnorm_forward(float *y, float *rstd, const float *x, const float *w, int T, int C,
			float eps)
{
	for (int t = 0; t < T; t++) {
		const float *row = x + (ptrdiff_t)t * C;
		rstd[t] = 1.0f / sqrtf(tw_dot(row, row, C) / (float)C + eps);
	}
	tw_rmsnorm_again(y, rstd, x, w, T, C);
}

void tw_rmsnorm_again(float *y, const float *rstd, const float *x, const float *w, int T, int C)
{
	const struct tw_row_kernels *rows = tw_row_kernels();
	for (int t = 0; t < T; t++, y += C, x += C)
		rows->norm(y, x, w, rstd[t], C);
}

void tw_rmsnorm_backward(float *dx, const float *dy, const float *rstd, const float *x,
			 const float *w, int T, int C)
{
	const struct tw_row_kernels *rows = tw_row_kernels();
	for (int t = 0; t < T; t++, dx += C, dy += C, x += C)
		rows->norm_backward(dx, dy, x, w, rstd[t], C);
}

/* --- rotary positions --- */

/* Angle of one position in a pair that turns by f a position when nothing is stretched. */
static double angle(const struct tw_angles *a, int pair, double f, int pos)
{
	double free_turn = pos * f, stretched = free_turn * (double)a->stretch;
	if (!a->yarn)
		return stretched;
	double width = fmax(0.001, (double)a->yarn_high - (double)a->yarn_low);
	double ramp = (pair - (double)a->yarn_low) / width;
	double mix = 1 - fmin(1, fmax(0, ramp));
	return stretched * (1 - mix) + free_turn * mix;
}

void tw_rope_table(float *table, int n, const struct tw_angles *a)
{
	int half = a->n_rot / 2;
	for (int i = 0; i < half; i++) {
		double f = pow((double)a->base, -2.0 * i / a->n_rot) /
			   (a->factors ? (double)a->factors[i] : 1.0);
		for (int p = 0; p < n; p++) {
			double by = angle(a, i, f, p), m = (double)a->magnitude;
			table[(ptrdiff_t)p * a->n_rot + i] = (float)(m * cos(by));
			table[(ptrdiff_t)p * a->n_rot + half + i] = (float)(m * sin(by));
		}
	}
}

void tw_rope(float *x, int ld, const float *table, const int32_t *pos, int T,
	     const struct tw_rotation *r, int direction)
{
	const struct tw_row_kernels *rows = tw_row_kernels();
	int half = r->n_rot / 2;
	for (int t = 0; t < T; t++, x += ld) {
		const float *c = table + (ptrdiff_t)pos[t] * r->n_rot;
		for (int h = 0; h < r->heads; h++)
			(r->halves ? rows->rotate_halves : rows->rotate_pairs)(
				x + (ptrdiff_t)h * r->D, c, c + half, half, (float)direction);
	}
}

/* --- attention, plain --- */

struct places {		 /* of one query head */
	int ld, q, k, v; /* from a token to the next; columns */
};

static struct places places_of(const struct tw_heads *h, int head)
{
	int kv = head / (h->H / h->H_kv);
	return (struct places){.ld = (h->H + 2 * h->H_kv) * h->D,
			       .q = head * h->D,
			       .k = (h->H + kv) * h->D,
			       .v = (h->H + h->H_kv + kv) * h->D};
}

/* First key that token i sees. */
static int first_key(const struct tw_heads *h, int i)
{
	return h->window && i >= h->window ? i - h->window + 1 : 0;
}

static float score(const struct tw_heads *h, const float *q, const float *k)
{
	float s = h->scale * tw_dot(q, k, h->D);
	return h->cap > 0 ? h->cap * tanhf(s / h->cap) : s;
}

void tw_attention_forward_ref(float *out, float *lse, const float *qkv, int T,
			      const struct tw_heads *h)
{
	float *p = tw_xmalloc((size_t)T * sizeof(*p));
	for (int head = 0; head < h->H; head++) {
		struct places at = places_of(h, head);
		for (int i = 0; i < T; i++) {
			const float *q = qkv + (ptrdiff_t)i * at.ld + at.q;
			float *o = out + (ptrdiff_t)i * h->H * h->D + (ptrdiff_t)head * h->D;
			float most = -INFINITY, sum = 0;
			int first = first_key(h, i);
			for (int j = first; j <= i; j++) {
				p[j] = score(h, q, qkv + (ptrdiff_t)j * at.ld + at.k);
				most = p[j] > most ? p[j] : most;
			}
			for (int j = first; j <= i; j++) {
				p[j] = expf(p[j] - most);
				sum += p[j];
			}
			lse[(ptrdiff_t)i * h->H + head] = most + logf(sum);
			memset(o, 0, (size_t)h->D * sizeof(*o));
			for (int j = first; j <= i; j++)
				for (int d = 0; d < h->D; d++)
					o[d] += p[j] / sum * qkv[(ptrdiff_t)j * at.ld + at.v + d];
		}
	}
	free(p);
}

void tw_attention_backward_ref(float *dqkv, const float *dout, const float *out, const float *lse,
			       const float *qkv, int T, const struct tw_heads *h)
{
	memset(dqkv, 0, (size_t)T * (size_t)(h->H + 2 * h->H_kv) * (size_t)h->D * sizeof(*dqkv));
	for (int head = 0; head < h->H; head++) {
		struct places at = places_of(h, head);
		for (int i = 0; i < T; i++) {
			ptrdiff_t o = (ptrdiff_t)i * h->H * h->D + (ptrdiff_t)head * h->D;
			const float *q = qkv + (ptrdiff_t)i * at.ld + at.q, *go = dout + o;
			float *dq = dqkv + (ptrdiff_t)i * at.ld + at.q;
			float mean = tw_dot(go, out + o, h->D);
			for (int j = first_key(h, i); j <= i; j++) {
				const float *row = qkv + (ptrdiff_t)j * at.ld;
				float *drow = dqkv + (ptrdiff_t)j * at.ld;
				float s = score(h, q, row + at.k);
				float p = expf(s - lse[(ptrdiff_t)i * h->H + head]);
				float ds = p * (tw_dot(go, row + at.v, h->D) - mean) * h->scale;
				ds *= h->cap > 0 ? 1 - s / h->cap * (s / h->cap) : 1;
				for (int d = 0; d < h->D; d++) {
					drow[at.v + d] += p * go[d];
					dq[d] += ds * row[at.k + d];
					drow[at.k + d] += ds * q[d];
				}
			}
		}
	}
}

/* --- feed-forward --- */

void tw_swiglu_forward(float *y, const float *gu, int T, int F)
{
	const struct tw_row_kernels *rows = tw_row_kernels();
	for (int t = 0; t < T; t++, gu += 2 * F, y += F)
		rows->swiglu(y, gu, F);
}

void tw_swiglu_backward(float *dgu, const float *dy, const float *gu, int T, int F)
{
	const struct tw_row_kernels *rows = tw_row_kernels();
	for (int t = 0; t < T; t++, gu += 2 * F, dgu += 2 * F, dy += F)
		rows->swiglu_backward(dgu, dy, gu, F);
}

void tw_geglu_forward(float *y, const float *gu, int T, int F)
{
	const struct tw_row_kernels *rows = tw_row_kernels();
	for (int t = 0; t < T; t++, gu += 2 * F, y += F)
		rows->geglu(y, gu, F);
}

void tw_geglu_backward(float *dgu, const float *dy, const float *gu, int T, int F)
{
	const struct tw_row_kernels *rows = tw_row_kernels();
	for (int t = 0; t < T; t++, gu += 2 * F, dgu += 2 * F, dy += F)
		rows->geglu_backward(dgu, dy, gu, F);
}

void tw_cap(float *x, int n, float cap)
{
	tw_row_kernels()->cap(x, n, cap);
}

void tw_cap_backward(float *dx, const float *y, int n, float cap)
{
	tw_row_kernels()->cap_backward(dx, y, n, cap);
}

/* --- loss --- */

void tw_cross_entropy(double *loss, float *logits, const int32_t *target, int T, int V, float scale)
{
	for (int t = 0; t < T; t++, logits += V) {
		float most = tw_max(logits, V), right = logits[target[t]];
		double sum = tw_exp_sum(logits, V, -most);
		loss[t] = log(sum) + (double)most - (double)right;
		if (scale == 0)
			continue;
		float by = (float)((double)scale / sum);
		for (int v = 0; v < V; v++)
			logits[v] *= by;
		logits[target[t]] -= scale;
	}
}
