/*
 * base/chart.h: line charts, as text for a terminal and as an SVG.
 *
 * A chart draws curves over one x axis and knows nothing of what they mean.
 * Everything that it is given is borrowed for the call. The first chart of a
 * list is drawn large, those behind it small, three in a row.
 */
#ifndef TW_BASE_CHART_H
#define TW_BASE_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

#define TW_CHART_COLORS 8

struct tw_curve {
	const char *name;    /* in the legend; NULL: not in it */
	const double *x, *y; /* n points, x ascending; those that are not finite are left out */
	size_t n;
	int color;   /* modulo TW_CHART_COLORS */
	bool marked; /* each point gets a mark: for few points */
	bool dashed; /* in an SVG */
	bool noisy;  /* the points faint, a running mean clear */
};

struct tw_chart {
	const char *title;
	const char *x_name; /* may be NULL */
	const struct tw_curve *curves;
	size_t n;
	bool from_zero; /* the y axis begins at 0 */
};

/* How a text is to look. */
struct tw_chart_look {
	int width; /* columns, at least 40 */
	bool color, utf8;
};

/* That of a stream: the terminal's width (80 when it is none), colours as tw_color() gives them, the locale's charset. */
struct tw_chart_look tw_chart_look_of(FILE *f);

/* Charts without a point to draw are left out. Each line ends with a newline and has no blanks before it. */
void tw_chart_text(struct tw_str *out, const struct tw_chart *charts, size_t n,
		   const struct tw_chart_look *look);

/* A document of its own, light and dark as the reader's browser prefers. `subtitle` may be NULL. */
void tw_chart_svg(struct tw_str *out, const char *title, const char *subtitle,
		  const struct tw_chart *charts, size_t n);

/* --- axes --- */

/* first, first + step, …: n round numbers (Heckbert 1990). */
struct tw_ticks {
	double first, step;
	int n;
};

/* At most `most` (2 or more). `cover`: the outer ones lie on or beyond lo and hi, else within. Steps are never below `least`. */
struct tw_ticks tw_ticks_of(double lo, double hi, int most, bool cover, double least);
/* "0.25", "5e-4", "20k": as short as tells neighbours apart. */
void tw_tick_label(struct tw_str *out, const struct tw_ticks *t, int i);

/* What is left without the noise: around each point a tenth of all to both sides counts. As long as y; points that are
 * not finite are passed over. */
void tw_running_mean(double *out, const double *y, size_t n);

#endif
