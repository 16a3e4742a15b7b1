/*
 * Adafactor (Shazeer & Stern 2018, algorithm 4) at a given learning rate, as trainers of transformers use it: no first
 * moment, steps not scaled by the parameters' size, decay of the second moment 1 - t^-0.8, updates clipped to RMS 1.
 * The second moment of a matrix is kept as the means of its rows and of its columns; that of a vector whole.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "trainer/optim_int.h"

#define EPS1	  1e-30
#define CLIP	  1.0
#define DECAY_POW (-0.8)

static bool is_factored(const struct tw_param *q)
{
	return q->rows > 1 && q->cols > 1;
}

static size_t state_size(const struct tw_param *q)
{
	return is_factored(q) ? (size_t)q->rows + (size_t)q->cols : tw_param_size(q);
}

struct adafactor {
	const struct tw_params *ps;
	const struct tw_optim_step *s;
	float *state;
	size_t *from; /* of each matrix in it */
};

/* Moving averages over rows and columns of g^2 + eps1; `column` (cols) is scratch. */
static void average(float *row, float *col, double *column, const float *g,
		    const struct tw_param *q, double scale, double beta)
{
	for (int k = 0; k < q->cols; k++)
		column[k] = 0;
	for (int i = 0; i < q->rows; i++) {
		double sum = 0;
		for (int k = 0; k < q->cols; k++) {
			double x = scale * (double)g[(size_t)i * (size_t)q->cols + (size_t)k];
			sum += x * x + EPS1;
			column[k] += x * x + EPS1;
		}
		row[i] = (float)(beta * (double)row[i] + (1 - beta) * sum / q->cols);
	}
	for (int k = 0; k < q->cols; k++)
		col[k] = (float)(beta * (double)col[k] + (1 - beta) * column[k] / q->rows);
}

/* row (rows) and col (cols): what gradients are multiplied with, 1 / sqrt(row col / mean(row)). */
static void factors(double *row_factor, double *col_factor, const float *row, const float *col,
		    const struct tw_param *q)
{
	double mean = 0;
	for (int i = 0; i < q->rows; i++)
		mean += (double)row[i] / q->rows;
	for (int i = 0; i < q->rows; i++)
		row_factor[i] = sqrt(mean / (double)row[i]);
	for (int k = 0; k < q->cols; k++)
		col_factor[k] = 1 / sqrt((double)col[k]);
}

/* p -= lr (update / max(1, RMS(update) / clip)) + lr decay p, the update being g row col. */
static void apply(float *p, const float *g, const double *row, const double *col,
		  const struct tw_param *q, const struct tw_optim_step *s)
{
	const size_t cols = (size_t)q->cols;
	const double lr = s->lr * q->rate, keep = 1 - lr * s->o->weight_decay;
	double square = 0;
	for (size_t i = 0; i < (size_t)q->rows; i++) {
		double sum = 0;
		for (size_t k = 0; k < cols; k++) {
			double u = (double)g[i * cols + k] * col[k];
			sum += u * u;
		}
		square += sum * row[i] * row[i];
	}
	double rms = (double)s->scale * sqrt(square / (double)tw_param_size(q));
	double rate = lr * (double)s->scale / fmax(1, rms / CLIP);
	for (size_t i = 0; i < (size_t)q->rows; i++)
		for (size_t k = 0; k < cols; k++) {
			float *x = p + i * cols + k;
			*x = (float)(keep * (double)*x -
				     rate * row[i] * col[k] * (double)g[i * cols + k]);
		}
}

static void update(void *ctx, size_t i)
{
	const struct adafactor *a = ctx;
	const struct tw_optim_step *s = a->s;
	struct tw_param q = a->ps->at[i];
	const float *g = s->g + q.at;
	float *v = a->state + a->from[i];
	const double beta = 1 - pow((double)s->step, DECAY_POW);
	if (!is_factored(&q)) { /* as one row */
		q.cols = q.rows * q.cols;
		q.rows = 1;
	}
	double *row = tw_xcalloc((size_t)q.rows + (size_t)q.cols, sizeof(*row));
	double *col = row + q.rows;
	if (is_factored(&q)) {
		average(v, v + q.rows, col, g, &q, (double)s->scale, beta);
		factors(row, col, v, v + q.rows, &q);
	} else {
		float unused = 0;
		average(&unused, v, col, g, &q, (double)s->scale, beta);
		row[0] = 1;
		for (int k = 0; k < q.cols; k++)
			col[k] = 1 / sqrt((double)v[k]);
	}
	apply(s->p + q.at, g, row, col, &q, s);
	free(row);
}

static size_t bytes(const struct tw_params *ps)
{
	size_t n = 0;
	for (size_t i = 0; i < ps->n; i++)
		n += state_size(&ps->at[i]);
	return n * sizeof(float);
}

static void run_step(const struct tw_compute *c, void *state, const struct tw_params *ps,
		     const struct tw_optim_step *s)
{
	struct adafactor a = {ps, s, state, tw_xcalloc(ps->n + 1, sizeof(*a.from))};
	for (size_t i = 0; i < ps->n; i++)
		a.from[i + 1] = a.from[i] + state_size(&ps->at[i]);
	tw_for_params(c, ps, update, &a);
	free(a.from);
}

const struct tw_optim tw_optim_adafactor = {.name = "adafactor", .bytes = bytes, .step = run_step};
