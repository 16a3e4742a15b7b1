/* What core/feature_store.h, dataset.h and prediction.h promise, on every engine. */
#include "support/store_fixture.h"

#include <math.h>
#include <pthread.h>

#include "core/dataset.h"
#include "core/prediction.h"

static const char *lines_view(struct store_world *w)
{
	return declare(w->fs, "lines", "{}", text_schema, &w->a, "documents", NULL);
}

static struct tw_view view_of(struct store_world *w, const char *ref)
{
	struct tw_view v;

	assert_ok(tw_fs_view(&v, w->fs, ref, &w->a, &w->err), &w->err);
	return v;
}

static struct tw_stale stale_of(struct store_world *w, const char *view)
{
	struct tw_stale s;

	assert_ok(tw_fs_stale(&s, w->fs, view, &w->a, &w->err), &w->err);
	return s;
}

static struct tw_rows rows_of(struct store_world *w, const char *view, const char *doc)
{
	struct tw_rows r;

	assert_ok(tw_fs_rows(&r, w->fs, view, doc, &w->a, &w->err), &w->err);
	return r;
}

/* --- views --- */

static void a_view_is_found_by_digest_name_version_and_prefix(void **state)
{
	struct store_world *w = *state;
	struct tw_view v;
	char prefix[10];

	const char *v1 =
		declare(w->fs, "lines", "{\"a\":1}", text_schema, &w->a, "documents", NULL);
	const char *v2 =
		declare(w->fs, "lines", "{\"a\":2}", text_schema, &w->a, "documents", NULL);
	assert_string_equal(
		declare(w->fs, "lines", "{\"a\":1}", text_schema, &w->a, "documents", NULL), v1);
	store_reopen(w);
	assert_string_equal(view_of(w, "lines@v1").digest, v1);
	assert_string_equal(view_of(w, "lines").digest, v2);
	assert_int_equal(view_of(w, v2).version, 2);
	snprintf(prefix, sizeof(prefix), "%.9s", v1);
	v = view_of(w, prefix);
	assert_string_equal(v.digest, v1);
	assert_string_equal(v.params, "{\"a\":1}");
	assert_int_equal(v.n_inputs, 1);
	assert_string_equal(v.inputs[0], "documents");
	assert_int_equal(v.watermark, -1);
	assert_int_equal(tw_schema_count(v.schema), 4);
	assert_string_equal(v.schema[1].name, "heading");
	assert_true(v.schema[1].search_weight == 2);
	assert_int_equal(v.schema[3].type, TW_FIELD_REAL);
	assert_int_equal(tw_fs_view(&v, w->fs, "lines@v3", &w->a, &w->err), TW_NOT_FOUND);
	assert_contains(w->err.msg, "lines@v3");
	tw_err_clear(&w->err);
	assert_int_equal(tw_fs_view(&v, w->fs, "deadbeef", &w->a, &w->err), TW_NOT_FOUND);
}

static void a_view_must_be_well_named_and_its_inputs_known(void **state)
{
	struct store_world *w = *state;
	static const struct tw_field bad[] = {{"row_id", TW_FIELD_TEXT, 0, ""}, {0}};
	static const struct tw_field hostile[] = {{"a\" TEXT); --", TW_FIELD_TEXT, 0, ""}, {0}};
	static const struct tw_field two[] = {
		{"v", TW_FIELD_VECTOR, 0, ""}, {"w", TW_FIELD_VECTOR, 0, ""}, {0}};
	const char *const inputs[] = {"feedface"};
	struct tw_view v = {.digest = "d1", .name = "x", .params = "{}", .schema = bad};

	assert_int_equal(tw_fs_view_declare(&v, w->fs, NULL), TW_BAD_USE);
	v.schema = hostile;
	assert_int_equal(tw_fs_view_declare(&v, w->fs, NULL), TW_BAD_USE);
	v.schema = two;
	assert_int_equal(tw_fs_view_declare(&v, w->fs, NULL), TW_BAD_USE);
	v.schema = text_schema;
	v.name = "No\"Name";
	assert_int_equal(tw_fs_view_declare(&v, w->fs, NULL), TW_BAD_USE);
	v.name = "x";
	v.inputs = inputs;
	v.n_inputs = 1;
	assert_int_equal(tw_fs_view_declare(&v, w->fs, &w->err), TW_NOT_FOUND);
	assert_contains(w->err.msg, "feedface");
}

