/*
 * What core/tracker.h promises, asked of every tracker of the program. To add one: a row in
 * `trackers` with settings that point it at a port of this machine where nobody listens. What
 * is really sent is seen in tests/cli/test_tracking.py.
 */
#include "test.h"

#include "app/plugins.h"
#include "base/fs.h"
#include "support/said.h"

struct tracker {
	const char *name, *settings;
	const char *host; /* that it would reach, with a line end */
};

/* Port 9 is nobody's on loopback: refused at once. */
static const struct tracker trackers[] = {
	{"mlflow", "url: \"http://127.0.0.1:9/\", experiment: x, adapter: true", "127.0.0.1:9\n"},
	{"none", "url: ignored", ""},
};
enum { N = sizeof(trackers) / sizeof(*trackers) };

/* What the calls of one test stand on. */
static struct world {
	struct tw_config *conf;
	struct tw_arena a;
	struct tw_err err;
	struct tw_str said;
} w;

static int begin(void **state)
{
	(void)state;
	tw_arena_init(&w.a);
	tw_err_clear(&w.err);
	return 0;
}

static int end(void **state)
{
	(void)state;
	tw_config_free(w.conf);
	w.conf = NULL;
	tw_str_release(&w.said);
	tw_arena_release(&w.a);
	return 0;
}

/* A configuration with this text behind `tracking:`; NULL: without the section. */
static struct tw_config *configure(const char *tracking)
{
	const char *dir = tw_path_join(&w.a, tmp_dir(), "tracked");
	const char *text = tw_sprintf(&w.a, "sources: [{type: dir, path: .}]\n%s%s\n",
				      tracking ? "tracking: " : "", tracking ? tracking : "");

	tw_config_free(w.conf);
	w.conf = NULL;
	assert_ok(tw_mkdirs(dir, &w.err), &w.err);
	assert_ok(tw_write_file(tw_path_join(&w.a, dir, "twin.yaml"), text, strlen(text), &w.err),
		  &w.err);
	assert_ok(tw_config_load(&w.conf, dir, &w.err), &w.err);
	return w.conf;
}

static struct tw_tracker *open_as(const struct tracker *t)
{
	struct tw_tracker *out;
	const char *text = tw_sprintf(&w.a, "{tracker: %s, %s}", t->name, t->settings);

	assert_ok(tw_tracker_new(&out, tw_trackers, configure(text), &w.err), &w.err);
	assert_non_null(out);
	return out;
}

/* A whole run, as a training would; what it says on stderr comes into w.said. */
static void run(struct tw_tracker *t, bool offline)
{
	const char *file = tw_path_join(&w.a, w.conf->dir, "twin.yaml");
	const struct tw_pair one = {"rank", "8"};
	const struct tw_tracked_run r = {
		.name = "run 1", .params = {&one, 1}, .tags = {&one, 1}, .dataset = "d1"};
	const struct tw_http_policy policy = {.offline = offline, .allow_private = true};

	said_begin(false);
	tw_tracker_begin(t, &policy, &r);
	for (int i = 0; i < 3000; i++)
		tw_tracker_metric(t, i % 2 ? "loss" : "lr", i, 1.0 / (i + 1));
	tw_tracker_end(t, "done", "adapter.gguf", file);
	said_end(&w.said);
}

static int warnings(void)
{
	int n = 0;

	for (const char *p = tw_str_c(&w.said); (p = strstr(p, "warning: ")); p++)
		n++;
	return n;
}

static void the_list_of_this_test_is_that_of_the_program(void **state)
{
	size_t n = 0;

	(void)state;
	for (; tw_trackers[n]; n++) {
		assert_true(n < N);
		assert_string_equal(tw_trackers[n]->name, trackers[n].name);
	}
	assert_int_equal(n, N);
}

static void a_place_where_nobody_answers_costs_one_warning_and_fails_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct tw_tracker *t = open_as(&trackers[i]);

		run(t, false);
		assert_int_equal(warnings(), trackers[i].host[0] ? 1 : 0);
		assert_string_equal(tw_tracker_page(t, &w.a), "");
		tw_tracker_free(t);
	}
}

/* --- a place that answers, and refuses this and that --- */

