/* What core/document_store.h promises, on every engine. */
#include "support/store_fixture.h"

#include "core/dataset.h"
#include "core/prediction.h"

static struct tw_document get(struct store_world *w, const char *ref)
{
	struct tw_document d;

	assert_ok(tw_fs_document(&d, w->fs, ref, 0, &w->a, &w->err), &w->err);
	return d;
}

static size_t live(struct store_world *w, bool deleted)
{
	struct tw_documents all;
	const struct tw_document_filter f = {.deleted = deleted};

	assert_ok(tw_fs_documents(&all, w->fs, &f, &w->a, &w->err), &w->err);
	return all.n;
}

static int64_t last_change(struct store_world *w)
{
	struct tw_view v;

	assert_ok(tw_fs_view(&v, w->fs, "documents", &w->a, &w->err), &w->err);
	return v.watermark;
}

static void a_document_reads_back_as_it_was_put(void **state)
{
	struct store_world *w = *state;
	struct tw_pass *p;
	enum tw_put outcome;
	const char body[] = "Line one\nline \xc3\xa9 two, and a \0 in it\n";
	const struct tw_document d = {.key = "notes/a.md",
				      .fingerprint = "f1",
				      .title = "T\"itle",
				      .author = "Mara",
				      .url = "https://example.org/a",
				      .lang = "en",
				      .media = "text/markdown",
				      .extra = "{\"tags\":[1]}",
				      .created_ms = 12,
				      .modified_ms = -5,
				      .body = {body, sizeof(body) - 1}};

	assert_ok(tw_pass_begin(&p, w->fs, "notes", &w->err), &w->err);
	assert_ok(tw_pass_put(p, &d, &outcome, &w->err), &w->err);
	assert_int_equal(outcome, TW_PUT_NEW);
	assert_string_equal(tw_pass_known(p, "notes/a.md"), "f1");
	assert_ok(tw_pass_end(p, true, NULL, &w->err), &w->err);
	store_reopen(w);
	struct tw_document r = get(w, "notes/a.md");
	assert_int_equal(strlen(r.id), 16);
	assert_string_equal(r.title, d.title);
	assert_string_equal(r.author, d.author);
	assert_string_equal(r.url, d.url);
	assert_string_equal(r.lang, d.lang);
	assert_string_equal(r.media, d.media);
	assert_string_equal(r.extra, d.extra);
	assert_string_equal(r.source, "notes");
	assert_string_equal(r.fingerprint, "f1");
	assert_int_equal(r.created_ms, 12);
	assert_int_equal(r.modified_ms, -5);
	assert_int_equal(r.revision, 1);
	assert_false(r.deleted);
	assert_int_equal(r.body.len, sizeof(body) - 1);
	assert_memory_equal(r.body.data, body, sizeof(body));
	assert_string_equal(r.digest.hex, tw_document_digest(&d).hex);
	assert_string_equal(tw_document_digest(&r).hex, r.digest.hex);
}

static void an_edit_is_a_new_revision_and_the_old_one_stays(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;
	struct tw_document old;

	collect(w->fs, "s", "a", "first", NULL);
	const char *id = id_of(w->fs, "a", &w->a);
	s = collect(w->fs, "s", "a", "second", NULL);
	assert_int_equal(s.changed, 1);
	struct tw_document d = get(w, "a");
	assert_string_equal(d.id, id);
	assert_int_equal(d.revision, 2);
	assert_memory_equal(d.body.data, "second", 6);
	assert_ok(tw_fs_document(&old, w->fs, id, 1, &w->a, &w->err), &w->err);
	assert_memory_equal(old.body.data, "first", 5);
	assert_int_equal(tw_fs_document(&old, w->fs, id, 3, &w->a, &w->err), TW_NOT_FOUND);
}

static void nothing_changed_writes_nothing(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;

	collect(w->fs, "s", "a", "one", "b", "two", NULL);
	int64_t before = last_change(w);
	s = collect(w->fs, "s", "a", "one", "b", "two", NULL);
	assert_int_equal(s.unchanged, 2);
	assert_int_equal(s.added + s.changed + s.removed + s.renamed + s.skipped, 0);
	assert_int_equal(last_change(w), before);
}

