/* Questions of an LLM about passages: who gets one, and which are kept. */
#include "feature_test.h"

#include "said_llm.h"

#include "base/str.h"
#include "feature/questions_int.h"

struct world {
	struct tw_arena a;
	struct tw_llm *llm;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	tw_arena_init(&w->a);
	w->llm = said_open("How do you true a wheel by ear?");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	tw_llm_close(w->llm);
	tw_arena_release(&w->a);
	free(w);
	return 0;
}

static const char prose[] =
	"I true a wheel with my ears before I do it with my eyes, since a spoke that is loose sounds flat, "
	"and anybody can hear that. Pluck each in turn, mark the dull ones with chalk, and tighten them by a quarter.";

static enum tw_status questions(struct tw_rows *out, struct world *w, const char *params,
				const char *doc, const char *body, struct tw_err *err)
{
	const struct tw_transform_env env = {.llm = w->llm};
	struct tw_rows in[2] = {scrubbed(&w->a, doc, "Wheels", body)};
	struct tw_transform *t;
	struct tw_json *v;
	tw_rows_init(&in[1], tw_transform_duplicates.schema, &w->a);
	assert_ok(tw_json_parse(&v, params, strlen(params), &w->a, err), err);
	assert_ok(tw_transform_new(&t, &tw_transform_questions, v, "t", ".", &env, err), err);
	enum tw_status st = tw_transform_apply(out, t, doc, in, &w->a, err);
	tw_transform_free(t);
	return st;
}

static struct tw_rows asked(struct world *w, const char *params, const char *body)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_rows out;
	assert_ok(questions(&out, w, params, "d", body, &err), &err);
	return out;
}

static void the_passage_answers_what_the_llm_asks(void **state)
{
	struct world *w = *state;
	const struct tw_rows q = asked(w, "{\"share\": 1}", prose);
	assert_int_equal(q.n, 1);
	assert_string_equal(tw_row_cstr(&q, &q.at[0], "instruction"), said.text);
	assert_string_equal(tw_row_cstr(&q, &q.at[0], "answer"), prose);
	assert_string_equal(tw_row_cstr(&q, &q.at[0], "status"), "ok");
	assert_int_equal(tw_row_int(&q, &q.at[0], "start"), 0);
	assert_int_equal(tw_row_int(&q, &q.at[0], "end"), strlen(prose));
	assert_contains(said.prompt, prose);
	assert_int_equal(said.params.max_tokens, 48);
	assert_true(said.params.temperature == 0); /* the same row on every run */
}

static void without_a_passage_the_llm_is_not_asked(void **state)
{
	struct world *w = *state;
	assert_int_equal(asked(w, "{\"share\": 1}", "").n, 0);
	assert_int_equal(asked(w, "{\"share\": 1}", "Too short.").n, 0);
	assert_int_equal(asked(w, "{\"share\": 0}", prose).n, 0);
	assert_int_equal(said.asked, 0);
	const struct tw_transform_env env = {.llm = w->llm};
	struct tw_rows in[2] = {scrubbed(&w->a, "d", "Wheels", prose)};
	tw_rows_init(&in[1], tw_transform_duplicates.schema, &w->a);
	tw_row_set_int(&in[1], tw_rows_add(&in[1], "d"), "canonical", 0);
	assert_int_equal(apply(&w->a, &tw_transform_questions, "{\"share\": 1}", &env, "d", in).n,
			 0);
	assert_int_equal(said.asked, 0);
}

static bool is_chosen(struct world *w, const char *params, int doc)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_rows out;
	assert_ok(questions(&out, w, params, tw_sprintf(&w->a, "doc%d", doc), prose, &err), &err);
	return out.n == 1;
}

