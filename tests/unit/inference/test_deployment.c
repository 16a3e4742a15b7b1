/* What serves is what was deployed, never the latest. */
#include "inference/deployment.h"

#include "core/document_store.h"
#include "support/small_twin.h"

static struct small_twin t;
static struct tw_serving *serving;

static int setup(void **state)
{
	(void)state;
	small_twin_open(&t, "", NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_serving_close(serving);
	serving = NULL;
	small_twin_close(&t);
	return 0;
}

static void open_ref(const char *ref)
{
	tw_serving_close(serving);
	serving = NULL;
	assert_ok(tw_deployment_open(&serving, &t.env, ref, &t.err), &t.err);
}

static void refuse_ref(const char *ref, enum tw_status want, const char *says)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_serving *s;
	assert_int_equal(tw_deployment_open(&s, &t.env, ref, &err), want);
	assert_contains(err.msg, says);
}

static size_t found(const char *query)
{
	struct tw_retriever *r = tw_serving_retriever(serving);
	struct tw_passages p;
	assert_ok(r->search(&p, r, query, 5, &t.a, &t.err), &t.err);
	return p.n;
}

static struct small_features features(const char *version)
{
	struct small_features f = small_twin_declare(&t, version);
	small_twin_compute(&t, &f);
	return f;
}

static void nothing_collected_says_what_to_run(void **state)
{
	(void)state;
	refuse_ref(NULL, TW_NOT_FOUND, "twin run");
	refuse_ref("base", TW_NOT_FOUND, "twin run");
	refuse_ref("v1", TW_NOT_FOUND, "v1");
}

static void before_the_first_deployment_the_base_answers(void **state)
{
	(void)state;
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	small_twin_declare(&t, "1");
	refuse_ref(NULL, TW_BLOCKED, "twin features");
	struct small_features f = features("1");
	open_ref(NULL);
	assert_string_equal(tw_serving_info(serving)->label, "base");
	assert_string_equal(tw_serving_info(serving)->chunks, f.chunks);
	assert_int_equal(tw_serving_info(serving)->revision, 0);
	assert_contains(tw_serving_system_prompt(serving), "Mara Lindqvist");
}

static void a_deployment_keeps_its_views_when_newer_ones_are_there(void **state)
{
	(void)state;
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f1 = features("1");
	small_twin_deploy(&t, small_twin_register(&t, &f1), &f1);
	struct small_features f2 = features("2");
	open_ref(NULL);
	const struct tw_serving_info *i = tw_serving_info(serving);
	assert_string_equal(i->chunks, f1.chunks);
	assert_string_equal(i->embeddings, f1.embeddings);
	assert_string_equal(i->chunks_ref, "chunks@v1");
	assert_string_equal(i->service, f1.service);
	assert_int_equal(i->revision, 1);
	/* The base has no pin: the newest. */
	open_ref("base");
	assert_string_equal(tw_serving_info(serving)->chunks, f2.chunks);
}

static void a_rollback_serves_fresh_features(void **state)
{
	(void)state;
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f1 = features("1"), f2 = features("2");
	int m1 = small_twin_register(&t, &f1), m2 = small_twin_register(&t, &f2);
	small_twin_deploy(&t, m1, &f1);
	small_twin_deploy(&t, m2, &f2);
	open_ref(NULL);
	assert_int_equal(tw_serving_info(serving)->model, m2);
	struct small_doc docs[4] = {
		{"slugs.md", "Slugs", "A plank beside the lettuces collects every slug.", NULL}};
	memcpy(docs + 1, small_mara, sizeof(small_mara[0]) * SMALL_MARA_N);
	small_twin_collect(&t, docs, 4);
	small_twin_compute(&t, &f1);
	small_twin_compute(&t, &f2);
	small_twin_deploy(&t, m1, &f1);
	open_ref(NULL);
	assert_int_equal(tw_serving_info(serving)->model, m1);
	assert_string_equal(tw_serving_info(serving)->chunks, f1.chunks);
	assert_int_equal(tw_serving_info(serving)->revision, 3);
	assert_true(found("plank beside the lettuces") >= 1);
}

static void a_view_without_rows_says_which_and_what_computes_it(void **state)
{
	(void)state;
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = features("1");
	small_twin_deploy(&t, small_twin_register(&t, &f), &f);
	assert_ok(tw_fs_view_drop(t.fs, f.embeddings, &t.err), &t.err);
	refuse_ref(NULL, TW_BLOCKED, "embeddings@v1");
	refuse_ref("v1", TW_BLOCKED, "--backfill");
}