static void dropped_rows_go_and_the_name_stays(void **state)
{
	struct store_world *w = *state;
	struct tw_views all;
	struct tw_hits hits;

	collect(w->fs, "s", "a", "one\ntwo", NULL);
	const char *v = lines_view(w);
	assert_int_equal(materialize(w->fs, v, "documents"), 1);
	assert_ok(tw_fs_view_drop(w->fs, v, &w->err), &w->err);
	assert_int_equal(view_of(w, v).rows, 0);
	assert_int_equal(view_of(w, v).watermark, -1);
	assert_ok(tw_fs_search_text(&hits, w->fs, v, "one", 5, &w->a, &w->err), &w->err);
	assert_int_equal(hits.n, 0);
	assert_ok(tw_fs_views(&all, w->fs, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 1);
	/* It can be filled again, under the same version. */
	assert_string_equal(lines_view(w), v);
	assert_int_equal(materialize(w->fs, v, "documents"), 1);
	assert_int_equal(view_of(w, "lines@v1").rows, 2);
	assert_ok(tw_fs_search_text(&hits, w->fs, v, "one", 5, &w->a, &w->err), &w->err);
	assert_int_equal(hits.n, 1);
	const char *other =
		declare(w->fs, "lines", "{\"x\":1}", text_schema, &w->a, "documents", NULL);
	assert_int_equal(view_of(w, other).version, 2);
}

/* --- staleness --- */

static void a_view_follows_its_documents(void **state)
{
	struct store_world *w = *state;

	const char *v = lines_view(w);
	struct tw_stale s = stale_of(w, v);
	assert_true(s.changed);
	assert_int_equal(s.n, 0);
	collect(w->fs, "s", "a", "one\ntwo", "b", "three", NULL);
	s = stale_of(w, v);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.total, 2);
	assert_true(strcmp(s.at[0].doc, s.at[1].doc) < 0);
	assert_int_equal(materialize(w->fs, v, "documents"), 2);
	assert_int_equal(view_of(w, v).rows, 3);
	assert_int_equal(view_of(w, v).docs, 2);
	s = stale_of(w, v);
	assert_int_equal(s.n, 0);
	assert_false(s.changed);
	assert_int_equal(
		s.total,
		0); /* nothing is counted when nothing moved: it would take as long as all of it */
	assert_int_equal(s.watermark, view_of(w, v).watermark);
	/* An edit makes one document stale, a removal too. */
	const char *b = id_of(w->fs, "b", &w->a);
	collect(w->fs, "s", "a", "one\ntwo", "b", "four", NULL);
	s = stale_of(w, v);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.at[0].doc, b);
	collect(w->fs, "s", "a", "one\ntwo", NULL);
	s = stale_of(w, v);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.at[0].input_digest, "");
	assert_int_equal(materialize(w->fs, v, "documents"), 1);
	assert_int_equal(rows_of(w, v, b).n, 0);
	assert_int_equal(view_of(w, v).rows, 2);
}

static void work_that_was_cut_short_is_not_done_twice(void **state)
{
	struct store_world *w = *state;
	struct tw_rows rows;

	collect(w->fs, "s", "a", "1", "b", "2", "c", "3", NULL);
	const char *v = lines_view(w);
	struct tw_stale s = stale_of(w, v);
	tw_rows_init(&rows, text_schema, &w->a);
	add_text(&rows, s.at[1].doc, "x");
	const struct tw_doc_rows d = {s.at[1].doc, s.at[1].input_digest, &rows};
	assert_ok(tw_fs_commit(w->fs, v, &d, 1, -1, &w->err), &w->err);
	store_reopen(w);
	struct tw_stale rest = stale_of(w, v);
	assert_int_equal(rest.n, 2);
	assert_string_equal(rest.at[0].doc, s.at[0].doc);
	assert_string_equal(rest.at[1].doc, s.at[2].doc);
	assert_int_equal(view_of(w, v).watermark, -1);
}

static void a_change_back_is_no_change(void **state)
{
	struct store_world *w = *state;

	collect(w->fs, "s", "a", "one", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	collect(w->fs, "s", "a", "two", NULL);
	collect(w->fs, "s", "a", "one", NULL);
	assert_true(stale_of(w, v).changed);
	assert_int_equal(stale_of(w, v).n, 0);
}

static void the_same_output_makes_nothing_downstream_stale(void **state)
{
	struct store_world *w = *state;

	collect(w->fs, "s", "a", "one\n\ntwo", "b", "three", NULL);
	const char *v = lines_view(w);
	const char *down = declare(w->fs, "down", "{}", text_schema, &w->a, v, NULL);
	materialize(w->fs, v, "documents");
	assert_int_equal(materialize(w->fs, down, v), 2);
	struct tw_rows before = rows_of(w, v, id_of(w->fs, "a", &w->a));
	collect(w->fs, "s", "a", "one\n\n\ntwo", "b", "three", NULL);
	assert_int_equal(materialize(w->fs, v, "documents"), 1);
	struct tw_rows after = rows_of(w, v, id_of(w->fs, "a", &w->a));
	assert_string_equal(before.at[1].id, after.at[1].id);
	assert_false(stale_of(w, down).changed);
	assert_int_equal(stale_of(w, down).n, 0);
	collect(w->fs, "s", "a", "one\nthree", "b", "three", NULL);
	materialize(w->fs, v, "documents");
	assert_int_equal(stale_of(w, down).n, 1);
}

static void a_document_without_rows_is_done_and_absent_downstream(void **state)
{
	struct store_world *w = *state;

	collect(w->fs, "s", "a", "\n", "b", "three", NULL);
	const char *v = lines_view(w);
	const char *down = declare(w->fs, "down", "{}", text_schema, &w->a, v, NULL);
	assert_int_equal(materialize(w->fs, v, "documents"), 2);
	assert_int_equal(stale_of(w, v).n, 0);
	assert_int_equal(view_of(w, v).docs, 1);
	assert_int_equal(stale_of(w, down).total, 1);
	assert_int_equal(materialize(w->fs, down, v), 1);
	collect(w->fs, "s", "a", "\n", "b", "\n\n", NULL);
	materialize(w->fs, v, "documents");
	struct tw_stale s = stale_of(w, down);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.at[0].input_digest, "");
}