/* 400 documents: a share of .2 gives 80, with a standard deviation of 8. */
static void a_share_of_the_documents_is_asked_about(void **state)
{
	struct world *w = *state;
	int n = 0, other = 0;
	for (int doc = 0; doc < 400; doc++) {
		bool small = is_chosen(w, "{\"share\": 0.2}", doc);
		n += small;
		assert_int_equal(is_chosen(w, "{\"share\": 0.2}", doc), small);
		/* A larger share keeps those that were chosen. */
		assert_true(!small || is_chosen(w, "{\"share\": 0.5}", doc));
		other += small != is_chosen(w, "{\"share\": 0.2, \"seed\": 2}", doc);
	}
	assert_true(n > 80 - 32 && n < 80 + 32);
	assert_true(other > 60); /* another seed chooses others */
}

static void a_model_that_fails_leaves_no_row(void **state)
{
	struct world *w = *state;
	struct tw_err err = TW_ERR_INIT;
	struct tw_rows out;
	said.st = TW_NETWORK;
	assert_int_equal(questions(&out, w, "{\"share\": 1}", "d", prose, &err), TW_NETWORK);
	assert_contains(err.msg, "the model said no");
	assert_int_equal(out.n, 0);
	said.st = TW_OK;
	said.finish = "cancelled";
	tw_err_clear(&err);
	assert_int_equal(questions(&out, w, "{\"share\": 1}", "d", prose, &err), TW_CANCELLED);
	assert_int_equal(out.n, 0);
}

static void half_a_question_is_not_used(void **state)
{
	struct world *w = *state;
	said.text = "Explain how you would true a wheel with chalk and";
	said.finish = "length";
	const struct tw_rows q = asked(w, "{\"share\": 1}", prose);
	assert_string_equal(tw_row_cstr(&q, &q.at[0], "status"), "too_long");
	said.text = "How do you find the loose ones?";
	const struct tw_rows whole = asked(w, "{\"share\": 1}", prose);
	assert_string_equal(tw_row_cstr(&whole, &whole.at[0], "status"), "ok");
}

static void what_is_no_use_is_kept_with_its_reason(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *text, *status;
	} cases[] = {
		{"How do you hear a loose spoke?", "ok"},
		{"Explain truing a wheel by ear.", "ok"},
		{"Why?", "too_short"},
		{"", "too_short"},
		{"Wheels are trued by ear here.", "no_question"},
		{"I'm sorry, but I cannot answer this question?", "refusal"},
		{"What does the passage say about wheels?", "refusal"},
		{"Is it since a spoke that is loose sounds flat, and anybody can hear that?",
		 "copied"},
		{"Wie hört man, dass eine Speiche nicht fest ist und die Felge das auch zeigt?",
		 "language"},
		{"What is it that one two three four five six seven eight nine ten eleven twelve thirteen "
		 "fourteen fifteen sixteen seventeen eighteen nineteen twenty one two three four five six "
		 "seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen?",
		 "too_long"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		said.text = cases[i].text;
		const struct tw_rows q = asked(w, "{\"share\": 1}", prose);
		assert_int_equal(q.n, 1);
		assert_string_equal(tw_row_cstr(&q, &q.at[0], "status"), cases[i].status);
	}
}

static void the_question_stands_alone(void **state)
{
	struct world *w = *state;
	static const char *const texts[][2] = {
		{"How?", "How?"},
		{"\n\n  How?\nBecause.", "How?"},
		{"Question: \"How is it?\"", "How is it?"},
		{"**Question:** How is it?", "How is it?"},
		{"1. How is it?", "How is it?"},
		{"- `How is it?`", "How is it?"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(tw_question_text(texts[i][0], &w->a), texts[i][1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_passage_answers_what_the_llm_asks),
		TEST(without_a_passage_the_llm_is_not_asked),
		TEST(a_share_of_the_documents_is_asked_about),
		TEST(a_model_that_fails_leaves_no_row),
		TEST(half_a_question_is_not_used),
		TEST(what_is_no_use_is_kept_with_its_reason),
		TEST(the_question_stands_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
