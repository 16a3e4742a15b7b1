/* Signatures, and the groups that are made of them. */
#include "feature_test.h"

#include "base/hash.h"
#include "base/str.h"

struct post {
	const char *id, *text;
	int64_t created_ms;
};

static struct tw_rows signed_post(struct tw_arena *a, const struct post *p)
{
	struct tw_rows in = raw(a, p->id, "t", "text/plain", p->text);
	tw_row_set_int(&in, &in.at[0], "created_ms", p->created_ms);
	const struct tw_rows clean = apply(a, &tw_transform_clean, NULL, NULL, p->id, &in);
	return apply(a, &tw_transform_signatures, NULL, NULL, p->id, &clean);
}

static struct tw_rows signatures_of(struct tw_arena *a, const struct post *posts, size_t n)
{
	struct tw_rows all;
	tw_rows_init(&all, tw_transform_signatures.schema, a);
	for (size_t i = 0; i < n; i++) {
		const struct tw_rows one = signed_post(a, &posts[i]);
		append(&all, &one);
	}
	return all;
}

static struct tw_rows groups_of(struct tw_arena *a, const struct post *posts, size_t n,
				const char *params)
{
	const struct tw_rows all = signatures_of(a, posts, n);
	return apply_all(a, &tw_transform_duplicates, params, &all, 1);
}

/* "group canonical" of a document; fails when it has no row, or two. */
static const char *group_of(struct tw_arena *a, const struct tw_rows *rows, const char *id)
{
	const struct tw_row *found = NULL;
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->at[i].doc, id) == 0) {
			assert_null(found);
			found = &rows->at[i];
		}
	assert_non_null(found);
	return tw_sprintf(a, "%s %d", tw_row_cstr(rows, found, "group"),
			  (int)tw_row_int(rows, found, "canonical"));
}

static double similarity_of(const struct tw_rows *rows, const char *id)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(rows->at[i].doc, id) == 0)
			return tw_row_real(rows, &rows->at[i], "similarity");
	fail_msg("no row of %s", id);
	return 0;
}

/* Words drawn by a seed, the same for the same seed; `changed` of them, spread evenly, are others. */
static const char *words_of(struct tw_arena *a, uint64_t seed, int n, int changed)
{
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < n; i++) {
		uint64_t w = tw_random_u64(&seed) % 5000;
		bool other = changed && i % (n / changed) == 0;
		tw_str_addf(&s, "%s%d%s", other ? "x" : "w", (int)w, i % 12 == 11 ? ". " : " ");
	}
	const char *text = tw_str_dup(&s, a);
	tw_str_release(&s);
	return text;
}

/* --- signatures --- */

static void a_signature_depends_on_the_words_alone(void **state)
{
	static const struct post posts[] = {
		{"a", "The Till is open, on Sundays too!", 1},
		{"b", "the till\n\nis open on SUNDAYS -- too", 2},
		{"c", "The till is open on Mondays too.", 1},
	};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_rows s = signatures_of(&a, posts, 3);
	assert_int_equal(s.n, 3);
	const char *minhash = tw_row_cstr(&s, &s.at[0], "minhash");
	assert_int_equal(strlen(minhash), 128 * 8);
	assert_string_equal(tw_row_cstr(&s, &s.at[1], "minhash"), minhash);
	assert_string_not_equal(tw_row_cstr(&s, &s.at[2], "minhash"), minhash);
	assert_string_equal(tw_row_cstr(&s, &s.at[0], "digest"),
			    tw_row_cstr(&s, &s.at[1], "digest"));
	assert_string_not_equal(tw_row_cstr(&s, &s.at[0], "digest"),
				tw_row_cstr(&s, &s.at[2], "digest"));
	assert_int_equal(tw_row_int(&s, &s.at[0], "shingles"), 3);
	assert_int_equal(tw_row_int(&s, &s.at[1], "created_ms"), 2);
	tw_arena_release(&a);
}

static void a_text_without_words_has_no_signature(void **state)
{
	static const struct post posts[] = {{"a", "", 0}, {"b", "--- ... !", 0}, {"c", "one", 0}};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_rows s = signatures_of(&a, posts, 3);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.at[0].doc, "c");
	assert_int_equal(tw_row_int(&s, &s.at[0], "shingles"), 1);
	tw_arena_release(&a);
}

static size_t equal_minima(const char *x, const char *y)
{
	size_t same = 0;
	for (size_t i = 0; i < 128; i++)
		same += memcmp(x + i * 8, y + i * 8, 8) == 0;
	return same;
}

/* 1000 words of which one in fifty differs: 20 changes touch 5 shingles each, so J = 896 / 1096 = .82. */
static void signatures_estimate_the_similarity(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	double sum = 0;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		const struct post posts[] = {{"a", words_of(&a, seed, 1000, 0), 0},
					     {"b", words_of(&a, seed, 1000, 20), 0}};
		const struct tw_rows s = signatures_of(&a, posts, 2);
		sum += (double)equal_minima(tw_row_cstr(&s, &s.at[0], "minhash"),
					    tw_row_cstr(&s, &s.at[1], "minhash")) /
		       128;
	}
	assert_true(sum / 10 > 0.82 - 0.04 && sum / 10 < 0.82 + 0.04);
	tw_arena_release(&a);
}

/* --- duplicates --- */

