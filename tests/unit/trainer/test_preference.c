/* Losses of one pair of answers: values that can be worked out by hand, and derivatives by differences. */
#include <math.h>

#include "test.h"
#include "trainer/preference_int.h"

static const struct tw_pair some = {.logp = {-41.5, -57.25}, .ref = {-40.0, -52.5}, .n = {17, 29}};

static void expect(double got, double want)
{
	if (!(fabs(got - want) < 1e-12 * (1 + fabs(want))))
		fail_msg("%.15g, not %.15g", got, want);
}

static double s(double x)
{
	return 1 / (1 + exp(-x));
}

static void dpo_is_that_of_its_paper(void **state)
{
	const double h = (-41.5 + 40.0) - (-57.25 + 52.5); /* 3.25 */
	(void)state;
	struct tw_preference p = {.beta = 0.1};
	expect(tw_preference_loss(&p, &some).loss, -log(s(0.1 * h)));
	expect(tw_preference_loss(&p, &some).reward[0], -0.15);
	expect(tw_preference_loss(&p, &some).reward[1], -0.475);
	p.smoothing = 0.2;
	expect(tw_preference_loss(&p, &some).loss, -0.8 * log(s(0.1 * h)) - 0.2 * log(s(-0.1 * h)));
	p = (struct tw_preference){.kind = TW_PREFERENCE_HINGE, .beta = 0.1};
	expect(tw_preference_loss(&p, &some).loss, 1 - 0.325);
	p.beta = 1;
	expect(tw_preference_loss(&p, &some).loss, 0);
	expect(tw_preference_loss(&p, &some).dlogp[0], 0);
	const double mean = -1.5 / 17 + 4.75 / 29;
	p = (struct tw_preference){.kind = TW_PREFERENCE_IPO, .beta = 0.1};
	expect(tw_preference_loss(&p, &some).loss, (mean - 5) * (mean - 5));
	p = (struct tw_preference){.beta = 0.1, .length_normalized = true};
	expect(tw_preference_loss(&p, &some).loss, -log(s(0.1 * mean)));
	p = (struct tw_preference){.beta = 0.1, .rpo_alpha = 2};
	expect(tw_preference_loss(&p, &some).loss, -log(s(0.1 * h)) + 2 * 41.5 / 17);
}

static void without_a_reference_they_are_those_of_their_papers(void **state)
{
	const double w = -41.5 / 17, l = -57.25 / 29;
	(void)state;
	struct tw_preference p = {.kind = TW_PREFERENCE_SIMPO, .beta = 2, .gamma = 0.5};
	expect(tw_preference_loss(&p, &some).loss, -log(s(2 * (w - l) - 0.5)));
	p = (struct tw_preference){.kind = TW_PREFERENCE_ORPO, .beta = 0.3};
	const double odds = exp(w) / (1 - exp(w)) / (exp(l) / (1 - exp(l)));
	expect(tw_preference_loss(&p, &some).loss, -w - 0.3 * log(s(log(odds))));
}

static const struct tw_preference all[] = {
	{.beta = 0.1},
	{.beta = 0.4, .smoothing = 0.3},
	{.beta = 0.4, .length_normalized = true},
	{.beta = 0.1, .rpo_alpha = 1.5},
	{.kind = TW_PREFERENCE_HINGE, .beta = 0.1},
	{.kind = TW_PREFERENCE_HINGE, .beta = 0.3, .length_normalized = true, .rpo_alpha = 0.2},
	{.kind = TW_PREFERENCE_IPO, .beta = 0.1},
	{.kind = TW_PREFERENCE_ORPO, .beta = 0.1},
	{.kind = TW_PREFERENCE_ORPO, .beta = 2},
	{.kind = TW_PREFERENCE_SIMPO, .beta = 2, .gamma = 0.5},
	{.kind = TW_PREFERENCE_SIMPO, .beta = 2.5, .gamma = 1, .smoothing = 0.1},
};

static double loss_with(const struct tw_preference *p, struct tw_pair pair, int i, double by)
{
	pair.logp[i] += by;
	return tw_preference_loss(p, &pair).loss;
}

static void derivatives_are_those_of_the_losses(void **state)
{
	static const struct tw_pair pairs[] = {
		{.logp = {-41.5, -57.25}, .ref = {-40.0, -52.5}, .n = {17, 29}},
		{.logp = {-8.25, -3.5}, .ref = {-6, -5}, .n = {9, 4}},
		{.logp = {-0.75, -400}, .ref = {-2, -380}, .n = {12, 300}},
	};
	const double h = 1e-4;
	(void)state;
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
		for (size_t j = 0; j < 3; j++)
			for (int i = 0; i < 2; i++) {
				double want = (loss_with(&all[k], pairs[j], i, h) -
					       loss_with(&all[k], pairs[j], i, -h)) /
					      (2 * h);
				double got = tw_preference_loss(&all[k], &pairs[j]).dlogp[i];
				if (!(fabs(got - want) < 1e-7 * (1 + fabs(want))))
					fail_msg("loss %zu, pair %zu, answer %d: %g, not %g", k, j,
						 i, got, want);
			}
}

static void at_the_start_dpo_knows_nothing(void **state)
{
	const struct tw_pair same = {.logp = {-40, -52}, .ref = {-40, -52}, .n = {17, 29}};
	const struct tw_preference p = {.beta = 0.1};
	struct tw_pair_loss l = tw_preference_loss(&p, &same);
	(void)state;
	expect(l.loss, log(2));
	expect(l.dlogp[0], -0.05);
	expect(l.dlogp[1], 0.05);
}

static void answers_without_hope_or_doubt_give_numbers(void **state)
{
	static const struct tw_pair pairs[] = {
		{.logp = {-1e6, -1}, .ref = {-1, -1e6}, .n = {3, 5}},
		{.logp = {-1, -1e6}, .ref = {-1e6, -1}, .n = {3, 5}},
		{.logp = {0, -1}, .ref = {0, -1}, .n = {3, 5}},
		{.logp = {-1, 0}, .ref = {0, 0}, .n = {3, 5}},
		{.logp = {1e-9, 1e-9}, .ref = {0, 0}, .n = {1, 1}}, /* rounding above 0 */
	};
	(void)state;
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
		for (size_t j = 0; j < sizeof(pairs) / sizeof(*pairs); j++) {
			struct tw_pair_loss l = tw_preference_loss(&all[k], &pairs[j]);
			assert_true(isfinite(l.loss));
			assert_true(isfinite(l.dlogp[0]) && isfinite(l.dlogp[1]));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpo_is_that_of_its_paper),
		cmocka_unit_test(without_a_reference_they_are_those_of_their_papers),
		cmocka_unit_test(derivatives_are_those_of_the_losses),
		cmocka_unit_test(at_the_start_dpo_knows_nothing),
		cmocka_unit_test(answers_without_hope_or_doubt_give_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
