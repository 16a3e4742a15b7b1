/* Distances of style. */
#include "test.h"

#include <math.h>

#include "base/fs.h"
#include "training/style.h"

static struct tw_bytes bytes(const char *s)
{
	return (struct tw_bytes){s, strlen(s)};
}

/* Every second post of the sample author, without front matter; `odd` picks which half. */
struct half {
	struct tw_str text;
	size_t n;
	size_t odd;
};

static enum tw_status add_post(void *ctx, const char *rel, const struct tw_stat *st,
			       const char *problem, struct tw_err *err)
{
	struct half *h = ctx;
	char path[512];
	struct tw_str file = TW_STR_INIT;
	(void)st;
	(void)problem;
	if (h->n++ % 2 != h->odd)
		return TW_OK;
	snprintf(path, sizeof(path), "samples/mara/%s", rel);
	enum tw_status status = tw_read_file(&file, path, 0, err);
	const char *body = strstr(tw_str_c(&file) + 3, "\n---\n");
	if (status == TW_OK && body)
		tw_str_adds(&h->text, body + 5);
	tw_str_release(&file);
	return status;
}

static struct tw_str half_of_mara(size_t odd)
{
	struct half h = {.odd = odd};
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_walk("samples/mara", NULL, add_post, &h, &err), &err);
	assert_true(h.text.len > 10000);
	return h.text;
}

/* Somebody else: an official, of another century. */
static const char official[] =
	"It is hereby resolved that whosoever shall have been appointed to the office of "
	"Comptroller shall, upon the expiration of the term for which the said Comptroller was "
	"appointed, surrender unto the Commissioners all such ledgers, instruments and moneys as "
	"may be held by the said Comptroller in trust for the Corporation. Whereas divers persons "
	"have represented unto the Commissioners that the conveyance of goods upon the public "
	"highway is attended with considerable inconvenience, it is further resolved that no "
	"carriage of whatsoever description shall be suffered to remain upon the said highway "
	"between the hours of nine and eleven, save by licence of the Commissioners, which licence "
	"shall be granted only upon payment of such sum as shall be determined by the Commissioners "
	"in general assembly. The Commissioners are of opinion that the regulation of the market, "
	"which has been the subject of repeated representation, ought to be committed to the "
	"consideration of a select committee, by which committee a report shall be presented at the "
	"next general assembly. Provided always, that nothing herein contained shall be construed "
	"to affect the rights of any person by whom such rights were enjoyed previous to the passing "
	"of this resolution; and provided further, that the expenses of the said committee shall be "
	"defrayed out of the moneys of the Corporation, subject to the approbation of the "
	"Commissioners. In the event of the refusal of any person to comply with the provisions of "
	"this resolution, such person shall be liable to a penalty not exceeding the sum of forty "
	"shillings, which penalty shall be recoverable before any magistrate of the county, upon the "
	"information of any person by whom the said refusal shall have been witnessed.";

static void a_text_has_no_distance_to_itself(void **state)
{
	struct tw_arena a;
	struct tw_str mara = half_of_mara(0);
	(void)state;
	tw_arena_init(&a);
	const struct tw_style *s = tw_style_new((struct tw_bytes){mara.data, mara.len}, &a);
	assert_true(tw_style_delta(s, bytes(official), bytes(official)) == 0);
	assert_true(tw_style_delta(s, bytes(mara.data), bytes(mara.data)) == 0);
	assert_true(tw_style_ngrams(bytes(official), bytes(official)) < 1e-12);
	tw_arena_release(&a);
	tw_str_release(&mara);
}

