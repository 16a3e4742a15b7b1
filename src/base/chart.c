/* Ranges, ticks and means. Drawing is in chart_text.c and chart_svg.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/chart_int.h"

#define MOST_HALF 250

/* --- ticks --- */

/* The smallest of 1, 2 and 5 times a power of ten that is not below x. */
static double nice_step(double x)
{
	double power = pow(10, floor(log10(x)));
	double part = x / power;
	return power * (part <= 1.0000001 ? 1 : part <= 2.0000001 ? 2 : part <= 5.0000001 ? 5 : 10);
}

static struct tw_ticks with_step(double lo, double hi, double step, bool cover)
{
	const double slack = 1e-9; /* of a step: what binary fractions are off */
	double first = cover ? floor(lo / step + slack) : ceil(lo / step - slack);
	double last = cover ? ceil(hi / step - slack) : floor(hi / step + slack);
	return (struct tw_ticks){first * step, step, last < first ? 0 : (int)(last - first) + 1};
}

struct tw_ticks tw_ticks_of(double lo, double hi, int most, bool cover, double least)
{
	if (!(hi > lo)) {
		double wide = lo != 0 ? fabs(lo) / 10 : 1;
		lo -= wide;
		hi += wide;
	}
	double step = nice_step((hi - lo) / (most > 1 ? most - 1 : 1));
	step = step < least ? nice_step(least) : step;
	struct tw_ticks t = with_step(lo, hi, step, cover);
	while (t.n > most) {
		step = nice_step(step * 1.5);
		t = with_step(lo, hi, step, cover);
		if (t.n <= 2)
			break;
	}
	return t;
}

static int exponent(double x)
{
	return (int)floor(log10(fabs(x)) + 1e-9);
}

/* A number with the digits that its place needs: 2.5e-4 with steps of 5e-5. */
static void add_scientific(struct tw_str *out, double v, double step)
{
	int e = exponent(v), digits = e - exponent(step);
	tw_str_addf(out, "%.*fe%d", digits > 0 ? digits : 0, v / pow(10, e), e);
}

void tw_tick_label(struct tw_str *out, const struct tw_ticks *t, int i)
{
	static const struct {
		double from, unit;
		const char *name;
	} large[] = {{1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}};
	double v = t->first + i * t->step;
	double end = fabs(t->first + (t->n - 1) * t->step);
	double most = fabs(t->first) > end ? fabs(t->first) : end;
	if (fabs(v) < t->step * 1e-6) {
		tw_str_addc(out, '0');
		return;
	}
	if (most < 0.01) {
		add_scientific(out, v, t->step);
		return;
	}
	size_t unit = 0;
	while (unit < sizeof(large) / sizeof(*large) && most < large[unit].from)
		unit++;
	bool plain = unit == sizeof(large) / sizeof(*large);
	double scale = plain ? 1 : large[unit].unit;
	int digits = -exponent(t->step / scale);
	tw_str_addf(out, "%.*f%s", digits > 0 ? digits : 0, v / scale,
		    plain ? "" : large[unit].name);
}

/* --- points --- */

/* Value at point i of the line that fits its neighbours best, weighted by nearness: unlike a mean it is not drawn
 * inwards at the ends (Cleveland 1979). */
static double fit_at(const double *y, size_t n, size_t i, size_t half)
{
	double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
	size_t from = i < half ? 0 : i - half, to = i + half < n ? i + half + 1 : n;
	for (size_t k = from; k < to; k++) {
		double x = (double)k - (double)i, weight = (double)(half + 1) - fabs(x);
		if (!isfinite(y[k]))
			continue;
		w += weight;
		wx += weight * x;
		wy += weight * y[k];
		wxx += weight * x * x;
		wxy += weight * x * y[k];
	}
	double det = w * wxx - wx * wx;
	return w <= 0 ? NAN : det > 1e-9 ? (wxx * wy - wx * wxy) / det : wy / w;
}

void tw_running_mean(double *out, const double *y, size_t n)
{
	size_t half = n / 10 < MOST_HALF ? n / 10 : MOST_HALF; /* points to each side */
	for (size_t i = 0; i < n; i++)
		out[i] = fit_at(y, n, i, half);
}

struct tw_points tw_points_of(const struct tw_curve *c)
{
	struct tw_points p = {0};
	p.x = tw_xcalloc(3 * c->n + 1, sizeof(*p.x));
	p.y = p.x + c->n;
	for (size_t i = 0; i < c->n; i++)
		if (isfinite(c->x[i]) && isfinite(c->y[i])) {
			p.x[p.n] = c->x[i];
			p.y[p.n++] = c->y[i];
		}
	p.mean = p.y;
	if (c->noisy) {
		p.mean = p.y + c->n;
		tw_running_mean(p.mean, p.y, p.n);
	}
	return p;
}

static void widen(double *lo, double *hi, double v)
{
	*lo = v < *lo ? v : *lo;
	*hi = v > *hi ? v : *hi;
}

bool tw_chart_frame(struct tw_frame *out, const struct tw_chart *c, int x_ticks, int y_ticks)
{
	struct tw_frame f = {INFINITY, -INFINITY, .y_lo = INFINITY, .y_hi = -INFINITY};
	for (size_t k = 0; k < c->n; k++)
		for (size_t i = 0; i < c->curves[k].n; i++) {
			double x = c->curves[k].x[i], y = c->curves[k].y[i];
			if (!isfinite(x) || !isfinite(y))
				continue;
			widen(&f.x_lo, &f.x_hi, x);
			widen(&f.y_lo, &f.y_hi, y);
		}
	if (f.x_lo > f.x_hi)
		return false;
	if (f.x_lo > 0 && f.x_lo < (f.x_hi - f.x_lo) / 20) /* counted from one */
		f.x_lo = 0;
	if (c->from_zero)
		widen(&f.y_lo, &f.y_hi, 0);
	f.x = f.x_hi > f.x_lo ? tw_ticks_of(f.x_lo, f.x_hi, x_ticks, false, 1)
			      : (struct tw_ticks){f.x_lo, 1, 1};
	f.y = tw_ticks_of(f.y_lo, f.y_hi, y_ticks, true, 0);
	f.y_lo = f.y.first;
	f.y_hi = f.y.first + (f.y.n - 1) * f.y.step;
	*out = f;
	return true;
}
