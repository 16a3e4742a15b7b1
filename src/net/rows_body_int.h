/*
 * net/rows_body_int.h: the kernels of rows_int.h in plain C, for the file that includes it to compile for its
 * instruction set: compilers make vectors of these loops. Included once a file, after ROWS_NAME is defined.
 */
#include "net/rows_blocks_int.h"
#include "net/rows_int.h"
#include "net/rows_math_int.h"

/* What is read in one turn of the loop was written in none before. */
#ifdef __clang__
#define ROWS_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define ROWS_APART _Pragma("GCC ivdep")
#endif

static void norm(float *restrict y, const float *restrict x, const float *restrict w, float rstd,
		 int C)
{
	for (int c = 0; c < C; c++)
		y[c] = x[c] * rstd * w[c];
}

/* With n = x rstd: dx = rstd (w dy - n mean(n w dy)). */
static void norm_backward(float *restrict dx, const float *restrict dy, const float *restrict x,
			  const float *restrict w, float r, int C)
{
	float s[LANES] = {0}, sum = 0;
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

static void rotate_halves(float *restrict v, const float *restrict c, const float *restrict s,
			  int half, float sign)
{
	for (int i = 0; i < half; i++) {
		float x = v[i], y = v[half + i], sn = sign * s[i];
		v[i] = x * c[i] - y * sn;
		v[half + i] = x * sn + y * c[i];
	}
}

static void rotate_pairs(float *restrict v, const float *restrict c, const float *restrict s,
			 int half, float sign)
{
	for (int i = 0; i < half; i++) {
		float x = v[2 * i], y = v[2 * i + 1], sn = sign * s[i];
		v[2 * i] = x * c[i] - y * sn;
		v[2 * i + 1] = x * sn + y * c[i];
	}
}

static void swiglu(float *restrict y, const float *restrict gu, int F)
{
	const float *restrict up = gu + F;
	for (int f = 0; f < F; f++)
		y[f] = gu[f] / (1.0f + exp_fast(-gu[f])) * up[f];
}

/* dgu may be gu: each number is read before it is written. */
static void swiglu_backward(float *dgu, const float *restrict dy, const float *gu, int F)
{
	ROWS_APART
	for (int f = 0; f < F; f++) {
		float g = gu[f], u = gu[F + f], s = 1.0f / (1.0f + exp_fast(-g));
		dgu[f] = dy[f] * u * s * (1.0f + g * (1.0f - s));
		dgu[F + f] = dy[f] * g * s;
	}
}

#define GELU_A 0.7978845608028654f /* sqrt(2 / pi) */
#define GELU_B 0.044715f

static void geglu(float *restrict y, const float *restrict gu, int F)
{
	const float *restrict up = gu + F;
	for (int f = 0; f < F; f++) {
		float g = gu[f], th = tanh_fast(GELU_A * g * (1.0f + GELU_B * g * g));
		y[f] = 0.5f * g * (1.0f + th) * up[f];
	}
}

static void geglu_backward(float *dgu, const float *restrict dy, const float *gu, int F)
{
	ROWS_APART
	for (int f = 0; f < F; f++) {
		float g = gu[f], u = gu[F + f];
		float th = tanh_fast(GELU_A * g * (1.0f + GELU_B * g * g));
		float slope = 0.5f * (1.0f + th) +
			      0.5f * g * (1.0f - th * th) * GELU_A * (1.0f + 3.0f * GELU_B * g * g);
		dgu[f] = dy[f] * u * slope;
		dgu[F + f] = dy[f] * 0.5f * g * (1.0f + th);
	}
}

static void cap(float *x, int n, float most)
{
	float by = 1.0f / most;
	for (int i = 0; i < n; i++)
		x[i] = most * tanh_fast(x[i] * by);
}

static void cap_backward(float *restrict dx, const float *restrict y, int n, float most)
{
	float by = 1.0f / most;
	for (int i = 0; i < n; i++)
		dx[i] *= 1.0f - y[i] * by * (y[i] * by);
}

static const struct tw_row_kernels rows = {.name = ROWS_NAME,
					   .dot = dot,
					   .sum = sum_of,
					   .max = most_of,
					   .exp = exp_row,
					   .exp_sum = exp_sum,
					   .score_backward = score_backward,
					   .norm = norm,
					   .norm_backward = norm_backward,
					   .rotate_halves = rotate_halves,
					   .rotate_pairs = rotate_pairs,
					   .swiglu = swiglu,
					   .swiglu_backward = swiglu_backward,
					   .geglu = geglu,
					   .geglu_backward = geglu_backward,
					   .cap = cap,
					   .cap_backward = cap_backward,
					   .from_q4_0 = from_q4_0,
					   .from_q4_1 = from_q4_1,
					   .from_q8_0 = from_q8_0};
