/* What tw_fs_forget() promises: all that came of a document goes, from the files too, however often it is cut short. */
#include "support/store_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "core/dataset.h"
#include "core/model_registry.h"
#include "core/prediction.h"

#define DIM 16

static const char secret[] = "zyxwvsecret";

/* A store with a document "a" that left traces everywhere, and "b". */
struct left {
	const char *id, *lines, *vectors, *set;
	float vec[DIM];
};

static const char *put_dataset(struct store_world *w, const char *doc, const char *other)
{
	const struct tw_example e[] = {
		{TW_TRAIN, "r1", "v", doc, "g", "title",
		 "[{\"role\":\"user\",\"content\":\"zyxwvsecret\"}]", NULL},
		{TW_TRAIN, "r3", "v", doc, "g", "title", "[]", "a worse zyxwvsecret"},
		{TW_TEST, "r2", "v", other, "h", "title", "[]", NULL},
	};
	const struct tw_examples examples = {e, 3};
	struct tw_dataset d = {.service = "", .seed = 1, .params = "{}", .stats = "{}"};

	assert_ok(tw_fs_dataset_put(&d, w->fs, &examples, &w->a, &w->err), &w->err);
	return d.id;
}

static enum tw_status answer(struct store_world *w, const char *doc, const char *text)
{
	struct tw_prediction p = {.question = "q", .answer = text, .batch = ""};

	p.sources = tw_sprintf(&w->a, "[{\"n\":1,\"doc\":\"%s\"}]", doc);
	tw_err_clear(&w->err);
	return tw_fs_prediction_put(&p, w->fs, &w->a, &w->err);
}

static struct left leave_traces(struct store_world *w)
{
	struct left l;

	l.lines = declare(w->fs, "lines", "{}", text_schema, &w->a, "documents", NULL);
	l.vectors = declare(w->fs, "vectors", "{}", vector_schema, &w->a, "documents", NULL);
	/* Revisions that were replaced hold it too. */
	collect(w->fs, "s", "a", "an older zyxwvsecret", "b", "harmless", NULL);
	materialize(w->fs, l.lines, "documents");
	collect(w->fs, "s", "a", "a zyxwvsecret here\nand more", "b", "harmless", NULL);
	materialize(w->fs, l.lines, "documents");
	l.id = id_of(w->fs, "a", &w->a);
	const char *b = id_of(w->fs, "b", &w->a);
	put_vectors(w->fs, l.vectors, b, 2000, DIM, 2);
	put_vectors(w->fs, l.vectors, l.id, 500, DIM, 1);
	fake_vector(l.vec, DIM, 1, 7);
	l.set = put_dataset(w, l.id, b);
	assert_ok(answer(w, l.id, secret), &w->err);
	assert_ok(answer(w, b, "fine"), &w->err);
	return l;
}

static void assert_gone(struct store_world *w, const struct left *l)
{
	struct tw_document d;
	struct tw_rows rows;
	struct tw_hits hits;
	struct tw_examples left;
	struct tw_predictions answers;

	assert_int_equal(tw_fs_document(&d, w->fs, l->id, 0, &w->a, NULL), TW_NOT_FOUND);
	assert_ok(tw_fs_rows(&rows, w->fs, l->lines, l->id, &w->a, &w->err), &w->err);
	assert_int_equal(rows.n, 0);
	assert_ok(tw_fs_search_text(&hits, w->fs, l->lines, secret, 5, &w->a, &w->err), &w->err);
	assert_int_equal(hits.n, 0);
	assert_ok(tw_fs_search_vector(&hits, w->fs, l->vectors, l->vec, DIM, 500, &w->a, &w->err),
		  &w->err);
	assert_int_equal(hits.n, 500);
	for (size_t i = 0; i < hits.n; i++)
		assert_string_not_equal(hits.at[i].doc, l->id);
	assert_ok(tw_fs_examples(&left, w->fs, l->set, TW_TRAIN, &w->a, &w->err), &w->err);
	assert_int_equal(left.n, 0);
	assert_ok(tw_fs_examples(&left, w->fs, l->set, TW_TEST, &w->a, &w->err), &w->err);
	assert_int_equal(left.n, 1);
	assert_ok(tw_fs_predictions(&answers, w->fs, NULL, 0, &w->a, &w->err), &w->err);
	assert_int_equal(answers.n, 1);
	assert_string_equal(answers.at[0].answer, "fine");
	assert_int_equal(files_hold(w->url, secret, strlen(secret)), 0);
	assert_int_equal(files_hold(w->url, l->vec, sizeof(l->vec)), 0);
}

