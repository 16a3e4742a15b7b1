/*
 * The gate of promotion: what a model version must reach to serve.
 */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "training/evaluate.h"

static double value_of(const struct tw_metric_list *metrics, const char *name)
{
	for (size_t i = 0; i < metrics->n; i++)
		if (strcmp(metrics->at[i].name, name) == 0)
			return metrics->at[i].value;
	return NAN;
}

struct rule {
	const char *metric;
	double limit; /* 0: not asked */
	bool at_most; /* else at least */
};

static void judge(struct tw_str *failed, const struct tw_metric_list *metrics, const struct rule *r)
{
	const double v = value_of(metrics, r->metric);
	const char *side = r->at_most ? "at most" : "at least";
	if (r->limit <= 0 || (r->at_most ? v <= r->limit : v >= r->limit))
		return;
	if (failed->len)
		tw_str_adds(failed, "; ");
	if (isnan(v))
		tw_str_addf(failed, "%s was not measured, %s %.6g is asked", r->metric, side,
			    r->limit);
	else
		tw_str_addf(failed, "%s is %.6g, %s %.6g is asked", r->metric, v, side, r->limit);
}

enum tw_status tw_gate_check(const struct tw_metric_list *metrics,
			     const struct tw_evaluation_options *gate, struct tw_err *err)
{
	const struct rule rules[] = {
		{"test_loss_ratio", gate->max_test_loss_ratio, true},
		{"style_delta_ratio", gate->max_style_ratio, true},
		{"hit5", gate->min_hit5, false},
	};
	struct tw_str failed = TW_STR_INIT;
	enum tw_status st = TW_OK;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		judge(&failed, metrics, &rules[i]);
	if (failed.len)
		st = tw_fail(err, TW_BLOCKED,
			     "the gate says no: %s. Train longer or on more writing, or change "
			     "`evaluation:` in twin.yaml",
			     tw_str_c(&failed));
	tw_str_release(&failed);
	return st;
}
