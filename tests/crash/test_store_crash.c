/*
 * The stores under SIGKILL, a full disk and several processes: what was
 * acknowledged is there, nothing is half there, and finishing the work gives
 * what an undisturbed run gives.
 */
#include "support/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/time.h"
#include "core/dataset.h"
#include "core/model_registry.h"

#define SOURCES	    3
#define ROUNDS	    2	/* of collection: the second edits, removes and adds */
#define DOCS	    8	/* a source */
#define MANY	    260 /* in the first source: more than a batch of a pass */
#define COMMIT	    40	/* documents */
#define MODELS	    2
#define DEPLOYMENTS 3
#define VECTORS	    2060 /* enough for a segment, in the first round */
#define DIM	    4

struct stores {
	struct tw_feature_store *fs;
	struct tw_model_registry *mr;
	const char *lines, *vectors;
	struct tw_arena a;
	struct tw_err err;
	int ack; /* descriptor; -1: nobody asks */
};

struct paths {
	char fs[512], mr[512];
};

static struct paths fresh_paths(void)
{
	struct paths p;

	snprintf(p.fs, sizeof(p.fs), "%s", fresh_path(".db"));
	snprintf(p.mr, sizeof(p.mr), "%s", fresh_path("-registry.db"));
	return p;
}

/* --- the work: every step is skipped when it was done before --- */

#define TRY(call)                            \
	do {                                 \
		enum tw_status st_ = (call); \
		if (st_ != TW_OK)            \
			return st_;          \
	} while (0)

/* What the parent is told when a call has returned TW_OK. */
struct ack {
	char what;
	int i;
	int64_t value;
};

static void tell(struct stores *s, char what, int i, int64_t value)
{
	const struct ack a = {what, i, value};

	if (s->ack >= 0 && write(s->ack, &a, sizeof(a)) != sizeof(a))
		_exit(4);
}

static enum tw_status open_stores(struct stores *s, const struct paths *p)
{
	static const char *const inputs[] = {"documents"};
	struct tw_view lines = {.name = "lines", .digest = "linesdigest", .params = "{}"};
	struct tw_view vectors = {.name = "vectors", .digest = "vectorsdigest", .params = "{}"};

	TRY(tw_fs_open(&s->fs, p->fs, &s->err));
	TRY(tw_mr_open(&s->mr, p->mr, &s->err));
	lines.schema = text_schema;
	vectors.schema = vector_schema;
	lines.inputs = vectors.inputs = inputs;
	lines.n_inputs = vectors.n_inputs = 1;
	TRY(tw_fs_view_declare(&lines, s->fs, &s->err));
	TRY(tw_fs_view_declare(&vectors, s->fs, &s->err));
	s->lines = "linesdigest";
	s->vectors = "vectorsdigest";
	return TW_OK;
}

static void close_stores(struct stores *s)
{
	tw_mr_close(s->mr);
	tw_fs_close(s->fs);
	s->fs = NULL;
	s->mr = NULL;
	tw_arena_release(&s->a);
}

static const char *source_name(int i)
{
	static const char *const names[SOURCES] = {"notes", "blog", "mail"};

	return names[i];
}

static int docs_of(int source, int round)
{
	return (source == 0 ? MANY : DOCS) + round;
}

static enum tw_status collect_round(struct stores *s, int source, int round)
{
	char key[32], body[64], stamp[8];
	struct tw_pass *p;
	const char *done;

