/* What core/dataset.h promises of snapshots, and core/feature_store.h of feature services. */
#include "support/store_fixture.h"

#include "core/dataset.h"

static struct tw_example example(enum tw_split split, const char *row, const char *messages)
{
	return (struct tw_example){split, row, "v", "d", "g", "title", messages, NULL};
}

static struct tw_dataset put(struct store_world *w, const struct tw_example *at, size_t n)
{
	struct tw_dataset d = {.service = "s", .seed = 7, .params = "{}", .stats = "{}"};
	const struct tw_examples list = {at, n};

	assert_ok(tw_fs_dataset_put(&d, w->fs, &list, &w->a, &w->err), &w->err);
	return d;
}

static struct tw_examples split_of(struct store_world *w, const char *id, enum tw_split split)
{
	struct tw_examples e;

	assert_ok(tw_fs_examples(&e, w->fs, id, split, &w->a, &w->err), &w->err);
	return e;
}

static void rows_come_back_by_split_in_order(void **state)
{
	struct store_world *w = *state;
	const struct tw_example e[] = {
		example(TW_TEST, "t1", "[]"),  example(TW_TRAIN, "r3", "[]"),
		example(TW_VALID, "v1", "[]"), example(TW_TRAIN, "r1", "[\"x \\u00e9\"]"),
		example(TW_TRAIN, "r2", "[]"),
	};
	struct tw_dataset d = put(w, e, 5);

	assert_int_equal(d.n[TW_TRAIN], 3);
	assert_int_equal(d.n[TW_VALID], 1);
	assert_int_equal(d.n[TW_TEST], 1);
	store_reopen(w);
	struct tw_examples train = split_of(w, d.id, TW_TRAIN);
	assert_int_equal(train.n, 3);
	assert_string_equal(train.at[0].row_id, "r1");
	assert_string_equal(train.at[0].messages, "[\"x \\u00e9\"]");
	assert_string_equal(train.at[0].view, "v");
	assert_string_equal(train.at[0].doc, "d");
	assert_string_equal(train.at[1].row_id, "r2");
	assert_string_equal(train.at[2].row_id, "r3");
	assert_int_equal(train.at[2].split, TW_TRAIN);
	assert_string_equal(split_of(w, d.id, TW_VALID).at[0].row_id, "v1");
	assert_int_equal(split_of(w, "1", TW_TEST).n, 1);
	struct tw_examples none;
	assert_int_equal(tw_fs_examples(&none, w->fs, "7", TW_TEST, &w->a, &w->err), TW_NOT_FOUND);
}

static void another_content_is_another_dataset(void **state)
{
	struct store_world *w = *state;
	const struct tw_example first[] = {example(TW_TRAIN, "r1", "[1]"),
					   example(TW_TEST, "r2", "[2]")};
	struct tw_dataset d = put(w, first, 2);
	struct tw_example e[2];

	memcpy(e, first, sizeof(e));
	e[0].messages = "[3]";
	assert_string_not_equal(put(w, e, 2).id, d.id);
	memcpy(e, first, sizeof(e));
	e[0].split = TW_VALID;
	assert_string_not_equal(put(w, e, 2).id, d.id);
	memcpy(e, first, sizeof(e));
	e[1].kind = "heading";
	assert_string_not_equal(put(w, e, 2).id, d.id);
	memcpy(e, first, sizeof(e));
	e[0].rejected = "worse";
	const char *worse = put(w, e, 2).id;
	assert_string_not_equal(worse, d.id);
	e[0].rejected = "even worse";
	assert_string_not_equal(put(w, e, 2).id, worse);
	assert_string_not_equal(put(w, first, 1).id, d.id);
	assert_string_not_equal(put(w, first, 0).id, d.id);
	struct tw_example swapped[] = {first[1], first[0]};
	struct tw_dataset again = put(w, swapped, 2);
	assert_string_equal(again.id, d.id);
	assert_int_equal(again.number, 1);
}

static void a_worse_answer_comes_back_where_there_was_one(void **state)
{
	struct store_world *w = *state;
	struct tw_example e[] = {example(TW_TRAIN, "r1", "[1]"), example(TW_TRAIN, "r2", "[2]"),
				 example(TW_TRAIN, "r3", "[3]")};

	e[1].rejected = "worse \xc3\xa9";
	e[2].rejected = "";
	const char *id = put(w, e, 3).id;
	store_reopen(w);
	const struct tw_examples train = split_of(w, id, TW_TRAIN);
	assert_null(train.at[0].rejected);
	assert_string_equal(train.at[1].rejected, "worse \xc3\xa9");
	assert_string_equal(train.at[2].rejected, "");
}

