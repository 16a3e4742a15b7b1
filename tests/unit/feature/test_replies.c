/* Pairs out of conversations: what another wrote, and the author's reply. */
#include "feature_test.h"

#include "base/str.h"

#define EXCHANGE(context, reply) "{\"context\": \"" context "\", \"reply\": \"" reply "\"}"

static struct tw_arena a;

static int set_up(void **state)
{
	(void)state;
	tw_arena_init(&a);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tw_arena_release(&a);
	return 0;
}

/* Labels of a document of plain text with these exchanges; every answer is a piece of the scrubbed text. */
static struct tw_rows labels_with(const char *params, const char *scrub, const char *body,
				  const char *extra)
{
	struct tw_rows doc = raw(&a, "d", "", "text/plain", body), in[3];
	tw_row_set_str(&doc, &doc.at[0], "extra", extra);
	const struct tw_rows clean = apply(&a, &tw_transform_clean, NULL, NULL, "d", &doc);
	in[0] = apply(&a, &tw_transform_scrub, scrub, NULL, "d", &clean);
	tw_rows_init(&in[1], tw_transform_duplicates.schema, &a);
	in[2] = doc;
	struct tw_rows rows = apply(&a, &tw_transform_labels, params, NULL, "d", in);
	const char *text = tw_row_cstr(&in[0], &in[0].at[0], "text");
	for (size_t i = 0; i < rows.n; i++) {
		const struct tw_bytes answer = tw_row_text(&rows, &rows.at[i], "answer");
		const int64_t start = tw_row_int(&rows, &rows.at[i], "start");
		assert_int_equal(tw_row_int(&rows, &rows.at[i], "end") - start, answer.len);
		assert_memory_equal(text + start, answer.data, answer.len);
	}
	return rows;
}

static struct tw_rows labels(const char *body, const char *exchanges)
{
	return labels_with(NULL, NULL, body,
			   tw_sprintf(&a, "{\"tags\": [], \"exchanges\": [%s]}", exchanges));
}

static const char *cell(const struct tw_rows *rows, size_t i, const char *field)
{
	assert_true(i < rows->n);
	return tw_row_cstr(rows, &rows->at[i], field);
}

static void what_another_wrote_asks_and_the_reply_answers(void **state)
{
	(void)state;
	const struct tw_rows r = labels(
		"Hello there.\n\nIn the locker, as always.\n\nIt is wet, so dry it first.",
		EXCHANGE("Where is the rope?\\n\\nI need it.",
			 "In the locker, as always.") "," EXCHANGE("Thanks!",
								   "It is wet, so dry it first."));
	assert_int_equal(r.n, 2);
	assert_string_equal(cell(&r, 0, "instruction"), "Where is the rope?\n\nI need it.");
	assert_string_equal(cell(&r, 0, "answer"), "In the locker, as always.");
	assert_string_equal(cell(&r, 0, "kind"), "reply");
	assert_string_equal(cell(&r, 1, "instruction"), "Thanks!");
	assert_string_equal(cell(&r, 1, "answer"), "It is wet, so dry it first.");
}

static void both_sides_are_scrubbed(void **state)
{
	(void)state;
	const char *body = "Write to tess@mail.net, the key is ghp_"
			   "R7tQ2mXz9LkV4bNc8JwYp3HsDf6GaE1uTi5o.";
	const struct tw_rows r = labels(
		body,
		tw_sprintf(&a, EXCHANGE("I am bob@mail.net, +49 30 901820. You?", "%s"), body));
	assert_int_equal(r.n, 1);
	assert_string_equal(cell(&r, 0, "answer"), "Write to [email], the key is [key].");
	assert_string_equal(cell(&r, 0, "instruction"), "I am [email], [phone]. You?");
	/* Who leaves in their own address, leaves in nobody else's. */
	const struct tw_rows own =
		labels_with(NULL, "{\"email\": false}", "Write to tess@mail.net today.",
			    "{\"exchanges\": [" EXCHANGE("I am bob@mail.net. You?",
							 "Write to tess@mail.net today.") "]}");
	assert_int_equal(own.n, 1);
	assert_string_equal(cell(&own, 0, "answer"), "Write to tess@mail.net today.");
	assert_string_equal(cell(&own, 0, "instruction"), "I am [email]. You?");
}