static void nothing_of_it_is_left_in_any_file(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;
	struct left l = leave_traces(w);
	float other[DIM];

	fake_vector(other, DIM, 2, 9);
	assert_true(files_hold(w->url, secret, strlen(secret)) > 0);
	assert_true(files_hold(w->url, l.vec, sizeof(l.vec)) > 0);
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	assert_string_equal(f.doc, l.id);
	assert_int_equal(f.revisions, 2);
	assert_int_equal(f.rows, 502);
	assert_int_equal(f.dataset_rows, 2);
	assert_int_equal(f.predictions, 1);
	assert_int_equal(f.n_datasets, 1);
	assert_string_equal(f.datasets[0], l.set);
	assert_gone(w, &l);
	assert_true(files_hold(w->url, other, sizeof(other)) > 0);
	store_reopen(w);
	assert_gone(w, &l);
}

static const char *long_key(int i)
{
	static char key[64];

	snprintf(key, sizeof(key), "%08x/kq%04dzz-%.*s", (unsigned)tw_hash64(&i, 4, 1), i, i % 37,
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	return key;
}

/* Of cells that moved to another page when it was split: secure_delete alone leaves them. */
static void no_page_keeps_a_stale_copy(void **state)
{
	struct store_world *w = *state;
	struct tw_pass *p;
	struct tw_forgotten f;
	char text[256];
	uint64_t rnd = 1;

	assert_ok(tw_pass_begin(&p, w->fs, "s", &w->err), &w->err);
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "%*dq%04dzz", (int)(tw_random_u64(&rnd) % 120), 0, i);
		struct tw_document d = doc_of(long_key(i), text);
		assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	}
	assert_ok(tw_pass_end(p, true, NULL, &w->err), &w->err);
	for (int i = 0; i < 3000; i += 300) {
		assert_ok(tw_fs_forget(&f, w->fs, long_key(i), &w->a, &w->err), &w->err);
		assert_int_equal(f.revisions, 1);
		snprintf(text, sizeof(text), "q%04dzz", i);
		assert_int_equal(files_hold(w->url, text, strlen(text)), 0);
	}
}

static void forgetting_again_finds_nothing_and_names_the_datasets(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;
	struct left l = leave_traces(w);
	const char *refs[] = {l.id, "a", tw_strndup(&w->a, l.id, 8)};

	assert_ok(tw_fs_forget(&f, w->fs, l.id, &w->a, &w->err), &w->err);
	store_reopen(w);
	for (size_t i = 0; i < 3; i++) {
		assert_ok(tw_fs_forget(&f, w->fs, refs[i], &w->a, &w->err), &w->err);
		assert_string_equal(f.doc, l.id);
		assert_int_equal(f.revisions + f.rows + f.dataset_rows + f.predictions, 0);
		assert_int_equal(f.n_datasets, 1);
		assert_string_equal(f.datasets[0], l.set);
	}
	assert_int_equal(tw_fs_forget(&f, w->fs, "never", &w->a, &w->err), TW_NOT_FOUND);
	assert_contains(w->err.msg, "never");
}

/* collect() asserts that every document is taken; here one is not. */
static struct tw_pass_stats pass_over(struct store_world *w, const char *source, const char *key,
				      const char *text, enum tw_status expected)
{
	struct tw_pass *p;
	struct tw_pass_stats stats;
	struct tw_document d = doc_of(key, text);

	d.title = key; /* as a file without a title has */
	assert_ok(tw_pass_begin(&p, w->fs, source, &w->err), &w->err);
	assert_int_equal(tw_pass_put(p, &d, NULL, NULL), expected);
	assert_ok(tw_pass_end(p, true, &stats, &w->err), &w->err);
	return stats;
}

static size_t live(struct store_world *w)
{
	const struct tw_document_filter all = {0};
	struct tw_documents docs;

	assert_ok(tw_fs_documents(&docs, w->fs, &all, &w->a, &w->err), &w->err);
	return docs.n;
}

static void its_text_does_not_come_back_under_another_key(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;

	collect(w->fs, "s", "a", "an older zyxwvsecret", NULL);
	collect(w->fs, "s", "a", "a zyxwvsecret here\nand more", NULL);
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	store_reopen(w);
	const char *const texts[] = {"an older zyxwvsecret", "a zyxwvsecret here\nand more"};
	for (size_t i = 0; i < 2; i++) {
		struct tw_pass_stats s = pass_over(w, "s", "renamed", texts[i], TW_SKIPPED);
		assert_int_equal(s.skipped, 1);
		s = pass_over(w, "another", "a", texts[i], TW_SKIPPED);
		assert_int_equal(s.skipped + s.added, 1);
	}
	assert_int_equal(live(w), 0);
	pass_over(w, "another", "a", "something else", TW_OK);
	/* An edit that ends at the forgotten text is no way round. */
	pass_over(w, "another", "a", texts[1], TW_SKIPPED);
	assert_int_equal(live(w), 1);
	assert_int_equal(files_hold(w->url, secret, strlen(secret)), 0);
}

