/*
 * The adapter depends on the job (examples, base, trainer); the model version on
 * the adapter and the feature service. So a change of chunking gives a new
 * version on the adapter that is there, without training.
 */
#include <math.h>
#include <string.h>

#include "app/graph.h"
#include "app/pinned.h"
#include "app/plugins.h"
#include "app/train_init.h"
#include "app/watch.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/map.h"
#include "core/trainer.h"
#include "trainer/trainers.h"

/* What one training depends on. */
struct job {
	struct tw_trainer *trainer;
	struct tw_llm *base;
	struct tw_examples train, valid;
	struct tw_train_init init;
	struct tw_digest basis; /* without where it starts */
	struct tw_digest digest;
};

/* From the examples alone: settings that are compared see them in the same order, from the same first values. */
static uint64_t seed_of(const struct tw_examples *e)
{
	uint64_t seed = e->n;
	for (size_t i = 0; i < e->n; i++)
		seed = tw_hash64(e->at[i].row_id, strlen(e->at[i].row_id), seed);
	return seed;
}

static void add_examples(struct tw_hasher *h, const struct tw_examples *e)
{
	tw_digest_i64(h, (int64_t)e->n);
	for (size_t i = 0; i < e->n; i++) {
		tw_digest_str(h, e->at[i].row_id);
		tw_digest_str(h, e->at[i].messages);
		if (e->at[i].rejected)
			tw_digest_str(h, e->at[i].rejected);
	}
}

static enum tw_status read_inputs(struct job *j, struct tw_graph *g, struct tw_err *err)
{
	struct tw_app *app = g->app;
	enum tw_status st = tw_app_llm(app, NULL, &j->base, err);
	if (st == TW_OK)
		st = tw_fs_examples(&j->train, app->fs, g->dataset.id, TW_TRAIN, &app->arena, err);
	if (st == TW_OK)
		st = tw_fs_examples(&j->valid, app->fs, g->dataset.id, TW_VALID, &app->arena, err);
	return st;
}

static struct tw_digest digest_of(const struct job *j)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, tw_trainer_params(j->trainer));
	tw_digest_str(h, tw_llm_info(j->base)->digest.hex);
	tw_digest_str(h, tw_llm_info(j->base)->template_digest.hex);
	add_examples(h, &j->train);
	add_examples(h, &j->valid);
	if (j->init.path)
		tw_digest_str(h, j->init.digest);
	return tw_hasher_end(h);
}

static enum tw_status read_job(struct job *j, struct tw_graph *g, struct tw_err *err)
{
	*j = (struct job){0};
	enum tw_status st = tw_trainer_new(&j->trainer, tw_trainers, g->app->conf, err);
	if (st != TW_OK)
		return st;
	st = read_inputs(j, g, err);
	if (st == TW_OK) {
		j->basis = digest_of(j);
		st = tw_train_init_resolve(&j->init, g, tw_llm_info(j->base)->digest.hex,
					   j->basis.hex, err);
	}
	if (st == TW_OK)
		st = tw_train_init_choose(&j->train, &j->init, g, err);
	if (st == TW_OK) /* from nothing, all is seen and nothing is added */
		j->digest = j->init.path ? digest_of(j) : j->basis;
	else
		tw_trainer_free(j->trainer);
	return st;
}

static enum tw_status key(struct tw_hasher *h, struct tw_graph *g, struct tw_err *err)
{
	struct job j;
	enum tw_status st = read_job(&j, g, err);
	if (st != TW_OK)
		return st;
	tw_digest_str(h, j.digest.hex);
	tw_digest_str(h, g->dataset.id);
	tw_digest_str(h, g->service.digest);
	tw_trainer_free(j.trainer);
	return TW_OK;
}