static void what_is_no_use_makes_no_pair(void **state)
{
	static const char *const useless[] = {
		EXCHANGE("Where is it?", "Over there."), /* too short */
		EXCHANGE("Where is it?", "This is not in the text at all."),
		EXCHANGE("", "In the locker, as always."),
		EXCHANGE("?! \\n ...", "In the locker, as always."),
		EXCHANGE("You say: In the locker, as always. Why?", "In the locker, as always."),
		EXCHANGE("Send it", "https://a.example/one https://a.example/two"),
		EXCHANGE("Send it", "```\\nx = 1 and more of it\\n```"),
		"{\"context\": 1, \"reply\": []}, 7, null, {}",
	};
	const char *body = "In the locker, as always.\n\nOver there.\n\nhttps://a.example/one "
			   "https://a.example/two\n\n```\nx = 1 and more of it\n```";
	(void)state;
	for (size_t i = 0; i < sizeof(useless) / sizeof(*useless); i++)
		assert_int_equal(labels(body, useless[i]).n, 0);
	assert_int_equal(labels_with(NULL, NULL, body, "{\"exchanges\": {\"reply\": 1}}").n, 0);
	assert_int_equal(labels_with(NULL, NULL, body, "\"exchanges\"").n, 0);
	assert_int_equal(labels_with(NULL, NULL, body, "").n, 0);
}

static void the_options_bound_them(void **state)
{
	const char *body = "One two three four.\n\nFive six seven eight. Nine ten, and so on.";
	const char *extra =
		"{\"exchanges\": [" EXCHANGE("First line here.\\nSecond line.", "One two three four.") "," EXCHANGE(
			"And?",
			"Five six seven eight. Nine ten, and so on.") "," EXCHANGE("And?",
										   "Five six seven eight. Nine ten, and so on.") "]}";
	(void)state;
	assert_int_equal(labels_with(NULL, NULL, body, extra).n, 2); /* the same one twice */
	assert_int_equal(labels_with("{\"replies\": false}", NULL, body, extra).n, 0);
	assert_int_equal(labels_with("{\"reply_words\": 5}", NULL, body, extra).n, 1);
	assert_int_equal(labels_with("{\"max_replies\": 1}", NULL, body, extra).n, 1);
	struct tw_str long_one = TW_STR_INIT;
	for (int i = 0; i < 30; i++)
		tw_str_addf(&long_one, "Sentence number %d. ", i);
	tw_str_trim(&long_one);
	extra = tw_sprintf(
		&a,
		"{\"exchanges\": [" EXCHANGE("Line %s\\nLast line, with a bit of text to fill it.",
					     "%s") "]}",
		tw_str_c(&long_one), tw_str_c(&long_one));
	const struct tw_rows r = labels_with("{\"max_context\": 50, \"max_chars\": 100}", NULL,
					     tw_str_c(&long_one), extra);
	assert_string_equal(cell(&r, 0, "instruction"),
			    "Last line, with a bit of text to fill it.");
	assert_true(strlen(cell(&r, 0, "answer")) <= 100);
	assert_true(tw_ends_with(cell(&r, 0, "answer"), "."));
	tw_str_release(&long_one);
}

/* Each is looked for in the whole text. */
static void replies_that_are_not_there_are_not_looked_for_without_end(void **state)
{
	struct tw_str list = TW_STR_INIT;
	(void)state;
	for (int i = 0; i < 200; i++)
		tw_str_adds(&list, EXCHANGE("And?", "This is not in the text at all.") ",");
	tw_str_adds(&list, EXCHANGE("Where?", "In the locker, as always."));
	const char *body = "In the locker, as always.";
	assert_int_equal(labels(body, tw_str_c(&list)).n, 0);
	const char *one_less = strstr(tw_str_c(&list), "},") + 2;
	assert_int_equal(labels(body, one_less).n, 1);
	tw_str_release(&list);
}

static void other_rows_are_as_without_them(void **state)
{
	const char *body =
		"# How I true a wheel\n\nI true a wheel by ear before I do it by eye, since "
		"a spoke that is loose sounds flat, and anybody can hear that.";
	(void)state;
	const struct tw_rows without = labels_with(NULL, NULL, body, "");
	const struct tw_rows with =
		labels_with(NULL, NULL, body,
			    "{\"exchanges\": [" EXCHANGE(
				    "How?", "I true a wheel by ear before I do it by eye") "]}");
	assert_int_equal(with.n, without.n + 1);
	for (size_t i = 0; i < without.n; i++) {
		const struct tw_digest x = tw_rows_digest(&without, i, 1),
				       y = tw_rows_digest(&with, i, 1);
		assert_string_equal(x.hex, y.hex);
	}
	assert_string_equal(cell(&with, without.n, "kind"), "reply");
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_another_wrote_asks_and_the_reply_answers),
		TEST(both_sides_are_scrubbed),
		TEST(what_is_no_use_makes_no_pair),
		TEST(the_options_bound_them),
		TEST(replies_that_are_not_there_are_not_looked_for_without_end),
		TEST(other_rows_are_as_without_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