	TRY(tw_pass_begin(&p, s->fs, source_name(source), &s->err));
	done = tw_pass_state(p, "round");
	if (done && atoi(done) >= round) {
		tw_pass_abort(p);
		return TW_OK;
	}
	for (int i = 0; i < docs_of(source, round); i++) {
		/* The second round leaves out one, edits every third, adds one. */
		if (round == 1 && i == 2)
			continue;
		snprintf(key, sizeof(key), "%s-%d", source_name(source), i);
		snprintf(body, sizeof(body), "%s\nline %d", key, i % 3 ? 0 : round);
		struct tw_document d = doc_of(key, body);
		enum tw_status st = tw_pass_put(p, &d, NULL, &s->err);
		if (st != TW_OK) {
			tw_pass_abort(p);
			return st;
		}
	}
	snprintf(stamp, sizeof(stamp), "%d", round);
	tw_pass_set_state(p, "round", stamp);
	TRY(tw_pass_end(p, true, NULL, &s->err));
	tell(s, 'P', source, round);
	return TW_OK;
}

static void two_lines(struct tw_rows *out, const struct tw_rows *in, const char *doc)
{
	char *copy = tw_strdup(out->arena, tw_row_cstr(in, &in->at[0], "body")), *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		add_text(out, doc, l);
}

/* Some documents a commit; the last moves the watermark. */
static enum tw_status follow(struct stores *s)
{
	struct tw_stale stale;
	struct tw_doc_rows docs[COMMIT];
	struct tw_rows in, out[COMMIT];

	TRY(tw_fs_stale(&stale, s->fs, s->lines, &s->a, &s->err));
	for (size_t from = 0; from < stale.n || (from == 0 && stale.changed); from += COMMIT) {
		size_t n = 0;
		for (; n < COMMIT && from + n < stale.n; n++) {
			const struct tw_stale_doc *d = &stale.at[from + n];
			TRY(tw_fs_rows(&in, s->fs, "documents", d->doc, &s->a, &s->err));
			tw_rows_init(&out[n], text_schema, &s->a);
			if (d->input_digest[0])
				two_lines(&out[n], &in, d->doc);
			docs[n] = (struct tw_doc_rows){d->doc, d->input_digest, &out[n]};
		}
		bool last = from + n == stale.n;
		TRY(tw_fs_commit(s->fs, s->lines, docs, n, last ? stale.watermark : -1, &s->err));
		if (last)
			tell(s, 'W', 0, stale.watermark);
	}
	return TW_OK;
}

static size_t vectors_of(int round)
{
	return round ? 50 : VECTORS;
}

static enum tw_status put_cloud(struct stores *s, int i)
{
	struct tw_rows rows;
	struct tw_doc_rows d = {i ? "cloud-b" : "cloud-a", "x", &rows};
	float v[DIM];

	tw_rows_init(&rows, vector_schema, &s->a);
	for (size_t k = 0; k < vectors_of(i); k++) {
		fake_vector(v, DIM, (uint64_t)i, k);
		struct tw_row *r = tw_rows_add(&rows, d.doc);
		tw_row_set_vector(&rows, r, "vec", v, DIM);
		tw_row_set_int(&rows, r, "n", (int64_t)k);
	}
	TRY(tw_fs_commit(s->fs, s->vectors, &d, 1, -1, &s->err));
	tell(s, 'V', i, (int64_t)rows.n);
	return TW_OK;
}

static enum tw_status put_dataset(struct stores *s)
{
	struct tw_example e[40];
	const struct tw_examples examples = {e, 40};
	struct tw_dataset d = {.service = "s", .seed = 1, .params = "{}", .stats = "{}"};

	for (int i = 0; i < 40; i++)
		e[i] = (struct tw_example){.split = (enum tw_split)(i % 3),
					   .row_id = tw_sprintf(&s->a, "r%d", i),
					   .doc = "x",
					   .messages = "[]"};
	TRY(tw_fs_dataset_put(&d, s->fs, &examples, &s->a, &s->err));
	tell(s, 'D', d.number, 0);
	return TW_OK;
}

static enum tw_status deploy_models(struct stores *s)
{
	struct tw_model_versions models;
	struct tw_deployments deployments;
	int64_t run;

