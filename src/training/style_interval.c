/*
 * How sure a distance of style is: a bootstrap over titles (Efron and Tibshirani 1993, chapter 13). A sample of titles,
 * drawn with replacement, is the same for both models. A sample repeats titles and so has fewer different words than the
 * answers have, which makes its distances larger; the intervals are moved back by the mean of that.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "training/style.h"

#define SAMPLES	   1000
#define TITLES_MIN 5

struct sums {
	double *base, *adapted; /* tw_style_size() each */
};

static void add_title(struct sums *to, const struct tw_style_answers *c, size_t title)
{
	const size_t size = tw_style_size(c->style);
	for (size_t i = 0; i < size; i++) {
		to->base[i] += c->base[title * size + i];
		to->adapted[i] += c->adapted[title * size + i];
	}
}

static void clear(struct sums *s, const struct tw_style_answers *c)
{
	memset(s->base, 0, tw_style_size(c->style) * sizeof(*s->base));
	memset(s->adapted, 0, tw_style_size(c->style) * sizeof(*s->adapted));
}

static void measure(double out[TW_STYLE_FIGURES], const struct tw_style_answers *c,
		    const struct sums *s)
{
	out[TW_STYLE_BASE] = tw_style_distance(c->style, s->base, c->author);
	out[TW_STYLE_ADAPTED] = tw_style_distance(c->style, s->adapted, c->author);
	out[TW_STYLE_RATIO] = out[TW_STYLE_ADAPTED] / out[TW_STYLE_BASE];
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void set_interval(struct tw_style_figure *f, double *samples)
{
	double mean = 0;
	for (size_t i = 0; i < SAMPLES; i++)
		mean += samples[i] / SAMPLES;
	if (!isfinite(mean) || !isfinite(f->value))
		return;
	qsort(samples, SAMPLES, sizeof(*samples), by_value);
	f->low = samples[SAMPLES / 40] - (mean - f->value);
	f->high = samples[SAMPLES - 1 - SAMPLES / 40] - (mean - f->value);
}

static void sample(struct tw_style_figure *out, const struct tw_style_answers *c, struct sums *s,
		   uint64_t seed, struct tw_arena *a)
{
	double *samples[TW_STYLE_FIGURES];
	for (int f = 0; f < TW_STYLE_FIGURES; f++)
		samples[f] = TW_NEW_ARRAY(a, SAMPLES, double);
	for (size_t k = 0; k < SAMPLES; k++) {
		double figures[TW_STYLE_FIGURES];
		clear(s, c);
		for (size_t i = 0; i < c->n; i++)
			add_title(s, c, tw_random_u64(&seed) % c->n);
		measure(figures, c, s);
		for (int f = 0; f < TW_STYLE_FIGURES; f++)
			samples[f][k] = figures[f];
	}
	for (int f = 0; f < TW_STYLE_FIGURES; f++)
		set_interval(&out[f], samples[f]);
}

void tw_style_compare(struct tw_style_figure out[TW_STYLE_FIGURES],
		      const struct tw_style_answers *c, uint64_t seed)
{
	const size_t size = tw_style_size(c->style);
	double figures[TW_STYLE_FIGURES];
	struct tw_arena a;
	tw_arena_init(&a);
	struct sums s = {TW_NEW_ARRAY(&a, size, double), TW_NEW_ARRAY(&a, size, double)};
	for (size_t i = 0; i < c->n; i++)
		add_title(&s, c, i);
	measure(figures, c, &s);
	for (int f = 0; f < TW_STYLE_FIGURES; f++)
		out[f] = (struct tw_style_figure){figures[f], NAN, NAN};
	if (c->n >= TITLES_MIN)
		sample(out, c, &s, seed, &a);
	tw_arena_release(&a);
}
