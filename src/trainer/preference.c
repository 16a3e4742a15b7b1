#include "trainer/preference_int.h"

#include <math.h>

/* -log s(x), where e^x may overflow. */
static double minus_log_sigmoid(double x)
{
	return x > 0 ? log1p(exp(-x)) : log1p(exp(x)) - x;
}

static double sigmoid(double x)
{
	return x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

/* Loss and derivative at x, of which a share e is the loss of the pair the other way round. */
static double logistic(double *d, double x, double e)
{
	*d = e * sigmoid(x) - (1 - e) * sigmoid(-x);
	return (1 - e) * minus_log_sigmoid(x) + e * minus_log_sigmoid(-x);
}

/* Of h, whose derivative by logp[i] is ±1 / by[i]. */
static double dpo(double *d, const struct tw_preference *p, double h)
{
	double slope, loss;
	switch (p->kind) {
	case TW_PREFERENCE_HINGE:
		loss = fmax(0, 1 - p->beta * h);
		*d = loss > 0 ? -p->beta : 0;
		return loss;
	case TW_PREFERENCE_IPO:
		*d = 2 * (h - 1 / (2 * p->beta));
		return *d * *d / 4;
	default:
		loss = logistic(&slope, p->beta * h, p->smoothing);
		*d = p->beta * slope;
		return loss;
	}
}

static struct tw_pair_loss dpo_loss(const struct tw_preference *p, const struct tw_pair *pair)
{
	struct tw_pair_loss out = {0};
	double r[2], by[2], d;
	for (int i = 0; i < 2; i++) {
		bool mean = p->kind == TW_PREFERENCE_IPO || p->length_normalized;
		by[i] = mean ? pair->n[i] : 1;
		r[i] = (pair->logp[i] - pair->ref[i]) / by[i];
		out.reward[i] = p->beta * r[i];
	}
	out.loss = dpo(&d, p, r[0] - r[1]);
	out.dlogp[0] = d / by[0];
	out.dlogp[1] = -d / by[1];
	out.loss -= p->rpo_alpha * pair->logp[0] / pair->n[0];
	out.dlogp[0] -= p->rpo_alpha / pair->n[0];
	return out;
}

/* log(P / (1 - P)) of a mean log-probability, and its derivative; P is kept off 1, where both are infinite. */
static double log_odds(double *d, double mean)
{
	double m = fmin(mean, -1e-7);
	*d = -1 / expm1(m);
	return m + log(*d);
}

static struct tw_pair_loss orpo_loss(const struct tw_preference *p, const struct tw_pair *pair)
{
	struct tw_pair_loss out = {0};
	double odds[2], dodds[2], d;
	for (int i = 0; i < 2; i++) {
		double mean = pair->logp[i] / pair->n[i];
		odds[i] = log_odds(&dodds[i], mean);
		out.reward[i] = p->beta * mean;
	}
	double sft = -pair->logp[0] / pair->n[0];
	out.loss = sft + p->beta * logistic(&d, odds[0] - odds[1], 0);
	out.dlogp[0] = (p->beta * d * dodds[0] - 1) / pair->n[0];
	out.dlogp[1] = -p->beta * d * dodds[1] / pair->n[1];
	return out;
}

static struct tw_pair_loss simpo_loss(const struct tw_preference *p, const struct tw_pair *pair)
{
	struct tw_pair_loss out = {0};
	double d;
	for (int i = 0; i < 2; i++)
		out.reward[i] = p->beta * pair->logp[i] / pair->n[i];
	out.loss = logistic(&d, out.reward[0] - out.reward[1] - p->gamma, p->smoothing);
	out.dlogp[0] = d * p->beta / pair->n[0];
	out.dlogp[1] = -d * p->beta / pair->n[1];
	return out;
}

struct tw_pair_loss tw_preference_loss(const struct tw_preference *p, const struct tw_pair *pair)
{
	switch (p->kind) {
	case TW_PREFERENCE_ORPO:
		return orpo_loss(p, pair);
	case TW_PREFERENCE_SIMPO:
		return simpo_loss(p, pair);
	default:
		return dpo_loss(p, pair);
	}
}
