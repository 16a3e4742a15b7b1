/* base/chart_int.h: what text and SVG share: which points there are, and the range that they take. */
#ifndef TW_BASE_CHART_INT_H
#define TW_BASE_CHART_INT_H

#include "base/chart.h"

struct tw_frame {
	double x_lo, x_hi; /* of the points */
	struct tw_ticks x, y;
	double y_lo, y_hi; /* the outer ticks */
};

/* False when there is no point to draw. */
bool tw_chart_frame(struct tw_frame *out, const struct tw_chart *c, int x_ticks, int y_ticks);

/* Points that are finite, in order, in arrays of the heap: free(p->x) frees all. */
struct tw_points {
	double *x, *y, *mean; /* mean: of a noisy curve, else y */
	size_t n;
};
struct tw_points tw_points_of(const struct tw_curve *c);

/* 0 to 1, from the left and from the bottom. */
static inline double tw_frame_x(const struct tw_frame *f, double x)
{
	return f->x_hi > f->x_lo ? (x - f->x_lo) / (f->x_hi - f->x_lo) : 0.5;
}
static inline double tw_frame_y(const struct tw_frame *f, double y)
{
	return (y - f->y_lo) / (f->y_hi - f->y_lo);
}

#endif
