#include "app/graph.h"
#include "app/plugins.h"
#include "base/log.h"
#include "collect/collect.h"

static void add(struct tw_pass_stats *sum, const struct tw_pass_stats *s)
{
	sum->added += s->added;
	sum->changed += s->changed;
	sum->unchanged += s->unchanged;
	sum->renamed += s->renamed;
	sum->removed += s->removed;
	sum->skipped += s->skipped;
}

/* Documents of sources that twin.yaml no longer names are removed with them. */
static enum tw_status retire(struct tw_pass_stats *sum, struct tw_app *app, struct tw_err *err)
{
	const struct tw_config *c = app->conf;
	const char **keep = TW_NEW_ARRAY(&app->arena, c->n_sources + 1, const char *);
	for (size_t i = 0; i < c->n_sources; i++)
		keep[i] = c->sources[i].name;
	int64_t removed = 0;
	enum tw_status st = tw_fs_retire_sources(app->fs, keep, c->n_sources, &removed, err);
	sum->removed += removed;
	return st;
}

static void write_outputs(struct tw_step_run *r, const struct tw_pass_stats *s)
{
	struct tw_json_writer w;
	tw_jw_init(&w, &r->outputs);
	tw_jw_object(&w, NULL);
	tw_jw_int(&w, "new", s->added);
	tw_jw_int(&w, "changed", s->changed);
	tw_jw_int(&w, "renamed", s->renamed);
	tw_jw_int(&w, "removed", s->removed);
	tw_jw_int(&w, "unchanged", s->unchanged);
	tw_jw_int(&w, "skipped", s->skipped);
	tw_jw_end(&w);
	int64_t total = s->added + s->changed + s->renamed + s->unchanged;
	tw_str_addf(&r->summary, "%lld documents", (long long)total);
	const struct {
		int64_t n;
		const char *name;
	} parts[] = {{s->added, "new"},
		     {s->changed, "changed"},
		     {s->renamed, "renamed"},
		     {s->removed, "removed"},
		     {s->skipped, "skipped"}};
	const char *sep = ": ";
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].n) {
			tw_str_addf(&r->summary, "%s%lld %s", sep, (long long)parts[i].n,
				    parts[i].name);
			sep = ", ";
		}
	if (*sep == ':')
		tw_str_adds(&r->summary, ", nothing changed");
}

static enum tw_status run(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	struct tw_app *app = g->app;
	struct tw_pass_stats sum = {0};
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < app->conf->n_sources; i++) {
		const struct tw_config_source *src = &app->conf->sources[i];
		const struct tw_source_type *type;
		struct tw_pass_stats one;
		st = tw_source_find(&type, tw_sources, src->type, err);
		if (st == TW_OK)
			st = tw_collect_source(&one, app->fs, type, src, app->conf, app->http, err);
		if (st == TW_OK)
			add(&sum, &one);
		else
			tw_wrap(err, st, "source \"%s\"", src->name);
	}
	if (st == TW_OK)
		st = retire(&sum, app, err);
	if (st == TW_OK && sum.added + sum.changed + sum.renamed + sum.removed)
		st = tw_step_begin(g, r, err);
	if (st == TW_OK)
		write_outputs(r, &sum);
	return st;
}

static const char *const none[] = {NULL};

const struct tw_step tw_step_collect = {
	.name = "collect",
	.help = "Bring the documents up to date with their sources",
	.needs = none,
	.run = run,
};
