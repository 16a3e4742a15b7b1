#include <string.h>

#include "app/graph.h"
#include "app/pinned.h"
#include "inference/options.h"
#include "training/dataset.h"

static const char *const label_views[] = {"labels", "questions", "preferences", "duplicates", NULL};

static enum tw_status read_options(struct tw_dataset_options *o, const char **system,
				   struct tw_graph *g, struct tw_err *err)
{
	enum tw_status st =
		tw_config_read(o, tw_dataset_opts, g->app->conf, "training.dataset", err);
	return st == TW_OK ? tw_answer_system_prompt(system, g->app->conf, err) : st;
}

/* The views' watermarks stand for their content: a later one may mean the same rows, never the reverse. */
static enum tw_status key(struct tw_hasher *h, struct tw_graph *g, struct tw_err *err)
{
	struct tw_dataset_options o = {0};
	const char *system = NULL;
	enum tw_status st = read_options(&o, &system, g, err);
	if (st != TW_OK)
		return st;
	tw_digest_i64(h, TW_DATASET_CODE_VERSION);
	tw_digest_str(h, tw_opt_canonical(&o, tw_dataset_opts, &g->app->arena));
	tw_digest_str(h, system);
	tw_digest_str(h, g->service.digest);
	for (size_t i = 0; st == TW_OK && label_views[i]; i++) {
		struct tw_view v;
		const char *digest = tw_graph_view(g, label_views[i])->digest;
		st = tw_fs_view(&v, g->app->fs, digest, &g->app->arena, err);
		if (st != TW_OK)
			break;
		tw_digest_str(h, v.digest);
		tw_digest_i64(h, v.watermark);
	}
	return st;
}

static void summarize(struct tw_step_run *r, const struct tw_dataset *d)
{
	tw_str_addf(&r->summary, "dataset %d: %lld train, %lld valid, %lld test", d->number,
		    (long long)d->n[TW_TRAIN], (long long)d->n[TW_VALID], (long long)d->n[TW_TEST]);
}

static enum tw_status reuse(struct tw_graph *g, const struct tw_run *done, struct tw_step_run *r,
			    struct tw_err *err)
{
	struct tw_json *v;
	struct tw_arena *a = &g->app->arena;
	enum tw_status st = tw_json_parse(&v, done->outputs, strlen(done->outputs), a, err);
	if (st != TW_OK)
		return st;
	const char *id = tw_json_str(tw_json_get(v, "id"), "");
	st = tw_fs_dataset(&g->dataset, g->app->fs, id, a, err);
	if (st == TW_OK)
		summarize(r, &g->dataset);
	return st;
}

static enum tw_status run(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	struct tw_dataset_options o = {0};
	struct tw_dataset_sources src = {
		.fs = g->app->fs,
		.labels = tw_graph_view(g, "labels")->digest,
		.questions = tw_graph_view(g, "questions")->digest,
		.preferences = tw_graph_view(g, "preferences")->digest,
		.duplicates = tw_graph_view(g, "duplicates")->digest,
		.service = g->service.digest,
	};
	enum tw_status st = read_options(&o, &src.system, g, err);
	tw_str_addf(&r->inputs, "{\"service\":\"%s\"}", g->service.digest);
	if (st == TW_OK)
		st = tw_step_begin(g, r, err);
	if (st == TW_OK)
		st = tw_dataset_build(&g->dataset, &src, &o, &g->app->arena, err);
	if (st != TW_OK)
		return st;
	struct tw_json_writer w;
	tw_jw_init(&w, &r->outputs);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "id", g->dataset.id);
	tw_jw_raw(&w, "stats", g->dataset.stats);
	tw_jw_end(&w);
	summarize(r, &g->dataset);
	return TW_OK;
}

static const char *const needed[] = {"features", NULL};

const struct tw_step tw_step_dataset = {
	.name = "dataset",
	.help = "Take an immutable snapshot for training",
	.needs = needed,
	.key = key,
	.reuse = reuse,
	.run = run,
};