	TRY(tw_mr_run_start(&run, s->mr, "promote", "k", "{}", "{}", &s->err));
	TRY(tw_mr_models(&models, s->mr, &s->a, &s->err));
	for (int i = (int)models.n; i < MODELS; i++) {
		struct tw_model_version v = {.dataset = "d", .service = "s"};
		TRY(tw_mr_model_put(&v, s->mr, &s->err));
		tell(s, 'M', v.version, 0);
	}
	TRY(tw_mr_deployments(&deployments, s->mr, 0, &s->a, &s->err));
	for (int i = (int)deployments.n; i < DEPLOYMENTS; i++) {
		struct tw_deployment d = {.model = 1 + i % MODELS, .settings = "{}", .reason = "p"};
		TRY(tw_mr_deploy(&d, s->mr, &s->err));
		tell(s, 'A', d.model, d.revision);
	}
	TRY(tw_mr_run_end(s->mr, run, "done", "{}", "", &s->err));
	return TW_OK;
}

static enum tw_status work(struct stores *s)
{
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < SOURCES; i++)
			TRY(collect_round(s, i, round));
		TRY(follow(s));
		TRY(put_cloud(s, round));
	}
	TRY(put_dataset(s));
	return deploy_models(s);
}

/* --- what must hold at any moment --- */

static struct tw_view view_of(struct stores *s, const char *ref)
{
	struct tw_view v;

	assert_ok(tw_fs_view(&v, s->fs, ref, &s->a, &s->err), &s->err);
	return v;
}

static bool is_stale(const struct tw_stale *stale, const char *doc)
{
	for (size_t i = 0; i < stale->n; i++)
		if (strcmp(stale->at[i].doc, doc) == 0)
			return true;
	return false;
}

/* Counts are those of the rows; whoever is not said to be stale has the rows of what he is now. */
static void assert_view_agrees(struct stores *s)
{
	struct tw_view v = view_of(s, s->lines);
	struct tw_row_reader *r;
	struct tw_stale stale;
	struct tw_rows rows, doc, expected;
	int64_t docs = 0, lines = 0;

	assert_ok(tw_fs_stale(&stale, s->fs, s->lines, &s->a, &s->err), &s->err);
	assert_ok(tw_fs_reader(&r, s->fs, s->lines, &s->err), &s->err);
	while (r->next(r, &rows, &s->a, &s->err) == TW_OK) {
		docs++;
		lines += (int64_t)rows.n;
		if (is_stale(&stale, rows.at[0].doc))
			continue;
		assert_ok(tw_fs_rows(&doc, s->fs, "documents", rows.at[0].doc, &s->a, &s->err),
			  &s->err);
		assert_int_equal(doc.n, 1);
		tw_rows_init(&expected, text_schema, &s->a);
		two_lines(&expected, &doc, rows.at[0].doc);
		assert_string_equal(tw_rows_digest(&rows, 0, rows.n).hex,
				    tw_rows_digest(&expected, 0, expected.n).hex);
	}
	tw_fs_reader_close(r);
	assert_int_equal(docs, v.docs);
	assert_int_equal(lines, v.rows);
	/* All live documents are accounted for: they have rows or are stale. */
	struct tw_documents all;
	const struct tw_document_filter live = {.limit = 0};
	assert_ok(tw_fs_documents(&all, s->fs, &live, &s->a, &s->err), &s->err);
	int64_t due = 0;
	for (size_t i = 0; i < stale.n; i++) {
		assert_ok(tw_fs_rows(&rows, s->fs, s->lines, stale.at[i].doc, &s->a, &s->err),
			  &s->err);
		due += (stale.at[i].input_digest[0] != '\0') - (rows.n > 0);
	}
	assert_int_equal((int64_t)all.n, docs + due);
}

static int64_t one_int(const char *path, const char *sql)
{
	sqlite3 *h;
	sqlite3_stmt *q;

	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &q, NULL), SQLITE_OK);
	int64_t n = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
	sqlite3_finalize(q);
	sqlite3_close(h);
	return n;
}

