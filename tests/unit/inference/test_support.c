#include "test.h"
#include "support/arena.h"

#include "inference/support.h"

static const struct tw_answer_source wheel = {
	.n = 1,
	.title = "Truing a wheel by ear",
	.heading = "",
	.text = "A quarter of a turn. That's the rule. Quarter of a turn, spin, look again. A half turn "
		"is what you do when you're annoyed. The spoke winds up like a rubber band and will "
		"unwind on you later, on a hill, with a noise like a pistol.",
};

static double support(const char *answer)
{
	return tw_support(answer, "How do you true a wheel?", &wheel, 1, &arena);
}

static void a_quotation_is_supported_whole(void **state)
{
	(void)state;
	assert_true(support("A quarter of a turn. That's the rule [1].") >= 0.75);
	assert_true(support("The spoke winds up like a rubber band.") == 1);
	/* Other forms and cases of the same words. */
	assert_true(support("SPOKES; truing the wheels, annoying noises.") > 0.8);
}

static void an_invention_is_not(void **state)
{
	(void)state;
	assert_true(support("I have been working in this shop since 2007, my first job, and it has "
			    "made me more confident.") < 0.3);
	double half = support("A quarter turn, or a fine of 25 pounds and a ban from driving.");
	assert_true(half > 0.2 && half < TW_SUPPORT_LOW);
}

static void where_there_is_nothing_to_look_for_it_is_not_known(void **state)
{
	(void)state;
	assert_true(support("") == -1);
	assert_true(support("It is, and so they are.") == -1);
	assert_true(support("…!") == -1);
	assert_true(tw_support("Anything", "What?", NULL, 0, &arena) == -1);
}

static void every_script_is_cut_between_letters(void **state)
{
	(void)state;
	const struct tw_answer_source s = {.n = 1,
					   .title = "Über Größe",
					   .heading = "",
					   .text = "Велосипедная цепь изнашивается. 𝒜𝒜𝒜𝒜𝒜𝒜"};
	assert_true(tw_support("Велосипедные цепи, größer über", "", &s, 1, &arena) > 0.7);
	assert_true(tw_support("совсем другое дело", "", &s, 1, &arena) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quotation_is_supported_whole),
		cmocka_unit_test(an_invention_is_not),
		cmocka_unit_test(where_there_is_nothing_to_look_for_it_is_not_known),
		cmocka_unit_test(every_script_is_cut_between_letters),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
