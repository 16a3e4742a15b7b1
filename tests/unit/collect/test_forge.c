/* What the sources of GitHub and GitLab make of one piece: Markdown, links between pages, what a comment answers. */
#include "collect_test.h"
#include "support/arena.h"

#include "base/json.h"
#include "collect/forge/forge_content_int.h"
#include "collect/forge/forge_get_int.h"

static void cleans(const char *body, const char *want)
{
	assert_string_equal(forge_clean(body, &arena), want);
}

static void what_a_person_wrote_stays_as_it_is(void **state)
{
	(void)state;
	cleans("One.\n\nTwo *words* and `code`.\n", "One.\n\nTwo *words* and `code`.");
	cleans("# Head\n\nText\n\n- [x] done\n- [ ] open",
	       "# Head\n\nText\n\n- [x] done\n- [ ] open");
	cleans("    indented code\n", "    indented code");
	cleans("```c\nint a;\n```", "```c\nint a;\n```");
	cleans("/usr/bin is where it is", "/usr/bin is where it is");
	cleans("a < b, and b <- c; x --> y", "a < b, and b <- c; x --> y");
}

static void comments_in_html_are_left_out_but_not_in_code(void **state)
{
	(void)state;
	cleans("<!-- a -->\nText", "Text");
	cleans("Text<!-- a\nb\n-->", "Text");
	cleans("One <!-- a --> two <!-- b --> three", "One  two  three");
	cleans("`<!--` opens and `-->` closes", "`<!--` opens and `-->` closes");
	cleans("````\n```\n<!-- a -->\n````\nText <!-- b -->", "````\n```\n<!-- a -->\n````\nText");
	cleans("Text\n<!-- never closed\n\nlost", "Text");
	cleans("<!--", "");
}

static void fields_that_were_left_empty_go_with_their_heading(void **state)
{
	(void)state;
	cleans("### A\n\n_No response_\n\n### B\n\nText\n\n### C\n\n_No response_",
	       "### B\n\nText");
	cleans("_No response_\nText", "Text");
	cleans("Text\n\n_No response_", "Text");
	cleans("It says _No response_ there", "It says _No response_ there");
}

static void what_has_no_word_of_a_person_is_nothing(void **state)
{
	(void)state;
	static const char *const none[] = {"",
					   "\n \n",
					   "# Head\n## Another",
					   "> quoted\n> twice",
					   "- [ ] open\n* [ ] open",
					   "/approve\n/assign @bob",
					   "```suggestion\nint a;\n```",
					   "```suggestion:-0+1\nint a;\n```",
					   "> quoted\n\n/lgtm"};
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		cleans(none[i], "");
	cleans(NULL, "");
	cleans("```suggestion\nint a;\n```\nfor the reader",
	       "```suggestion\nint a;\n```\nfor the reader");
}

static const char *next(const char *header)
{
	const struct forge f = {.origin = "https://api.example.org"};
	struct tw_str link = TW_STR_INIT;
	tw_str_adds(&link, header);
	const char *path = forge_next_link(&link, &f, &arena);
	tw_str_release(&link);
	return path;
}

static void the_next_page_is_a_path_whatever_host_the_link_names(void **state)
{
	(void)state;
	assert_string_equal(next("<https://api.example.org/a?page=2>; rel=\"next\", "
				 "<https://api.example.org/a?page=9>; rel=\"last\""),
			    "/a?page=2");
	assert_string_equal(
		next("<https://x/a?page=1>; rel=\"prev\", <https://x/a?page=3>; rel=next\n"),
		"/a?page=3");
	assert_string_equal(next("</a?page=2>; rel=\"next\""), "/a?page=2");
	assert_string_equal(next("<https://evil.example>; rel=\"next\""), "");
	assert_string_equal(next("<https://api.example.org/a>; rel=\"last\""), "");
	assert_string_equal(next(""), "");
	assert_string_equal(next("<"), "");
	assert_string_equal(next("rel=\"next\""), "");
}

static const struct forge_service service = {.person = "user", .login = "login", .text = "body"};

static struct tw_json *json(const char *text)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *v;
	assert_ok(tw_json_parse(&v, text, strlen(text), &arena, &err), &err);
	return v;
}