/* Takes up a version whose adapter is still there and intact; else TW_NOT_FOUND. */
static enum tw_status take_version(struct tw_graph *g, int version, struct tw_err *err)
{
	struct tw_arena *a = &g->app->arena;
	struct tw_model_version v;
	enum tw_status st = tw_mr_model(&v, g->app->mr, tw_sprintf(a, "v%d", version), a, err);
	if (st == TW_OK && v.adapter[0] && tw_blob_verify(g->app->blobs, v.adapter, NULL) != TW_OK)
		st = TW_NOT_FOUND;
	if (st != TW_OK)
		return st;
	g->model = v;
	g->trained = true;
	return TW_OK;
}

static enum tw_status reuse(struct tw_graph *g, const struct tw_run *done, struct tw_step_run *r,
			    struct tw_err *err)
{
	const struct tw_json *out = tw_json_of(done->outputs, &g->app->arena);
	int version = (int)tw_json_int(tw_json_get(out, "version"), 0);
	enum tw_status st = version ? take_version(g, version, err) : TW_NOT_FOUND;
	if (st == TW_OK)
		tw_str_addf(&r->summary, "model v%d is trained on this dataset", version);
	return st;
}

/* An adapter that this very job made before, under another feature service. */
static const char *adapter_of(struct tw_graph *g, const char *job)
{
	struct tw_runs runs;
	struct tw_arena *a = &g->app->arena;
	if (tw_mr_runs(&runs, g->app->mr, "train", 0, a, NULL) != TW_OK)
		return NULL;
	for (size_t i = 0; i < runs.n; i++) {
		const struct tw_json *out = tw_json_of(runs.at[i].outputs, a);
		const char *adapter = tw_json_str(tw_json_get(out, "adapter"), NULL);
		if (strcmp(runs.at[i].status, "done") != 0 || !adapter ||
		    strcmp(tw_json_str(tw_json_get(out, "job"), ""), job) != 0)
			continue;
		if (!adapter[0] || tw_blob_verify(g->app->blobs, adapter, NULL) == TW_OK)
			return adapter;
	}
	return NULL;
}

/* --- training --- */

static enum tw_status store_adapter(const char **out, struct tw_graph *g,
				    const struct tw_train_result *res, struct tw_err *err)
{
	struct tw_digest d;
	*out = "";
	if (!res->adapter_path[0])
		return TW_OK;
	enum tw_status st = tw_blob_put_file(&d, g->app->blobs, res->adapter_path, err);
	*out = tw_strdup(&g->app->arena, d.hex);
	return st;
}

/* The work folder stays when training ends early: the next run of the same job goes on in it. Those of other jobs
 * go: they hold what was learnt from documents that may have changed since, or been forgotten. */
static enum tw_status train(const char **adapter, struct tw_train_result *res, struct tw_graph *g,
			    const struct tw_step_run *r, const struct job *j, struct tw_err *err)
{
	struct tw_arena *a = &g->app->arena;
	struct tw_watch *watch = NULL;
	const char *dir =
		tw_path_join(a, g->app->conf->state, tw_sprintf(a, "train/%.16s", j->digest.hex));
	struct tw_train_job job = {
		.llm = j->base,
		.train = j->train,
		.valid = j->valid,
		.work_dir = dir,
		.job_digest = j->digest.hex,
		.init_adapter = j->init.path,
		.init_name = j->init.version ? tw_sprintf(a, "v%d", j->init.version) : NULL,
		.seed = seed_of(&j->train),
	};
	if (j->init.version)
		tw_info("going on from v%d with %zu examples", j->init.version, j->train.n);
	else if (j->init.path)
		tw_info("going on from %s", j->init.path);
	else if (j->init.why_not)
		tw_info("training starts from nothing: %s", j->init.why_not);
	enum tw_status st = tw_exists(dir) ? TW_OK : tw_remove_all(tw_path_dir(a, dir), err);
	if (st == TW_OK)
		st = tw_mkdirs(dir, err);
	if (st == TW_OK)
		st = tw_watch_new(&watch, g, r, &job, err);
	if (st == TW_OK)
		st = tw_train(res, j->trainer, &job, err);
	g->tracked = tw_watch_end(watch, st, res->adapter_path);
	if (st == TW_OK)
		st = store_adapter(adapter, g, res, err);
	return st == TW_OK ? tw_remove_all(dir, err) : st;
}