static void a_new_fingerprint_alone_is_no_change(void **state)
{
	struct store_world *w = *state;
	struct tw_pass *p;
	enum tw_put outcome;

	collect(w->fs, "s", "a", "one", NULL);
	int64_t before = last_change(w);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	struct tw_document d = doc_of("a", "one");
	d.fingerprint = "another";
	assert_ok(tw_pass_put(p, &d, &outcome, &w->err), &w->err);
	assert_int_equal(outcome, TW_PUT_UNCHANGED);
	assert_ok(tw_pass_end(p, true, NULL, &w->err), &w->err);
	assert_string_equal(get(w, "a").fingerprint, "another");
	assert_int_equal(get(w, "a").revision, 1);
	assert_int_equal(last_change(w), before);
}

static void an_unseen_document_becomes_a_tombstone_and_can_come_back(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;

	collect(w->fs, "s", "a", "one", "b", "two", NULL);
	const char *id = id_of(w->fs, "b", &w->a);
	s = collect(w->fs, "s", "a", "one", NULL);
	assert_int_equal(s.removed, 1);
	assert_int_equal(live(w, false), 1);
	assert_int_equal(live(w, true), 2);
	assert_true(get(w, id).deleted);
	assert_int_equal(get(w, id).body.len, 0);
	s = collect(w->fs, "s", "a", "one", "b", "two again", NULL);
	assert_int_equal(s.added, 1);
	assert_string_equal(get(w, "b").id, id);
	assert_false(get(w, "b").deleted);
	assert_int_equal(get(w, "b").revision, 3);
}

static void an_incomplete_pass_removes_nothing(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;
	struct tw_pass *p;

	collect(w->fs, "s", "a", "one", "b", "two", NULL);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	assert_ok(tw_pass_end(p, false, &s, &w->err), &w->err);
	assert_int_equal(s.removed, 0);
	assert_int_equal(live(w, false), 2);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	tw_pass_abort(p);
	assert_int_equal(live(w, false), 2);
}

static void a_rename_keeps_the_id_whatever_the_order(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;

	collect(w->fs, "s", "b", "same text", "z", "other", NULL);
	const char *id = id_of(w->fs, "b", &w->a);
	int64_t before = last_change(w);
	s = collect(w->fs, "s", "a", "same text", "z", "other", NULL);
	assert_int_equal(s.renamed, 1);
	assert_int_equal(s.added + s.removed, 0);
	assert_string_equal(get(w, "a").id, id);
	assert_int_equal(get(w, "a").revision, 1);
	assert_int_equal(last_change(w), before);
	s = collect(w->fs, "s", "z", "other", "zz", "same text", NULL);
	assert_int_equal(s.renamed, 1);
	assert_string_equal(get(w, "zz").id, id);
}

static void a_copy_is_no_rename(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;

	collect(w->fs, "s", "m", "same text", NULL);
	const char *id = id_of(w->fs, "m", &w->a);
	/* One copy comes before the original is seen, one after. */
	s = collect(w->fs, "s", "a", "same text", "m", "same text", "z", "same text", NULL);
	assert_int_equal(s.added, 2);
	assert_int_equal(s.renamed + s.removed, 0);
	assert_string_equal(get(w, "m").id, id);
	assert_memory_equal(get(w, "a").body.data, "same text", 10);
	assert_string_equal(get(w, "a").title, get(w, "m").title);
	assert_string_equal(get(w, "a").digest.hex, get(w, "m").digest.hex);
}

static void of_many_with_one_content_each_is_renamed_once(void **state)
{
	struct store_world *w = *state;
	static const char t[] = "same text";
	struct tw_pass_stats s;

	collect(w->fs, "s", "a", t, "b", t, "c", t, NULL);
	const char *a = id_of(w->fs, "a", &w->a), *c = id_of(w->fs, "c", &w->a);
	s = collect(w->fs, "s", "b", t, "d", t, "e", t, "f", t, NULL);
	assert_int_equal(s.renamed, 2);
	assert_int_equal(s.added, 1);
	assert_int_equal(s.removed, 0);
	assert_string_equal(get(w, "d").id, a);
	assert_string_equal(get(w, "e").id, c);
	assert_memory_equal(get(w, "f").body.data, t, sizeof(t));
	/* All are seen before the new one comes. */
	s = collect(w->fs, "s", "f", t, "e", t, "d", t, "b", t, "g", t, "h", t, NULL);
	assert_int_equal(s.renamed + s.removed, 0);
	assert_int_equal(s.added, 2);
	assert_memory_equal(get(w, "h").body.data, t, sizeof(t));
}