static void the_same_words_are_one_group(void **state)
{
	static const struct post posts[] = {
		{"a", "Short, and said twice.", 300},
		{"b", "short and said twice", 200},
		{"c", "Something else entirely.", 100},
		{"d", "Short and said TWICE!", 400},
	};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_rows g = groups_of(&a, posts, 4, NULL);
	assert_int_equal(g.n, 4);
	assert_string_equal(group_of(&a, &g, "a"), "b 0"); /* b was first */
	assert_string_equal(group_of(&a, &g, "b"), "b 1");
	assert_string_equal(group_of(&a, &g, "c"), "c 1");
	assert_string_equal(group_of(&a, &g, "d"), "b 0");
	assert_true(similarity_of(&g, "d") == 1);
	tw_arena_release(&a);
}

static void nearly_the_same_is_one_group_and_less_is_not(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct post posts[] = {
		{"a", words_of(&a, 7, 1000, 0), 1},
		{"b", words_of(&a, 7, 1000, 5), 2},   /* J = .95 */
		{"c", words_of(&a, 7, 1000, 100), 3}, /* J = .33 */
		{"d", words_of(&a, 8, 1000, 0), 4},
	};
	const struct tw_rows g = groups_of(&a, posts, 4, NULL);
	assert_string_equal(group_of(&a, &g, "b"), "a 0");
	assert_true(similarity_of(&g, "b") > 0.85 && similarity_of(&g, "b") < 1);
	assert_string_equal(group_of(&a, &g, "c"), "c 1");
	assert_string_equal(group_of(&a, &g, "d"), "d 1");
	const struct tw_rows strict = groups_of(&a, posts, 4, "{\"threshold\": 1}");
	assert_string_equal(group_of(&a, &strict, "b"), "b 1");
	tw_arena_release(&a);
}

static void the_earliest_stands_for_its_group(void **state)
{
	static const char text[] = "The same few words in every one of them.";
	static const struct post posts[] = {
		{"a", text, 0}, /* unknown: later than any date */
		{"b", text, 500},
		{"c", text, 200},
		{"d", text, 200},
	};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_rows g = groups_of(&a, posts, 4, NULL);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(group_of(&a, &g, posts[i].id),
				    strcmp(posts[i].id, "c") == 0 ? "c 1" : "c 0");
	tw_arena_release(&a);
}

static void groups_do_not_depend_on_the_order_of_documents(void **state)
{
	struct tw_arena a;
	struct post posts[40];
	uint64_t seed = 3;
	(void)state;
	tw_arena_init(&a);
	for (int i = 0; i < 40; i++)
		posts[i] = (struct post){tw_sprintf(&a, "d%02d", i),
					 words_of(&a, (uint64_t)(i % 8), 300, i / 8), i % 5};
	const struct tw_rows before = groups_of(&a, posts, 40, NULL);
	for (size_t i = 39; i > 0; i--) {
		size_t j = tw_random_u64(&seed) % (i + 1);
		struct post p = posts[i];
		posts[i] = posts[j];
		posts[j] = p;
	}
	const struct tw_rows after = groups_of(&a, posts, 40, NULL);
	for (int i = 0; i < 40; i++)
		assert_string_equal(group_of(&a, &before, posts[i].id),
				    group_of(&a, &after, posts[i].id));
	tw_arena_release(&a);
}

static void a_removed_member_leaves_its_group(void **state)
{
	static const char text[] = "The same few words in every one of them.";
	const struct post posts[] = {{"a", text, 1}, {"b", text, 2}, {"c", text, 3}};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	struct tw_rows g = groups_of(&a, posts, 2, NULL); /* c is gone: the id stays */
	assert_int_equal(g.n, 2);
	assert_string_equal(group_of(&a, &g, "b"), "a 0");
	g = groups_of(&a, posts + 1, 2, NULL); /* the canonical one is gone: the next takes over */
	assert_int_equal(g.n, 2);
	assert_string_equal(group_of(&a, &g, "b"), "b 1");
	assert_string_equal(group_of(&a, &g, "c"), "b 0");
	g = groups_of(&a, posts + 2, 1, NULL);
	assert_string_equal(group_of(&a, &g, "c"), "c 1");
	g = groups_of(&a, posts, 0, NULL);
	assert_int_equal(g.n, 0);
	tw_arena_release(&a);
}

/* Thousands of equal posts: a comparison of all pairs would not end. */
static void many_equal_documents_are_one_group(void **state)
{
	enum { MANY = 5000 };
	struct tw_arena a;
	struct tw_rows all;
	(void)state;
	tw_arena_init(&a);
	const struct post one = {"a", "The same few words in every one of them.", 1};
	const struct tw_rows s = signed_post(&a, &one);
	tw_rows_init(&all, tw_transform_signatures.schema, &a);
	for (int i = 0; i < MANY; i++) {
		struct tw_row *r = tw_rows_add(&all, tw_sprintf(&a, "d%05d", i));
		memcpy(r->cells, s.at[0].cells,
		       (size_t)tw_schema_count(s.schema) * sizeof(*r->cells));
	}
	const struct tw_rows g = apply_all(&a, &tw_transform_duplicates, NULL, &all, 1);
	assert_int_equal(g.n, MANY);
	for (size_t i = 0; i < g.n; i++)
		assert_string_equal(tw_row_cstr(&g, &g.at[i], "group"), "d00000");
	tw_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_depends_on_the_words_alone),
		cmocka_unit_test(a_text_without_words_has_no_signature),
		cmocka_unit_test(signatures_estimate_the_similarity),
		cmocka_unit_test(the_same_words_are_one_group),
		cmocka_unit_test(nearly_the_same_is_one_group_and_less_is_not),
		cmocka_unit_test(the_earliest_stands_for_its_group),
		cmocka_unit_test(groups_do_not_depend_on_the_order_of_documents),
		cmocka_unit_test(a_removed_member_leaves_its_group),
		cmocka_unit_test(many_equal_documents_are_one_group),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
