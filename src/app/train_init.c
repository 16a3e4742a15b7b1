#include "app/train_init.h"

#include <string.h>

#include "app/model_kind.h"
#include "base/fs.h"
#include "base/map.h"

struct options {
	const char *init;
	double replay;
};

const struct tw_opt tw_train_init_opts[] = {
	{"init", TW_OPT_STRING, offsetof(struct options, init), .def = "none",
	 .help = "what to go on from: none, champion, a version (v3) or the path of a GGUF adapter"},
	{"replay", TW_OPT_REAL, offsetof(struct options, replay), .def = "1", .min = 0, .max = 1,
	 .help = "with a version in init: share of the examples it has learnt that it sees again"},
	{0},
};

static bool is_file(const char *init)
{
	return tw_ends_with(init, ".gguf");
}

static bool is_version(const char *init)
{
	return !tw_streq(init, "none") && !is_file(init);
}

static enum tw_status read_options(struct options *o, const struct tw_config *conf,
				   struct tw_arena *a, struct tw_err *err)
{
	const struct tw_json *own =
		tw_opt_own(tw_config_section(conf, "training"), tw_train_init_opts, a);
	enum tw_status st = tw_opt_parse(o, tw_train_init_opts, own, conf->path, conf->dir, a, err);
	if (st != TW_OK || !tw_opt_is_changed(o, tw_train_init_opts, "replay") ||
	    is_version(o->init))
		return st;
	return tw_fail(
		err, TW_BAD_USE,
		"training.replay has no effect with init: %s: it is a share of what a version in "
		"init was trained on (init: champion, or v3); take it out, or set training.init",
		o->init);
}

enum tw_status tw_train_init_check(const struct tw_config *conf, struct tw_err *err)
{
	struct options o;
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = read_options(&o, conf, &a, err);
	tw_arena_release(&a);
	return st;
}

/* What the run of a version wrote down. NULL: the run is gone. */
static const struct tw_json *outputs_of(struct tw_app *app, int64_t run)
{
	struct tw_run r;
	if (!run || tw_mr_run(&r, app->mr, run, &app->arena, NULL) != TW_OK)
		return NULL;
	return tw_json_of(r.outputs, &app->arena);
}

/* --- a version as a start --- */

/* NULL: it can be gone on from. */
static const char *obstacle(struct tw_app *app, const struct tw_model_version *v,
			    const char *base_digest)
{
	if (v->tainted[0])
		return tw_sprintf(&app->arena, "v%d was %s", v->version, v->tainted);
	if (!v->adapter[0])
		return tw_sprintf(&app->arena, "v%d is the base as it is", v->version);
	if (strcmp(v->base_digest, base_digest) != 0)
		return tw_sprintf(&app->arena, "v%d was trained on another base model", v->version);
	if (tw_blob_verify(app->blobs, v->adapter, NULL) != TW_OK)
		return tw_sprintf(&app->arena, "the file of v%d is gone or damaged", v->version);
	if (tw_model_is_whole(app, v))
		return tw_sprintf(
			&app->arena,
			"v%d is a whole model (it was trained with use_dora), and its factors are not in "
			"it; start from the base (init: none) or from a version that is an adapter",
			v->version);
	return NULL;
}

static enum tw_status from_version(struct tw_train_init *out, struct tw_app *app,
				   const struct tw_model_version *v, struct tw_err *err)
{
	out->version = v->version;
	out->digest = v->adapter;
	out->dataset = v->dataset;
	return tw_blob_path(&out->path, app->blobs, v->adapter, &app->arena, err);
}

static enum tw_status by_name(struct tw_train_init *out, struct tw_app *app, const char *ref,
			      const char *base_digest, struct tw_err *err)
{
	struct tw_model_version v;
	enum tw_status st = tw_mr_model(&v, app->mr, ref, &app->arena, err);
	if (st == TW_NOT_FOUND)
		return tw_fail(
			err, TW_NOT_FOUND,
			"training.init: there is no model \"%s\" (`twin show models`); it is none, "
			"champion, a version such as v3, or the path of a GGUF adapter",
			ref);
	if (st != TW_OK)
		return st;
	const char *why = obstacle(app, &v, base_digest);
	if (why)
		return tw_fail(err, TW_BLOCKED,
			       "training.init: %s, which can't be gone on from: %s", ref, why);
	return from_version(out, app, &v, err);
}

