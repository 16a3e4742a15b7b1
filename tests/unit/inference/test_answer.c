/* One question to one answer, over real stores, with an LLM that echoes. */
#include "inference/answer.h"

#include "base/str.h"
#include "core/prediction.h"
#include "support/small_twin.h"

#define QUESTION "Which spokes of the wheel are loose?"

static struct small_twin t;
static struct tw_serving *serving;

/* What a reader of the stream saw. */
static struct {
	struct tw_str text;
	int sources_calls, n_sources, pieces, stop_after;
	bool sources_came_first;
} heard;

static void open_twin(const char *llm, const char *more)
{
	small_twin_mara(&t, llm, more);
	assert_ok(tw_deployment_open(&serving, &t.env, NULL, &t.err), &t.err);
	memset(&heard, 0, sizeof(heard));
}

static int teardown(void **state)
{
	(void)state;
	tw_serving_close(serving);
	serving = NULL;
	small_twin_close(&t);
	tw_str_release(&heard.text);
	return 0;
}

static void on_sources(void *ctx, const struct tw_answer_source *s, size_t n)
{
	(void)ctx;
	(void)s;
	heard.sources_calls++;
	heard.n_sources = (int)n;
	heard.sources_came_first = heard.pieces == 0;
}

static bool on_text(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	tw_str_add(&heard.text, text, len);
	return ++heard.pieces != heard.stop_after;
}

static struct tw_answer_request request(const char *question)
{
	struct tw_answer_request r;
	tw_answer_request_init(&r, serving);
	r.question = question;
	r.on_sources = on_sources;
	r.on_text = on_text;
	return r;
}

static struct tw_answer ask(const struct tw_answer_request *r)
{
	struct tw_answer x;
	assert_ok(tw_answer(&x, serving, r, &t.a, &t.err), &t.err);
	return x;
}

static size_t stored(void)
{
	struct tw_predictions p;
	assert_ok(tw_fs_predictions(&p, t.fs, NULL, 0, &t.a, &t.err), &t.err);
	return p.n;
}

static void sources_are_numbered_and_the_cited_ones_marked(void **state)
{
	(void)state;
	open_twin("cite", "retrieval: {margin: 0.3}\n");
	struct tw_answer_request r = request(QUESTION);
	struct tw_answer x = ask(&r);
	assert_string_equal(x.finish, "stop");
	assert_true(x.n_sources >= 1);
	for (size_t i = 0; i < x.n_sources; i++) {
		assert_int_equal(x.sources[i].n, i + 1);
		assert_true(x.sources[i].row_id[0] && x.sources[i].doc[0] && x.sources[i].text[0]);
	}
	assert_string_equal(x.sources[0].title, "Truing a wheel");
	assert_string_equal(x.sources[0].date, "2021-03-14");
	assert_true(x.sources[0].cited);
	assert_contains(x.text, "[1]");
	assert_null(strstr(x.text, "[9]"));
	assert_true(x.prompt_tokens > 0 && x.completion_tokens > 0);
	assert_true(x.support > 0.5 && x.support <= 1);
}

static void what_streams_is_what_is_returned(void **state)
{
	(void)state;
	open_twin("cite", NULL);
	struct tw_answer_request r = request(QUESTION);
	struct tw_answer x = ask(&r);
	assert_string_equal(tw_str_c(&heard.text), x.text);
	assert_int_equal(heard.sources_calls, 1);
	assert_int_equal(heard.n_sources, x.n_sources);
	assert_true(heard.sources_came_first);
	assert_true(heard.pieces > 3);
	assert_true(x.first_token_s > 0 && x.first_token_s <= x.total_s);
}