static void a_key_that_a_renamed_document_left_gets_a_new_id(void **state)
{
	struct store_world *w = *state;

	collect(w->fs, "s", "a", "text", NULL);
	const char *id = id_of(w->fs, "a", &w->a);
	collect(w->fs, "s", "b", "text", NULL);
	collect(w->fs, "s", "a", "a new one", "b", "text", NULL);
	assert_string_equal(get(w, "b").id, id);
	assert_string_not_equal(get(w, "a").id, id);
	assert_int_equal(live(w, false), 2);
}

static void the_old_content_lives_on_under_a_new_key(void **state)
{
	struct store_world *w = *state;

	collect(w->fs, "s", "m", "old", NULL);
	/* "a" is put aside as a possible rename, then "m" turns out to be edited. */
	struct tw_pass_stats s = collect(w->fs, "s", "a", "old", "m", "new", NULL);
	assert_int_equal(s.added, 1);
	assert_int_equal(s.changed, 1);
	assert_memory_equal(get(w, "a").body.data, "old", 4);
	assert_memory_equal(get(w, "m").body.data, "new", 4);
}

static void a_source_that_is_as_it_was_keeps_all_its_documents(void **state)
{
	struct store_world *w = *state;
	struct tw_pass *p;
	struct tw_pass_stats s;
	struct tw_document d = {.key = "a", .media = "text/plain", .body = {"one", 3}};

	assert_ok(tw_pass_begin(&p, w->fs, "notes", &w->err), &w->err);
	assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	d.key = "b";
	d.body.data = "two";
	assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	assert_ok(tw_pass_end(p, true, NULL, &w->err), &w->err);
	assert_ok(tw_pass_begin(&p, w->fs, "notes", &w->err), &w->err);
	assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	assert_ok(tw_pass_end(p, true, &s, &w->err), &w->err);
	assert_int_equal(s.removed, 1);
	int64_t before = last_change(w);
	assert_ok(tw_pass_begin(&p, w->fs, "notes", &w->err), &w->err);
	tw_pass_keep_all(p);
	assert_ok(tw_pass_end(p, true, &s, &w->err), &w->err);
	assert_int_equal(s.unchanged, 1); /* what was removed stays away */
	assert_int_equal(s.removed + s.added + s.changed, 0);
	assert_int_equal(live(w, false), 1);
	assert_int_equal(last_change(w), before);
}

static void a_skipped_document_is_neither_changed_nor_removed(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;
	struct tw_pass *p;

	collect(w->fs, "s", "a", "one", NULL);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	tw_pass_skip(p, "a");
	tw_pass_skip(p, "unknown");
	assert_ok(tw_pass_end(p, true, &s, &w->err), &w->err);
	assert_int_equal(s.skipped, 2);
	assert_int_equal(s.removed, 0);
	assert_int_equal(live(w, false), 1);
}

static void what_cannot_be_stored_is_skipped_with_a_reason(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;
	struct tw_pass *p;
	struct tw_err why = TW_ERR_INIT;

	collect(w->fs, "s", "bad", "good so far", NULL);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	struct tw_document d = doc_of("bad", "\xff\xfe no text");
	assert_int_equal(tw_pass_put(p, &d, NULL, &why), TW_SKIPPED);
	assert_contains(why.msg, "UTF-8");
	d = doc_of("new", "x");
	assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	d = doc_of("new", "y");
	tw_err_clear(&why);
	assert_int_equal(tw_pass_put(p, &d, NULL, &why), TW_SKIPPED);
	assert_contains(why.msg, "twice");
	d = (struct tw_document){.key = "ghost", .unchanged = true};
	tw_err_clear(&why);
	assert_int_equal(tw_pass_put(p, &d, NULL, &why), TW_SKIPPED);
	assert_ok(tw_pass_end(p, true, &s, &w->err), &w->err);
	assert_int_equal(s.skipped, 3);
	assert_memory_equal(get(w, "bad").body.data, "good so far", 12);
	assert_memory_equal(get(w, "new").body.data, "x", 2);
}