static enum tw_status say_yes(void *ctx, struct tw_http *http, const struct tw_tracked_run *r,
			      struct tw_err *err)
{
	(void)ctx;
	(void)http;
	(void)r;
	(void)err;
	return TW_OK;
}

static enum tw_status refuse_points(void *ctx, struct tw_http *http,
				    const struct tw_metric_point *p, size_t n, struct tw_err *err)
{
	(void)ctx;
	(void)http;
	(void)p;
	return tw_fail(err, TW_BAD_DATA, "%zu points refused", n);
}

static enum tw_status refuse_file(void *ctx, struct tw_http *http, const char *name,
				  const char *path, struct tw_err *err)
{
	(void)ctx;
	(void)http;
	(void)path;
	return tw_fail(err, TW_BAD_DATA, "%s is too large", name);
}

static enum tw_status be_gone(void *ctx, struct tw_http *http, const char *status, int64_t ended_ms,
			      struct tw_err *err)
{
	(void)ctx;
	(void)http;
	(void)ended_ms;
	return tw_fail(err, TW_NETWORK, "no answer to \"%s\"", status);
}

static void show_nothing(const void *ctx, struct tw_str *out)
{
	(void)ctx;
	tw_str_adds(out, "nowhere");
}

static void each_kind_of_failure_is_said_once(void **state)
{
	static const struct tw_tracker_type picky = {.name = "picky",
						     .help = "",
						     .begin = say_yes,
						     .log = refuse_points,
						     .file = refuse_file,
						     .end = be_gone,
						     .page = show_nothing};
	static const struct tw_tracker_type *const types[] = {&picky, NULL};
	struct tw_tracker *t;
	(void)state;
	assert_ok(tw_tracker_new(&t, types, configure("{tracker: picky}"), &w.err), &w.err);
	run(t, false); /* 3000 points, in several batches */
	assert_int_equal(warnings(), 3);
	assert_contains(tw_str_c(&w.said), "points refused");
	assert_contains(tw_str_c(&w.said), "adapter.gguf is too large");
	assert_contains(tw_str_c(&w.said), "no answer to \"done\"");
	tw_tracker_free(t);
}

static void offline_nothing_is_tried(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct tw_tracker *t = open_as(&trackers[i]);

		run(t, true);
		assert_string_equal(tw_str_c(&w.said), "");
		tw_tracker_free(t);
	}
}

static void the_host_is_known_before_anything_is_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < N; i++) {
		struct tw_tracker *t = open_as(&trackers[i]);
		struct tw_str hosts = TW_STR_INIT;

		tw_tracker_hosts(&hosts, t);
		assert_string_equal(tw_str_c(&hosts), trackers[i].host);
		tw_str_release(&hosts);
		tw_tracker_free(t);
	}
}

static void without_the_section_every_call_does_nothing(void **state)
{
	struct tw_str hosts = TW_STR_INIT;
	struct tw_tracker *t = (void *)&hosts;

	(void)state;
	assert_ok(tw_tracker_new(&t, tw_trackers, configure(NULL), &w.err), &w.err);
	assert_null(t);
	tw_tracker_hosts(&hosts, t);
	run(t, false);
	assert_int_equal(hosts.len + w.said.len, 0);
	assert_string_equal(tw_tracker_page(t, &w.a), "");
	tw_tracker_free(t);
}

static void what_it_does_not_know_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{"{tracker: mlflo, url: x}", "did you mean"},
		{"{url: \"http://h\", experimnt: y}", "experiment"},
		{"{experiment: y}", "url"},
	};
	struct tw_tracker *t;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		tw_err_clear(&w.err);
		assert_int_equal(tw_tracker_new(&t, tw_trackers, configure(wrong[i][0]), &w.err),
				 TW_BAD_USE);
		assert_contains(w.err.msg, wrong[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(the_list_of_this_test_is_that_of_the_program),
		T(a_place_where_nobody_answers_costs_one_warning_and_fails_nothing),
		T(each_kind_of_failure_is_said_once),
		T(offline_nothing_is_tried),
		T(the_host_is_known_before_anything_is_sent),
		T(without_the_section_every_call_does_nothing),
		T(what_it_does_not_know_is_refused),
	};

	return cmocka_run_group_tests_name("tracker", tests, NULL, NULL);
}
