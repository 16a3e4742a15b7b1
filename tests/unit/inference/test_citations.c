#include "test.h"

#include "inference/citations.h"

/* Feeds the text in pieces of `step` bytes; the result must not depend on it. */
static void check(const char *in, int n_sources, const char *want, uint64_t cited)
{
	for (size_t step = 1; step < 9; step++) {
		struct tw_citations c;
		struct tw_str out = TW_STR_INIT;
		tw_citations_init(&c, n_sources);
		size_t len = strlen(in);
		for (size_t i = 0; i < len; i += step)
			tw_citations_feed(&c, &out, in + i, i + step < len ? step : len - i);
		tw_citations_end(&c, &out);
		assert_string_equal(tw_str_c(&out), want);
		assert_int_equal(c.cited, cited);
		tw_citations_release(&c);
		tw_str_release(&out);
	}
}

static void citations_in_range_stay_and_are_noted(void **state)
{
	(void)state;
	check("A quarter turn [1]. Then dish it [2, 3].", 3,
	      "A quarter turn [1]. Then dish it [2, 3].", 7);
	check("[1] says so", 1, "[1] says so", 1);
}

static void citations_out_of_range_are_taken_out(void **state)
{
	(void)state;
	check("So it is [4].", 3, "So it is.", 0);
	check("So it is [1, 4, 2].", 3, "So it is [1, 2].", 3);
	check("So [0] it is [99999999999999999999].", 3, "So it is.", 0);
	check("Cited [1] twice [1].", 0, "Cited twice.", 0);
}

static void what_is_no_citation_passes_unchanged(void **state)
{
	(void)state;
	check("a[0] = b[7]; x [see below] [ ] [] [link](http://x)", 3,
	      "a[0] = b[7]; x [see below] [ ] [] [link](http://x)", 0);
	check("use `v[9]` or ` [9]` here [9]", 3, "use `v[9]` or ` [9]` here", 0);
	check("```\nint a [9];\n```\ndone [2]", 3, "```\nint a [9];\n```\ndone [2]", 2);
	check("open [1", 3, "open [1", 0);
	check("  two  spaces [", 3, "  two  spaces [", 0);
	check("größe[9] é [9]", 3, "größe[9] é", 0);
	check("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]", 1,
	      "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]", 0);
}

static void a_citation_is_not_repeated_at_once(void **state)
{
	(void)state;
	check("So it is [1] [1] [1, 2] [2].", 3, "So it is [1] [2].", 3);
	check("So it is [1]. And so on [1].", 3, "So it is [1]. And so on [1].", 1);
	check("So it is [1]\n\n[1]", 3, "So it is [1]\n\n", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(citations_in_range_stay_and_are_noted),
		cmocka_unit_test(citations_out_of_range_are_taken_out),
		cmocka_unit_test(what_is_no_citation_passes_unchanged),
		cmocka_unit_test(a_citation_is_not_repeated_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