static void an_author_is_nearer_to_her_own_other_text_than_to_anothers(void **state)
{
	struct tw_arena a;
	struct tw_str known = half_of_mara(0), other = half_of_mara(1);
	(void)state;
	tw_arena_init(&a);
	const struct tw_bytes held_out = bytes(tw_str_c(&known));
	const struct tw_style *s = tw_style_new(held_out, &a);
	struct tw_bytes own = bytes(tw_str_c(&other));
	own.len = tw_style_prefix(own, tw_style_words(bytes(official)));
	assert_int_equal(tw_style_words(own), tw_style_words(bytes(official)));
	const double mine = tw_style_delta(s, own, held_out);
	const double theirs = tw_style_delta(s, bytes(official), held_out);
	assert_true(mine > 0);
	if (mine * 1.3 > theirs)
		fail_msg("Delta: own %g, another's %g", mine, theirs);
	const double own_ngrams = tw_style_ngrams(own, held_out);
	const double their_ngrams = tw_style_ngrams(bytes(official), held_out);
	if (own_ngrams * 1.3 > their_ngrams)
		fail_msg("3-grams: own %g, another's %g", own_ngrams, their_ngrams);
	tw_arena_release(&a);
	tw_str_release(&known);
	tw_str_release(&other);
}

/* 400 words of "a" and "b": 8 pieces of 50, with 20 and 30 of "a" by turns. */
static void delta_is_what_one_computes_by_hand(void **state)
{
	struct tw_arena a;
	struct tw_str text = TW_STR_INIT;
	(void)state;
	tw_arena_init(&a);
	for (int piece = 0; piece < 8; piece++)
		for (int i = 0; i < 50; i++)
			tw_str_adds(&text, i < (piece % 2 ? 30 : 20) ? "a " : "b ");
	const struct tw_style *s = tw_style_new((struct tw_bytes){text.data, text.len}, &a);
	/* Frequencies .4 and .6, mean .5: variance 8 * .01 / 7. Both words differ by .75 - .25. */
	const double expected = 0.5 / sqrt(0.08 / 7);
	assert_true(fabs(tw_style_delta(s, bytes("a A, a b"), bytes("b b: b a!")) - expected) <
		    1e-9);
	tw_arena_release(&a);
	tw_str_release(&text);
}

static void ngrams_are_what_one_counts_by_hand(void **state)
{
	(void)state;
	/* abc bcd against abc bce: cosine 1 / 2. */
	assert_true(fabs(tw_style_ngrams(bytes("abcd"), bytes("abce")) - 0.5) < 1e-12);
	assert_true(tw_style_ngrams(bytes("ABC  d"), bytes(" abc\nD ")) < 1e-12);
	assert_true(fabs(tw_style_ngrams(bytes("abc"), bytes("xyz")) - 1) < 1e-12);
	/* By characters, not bytes: the one 3-gram of each. */
	assert_true(tw_style_ngrams(bytes("äöü"), bytes("ÄÖÜ")) < 1e-12);
	assert_true(fabs(tw_style_ngrams(bytes("äöü"), bytes("äöx")) - 1) < 1e-12);
}

static void what_cannot_be_measured_is_no_number(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_style *known = tw_style_new(bytes(official), &a);
	assert_true(isnan(tw_style_delta(known, bytes(""), bytes(official))));
	assert_true(isnan(tw_style_delta(known, bytes(official), bytes("…"))));
	const struct tw_style *tiny = tw_style_new(bytes("Too short to know."), &a);
	assert_true(isnan(tw_style_delta(tiny, bytes(official), bytes(official))));
	const struct tw_style *none = tw_style_new((struct tw_bytes){NULL, 0}, &a);
	assert_true(isnan(tw_style_delta(none, bytes("a"), bytes("a"))));
	assert_true(isnan(tw_style_ngrams(bytes("ab"), bytes("abc"))));
	assert_true(isnan(tw_style_ngrams(bytes(""), bytes(""))));
	tw_arena_release(&a);
}

