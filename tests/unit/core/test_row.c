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

static void a_row_as_json_has_every_cell(void **state)
{
	(void)state;
	struct tw_arena a;
	tw_arena_init(&a);
	struct tw_rows rows;
	tw_rows_init(&rows, schema, &a);
	fill(&rows, "doc", "don’t \"quote\"\nme 🚲", 0.1f);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_row_json(&w, &rows, &rows.at[0]);
	struct tw_json *v;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(tw_json_parse(&v, s.data, s.len, &a, &err), TW_OK);
	assert_string_equal(tw_json_str(tw_json_get(v, "doc"), ""), "doc");
	assert_string_equal(tw_json_str(tw_json_get(v, "text"), ""), "don’t \"quote\"\nme 🚲");
	assert_int_equal(tw_json_int(tw_json_get(v, "n"), 0), rows.at[0].cells[1].i);
	assert_true(tw_json_real(tw_json_get(v, "x"), 0) == rows.at[0].cells[2].r);
	const struct tw_json *vec = tw_json_get(v, "vec");
	assert_int_equal(vec->n, rows.at[0].cells[3].dim);
	assert_true((float)vec->child->r == 0.1f);
	tw_str_release(&s);
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
		cmocka_unit_test(a_row_as_json_has_every_cell),
		cmocka_unit_test(a_digest_tells_text_apart_and_leaves_last_bits_of_vectors_out),
		cmocka_unit_test(a_view_digest_changes_with_everything_that_it_depends_on),
	};
	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
