/* Which curves a run has, and what they are called. Drawing is base/chart.h's work. */
#include <string.h>

#include "app/run_view.h"
#include "base/chart.h"
#include "base/vec.h"

#define VALID	    "valid_"
#define NOISY_FROM  8  /* points: fewer need no mean */
#define MARKED_MOST 24 /* points of a validation that get a mark each */

static const struct {
	const char *name, *title;
	bool from_zero;
} known[] = {
	{"loss", "loss", false},
	{"lr", "learning rate", true},
	{"grad_norm", "gradient norm", true},
	{"tokens_per_s", "tokens/s", true},
};
enum { N_KNOWN = sizeof(known) / sizeof(*known) };

struct charts TW_VEC_BODY(struct tw_chart);
struct names TW_VEC_BODY(const char *);

/* Of one figure, or a cost: not curves that anybody looks at. */
static bool is_drawn(const struct tw_run_view *v, const char *name)
{
	return tw_run_curve(v, name).n >= 2 && !tw_ends_with(name, "_seconds");
}

static bool has(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->n; i++)
		if (tw_streq(n->at[i], name))
			return true;
	return false;
}

/* What there is to draw, without "valid_": the known ones, then the rest as they come. */
static struct names names_of(const struct tw_run_view *v, size_t n)
{
	struct names out = {0};
	for (size_t k = 0; k < N_KNOWN; k++)
		tw_vec_push(&out, known[k].name);
	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; i < v[r].metrics.n; i++) {
			const char *name = v[r].metrics.at[i].name;
			const char *base =
				tw_starts_with(name, VALID) ? name + strlen(VALID) : name;
			if (!has(&out, base) && is_drawn(&v[r], name))
				tw_vec_push(&out, base);
		}
	return out;
}

static const char *title_of(const char *name, bool *from_zero, struct tw_arena *a)
{
	*from_zero = false;
	for (size_t k = 0; k < N_KNOWN; k++)
		if (tw_streq(known[k].name, name)) {
			*from_zero = known[k].from_zero;
			return known[k].title;
		}
	char *title = tw_strdup(a, name);
	for (char *p = title; *p; p++)
		*p = *p == '_' ? ' ' : *p;
	return title;
}

static struct tw_curve curve_of(const struct tw_metrics *m, const char *name, int color,
				struct tw_arena *a)
{
	double *x = TW_NEW_ARRAY(a, m->n + 1, double), *y = TW_NEW_ARRAY(a, m->n + 1, double);
	for (size_t i = 0; i < m->n; i++) {
		x[i] = (double)m->at[i].step;
		y[i] = m->at[i].value;
	}
	return (struct tw_curve){.name = name, .x = x, .y = y, .n = m->n, .color = color};
}

/* Of each run the training and the validation; of one run these have names and colours of their own. */
static struct tw_chart chart_of(const struct tw_run_view *v, size_t n, const char *name,
				struct tw_arena *a)
{
	struct tw_chart c = {.x_name = "step"};
	struct tw_curve *at = TW_NEW_ARRAY(a, 2 * n, struct tw_curve);
	const char *valid = tw_sprintf(a, VALID "%s", name);
	c.title = title_of(name, &c.from_zero, a);
	for (size_t r = 0; r < n; r++) {
		const struct tw_metrics train = tw_run_curve(&v[r], name);
		const struct tw_metrics other = tw_run_curve(&v[r], valid);
		const char *label = n > 1     ? tw_sprintf(a, "run %lld", (long long)v[r].run.id)
				    : other.n ? "training"
					      : NULL;
		if (train.n) {
			at[c.n] = curve_of(&train, label, (int)r, a);
			at[c.n++].noisy = train.n >= NOISY_FROM && !tw_streq(name, "lr");
		}
		if (other.n) {
			at[c.n] = curve_of(&other,
					   n > 1 && train.n ? NULL
					   : n > 1	    ? label
							    : "validation",
					   n > 1 ? (int)r : 1, a);
			at[c.n].dashed = n > 1 && train.n;
			at[c.n++].marked = other.n <= MARKED_MOST;
		}
	}
	c.curves = at;
	return c;
}

static struct charts charts_of(const struct tw_run_view *v, size_t n, struct tw_arena *a)
{
	struct charts out = {0};
	struct names names = names_of(v, n);
	for (size_t i = 0; i < names.n; i++) {
		bool drawn = false;
		const char *valid = tw_sprintf(a, VALID "%s", names.at[i]);
		for (size_t r = 0; r < n; r++)
			drawn |= is_drawn(&v[r], names.at[i]) || is_drawn(&v[r], valid);
		if (!drawn)
			continue;
		struct tw_chart c = chart_of(v, n, names.at[i], a);
		if (out.n) { /* the first chart's legend is enough, and its axis */
			c.x_name = NULL;
			for (size_t k = 0; n > 1 && k < c.n; k++)
				((struct tw_curve *)(uintptr_t)c.curves)[k].name = NULL;
		}
		tw_vec_push(&out, c);
	}
	tw_vec_release(&names);
	return out;
}

void tw_run_charts_text(FILE *f, const struct tw_run_view *v, size_t n, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct charts charts = charts_of(v, n, a);
	const struct tw_chart_look look = tw_chart_look_of(f);
	tw_chart_text(&s, charts.at, charts.n, &look);
	if (s.len)
		fprintf(f, "\n%s", tw_str_c(&s));
	tw_str_release(&s);
	tw_vec_release(&charts);
}

static void add_end(struct tw_str *s, const struct tw_run_view *v, const char *name,
		    const char *word)
{
	const struct tw_metrics m = tw_run_curve(v, name);
	if (m.n)
		tw_str_addf(s, " · %s %.3f", word, m.at[m.n - 1].value);
}

void tw_run_charts_svg(struct tw_str *out, const struct tw_run_view *v, size_t n,
		       struct tw_arena *a)
{
	struct tw_str title = TW_STR_INIT, under = TW_STR_INIT;
	struct charts charts = charts_of(v, n, a);
	tw_str_addf(&title, n > 1 ? "Runs" : "Run");
	for (size_t r = 0; r < n; r++)
		tw_str_addf(&title, "%s %lld", r ? "," : "", (long long)v[r].run.id);
	if (n == 1) {
		tw_str_addf(&under, "%s · %s", v->run.kind, v->run.status);
		add_end(&under, v, "loss", "loss");
		add_end(&under, v, "valid_loss", "validation");
	} else {
		tw_str_adds(&under, "dashed: validation");
	}
	tw_chart_svg(out, tw_str_c(&title), tw_str_c(&under), charts.at, charts.n);
	tw_str_release(&title);
	tw_str_release(&under);
	tw_vec_release(&charts);
}
