#include "app/sync.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/plugins.h"
#include "base/child.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/stop.h"
#include "base/vec.h"
#include "core/inbox.h"

#define QUIET_S	  0.2 /* editors write a file in several steps */
#define MISSING_S 10  /* from look to look where not everything can be watched */
#define BUSY_S	  1   /* from try to try while another twin is at work */
#define GRACE_S	  10

/* What to watch. */
struct place {
	const char *path;
	tw_notify_skip leaves_out; /* may be NULL */
	const void *ctx;
};

struct plan {
	struct tw_arena arena;
	TW_VEC(struct place) places;
};

struct sync {
	struct tw_app *app;
	struct plan plan;
	struct tw_arena arena; /* of one pass */
	const char *json;      /* report of the last program */
	char self[4096];       /* this program */
	bool failed;	       /* the last pass, so that it is tried again soon */
	bool told_missing;
};

/* --- what to watch --- */

static void plan_release(struct plan *p)
{
	tw_vec_release(&p->places);
	tw_arena_release(&p->arena);
}

/* Of lines. */
static void add_places(struct plan *p, const char *lines, tw_notify_skip leaves_out, void *ctx)
{
	for (; *lines; lines += strcspn(lines, "\n") + 1) {
		const char *path = tw_strndup(&p->arena, lines, strcspn(lines, "\n"));
		const struct place place = {path, leaves_out, ctx};
		tw_vec_push(&p->places, place);
	}
}

static enum tw_status add_source(struct plan *p, const struct tw_config *c,
				 const struct tw_config_source *source, struct tw_err *err)
{
	const struct tw_source_type *type;
	struct tw_str lines = TW_STR_INIT;
	void *ctx = NULL;
	enum tw_status st = tw_source_find(&type, tw_sources, source->type, err);
	if (st == TW_OK)
		st = tw_source_places(&lines, &ctx, type, source->node, c->path, c->dir, &p->arena,
				      err);
	if (st == TW_OK)
		add_places(p, tw_str_c(&lines), type->leaves_out, ctx);
	tw_str_release(&lines);
	return st;
}

static enum tw_status make_plan(struct plan *p, const struct tw_config *c, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	add_places(p, tw_sprintf(&p->arena, "%s\n%s/%s\n", c->path, c->dir, TW_INBOX), NULL, NULL);
	for (size_t i = 0; st == TW_OK && i < c->n_sources; i++)
		st = add_source(p, c, &c->sources[i], err);
	return st;
}

/* By twin.yaml as it is now; while it can't be read, by what it said before. */
static void read_places(struct sync *s)
{
	struct tw_app now = {.lock_fd = -1};
	struct plan plan = {0};
	tw_arena_init(&now.arena);
	tw_arena_init(&plan.arena);
	if (tw_app_load(&now, s->app->conf->dir, s->app->settings, NULL) == TW_OK &&
	    make_plan(&plan, now.conf, NULL) == TW_OK) {
		plan_release(&s->plan);
		s->plan = plan;
	} else {
		plan_release(&plan);
	}
	tw_app_close(&now);
}

static enum tw_status watch(struct tw_notify **out, struct sync *s, struct tw_err *err)
{
	enum tw_status st = tw_notify_new(out, err);
	read_places(s);
	for (size_t i = 0; st == TW_OK && i < s->plan.places.n; i++) {
		const struct place *p = &s->plan.places.at[i];
		tw_notify_add(*out, p->path, p->leaves_out, p->ctx);
	}
	return st;
}

/* --- a pass --- */

static enum tw_status on_line(void *ctx, bool is_stderr, char *line, size_t len, struct tw_err *err)
{
	struct sync *s = ctx;
	(void)err;
	if (is_stderr)
		fprintf(stderr, "%s\n", line);
	else if (len > 0)
		s->json = tw_strndup(&s->arena, line, len);
	return TW_OK;
}