static void an_answer_is_stored_with_what_it_was_made_from(void **state)
{
	(void)state;
	open_twin("cite", NULL);
	struct tw_answer_request r = request("  " QUESTION "\n");
	r.batch = "exam";
	struct tw_answer x = ask(&r);
	struct tw_prediction p;
	assert_ok(tw_fs_prediction(&p, t.fs, x.prediction, &t.a, &t.err), &t.err);
	assert_string_equal(p.question, QUESTION);
	assert_string_equal(p.answer, x.text);
	assert_string_equal(p.batch, "exam");
	assert_int_equal(p.deployment, 1);
	assert_contains(p.sources, x.sources[0].row_id);
	assert_contains(p.sources, "\"cited\":true");
	r.no_store = true;
	x = ask(&r);
	assert_string_equal(x.prediction, "");
	assert_int_equal(stored(), 1);
}

static void a_refusal_has_no_source_and_needs_no_model(void **state)
{
	(void)state;
	small_twin_open(&t, "broken", NULL);
	small_twin_collect(&t, small_mara, SMALL_MARA_N);
	struct small_features f = small_twin_declare(&t, "1");
	small_twin_compute(&t, &f);
	assert_ok(tw_deployment_open(&serving, &t.env, "base", &t.err), &t.err);
	memset(&heard, 0, sizeof(heard));
	struct tw_answer_request r = request("What is the capital of Mongolia?");
	struct tw_answer x = ask(&r);
	assert_string_equal(x.finish, "refused");
	assert_string_equal(x.text, "I have not written about that.");
	assert_string_equal(tw_str_c(&heard.text), x.text);
	assert_int_equal(x.n_sources, 0);
	assert_int_equal(heard.sources_calls, 1);
	assert_int_equal(x.prompt_tokens + x.completion_tokens, 0);
	assert_true(x.support == -1);
	/* The model opens for an answer alone, and says why it does not. */
	r = request(QUESTION);
	assert_int_equal(tw_answer(&x, serving, &r, &t.a, &t.err), TW_BAD_DATA);
	assert_contains(t.err.msg, "echo:broken");
}

static void a_reader_who_has_enough_ends_it(void **state)
{
	(void)state;
	open_twin("long", NULL);
	struct tw_answer_request r = request(QUESTION);
	heard.stop_after = 4;
	struct tw_answer x = ask(&r);
	assert_string_equal(x.finish, "cancelled");
	assert_int_equal(heard.pieces, 4);
	assert_string_equal(x.text, tw_str_c(&heard.text));
	assert_string_equal(x.prediction, "");
	assert_int_equal(stored(), 0);
}

static void an_answer_ends_at_its_length(void **state)
{
	(void)state;
	open_twin("long", NULL);
	struct tw_answer_request r = request(QUESTION);
	r.gen.max_tokens = 7;
	struct tw_answer x = ask(&r);
	assert_string_equal(x.finish, "length");
	assert_int_equal(x.completion_tokens, 7);
}

static void a_model_that_fails_leaves_nothing(void **state)
{
	(void)state;
	open_twin("fail", NULL);
	struct tw_answer_request r = request(QUESTION);
	struct tw_answer x;
	assert_int_equal(tw_answer(&x, serving, &r, &t.a, &t.err), TW_BAD_DATA);
	assert_contains(t.err.msg, "echo:fail fails");
	assert_int_equal(stored(), 0);
}

static void an_empty_question_is_refused_as_wrong_use(void **state)
{
	(void)state;
	open_twin("", NULL);
	static const char *const empty[] = {NULL, "", " \n\t"};
	for (size_t i = 0; i < 3; i++) {
		struct tw_answer_request r = request(empty[i]);
		struct tw_answer x;
		assert_int_equal(tw_answer(&x, serving, &r, &t.a, NULL), TW_BAD_USE);
	}
}

static const char *words(int n)
{
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < n; i++)
		tw_str_addf(&s, "word%d ", i);
	char *out = tw_str_dup(&s, &t.a);
	tw_str_release(&s);
	return out;
}