static void assert_intact(const struct paths *p)
{
	static const char check[] =
		"SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
	sqlite3 *h;

	assert_int_equal(one_int(p->fs, check), 0);
	assert_int_equal(one_int(p->mr, check), 0);
	/* The full-text index against the rows. */
	assert_int_equal(sqlite3_open(p->fs, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h, "INSERT INTO f1 (f1, rank) VALUES ('integrity-check', 1)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(h);
}

static void assert_acknowledged(struct stores *s, const struct ack *a)
{
	struct tw_document d;
	struct tw_rows rows;
	struct tw_dataset set;
	struct tw_model_version v;
	struct tw_deployment dep;
	char ref[32];

	switch (a->what) {
	case 'P':
		snprintf(ref, sizeof(ref), "%s-%d", source_name(a->i),
			 docs_of(a->i, (int)a->value) - 1);
		assert_ok(tw_fs_document(&d, s->fs, ref, 0, &s->a, &s->err), &s->err);
		break;
	case 'W':
		assert_true(view_of(s, s->lines).watermark >= a->value);
		break;
	case 'V':
		assert_ok(tw_fs_rows(&rows, s->fs, s->vectors, a->i ? "cloud-b" : "cloud-a", &s->a,
				     &s->err),
			  &s->err);
		assert_int_equal(rows.n, a->value);
		break;
	case 'D':
		snprintf(ref, sizeof(ref), "%d", a->i);
		assert_ok(tw_fs_dataset(&set, s->fs, ref, &s->a, &s->err), &s->err);
		break;
	case 'M':
		snprintf(ref, sizeof(ref), "v%d", a->i);
		assert_ok(tw_mr_model(&v, s->mr, ref, &s->a, &s->err), &s->err);
		break;
	case 'A':
		assert_ok(tw_mr_deployment(&dep, s->mr, a->value, &s->a, &s->err), &s->err);
		assert_int_equal(dep.model, a->i);
		break;
	default:
		fail_msg("an acknowledgement of %d", a->what);
	}
}

/* The champion is the model of the last deployment, and each has its line in the history. */
static void assert_registry_agrees(struct stores *s)
{
	struct tw_deployments d;
	struct tw_alias_events e;
	struct tw_model_version v;
	struct tw_runs runs;

	assert_ok(tw_mr_deployments(&d, s->mr, 0, &s->a, &s->err), &s->err);
	assert_ok(tw_mr_alias_history(&e, s->mr, &s->a, &s->err), &s->err);
	assert_int_equal(d.n, e.n);
	for (size_t i = 0; i < d.n; i++)
		assert_int_equal(e.at[i].revision, d.at[i].revision);
	if (d.n) {
		assert_ok(tw_mr_model(&v, s->mr, "champion", &s->a, &s->err), &s->err);
		assert_int_equal(v.version, d.at[0].model);
	}
	assert_ok(tw_mr_runs(&runs, s->mr, NULL, 0, &s->a, &s->err), &s->err);
	for (size_t i = 0; i < runs.n; i++)
		assert_string_not_equal(runs.at[i].status, "running");
}

/* Of all that the work leaves, without times. */
static struct tw_digest digest_of(struct stores *s)
{
	static const char *const views[] = {"documents", "lines", "vectors"};
	struct tw_hasher *h = tw_hasher_new();
	struct tw_row_reader *r;
	struct tw_rows rows;
	struct tw_documents docs;
	struct tw_datasets sets;
	struct tw_deployments d;
	const struct tw_document_filter all = {.deleted = true};

	for (size_t i = 0; i < 3; i++) {
		assert_ok(tw_fs_reader(&r, s->fs, views[i], &s->err), &s->err);
		while (r->next(r, &rows, &s->a, &s->err) == TW_OK) {
			tw_digest_str(h, rows.at[0].doc);
			tw_digest_str(h, tw_rows_digest(&rows, 0, rows.n).hex);
			for (size_t k = 0; k < rows.n; k++)
				tw_digest_str(h, rows.at[k].id);
		}
		tw_fs_reader_close(r);
	}
	assert_ok(tw_fs_documents(&docs, s->fs, &all, &s->a, &s->err), &s->err);
	for (size_t i = 0; i < docs.n; i++) {
		tw_digest_str(h, docs.at[i].id);
		tw_digest_i64(h, docs.at[i].revision);
		tw_digest_i64(h, docs.at[i].deleted);
	}
	assert_ok(tw_fs_datasets(&sets, s->fs, &s->a, &s->err), &s->err);
	for (size_t i = 0; i < sets.n; i++)
		tw_digest_str(h, sets.at[i].id);
	assert_ok(tw_mr_deployments(&d, s->mr, 0, &s->a, &s->err), &s->err);
	for (size_t i = 0; i < d.n; i++)
		tw_digest_i64(h, d.at[i].revision * 100 + d.at[i].model);
	return tw_hasher_end(h);
}

static struct stores no_stores(void)
{
	struct stores s = {.ack = -1};

	tw_arena_init(&s.a);
	return s;
}

/* Does what is left of the work, and tells what came of it. */
static struct tw_digest finish(const struct paths *p)
{
	struct stores s = no_stores();

	assert_ok(open_stores(&s, p), &s.err);
	assert_ok(work(&s), &s.err);
	assert_view_agrees(&s);
	struct tw_digest d = digest_of(&s);
	close_stores(&s);
	return d;
}

/* --- killed --- */

/* 0: all of it was done; FULL_AND_ON: the disk was full, and the same handles went on when there was room again. */
#define FULL_AND_ON   10
#define FULL_AT_START 11

static int work_until_full(struct stores *s, const struct paths *p)
{
	const struct rlimit large = {RLIM_INFINITY, RLIM_INFINITY};
	enum tw_status st = open_stores(s, p);
	bool opened = st == TW_OK;

	if (opened)
		st = work(s);
	if (st == TW_OK)
		return 0;
	if (st != TW_IO || !strstr(s->err.msg, "disk")) {
		fprintf(stderr, "%s: %s\n", tw_status_name(st), s->err.msg);
		return 1;
	}
	if (!opened)
		return FULL_AT_START;
	tw_err_clear(&s->err);
	if (setrlimit(RLIMIT_FSIZE, &large) != 0 || work(s) != TW_OK) {
		fprintf(stderr, "later: %s\n", s->err.msg);
		return 2;
	}
	return FULL_AND_ON;
}

/* The work in a child; its acknowledgements come through *from. file_max 0: no limit. */
static pid_t begin_work(int *from, const struct paths *p, rlim_t file_max)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct stores s = no_stores();
		const struct rlimit small = {file_max, RLIM_INFINITY};
		close(ends[0]);
		s.ack = ends[1];
		signal(SIGXFSZ, SIG_IGN);
		if (file_max && setrlimit(RLIMIT_FSIZE, &small) != 0)
			_exit(5);
		signal(SIGSEGV, SIG_DFL); /* cmocka would go on with the next test, here */
		_exit(work_until_full(&s, p));
	}
	close(ends[1]);
	*from = ends[0];
	return pid;
}