static void state_is_stored_with_the_end_of_a_pass_only(void **state)
{
	struct store_world *w = *state;
	struct tw_pass *p;

	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	assert_null(tw_pass_state(p, "etag"));
	tw_pass_set_state(p, "etag", "\"1\"");
	assert_string_equal(tw_pass_state(p, "etag"), "\"1\"");
	tw_pass_abort(p);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	assert_null(tw_pass_state(p, "etag"));
	tw_pass_set_state(p, "etag", "\"2\"");
	assert_ok(tw_pass_end(p, false, NULL, &w->err), &w->err);
	store_reopen(w);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	assert_string_equal(tw_pass_state(p, "etag"), "\"2\"");
	tw_pass_abort(p);
	assert_ok(tw_pass_begin(&p, w->fs, "other", &w->err), &w->err);
	assert_null(tw_pass_state(p, "etag"));
	tw_pass_abort(p);
}

static void what_is_committed_within_a_pass_stays_when_it_is_cut_short(void **state)
{
	struct store_world *w = *state;
	struct tw_pass *p;
	struct tw_document one = doc_of("a", "one"), two = doc_of("b", "two");

	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	assert_ok(tw_pass_commit(p, &w->err), &w->err); /* nothing yet */
	assert_ok(tw_pass_put(p, &one, NULL, &w->err), &w->err);
	tw_pass_set_state(p, "page", "1");
	assert_ok(tw_pass_commit(p, &w->err), &w->err);
	assert_ok(tw_pass_put(p, &two, NULL, &w->err), &w->err);
	tw_pass_set_state(p, "page", "2");
	tw_pass_abort(p);
	assert_int_equal(live(w, false), 1);

	struct tw_pass_stats s;
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	assert_string_equal(tw_pass_state(p, "page"), "1");
	assert_ok(tw_pass_put(p, &one, NULL, &w->err), &w->err);
	assert_ok(tw_pass_commit(p, &w->err), &w->err);
	assert_ok(tw_pass_put(p, &two, NULL, &w->err), &w->err);
	assert_ok(tw_pass_end(p, true, &s, &w->err), &w->err);
	assert_int_equal(s.added, 1);
	assert_int_equal(s.unchanged, 1);
	assert_int_equal(live(w, false), 2);
}

static void documents_are_found_by_id_prefix_and_key(void **state)
{
	struct store_world *w = *state;
	struct tw_document d;
	char prefix[8];

	collect(w->fs, "s", "a.md", "one", NULL);
	collect(w->fs, "t", "a.md", "two", "only.md", "three", NULL);
	struct tw_document only = get(w, "only.md");
	snprintf(prefix, sizeof(prefix), "%.6s", only.id);
	assert_string_equal(get(w, prefix).key, "only.md");
	assert_string_equal(get(w, only.id).key, "only.md");
	assert_int_equal(tw_fs_document(&d, w->fs, "a.md", 0, &w->a, &w->err), TW_BAD_USE);
	assert_contains(w->err.msg, "more than one");
	tw_err_clear(&w->err);
	assert_int_equal(tw_fs_document(&d, w->fs, "nope", 0, &w->a, &w->err), TW_NOT_FOUND);
	assert_contains(w->err.msg, "nope");
}

static void documents_are_listed_newest_first(void **state)
{
	struct store_world *w = *state;
	struct tw_documents all;
	struct tw_pass *p;

	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	for (int i = 0; i < 5; i++) {
		char key[16];
		snprintf(key, sizeof(key), "k%d", i);
		struct tw_document d = doc_of(key, key);
		d.created_ms = (i * 7) % 5;
		assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	}
	assert_ok(tw_pass_end(p, true, NULL, &w->err), &w->err);
	collect(w->fs, "t", "x", "y", NULL);
	struct tw_document_filter f = {.source = "s"};
	assert_ok(tw_fs_documents(&all, w->fs, &f, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 5);
	assert_int_equal(all.total, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(all.at[i].created_ms, 4 - (int)i);
		assert_null(all.at[i].body.data);
	}
	f.limit = 2;
	assert_ok(tw_fs_documents(&all, w->fs, &f, &w->a, &w->err), &w->err);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.total, 5);
	f.source = NULL;
	collect(w->fs, "t", NULL);
	assert_ok(tw_fs_documents(&all, w->fs, &f, &w->a, &w->err), &w->err);
	assert_int_equal(all.total, 5);
	f.deleted = true;
	assert_ok(tw_fs_documents(&all, w->fs, &f, &w->a, &w->err), &w->err);
	assert_int_equal(all.total, 6);
}