static void others_with_the_same_text_stay(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;

	collect(w->fs, "s", "a", "twice", "empty", "\n", NULL);
	pass_over(w, "t", "b", "twice", TW_OK);
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	assert_ok(tw_fs_forget(&f, w->fs, "empty", &w->a, &w->err), &w->err);
	struct tw_pass_stats s = pass_over(w, "t", "b", "twice", TW_OK);
	assert_int_equal(s.unchanged, 1);
	assert_int_equal(live(w), 1);
	/* Nothing is known by a text that says nothing. */
	pass_over(w, "u", "draft", "\n", TW_OK);
	assert_int_equal(live(w), 2);
}

static void a_tombstone_can_be_forgotten(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;
	struct left l = leave_traces(w);

	collect(w->fs, "s", "b", "harmless", NULL);
	materialize(w->fs, l.lines, "documents");
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	assert_int_equal(f.revisions, 3);
	assert_gone(w, &l);
}

/* Somebody computed rows, examples and an answer from it before, and stores them after. */
static void what_was_under_way_is_not_stored(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;
	struct tw_stale s;
	struct tw_rows rows, all;
	struct tw_datasets sets;
	int64_t changed;
	const struct tw_example e[] = {{.split = TW_TRAIN, .row_id = "r9", .messages = secret}};
	struct tw_example mine = e[0];
	const struct tw_examples examples = {&mine, 1};
	struct tw_dataset d = {.service = "", .seed = 9, .params = "{}", .stats = "{}"};

	collect(w->fs, "s", "a", "one", "b", "two", NULL);
	const char *v = declare(w->fs, "lines", "{}", text_schema, &w->a, "documents", NULL);
	const char *groups = declare(w->fs, "groups", "{}", text_schema, &w->a, "documents", NULL);
	const char *a = id_of(w->fs, "a", &w->a), *b = id_of(w->fs, "b", &w->a);
	assert_ok(tw_fs_stale(&s, w->fs, v, &w->a, &w->err), &w->err);
	assert_int_equal(s.n, 2);
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	for (size_t i = 0; i < s.n; i++) {
		tw_rows_init(&rows, text_schema, &w->a);
		add_text(&rows, s.at[i].doc, strcmp(s.at[i].doc, a) == 0 ? secret : "fine");
		const struct tw_doc_rows r = {s.at[i].doc, s.at[i].input_digest, &rows};
		assert_ok(tw_fs_commit(w->fs, v, &r, 1, i ? s.watermark : -1, &w->err), &w->err);
	}
	tw_rows_init(&rows, text_schema, &w->a);
	add_text(&rows, a, secret);
	add_text(&rows, b, "fine");
	assert_ok(tw_fs_replace(w->fs, groups, &rows, s.watermark, &changed, &w->err), &w->err);
	assert_int_equal(changed, 1);
	const char *views[] = {v, groups};
	for (size_t i = 0; i < 2; i++) {
		assert_ok(tw_fs_rows(&all, w->fs, views[i], a, &w->a, &w->err), &w->err);
		assert_int_equal(all.n, 0);
		assert_ok(tw_fs_rows(&all, w->fs, views[i], b, &w->a, &w->err), &w->err);
		assert_int_equal(all.n, 1);
	}
	mine.doc = a;
	assert_int_equal(tw_fs_dataset_put(&d, w->fs, &examples, &w->a, &w->err), TW_CONFLICT);
	assert_contains(w->err.msg, "forgotten");
	assert_ok(tw_fs_datasets(&sets, w->fs, &w->a, &w->err), &w->err);
	assert_int_equal(sets.n, 0);
	assert_int_equal(answer(w, a, secret), TW_CONFLICT);
	assert_contains(w->err.msg, "forgotten");
	tw_err_clear(&w->err);
	assert_ok(answer(w, b, "fine"), &w->err);
	assert_int_equal(files_hold(w->url, secret, strlen(secret)), 0);
}

