/* What core/model_registry.h promises. */
#include "support/store_fixture.h"

#include "core/model_registry.h"
#include "core/samples.h"

struct world {
	struct tw_model_registry *mr;
	struct tw_arena a;
	struct tw_err err;
	char url[512];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	snprintf(w->url, sizeof(w->url), "%s", store_engines[0].url("-registry.db"));
	tw_arena_init(&w->a);
	*state = w;
	return tw_mr_open(&w->mr, w->url, &w->err) == TW_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tw_mr_close(w->mr);
	tw_arena_release(&w->a);
	free(w);
	return 0;
}

static int64_t start(struct world *w, const char *kind, const char *key)
{
	int64_t id = 0;

	assert_ok(tw_mr_run_start(&id, w->mr, kind, key, "{\"p\":1}", "{}", &w->err), &w->err);
	return id;
}

static void end(struct world *w, int64_t run, const char *status, const char *outputs)
{
	assert_ok(tw_mr_run_end(w->mr, run, status, outputs, "", &w->err), &w->err);
}

static struct tw_run get(struct world *w, int64_t id)
{
	struct tw_run r;

	assert_ok(tw_mr_run(&r, w->mr, id, &w->a, &w->err), &w->err);
	return r;
}

static int model(struct world *w, const char *dataset)
{
	struct tw_model_version v = {.run = 1,
				     .dataset = dataset,
				     .service = "s",
				     .base_digest = "b",
				     .base_spec = "llama:x",
				     .adapter = "a",
				     .signature = "{}",
				     .metrics = "{}",
				     .tainted = ""};

	assert_ok(tw_mr_model_put(&v, w->mr, &w->err), &w->err);
	return v.version;
}

static int64_t deploy(struct world *w, int version, const char *settings)
{
	struct tw_deployment d = {
		.model = version, .service = "s", .settings = settings, .reason = "promote"};

	assert_ok(tw_mr_deploy(&d, w->mr, &w->err), &w->err);
	return d.revision;
}

static void a_run_reads_back_as_it_was_recorded(void **state)
{
	struct world *w = *state;
	int64_t id = start(w, "train", "k1");
	struct tw_run r = get(w, id);

	assert_string_equal(r.status, "running");
	assert_string_equal(r.params, "{\"p\":1}");
	assert_true(r.started_ms > 0 && r.ended_ms == 0);
	end(w, id, "done", "{\"x\":2}");
	r = get(w, id);
	assert_string_equal(r.kind, "train");
	assert_string_equal(r.key, "k1");
	assert_string_equal(r.outputs, "{\"x\":2}");
	assert_true(r.ended_ms >= r.started_ms);
	assert_int_equal(tw_mr_run_end(w->mr, id, "done", "{}", "", &w->err), TW_CONFLICT);
	assert_int_equal(tw_mr_run(&r, w->mr, 99, &w->a, NULL), TW_NOT_FOUND);
}

static void only_a_done_run_with_kind_and_key_is_taken_up_and_the_newest_first(void **state)
{
	struct world *w = *state;
	struct tw_run r;

	assert_int_equal(tw_mr_run_cached(&r, w->mr, "train", "k", &w->a, &w->err), TW_NOT_FOUND);
	assert_contains(w->err.msg, "train");
	end(w, start(w, "train", "k"), "failed", "{}");
	start(w, "train", "k");
	assert_int_equal(tw_mr_run_cached(&r, w->mr, "train", "k", &w->a, NULL), TW_NOT_FOUND);
	end(w, start(w, "train", "k"), "done", "{\"n\":1}");
	end(w, start(w, "train", "k"), "done", "{\"n\":2}");
	end(w, start(w, "eval", "k"), "done", "{\"n\":3}");
	assert_ok(tw_mr_run_cached(&r, w->mr, "train", "k", &w->a, &w->err), &w->err);
	assert_string_equal(r.outputs, "{\"n\":2}");
	assert_int_equal(tw_mr_run_cached(&r, w->mr, "train", "other", &w->a, NULL), TW_NOT_FOUND);
}