static void a_retired_source_leaves_tombstones_and_starts_afresh(void **state)
{
	struct store_world *w = *state;
	const char *const keep[] = {"kept"};
	struct tw_pass *p;
	int64_t removed;

	collect(w->fs, "kept", "k", "one", NULL);
	collect(w->fs, "gone", "g", "two", "h", "three", NULL);
	assert_ok(tw_pass_begin(&p, w->fs, "gone", &w->err), &w->err);
	tw_pass_set_state(p, "commit", "abc");
	assert_ok(tw_pass_end(p, false, NULL, &w->err), &w->err);
	assert_ok(tw_fs_retire_sources(w->fs, keep, 1, &removed, &w->err), &w->err);
	assert_int_equal(removed, 2);
	assert_int_equal(live(w, false), 1);
	assert_ok(tw_fs_retire_sources(w->fs, keep, 1, &removed, &w->err), &w->err);
	assert_int_equal(removed, 0);
	assert_ok(tw_pass_begin(&p, w->fs, "gone", &w->err), &w->err);
	assert_null(tw_pass_state(p, "commit"));
	tw_pass_abort(p);
}

static void large_passes_go_through_in_batches(void **state)
{
	struct store_world *w = *state;
	struct tw_pass_stats s;
	struct tw_pass *p;
	char key[32], *body = malloc(3 << 20);

	memset(body, 'x', 3 << 20);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	for (int i = 0; i < 700; i++) {
		snprintf(key, sizeof(key), "doc-%d", i);
		struct tw_document d = doc_of(key, key);
		if (i % 100 == 7) {
			memcpy(body, key, strlen(key));
			d.body = (struct tw_bytes){body, 3 << 20};
		}
		assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	}
	/* What a killed pass has seen so far is there in whole batches. */
	assert_in_range(live(w, false), 256, 700);
	assert_ok(tw_pass_end(p, true, &s, &w->err), &w->err);
	assert_int_equal(s.added, 700);
	assert_int_equal(live(w, false), 700);
	assert_int_equal(get(w, "doc-107").body.len, 3 << 20);
	free(body);
}

static void two_passes_at_once_are_told_apart(void **state)
{
	struct store_world *w = *state;
	struct tw_pass *p, *q;
	struct tw_err why = TW_ERR_INIT;
	struct tw_document d;

	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	assert_ok(tw_pass_begin(&q, w->fs, "s", &w->err), &w->err);
	d = doc_of("a", "one");
	assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	assert_ok(tw_pass_put(q, &d, NULL, &w->err), &w->err);
	assert_ok(tw_pass_end(p, true, NULL, &w->err), &w->err);
	assert_int_equal(tw_pass_end(q, true, NULL, &why), TW_CONFLICT);
	assert_contains(why.msg, "another process");
	assert_int_equal(live(w, false), 1);
}

static void put_dataset(struct store_world *w, const char *doc, const char **id)
{
	const struct tw_example e[] = {
		{TW_TRAIN, "r1", "v", doc, "g", "title",
		 "[{\"role\":\"user\",\"content\":\"zyxwv\"}]", NULL},
		{TW_TEST, "r2", "v", "0000000000000000", "h", "title", "[]", NULL},
	};
	const struct tw_examples examples = {e, 2};
	struct tw_dataset d = {.service = "", .seed = 1, .params = "{}", .stats = "{}"};

	assert_ok(tw_fs_dataset_put(&d, w->fs, &examples, &w->a, &w->err), &w->err);
	*id = d.id;
}

