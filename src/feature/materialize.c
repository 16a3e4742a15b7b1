#include "feature/materialize.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/time.h"
#include "feature/views_int.h"

/* A batch is one transaction: what a kill may cost. */
#define BATCH_DOCS    64
#define BATCH_SECONDS 2.0
/* An answer of an LLM takes a second: it is saved before the next one is asked for. */
#define LLM_SECONDS   0.05

struct result {
	enum tw_status st;
	struct tw_err err;
	struct tw_rows rows;
	struct tw_arena arena;
};

struct job {
	const struct tw_feature_env *env;
	struct tw_view view;
	struct tw_transform *t;
	unsigned flags;
	struct tw_stale stale;
	struct tw_progress *progress;
	struct tw_materialize_stats *stats;
	struct result results[BATCH_DOCS];
	size_t first; /* stale document of results[0] */
};

/* --- one document --- */

static enum tw_status compute(struct result *r, const struct job *j, const char *doc)
{
	struct tw_rows in[TW_TRANSFORM_MAX_INPUTS];
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < j->view.n_inputs; i++)
		st = tw_fs_rows(&in[i], j->env->fs, j->view.inputs[i], doc, &r->arena, &r->err);
	bool own = st == TW_OK && !(j->flags & (TW_NEEDS_LLM | TW_NEEDS_EMBEDDER));
	if (st == TW_OK)
		st = tw_transform_apply(&r->rows, j->t, doc, in, &r->arena, &r->err);
	/* Data of the store or of a model, not of the document, is never passed over. */
	return st == TW_BAD_DATA && !own ? TW_IO : st;
}

static void run_one(void *ctx, size_t i, int worker)
{
	struct job *j = ctx;
	struct result *r = &j->results[i];
	const struct tw_stale_doc *d = &j->stale.at[j->first + i];
	(void)worker;
	r->st = TW_OK;
	tw_err_clear(&r->err);
	tw_rows_init(&r->rows, j->view.schema, &r->arena);
	if (d->input_digest[0])
		r->st = compute(r, j, d->doc);
	tw_progress_add(j->progress, 1);
}

/* --- a batch --- */

/* How many results may be kept: all up to the first that failed for good. A document that cannot be read has no rows. */
static size_t judge(struct job *j, size_t n, enum tw_status *st, struct tw_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct result *r = &j->results[i];
		const char *doc = j->stale.at[j->first + i].doc;
		if (r->st == TW_OK)
			continue;
		if (r->st != TW_BAD_DATA) {
			*st = tw_fail(err, r->st, "document %s: %s", doc, r->err.msg);
			return i;
		}
		tw_warn("%s: document %s has no rows: %s", j->view.name, doc, r->err.msg);
		tw_rows_init(&r->rows, j->view.schema, &r->arena);
		j->stats->bad++;
	}
	return n;
}

static enum tw_status commit(struct job *j, size_t n, struct tw_err *err)
{
	struct tw_doc_rows docs[BATCH_DOCS];
	bool last = j->first + n == j->stale.n;
	for (size_t i = 0; i < n; i++) {
		const struct tw_stale_doc *d = &j->stale.at[j->first + i];
		const struct tw_rows *rows = &j->results[i].rows;
		docs[i] = (struct tw_doc_rows){d->doc, d->input_digest, rows->n ? rows : NULL};
		if (d->input_digest[0])
			j->stats->computed++;
		else
			j->stats->removed++;
	}
	if (!n && !last)
		return TW_OK;
	return tw_fs_commit(j->env->fs, j->view.digest, docs, n, last ? j->stale.watermark : -1,
			    err);
}

/* Computes up to `want` documents on the pool; with no pool one after another, until the time of a batch is over. */
static size_t run_batch(struct job *j, struct tw_pool *pool, size_t want)
{
	const double limit = j->flags & TW_NEEDS_LLM ? LLM_SECONDS : BATCH_SECONDS;
	double start = tw_monotonic_s();
	size_t n = 0;
	if (pool) {
		tw_pool_run(pool, want, run_one, j);
		return want;
	}
	while (n < want && (!n || tw_monotonic_s() - start < limit) && !tw_stopping()) {
		run_one(j, n, 0);
		if (j->results[n++].st != TW_OK)
			break;
	}
	return n;
}

static enum tw_status run_all(struct job *j, struct tw_pool *pool, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	/* Grows until a batch takes its time: a slow transform must not hold back 64 documents. */
	size_t size = pool ? (size_t)tw_pool_size(pool) * 4 : BATCH_DOCS;
	do {
		double start = tw_monotonic_s();
		size_t left = j->stale.n - j->first;
		size_t want = size < BATCH_DOCS ? size : BATCH_DOCS;
		size_t n = run_batch(j, pool, want < left ? want : left);
		double took = tw_monotonic_s() - start;
		size_t keep = judge(j, n, &st, err);
		/* The one that failed is done again next time, the watermark stays. */
		enum tw_status saved = commit(j, keep, st == TW_OK ? err : NULL);
		if (st == TW_OK)
			st = saved;
		j->first += keep;
		for (size_t i = 0; i < n; i++)
			tw_arena_reset(&j->results[i].arena);
		if (pool && took > BATCH_SECONDS)
			size = size / 2 + 1;
		else if (pool && took < BATCH_SECONDS / 2 && size < BATCH_DOCS)
			size *= 2;
		if (st == TW_OK && j->first < j->stale.n && tw_stopping())
			st = tw_fail(err, TW_CANCELLED, "stopped after %zu of %zu documents",
				     j->first, j->stale.n);
	} while (st == TW_OK && j->first < j->stale.n);
	return st;
}

