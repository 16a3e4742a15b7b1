#include "training/kernels_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Sixteen running sums: compilers may not reorder one sum, but do make vectors of these. */
#define LANES 16

float tw_dot(const float *a, const float *b, int n)
{
	float s[LANES] = {0}, sum = 0;
	int i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int k = 0; k < LANES; k++)
			s[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		sum += a[i] * b[i];
	for (int k = 0; k < LANES; k++)
		sum += s[k];
	return sum;
}

double tw_sum(const float *x, int n)
{
	float s[LANES] = {0};
	double sum = 0;
	int i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int k = 0; k < LANES; k++)
			s[k] += x[i + k];
	for (; i < n; i++)
		sum += (double)x[i];
	for (int k = 0; k < LANES; k++)
		sum += (double)s[k];
	return sum;
}

static float row_max(const float *x, int n)
{
	float m[LANES], most = x[0];
	int i = 0;
	for (int k = 0; k < LANES; k++)
		m[k] = x[0];
	for (; i + LANES <= n; i += LANES)
		for (int k = 0; k < LANES; k++)
			m[k] = x[i + k] > m[k] ? x[i + k] : m[k];
	for (; i < n; i++)
		most = x[i] > most ? x[i] : most;
	for (int k = 0; k < LANES; k++)
		most = m[k] > most ? m[k] : most;
	return most;
}

/*
 * e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2; polynomial and split of ln 2 from
 * Cephes' expf (Moshier). Adding 1.5 * 2^23 rounds to an integer in the low bits.
 */
static inline float exp_fast(float x)
{
	const float magic = 12582912.0f;
	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	float t = x * 1.44269504088896341f + magic, n = t - magic;
	float r = x - n * 0.693359375f + n * 2.12194440e-4f;
	float p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1.0f;
	int32_t bits;
	memcpy(&bits, &t, sizeof(bits));
	bits = (int32_t)((uint32_t)(bits - 0x4b400000 + 127) << 23);
	float pow2;
	memcpy(&pow2, &bits, sizeof(pow2));
	return p * pow2;
}

void tw_exp_row(float *x, int n, float shift, float scale)
{
	for (int i = 0; i < n; i++)
		x[i] = exp_fast(scale * x[i] + shift);
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
	for (int t = 0; t < T; t++)
		for (int c = 0; c < C; c++)
			y[(ptrdiff_t)t * C + c] = x[(ptrdiff_t)t * C + c] * rstd[t] * w[c];
}

/* With n = x rstd: dx = rstd (w dy - n mean(n w dy)). */
void tw_rmsnorm_backward(float *dx, const float *dy, const float *rstd, const float *x,
			 const float *w, int T, int C)
{
	for (int t = 0; t < T; t++, dx += C, dy += C, x += C) {
		float s[LANES] = {0}, sum = 0, r = rstd[t];
		int c = 0;
		for (; c + LANES <= C; c += LANES)
			for (int k = 0; k < LANES; k++)
				s[k] += x[c + k] * w[c + k] * dy[c + k];
		for (; c < C; c++)
			sum += x[c] * w[c] * dy[c];
		for (int k = 0; k < LANES; k++)
			sum += s[k];
		float mean = sum * r * r / (float)C;
		for (c = 0; c < C; c++)
			dx[c] += r * (w[c] * dy[c] - x[c] * mean);
	}
}

/* --- rotary positions --- */

void tw_rope_table(float *table, int n, int n_rot, float base, const float *factors)
{
	int half = n_rot / 2;
	for (int i = 0; i < half; i++) {
		double f =
			pow((double)base, -2.0 * i / n_rot) / (factors ? (double)factors[i] : 1.0);
		for (int p = 0; p < n; p++) {
			table[(ptrdiff_t)p * n_rot + i] = (float)cos(p * f);
			table[(ptrdiff_t)p * n_rot + half + i] = (float)sin(p * f);
		}
	}
}