static void runs_are_listed_newest_first_by_kind_and_limit(void **state)
{
	struct world *w = *state;
	struct tw_runs all;
	int64_t a = start(w, "train", ""), b = start(w, "eval", ""), c = start(w, "train", "");

	assert_ok(tw_mr_runs(&all, w->mr, NULL, 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 3);
	assert_int_equal(all.at[0].id, c);
	assert_int_equal(all.at[1].id, b);
	assert_ok(tw_mr_runs(&all, w->mr, "train", 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.at[1].id, a);
	assert_ok(tw_mr_runs(&all, w->mr, "train", 1, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 1);
	assert_ok(tw_mr_runs(&all, w->mr, "none", 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 0);
}

static void metrics_are_ordered_and_a_step_again_replaces(void **state)
{
	struct world *w = *state;
	struct tw_metrics m;
	int64_t id = start(w, "train", "");

	assert_ok(tw_mr_run_metric(w->mr, id, "loss", 2, 1.5, &w->err), &w->err);
	assert_ok(tw_mr_run_metric(w->mr, id, "loss", 1, 3.0, &w->err), &w->err);
	assert_ok(tw_mr_run_metric(w->mr, id, "loss", 1, 2.5, &w->err), &w->err);
	assert_ok(tw_mr_run_metric(w->mr, id, "lr", 1, 0.1, &w->err), &w->err);
	assert_ok(tw_mr_run_metrics(&m, w->mr, id, &w->a, &w->err), &w->err);
	assert_int_equal(m.n, 3);
	assert_true(m.at[0].step == 1 && m.at[0].value == 2.5);
	assert_true(m.at[1].step == 2 && m.at[1].value == 1.5);
	assert_string_equal(m.at[2].name, "lr");
	assert_int_equal(tw_mr_run_metric(w->mr, 99, "loss", 1, 1, NULL), TW_NOT_FOUND);
}

static void a_model_is_found_by_version_and_by_alias(void **state)
{
	struct world *w = *state;
	struct tw_model_version v;
	struct tw_model_versions all;
	int one = model(w, "d1"), two = model(w, "d2");

	assert_ok(tw_mr_model(&v, w->mr, "v1", &w->a, &w->err), &w->err);
	assert_int_equal(v.version, one);
	assert_ok(tw_mr_alias_set(w->mr, "challenger", two, &w->err), &w->err);
	assert_ok(tw_mr_model(&v, w->mr, "challenger", &w->a, &w->err), &w->err);
	assert_string_equal(v.dataset, "d2");
	assert_int_equal(tw_mr_alias_set(w->mr, "champion", two, NULL), TW_BAD_USE);
	assert_int_equal(tw_mr_alias_set(w->mr, "v7", two, NULL), TW_BAD_USE);
	assert_int_equal(tw_mr_model(&v, w->mr, "v9", &w->a, NULL), TW_NOT_FOUND);
	assert_ok(tw_mr_models(&all, w->mr, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.at[0].version, two);
}

static void a_deployment_moves_the_champion_and_history_only_grows(void **state)
{
	struct world *w = *state;
	struct tw_deployment d;
	struct tw_deployments all;
	struct tw_alias_events events;
	struct tw_model_version v;
	int one = model(w, "d1"), two = model(w, "d2");

	assert_int_equal(tw_mr_deployment(&d, w->mr, 0, &w->a, NULL), TW_NOT_FOUND);
	int64_t first = deploy(w, one, "{}"), second = deploy(w, two, "{\"k\":5}");
	deploy(w, one, "{}");
	assert_ok(tw_mr_deployment(&d, w->mr, 0, &w->a, &w->err), &w->err);
	assert_int_equal(d.model, one);
	assert_ok(tw_mr_deployment(&d, w->mr, second, &w->a, &w->err), &w->err);
	assert_string_equal(d.settings, "{\"k\":5}");
	assert_ok(tw_mr_deployments(&all, w->mr, 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 3);
	assert_int_equal(all.at[2].revision, first);
	assert_ok(tw_mr_model(&v, w->mr, "champion", &w->a, &w->err), &w->err);
	assert_int_equal(v.version, one);
	assert_ok(tw_mr_alias_history(&events, w->mr, &w->a, &w->err), &w->err);
	assert_int_equal(events.n, 3);
	assert_true(events.at[0].model == one && events.at[0].before == two);
	assert_int_equal(events.at[2].before, 0);
	struct tw_deployment none = {.model = 9, .service = "", .settings = "", .reason = ""};
	assert_int_equal(tw_mr_deploy(&none, w->mr, NULL), TW_NOT_FOUND);
}

static void every_model_of_a_dataset_is_marked(void **state)
{
	struct world *w = *state;
	struct tw_model_version v;
	int64_t n = 0;

	model(w, "d1");
	model(w, "d2");
	model(w, "d1");
	assert_ok(tw_mr_taint(w->mr, "d1", "forgotten", &n, &w->err), &w->err);
	assert_int_equal(n, 2);
	assert_ok(tw_mr_model(&v, w->mr, "v3", &w->a, &w->err), &w->err);
	assert_string_equal(v.tainted, "forgotten");
	assert_ok(tw_mr_model_metrics(w->mr, 2, "{\"test_loss\":1}", &w->err), &w->err);
	assert_ok(tw_mr_model(&v, w->mr, "v2", &w->a, &w->err), &w->err);
	assert_string_equal(v.tainted, "");
	assert_string_equal(v.metrics, "{\"test_loss\":1}");
}

static void sample(struct world *w, int64_t run, int64_t step, int64_t item, const char *text)
{
	const struct tw_run_sample s = {step, item, "How do I make tea?", "Warm the pot.", text};

	assert_ok(tw_mr_run_sample(w->mr, run, &s, &w->err), &w->err);
}

static struct tw_run_samples samples(struct world *w, int64_t run)
{
	struct tw_run_samples all;

	assert_ok(tw_mr_run_samples(&all, w->mr, run, &w->a, &w->err), &w->err);
	return all;
}

static void samples_are_ordered_by_prompt_and_a_step_again_replaces(void **state)
{
	struct world *w = *state;
	int64_t run = start(w, "train", "k"), other = start(w, "train", "k2");

	sample(w, run, 20, 0, "later");
	sample(w, run, 0, 1, "second");
	sample(w, run, 0, 0, "first");
	sample(w, run, 20, 0, "last");
	sample(w, other, 0, 0, "not here");
	struct tw_run_samples all = samples(w, run);
	assert_int_equal(all.n, 3);
	assert_string_equal(all.at[0].text, "first");
	assert_string_equal(all.at[1].text, "last");
	assert_int_equal(all.at[1].step, 20);
	assert_string_equal(all.at[2].text, "second");
	assert_string_equal(all.at[2].prompt, "How do I make tea?");
	assert_string_equal(all.at[2].expected, "Warm the pot.");
	const struct tw_run_sample s = {.prompt = "", .text = ""};
	assert_int_equal(tw_mr_run_sample(w->mr, 999, &s, &w->err), TW_NOT_FOUND);
}

static void what_was_sampled_on_a_forgotten_dataset_goes(void **state)
{
	struct world *w = *state;
	int64_t run, n;

	assert_ok(tw_mr_run_start(&run, w->mr, "train", "k", "{}", "{\"dataset\":\"d1\"}", &w->err),
		  &w->err);
	int64_t other = start(w, "train", "k2");
	sample(w, run, 0, 0, "from what was forgotten");
	sample(w, other, 0, 0, "from elsewhere");
	assert_ok(tw_mr_taint(w->mr, "d1", "forgotten", &n, &w->err), &w->err);
	assert_int_equal(samples(w, run).n, 0);
	assert_int_equal(samples(w, other).n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_run_reads_back_as_it_was_recorded),
		T(only_a_done_run_with_kind_and_key_is_taken_up_and_the_newest_first),
		T(runs_are_listed_newest_first_by_kind_and_limit),
		T(metrics_are_ordered_and_a_step_again_replaces),
		T(a_model_is_found_by_version_and_by_alias),
		T(a_deployment_moves_the_champion_and_history_only_grows),
		T(every_model_of_a_dataset_is_marked),
		T(samples_are_ordered_by_prompt_and_a_step_again_replaces),
		T(what_was_sampled_on_a_forgotten_dataset_goes),
	};

	return cmocka_run_group_tests_name("model_registry", tests, NULL, NULL);
}
