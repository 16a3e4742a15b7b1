#include <string.h>

#include "app/command.h"
#include "app/graph.h"
#include "app/pinned.h"
#include "app/plugins.h"
#include "app/print.h"
#include "base/log.h"

struct status {
	bool network;
};

static const struct tw_opt opts[] = {
	{"network", TW_OPT_BOOL, offsetof(struct status, network),
	 .help = "list every host that this configuration would reach, and nothing else"},
	{0},
};

static enum tw_status tracker_hosts(struct tw_str *out, struct tw_app *app, struct tw_err *err)
{
	struct tw_tracker *t;
	enum tw_status st = tw_tracker_new(&t, tw_trackers, app->conf, err);
	if (st != TW_OK)
		return st;
	tw_tracker_hosts(out, t);
	tw_tracker_free(t);
	return TW_OK;
}

static enum tw_status print_hosts(struct tw_app *app, struct tw_err *err)
{
	const struct tw_config *c = app->conf;
	struct tw_str hosts = TW_STR_INIT;
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < c->n_sources; i++) {
		const struct tw_source_type *type;
		st = tw_source_find(&type, tw_sources, c->sources[i].type, err);
		if (st == TW_OK)
			st = tw_source_hosts(&hosts, type, c->sources[i].node, c->path, c->dir,
					     err);
	}
	tw_llm_hosts(&hosts, tw_llms, c->llm);
	tw_embedder_hosts(&hosts, tw_embedders, c->embedder);
	if (st == TW_OK)
		st = tracker_hosts(&hosts, app, err);
	if (st == TW_OK && app->json) {
		struct tw_str s = TW_STR_INIT;
		struct tw_json_writer w;
		tw_jw_init(&w, &s);
		tw_jw_array(&w, NULL);
		for (const char *p = tw_str_c(&hosts); *p;
		     p += strcspn(p, "\n") + (strchr(p, '\n') != NULL))
			tw_jw_strn(&w, NULL, p, strcspn(p, "\n"));
		tw_jw_end(&w);
		tw_print_json(&s);
		tw_str_release(&s);
	} else if (st == TW_OK) {
		printf("%s", tw_str_c(&hosts));
		if (!hosts.len)
			tw_info("no host: everything stays on this machine");
	}
	tw_str_release(&hosts);
	return st;
}

static const struct tw_column columns[] = {
	{"step", "step", TW_COL_TEXT, 0},
	{"ok", "", TW_COL_MARK, 0},
	{"state", "state", TW_COL_TEXT, 0},
	{0},
};

static void add(struct tw_json_writer *w, const char *step, bool ok, const char *state)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "step", step);
	tw_jw_bool(w, "ok", ok);
	tw_jw_str(w, "state", state);
	tw_jw_end(w);
}

static enum tw_status add_documents(struct tw_json_writer *w, struct tw_graph *g,
				    struct tw_err *err)
{
	struct tw_view all;
	struct tw_arena *a = &g->app->arena;
	enum tw_status st = tw_fs_view(&all, g->app->fs, TW_DOCUMENTS_VIEW, a, err);
	if (st == TW_OK)
		add(w, "collect", all.docs > 0,
		    all.docs ? tw_sprintf(a, "%lld documents from %zu source%s",
					  (long long)all.docs, g->app->conf->n_sources,
					  g->app->conf->n_sources == 1 ? "" : "s")
			     : "nothing collected yet: `twin collect`");
	return st;
}

/* "clean@v1 (2 of 8 documents, 1 to remove)" */
static void add_late(struct tw_str *late, const struct tw_view *v, const struct tw_stale *stale)
{
	size_t gone = 0;
	for (size_t i = 0; i < stale->n; i++)
		gone += !stale->at[i].input_digest[0];
	tw_str_addf(late, "%s%s", late->len ? ", " : "", v->name);
	if (v->version)
		tw_str_addf(late, "@v%d", v->version);
	if (v->watermark < 0)
		tw_str_adds(late, " (never computed)");
	else if (stale->n && gone)
		tw_str_addf(late, " (%zu of %zu documents, %zu to remove)", stale->n - gone,
			    stale->total, gone);
	else if (stale->n)
		tw_str_addf(late, " (%zu of %zu documents)", stale->n, stale->total);
}