static void models_of_its_datasets_can_be_marked(void **state)
{
	struct store_world *w = *state;
	struct tw_model_registry *mr;
	struct tw_model_version v = {.run = 1, .service = "s", .base_digest = "b", .adapter = "a"};
	struct tw_forgotten f;
	int64_t n = 0;
	struct left l = leave_traces(w);

	assert_ok(tw_mr_open(&mr, fresh_path("-registry.db"), &w->err), &w->err);
	v.dataset = l.set;
	assert_ok(tw_mr_model_put(&v, mr, &w->err), &w->err);
	v.dataset = "another";
	assert_ok(tw_mr_model_put(&v, mr, &w->err), &w->err);
	/* As if the process had died between the two: the second call still says which. */
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	assert_int_equal(f.n_datasets, 1);
	assert_ok(tw_mr_taint(mr, f.datasets[0], "forgotten", &n, &w->err), &w->err);
	assert_int_equal(n, 1);
	assert_ok(tw_mr_model(&v, mr, "v1", &w->a, &w->err), &w->err);
	assert_string_equal(v.tainted, "forgotten");
	assert_ok(tw_mr_model(&v, mr, "v2", &w->a, &w->err), &w->err);
	assert_string_equal(v.tainted, "");
	tw_mr_close(mr);
}

/* The rows are gone at once; taking them out of the files needs room for a copy of the store. */
static void a_full_disk_puts_off_only_the_files(void **state)
{
	struct store_world *w = *state;
	struct rlimit before, small;
	struct tw_forgotten f;
	struct tw_document d;
	char *body = malloc((2 << 20) + 1);

	memset(body, 'x', 2 << 20);
	body[2 << 20] = '\0';
	collect(w->fs, "s", "a", secret, "b", body, NULL);
	const char *id = id_of(w->fs, "a", &w->a);
	store_reopen(w);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 1 << 20;
	setrlimit(RLIMIT_FSIZE, &small);
	tw_log_set_level(TW_LOG_ERROR);
	enum tw_status st = tw_fs_forget(&f, w->fs, "a", &w->a, &w->err);
	tw_log_set_level(TW_LOG_INFO);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_ok(st, &w->err);
	assert_int_equal(f.revisions, 1);
	assert_int_equal(tw_fs_document(&d, w->fs, id, 0, &w->a, NULL), TW_NOT_FOUND);
	assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
	assert_int_equal(files_hold(w->url, secret, strlen(secret)), 0);
	assert_ok(tw_fs_document(&d, w->fs, "b", 0, &w->a, &w->err), &w->err);
	assert_int_equal(d.body.len, 2 << 20);
	free(body);
}

/* Kills it some time after it has begun; true when it was done by then. */
static bool forget_and_be_killed(const char *url, unsigned wait_us)
{
	int done[2], status;
	char c = 0;

	assert_int_equal(pipe(done), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct tw_feature_store *fs;
		struct tw_forgotten f;
		struct tw_arena a;
		tw_arena_init(&a);
		if (tw_fs_open(&fs, url, NULL) != TW_OK)
			_exit(1);
		bool ok =
			write(done[1], "o", 1) == 1 && tw_fs_forget(&f, fs, "a", &a, NULL) == TW_OK;
		ok = ok && write(done[1], "d", 1) == 1;
		pause();
		_exit(!ok);
	}
	close(done[1]);
	assert_int_equal(read(done[0], &c, 1), 1);
	usleep(wait_us);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	bool all = read(done[0], &c, 1) == 1;
	close(done[0]);
	return all;
}

static void one_that_was_killed_is_finished_by_the_next(void **state)
{
	struct store_world *w = *state;
	struct tw_forgotten f;
	struct left l = leave_traces(w);
	char first[512], command[2200];

	tw_fs_close(w->fs);
	w->fs = NULL;
	snprintf(first, sizeof(first), "%s", w->url);
	for (unsigned i = 0; i < 10; i++) {
		snprintf(w->url, sizeof(w->url), "%s", fresh_path(".db"));
		snprintf(command, sizeof(command),
			 "cp '%s' '%s' && cp -r '%s.vectors' '%s.vectors'", first, w->url, first,
			 w->url);
		assert_int_equal(system(command), 0);
		if (forget_and_be_killed(w->url, i * i * 900))
			assert_int_equal(files_hold(w->url, secret, strlen(secret)), 0);
		assert_ok(tw_fs_open(&w->fs, w->url, &w->err), &w->err);
		assert_ok(tw_fs_forget(&f, w->fs, "a", &w->a, &w->err), &w->err);
		assert_string_equal(f.doc, l.id);
		assert_int_equal(f.n_datasets, 1);
		assert_string_equal(f.datasets[0], l.set);
		assert_gone(w, &l);
		tw_fs_close(w->fs);
		w->fs = NULL;
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_of_it_is_left_in_any_file),
		T(no_page_keeps_a_stale_copy),
		T(forgetting_again_finds_nothing_and_names_the_datasets),
		T(its_text_does_not_come_back_under_another_key),
		T(others_with_the_same_text_stay),
		T(a_tombstone_can_be_forgotten),
		T(what_was_under_way_is_not_stored),
		T(models_of_its_datasets_can_be_marked),
		T(a_full_disk_puts_off_only_the_files),
		T(one_that_was_killed_is_finished_by_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