static size_t read_acks(struct ack *acks, size_t cap, int from)
{
	size_t n = 0;

	while (n < cap && read(from, &acks[n], sizeof(*acks)) == sizeof(*acks))
		n++;
	close(from);
	return n;
}

static void check_after(const struct paths *p, const struct ack *acks, size_t n)
{
	struct stores s = no_stores();

	assert_ok(open_stores(&s, p), &s.err);
	for (size_t i = 0; i < n; i++)
		assert_acknowledged(&s, &acks[i]);
	assert_view_agrees(&s);
	assert_registry_agrees(&s);
	close_stores(&s);
	assert_intact(p);
}

/* Several at once, each in stores of its own: most of the time goes into waiting for the disk. */
#define TRIALS 6

struct trial {
	struct paths p;
	pid_t pid;
	int from;
	double at; /* seconds after the beginning at which it is killed */
};

static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

/* Begins the work of all, kills each at its moment, and looks at what is left. Returns how many were not done by then. */
static int kill_all(struct trial *t, double within, uint64_t *rnd)
{
	struct ack acks[64];
	double began = tw_monotonic_s();
	int left = TRIALS, cut = 0;

	for (int i = 0; i < TRIALS; i++) {
		t[i].pid = begin_work(&t[i].from, &t[i].p, 0);
		t[i].at = tw_random_unit(rnd) * within;
	}
	while (left) {
		double now = tw_monotonic_s() - began;
		for (int i = 0; i < TRIALS; i++)
			if (t[i].at >= 0 && t[i].at <= now) {
				kill(t[i].pid, SIGKILL);
				t[i].at = -1;
				left--;
			}
		usleep(100);
	}
	for (int i = 0; i < TRIALS; i++) {
		cut += wait_for(t[i].pid);
		check_after(&t[i].p, acks, read_acks(acks, 64, t[i].from));
	}
	return cut;
}

