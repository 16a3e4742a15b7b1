/* chart: ticks, means, and what a chart looks like as text and as SVG. */
#include "base_test.h"

#include <math.h>

#include "base/chart.h"
#include "base/hash.h"
#include "base/text.h"
#include "normal.h"

#define N 120

static struct tw_str out;

static const char *labels(double lo, double hi, int most, bool cover, double least)
{
	struct tw_ticks t = tw_ticks_of(lo, hi, most, cover, least);

	tw_str_clear(&out);
	for (int i = 0; i < t.n; i++) {
		if (i)
			tw_str_addc(&out, ' ');
		tw_tick_label(&out, &t, i);
	}
	return tw_str_c(&out);
}

static void ticks_are_round_and_labels_short(void **state)
{
	(void)state;
	assert_string_equal(labels(2.03, 4.27, 7, true, 0), "2.0 2.5 3.0 3.5 4.0 4.5");
	assert_string_equal(labels(0, 5e-4, 4, true, 0), "0 2e-4 4e-4 6e-4");
	assert_string_equal(labels(0, 2.3e-4, 6, true, 0), "0 5e-5 1.0e-4 1.5e-4 2.0e-4 2.5e-4");
	assert_string_equal(labels(0, 41000, 6, true, 0), "0 10k 20k 30k 40k 50k");
	assert_string_equal(labels(0, 3.2e6, 8, true, 0), "0 0.5M 1.0M 1.5M 2.0M 2.5M 3.0M 3.5M");
	assert_string_equal(labels(-0.3, 0.9, 5, true, 0), "-0.5 0 0.5 1.0");
	assert_string_equal(labels(3, 61, 7, false, 1), "10 20 30 40 50 60");
}

static void steps_of_an_axis_of_counts_are_whole(void **state)
{
	(void)state;
	assert_string_equal(labels(0, 4, 9, false, 1), "0 1 2 3 4");
	assert_string_equal(labels(1, 2, 9, false, 1), "1 2");
}

static void ticks_cover_every_range_and_are_never_too_many(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		double size = pow(10, tw_random_unit(&seed) * 24 - 12);
		double lo = (tw_random_unit(&seed) - 0.5) * size;
		double hi = lo + tw_random_unit(&seed) * size;
		int most = 3 + (int)(tw_random_unit(&seed) * 8);
		struct tw_ticks t = tw_ticks_of(lo, hi, most, true, 0);
		double slack = t.step * 1e-6;

		assert_in_range(t.n, 2, most);
		assert_true(t.first <= lo + slack);
		assert_true(t.first + (t.n - 1) * t.step >= hi - slack);
	}
}

static void equal_values_still_have_an_axis(void **state)
{
	(void)state;
	for (double x = -1; x <= 1; x++) {
		struct tw_ticks t = tw_ticks_of(x, x, 5, true, 0);

		assert_true(t.n >= 2 && t.step > 0);
		assert_true(t.first <= x && t.first + (t.n - 1) * t.step >= x);
	}
}

static void the_mean_keeps_a_line_and_drops_noise(void **state)
{
	double y[N], mean[N], noise = 0, left = 0;
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < N; i++)
		y[i] = 3 - 0.01 * i;
	y[50] = NAN;
	tw_running_mean(mean, y, N);
	for (int i = 0; i < N; i++)
		assert_true(fabs(mean[i] - (3 - 0.01 * i)) < 1e-9); /* to both ends */
	for (int i = 0; i < N; i++)
		y[i] = 3 - 0.01 * i + 0.2 * random_normal(&seed);
	tw_running_mean(mean, y, N);
	for (int i = 0; i < N; i++) {
		noise += pow(y[i] - (3 - 0.01 * i), 2);
		left += pow(mean[i] - (3 - 0.01 * i), 2);
	}
	assert_true(left < noise / 6);
}

/* --- drawing --- */

struct world {
	double x[N], loss[N], lr[N], vx[7], valid[7];
	struct tw_curve curves[2], rate;
	struct tw_chart charts[3];
};

static struct world *world(void)
{
	static struct world w;
	uint64_t seed = 9;

	for (int i = 0; i < N; i++) {
		w.x[i] = i + 1;
		w.loss[i] = 2 + 2 * exp(-i / 30.0) + 0.1 * random_normal(&seed);
		w.lr[i] = 5e-4 * (N - i) / N;
	}
	for (int i = 0; i < 7; i++) {
		w.vx[i] = i * 20;
		w.valid[i] = 2.3 + 2 * exp(-i * 20 / 30.0);
	}
	w.curves[0] =
		(struct tw_curve){.name = "training", .x = w.x, .y = w.loss, .n = N, .noisy = true};
	w.curves[1] = (struct tw_curve){
		.name = "validation", .x = w.vx, .y = w.valid, .n = 7, .color = 1, .marked = true};
	w.rate = (struct tw_curve){.x = w.x, .y = w.lr, .n = N};
	w.charts[0] =
		(struct tw_chart){.title = "loss", .x_name = "step", .curves = w.curves, .n = 2};
	w.charts[1] = (struct tw_chart){.title = "empty", .x_name = "step", .curves = w.curves};
	w.charts[2] = (struct tw_chart){
		.title = "learning rate", .curves = &w.rate, .n = 1, .from_zero = true};
	return &w;
}

static const char *text(const struct tw_chart *charts, size_t n, int width, bool color, bool utf8)
{
	const struct tw_chart_look look = {width, color, utf8};

	tw_str_clear(&out);
	tw_chart_text(&out, charts, n, &look);
	return tw_str_c(&out);
}

static void assert_lines_fit(const char *s, size_t width)
{
	for (; *s; s += strcspn(s, "\n") + 1) {
		size_t len = strcspn(s, "\n");

		assert_true(tw_utf8_count(s, len) <= width);
		assert_true(len == 0 || s[len - 1] != ' ');
	}
}

