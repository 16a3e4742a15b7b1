/* One thread a tracked run: it sleeps until points have gathered, and sends them. */
#include "core/tracker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "base/vec.h"
#include "core/plugin.h"

#define EVERY_S	     2	    /* between two sendings, while all is well */
#define LONGEST_S    60	    /* while nobody answers */
#define MOST_WAITING 500000 /* points; more are dropped */

struct points TW_VEC_BODY(struct tw_metric_point);
struct names TW_VEC_BODY(const char *);

struct tw_tracker {
	const struct tw_tracker_type *type;
	struct tw_arena arena; /* of options and run */
	void *ctx;
	struct tw_http *http; /* of the thread, once it runs */
	struct tw_tracked_run run;

	pthread_t thread;
	bool running;
	/* Of the thread alone. */
	bool begun;
	unsigned warned; /* of what: bits, by enum failure */
	int pause_s;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct points waiting;
	struct names names; /* of metrics: the points' */
	struct tw_str page;
	bool ended;
	const char *status, *name, *path; /* of the end */
};

/* --- making --- */

static const char *const section_keys[] = {"tracker", NULL};

enum tw_status tw_tracker_new(struct tw_tracker **out, const struct tw_tracker_type *const *types,
			      const struct tw_config *conf, struct tw_err *err)
{
	const struct tw_json *section = tw_config_section(conf, "tracking");
	const void *found;
	*out = NULL;
	if (!section || section->type == TW_JSON_NULL)
		return TW_OK;
	enum tw_status st =
		tw_plugin_configured(&found, types, "tracker", "tracking.tracker", conf, err);
	if (st != TW_OK)
		return st;
	const struct tw_tracker_type *type = found;
	struct tw_tracker *t = tw_xcalloc(1, sizeof(*t));
	t->type = type;
	t->ctx = tw_xcalloc(1, type->ctx_size ? type->ctx_size : 1);
	tw_arena_init(&t->arena);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	if (type->opts) /* one without options leaves those of others alone */
		st = tw_opt_parse(t->ctx, type->opts,
				  tw_json_without(section, section_keys, &t->arena), conf->path,
				  conf->dir, &t->arena, err);
	if (st == TW_OK)
		*out = t;
	else
		tw_tracker_free(t);
	return st == TW_OK ? st : tw_wrap(err, st, "tracking");
}

void tw_tracker_free(struct tw_tracker *t)
{
	if (!t)
		return;
	tw_tracker_end(t, "interrupted", NULL, NULL);
	if (t->type->close)
		t->type->close(t->ctx);
	tw_http_free(t->http);
	tw_vec_release(&t->waiting);
	tw_vec_release(&t->names);
	tw_str_release(&t->page);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	tw_arena_release(&t->arena);
	free(t->ctx);
	free(t);
}

void tw_tracker_hosts(struct tw_str *out, const struct tw_tracker *t)
{
	if (t && t->type->hosts)
		t->type->hosts(t->ctx, out);
}

/* --- the thread --- */

/* A place that does not answer is one thing, whatever was asked of it; what it refuses are others. */
enum failure { NO_ANSWER, AT_BEGIN, AT_POINTS, AT_FILE, AT_END };

/* Says the first failure of each kind; returns whether the work is to be done again later. */
static bool failed(struct tw_tracker *t, enum failure at, enum tw_status st,
		   const struct tw_err *err)
{
	const unsigned kind = 1U << (st == TW_NETWORK ? NO_ANSWER : at);
	if (t->warned & kind)
		tw_debug("tracking: %s", err->msg);
	else
		tw_warn("tracking: %s; the training goes on without it%s", err->msg,
			st == TW_NETWORK ? ", and sends what it has when that answers" : "");
	t->warned |= kind;
	return st == TW_NETWORK;
}

static bool begin(struct tw_tracker *t)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_str page = TW_STR_INIT;
	if (t->begun)
		return true;
	enum tw_status st = t->type->begin(t->ctx, t->http, &t->run, &err);
	if (st != TW_OK) {
		failed(t, AT_BEGIN, st, &err);
		return false;
	}
	t->begun = true;
	t->type->page(t->ctx, &page);
	tw_info("tracked at %s", tw_str_c(&page));
	pthread_mutex_lock(&t->lock);
	t->page = page;
	pthread_mutex_unlock(&t->lock);
	return true;
}