static void finish_all(struct trial *t, const struct tw_digest *expected)
{
	struct ack acks[64];

	for (int i = 0; i < TRIALS; i++)
		t[i].pid = begin_work(&t[i].from, &t[i].p, 0);
	for (int i = 0; i < TRIALS; i++) {
		assert_int_equal(wait_for(t[i].pid), 0);
		read_acks(acks, 64, t[i].from);
		assert_string_equal(finish(&t[i].p).hex, expected->hex);
	}
}

static void work_that_is_killed_anywhere_can_be_finished(void **state)
{
	(void)state;
	struct paths p = fresh_paths();
	double began = tw_monotonic_s();
	const struct tw_digest undisturbed = finish(&p);
	double whole = tw_monotonic_s() - began;
	uint64_t rnd = 1;
	int cut = 0;

	assert_string_equal(finish(&p).hex, undisturbed.hex);
	for (int round = 0; round < 3; round++) {
		struct trial t[TRIALS];
		for (int i = 0; i < TRIALS; i++)
			t[i].p = fresh_paths();
		cut += kill_all(t, whole * 1.2, &rnd);
		/* Now and then they are killed a second time. */
		if (round % 2)
			cut += kill_all(t, whole, &rnd);
		finish_all(t, &undisturbed);
	}
	assert_true(cut > 5);
}

static void a_full_disk_is_said_and_the_work_can_go_on(void **state)
{
	(void)state;
	struct paths p = fresh_paths();
	struct ack acks[64];
	struct tw_digest undisturbed = finish(&p);
	int said = 0;

	for (rlim_t size = 40 << 10; size < 600 << 10; size *= 2) {
		int from, status;
		p = fresh_paths();
		pid_t pid = begin_work(&from, &p, size);
		size_t n = read_acks(acks, 64, from);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		int code = WEXITSTATUS(status);
		assert_true(code == FULL_AND_ON || code == FULL_AT_START || code == 0);
		said += code != 0;
		check_after(&p, acks, n);
		assert_string_equal(finish(&p).hex, undisturbed.hex);
	}
	assert_true(said >= 3);
}

/* --- several processes --- */

#define GENERATIONS 40

/* Three documents a commit, all of one generation: whoever reads must see three of one. */
static int write_generations(const struct paths *p, const char *view, uint64_t who)
{
	static const char *const docs[] = {"a", "b", "c"};
	struct stores s = no_stores();

	if (tw_fs_open(&s.fs, p->fs, &s.err) != TW_OK)
		return 1;
	for (int g = 1; g <= GENERATIONS; g++) {
		struct tw_doc_rows d[3];
		struct tw_rows rows[3];
		for (int i = 0; i < 3; i++) {
			tw_rows_init(&rows[i], text_schema, &s.a);
			add_text(&rows[i], docs[i], tw_sprintf(&s.a, "gen%dx", g));
			add_text(&rows[i], docs[i], tw_sprintf(&s.a, "written by %d", (int)who));
			d[i] = (struct tw_doc_rows){docs[i], tw_sprintf(&s.a, "%d %d", (int)who, g),
						    &rows[i]};
		}
		if (tw_fs_commit(s.fs, view, d, 3, g, &s.err) != TW_OK) {
			fprintf(stderr, "%s\n", s.err.msg);
			return 2;
		}
	}
	close_stores(&s);
	return 0;
}

