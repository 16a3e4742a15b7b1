/* Rows of feature views in memory, their digests and their JSON form. */
#include "test.h"

#include "core/row.h"
#include "core/transform.h"

static const struct tw_field schema[] = {
	{"text", TW_FIELD_TEXT, 1, "the text"},
	{"n", TW_FIELD_INT, 0, "a number"},
	{"x", TW_FIELD_REAL, 0, "a real number"},
	{"vec", TW_FIELD_VECTOR, 0, "a vector"},
	{0},
};

static void fill(struct tw_rows *rows, const char *doc, const char *text, float v0)
{
	const float vec[2] = {v0, 0.5f};
	struct tw_row *r = tw_rows_add(rows, doc);
	tw_row_set_str(rows, r, "text", text);
	tw_row_set_int(rows, r, "n", -3);
	tw_row_set_real(rows, r, "x", 0.1);
	tw_row_set_vector(rows, r, "vec", vec, 2);
}

static void ord_counts_within_a_document(void **state)
{
	(void)state;
	struct tw_arena a;
	tw_arena_init(&a);
	struct tw_rows rows;
	tw_rows_init(&rows, schema, &a);
	for (int i = 0; i < 20; i++)
		fill(&rows, i < 15 ? "one" : "two", "x", 0);
	assert_int_equal(rows.at[14].ord, 14);
	assert_int_equal(rows.at[15].ord, 0);
	assert_string_equal(rows.at[19].doc, "two");
	tw_arena_release(&a);
}

static void a_row_survives_the_way_through_json(void **state)
{
	(void)state;
	struct tw_arena a;
	tw_arena_init(&a);
	struct tw_rows rows, back;
	tw_rows_init(&rows, schema, &a);
	tw_rows_init(&back, schema, &a);
	fill(&rows, "doc", "don’t \"quote\"\nme 🚲", 0.1f);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_row_json(&w, &rows, &rows.at[0]);
	struct tw_json *v;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(tw_json_parse(&v, s.data, s.len, &a, &err), TW_OK);
	assert_int_equal(tw_row_from_json(&back, v, &err), TW_OK);
	assert_string_equal(tw_rows_digest(&rows, 0, 1).hex, tw_rows_digest(&back, 0, 1).hex);
	assert_true(back.at[0].cells[3].vec[0] == 0.1f);
	tw_str_release(&s);
	tw_arena_release(&a);
}

static void a_row_of_the_wrong_shape_is_refused(void **state)
{
	(void)state;
	const char *const bad[] = {"{}", "{\"doc\":\"d\"}",
				   "{\"doc\":\"d\",\"text\":1,\"n\":1,\"x\":1,\"vec\":[]}",
				   "{\"doc\":\"d\",\"text\":\"\",\"n\":1,\"x\":1,\"vec\":[\"a\"]}"};
	struct tw_arena a;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct tw_rows rows;
		struct tw_json *v;
		struct tw_err err = TW_ERR_INIT;
		tw_rows_init(&rows, schema, &a);
		assert_int_equal(tw_json_parse(&v, bad[i], strlen(bad[i]), &a, &err), TW_OK);
		assert_int_equal(tw_row_from_json(&rows, v, &err), TW_BAD_DATA);
		assert_int_equal(rows.n, 0);
	}
	tw_arena_release(&a);
}

static void a_digest_tells_text_apart_and_leaves_last_bits_of_vectors_out(void **state)
{
	(void)state;
	struct tw_arena a;
	tw_arena_init(&a);
	struct tw_rows one, two, other;
	tw_rows_init(&one, schema, &a);
	tw_rows_init(&two, schema, &a);
	tw_rows_init(&other, schema, &a);
	fill(&one, "d", "same", 0.1f);
	fill(&two, "d", "same", 0.1000001f);
	fill(&other, "d", "Same", 0.1f);
	assert_string_equal(tw_rows_digest(&one, 0, 1).hex, tw_rows_digest(&two, 0, 1).hex);
	assert_string_not_equal(tw_rows_digest(&one, 0, 1).hex, tw_rows_digest(&other, 0, 1).hex);
	tw_arena_release(&a);
}

static enum tw_status nothing(struct tw_rows *out, void *ctx, const char *doc,
			      const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	(void)out, (void)ctx, (void)doc, (void)in, (void)a, (void)err;
	return TW_OK;
}

static void a_view_digest_changes_with_everything_that_it_depends_on(void **state)
{
	(void)state;
	static const char *const inputs[] = {"documents", NULL};
	struct tw_transform_type t = {.name = "t",
				      .code_version = 1,
				      .inputs = inputs,
				      .schema = schema,
				      .apply = nothing};
	const char *const in[] = {"documents"}, *const in2[] = {"other"};
	const struct tw_digest d = tw_view_digest(&t, "{}", in, "m", "k");
	assert_string_equal(d.hex, tw_view_digest(&t, "{}", in, "m", "k").hex);
	assert_string_not_equal(d.hex, tw_view_digest(&t, "{\"a\":1}", in, "m", "k").hex);
	assert_string_not_equal(d.hex, tw_view_digest(&t, "{}", in2, "m", "k").hex);
	assert_string_not_equal(d.hex, tw_view_digest(&t, "{}", in, "m2", "k").hex);
	assert_string_not_equal(d.hex, tw_view_digest(&t, "{}", in, "m", "k2").hex);
	t.code_version = 2;
	assert_string_not_equal(d.hex, tw_view_digest(&t, "{}", in, "m", "k").hex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ord_counts_within_a_document),
		cmocka_unit_test(a_row_survives_the_way_through_json),
		cmocka_unit_test(a_row_of_the_wrong_shape_is_refused),
		cmocka_unit_test(a_digest_tells_text_apart_and_leaves_last_bits_of_vectors_out),
		cmocka_unit_test(a_view_digest_changes_with_everything_that_it_depends_on),
	};
	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
