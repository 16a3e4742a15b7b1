#include <string.h>

#include "app/model_kind.h"
#include "app/print.h"
#include "app/show.h"
#include "base/json.h"

static const struct tw_column model_columns[] = {
	{"ref", "model", TW_COL_TEXT, 0},
	{"deployed", "champion", TW_COL_MARK, 0},
	{"test_loss", "test loss", TW_COL_NUMBER, 0},
	{"base", "base", TW_COL_TEXT, 44},
	{"kind", "file", TW_COL_TEXT, 0},
	{"adapter", "", TW_COL_DIGEST, 0},
	{"run", "run", TW_COL_NUMBER, 0},
	{"created_ms", "made", TW_COL_TIME, 0},
	{"tainted", "note", TW_COL_TEXT, 40},
	{0},
};

static void write_model(struct tw_json_writer *w, const struct tw_model_version *v, int deployed,
			struct tw_app *app)
{
	struct tw_arena *a = &app->arena;
	const struct tw_json *metrics = tw_json_of(v->metrics, a);
	tw_jw_object(w, NULL);
	tw_jw_str(w, "ref", tw_sprintf(a, "v%d", v->version));
	tw_jw_bool(w, "deployed", v->version == deployed);
	tw_jw_int(w, "run", v->run);
	tw_jw_str(w, "dataset", v->dataset);
	tw_jw_str(w, "service", v->service);
	tw_jw_str(w, "base", v->base_spec);
	tw_jw_str(w, "base_digest", v->base_digest);
	tw_jw_str(w, "kind", tw_model_kind(app, v));
	tw_jw_str(w, "adapter", v->adapter);
	tw_jw_raw(w, "signature", v->signature[0] ? v->signature : "{}");
	if (tw_json_get(metrics, "test_loss"))
		tw_jw_real(w, "test_loss", tw_json_real(tw_json_get(metrics, "test_loss"), 0));
	tw_jw_raw(w, "metrics", v->metrics[0] ? v->metrics : "{}");
	tw_jw_str(w, "tainted", v->tainted);
	tw_jw_int(w, "created_ms", v->created_ms);
	tw_jw_end(w);
}

static enum tw_status deployed_model(int *out, struct tw_app *app, struct tw_err *err)
{
	struct tw_deployment d;
	struct tw_err none = TW_ERR_INIT;
	*out = 0;
	enum tw_status st = tw_mr_deployment(&d, app->mr, 0, &app->arena, &none);
	if (st == TW_OK)
		*out = d.model;
	else if (st != TW_NOT_FOUND)
		return tw_fail(err, st, "%s", none.msg);
	return TW_OK;
}

enum tw_status tw_show_models(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			      struct tw_err *err)
{
	struct tw_model_versions all = {0};
	struct tw_model_version one;
	int deployed;
	enum tw_status st = deployed_model(&deployed, app, err);
	if (st == TW_OK)
		st = ref ? tw_mr_model(&one, app->mr, ref, &app->arena, err)
			 : tw_mr_models(&all, app->mr, &app->arena, err);
	if (st != TW_OK)
		return st;
	const size_t shown = tw_show_n(o, all.n);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	if (ref) {
		write_model(&w, &one, deployed, app);
		tw_print_object(app, &s);
	} else {
		tw_jw_array(&w, NULL);
		for (size_t i = 0; i < shown; i++)
			write_model(&w, &all.at[i], deployed, app);
		tw_jw_end(&w);
		tw_print_list(app, &s, model_columns, "no models yet: `twin train`");
		tw_print_more(all.n - shown);
	}
	tw_str_release(&s);
	return TW_OK;
}

static const struct tw_column deployment_columns[] = {
	{"revision", "revision", TW_COL_NUMBER, 0},
	{"active", "active", TW_COL_MARK, 0},
	{"model", "model", TW_COL_TEXT, 0},
	{"reason", "reason", TW_COL_TEXT, 40},
	{"service", "service", TW_COL_DIGEST, 0},
	{"created_ms", "since", TW_COL_TIME, 0},
	{0},
};

static void write_deployment(struct tw_json_writer *w, const struct tw_deployment *d, bool active,
			     struct tw_arena *a)
{
	tw_jw_object(w, NULL);
	tw_jw_int(w, "revision", d->revision);
	tw_jw_bool(w, "active", active);
	tw_jw_str(w, "model", tw_sprintf(a, "v%d", d->model));
	tw_jw_str(w, "service", d->service);
	tw_jw_raw(w, "settings", d->settings[0] ? d->settings : "{}");
	tw_jw_str(w, "reason", d->reason);
	tw_jw_int(w, "created_ms", d->created_ms);
	tw_jw_end(w);
}

enum tw_status tw_show_deployments(struct tw_app *app, const char *ref,
				   const struct tw_show_options *o, struct tw_err *err)
{
	struct tw_deployments all;
	int64_t revision = 0;
	if (ref && tw_parse_i64(&revision, ref, NULL) != TW_OK)
		return tw_fail(err, TW_BAD_USE,
			       "\"%s\" is no revision; usage: twin show deployment NUMBER", ref);
	enum tw_status st = tw_mr_deployments(&all, app->mr, 0, &app->arena, err);
	if (st != TW_OK)
		return st;
	const size_t n = ref ? all.n : tw_show_n(o, all.n);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	if (!ref)
		tw_jw_array(&w, NULL);
	for (size_t i = 0; i < n; i++)
		if (!ref || all.at[i].revision == revision)
			write_deployment(&w, &all.at[i], i == 0, &app->arena);
	if (!ref)
		tw_jw_end(&w);
	if (!s.len)
		st = tw_fail(err, TW_NOT_FOUND, "no deployment revision %s", ref);
	else if (ref)
		tw_print_object(app, &s);
	else
		tw_print_list(app, &s, deployment_columns,
			      "nothing is deployed yet: `twin promote`");
	tw_print_more(all.n - n);
	tw_str_release(&s);
	return st;
}