static void forgetting_erases_all_that_came_of_a_document(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;
	struct tw_document d;
	struct tw_rows rows;
	struct tw_hits hits;
	struct tw_examples left;
	struct tw_dataset dataset;
	struct tw_predictions answers;
	const char *id, *set;

	collect(w->fs, "s", "a", "a zyxwv secret\nand more", "b", "harmless", NULL);
	id = id_of(w->fs, "a", &w->a);
	const char *lines = declare(w->fs, "lines", "{}", text_schema, &w->a, "documents", NULL);
	materialize(w->fs, lines, "documents");
	put_dataset(w, id, &set);
	struct tw_prediction p = {.question = "q", .answer = "zyxwv", .batch = ""};
	p.sources = tw_sprintf(&w->a, "[{\"n\":1,\"doc\":\"%s\"}]", id);
	assert_ok(tw_fs_prediction_put(&p, w->fs, &w->a, &w->err), &w->err);
	struct tw_prediction q = {.question = "q", .answer = "fine", .sources = "[]"};
	assert_ok(tw_fs_prediction_put(&q, w->fs, &w->a, &w->err), &w->err);

	assert_ok(tw_fs_forget(&f, w->fs, id, &w->a, &w->err), &w->err);
	assert_int_equal(f.revisions, 1);
	assert_int_equal(f.rows, 2);
	assert_int_equal(f.dataset_rows, 1);
	assert_int_equal(f.predictions, 1);
	assert_int_equal(f.n_datasets, 1);
	assert_string_equal(f.datasets[0], set);

	assert_int_equal(tw_fs_document(&d, w->fs, id, 0, &w->a, NULL), TW_NOT_FOUND);
	assert_ok(tw_fs_rows(&rows, w->fs, lines, id, &w->a, &w->err), &w->err);
	assert_int_equal(rows.n, 0);
	assert_ok(tw_fs_search_text(&hits, w->fs, lines, "zyxwv", 5, &w->a, &w->err), &w->err);
	assert_int_equal(hits.n, 0);
	assert_ok(tw_fs_search_text(&hits, w->fs, lines, "harmless", 5, &w->a, &w->err), &w->err);
	assert_int_equal(hits.n, 1);
	assert_ok(tw_fs_examples(&left, w->fs, set, TW_TRAIN, &w->a, &w->err), &w->err);
	assert_int_equal(left.n, 0);
	assert_ok(tw_fs_dataset(&dataset, w->fs, set, &w->a, &w->err), &w->err);
	assert_int_equal(dataset.n[TW_TRAIN], 1);
	assert_ok(tw_fs_predictions(&answers, w->fs, NULL, 0, &w->a, &w->err), &w->err);
	assert_int_equal(answers.n, 1);
	assert_string_equal(answers.at[0].answer, "fine");
}

static void what_was_forgotten_does_not_come_back(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;
	struct tw_pass_stats s;
	struct tw_pass *p;
	struct tw_err why = TW_ERR_INIT;

	collect(w->fs, "s", "a", "secret", "b", "harmless", NULL);
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	store_reopen(w);
	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	struct tw_document d = doc_of("a", "secret, edited");
	assert_int_equal(tw_pass_put(p, &d, NULL, &why), TW_SKIPPED);
	assert_contains(why.msg, "forgotten");
	d = doc_of("b", "harmless");
	assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	assert_ok(tw_pass_end(p, true, &s, &w->err), &w->err);
	assert_int_equal(live(w, true), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(a_document_reads_back_as_it_was_put),
		T(an_edit_is_a_new_revision_and_the_old_one_stays),
		T(nothing_changed_writes_nothing),
		T(a_new_fingerprint_alone_is_no_change),
		T(an_unseen_document_becomes_a_tombstone_and_can_come_back),
		T(an_incomplete_pass_removes_nothing),
		T(a_rename_keeps_the_id_whatever_the_order),
		T(a_copy_is_no_rename),
		T(of_many_with_one_content_each_is_renamed_once),
		T(a_key_that_a_renamed_document_left_gets_a_new_id),
		T(the_old_content_lives_on_under_a_new_key),
		T(a_skipped_document_is_neither_changed_nor_removed),
		T(a_source_that_is_as_it_was_keeps_all_its_documents),
		T(what_cannot_be_stored_is_skipped_with_a_reason),
		T(state_is_stored_with_the_end_of_a_pass_only),
		T(what_is_committed_within_a_pass_stays_when_it_is_cut_short),
		T(documents_are_found_by_id_prefix_and_key),
		T(documents_are_listed_newest_first),
		T(a_retired_source_leaves_tombstones_and_starts_afresh),
		T(large_passes_go_through_in_batches),
		T(two_passes_at_once_are_told_apart),
		T(forgetting_erases_all_that_came_of_a_document),
		T(what_was_forgotten_does_not_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