static enum tw_status late_views(struct tw_str *late, struct tw_graph *g, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < g->views.n; i++) {
		const struct tw_view *v = &g->views.at[i];
		struct tw_stale stale = {0};
		if (v->version)
			st = tw_fs_stale(&stale, g->app->fs, v->digest, &g->app->arena, err);
		if (st == TW_OK && tw_view_is_late(v, &stale))
			add_late(late, v, &stale);
	}
	return st;
}

/* Which views are behind, and by how many documents; those that follow from them show when these are computed. */
static enum tw_status add_features(struct tw_json_writer *w, struct tw_graph *g, bool *ok,
				   struct tw_err *err)
{
	struct tw_str late = TW_STR_INIT;
	struct tw_err why = TW_ERR_INIT;
	struct tw_arena *a = &g->app->arena;
	enum tw_status found = tw_step_look_up(&tw_step_features, g, &why);
	enum tw_status st = late_views(&late, g, err);
	*ok = found == TW_OK && !late.len;
	if (st == TW_OK && late.len)
		add(w, "features", false, tw_sprintf(a, "stale: %s; `twin features`", late.data));
	else if (st == TW_OK)
		add(w, "features", *ok,
		    *ok ? tw_sprintf(a, "%zu views up to date", g->views.n) : why.msg);
	tw_str_release(&late);
	return st;
}

/* Each needs the one before; what was made before `*after` moved is not up to date. */
static void add_step(struct tw_json_writer *w, struct tw_graph *g, const struct tw_step *s,
		     const char **after)
{
	struct tw_err why = TW_ERR_INIT;
	struct tw_arena *a = &g->app->arena;
	if (*after) {
		add(w, s->name, false, tw_sprintf(a, "waits for the %s", *after));
		return;
	}
	bool ok = tw_step_look_up(s, g, &why) == TW_OK;
	add(w, s->name, ok, ok ? "up to date" : why.msg);
	if (!ok)
		*after = s->name[0] == 't' ? "training" : s->name;
}

static enum tw_status add_deployment(struct tw_json_writer *w, struct tw_graph *g,
				     struct tw_err *err)
{
	struct tw_deployment d;
	struct tw_err why = TW_ERR_INIT;
	struct tw_arena *a = &g->app->arena;
	enum tw_status st = tw_mr_deployment(&d, g->app->mr, 0, a, &why);
	if (st == TW_OK)
		add(w, "promote", !g->trained || d.model == g->model.version,
		    tw_sprintf(a, "model v%d serves, revision %lld (%s)", d.model,
			       (long long)d.revision, d.reason));
	else if (st == TW_NOT_FOUND)
		add(w, "promote", false, "nothing is deployed yet: `twin promote`");
	else
		return tw_fail(err, st, "%s", why.msg);
	return TW_OK;
}

static enum tw_status status(struct tw_app *app, const void *options, char *const *args, int n,
			     struct tw_err *err)
{
	(void)args;
	(void)n;
	if (((const struct status *)options)->network)
		return print_hosts(app, err);
	struct tw_graph g = {.app = app};
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	enum tw_status st = add_documents(&w, &g, err);
	bool ok = true;
	if (st == TW_OK)
		st = add_features(&w, &g, &ok, err);
	const char *after = ok ? NULL : "features";
	static const struct tw_step *const steps[] = {&tw_step_dataset, &tw_step_train,
						      &tw_step_eval};
	for (size_t i = 0; st == TW_OK && i < sizeof(steps) / sizeof(*steps); i++)
		add_step(&w, &g, steps[i], &after);
	if (st == TW_OK)
		st = add_deployment(&w, &g, err);
	tw_jw_end(&w);
	if (st == TW_OK)
		tw_print_list(app, &s, columns, "");
	tw_str_release(&s);
	return st;
}

const struct tw_command tw_cmd_status = {
	.name = "status",
	.help = "Say what is up to date, what is stale, and why",
	.opts = opts,
	.opts_size = sizeof(struct status),
	.run = status,
};