/* How many documents a whole read of the view gives; all are of one generation. */
static size_t read_generation(struct stores *s, const char *view)
{
	struct tw_row_reader *r;
	struct tw_rows rows;
	char first[32] = "";
	size_t docs = 0;

	assert_ok(tw_fs_reader(&r, s->fs, view, &s->err), &s->err);
	while (r->next(r, &rows, &s->a, &s->err) == TW_OK) {
		const char *text = tw_row_cstr(&rows, &rows.at[0], "text");
		assert_int_equal(rows.n, 2);
		if (docs++ == 0)
			snprintf(first, sizeof(first), "%s", text);
		assert_string_equal(text, first);
	}
	tw_fs_reader_close(r);
	if (docs) {
		struct tw_hits h;
		assert_ok(tw_fs_search_text(&h, s->fs, view, "written", 20, &s->a, &s->err),
			  &s->err);
		assert_int_equal(h.n, 3);
	}
	return docs;
}

static void writers_take_turns_and_readers_see_whole_commits(void **state)
{
	(void)state;
	struct paths p = fresh_paths();
	struct stores s = no_stores();
	pid_t pid[3];
	int status, running = 3;

	assert_ok(open_stores(&s, &p), &s.err);
	close_stores(&s);
	for (uint64_t i = 0; i < 3; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		/* Two write into one view, one into another. */
		if (pid[i] == 0)
			_exit(write_generations(&p, "linesdigest", i));
	}
	s = no_stores();
	assert_ok(open_stores(&s, &p), &s.err);
	while (running) {
		size_t docs = read_generation(&s, s.lines);
		assert_true(docs == 0 || docs == 3);
		for (int i = 0; i < 3; i++)
			if (pid[i] && waitpid(pid[i], &status, WNOHANG) == pid[i]) {
				assert_true(WIFEXITED(status));
				assert_int_equal(WEXITSTATUS(status), 0);
				pid[i] = 0;
				running--;
			}
		tw_arena_reset(&s.a);
	}
	assert_int_equal(read_generation(&s, s.lines), 3);
	assert_int_equal(view_of(&s, s.lines).docs, 3);
	assert_int_equal(view_of(&s, s.lines).watermark, GENERATIONS);
	close_stores(&s);
	assert_intact(&p);
}

static void two_that_start_at_once_make_one_store(void **state)
{
	(void)state;
	pid_t pid[4];
	int status;

	for (int round = 0; round < 4; round++) {
		struct paths p = fresh_paths();
		for (int i = 0; i < 4; i++) {
			pid[i] = fork();
			assert_true(pid[i] >= 0);
			if (pid[i] == 0) {
				struct stores s = no_stores();
				enum tw_status st = open_stores(&s, &p);
				if (st != TW_OK)
					fprintf(stderr, "%s\n", s.err.msg);
				close_stores(&s);
				_exit(st != TW_OK);
			}
		}
		for (int i = 0; i < 4; i++) {
			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			assert_true(WIFEXITED(status));
			assert_int_equal(WEXITSTATUS(status), 0);
		}
		assert_intact(&p);
		assert_int_equal(one_int(p.fs, "SELECT count(*) FROM views"), 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_that_is_killed_anywhere_can_be_finished),
		cmocka_unit_test(a_full_disk_is_said_and_the_work_can_go_on),
		cmocka_unit_test(writers_take_turns_and_readers_see_whole_commits),
		cmocka_unit_test(two_that_start_at_once_make_one_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