static void prompt_and_answer_fit_however_long_the_talk(void **state)
{
	(void)state;
	open_twin("", "answer: {prompt_tokens: 400, max_tokens: 100}\n");
	struct tw_message history[40];
	for (int i = 0; i < 40; i++)
		history[i] = (struct tw_message){i % 2 ? "assistant" : "user", words(60)};
	struct tw_answer_request r = request(QUESTION);
	r.history = history;
	r.n_history = 40;
	struct tw_answer x = ask(&r);
	assert_true(x.prompt_tokens + 100 <= 400);
	assert_true(x.prompt_tokens > 150); /* the newest turns are in it */
	assert_true(x.n_sources >= 1);
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < 200; i++)
		tw_str_adds(&s, "wheel spokes loose ");
	r.question = tw_str_c(&s);
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(tw_answer(&x, serving, &r, &t.a, &err), TW_BAD_USE);
	assert_contains(err.msg, "too long");
	tw_str_release(&s);
}

static void a_question_that_points_back_finds_the_subject_before(void **state)
{
	(void)state;
	open_twin("cite", NULL);
	const struct tw_message history[] = {
		{"user", QUESTION},
		{"assistant", "The dull ones [1]."},
	};
	struct tw_answer_request r = request("And why is that?");
	assert_string_equal(ask(&r).finish, "refused");
	r.history = history;
	r.n_history = 2;
	struct tw_answer x = ask(&r);
	assert_true(x.n_sources >= 1);
	assert_string_equal(x.sources[0].title, "Truing a wheel");
	/* A change of subject finds the new one alone. */
	r.question = "When does the milk go into the brown pot of tea?";
	x = ask(&r);
	assert_true(x.n_sources >= 1);
	for (size_t i = 0; i < x.n_sources; i++)
		assert_string_not_equal(x.sources[i].title, "Truing a wheel");
}

static void a_clients_own_system_message_is_added(void **state)
{
	(void)state;
	open_twin("", NULL);
	struct tw_answer_request r = request(QUESTION);
	int before = ask(&r).prompt_tokens;
	r.extra_system = "Answer in five words.";
	assert_int_equal(ask(&r).prompt_tokens, before + 4);
}

static void sources_as_json_hold_what_a_card_needs(void **state)
{
	(void)state;
	open_twin("cite", NULL);
	struct tw_answer_request r = request(QUESTION);
	struct tw_answer x = ask(&r);
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_json *v;
	tw_jw_init(&w, &json);
	tw_answer_sources_json(&w, NULL, x.sources, x.n_sources);
	assert_ok(tw_json_parse(&v, json.data, json.len, &t.a, &t.err), &t.err);
	assert_int_equal(v->n, x.n_sources);
	const struct tw_json *s = v->child;
	assert_int_equal(tw_json_int(tw_json_get(s, "n"), 0), 1);
	assert_string_equal(tw_json_str(tw_json_get(s, "url"), ""), "https://mara.example/wheel");
	assert_string_equal(tw_json_str(tw_json_get(s, "date"), ""), "2021-03-14");
	assert_true(tw_json_bool(tw_json_get(s, "cited"), false));
	tw_str_release(&json);
}

int main(void)
{
#define T(fn) cmocka_unit_test_teardown(fn, teardown)
	const struct CMUnitTest tests[] = {
		T(sources_are_numbered_and_the_cited_ones_marked),
		T(what_streams_is_what_is_returned),
		T(an_answer_is_stored_with_what_it_was_made_from),
		T(a_refusal_has_no_source_and_needs_no_model),
		T(a_reader_who_has_enough_ends_it),
		T(an_answer_ends_at_its_length),
		T(a_model_that_fails_leaves_nothing),
		T(an_empty_question_is_refused_as_wrong_use),
		T(prompt_and_answer_fit_however_long_the_talk),
		T(a_question_that_points_back_finds_the_subject_before),
		T(a_clients_own_system_message_is_added),
		T(sources_as_json_hold_what_a_card_needs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