/* Sends what waits, a batch at a time. False: the place does not answer; what was not sent waits on. */
static bool send_points(struct tw_tracker *t)
{
	struct tw_metric_point batch[TW_TRACKER_BATCH];
	for (;;) {
		struct tw_err err = TW_ERR_INIT;
		pthread_mutex_lock(&t->lock);
		size_t n = t->waiting.n < TW_TRACKER_BATCH ? t->waiting.n : TW_TRACKER_BATCH;
		if (n)
			memcpy(batch, t->waiting.at, n * sizeof(*batch));
		pthread_mutex_unlock(&t->lock);
		if (!n)
			return true;
		enum tw_status st = t->type->log(t->ctx, t->http, batch, n, &err);
		if (st != TW_OK && failed(t, AT_POINTS, st, &err))
			return false;
		/* Only this thread takes away; others add behind. */
		pthread_mutex_lock(&t->lock);
		t->waiting.n -= n;
		memmove(t->waiting.at, t->waiting.at + n, t->waiting.n * sizeof(*batch));
		pthread_mutex_unlock(&t->lock);
	}
}

static void finish(struct tw_tracker *t)
{
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st = TW_OK;
	if (t->path && t->type->file)
		st = t->type->file(t->ctx, t->http, t->name, t->path, &err);
	if (st != TW_OK)
		failed(t, AT_FILE, st, &err);
	tw_err_clear(&err);
	st = t->type->end(t->ctx, t->http, t->status, tw_now_ms(), &err);
	if (st != TW_OK)
		failed(t, AT_END, st, &err);
}

/* Until it is time, or all is over. Returns whether it is. */
static bool sleep_until_due(struct tw_tracker *t)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += t->pause_s;
	pthread_mutex_lock(&t->lock);
	while (!t->ended && pthread_cond_timedwait(&t->wake, &t->lock, &until) == 0)
		;
	bool ended = t->ended;
	pthread_mutex_unlock(&t->lock);
	return ended;
}

static void *work(void *arg)
{
	struct tw_tracker *t = arg;
	for (bool ended = false;;) {
		bool well = begin(t) && send_points(t);
		if (ended && well)
			finish(t);
		if (ended)
			return NULL;
		t->pause_s = well			  ? EVERY_S
			     : t->pause_s * 2 < LONGEST_S ? t->pause_s * 2
							  : LONGEST_S;
		ended = sleep_until_due(t);
	}
}

/* --- from the training --- */

static struct tw_pairs copy_pairs(const struct tw_pairs *p, struct tw_arena *a)
{
	struct tw_pair *at = TW_NEW_ARRAY(a, p->n + 1, struct tw_pair);
	for (size_t i = 0; i < p->n; i++)
		at[i] = (struct tw_pair){tw_strdup(a, p->at[i].name), tw_strdup(a, p->at[i].value)};
	return (struct tw_pairs){at, p->n};
}

void tw_tracker_begin(struct tw_tracker *t, const struct tw_http_policy *policy,
		      const struct tw_tracked_run *r)
{
	struct tw_err err = TW_ERR_INIT;
	if (!t || !t->type->begin || t->running || policy->offline)
		return;
	t->run = *r;
	t->run.name = tw_strdup(&t->arena, r->name);
	t->run.dataset = tw_strdup(&t->arena, r->dataset);
	t->run.params = copy_pairs(&r->params, &t->arena);
	t->run.tags = copy_pairs(&r->tags, &t->arena);
	t->pause_s = EVERY_S;
	if (tw_http_new(&t->http, policy, &err) != TW_OK)
		failed(t, AT_BEGIN, err.code, &err);
	else if (pthread_create(&t->thread, NULL, work, t) == 0)
		t->running = true;
	else
		tw_warn("tracking: no thread for it; the training goes on without");
}

static const char *keep_name(struct tw_tracker *t, const char *name)
{
	for (size_t i = 0; i < t->names.n; i++)
		if (strcmp(t->names.at[i], name) == 0)
			return t->names.at[i];
	tw_vec_push(&t->names, tw_strdup(&t->arena, name));
	return t->names.at[t->names.n - 1];
}

void tw_tracker_metric(struct tw_tracker *t, const char *name, int64_t step, double value)
{
	if (!t || !t->running)
		return;
	pthread_mutex_lock(&t->lock);
	if (t->waiting.n < MOST_WAITING) {
		const struct tw_metric_point p = {keep_name(t, name), step, value, tw_now_ms()};
		tw_vec_push(&t->waiting, p);
	}
	pthread_mutex_unlock(&t->lock);
}

void tw_tracker_end(struct tw_tracker *t, const char *status, const char *name, const char *path)
{
	if (!t || !t->running)
		return;
	pthread_mutex_lock(&t->lock);
	t->status = status;
	t->name = name;
	t->path = path;
	t->ended = true;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	t->running = false;
}

const char *tw_tracker_page(struct tw_tracker *t, struct tw_arena *a)
{
	if (!t)
		return "";
	pthread_mutex_lock(&t->lock);
	const char *page = tw_strdup(a, tw_str_c(&t->page));
	pthread_mutex_unlock(&t->lock);
	return page;
}