static void a_text_fits_its_width_whatever_that_is(void **state)
{
	(void)state;
	for (int width = 40; width <= 200; width += 7) {
		assert_lines_fit(text(world()->charts, 3, width, false, true), (size_t)width);
		assert_contains(out.data, "validation");
		assert_contains(out.data, "learning rate");
		assert_null(strstr(out.data, "empty"));
		assert_true(tw_utf8_valid(out.data, out.len));
		assert_null(strchr(out.data, '\033'));
	}
	assert_lines_fit(text(world()->charts, 3, 1, false, true), 40);
}

static void plain_ascii_where_there_is_no_utf8(void **state)
{
	(void)state;
	text(world()->charts, 3, 80, false, false);
	for (const char *p = out.data; *p; p++)
		assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
	assert_contains(out.data, "o training  x validation");
}

static void colours_begin_and_end_within_a_line(void **state)
{
	(void)state;
	text(world()->charts, 3, 80, true, true);
	assert_contains(out.data, "\033[36m");
	for (const char *s = out.data; *s; s += strcspn(s, "\n") + 1) {
		const char *end = s + strcspn(s, "\n"), *last = NULL;

		for (const char *p = s; p < end; p++)
			last = *p == '\033' ? p : last;
		assert_true(!last || strncmp(last, "\033[0m", 4) == 0);
	}
}

static void a_falling_curve_falls_from_left_to_right(void **state)
{
	double x[] = {0, 10}, y[] = {1, 0};
	const struct tw_curve c = {.x = x, .y = y, .n = 2};
	const struct tw_chart chart = {.title = "fall", .curves = &c, .n = 1};
	size_t before = 0;
	int rows = 0;

	(void)state;
	text(&chart, 1, 40, false, false);
	for (const char *s = out.data; *s; s += strcspn(s, "\n") + 1) {
		const char *star = memchr(s, '*', strcspn(s, "\n"));

		if (!star)
			continue;
		assert_true((size_t)(star - s) > before);
		before = (size_t)(star - s);
		rows++;
	}
	assert_int_equal(rows, 12);
}

static void points_that_are_no_numbers_are_left_out(void **state)
{
	double x[] = {0, 1, 2}, y[] = {1, NAN, INFINITY}, none[] = {NAN, NAN, NAN};
	const struct tw_curve c = {.x = x, .y = y, .n = 3}, d = {.x = x, .y = none, .n = 3};
	const struct tw_chart chart = {.title = "one", .curves = &c, .n = 1};
	const struct tw_chart empty = {.title = "none", .curves = &d, .n = 1};

	(void)state;
	assert_contains(text(&chart, 1, 60, false, true), "one");
	assert_string_equal(text(&empty, 1, 60, false, true), "");
}

static size_t count(const char *s, const char *part)
{
	size_t n = 0;

	for (; (s = strstr(s, part)); s += strlen(part))
		n++;
	return n;
}

static void an_svg_holds_curves_marks_and_both_schemes(void **state)
{
	struct world *w = world();

	(void)state;
	w->charts[2].title = "rate <5 & \"falling\"";
	tw_str_clear(&out);
	tw_chart_svg(&out, "Run 3 \x1b[31m", "a < b", w->charts, 3);
	assert_contains(out.data, "prefers-color-scheme:dark");
	assert_contains(out.data, "rate &lt;5 &amp; &quot;falling&quot;");
	assert_contains(out.data, "a &lt; b");
	assert_null(strchr(out.data, '\033'));
	assert_null(strstr(out.data, "nan"));
	assert_int_equal(count(out.data, "class=\"faint c0\""), 1);
	assert_int_equal(count(out.data, "<circle"), 7 + 1); /* and one in the legend */
	assert_int_equal(count(out.data, "<text"), count(out.data, "</text>"));
	assert_true(out.len < 20000);
}

static void an_svg_of_many_points_stays_small(void **state)
{
	enum { MANY = 50000 };
	double *x = calloc(MANY, sizeof(*x)), *y = calloc(MANY, sizeof(*y));
	const struct tw_curve c = {.x = x, .y = y, .n = MANY};
	const struct tw_chart chart = {.title = "long", .x_name = "step", .curves = &c, .n = 1};

	(void)state;
	for (int i = 0; i < MANY; i++) {
		x[i] = i;
		y[i] = i == 33333 ? 10 : 1; /* one peak, which must not get lost */
	}
	tw_str_clear(&out);
	tw_chart_svg(&out, "long", NULL, &chart, 1);
	assert_true(out.len < 60000);
	assert_contains(out.data, " 86.0L"); /* the top */
	free(x);
	free(y);
}

static int done(void **state)
{
	(void)state;
	tw_str_release(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ticks_are_round_and_labels_short),
		cmocka_unit_test(steps_of_an_axis_of_counts_are_whole),
		cmocka_unit_test(ticks_cover_every_range_and_are_never_too_many),
		cmocka_unit_test(equal_values_still_have_an_axis),
		cmocka_unit_test(the_mean_keeps_a_line_and_drops_noise),
		cmocka_unit_test(a_text_fits_its_width_whatever_that_is),
		cmocka_unit_test(plain_ascii_where_there_is_no_utf8),
		cmocka_unit_test(colours_begin_and_end_within_a_line),
		cmocka_unit_test(a_falling_curve_falls_from_left_to_right),
		cmocka_unit_test(points_that_are_no_numbers_are_left_out),
		cmocka_unit_test(an_svg_holds_curves_marks_and_both_schemes),
		cmocka_unit_test(an_svg_of_many_points_stays_small),
	};

	return cmocka_run_group_tests_name("chart", tests, NULL, done);
}