static void another_embedder_of_the_same_size_is_refused(void **state)
{
	(void)state;
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = features("1");
	t.conf->embedder = "echo:2";
	refuse_ref("base", TW_CONFLICT, "another model");
	small_twin_deploy(&t, small_twin_register(&t, &f), &f);
	/* Its signature names the second embedder, its views the first. */
	refuse_ref(NULL, TW_CONFLICT, "another embedder");
}

static void the_embedder_of_the_views_is_opened_whatever_is_configured(void **state)
{
	(void)state;
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = features("1");
	small_twin_deploy(&t, small_twin_register(&t, &f), &f);
	t.conf->embedder = "echo:2";
	open_ref(NULL);
	assert_true(found("Which spokes of the wheel are loose?") >= 1);
}

static int put_version(const struct small_features *f, const char *digest, const char *signature)
{
	struct tw_model_version v = {.service = f->service,
				     .dataset = "",
				     .base_digest = digest,
				     .base_spec = "echo:",
				     .adapter = "",
				     .signature = signature,
				     .metrics = "{}",
				     .tainted = ""};
	assert_ok(tw_mr_model_put(&v, t.mr, &t.err), &t.err);
	return v.version;
}

static void another_base_model_or_template_is_refused(void **state)
{
	(void)state;
	struct tw_llm *llm;
	char other[65];
	memset(other, 'a', 64);
	other[64] = '\0';
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = features("1");
	put_version(&f, other, "{}");
	open_ref("v1");
	assert_int_equal(tw_serving_llm(&llm, serving, &t.err), TW_CONFLICT);
	assert_contains(t.err.msg, "not the base model");
	put_version(&f, "", tw_sprintf(&t.a, "{\"template_digest\":\"%s\"}", other));
	open_ref("v2");
	tw_err_clear(&t.err);
	assert_int_equal(tw_serving_llm(&llm, serving, &t.err), TW_CONFLICT);
	assert_contains(t.err.msg, "chat template");
	put_version(&f, "", "not json");
	refuse_ref("v3", TW_BAD_DATA, "signature of v3");
}

static void settings_are_those_of_the_deployment(void **state)
{
	(void)state;
	small_twin_close(&t);
	small_twin_open(&t, "", "retrieval: {k: 3}\nanswer: {refusal: No idea.}\n");
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = features("1");
	small_twin_deploy(&t, small_twin_register(&t, &f), &f);
	assert_ok(tw_config_set(t.conf, "retrieval.k=7", &t.err), &t.err);
	open_ref(NULL);
	assert_int_equal(tw_serving_retrieval(serving)->k, 3);
	assert_string_equal(tw_serving_answer_options(serving)->refusal, "No idea.");
	/* On trial, a version has the settings of now, and the system prompt that it was trained with. */
	open_ref("v1");
	assert_int_equal(tw_serving_retrieval(serving)->k, 7);
	assert_string_equal(tw_serving_system_prompt(serving), "You are Mara.");
}

static void settings_of_an_older_twin_still_serve(void **state)
{
	(void)state;
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = features("1");
	struct tw_deployment d = {
		.model = small_twin_register(&t, &f),
		.service = f.service,
		.settings = "{\"retrieval\":{\"k\":4,\"was_once\":0.35},\"answer\":{},\"more\":1}",
		.reason = "promote",
	};
	assert_ok(tw_mr_deploy(&d, t.mr, &t.err), &t.err);
	open_ref(NULL);
	assert_int_equal(tw_serving_retrieval(serving)->k, 4);
	assert_true(found("Which spokes of the wheel are loose?") >= 1);
}

static void the_active_revision_is_known_without_opening_it(void **state)
{
	(void)state;
	int64_t r = -1;
	assert_ok(tw_deployment_active(&r, t.mr, &t.err), &t.err);
	assert_int_equal(r, 0);
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = features("1");
	small_twin_deploy(&t, small_twin_register(&t, &f), &f);
	assert_ok(tw_deployment_active(&r, t.mr, &t.err), &t.err);
	assert_int_equal(r, 1);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_collected_says_what_to_run),
		T(before_the_first_deployment_the_base_answers),
		T(a_deployment_keeps_its_views_when_newer_ones_are_there),
		T(a_rollback_serves_fresh_features),
		T(a_view_without_rows_says_which_and_what_computes_it),
		T(another_embedder_of_the_same_size_is_refused),
		T(the_embedder_of_the_views_is_opened_whatever_is_configured),
		T(another_base_model_or_template_is_refused),
		T(settings_are_those_of_the_deployment),
		T(settings_of_an_older_twin_still_serve),
		T(the_active_revision_is_known_without_opening_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