static void a_snapshot_stays_as_it_was_when_the_views_move_on(void **state)
{
	struct store_world *w = *state;
	struct tw_rows rows;

	collect(w->fs, "s", "a", "one", NULL);
	const char *v = declare(w->fs, "labels", "{}", text_schema, &w->a, "documents", NULL);
	materialize(w->fs, v, "documents");
	const char *doc = id_of(w->fs, "a", &w->a);
	assert_ok(tw_fs_rows(&rows, w->fs, v, doc, &w->a, &w->err), &w->err);
	struct tw_example e = {TW_TRAIN, rows.at[0].id, v, doc, "g", "title", "[\"one\"]", NULL};
	struct tw_dataset d = put(w, &e, 1);
	collect(w->fs, "s", "a", "two", NULL);
	materialize(w->fs, v, "documents");
	assert_ok(tw_fs_view_drop(w->fs, v, &w->err), &w->err);
	collect(w->fs, "s", NULL);
	assert_int_equal(split_of(w, d.id, TW_TRAIN).n, 1);
	assert_string_equal(split_of(w, d.id, TW_TRAIN).at[0].messages, "[\"one\"]");
	/* What was put later under the same id changes nothing. */
	struct tw_dataset same = {.service = "s", .seed = 7, .params = "{}", .stats = "{\"x\":1}"};
	const struct tw_examples list = {&e, 1};
	assert_ok(tw_fs_dataset_put(&same, w->fs, &list, &w->a, &w->err), &w->err);
	assert_ok(tw_fs_dataset(&same, w->fs, d.id, &w->a, &w->err), &w->err);
	assert_string_equal(same.stats, "{}");
}

static struct tw_datasets datasets_with(struct store_world *w, const char *doc)
{
	struct tw_datasets all;

	assert_ok(tw_fs_datasets_with(&all, w->fs, doc, &w->a, &w->err), &w->err);
	return all;
}

static void the_datasets_of_a_document_are_found(void **state)
{
	struct store_world *w = *state;
	struct tw_example e[] = {example(TW_TRAIN, "r1", "[1]"), example(TW_TEST, "r2", "[2]"),
				 example(TW_TRAIN, "r3", "[3]")};

	e[0].doc = e[2].doc = "d1";
	e[1].doc = "d2";
	struct tw_dataset both = put(w, e, 3), first = put(w, e, 1);
	struct tw_datasets all = datasets_with(w, "d1");
	assert_int_equal(all.n, 2);
	assert_string_equal(all.at[0].id, first.id);
	assert_string_equal(all.at[1].id, both.id);
	assert_int_equal(all.at[1].n[TW_TRAIN], 2);
	all = datasets_with(w, "d2");
	assert_int_equal(all.n, 1);
	assert_string_equal(all.at[0].id, both.id);
	assert_int_equal(datasets_with(w, "d").n, 0);
}

static void references_are_exact(void **state)
{
	struct store_world *w = *state;
	struct tw_dataset d = put(w, NULL, 0), out;
	static const char *const wrong[] = {"",	  "0",	      "2",	  "-1",	      "1x",
					    "v1", "abcdefgh", "zzzzzzzz", "________", "%%%%%%%%"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		tw_err_clear(&w->err);
		assert_int_equal(tw_fs_dataset(&out, w->fs, wrong[i], &w->a, &w->err),
				 TW_NOT_FOUND);
		assert_contains(w->err.msg, wrong[i]);
	}
	tw_err_clear(&w->err);
	assert_ok(tw_fs_dataset(&out, w->fs, tw_strndup(&w->a, d.id, 8), &w->a, &w->err), &w->err);
	assert_int_equal(tw_fs_dataset(&out, w->fs, tw_strndup(&w->a, d.id, 7), &w->a, NULL),
			 TW_NOT_FOUND);
}

static void a_service_is_its_views_in_order(void **state)
{
	struct store_world *w = *state;
	const char *v[3], *id[3];
	struct tw_service out;

	v[0] = declare(w->fs, "one", "{}", text_schema, &w->a, "documents", NULL);
	v[1] = declare(w->fs, "two", "{}", text_schema, &w->a, "documents", NULL);
	v[2] = declare(w->fs, "two", "{\"x\":1}", text_schema, &w->a, "documents", NULL);
	const char *lists[3][2] = {{v[0], v[1]}, {v[1], v[0]}, {v[0], v[2]}};
	for (int i = 0; i < 3; i++) {
		struct tw_service s = {.name = "rag", .views = lists[i], .n_views = 2};
		assert_ok(tw_fs_service_put(&s, w->fs, &w->a, &w->err), &w->err);
		id[i] = s.digest;
		for (int k = 0; k < i; k++)
			assert_string_not_equal(id[i], id[k]);
	}
	/* The digest goes by what it holds, not by what it is called. */
	struct tw_service renamed = {.name = "other", .views = lists[1], .n_views = 2};
	assert_ok(tw_fs_service_put(&renamed, w->fs, &w->a, &w->err), &w->err);
	assert_string_equal(renamed.digest, id[1]);
	assert_ok(tw_fs_service(&out, w->fs, id[1], &w->a, &w->err), &w->err);
	assert_string_equal(out.views[0], v[1]);
	assert_string_equal(out.views[1], v[0]);
	/* Dropped rows leave it as it is: the view can be computed again. */
	assert_ok(tw_fs_view_drop(w->fs, v[0], &w->err), &w->err);
	assert_ok(tw_fs_service(&out, w->fs, id[0], &w->a, &w->err), &w->err);
	assert_int_equal(out.n_views, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(rows_come_back_by_split_in_order),
		T(another_content_is_another_dataset),
		T(a_worse_answer_comes_back_where_there_was_one),
		T(a_snapshot_stays_as_it_was_when_the_views_move_on),
		T(the_datasets_of_a_document_are_found),
		T(references_are_exact),
		T(a_service_is_its_views_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
