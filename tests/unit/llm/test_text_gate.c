#include "llm_test.h"
#include "support/tiny_gguf.h"

#include "llm/text_gate_int.h"

static bool take(void *ctx, const char *text, size_t len)
{
	tw_str_add(ctx, text, len);
	tw_str_addc(ctx, '|');
	return true;
}

static bool refuse(void *ctx, const char *text, size_t len)
{
	tw_str_add(ctx, text, len);
	return false;
}

static void whole_sequences_alone_go_through(void **state)
{
	struct tw_str out = TW_STR_INIT, pieces = TW_STR_INIT;
	struct tw_gate g = {.fn = take, .fn_ctx = &pieces, .out = &out};
	(void)state;
	assert_true(tw_gate_add(&g, "a\xf0\x9f", 3));
	assert_true(tw_gate_add(&g, "\x98", 1));
	assert_true(tw_gate_add(&g,
				"\x80"
				"b\xc3",
				3));
	tw_gate_end(&g);
	assert_string_equal(tw_str_c(&pieces), "a|\xf0\x9f\x98\x80"
					       "b|");
	assert_string_equal(tw_str_c(&out), "a\xf0\x9f\x98\x80"
					    "b");
	tw_str_release(&out);
	tw_str_release(&pieces);
}

static void bytes_that_are_no_text_become_replacement_characters(void **state)
{
	struct tw_str out = TW_STR_INIT;
	struct tw_gate g = {.out = &out};
	(void)state;
	assert_true(tw_gate_add(&g, "x\xff\x80y", 4));
	tw_gate_end(&g);
	assert_string_equal(tw_str_c(&out), "x\xef\xbf\xbd\xef\xbf\xbdy");
	tw_str_release(&out);
}

static void a_stop_string_may_come_in_pieces(void **state)
{
	static const char *const stop[] = {"", "END.", "</s>", NULL};
	struct tw_str out = TW_STR_INIT, pieces = TW_STR_INIT;
	struct tw_gate g = {.stop = stop, .fn = take, .fn_ctx = &pieces, .out = &out};
	(void)state;
	assert_true(tw_gate_add(&g, "one E", 5));
	assert_true(tw_gate_add(&g, "NEN", 3)); /* "EN" was none, the second "EN" may be one */
	assert_true(tw_gate_add(&g, "D", 1));
	assert_string_equal(tw_str_c(&pieces), "one |EN|");
	assert_false(tw_gate_add(&g, ". more", 6));
	assert_true(g.stopped);
	assert_false(tw_gate_add(&g, "later", 5));
	tw_gate_end(&g);
	assert_string_equal(tw_str_c(&out), "one EN");
	tw_str_release(&out);
	tw_str_release(&pieces);
}

static void the_earliest_stop_string_counts(void **state)
{
	static const char *const stop[] = {"cc", "b", NULL};
	struct tw_str out = TW_STR_INIT;
	struct tw_gate g = {.stop = stop, .out = &out};
	(void)state;
	assert_false(tw_gate_add(&g, "abcc", 4));
	tw_gate_end(&g);
	assert_string_equal(tw_str_c(&out), "a");
	tw_str_release(&out);
}

static void what_was_held_back_comes_at_the_end(void **state)
{
	static const char *const stop[] = {"STOP", NULL};
	struct tw_str out = TW_STR_INIT;
	struct tw_gate g = {.stop = stop, .out = &out};
	(void)state;
	assert_true(tw_gate_add(&g, "full STO", 8));
	assert_string_equal(tw_str_c(&out), "full ");
	tw_gate_end(&g);
	assert_string_equal(tw_str_c(&out), "full STO");
	tw_str_release(&out);
}

static void a_caller_who_says_no_gets_nothing_more(void **state)
{
	struct tw_str out = TW_STR_INIT, pieces = TW_STR_INIT;
	struct tw_gate g = {.fn = refuse, .fn_ctx = &pieces, .out = &out};
	(void)state;
	assert_false(tw_gate_add(&g, "one", 3));
	assert_false(tw_gate_add(&g, "two", 3));
	tw_gate_end(&g);
	assert_string_equal(tw_str_c(&pieces), "one");
	tw_str_release(&out);
	tw_str_release(&pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_sequences_alone_go_through),
		cmocka_unit_test(bytes_that_are_no_text_become_replacement_characters),
		cmocka_unit_test(a_stop_string_may_come_in_pieces),
		cmocka_unit_test(the_earliest_stop_string_counts),
		cmocka_unit_test(what_was_held_back_comes_at_the_end),
		cmocka_unit_test(a_caller_who_says_no_gets_nothing_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
