#include "app/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/facts.h"
#include "app/plugins.h"
#include "app/samples.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "llm/llm_backends.h"

#define EXCERPT 50 /* letters */

struct tw_watch {
	struct tw_graph *g;
	const struct tw_step_run *r;
	struct tw_tracker *tracker;
	struct tw_asker *asker;
	double loss;	   /* of the last step */
	double valid;	   /* of pairs, in the evaluation that is being told; NAN: none */
	bool pairs;	   /* what is learnt from: the loss is not that of answers */
	int64_t best_step; /* that the trainer told of; 0: none */
};

/* --- metrics --- */

static void keep(struct tw_watch *w, const char *name, int64_t step, double value)
{
	tw_step_metric(w->g, w->r, name, step, value);
	tw_tracker_metric(w->tracker, name, step, value);
}

/* "validation 2.402", or "validation 0.612 (answers alone 2.402)" */
static void add_validation(struct tw_str *s, const struct tw_watch *w, double answers, bool best)
{
	const char *bold = best ? tw_color(stderr, "bold") : "";
	const char *reset = best ? tw_color(stderr, "reset") : "";
	if (!isnan(w->valid))
		tw_str_addf(s, "  validation %s%.3f%s (answers alone %.3f)", bold, w->valid, reset,
			    answers);
	else
		tw_str_addf(s, "  validation%s %s%.3f%s", w->pairs ? " of answers alone" : "", bold,
			    answers, reset);
}

/* "  step   20  loss 2.310  validation 2.402  best so far" */
static void tell_evaluation(struct tw_watch *w, int64_t step, double answers)
{
	struct tw_str s = TW_STR_INIT;
	const bool best = step > 0 && step == w->best_step;
	tw_str_addf(&s, "  %sstep%s %4lld", tw_color(stderr, "dim"), tw_color(stderr, "reset"),
		    (long long)step);
	if (isnan(w->loss))
		tw_str_addf(&s, "%12s", "");
	else
		tw_str_addf(&s, "  loss %.3f", w->loss);
	add_validation(&s, w, answers, best);
	if (best)
		tw_str_addf(&s, "  %sbest so far%s", tw_color(stderr, "green"),
			    tw_color(stderr, "reset"));
	tw_info("%s", tw_str_c(&s));
	tw_str_release(&s);
	w->valid = NAN;
}

static void on_metric(void *ctx, const char *name, int64_t step, double value)
{
	struct tw_watch *w = ctx;
	keep(w, name, step, value);
	if (strcmp(name, "loss") == 0)
		w->loss = value;
	else if (strcmp(name, "rewards/margins") == 0)
		w->pairs = true;
	else if (strcmp(name, "valid_preference_loss") == 0)
		w->valid = value;
	else if (strcmp(name, "valid_loss") == 0)
		tell_evaluation(w, step, value);
}

static void on_best(void *ctx, int64_t step)
{
	struct tw_watch *w = ctx;
	w->best_step = step;
}

/* --- samples --- */

/* The beginning, on one line. */
static const char *shortened(const char *text, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	tw_text_plain(&s, text, strlen(text), "");
	tw_str_trim(&s);
	const size_t len = tw_utf8_prefix(tw_str_c(&s), s.len, EXCERPT);
	const char *out = tw_sprintf(a, "%.*s%s", (int)len, tw_str_c(&s), len < s.len ? "…" : "");
	tw_str_release(&s);
	return out;
}

static enum tw_status on_adapter(void *ctx, int64_t step, const char *path, struct tw_err *err)
{
	struct tw_watch *w = ctx;
	const char *text;
	struct tw_arena a;
	(void)err;
	tw_arena_init(&a);
	double seconds = tw_asker_ask(&text, w->asker, w->r->id, step, path, &a);
	if (seconds > 0)
		keep(w, "sample_seconds", step, seconds);
	if (text)
		tw_info("             %s“%s” (%.1f s)%s", tw_color(stderr, "dim"),
			shortened(text, &a), seconds, tw_color(stderr, "reset"));
	tw_arena_release(&a);
	return TW_OK;
}

/* --- tracking --- */

static void begin_tracking(struct tw_watch *w, const struct tw_train_job *job)
{
	struct tw_app *app = w->g->app;
	struct tw_arena *a = &app->arena;
	struct tw_facts params = {0};
	tw_facts_add(&params, tw_json_of(tw_str_c(&w->r->params), a), "", a);
	const struct tw_pair more[] = {
		{"base", tw_llm_info(job->llm)->name},
		{"examples.train", tw_sprintf(a, "%zu", job->train.n)},
		{"examples.valid", tw_sprintf(a, "%zu", job->valid.n)},
	};
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		tw_vec_push(&params, more[i]);
	const struct tw_pair tags[] = {
		{"twin.run", tw_sprintf(a, "%lld", (long long)w->r->id)},
		{"twin.dataset", w->g->dataset.id},
		{"twin.service", w->g->service.digest},
		{"twin.base", tw_llm_info(job->llm)->digest.hex},
		{"twin.job", job->job_digest},
	};
	const struct tw_tracked_run run = {
		.name = tw_sprintf(a, "%s %lld", app->conf->twin, (long long)w->r->id),
		.started_ms = tw_now_ms(),
		.params = {params.at, params.n},
		.tags = {tags, sizeof(tags) / sizeof(*tags)},
		.dataset = w->g->dataset.id,
	};
	const struct tw_http_policy policy = tw_http_policy_of(app->http);
	tw_tracker_begin(w->tracker, &policy, &run);
	tw_vec_release(&params);
}

enum tw_status tw_watch_new(struct tw_watch **out, struct tw_graph *g, const struct tw_step_run *r,
			    struct tw_train_job *job, struct tw_err *err)
{
	struct tw_watch *w = tw_xcalloc(1, sizeof(*w));
	*w = (struct tw_watch){.g = g, .r = r, .loss = NAN, .valid = NAN};
	enum tw_status st = tw_tracker_new(&w->tracker, tw_trackers, g->app->conf, err);
	if (st == TW_OK)
		st = tw_asker_new(&w->asker, g->app, job->llm, &job->valid, err);
	if (st != TW_OK) {
		tw_watch_end(w, st, NULL);
		return st;
	}
	begin_tracking(w, job);
	job->on_metric = on_metric;
	job->on_best = on_best;
	job->on_adapter = w->asker ? on_adapter : NULL;
	job->ctx = w;
	*out = w;
	return TW_OK;
}

const char *tw_watch_end(struct tw_watch *w, enum tw_status st, const char *adapter)
{
	if (!w)
		return "";
	const char *status = st == TW_OK ? "done" : st == TW_CANCELLED ? "interrupted" : "failed";
	bool sends = st == TW_OK && adapter && adapter[0];
	const char *name = sends && tw_is_whole_model(adapter) ? "model.gguf" : "adapter.gguf";
	tw_tracker_end(w->tracker, status, sends ? name : NULL, sends ? adapter : NULL);
	const char *page = tw_tracker_page(w->tracker, &w->g->app->arena);
	tw_tracker_free(w->tracker);
	tw_asker_free(w->asker);
	free(w);
	return page;
}