static void two_inputs_count_together(void **state)
{
	struct store_world *w = *state;

	collect(w->fs, "s", "a", "one", "b", "two", NULL);
	const char *v = lines_view(w);
	const char *both = declare(w->fs, "both", "{}", text_schema, &w->a, "documents", v, NULL);
	assert_int_equal(stale_of(w, both).n, 2);
	materialize(w->fs, both, "documents");
	assert_int_equal(stale_of(w, both).n, 0);
	/* The second input gets rows: everything depends on them. */
	materialize(w->fs, v, "documents");
	assert_int_equal(stale_of(w, both).n, 2);
	assert_int_equal(stale_of(w, both).total, 2);
	materialize(w->fs, both, "documents");
	assert_int_equal(stale_of(w, both).n, 0);
}

/* --- rows --- */

static void every_type_reads_back_as_it_was(void **state)
{
	struct store_world *w = *state;
	struct tw_rows in;
	static const float vec[] = {0.6f, -0.8f, 0};

	collect(w->fs, "s", "a", "x", NULL);
	const char *doc = id_of(w->fs, "a", &w->a);
	const char *v = lines_view(w);
	const char *u = declare(w->fs, "vectors", "{}", vector_schema, &w->a, "documents", NULL);
	tw_rows_init(&in, text_schema, &w->a);
	struct tw_row *r = tw_rows_add(&in, doc);
	tw_row_set_text(&in, r, "text", "a\0b\xf0\x9f\x9a\xb2", 7);
	tw_row_set_int(&in, r, "n", INT64_MIN);
	tw_row_set_real(&in, r, "score", -1e-300);
	r = tw_rows_add(&in, doc);
	tw_row_set_int(&in, r, "n", INT64_MAX);
	tw_row_set_real(&in, r, "score", NAN);
	struct tw_doc_rows d = {doc, "some digest", &in};
	assert_ok(tw_fs_commit(w->fs, v, &d, 1, -1, &w->err), &w->err);
	struct tw_rows out = rows_of(w, v, doc);
	assert_int_equal(out.n, 2);
	assert_int_equal(tw_row_text(&out, &out.at[0], "text").len, 7);
	assert_memory_equal(tw_row_text(&out, &out.at[0], "text").data, "a\0b\xf0\x9f\x9a\xb2", 8);
	assert_true(tw_row_int(&out, &out.at[0], "n") == INT64_MIN);
	assert_true(tw_row_real(&out, &out.at[0], "score") == -1e-300);
	assert_true(tw_row_int(&out, &out.at[1], "n") == INT64_MAX);
	assert_true(isnan(tw_row_real(&out, &out.at[1], "score")));
	assert_int_equal(out.at[1].ord, 1);
	assert_int_equal(strlen(out.at[0].id), 32);
	assert_string_not_equal(out.at[0].id, out.at[1].id);
	assert_string_equal(tw_rows_digest(&in, 0, 2).hex, tw_rows_digest(&out, 0, 2).hex);

	tw_rows_init(&in, vector_schema, &w->a);
	r = tw_rows_add(&in, doc);
	tw_row_set_vector(&in, r, "vec", vec, 3);
	assert_ok(tw_fs_commit(w->fs, u, &d, 1, -1, &w->err), &w->err);
	out = rows_of(w, u, doc);
	assert_int_equal(out.at[0].cells[0].dim, 3);
	assert_memory_equal(out.at[0].cells[0].vec, vec, sizeof(vec));
}