static void rotate(float *v, const float *c, const float *s, int half, bool halves, float sign)
{
	int step = halves ? 1 : 2, other = halves ? half : 1;
	for (int i = 0; i < half; i++) {
		float *a = v + i * step, *b = a + other, x = *a, y = *b, sn = sign * s[i];
		*a = x * c[i] - y * sn;
		*b = x * sn + y * c[i];
	}
}

void tw_rope(float *x, int ld, const float *table, const int32_t *pos, int T,
	     const struct tw_rotation *r, int direction)
{
	int half = r->n_rot / 2;
	for (int t = 0; t < T; t++) {
		const float *c = table + (ptrdiff_t)pos[t] * r->n_rot;
		for (int h = 0; h < r->heads; h++)
			rotate(x + (ptrdiff_t)t * ld + (ptrdiff_t)h * r->D, c, c + half, half,
			       r->halves, (float)direction);
	}
}

/* --- attention, plain --- */

struct places {		 /* of one query head */
	int ld, q, k, v; /* from a token to the next; columns */
	float scale;
};

static struct places places_of(const struct tw_heads *h, int head)
{
	int kv = head / (h->H / h->H_kv);
	return (struct places){.ld = (h->H + 2 * h->H_kv) * h->D,
			       .q = head * h->D,
			       .k = (h->H + kv) * h->D,
			       .v = (h->H + h->H_kv + kv) * h->D,
			       .scale = 1.0f / sqrtf((float)h->D)};
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
			for (int j = 0; j <= i; j++) {
				p[j] = at.scale *
				       tw_dot(q, qkv + (ptrdiff_t)j * at.ld + at.k, h->D);
				most = p[j] > most ? p[j] : most;
			}
			for (int j = 0; j <= i; j++) {
				p[j] = expf(p[j] - most);
				sum += p[j];
			}
			lse[(ptrdiff_t)i * h->H + head] = most + logf(sum);
			memset(o, 0, (size_t)h->D * sizeof(*o));
			for (int j = 0; j <= i; j++)
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
			for (int j = 0; j <= i; j++) {
				const float *row = qkv + (ptrdiff_t)j * at.ld;
				float *drow = dqkv + (ptrdiff_t)j * at.ld;
				float s = at.scale * tw_dot(q, row + at.k, h->D);
				float p = expf(s - lse[(ptrdiff_t)i * h->H + head]);
				float ds = p * (tw_dot(go, row + at.v, h->D) - mean) * at.scale;
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
	for (int t = 0; t < T; t++, gu += 2 * F, y += F) {
		const float *restrict gate = gu, *restrict up = gu + F;
		float *restrict to = y;
		for (int f = 0; f < F; f++)
			to[f] = gate[f] / (1.0f + exp_fast(-gate[f])) * up[f];
	}
}

void tw_swiglu_backward(float *dgu, const float *dy, const float *gu, int T, int F)
{
	for (int t = 0; t < T; t++, gu += 2 * F, dgu += 2 * F, dy += F)
		for (int f = 0; f < F; f++) {
			float g = gu[f], u = gu[F + f], s = 1.0f / (1.0f + exp_fast(-g));
			dgu[f] = dy[f] * u * s * (1.0f + g * (1.0f - s));
			dgu[F + f] = dy[f] * g * s;
		}
}

/* --- loss --- */

void tw_cross_entropy(double *loss, float *logits, const int32_t *target, int T, int V, float scale)
{
	for (int t = 0; t < T; t++, logits += V) {
		float most = row_max(logits, V), right = logits[target[t]];
		tw_exp_row(logits, V, -most, 1.0f);
		double sum = tw_sum(logits, V);
		loss[t] = log(sum) + (double)most - (double)right;
		if (scale == 0)
			continue;
		float by = (float)((double)scale / sum);
		for (int v = 0; v < V; v++)
			logits[v] *= by;
		logits[target[t]] -= scale;
	}
}
