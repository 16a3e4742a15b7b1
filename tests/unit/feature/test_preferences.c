/* Answers of the LLM beside the author's: which rows get one, and which pairs are of use. */
#include "feature_test.h"

#include "said_llm.h"

#include "base/str.h"
#include "feature/preferences_int.h"

struct world {
	struct tw_arena a;
	struct tw_llm *llm;
	struct tw_rows in[2]; /* labels, questions */
};

static const char own[] =
	"I true a wheel with my ears before I do it with my eyes, since a spoke that "
	"is loose sounds flat, and anybody can hear that.";
static const char generated[] =
	"To true a bicycle wheel you need a truing stand, a spoke wrench and some "
	"patience. First, check the tension of all spokes.";

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	tw_arena_init(&w->a);
	tw_rows_init(&w->in[0], tw_transform_labels.schema, &w->a);
	tw_rows_init(&w->in[1], tw_transform_questions.schema, &w->a);
	w->llm = said_open(generated);
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

static void add_label(struct world *w, const char *doc, const char *instruction, const char *answer)
{
	struct tw_rows *in = &w->in[0];
	struct tw_row *r = tw_rows_add(in, doc);
	r->id = tw_sprintf(&w->a, "label %zu", in->n);
	tw_row_set_str(in, r, "instruction", instruction);
	tw_row_set_str(in, r, "answer", answer);
	tw_row_set_str(in, r, "kind", "title");
	tw_row_set_str(in, r, "title", "Wheels");
}

static void add_question(struct world *w, const char *doc, const char *status)
{
	struct tw_rows *in = &w->in[1];
	struct tw_row *r = tw_rows_add(in, doc);
	r->id = tw_sprintf(&w->a, "question %zu", in->n);
	tw_row_set_str(in, r, "instruction", "How do you hear a loose spoke?");
	tw_row_set_str(in, r, "answer", own);
	tw_row_set_str(in, r, "kind", "question");
	tw_row_set_str(in, r, "status", status);
}

static enum tw_status compute(struct tw_rows *out, struct world *w, const char *params,
			      struct tw_err *err)
{
	const struct tw_transform_env env = {.llm = w->llm};
	struct tw_transform *t;
	struct tw_json *v;
	assert_ok(tw_json_parse(&v, params, strlen(params), &w->a, err), err);
	assert_ok(tw_transform_new(&t, &tw_transform_preferences, v, "t", ".", &env, err), err);
	enum tw_status st = tw_transform_apply(out, t, "d", w->in, &w->a, err);
	tw_transform_free(t);
	return st;
}

static struct tw_rows pairs(struct world *w, const char *params)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_rows out;
	assert_ok(compute(&out, w, params, &err), &err);
	return out;
}

static const char *status_of(struct world *w, const char *text, const char *finish)
{
	said.text = text;
	said.finish = finish;
	const struct tw_rows p = pairs(w, "{\"share\": 1}");
	assert_int_equal(p.n, 1);
	return tw_row_cstr(&p, &p.at[0], "status");
}

static void the_llm_answers_what_the_author_answered(void **state)
{
	struct world *w = *state;
	add_label(w, "d", "How do you true a wheel?", own);
	const struct tw_rows p =
		pairs(w, "{\"share\": 1, \"system\": \"You are Mara.\", \"seed\": 3}");
	assert_int_equal(p.n, 1);
	assert_string_equal(tw_row_cstr(&p, &p.at[0], "label"), "label 1");
	assert_string_equal(tw_row_cstr(&p, &p.at[0], "instruction"), "How do you true a wheel?");
	assert_string_equal(tw_row_cstr(&p, &p.at[0], "answer"), own);
	assert_string_equal(tw_row_cstr(&p, &p.at[0], "rejected"), generated);
	assert_string_equal(tw_row_cstr(&p, &p.at[0], "kind"), "title");
	assert_string_equal(tw_row_cstr(&p, &p.at[0], "status"), "ok");
	assert_string_equal(said.prompt, "How do you true a wheel?");
	assert_string_equal(said.system, "You are Mara.");
	/* At the author's length, so that length is nothing to learn from. */
	assert_int_equal(said.params.max_tokens, strlen(own));
}

static void questions_that_are_of_use_get_a_pair_too(void **state)
{
	struct world *w = *state;
	add_label(w, "d", "How do you true a wheel?", own);
	add_question(w, "d", "ok");
	add_question(w, "d", "refusal");
	const struct tw_rows p = pairs(w, "{\"share\": 1}");
	assert_int_equal(p.n, 2);
	assert_string_equal(tw_row_cstr(&p, &p.at[1], "label"), "question 1");
	assert_string_equal(tw_row_cstr(&p, &p.at[1], "kind"), "question");
	assert_int_equal(said.asked, 2);
	assert_string_equal(said.system, "");
}

static void by_default_nothing_is_asked(void **state)
{
	struct world *w = *state;
	add_label(w, "d", "How do you true a wheel?", own);
	assert_int_equal(pairs(w, "{}").n, 0);
	assert_int_equal(said.asked, 0);
}