static enum tw_status run_twin(struct sync *s, const char *command, struct tw_err *err)
{
	TW_VEC(const char *) args = {0};
	int status = 0;
	const char *const words[] = {s->self,
				     "-C",
				     s->app->conf->dir,
				     command,
				     "--json",
				     "--quiet",
				     s->app->offline ? "--offline" : NULL};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && words[i]; i++)
		tw_vec_push(&args, words[i]);
	for (char *const *set = s->app->settings; *set; set++) {
		tw_vec_push(&args, "--set");
		tw_vec_push(&args, *set);
	}
	tw_vec_push(&args, NULL);
	s->json = NULL;
	enum tw_status st = tw_child_run(&status,
					 &(struct tw_child){.command = "exec",
							    .args = args.at,
							    .grace_s = GRACE_S,
							    .on_line = on_line,
							    .ctx = s},
					 err);
	tw_vec_release(&args);
	return st == TW_OK && status != 0 ? TW_IO : st;
}

/* The report's last step; NULL when there is none. */
static const struct tw_json *last_step(struct sync *s)
{
	struct tw_json *tree;
	if (!s->json || tw_json_parse(&tree, s->json, strlen(s->json), &s->arena, NULL) != TW_OK)
		return NULL;
	const struct tw_json *steps = tw_json_get(tree, "steps");
	const struct tw_json *step = steps ? steps->child : NULL;
	while (step && step->next)
		step = step->next;
	return step;
}

static void tell(const struct sync *s, const char *command, const struct tw_json *step)
{
	tw_info("%-9s %s", command, tw_json_str(tw_json_get(step, "summary"), ""));
	if (s->app->json) {
		printf("%s\n", s->json);
		fflush(stdout);
	}
}

/* One command. It has said itself what went wrong; without a report it did not get to its work. */
static void run_step(struct sync *s, const char *command)
{
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st = run_twin(s, command, &err);
	const struct tw_json *step = last_step(s);
	if (step && tw_json_bool(tw_json_get(step, "changed"), false))
		tell(s, command, step);
	else if (st != TW_OK && err.msg[0] && st != TW_CANCELLED)
		tw_warn("%s: %s", command, err.msg);
	s->failed |= !step;
}

/* Waits until no other twin is at work. */
static void wait_for_lock(struct sync *s, struct tw_notify *n)
{
	bool told = false;
	while (!tw_stopping()) {
		enum tw_status st = tw_app_lock(s->app, NULL);
		tw_app_unlock(s->app);
		if (st != TW_CONFLICT) /* what else is wrong, the pass says */
			return;
		if (!told)
			tw_info("another twin is at work here; waiting for it");
		told = true;
		tw_notify_wait(n, QUIET_S, BUSY_S);
	}
}

/* Features follow also what another twin has collected. */
static void pass(struct sync *s, struct tw_notify *n)
{
	wait_for_lock(s, n);
	s->failed = false;
	if (!tw_stopping())
		run_step(s, "collect");
	if (!tw_stopping())
		run_step(s, "features");
}

static double until_next(struct sync *s, const struct tw_notify *n, int64_t every)
{
	if ((!tw_notify_missing(n) && !s->failed) || every < MISSING_S)
		return (double)every;
	if (tw_notify_missing(n) && !s->told_missing)
		tw_warn("%d folders can't be watched (absent, or more than fs.inotify.max_user_watches allows): "
			"all sources are looked at every %d s",
			tw_notify_missing(n), MISSING_S);
	s->told_missing |= tw_notify_missing(n) > 0;
	return MISSING_S;
}

enum tw_status tw_sync(struct tw_app *app, int64_t every, struct tw_err *err)
{
	struct sync s = {.app = app};
	enum tw_status st = TW_OK;
	if (readlink("/proc/self/exe", s.self, sizeof(s.self) - 1) < 0)
		return tw_fail_errno(err, TW_IO, "/proc/self/exe");
	tw_arena_init(&s.arena);
	tw_arena_init(&s.plan.arena);
	while (!tw_stopping() && st == TW_OK) {
		struct tw_notify *n;
		st = watch(&n, &s, err);
		if (st != TW_OK)
			break;
		pass(&s, n); /* what changes meanwhile is in n's queue */
		tw_notify_wait(n, QUIET_S, until_next(&s, n, every));
		tw_notify_free(n);
		tw_arena_reset(&s.arena);
	}
	plan_release(&s.plan);
	tw_arena_release(&s.arena);
	return st;
}