/* The champion, or what it went on from itself when it was trained on this very basis. */
static enum tw_status champion(struct tw_train_init *out, struct tw_app *app,
			       const char *base_digest, const char *basis, struct tw_err *err)
{
	struct tw_model_version v;
	enum tw_status st = tw_mr_model(&v, app->mr, "champion", &app->arena, err);
	out->why_not = "there is no champion yet";
	if (st != TW_OK)
		return st == TW_NOT_FOUND ? TW_OK : st;
	const struct tw_json *made = outputs_of(app, v.run);
	if (strcmp(tw_json_str(tw_json_get(made, "basis"), ""), basis) == 0) {
		int before = (int)tw_json_int(tw_json_get(made, "init_version"), 0);
		out->why_not = NULL;
		if (!before)
			return TW_OK;
		st = tw_mr_model(&v, app->mr, tw_sprintf(&app->arena, "v%d", before), &app->arena,
				 err);
		if (st != TW_OK)
			return st;
	}
	out->why_not = obstacle(app, &v, base_digest);
	return out->why_not ? TW_OK : from_version(out, app, &v, err);
}

static enum tw_status from_file(struct tw_train_init *out, struct tw_app *app, const char *name,
				struct tw_err *err)
{
	struct tw_digest d;
	out->path = tw_path_join(&app->arena, app->conf->dir, tw_expand_home(&app->arena, name));
	enum tw_status st = tw_sha256_file(&d, out->path, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "training.init");
	out->digest = tw_strdup(&app->arena, d.hex);
	return TW_OK;
}

enum tw_status tw_train_init_resolve(struct tw_train_init *out, struct tw_graph *g,
				     const char *base_digest, const char *basis, struct tw_err *err)
{
	struct tw_app *app = g->app;
	struct options o;
	*out = (struct tw_train_init){.digest = ""};
	enum tw_status st = read_options(&o, app->conf, &app->arena, err);
	const char *ref = o.init;
	if (st == TW_OK && is_file(ref))
		return from_file(out, app, ref, err);
	if (st != TW_OK || !is_version(ref))
		return st;
	if (strcmp(ref, "champion") == 0)
		return champion(out, app, base_digest, basis, err);
	return by_name(out, app, ref, base_digest, err);
}

/* --- what it sees --- */

/* A row is replayed or not by its own id: adding others changes nothing for it. */
static bool is_replayed(const struct tw_example *e, double share)
{
	uint64_t state = tw_hash64(e->row_id, strlen(e->row_id), 0x7265706c6179);
	return tw_random_unit(&state) < share;
}

enum tw_status tw_train_init_choose(struct tw_examples *train, const struct tw_train_init *init,
				    struct tw_graph *g, struct tw_err *err)
{
	struct tw_examples before;
	struct tw_map seen = {0};
	struct tw_arena *a = &g->app->arena;
	struct options o;
	enum tw_status st = read_options(&o, g->app->conf, a, err);
	if (st != TW_OK || !init->dataset || !init->dataset[0] || o.replay >= 1)
		return st;
	st = tw_fs_examples(&before, g->app->fs, init->dataset, TW_TRAIN, a, err);
	if (st != TW_OK)
		return st;
	struct tw_example *kept = TW_NEW_ARRAY(a, train->n, struct tw_example);
	size_t n = 0;
	for (size_t i = 0; i < before.n; i++)
		tw_map_set(&seen, before.at[i].row_id, g);
	for (size_t i = 0; i < train->n; i++)
		if (!tw_map_get(&seen, train->at[i].row_id) || is_replayed(&train->at[i], o.replay))
			kept[n++] = train->at[i];
	tw_map_release(&seen);
	if (n == 0 && train->n > 0)
		return tw_fail(err, TW_BLOCKED,
			       "nothing to train on: v%d has learnt all %zu examples, and "
			       "training.replay is %g",
			       init->version, train->n, o.replay);
	*train = (struct tw_examples){kept, n};
	return TW_OK;
}

/* --- what follows from a tainted version --- */

static const struct tw_model_version *version_of(const struct tw_model_versions *all, int version)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].version == version)
			return &all->at[i];
	return NULL;
}

/* One pass, oldest first: whoever is gone on from is older. Versions are marked by dataset, so one that was trained
 * on the same examples from nothing is marked with them: better too many than one too few. */
enum tw_status tw_taint_followers(int64_t *n, struct tw_app *app, struct tw_err *err)
{
	struct tw_model_versions all;
	enum tw_status st = tw_mr_models(&all, app->mr, &app->arena, err);
	struct tw_map tainted = {0};
	for (size_t i = all.n; st == TW_OK && i-- > 0;) {
		const struct tw_model_version *v = &all.at[i];
		int before =
			(int)tw_json_int(tw_json_get(outputs_of(app, v->run), "init_version"), 0);
		const struct tw_model_version *from = version_of(&all, before);
		int64_t more = 0;
		if (v->tainted[0] || !from ||
		    (!from->tainted[0] && !tw_map_get(&tainted, from->dataset)))
			continue;
		const char *why = tw_sprintf(
			&app->arena, "trained from v%d, which was %s", before,
			from->tainted[0] ? from->tainted : "trained from another such version");
		st = tw_mr_taint(app->mr, v->dataset, why, &more, err);
		tw_map_set(&tainted, v->dataset, app);
		*n += more;
	}
	tw_map_release(&tainted);
	return st;
}
