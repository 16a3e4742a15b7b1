#include "app/graph.h"
#include "app/plugins.h"
#include "base/log.h"
#include "base/vec.h"
#include "collect/collect.h"

struct names TW_VEC_BODY(const char *);

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

static void write_outputs(struct tw_step_run *r, const struct tw_pass_stats *s,
			  const struct names *failed)
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
	tw_jw_array(&w, "failed");
	for (size_t i = 0; i < failed->n; i++)
		tw_jw_str(&w, NULL, failed->at[i]);
	tw_jw_end(&w);
	tw_jw_end(&w);
}

static void write_summary(struct tw_step_run *r, const struct tw_pass_stats *s, size_t failed)
{
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
	if (failed)
		tw_str_addf(&r->summary, "%s%zu of the sources failed", sep, failed);
	else if (*sep == ':')
		tw_str_adds(&r->summary, ", nothing changed");
}

static enum tw_status collect(struct tw_pass_stats *sum, struct tw_app *app,
			      const struct tw_config_source *src, struct tw_err *err)
{
	const struct tw_source_type *type;
	struct tw_pass_stats one;
	enum tw_status st = tw_source_find(&type, tw_sources, src->type, err);
	if (st == TW_OK)
		st = tw_collect_source(&one, app->fs, type, src, app->conf, app->http, err);
	if (st == TW_OK)
		add(sum, &one);
	return st;
}

/* A host that is away, or answers nonsense, is no reason to leave the other documents as they are. */
static bool is_elsewhere(enum tw_status st)
{
	return st == TW_NETWORK || st == TW_BAD_DATA;
}

static enum tw_status collect_all(struct tw_pass_stats *sum, struct names *failed,
				  struct tw_app *app, struct tw_err *err)
{
	const struct tw_config *c = app->conf;
	for (size_t i = 0; i < c->n_sources; i++) {
		struct tw_err why = TW_ERR_INIT;
		enum tw_status st = collect(sum, app, &c->sources[i], &why);
		if (is_elsewhere(st)) {
			tw_warn("%s; its documents stay as they are", why.msg);
			tw_vec_push(failed, c->sources[i].name);
		} else if (st != TW_OK) {
			return tw_fail(err, st, "%s", why.msg);
		}
	}
	return TW_OK;
}

/* The run goes on, and ends as a failure. */
static void leave_failure(struct tw_graph *g, const struct names *failed)
{
	struct tw_str all = TW_STR_INIT;
	for (size_t i = 0; i < failed->n; i++)
		tw_str_addf(&all, "%s\"%s\"", i ? ", " : "", failed->at[i]);
	if (failed->n)
		tw_fail(&g->partial, TW_NETWORK, "not collected: %s %s",
			failed->n == 1 ? "source" : "sources", tw_str_c(&all));
	tw_str_release(&all);
}

static enum tw_status run(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	struct tw_pass_stats sum = {0};
	struct names failed = {0};
	enum tw_status st = collect_all(&sum, &failed, g->app, err);
	if (st == TW_OK)
		st = retire(&sum, g->app, err);
	if (st == TW_OK && sum.added + sum.changed + sum.renamed + sum.removed)
		st = tw_step_begin(g, r, err);
	if (st == TW_OK) {
		write_outputs(r, &sum, &failed);
		write_summary(r, &sum, failed.n);
		leave_failure(g, &failed);
	}
	tw_vec_release(&failed);
	return st;
}

static const char *const none[] = {NULL};

const struct tw_step tw_step_collect = {
	.name = "collect",
	.help = "Bring the documents up to date with their sources",
	.needs = none,
	.run = run,
};