static enum tw_status apply_documents(struct job *j, struct tw_err *err)
{
	bool serial = (j->flags & TW_SERIAL) || j->stale.n < 2;
	struct tw_pool *pool = serial ? NULL : tw_pool_new(j->env->threads);
	for (size_t i = 0; i < BATCH_DOCS; i++)
		tw_arena_init(&j->results[i].arena);
	if (j->stale.n)
		j->progress = tw_progress_new(j->view.name, "documents", (int64_t)j->stale.n);
	enum tw_status st = run_all(j, pool, err);
	tw_progress_free(j->progress);
	for (size_t i = 0; i < BATCH_DOCS; i++)
		tw_arena_release(&j->results[i].arena);
	tw_pool_free(pool);
	return st;
}

/* --- a function of the whole input --- */

static enum tw_status apply_whole(struct job *j, struct tw_err *err)
{
	struct tw_row_reader *in[TW_TRANSFORM_MAX_INPUTS] = {NULL};
	struct tw_arena a;
	struct tw_rows rows;
	enum tw_status st = TW_OK;
	tw_arena_init(&a);
	for (size_t i = 0; st == TW_OK && i < j->view.n_inputs; i++)
		st = tw_fs_reader(&in[i], j->env->fs, j->view.inputs[i], err);
	if (st == TW_OK)
		st = tw_transform_apply_all(&rows, j->t, in, &a, err);
	for (size_t i = 0; i < j->view.n_inputs; i++)
		if (in[i])
			tw_fs_reader_close(in[i]);
	if (st == TW_OK)
		st = tw_fs_replace(j->env->fs, j->view.digest, &rows, j->stale.watermark,
				   &j->stats->computed, err);
	tw_arena_release(&a);
	return st;
}

/* --- the transform of a view --- */

static enum tw_status cannot(const struct tw_view *v, struct tw_err *err, const char *why)
{
	return tw_fail(err, TW_UNSUPPORTED, "%s@v%d cannot be backfilled: %s", v->name, v->version,
		       why);
}

static bool are_models_of(const struct tw_transform_models *m, const struct tw_view *v)
{
	return strcmp(v->model_digest, m->model) == 0 &&
	       strcmp(v->tokenizer_digest, m->tokenizer) == 0;
}

/* The configured model when it is the view's (it may have moved since), else the one that the view names. */
static enum tw_status open_models(struct tw_transform_models *m, const struct job *j,
				  const struct tw_transform_type *type, struct tw_arena *a,
				  struct tw_err *err)
{
	const struct tw_view *v = &j->view;
	if (tw_transform_models(m, type, j->env, NULL, NULL) == TW_OK && are_models_of(m, v))
		return TW_OK;
	enum tw_status st = tw_transform_models(m, type, j->env, v->model_spec, err);
	if (st != TW_OK || are_models_of(m, v))
		return st;
	return cannot(v, err,
		      tw_sprintf(a, "the model %s is no longer the one that it was made with",
				 v->model_spec));
}

static bool same_schema(const struct tw_field *a, const struct tw_field *b)
{
	for (; a->name && b->name; a++, b++)
		if (strcmp(a->name, b->name) != 0 || a->type != b->type)
			return false;
	return !a->name && !b->name;
}

static enum tw_status open_transform(struct job *j, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_view *v = &j->view;
	const struct tw_transform_type *type;
	struct tw_transform_models m;
	struct tw_json *params;
	if (tw_transform_find(&type, j->env->types, v->name, NULL) != TW_OK)
		return cannot(v, err, "this program has no transform of that name");
	if (type->code_version != v->code_version || !same_schema(type->schema, v->schema))
		return cannot(v, err,
			      tw_sprintf(a,
					 "it was made by version %d of the transform, "
					 "this program has version %d",
					 v->code_version, type->code_version));
	enum tw_status st = open_models(&m, j, type, a, err);
	if (st == TW_OK)
		st = tw_json_parse(&params, v->params, strlen(v->params), a, err);
	if (st == TW_OK)
		st = tw_transform_new(&j->t, type, params, "stored parameters",
				      j->env->conf ? j->env->conf->dir : NULL, &m.env, err);
	j->flags = type->flags;
	return st;
}

static enum tw_status bring_up(struct job *j, struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = open_transform(j, a, err);
	if (st != TW_OK)
		return st;
	if (tw_transform_type(j->t)->apply_all)
		st = apply_whole(j, err);
	else
		st = apply_documents(j, err);
	tw_transform_free(j->t);
	return st;
}

enum tw_status tw_materialize(struct tw_materialize_stats *out, const struct tw_feature_env *env,
			      const char *view_digest, struct tw_err *err)
{
	struct job *j = tw_xcalloc(1, sizeof(*j));
	struct tw_arena a;
	double start = tw_monotonic_s();
	tw_arena_init(&a);
	*out = (struct tw_materialize_stats){0};
	j->env = env;
	j->stats = out;
	enum tw_status st = tw_fs_view(&j->view, env->fs, view_digest, &a, err);
	if (st == TW_OK)
		st = tw_fs_stale(&j->stale, env->fs, view_digest, &a, err);
	bool fresh = !j->stale.n && !j->stale.changed && j->view.watermark >= 0;
	if (st == TW_OK && !fresh)
		st = bring_up(j, &a, err);
	if (st == TW_OK && fresh)
		out->unchanged = j->view.docs;
	else if (st == TW_OK && (int64_t)j->stale.total > out->computed)
		out->unchanged = (int64_t)j->stale.total - out->computed;
	out->seconds = tw_monotonic_s() - start;
	tw_arena_release(&a);
	free(j);
	return st;
}
