/* Instruction and answer pairs: what is asked, and what may answer it. */
#include "feature_test.h"

#include "base/str.h"
#include "feature/instruct_int.h"

/* Labels of one document. */
struct labelled {
	const char *text; /* scrubbed */
	struct tw_rows rows;
};

static struct labelled label(struct tw_arena *a, const char *params, const char *title,
			     const char *body)
{
	struct tw_rows in[3] = {scrubbed(a, "d", title, body)};
	tw_rows_init(&in[1], tw_transform_duplicates.schema, a);
	in[2] = raw(a, "d", title, "text/markdown", body);
	struct labelled l = {tw_row_cstr(&in[0], &in[0].at[0], "text"),
			     apply(a, &tw_transform_labels, params, NULL, "d", in)};
	for (size_t i = 0; i < l.rows.n; i++) {
		const struct tw_row *r = &l.rows.at[i];
		int64_t start = tw_row_int(&l.rows, r, "start"),
			end = tw_row_int(&l.rows, r, "end");
		const struct tw_bytes answer = tw_row_text(&l.rows, r, "answer");
		assert_int_equal(answer.len, end - start);
		assert_memory_equal(answer.data, l.text + start, answer.len);
	}
	return l;
}

static const char *cell(const struct labelled *l, size_t i, const char *field)
{
	assert_true(i < l->rows.n);
	return tw_row_cstr(&l->rows, &l->rows.at[i], field);
}

static const char prose[] = "I true a wheel by ear before I do it by eye, since a spoke that is "
			    "loose sounds flat, and anybody can hear that.";

static void the_title_asks_and_the_text_answers(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct labelled l = label(&a, NULL, "How I true a wheel", prose);
	assert_int_equal(l.rows.n, 1);
	assert_contains(cell(&l, 0, "instruction"), "how you true a wheel");
	assert_string_equal(cell(&l, 0, "answer"), prose);
	assert_string_equal(cell(&l, 0, "kind"), "title");
	tw_arena_release(&a);
}

static void headings_ask_about_their_sections(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const char *body = tw_sprintf(
		&a, "%s\n\n## Choose a spoke key\n\n%s\n\n### The rim\n\n%s\n\n## Links\n\n%s",
		prose, prose, prose, prose);
	const struct labelled l = label(&a, NULL, "Truing wheels", body);
	assert_int_equal(l.rows.n, 3); /* nobody asks for "Links" */
	assert_string_equal(cell(&l, 0, "kind"), "title");
	assert_contains(cell(&l, 0, "instruction"), "truing wheels");
	assert_string_equal(cell(&l, 1, "kind"), "heading");
	assert_contains(cell(&l, 1, "instruction"), "choose a spoke key");
	assert_contains(cell(&l, 1, "answer"), "### The rim"); /* with what stands below it */
	assert_contains(cell(&l, 2, "instruction"), "\"Truing wheels\"");
	assert_contains(cell(&l, 2, "instruction"), "the rim");
	assert_string_equal(cell(&l, 2, "answer"), prose);
	const struct labelled off = label(&a, "{\"headings\": false}", "Truing wheels", body);
	assert_int_equal(off.rows.n, 1);
	tw_arena_release(&a);
}

static void what_is_no_answer_makes_no_pair(void **state)
{
	static const char *const bodies[] = {
		"",
		"Too few words to be one.",
		"```\nonly code, and as much of it as one may want, but not one word of prose here\n```",
		"> I true a wheel by ear before I do it by eye: a loose one sounds flat, said he.\n\nHe did.",
		"- one thing\n- and another\n- a third\n- a fourth one\n- a fifth\n- and a sixth\n- seven\n- eight",
		"https://a.example/one https://a.example/two https://a.example/three",
		"| a | b |\n|---|---|\n| one two three four five six seven eight | nine ten eleven twelve |",
	};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(label(&a, NULL, "A title", bodies[i]).rows.n, 0);
	assert_int_equal(label(&a, NULL, "", prose).rows.n, 0);	    /* nothing asks */
	assert_int_equal(label(&a, NULL, "2019", prose).rows.n, 0); /* no words */
	assert_int_equal(label(&a, "{\"min_words\": 3}", "A title", bodies[1]).rows.n, 1);
	tw_arena_release(&a);
}