static const char *answers(const char *opener, const char *list, const char *text)
{
	struct forge f = {.user = "ann", .service = &service};
	const struct forge_talk t = {.comment = json("{\"id\":9}"),
				     .text = text,
				     .opener = opener ? json(opener) : NULL,
				     .list = list ? json(list) : NULL};
	return forge_exchanges(&t, &f, &arena);
}

#define BOB "\"user\":{\"login\":\"bob\"}"
#define ANN "\"user\":{\"login\":\"Ann\"}"

static void a_comment_answers_what_others_said_since_her_last_turn(void **state)
{
	(void)state;
	const char *bob = "{" BOB ",\"title\":\"T\",\"body\":\"Why?\"}";
	const char *ann = "{" ANN ",\"title\":\"T\",\"body\":\"Why?\"}";
	assert_string_equal(answers(bob, NULL, "So."),
			    "[{\"context\":\"T\\n\\nWhy?\",\"reply\":\"So.\"}]");
	assert_null(answers(ann, NULL, "So."));
	assert_null(answers(NULL, NULL, "So."));
	assert_string_equal(answers(bob,
				    "[{\"id\":1," ANN ",\"body\":\"Mine\"},{\"id\":2," BOB
				    ",\"body\":\"His\"},"
				    "{\"id\":9," ANN "},{\"id\":10," BOB ",\"body\":\"Later\"}]",
				    "So."),
			    "[{\"context\":\"His\",\"reply\":\"So.\"}]");
	assert_null(answers(bob, "[{\"id\":1," ANN ",\"body\":\"Mine\"}]", "So."));
	/* Bots, system notes. */
	assert_null(
		answers(ann,
			"[{\"id\":1,\"user\":{\"login\":\"x\",\"type\":\"Bot\"},\"body\":\"B\"},"
			"{\"id\":2," BOB ",\"system\":true,\"body\":\"S\"}]",
			"So."));
}

static void a_quotation_is_what_the_text_behind_it_answers(void **state)
{
	(void)state;
	const char *bob = "{" BOB ",\"title\":\"T\",\"body\":\"Why?\"}";
	assert_string_equal(answers(bob, NULL, "> One\n> line\n\nYes.\n\n> Two\n\nNo."),
			    "[{\"context\":\"One\\nline\",\"reply\":\"Yes.\"},"
			    "{\"context\":\"Two\",\"reply\":\"No.\"}]");
	assert_string_equal(answers(bob, NULL, "First.\n\n> Two\n\nNo."),
			    "[{\"context\":\"T\\n\\nWhy?\",\"reply\":\"First.\"},"
			    "{\"context\":\"Two\",\"reply\":\"No.\"}]");
}

static void an_answer_is_json_or_a_failure(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "<html>", "[{\"a\":1", "7", "\"text\"", "null"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct tw_json *v;
		struct tw_err err = TW_ERR_INIT;
		struct tw_str s = TW_STR_INIT;
		tw_str_adds(&s, bad[i]);
		assert_int_equal(forge_parse(&v, &s, &arena, &err), TW_SKIPPED);
		tw_str_release(&s);
	}
	const struct tw_json *v;
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	tw_str_adds(&s, "[{\"body\":\"half \\ud83d of a pair, and \\u0000\"}]");
	assert_ok(forge_parse(&v, &s, &arena, &err), &err);
	assert_int_equal(v->n, 1);
	tw_str_release(&s);
}

static void names_are_encoded_for_paths_and_queries(void **state)
{
	(void)state;
	assert_string_equal(forge_encode("a b/c", "/", &arena), "a%20b/c");
	assert_string_equal(forge_encode("a/b#c?d&e", "", &arena), "a%2Fb%23c%3Fd%26e");
	assert_string_equal(forge_encode("\xc3\xa9~-._", "", &arena), "%C3%A9~-._");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_person_wrote_stays_as_it_is),
		cmocka_unit_test(comments_in_html_are_left_out_but_not_in_code),
		cmocka_unit_test(fields_that_were_left_empty_go_with_their_heading),
		cmocka_unit_test(what_has_no_word_of_a_person_is_nothing),
		cmocka_unit_test(the_next_page_is_a_path_whatever_host_the_link_names),
		cmocka_unit_test(a_comment_answers_what_others_said_since_her_last_turn),
		cmocka_unit_test(a_quotation_is_what_the_text_behind_it_answers),
		cmocka_unit_test(an_answer_is_json_or_a_failure),
		cmocka_unit_test(names_are_encoded_for_paths_and_queries),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