/* --- the version --- */

static enum tw_status put_version(struct tw_graph *g, const struct tw_step_run *r,
				  const struct tw_llm *base, const char *dataset,
				  const char *adapter, struct tw_err *err)
{
	const struct tw_llm_info *i = tw_llm_info(base);
	struct tw_model_version v = {
		.run = r->id,
		.dataset = dataset,
		.service = g->service.digest,
		.base_digest = i->digest.hex,
		.base_spec = i->spec,
		.adapter = adapter,
		.metrics = "{}",
		.tainted = "",
	};
	enum tw_status st = tw_model_signature(&v.signature, g, err);
	if (st == TW_OK)
		st = tw_mr_model_put(&v, g->app->mr, err);
	return st == TW_OK ? take_version(g, v.version, err) : st;
}

static void write_outputs(struct tw_step_run *r, const struct tw_graph *g, const struct job *j,
			  const char *adapter, const struct tw_train_result *res)
{
	struct tw_json_writer w;
	tw_jw_init(&w, &r->outputs);
	tw_jw_object(&w, NULL);
	tw_jw_int(&w, "version", g->model.version);
	tw_jw_str(&w, "adapter", adapter);
	tw_jw_str(&w, "job", j->digest.hex);
	tw_jw_str(&w, "basis", j->basis.hex);
	if (j->init.path)
		tw_jw_str(&w, "init", j->init.digest);
	if (j->init.version)
		tw_jw_int(&w, "init_version", j->init.version);
	if (res) {
		tw_jw_int(&w, "steps", res->steps);
		tw_jw_int(&w, "tokens", res->tokens);
		tw_jw_int(&w, "trainable", res->trainable);
		tw_jw_int(&w, "resumed_from", res->resumed_from);
		if (res->kept_step)
			tw_jw_int(&w, "kept_step", res->kept_step);
		tw_jw_real(&w, "train_loss", res->train_loss);
		tw_jw_real(&w, "valid_loss", res->valid_loss);
		if (g->tracked[0])
			tw_jw_str(&w, "tracked", g->tracked);
	}
	tw_jw_end(&w);
}

/* The loss of pairs and that of answers are different things: it says which is which. */
static void add_losses(struct tw_str *s, const struct job *j, const struct tw_train_result *res,
		       struct tw_arena *a)
{
	const struct tw_json *params = tw_json_of(tw_trainer_params(j->trainer), a);
	const char *method = tw_json_str(tw_json_get(tw_json_get(params, "options"), "method"), "");
	const bool pairs = tw_method_takes_pairs(method);
	if (!isnan(res->train_loss))
		tw_str_addf(s, ", %s%sloss %.3f", pairs ? method : "", pairs ? " " : "",
			    res->train_loss);
	if (!isnan(res->valid_loss))
		tw_str_addf(s, ", validation%s %.3f", pairs ? " of answers alone" : "",
			    res->valid_loss);
}

static void summarize(struct tw_step_run *r, struct tw_graph *g, const struct job *j,
		      const char *adapter, const struct tw_train_result *res)
{
	const int version = g->model.version;
	if (!adapter[0])
		tw_str_addf(&r->summary, "model v%d: the base as it is", version);
	else if (!res)
		tw_str_addf(&r->summary, "model v%d: other features on what was trained before",
			    version);
	else
		tw_str_addf(&r->summary, "model v%d: %lld steps", version, (long long)res->steps);
	if (res && adapter[0])
		add_losses(&r->summary, j, res, &g->app->arena);
}

