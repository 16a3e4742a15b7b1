/*
 * app/run_view.h: a run as people look at it: with its curves and samples, and with those of the parts before it
 * when it went on where a run of the same job had been stopped.
 */
#ifndef TW_APP_RUN_VIEW_H
#define TW_APP_RUN_VIEW_H

#include "app/app.h"
#include "base/json.h"
#include "core/samples.h"

#define TW_RUNS_COMPARED 8 /* as many as there are colours */

struct tw_run_view {
	struct tw_run run;
	const struct tw_json *params, *inputs, *outputs; /* objects */
	struct tw_metrics metrics;
	struct tw_run_samples samples;
};

/* `ref`: a number, or "last": the newest training that has curves. In the app's arena. */
TW_MUST_USE enum tw_status tw_run_view_load(struct tw_run_view *out, struct tw_app *app,
					    const char *ref, struct tw_err *err);

/* The points of one metric; n is 0 when there are none. */
struct tw_metrics tw_run_curve(const struct tw_run_view *v, const char *name);

/* --- charts --- */

/* Charts of the metrics that have curves, loss first; "valid_x" is drawn with "x". Several runs in the same charts, a colour each. */
void tw_run_charts_text(FILE *f, const struct tw_run_view *v, size_t n, struct tw_arena *a);
void tw_run_charts_svg(struct tw_str *out, const struct tw_run_view *v, size_t n,
		       struct tw_arena *a);

/* --- tables, on stdout --- */

/* Parameters and inputs that differ, then how each ended. */
void tw_run_compare(struct tw_app *app, const struct tw_run_view *v, size_t n);
/* What the model answered before the training and after it, side by side. Nothing when there are none. */
void tw_run_samples_print(FILE *f, const struct tw_run_view *v, struct tw_arena *a);

#endif