/* 400 rows: a share of .2 gives 80, with a standard deviation of 8. */
static void a_share_of_the_rows_is_chosen_whatever_else_the_document_holds(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 400; i++)
		add_label(w, "d", tw_sprintf(&w->a, "What about %d?", i), own);
	const struct tw_rows few = pairs(w, "{\"share\": 0.2}"),
			     more = pairs(w, "{\"share\": 0.5}");
	assert_in_range(few.n, 80 - 32, 80 + 32);
	size_t found = 0;
	for (size_t i = 0, k = 0; i < few.n; i++) {
		const char *label = tw_row_cstr(&few, &few.at[i], "label");
		while (k < more.n && strcmp(tw_row_cstr(&more, &more.at[k], "label"), label) != 0)
			k++;
		found += k < more.n;
	}
	assert_int_equal(found, few.n); /* a larger share keeps those that were chosen */
	w->in[0].at += 200;
	w->in[0].n -= 200;
	const struct tw_rows rest = pairs(w, "{\"share\": 0.2}");
	for (size_t i = 0; i < rest.n; i++)
		assert_string_equal(tw_row_cstr(&rest, &rest.at[i], "label"),
				    tw_row_cstr(&few, &few.at[few.n - rest.n + i], "label"));
}

static void an_answer_that_is_too_long_costs_no_time(void **state)
{
	struct world *w = *state;
	add_label(w, "d", "How do you true a wheel?", own);
	const struct tw_rows p = pairs(w, "{\"share\": 1, \"max_tokens\": 50}");
	assert_int_equal(p.n, 1);
	assert_string_equal(tw_row_cstr(&p, &p.at[0], "status"), "long");
	assert_int_equal(said.asked, 0);
}

static void a_model_that_fails_leaves_no_row(void **state)
{
	struct world *w = *state;
	struct tw_err err = TW_ERR_INIT;
	struct tw_rows out;
	add_label(w, "d", "How do you true a wheel?", own);
	said.st = TW_NETWORK;
	assert_int_equal(compute(&out, w, "{\"share\": 1}", &err), TW_NETWORK);
	assert_contains(err.msg, "the model said no");
	assert_int_equal(out.n, 0);
	said.st = TW_OK;
	said.finish = "cancelled";
	tw_err_clear(&err);
	assert_int_equal(compute(&out, w, "{\"share\": 1}", &err), TW_CANCELLED);
	assert_int_equal(out.n, 0);
}

static void what_is_no_use_is_kept_with_its_reason(void **state)
{
	struct world *w = *state;
	add_label(w, "d", "How do you true a wheel?", own);
	assert_string_equal(status_of(w, generated, "stop"), "ok");
	assert_string_equal(status_of(w, "", "stop"), "too_short");
	assert_string_equal(status_of(w, "Use a truing stand.", "stop"), "too_short");
	assert_string_equal(status_of(w, "To true a wheel you need a stand and a", "length"),
			    "cut");
	assert_string_equal(status_of(w, own, "stop"), "same");
	assert_string_equal(
		status_of(w,
			  "Well: I true a wheel with my ears before I do it with my eyes, since a "
			  "spoke that is loose does not sound like the others.",
			  "stop"),
		"same");
	assert_string_equal(
		status_of(w,
			  "I'm sorry, but as an AI language model I have no wheels of my "
			  "own to true.",
			  "stop"),
		"refusal");
	assert_string_equal(
		status_of(w,
			  "Turn the nipple a bit. Turn the nipple a bit. Turn the nipple a "
			  "bit. Turn the nipple a bit. Turn the nipple a bit.",
			  "stop"),
		"loop");
}

static void what_was_cut_off_ends_with_a_whole_sentence(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *text, *cut;
	} cases[] = {
		{"One thing. Another thi", "One thing."},
		{"One thing. Another thing.", "One thing. Another thing."},
		{"One thing.\n\n- first\n- sec", "One thing.\n\n- first"},
		{"Like this:\n\n```sh\nmake wh", "Like this:"},
		{"Like this:\n\n```sh\nmake\n```\n\nThen", "Like this:\n\n```sh\nmake\n```"},
		{"\n One thing ", ""},
		{"Is it? \"Yes!\"", "Is it? \"Yes!\""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct tw_bytes t = tw_preference_text(cases[i].text, true, &w->a);
		assert_string_equal(tw_strndup(&w->a, t.data, t.len), cases[i].cut);
	}
	const struct tw_bytes whole = tw_preference_text("\n One thing ", false, &w->a);
	assert_string_equal(tw_strndup(&w->a, whole.data, whole.len), "One thing");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_llm_answers_what_the_author_answered),
		TEST(questions_that_are_of_use_get_a_pair_too),
		TEST(by_default_nothing_is_asked),
		TEST(a_share_of_the_rows_is_chosen_whatever_else_the_document_holds),
		TEST(an_answer_that_is_too_long_costs_no_time),
		TEST(a_model_that_fails_leaves_no_row),
		TEST(what_is_no_use_is_kept_with_its_reason),
		TEST(what_was_cut_off_ends_with_a_whole_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
