#include "test.h"

#include "inference/followup.h"
#include "inference/history.h"
#include "inference/prompt.h"
#include "support/echo_models.h"

static struct tw_arena arena;
static struct tw_llm *llm;

static int setup(void **state)
{
	(void)state;
	tw_arena_init(&arena);
	return tw_llm_open(&llm, echo_llms, "echo:", NULL, NULL) == TW_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	tw_llm_close(llm);
	tw_arena_release(&arena);
	return 0;
}

/* n words, in sentences of ten. */
static const char *words(int n)
{
	struct tw_str s = TW_STR_INIT;
	for (int i = 1; i <= n; i++)
		tw_str_addf(&s, "Word%d%s", i, i % 10 ? " " : ". ");
	char *out = tw_str_dup(&s, &arena);
	tw_str_release(&s);
	return out;
}

static struct tw_passages passages(int n, int length)
{
	struct tw_passage *p = TW_NEW_ARRAY(&arena, n, struct tw_passage);
	for (int i = 0; i < n; i++)
		p[i] = (struct tw_passage){.title = tw_sprintf(&arena, "Title %d", i + 1),
					   .text = words(length),
					   .created_ms = 1615680000000};
	return (struct tw_passages){p, (size_t)n};
}

static struct tw_prompt build(struct tw_prompt_request r)
{
	struct tw_prompt p;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_prompt_build(&p, &r, llm, &arena, &err), &err);
	int sum = 0;
	for (size_t i = 0; i < p.n; i++)
		sum += tw_llm_count(llm, p.at[i].content, strlen(p.at[i].content));
	assert_true(sum <= p.tokens);
	assert_true(p.tokens + r.max_tokens <= r.context);
	return p;
}

static const struct tw_message turns[] = {
	{"user", "first question with seven words in it"},
	{"assistant", "first answer"},
	{"user", "second question"},
	{"assistant", "second answer"},
};

static void all_fits_in_its_order(void **state)
{
	(void)state;
	struct tw_prompt p = build((struct tw_prompt_request){.system = "You are Mara.",
							      .history = turns,
							      .n_history = 4,
							      .question = "How?",
							      .passages = passages(2, 20),
							      .context = 2048,
							      .max_tokens = 100});
	assert_int_equal(p.n, 6);
	assert_string_equal(p.at[0].role, "system");
	assert_string_equal(p.at[1].content, turns[0].content);
	const char *last = p.at[5].content;
	assert_string_equal(p.at[5].role, "user");
	assert_contains(last, "[1] Title 1 (2021-03-14)\nWord1 ");
	assert_contains(last, "[2] Title 2");
	assert_contains(last, "Question: How?");
	assert_int_equal(p.n_passages, 2);
}

static void lowest_passages_go_first_then_the_oldest_turns(void **state)
{
	(void)state;
	struct tw_prompt_request r = {.history = turns,
				      .n_history = 4,
				      .question = "How?",
				      .passages = passages(5, 60),
				      .context = 330,
				      .max_tokens = 100};
	struct tw_prompt p = build(r);
	assert_int_equal(p.n_passages, 2);
	assert_int_equal(p.history_from, 0);
	r.context = 220;
	p = build(r);
	assert_int_equal(p.n_passages, 1);
	assert_int_equal(p.history_from, 4);
	assert_int_equal(p.n, 1);
}

static void the_last_passage_is_cut_at_a_sentence(void **state)
{
	(void)state;
	struct tw_prompt p = build((struct tw_prompt_request){.question = "How?",
							      .passages = passages(3, 500),
							      .context = 300,
							      .max_tokens = 100});
	assert_int_equal(p.n_passages, 1);
	assert_non_null(strstr(p.at[0].content, "Word50."));
	assert_null(strstr(p.at[0].content, "Word300"));
	assert_contains(p.at[0].content, "Question: How?");
}

static void a_question_that_cannot_fit_is_refused_with_numbers(void **state)
{
	(void)state;
	struct tw_prompt p;
	struct tw_err err = TW_ERR_INIT;
	struct tw_prompt_request r = {.question = words(300),
				      .passages = passages(1, 10),
				      .context = 256,
				      .max_tokens = 100};
	assert_int_equal(tw_prompt_build(&p, &r, llm, &arena, &err), TW_BAD_USE);
	assert_contains(err.msg, "256");
}

static void history_begins_with_a_user(void **state)
{
	(void)state;
	struct tw_prompt p = build((struct tw_prompt_request){.history = turns + 1,
							      .n_history = 3,
							      .question = "How?",
							      .passages = passages(1, 10),
							      .context = 2048,
							      .max_tokens = 100});
	assert_string_equal(p.at[0].content, "second question");
}

static void a_question_that_points_back_is_searched_with_the_one_before(void **state)
{
	(void)state;
	static const struct {
		const char *q;
		bool yes;
	} cases[] = {
		{"And how long does that take?", true},
		{"Why is it so?", true},
		{"What about them?", true},
		{"How much does it cost?", true},
		{"What is the capital of Mongolia?", false},
		{"How do you true a wheel?", false},
		{"Does it help to warm the seatpost with a hair dryer?", false},
		{"", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (tw_is_followup(cases[i].q, &arena) != cases[i].yes)
			fail_msg("%s", cases[i].q);
	const char *q = tw_search_query("And how long does that take?", turns, 4, &arena);
	assert_string_equal(q, "second question\nAnd how long does that take?");
	assert_string_equal(tw_search_query("How do you true a wheel?", turns, 4, &arena),
			    "How do you true a wheel?");
}

static void history_forgets_its_oldest_turns(void **state)
{
	(void)state;
	struct tw_history h = TW_HISTORY_INIT;
	for (int i = 0; i < 100; i++)
		tw_history_add(&h, tw_sprintf(&arena, "q%d", i), "a");
	assert_int_equal(h.messages.n, TW_HISTORY_MAX);
	assert_string_equal(h.messages.at[0].content, "q68");
	tw_history_clear(&h);
	assert_int_equal(h.messages.n, 0);
	tw_history_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fits_in_its_order),
		cmocka_unit_test(lowest_passages_go_first_then_the_oldest_turns),
		cmocka_unit_test(the_last_passage_is_cut_at_a_sentence),
		cmocka_unit_test(a_question_that_cannot_fit_is_refused_with_numbers),
		cmocka_unit_test(history_begins_with_a_user),
		cmocka_unit_test(a_question_that_points_back_is_searched_with_the_one_before),
		cmocka_unit_test(history_forgets_its_oldest_turns),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