static void what_others_said_is_never_part_of_an_answer(void **state)
{
	static const struct {
		const char *before, *after; /* the author's prose */
		const char *end;	    /* of the answer */
	} cases[] = {
		{"> So he said, and nobody knew better.\n>\n> Not even I.\n\n", "", "hear that."},
		{"", "\n\n> So he said.\n\nAnd I agreed with him in that.", "hear that."},
		{"", " This is what he said:\n\n> So he said.", "hear that."},
		{"", "\n\nThis is what he said:\n\n> So he said.", "hear that."},
		{"## First\n\n> So he said.\n\n## Second\n\n", "", "hear that."},
		{"> Run this:\n>\n> ```\n> make\n> ```\n\n", "", "hear that."},
		{"", "\n\n> ```\n> make\n> ```\n\nAnd I ran it.", "hear that."},
	};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *body = tw_sprintf(&a, "%s%s%s", cases[i].before, prose, cases[i].after);
		const struct labelled l = label(&a, "{\"headings\": false}", "My wheels", body);
		assert_int_equal(l.rows.n, 1);
		const char *answer = cell(&l, 0, "answer");
		if (strchr(answer, '>') || !tw_ends_with(answer, cases[i].end))
			fail_msg("%zu: %s", i, answer);
	}
	tw_arena_release(&a);
}

static void only_what_stays_in_an_answer_is_counted(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const char *body = tw_sprintf(&a, "I agree. %.*s, he said:\n\n> Not so.",
				      (int)strlen(prose) - 1, prose);
	assert_int_equal(label(&a, NULL, "My wheels", body).rows.n, 0);
	tw_arena_release(&a);
}

static void long_answers_end_with_a_paragraph_or_sentence(void **state)
{
	struct tw_arena a;
	struct tw_str s = TW_STR_INIT;
	(void)state;
	tw_arena_init(&a);
	for (int i = 0; i < 20; i++)
		tw_str_addf(&s, "%s\n\n", prose);
	struct labelled l = label(&a, "{\"max_chars\": 400}", "How I true a wheel", s.data);
	const char *answer = cell(&l, 0, "answer");
	assert_true(strlen(answer) <= 400);
	assert_true(tw_ends_with(answer, "hear that."));
	assert_contains(answer, "hear that.\n\nI true");
	tw_str_clear(&s);
	for (int i = 0; i < 20; i++)
		tw_str_addf(&s, "%s ", prose);
	l = label(&a, "{\"max_chars\": 400}", "How I true a wheel", s.data);
	assert_true(tw_ends_with(cell(&l, 0, "answer"), "hear that."));
	assert_true(strlen(cell(&l, 0, "answer")) > 200);
	tw_str_release(&s);
	tw_arena_release(&a);
}

static void an_answer_does_not_end_with_what_it_announces(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const char *body =
		tw_sprintf(&a, "%s\n\nLike this:\n\n```\n%0200d\n```\n\nAnd so on.", prose, 7);
	struct labelled l = label(&a, "{\"max_chars\": 300}", "How I true a wheel", body);
	assert_string_equal(cell(&l, 0, "answer"), prose);
	body = tw_sprintf(&a, "%s\n\n## Next\n\n%s\n\n## Last\n\n---", prose, prose);
	l = label(&a, NULL, "How I true a wheel", body);
	assert_true(tw_ends_with(cell(&l, 0, "answer"), "hear that."));
	tw_arena_release(&a);
}

static void a_document_makes_only_so_many_pairs(void **state)
{
	struct tw_arena a;
	struct tw_str s = TW_STR_INIT;
	(void)state;
	tw_arena_init(&a);
	for (int i = 0; i < 30; i++)
		tw_str_addf(&s, "## Choose part number %d\n\n%s\n\n", i, prose);
	assert_int_equal(label(&a, NULL, "Parts of it", s.data).rows.n, 12);
	assert_int_equal(label(&a, "{\"max_per_document\": 2}", "Parts of it", s.data).rows.n, 2);
	tw_str_release(&s);
	tw_arena_release(&a);
}

static void a_duplicate_makes_no_pairs(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	struct tw_rows in[3] = {scrubbed(&a, "d", "How I true a wheel", prose)};
	tw_rows_init(&in[1], tw_transform_duplicates.schema, &a);
	in[2] = raw(&a, "d", "How I true a wheel", "text/markdown", prose);
	struct tw_row *r = tw_rows_add(&in[1], "d");
	tw_row_set_int(&in[1], r, "canonical", 0);
	assert_int_equal(apply(&a, &tw_transform_labels, NULL, NULL, "d", in).n, 0);
	tw_arena_release(&a);
}