static void a_text_is_cut_behind_a_word(void **state)
{
	const struct tw_bytes t = bytes("One, two -- three.");
	(void)state;
	assert_int_equal(tw_style_words(t), 3);
	assert_int_equal(tw_style_prefix(t, 0), 0);
	assert_int_equal(tw_style_prefix(t, 2), strlen("One, two"));
	assert_int_equal(tw_style_prefix(t, 3), t.len);
	assert_int_equal(tw_style_prefix(t, 99), t.len);
	assert_int_equal(tw_style_words((struct tw_bytes){NULL, 0}), 0);
	assert_int_equal(tw_style_prefix((struct tw_bytes){NULL, 0}, 4), 0);
}

/* Titles whose answers are all alike leave no doubt; the more they differ, the more doubt there is. */
static void an_interval_is_as_wide_as_titles_differ(void **state)
{
	enum { TITLES = 12 };
	struct tw_arena a;
	struct tw_str mara = half_of_mara(0);
	double width[2];
	(void)state;
	tw_arena_init(&a);
	const struct tw_style *style = tw_style_new(bytes(mara.data), &a);
	const size_t size = tw_style_size(style);
	double *base = TW_NEW_ARRAY(&a, TITLES * size, double);
	double *author = TW_NEW_ARRAY(&a, size, double);
	tw_style_count(author, style, bytes(mara.data));
	for (int differ = 0; differ < 2; differ++) {
		const struct tw_style_answers c = {style, TITLES, base, base, author};
		struct tw_style_figure f[TW_STYLE_FIGURES];
		memset(base, 0, TITLES * size * sizeof(*base));
		for (size_t i = 0; i < TITLES; i++) {
			const struct tw_bytes piece = {official + (differ ? i * 100 : 0), 300};
			tw_style_count(base + i * size, style, piece);
		}
		tw_style_compare(f, &c, 1);
		width[differ] = f[TW_STYLE_BASE].high - f[TW_STYLE_BASE].low;
		assert_true(f[TW_STYLE_BASE].low <= f[TW_STYLE_BASE].value + 1e-9);
		assert_true(f[TW_STYLE_BASE].value <= f[TW_STYLE_BASE].high + 1e-9);
		assert_true(fabs(f[TW_STYLE_RATIO].low - 1) < 1e-9);
		assert_true(f[TW_STYLE_ADAPTED].value == f[TW_STYLE_BASE].value);
	}
	assert_true(width[0] < 1e-9);
	assert_true(width[1] > 0.01);
	tw_arena_release(&a);
	tw_str_release(&mara);
}

static void a_few_titles_have_no_interval(void **state)
{
	struct tw_arena a;
	struct tw_str mara = half_of_mara(0);
	struct tw_style_figure f[TW_STYLE_FIGURES];
	(void)state;
	tw_arena_init(&a);
	const struct tw_style *style = tw_style_new(bytes(mara.data), &a);
	const size_t size = tw_style_size(style);
	double *base = TW_NEW_ARRAY(&a, 4 * size, double), *author = TW_NEW_ARRAY(&a, size, double);
	for (size_t i = 0; i < 4; i++)
		tw_style_count(base + i * size, style, bytes(official));
	tw_style_count(author, style, bytes(mara.data));
	const struct tw_style_answers c = {style, 4, base, base, author};
	tw_style_compare(f, &c, 1);
	assert_true(f[TW_STYLE_BASE].value > 0);
	assert_true(isnan(f[TW_STYLE_BASE].low) && isnan(f[TW_STYLE_RATIO].high));
	tw_arena_release(&a);
	tw_str_release(&mara);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_no_distance_to_itself),
		cmocka_unit_test(an_author_is_nearer_to_her_own_other_text_than_to_anothers),
		cmocka_unit_test(delta_is_what_one_computes_by_hand),
		cmocka_unit_test(ngrams_are_what_one_counts_by_hand),
		cmocka_unit_test(what_cannot_be_measured_is_no_number),
		cmocka_unit_test(a_text_is_cut_behind_a_word),
		cmocka_unit_test(an_interval_is_as_wide_as_titles_differ),
		cmocka_unit_test(a_few_titles_have_no_interval),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