static enum tw_status make_version(struct tw_graph *g, struct tw_step_run *r, const struct job *j,
				   struct tw_err *err)
{
	struct tw_train_result res = {0};
	tw_str_adds(&r->params, tw_trainer_params(j->trainer));
	tw_str_addf(&r->inputs, "{\"dataset\":\"%s\",\"service\":\"%s\",\"base\":\"%s\"}",
		    g->dataset.id, g->service.digest, tw_llm_info(j->base)->digest.hex);
	enum tw_status st = tw_step_begin(g, r, err);
	const char *adapter = st == TW_OK && !g->forced ? adapter_of(g, j->digest.hex) : NULL;
	const bool trains = !adapter;
	if (st == TW_OK && trains)
		st = train(&adapter, &res, g, r, j, err);
	if (st == TW_OK)
		st = put_version(g, r, j->base, g->dataset.id, adapter, err);
	if (st != TW_OK)
		return st;
	write_outputs(r, g, j, adapter, trains ? &res : NULL);
	summarize(r, g, j, adapter, trains ? &res : NULL);
	return TW_OK;
}

/* --- waiting for enough that is new (--if-new) --- */

/* Documents of the training split with rows that `old` was not trained on: new ones and edited ones. */
static enum tw_status count_new(int64_t *n, struct tw_graph *g, const char *old,
				const struct tw_examples *now, struct tw_err *err)
{
	struct tw_examples before;
	struct tw_map seen = {0}, counted = {0};
	enum tw_status st = tw_fs_examples(&before, g->app->fs, old, TW_TRAIN, &g->app->arena, err);
	*n = 0;
	for (size_t i = 0; st == TW_OK && i < before.n; i++)
		tw_map_set(&seen, before.at[i].row_id, g);
	for (size_t i = 0; st == TW_OK && i < now->n; i++)
		if (!tw_map_get(&seen, now->at[i].row_id) &&
		    !tw_map_get(&counted, now->at[i].doc)) {
			tw_map_set(&counted, now->at[i].doc, g);
			++*n;
		}
	tw_map_release(&seen);
	tw_map_release(&counted);
	return st;
}

/* Whether the newest version is good enough for now; then it is taken up. Never one that is tainted, or was made for
 * other features, another system prompt or another model. */
static enum tw_status wait_for_more(bool *waits, struct tw_graph *g, struct tw_step_run *r,
				    const struct job *j, struct tw_err *err)
{
	struct tw_model_versions all;
	const char *signature;
	int64_t n = 0;
	*waits = false;
	enum tw_status st = tw_mr_models(&all, g->app->mr, &g->app->arena, err);
	if (st == TW_OK)
		st = tw_model_signature(&signature, g, err);
	if (st != TW_OK || !all.n || all.at[0].tainted[0] ||
	    strcmp(all.at[0].service, g->service.digest) != 0 ||
	    strcmp(all.at[0].base_digest, tw_llm_info(j->base)->digest.hex) != 0 ||
	    strcmp(all.at[0].signature, signature) != 0)
		return st;
	st = count_new(&n, g, all.at[0].dataset, &j->train, err);
	if (st != TW_OK || n >= g->if_new)
		return st;
	st = take_version(g, all.at[0].version, NULL);
	*waits = st == TW_OK;
	if (*waits)
		tw_str_addf(
			&r->summary,
			"model v%d stays: %lld new or edited documents, training waits for %lld",
			g->model.version, (long long)n, (long long)g->if_new);
	return st == TW_NOT_FOUND ? TW_OK : st;
}

static enum tw_status run(struct tw_graph *g, struct tw_step_run *r, struct tw_err *err)
{
	struct job j;
	bool waits = false;
	enum tw_status st = read_job(&j, g, err);
	if (st != TW_OK)
		return st;
	if (g->if_new > 0)
		st = wait_for_more(&waits, g, r, &j, err);
	if (st == TW_OK && !waits)
		st = make_version(g, r, &j, err);
	tw_trainer_free(j.trainer);
	return st;
}

static const char *const needed[] = {"features", "dataset", NULL};

const struct tw_step tw_step_train = {
	.name = "train",
	.help = "Fine-tune the LLM and register the model version",
	.needs = needed,
	.key = key,
	.reuse = reuse,
	.run = run,
};