static void a_row_is_found_by_its_id(void **state)
{
	struct store_world *w = *state;
	struct tw_rows r;

	collect(w->fs, "s", "a", "one\ntwo\nthree", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	struct tw_rows all = rows_of(w, v, id_of(w->fs, "a", &w->a));
	assert_ok(tw_fs_row(&r, w->fs, "lines@v1", all.at[1].id, &w->a, &w->err), &w->err);
	assert_int_equal(r.n, 1);
	assert_string_equal(tw_row_cstr(&r, &r.at[0], "text"), "two");
	assert_int_equal(r.at[0].ord, 1);
	assert_int_equal(tw_fs_row(&r, w->fs, v, "00", &w->a, &w->err), TW_NOT_FOUND);
}

static void wrong_rows_are_refused_and_nothing_of_the_call_is_kept(void **state)
{
	struct store_world *w = *state;
	struct tw_rows good, bad, vec;
	static const float two[] = {1, 0}, three[] = {1, 0, 0}, nan[] = {NAN, 0};

	collect(w->fs, "s", "a", "one", "b", "two", NULL);
	const char *v = lines_view(w), *a = id_of(w->fs, "a", &w->a), *b = id_of(w->fs, "b", &w->a);
	tw_rows_init(&good, text_schema, &w->a);
	add_text(&good, a, "one");
	tw_rows_init(&bad, text_schema, &w->a);
	add_text(&bad, a, "of another document");
	struct tw_doc_rows d[] = {{a, "x", &good}, {b, "y", &bad}};
	assert_int_equal(tw_fs_commit(w->fs, v, d, 2, 7, NULL), TW_BAD_USE);
	assert_int_equal(rows_of(w, v, a).n, 0);
	assert_int_equal(view_of(w, v).watermark, -1);

	tw_rows_init(&bad, vector_schema, &w->a);
	tw_rows_add(&bad, b);
	assert_int_equal(tw_fs_commit(w->fs, v, d, 2, -1, NULL), TW_BAD_USE);

	const char *u = declare(w->fs, "vectors", "{}", vector_schema, &w->a, "documents", NULL);
	struct tw_doc_rows e = {a, "x", &vec};
	tw_rows_init(&vec, vector_schema, &w->a);
	tw_row_set_vector(&vec, tw_rows_add(&vec, a), "vec", nan, 2);
	assert_int_equal(tw_fs_commit(w->fs, u, &e, 1, -1, NULL), TW_BAD_DATA);
	tw_row_set_vector(&vec, &vec.at[0], "vec", two, 2);
	assert_ok(tw_fs_commit(w->fs, u, &e, 1, -1, &w->err), &w->err);
	tw_rows_init(&vec, vector_schema, &w->a);
	tw_row_set_vector(&vec, tw_rows_add(&vec, b), "vec", three, 3);
	e = (struct tw_doc_rows){b, "x", &vec};
	assert_int_equal(tw_fs_commit(w->fs, u, &e, 1, -1, &w->err), TW_BAD_DATA);
	assert_contains(w->err.msg, "3 dimensions");
}

static void a_reader_gives_a_document_at_a_time_from_one_snapshot(void **state)
{
	struct store_world *w = *state;
	struct tw_row_reader *r;
	struct tw_rows rows;
	char last[32] = "";
	int docs = 0, lines = 0;
	enum tw_status st;

	collect(w->fs, "s", "a", "one\ntwo", "b", "three", "c", "4\n5\n6", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	assert_ok(tw_fs_reader(&r, w->fs, v, &w->err), &w->err);
	while ((st = r->next(r, &rows, &w->a, &w->err)) == TW_OK) {
		assert_true(strcmp(last, rows.at[0].doc) < 0);
		snprintf(last, sizeof(last), "%s", rows.at[0].doc);
		for (size_t i = 0; i < rows.n; i++)
			assert_int_equal(rows.at[i].ord, i);
		docs++;
		lines += (int)rows.n;
		/* What happens meanwhile is not seen. */
		collect(w->fs, "s", NULL);
		materialize(w->fs, v, "documents");
	}
	assert_int_equal(st, TW_DONE);
	assert_int_equal(r->next(r, &rows, &w->a, &w->err), TW_DONE);
	tw_fs_reader_close(r);
	tw_fs_reader_close(NULL);
	assert_int_equal(docs, 3);
	assert_int_equal(lines, 6);
	assert_int_equal(view_of(w, v).rows, 0);
}

static void documents_read_like_a_view(void **state)
{
	struct store_world *w = *state;
	struct tw_row_reader *r;
	struct tw_rows rows;

	collect(w->fs, "s", "a", "one", "gone", "x", NULL);
	collect(w->fs, "s", "a", "one", NULL);
	assert_ok(tw_fs_reader(&r, w->fs, "documents", &w->err), &w->err);
	assert_ok(r->next(r, &rows, &w->a, &w->err), &w->err);
	assert_int_equal(rows.n, 1);
	assert_string_equal(tw_row_cstr(&rows, &rows.at[0], "body"), "one");
	assert_string_equal(tw_row_cstr(&rows, &rows.at[0], "key"), "a");
	assert_string_equal(tw_row_cstr(&rows, &rows.at[0], "source"), "s");
	assert_int_equal(tw_row_int(&rows, &rows.at[0], "created_ms"), 1700000000000);
	assert_int_equal(r->next(r, &rows, &w->a, &w->err), TW_DONE);
	tw_fs_reader_close(r);
	rows = rows_of(w, "documents", id_of(w->fs, "a", &w->a));
	assert_int_equal(rows.n, 1);
	assert_int_equal(strlen(rows.at[0].id), 32);
	assert_int_equal(tw_fs_commit(w->fs, "documents", NULL, 0, 1, NULL), TW_BAD_USE);
}

/* --- a view as a whole --- */

static void replace_writes_only_what_differs(void **state)
{
	struct store_world *w = *state;
	struct tw_rows rows;
	int64_t changed;

	collect(w->fs, "s", "a", "one", "b", "two", "c", "three", NULL);
	const char *v = declare(w->fs, "groups", "{}", text_schema, &w->a, "documents", NULL);
	const char *down = declare(w->fs, "down", "{}", text_schema, &w->a, v, NULL);
	const char *a = id_of(w->fs, "a", &w->a), *b = id_of(w->fs, "b", &w->a);
	tw_rows_init(&rows, text_schema, &w->a);
	add_text(&rows, b, "group 1");
	add_text(&rows, a, "group 1");
	add_text(&rows, "", "of the whole");
	struct tw_stale s = stale_of(w, v);
	assert_true(s.changed);
	assert_ok(tw_fs_replace(w->fs, v, &rows, s.watermark, &changed, &w->err), &w->err);
	assert_int_equal(changed, 3);
	assert_false(stale_of(w, v).changed);
	assert_int_equal(stale_of(w, v).n, 0);
	assert_int_equal(rows_of(w, v, "").n, 1);
	assert_int_equal(view_of(w, v).docs, 2);
	assert_int_equal(materialize(w->fs, down, v), 2);

	assert_ok(tw_fs_replace(w->fs, v, &rows, s.watermark, &changed, &w->err), &w->err);
	assert_int_equal(changed, 0);
	assert_false(stale_of(w, down).changed);

	tw_row_set_str(&rows, &rows.at[1], "text", "group 2");
	rows.n = 2;
	assert_ok(tw_fs_replace(w->fs, v, &rows, s.watermark, &changed, &w->err), &w->err);
	assert_int_equal(changed, 2); /* a differs, "" is gone */
	assert_int_equal(rows_of(w, v, "").n, 0);
	struct tw_stale d = stale_of(w, down);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.at[0].doc, a);

	add_text(&rows, b, "b again");
	assert_int_equal(tw_fs_replace(w->fs, v, &rows, -1, &changed, NULL), TW_BAD_USE);
	rows.n = 0;
	assert_ok(tw_fs_replace(w->fs, v, &rows, -1, &changed, &w->err), &w->err);
	assert_int_equal(changed, 2);
	assert_int_equal(view_of(w, v).rows, 0);
}

/* --- search --- */

static const char *best(struct store_world *w, const char *view, const char *query, size_t k,
			size_t *n)
{
	struct tw_hits h;
	struct tw_rows r;

	assert_ok(tw_fs_search_text(&h, w->fs, view, query, k, &w->a, &w->err), &w->err);
	*n = h.n;
	for (size_t i = 1; i < h.n; i++)
		assert_true(h.at[i - 1].score >= h.at[i].score);
	if (!h.n)
		return NULL;
	assert_ok(tw_fs_row(&r, w->fs, view, h.at[0].row_id, &w->a, &w->err), &w->err);
	assert_string_equal(r.at[0].doc, h.at[0].doc);
	assert_int_equal(r.at[0].ord, h.at[0].ord);
	return tw_row_cstr(&r, &r.at[0], "text");
}

static void words_are_found_in_any_form_and_order(void **state)
{
	struct store_world *w = *state;
	size_t n;

	collect(w->fs, "s", "a",
		"Truing a wheel by ear\nA bicycle needs oil\nThe caf\xc3\xa9 on the corner\nto be or not to be",
		"b", "Wheels are round, and wheels turn\nRadio valves glow", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	assert_string_equal(best(w, v, "valves", 5, &n), "Radio valves glow");
	assert_int_equal(n, 1);
	assert_string_equal(best(w, v, "the oiled BICYCLES", 5, &n), "A bicycle needs oil");
	assert_int_equal(n, 1); /* "the" alone finds nothing */
	best(w, v, "wheel", 5, &n);
	assert_int_equal(n, 2);
	best(w, v, "wheel", 1, &n);
	assert_int_equal(n, 1);
	assert_string_equal(best(w, v, "CAFE", 5, &n), "The caf\xc3\xa9 on the corner");
	/* Nothing but stop words: then they count. */
	assert_string_equal(best(w, v, "to be or not", 5, &n), "to be or not to be");
	assert_null(best(w, v, "", 5, &n));
	assert_null(best(w, v, "  ?! \xe2\x80\x94 ", 5, &n));
	assert_null(best(w, v, "valves", 0, &n));
	assert_null(best(w, v, "unheard", 5, &n));
}

static void a_query_has_no_operators(void **state)
{
	struct store_world *w = *state;
	size_t n;
	static const char *const hostile[] = {"valves\" OR \"wheel",
					      "text:valves",
					      "NEAR(valves glow, 2)",
					      "valves*",
					      "-valves",
					      "^valves",
					      "valves AND",
					      "(valves",
					      "valves'); DROP TABLE documents; --",
					      "{valves}:",
					      "valves NOT glow",
					      "\"valves",
					      "valves + \xff\xfe",
					      "valves\xe2\x80\x99s"};

	collect(w->fs, "s", "a", "Radio valves glow", "b", "wheel", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct tw_hits h;
		assert_ok(tw_fs_search_text(&h, w->fs, v, hostile[i], 5, &w->a, &w->err), &w->err);
		if (i + 1 < sizeof(hostile) / sizeof(*hostile))
			assert_true(h.n >= 1);
	}
	char *huge = malloc(2000001);
	for (int i = 0; i < 2000000; i++)
		huge[i] = "valves wheel \xc3\xa9"[i % 15];
	huge[2000000] = '\0';
	best(w, v, huge, 5, &n);
	assert_int_equal(n, 2);
	free(huge);
	assert_int_equal(
		tw_fs_search_text(&(struct tw_hits){0}, w->fs, "documents", "x", 5, &w->a, NULL),
		TW_BAD_USE);
}

static void search_follows_edits_and_weights_fields(void **state)
{
	struct store_world *w = *state;
	struct tw_rows rows;
	struct tw_hits h;
	size_t n;

	collect(w->fs, "s", "a", "apples", "b", "pears", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	collect(w->fs, "s", "a", "plums", "b", "pears", NULL);
	materialize(w->fs, v, "documents");
	assert_null(best(w, v, "apples", 5, &n));
	assert_string_equal(best(w, v, "plums", 5, &n), "plums");
	/* The heading weighs twice as much as the text. */
	tw_rows_init(&rows, text_schema, &w->a);
	const char *doc = id_of(w->fs, "b", &w->a);
	add_text(&rows, doc, "cherry tree");
	struct tw_row *r = tw_rows_add(&rows, doc);
	tw_row_set_str(&rows, r, "text", "tree");
	tw_row_set_str(&rows, r, "heading", "cherry");
	const struct tw_doc_rows d = {doc, "x", &rows};
	assert_ok(tw_fs_commit(w->fs, v, &d, 1, -1, &w->err), &w->err);
	assert_ok(tw_fs_search_text(&h, w->fs, v, "cherry", 5, &w->a, &w->err), &w->err);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.at[0].ord, 1);
	assert_true(h.at[0].score > h.at[1].score);
	assert_true(h.at[1].score > 0);
}

static void ties_go_by_document_and_ord(void **state)
{
	struct store_world *w = *state;
	struct tw_hits h;

	collect(w->fs, "s", "a", "same words\nsame words", "b", "same words", "c", "same words",
		"d", "other", "e", "else", "f", "things", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	for (size_t k = 1; k <= 4; k++) {
		assert_ok(tw_fs_search_text(&h, w->fs, v, "same", k, &w->a, &w->err), &w->err);
		assert_int_equal(h.n, k);
		for (size_t i = 1; i < k; i++) {
			int by = strcmp(h.at[i - 1].doc, h.at[i].doc);
			assert_true(by < 0 || (by == 0 && h.at[i - 1].ord < h.at[i].ord));
		}
	}
}

static void vectors_are_found_by_cosine(void **state)
{
	struct store_world *w = *state;
	struct tw_rows rows;
	struct tw_hits h;

	collect(w->fs, "s", "a", "x", "b", "y", NULL);
	const char *v = declare(w->fs, "vectors", "{}", vector_schema, &w->a, "documents", NULL);
	static const float q[] = {1, 0};
	assert_ok(tw_fs_search_vector(&h, w->fs, v, q, 2, 3, &w->a, &w->err), &w->err);
	assert_int_equal(h.n, 0);
	const char *doc = id_of(w->fs, "a", &w->a);
	tw_rows_init(&rows, vector_schema, &w->a);
	for (int i = 0; i < 8; i++) {
		const float x[] = {cosf((float)i * 0.5f), sinf((float)i * 0.5f)};
		tw_row_set_vector(&rows, tw_rows_add(&rows, doc), "vec", x, 2);
	}
	struct tw_doc_rows d = {doc, "x", &rows};
	assert_ok(tw_fs_commit(w->fs, v, &d, 1, -1, &w->err), &w->err);
	assert_ok(tw_fs_search_vector(&h, w->fs, v, q, 2, 3, &w->a, &w->err), &w->err);
	assert_int_equal(h.n, 3);
	assert_int_equal(h.at[0].ord, 0);
	assert_int_equal(h.at[1].ord, 1);
	assert_true(fabs(h.at[0].score - 1) < 1e-5);
	assert_true(fabs(h.at[1].score - cos(0.5)) < 1e-5);
	/* Rows that go are found no more. */
	rows.n = 1;
	d.input_digest = "y";
	assert_ok(tw_fs_commit(w->fs, v, &d, 1, -1, &w->err), &w->err);
	assert_ok(tw_fs_search_vector(&h, w->fs, v, q, 2, 3, &w->a, &w->err), &w->err);
	assert_int_equal(h.n, 1);
	assert_int_equal(tw_fs_search_vector(&h, w->fs, v, q, 1, 3, &w->a, &w->err), TW_BAD_USE);
	assert_contains(w->err.msg, "dimensions");
	static const float nan[] = {NAN, 0};
	assert_int_equal(tw_fs_search_vector(&h, w->fs, v, nan, 2, 3, &w->a, NULL), TW_BAD_USE);
}

static void new_vectors_of_a_changed_text_reach_downstream(void **state)
{
	struct store_world *w = *state;
	struct tw_rows rows;
	static const float x[] = {1, 0}, y[] = {0, 1};

	collect(w->fs, "s", "a", "x", NULL);
	const char *v = declare(w->fs, "vectors", "{}", vector_schema, &w->a, "documents", NULL);
	const char *down = declare(w->fs, "down", "{}", text_schema, &w->a, v, NULL);
	const char *doc = id_of(w->fs, "a", &w->a);
	tw_rows_init(&rows, vector_schema, &w->a);
	tw_row_set_vector(&rows, tw_rows_add(&rows, doc), "vec", x, 2);
	struct tw_doc_rows d = {doc, stale_of(w, v).at[0].input_digest, &rows};
	assert_ok(tw_fs_commit(w->fs, v, &d, 1, stale_of(w, v).watermark, &w->err), &w->err);
	struct tw_stale s = stale_of(w, down);
	struct tw_rows text;
	tw_rows_init(&text, text_schema, &w->a);
	add_text(&text, doc, "near nothing");
	struct tw_doc_rows t = {doc, s.at[0].input_digest, &text};
	assert_ok(tw_fs_commit(w->fs, down, &t, 1, s.watermark, &w->err), &w->err);
	assert_int_equal(stale_of(w, down).n, 0);
	collect(w->fs, "s", "a", "y", NULL);
	s = stale_of(w, v);
	tw_row_set_vector(&rows, &rows.at[0], "vec", y, 2);
	d.input_digest = s.at[0].input_digest;
	assert_ok(tw_fs_commit(w->fs, v, &d, 1, s.watermark, &w->err), &w->err);
	assert_memory_equal(rows_of(w, v, doc).at[0].cells[0].vec, y, sizeof(y));
	assert_int_equal(stale_of(w, down).n, 1);
}

/* --- services, datasets, predictions --- */

static void the_same_service_is_stored_once(void **state)
{
	struct store_world *w = *state;
	struct tw_service out;

	const char *views[] = {lines_view(w), declare(w->fs, "vectors", "{}", vector_schema, &w->a,
						      "documents", NULL)};
	struct tw_service s = {.name = "rag", .views = views, .n_views = 2};
	assert_ok(tw_fs_service_put(&s, w->fs, &w->a, &w->err), &w->err);
	const char *first = s.digest;
	assert_ok(tw_fs_service_put(&s, w->fs, &w->a, &w->err), &w->err);
	assert_string_equal(s.digest, first);
	store_reopen(w);
	assert_ok(tw_fs_service(&out, w->fs, first, &w->a, &w->err), &w->err);
	assert_string_equal(out.name, "rag");
	assert_int_equal(out.n_views, 2);
	assert_string_equal(out.views[1], views[1]);
	const char *swapped[] = {views[1], views[0]};
	s.views = swapped;
	assert_ok(tw_fs_service_put(&s, w->fs, &w->a, &w->err), &w->err);
	assert_string_not_equal(s.digest, first);
	swapped[0] = "unknown";
	assert_int_equal(tw_fs_service_put(&s, w->fs, &w->a, NULL), TW_NOT_FOUND);
	assert_int_equal(tw_fs_service(&out, w->fs, "ffff", &w->a, NULL), TW_NOT_FOUND);
}

static void a_dataset_is_named_by_its_manifest(void **state)
{
	struct store_world *w = *state;
	const struct tw_example e[] = {
		{TW_TEST, "r3", "v", "d3", "g3", "title", "[3]", NULL},
		{TW_TRAIN, "r2", "v", "d2", "g2", "title", "[2]", NULL},
		{TW_TRAIN, "r1", "v", "d1", "g1", "heading", "[1]", NULL},
	};
	const struct tw_example shuffled[] = {e[2], e[0], e[1]};
	struct tw_examples list = {e, 3}, other = {shuffled, 3}, got;
	struct tw_dataset d = {.service = "s", .seed = 7, .params = "{}", .stats = "{\"x\":1}"};
	struct tw_dataset d2 = d, out;
	struct tw_datasets all;

	assert_ok(tw_fs_dataset_put(&d, w->fs, &list, &w->a, &w->err), &w->err);
	assert_int_equal(d.number, 1);
	assert_int_equal(d.n[TW_TRAIN], 2);
	assert_int_equal(d.n[TW_TEST], 1);
	assert_ok(tw_fs_dataset_put(&d2, w->fs, &other, &w->a, &w->err), &w->err);
	assert_string_equal(d2.id, d.id);
	assert_int_equal(d2.number, 1);
	d2.seed = 8;
	assert_ok(tw_fs_dataset_put(&d2, w->fs, &other, &w->a, &w->err), &w->err);
	assert_string_not_equal(d2.id, d.id);
	assert_int_equal(d2.number, 2);
	store_reopen(w);
	char prefix[16];
	snprintf(prefix, sizeof(prefix), "%.8s", d.id);
	const char *const refs[] = {"1", prefix, d.id};
	for (size_t i = 0; i < 3; i++) {
		assert_ok(tw_fs_dataset(&out, w->fs, refs[i], &w->a, &w->err), &w->err);
		assert_string_equal(out.id, d.id);
		assert_string_equal(out.stats, "{\"x\":1}");
		assert_int_equal(out.seed, 7);
		assert_int_equal(out.n[TW_TRAIN], 2);
	}
	assert_ok(tw_fs_examples(&got, w->fs, d.id, TW_TRAIN, &w->a, &w->err), &w->err);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.at[0].row_id, "r1");
	assert_string_equal(got.at[0].kind, "heading");
	assert_string_equal(got.at[0].group, "g1");
	assert_string_equal(got.at[1].messages, "[2]");
	assert_ok(tw_fs_datasets(&all, w->fs, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.at[0].number, 2);
	assert_int_equal(tw_fs_dataset(&out, w->fs, "9", &w->a, NULL), TW_NOT_FOUND);
}

static void predictions_are_kept_newest_first(void **state)
{
	struct store_world *w = *state;
	struct tw_predictions all;
	struct tw_prediction out;
	const char *ids[4];

	for (int i = 0; i < 4; i++) {
		struct tw_prediction p = {.batch = i % 2 ? "nightly" : "",
					  .deployment = i,
					  .question = "q?",
					  .answer = "same",
					  .sources = "[]"};
		assert_ok(tw_fs_prediction_put(&p, w->fs, &w->a, &w->err), &w->err);
		ids[i] = p.id;
		assert_int_equal(strlen(p.id), 16);
		assert_true(p.created_ms > 0);
	}
	assert_ok(tw_fs_predictions(&all, w->fs, NULL, 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 4);
	assert_string_equal(all.at[0].id, ids[3]);
	assert_ok(tw_fs_predictions(&all, w->fs, "nightly", 1, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.at[0].deployment, 3);
	assert_ok(tw_fs_predictions(&all, w->fs, "", 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
	assert_ok(tw_fs_prediction(&out, w->fs, ids[0], &w->a, &w->err), &w->err);
	assert_string_equal(out.answer, "same");
	assert_int_equal(tw_fs_prediction(&out, w->fs, "nope", &w->a, NULL), TW_NOT_FOUND);
}

/* --- threads --- */

struct worker {
	struct store_world *w;
	const char *view;
	bool writes;
	int failures;
};

static void *work(void *arg)
{
	struct worker *k = arg;
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;

	tw_arena_init(&a);
	for (int i = 0; i < 60; i++) {
		struct tw_hits h;
		struct tw_rows r;
		struct tw_stale s;
		if (k->writes) {
			struct tw_prediction p = {.question = "q", .answer = "a", .sources = "[]"};
			k->failures += tw_fs_prediction_put(&p, k->w->fs, &a, &err) != TW_OK;
		} else {
			k->failures += tw_fs_search_text(&h, k->w->fs, k->view, "line words", 5, &a,
							 &err) != TW_OK;
			k->failures += h.n == 0;
			k->failures += h.n && tw_fs_rows(&r, k->w->fs, k->view, h.at[0].doc, &a,
							 &err) != TW_OK;
			k->failures += tw_fs_stale(&s, k->w->fs, k->view, &a, &err) != TW_OK;
		}
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
	return NULL;
}

static void one_handle_serves_many_threads(void **state)
{
	struct store_world *w = *state;
	struct worker workers[6];
	pthread_t threads[6];
	struct tw_predictions all;

	collect(w->fs, "s", "a", "line one\nline two", "b", "words", NULL);
	const char *v = lines_view(w);
	materialize(w->fs, v, "documents");
	for (int i = 0; i < 6; i++) {
		workers[i] = (struct worker){w, v, i < 2, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < 6; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failures, 0);
	}
	assert_ok(tw_fs_predictions(&all, w->fs, NULL, 0, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 120);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(a_view_is_found_by_digest_name_version_and_prefix),
		T(a_view_must_be_well_named_and_its_inputs_known),
		T(dropped_rows_go_and_the_name_stays),
		T(a_view_follows_its_documents),
		T(work_that_was_cut_short_is_not_done_twice),
		T(a_change_back_is_no_change),
		T(the_same_output_makes_nothing_downstream_stale),
		T(a_document_without_rows_is_done_and_absent_downstream),
		T(two_inputs_count_together),
		T(every_type_reads_back_as_it_was),
		T(a_row_is_found_by_its_id),
		T(wrong_rows_are_refused_and_nothing_of_the_call_is_kept),
		T(a_reader_gives_a_document_at_a_time_from_one_snapshot),
		T(documents_read_like_a_view),
		T(replace_writes_only_what_differs),
		T(words_are_found_in_any_form_and_order),
		T(a_query_has_no_operators),
		T(search_follows_edits_and_weights_fields),
		T(ties_go_by_document_and_ord),
		T(vectors_are_found_by_cosine),
		T(new_vectors_of_a_changed_text_reach_downstream),
		T(the_same_service_is_stored_once),
		T(a_dataset_is_named_by_its_manifest),
		T(predictions_are_kept_newest_first),
		T(one_handle_serves_many_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