/* --- instructions --- */

static const char lower_text[] =
	"the wheel, a chain, and my bike. We met in Gothenburg, at Karin's.";

static const struct {
	const char *heading, *title; /* title: of the document, for a section's heading */
	const char *part;	     /* of the instruction; NULL: nothing is asked */
} asked[] = {
	{"Mend a puncture", NULL, "mend a puncture"},
	{"Gently tighten the nut", NULL, "gently tighten the nut"},
	{"WebAssembly talk posted", NULL, "about WebAssembly talk posted"},
	{"Clear The Screen In psql", NULL, "clear the screen in psql"},
	{"How to bake rye bread", NULL, "bake rye bread"},
	{"Why I left the city", NULL, "why you left the city"},
	{"What I charge for a puncture", NULL, "what you charge for a puncture"},
	{"Is my chain worn?", NULL, "Is my chain worn?"},
	{"What's in my saddlebag", NULL, "What's in your saddlebag?"},
	{"Why does the oil drip", NULL, "Why does the oil drip?"},
	{"My father's notebook", NULL, "your father's notebook"},
	{"Growing potatoes", NULL, "growing potatoes"},
	{"We've bought a boat", NULL, "\"We've bought a boat\""},
	{"Salt: a warning", NULL, "\"Salt: a warning\""},
	{"The \"best\" oil", NULL, "\"The 'best' oil\""},
	{"3. Take off the chain", NULL, "take off the chain"},
	{"Gothenburg in winter", NULL, "Gothenburg in winter"},
	{"The oven", "My everyday bread", "\"My everyday bread\""},
	{"The oven", "My everyday bread", "the oven?"},
	{"The \"oven\"", "My \"everyday\" bread", "'everyday'"},
	{"Links", "My everyday bread", NULL},
	{"Further reading", "My everyday bread", NULL},
	{"2020", NULL, NULL},
	{"--", NULL, NULL},
	{"", NULL, NULL},
};

static void headings_become_what_a_reader_would_ask(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		for (uint64_t seed = 0; seed < 8; seed++) {
			const struct instruct_source src = {asked[i].heading, asked[i].title,
							    lower_text, "en", seed};
			const char *q = tw_instruct(&src, &a);
			if (!asked[i].part) {
				assert_null(q);
				continue;
			}
			assert_non_null(q);
			assert_contains(q, asked[i].part);
			assert_true(tw_ends_with(q, "?") || tw_ends_with(q, "."));
			assert_true(q[0] >= 'A' && q[0] <= 'Z');
		}
	tw_arena_release(&a);
}

static void a_title_in_another_language_stands_as_it_is(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct instruct_source src = {"Wie ich Brot backe", NULL, "", "de", 1};
	assert_string_equal(tw_instruct(&src, &a), "Wie ich Brot backe");
	tw_arena_release(&a);
}

static void the_same_row_always_asks_the_same(void **state)
{
	struct tw_arena a;
	bool differ = false;
	(void)state;
	tw_arena_init(&a);
	struct instruct_source src = {"Mend a puncture", NULL, "", "en", 0};
	const char *first = tw_instruct(&src, &a);
	assert_string_equal(tw_instruct(&src, &a), first);
	for (src.seed = 1; src.seed < 20; src.seed++)
		differ = differ || strcmp(tw_instruct(&src, &a), first) != 0;
	assert_true(differ);
	tw_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_title_asks_and_the_text_answers),
		cmocka_unit_test(headings_ask_about_their_sections),
		cmocka_unit_test(what_is_no_answer_makes_no_pair),
		cmocka_unit_test(what_others_said_is_never_part_of_an_answer),
		cmocka_unit_test(only_what_stays_in_an_answer_is_counted),
		cmocka_unit_test(long_answers_end_with_a_paragraph_or_sentence),
		cmocka_unit_test(an_answer_does_not_end_with_what_it_announces),
		cmocka_unit_test(a_document_makes_only_so_many_pairs),
		cmocka_unit_test(a_duplicate_makes_no_pairs),
		cmocka_unit_test(headings_become_what_a_reader_would_ask),
		cmocka_unit_test(a_title_in_another_language_stands_as_it_is),
		cmocka_unit_test(the_same_row_always_asks_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
