/*
 * All transforms on a real store: what is computed again and what is not, and
 * that a pass which was cut short ends as one that was not.
 */
#include "feature_test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/str.h"
#include "feature/materialize.h"
#include "support/echo_models.h"
#include "support/store_fixture.h"

static const struct tw_transform_type *const all_types[] = {
	&tw_transform_clean,	  &tw_transform_scrub,
	&tw_transform_signatures, &tw_transform_duplicates,
	&tw_transform_chunks,	  &tw_transform_embeddings,
	&tw_transform_labels,	  &tw_transform_questions,
	&tw_transform_checks,	  NULL,
};

/* Opens models once; `embedder` is the configured one. */
struct models {
	const char *embedder;
	struct tw_embedder *embedders[2];
	struct tw_llm *llm;
	int failing; /* documents until the LLM fails for good; -1: never */
	int asked;
	bool stops; /* instead of failing, asks the program to stop */
};
static struct models models;

static enum tw_status counting_chat(struct tw_generation *out, void *ctx,
				    const struct tw_message *m, size_t n,
				    const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
				    struct tw_err *err)
{
	(void)ctx;
	(void)fn;
	(void)fn_ctx;
	(void)p;
	models.asked++;
	if (models.failing == 0 && !models.stops)
		return tw_fail(err, TW_NETWORK, "the model is gone");
	if (models.failing-- == 0)
		raise(SIGTERM);
	tw_str_addf(&out->text, "How many words are there, would you say, if not %zu?",
		    strlen(m[n - 1].content));
	out->finish = "stop";
	return TW_OK;
}

static struct tw_llm_type counting_llm;
static const struct tw_llm_type *const llms[] = {&counting_llm, NULL};

static enum tw_status give_llm(void *ctx, const char *spec, struct tw_llm **out, struct tw_err *err)
{
	static const struct tw_llm_options none;
	struct models *m = ctx;
	enum tw_status st = TW_OK;
	counting_llm = echo_llm;
	counting_llm.prefix = "counting";
	counting_llm.chat = counting_chat;
	if (!m->llm)
		st = tw_llm_open(&m->llm, llms, spec ? spec : "counting:", &none, err);
	*out = m->llm;
	return st;
}

static enum tw_status give_embedder(void *ctx, const char *spec, struct tw_embedder **out,
				    struct tw_err *err)
{
	static const struct tw_llm_options none;
	struct models *m = ctx;
	const char *want = spec && spec[0] ? spec : m->embedder;
	struct tw_embedder **slot = &m->embedders[strcmp(want, "echo:1") != 0];
	enum tw_status st = TW_OK;
	if (!*slot)
		st = tw_embedder_open(slot, echo_embedders, want, &none, err);
	*out = *slot;
	return st;
}

struct world {
	struct store_world *s;
	struct tw_feature_env env;
	struct tw_arena a;
	struct tw_err err;
	struct tw_config conf;
};

static void use_config(struct world *w, const char *json)
{
	struct tw_json *root;
	assert_ok(tw_json_parse(&root, json, strlen(json), &w->a, &w->err), &w->err);
	w->conf = (struct tw_config){.path = "twin.yaml", .dir = "/", .root = root};
	w->env.conf = &w->conf;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *s;
	if (store_setup(&s))
		return -1;
	w->s = s;
	tw_arena_init(&w->a);
	models = (struct models){.embedder = "echo:1", .failing = -1};
	w->env = (struct tw_feature_env){.fs = w->s->fs,
					 .types = all_types,
					 .llm = give_llm,
					 .embedder = give_embedder,
					 .models = &models,
					 .threads = 2};
	use_config(w, "{\"features\": {\"questions\": {\"share\": 1, \"min_words\": 10}}}");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	void *s = w->s;
	tw_llm_close(models.llm);
	tw_embedder_close(models.embedders[0]);
	tw_embedder_close(models.embedders[1]);
	tw_arena_release(&w->a);
	free(w);
	return store_teardown(&s);
}

/* --- documents --- */

static const char *body_for(struct world *w, int i, int edit)
{
	struct tw_str s = TW_STR_INIT;
	for (int k = 0; k < 6; k++)
		tw_str_addf(
			&s,
			"The %dth shop note, part %d, says that chain number %d is worn by %d tenths. ",
			i, k, i * 7 + k, i + edit * 1000);
	tw_str_addf(&s, "Write to shop%d@ropewalk.scot for the rest of it.", i);
	const char *text = tw_str_dup(&s, &w->a);
	tw_str_release(&s);
	return text;
}

/* Documents 0 to n - 1 but `gone`; `edited` has another text. -1: none. */
static void collect_notes(struct world *w, struct tw_feature_store *fs, int n, int edited, int gone)
{
	struct tw_pass_stats stats;
	struct tw_pass *p;
	assert_ok(tw_pass_begin(&p, fs, "notes", &w->err), &w->err);
	for (int i = 0; i < n; i++) {
		if (i == gone)
			continue;
		struct tw_document d =
			doc_of(tw_sprintf(&w->a, "note%03d", i), body_for(w, i, i == edited));
		assert_ok(tw_pass_put(p, &d, NULL, &w->err), &w->err);
	}
	assert_ok(tw_pass_end(p, true, &stats, &w->err), &w->err);
}

/* --- passes --- */

struct pass {
	struct tw_views views;
	struct tw_materialize_stats stats[16]; /* of views.at[i] */
};

static enum tw_status run(struct pass *p, struct world *w)
{
	enum tw_status st = tw_features_declare(&p->views, &w->env, &w->a, &w->err);
	for (size_t i = 0; st == TW_OK && i < p->views.n; i++)
		st = tw_materialize(&p->stats[i], &w->env, p->views.at[i].digest, &w->err);
	return st;
}

static struct pass run_ok(struct world *w)
{
	struct pass p = {0};
	assert_ok(run(&p, w), &w->err);
	return p;
}

static size_t index_of(const struct pass *p, const char *view)
{
	for (size_t i = 0; i < p->views.n; i++)
		if (strcmp(p->views.at[i].name, view) == 0)
			return i;
	fail_msg("no view %s", view);
	return 0;
}

static struct tw_materialize_stats stats_of(const struct pass *p, const char *view)
{
	return p->stats[index_of(p, view)];
}

static const char *digest_of(const struct pass *p, const char *view)
{
	return p->views.at[index_of(p, view)].digest;
}

/* All rows of all views, as JSON lines with their ids. */
static const char *dump(struct world *w, struct tw_feature_store *fs, const struct pass *p)
{
	struct tw_str s = TW_STR_INIT;
	for (size_t v = 0; v < p->views.n; v++) {
		struct tw_row_reader *r;
		struct tw_rows rows;
		tw_str_addf(&s, "%s\n", p->views.at[v].name);
		assert_ok(tw_fs_reader(&r, fs, p->views.at[v].digest, &w->err), &w->err);
		while (r->next(r, &rows, &w->a, &w->err) == TW_OK)
			for (size_t i = 0; i < rows.n; i++) {
				struct tw_json_writer j;
				tw_jw_init(&j, &s);
				tw_row_json(&j, &rows, &rows.at[i]);
				tw_str_addc(&s, '\n');
			}
		tw_fs_reader_close(r);
	}
	const char *text = tw_str_dup(&s, &w->a);
	tw_str_release(&s);
	return text;
}

/* Of a store of its own with the same documents, in one pass. */
static const char *undisturbed(struct world *w, int n, int edited, int gone)
{
	struct tw_feature_store *fs, *before = w->env.fs;
	struct models kept = models;
	assert_ok(tw_fs_open(&fs, fresh_path(".db"), &w->err), &w->err);
	models.failing = -1;
	collect_notes(w, fs, n, edited, gone);
	w->env.fs = fs;
	const struct pass p = run_ok(w);
	const char *rows = dump(w, fs, &p);
	w->env.fs = before;
	models.failing = kept.failing;
	models.asked = kept.asked;
	tw_fs_close(fs);
	return rows;
}

/* --- promises --- */

/* So many that the size of a batch, doubled each time, would have no bits left. */
static void many_documents_come_to_an_end(void **state)
{
	enum { N = 4500 };
	struct world *w = *state;
	struct pass p = {0};
	collect_notes(w, w->env.fs, N, -1, -1);
	assert_ok(tw_features_declare(&p.views, &w->env, &w->a, &w->err), &w->err);
	struct tw_materialize_stats stats;
	assert_ok(tw_materialize(&stats, &w->env, digest_of(&p, "clean"), &w->err), &w->err);
	assert_int_equal(stats.computed, N);
}

static void a_second_pass_computes_nothing(void **state)
{
	struct world *w = *state;
	collect_notes(w, w->env.fs, 30, -1, -1);
	const struct pass first = run_ok(w);
	assert_int_equal(first.views.n, 9);
	for (size_t i = 0; i < first.views.n; i++)
		assert_true(first.stats[i].computed == 30 ||
			    strcmp(first.views.at[i].name, "checks") == 0);
	int asked = models.asked;
	assert_int_equal(asked, 30);
	const char *rows = dump(w, w->env.fs, &first);
	const struct pass second = run_ok(w);
	for (size_t i = 0; i < second.views.n; i++) {
		assert_string_equal(second.views.at[i].digest, first.views.at[i].digest);
		assert_int_equal(second.stats[i].computed, 0);
		assert_int_equal(second.stats[i].removed, 0);
	}
	assert_int_equal(stats_of(&second, "chunks").unchanged, 30);
	assert_int_equal(models.asked, asked);
	assert_string_equal(dump(w, w->env.fs, &second), rows);
}

static void an_edit_computes_its_document_alone(void **state)
{
	static const char *const views[] = {"clean",  "scrub",	    "signatures", "chunks",
					    "labels", "embeddings", "questions"};
	struct world *w = *state;
	collect_notes(w, w->env.fs, 30, -1, -1);
	run_ok(w);
	collect_notes(w, w->env.fs, 30, 7, -1);
	int asked = models.asked;
	const struct pass p = run_ok(w);
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		assert_int_equal(stats_of(&p, views[i]).computed, 1);
		assert_int_equal(stats_of(&p, views[i]).unchanged, 29);
	}
	assert_int_equal(models.asked, asked + 1);
	assert_string_equal(dump(w, w->env.fs, &p), undisturbed(w, 30, 7, -1));
}

static void a_removed_document_leaves_every_view(void **state)
{
	struct world *w = *state;
	collect_notes(w, w->env.fs, 12, -1, -1);
	struct pass p = run_ok(w);
	const char *gone = id_of(w->env.fs, "note005", &w->a);
	assert_contains(dump(w, w->env.fs, &p), gone);
	collect_notes(w, w->env.fs, 12, -1, 5);
	p = run_ok(w);
	assert_int_equal(stats_of(&p, "clean").removed, 1);
	assert_int_equal(stats_of(&p, "embeddings").removed, 1);
	assert_int_equal(stats_of(&p, "clean").computed, 0);
	assert_lacks(dump(w, w->env.fs, &p), gone);
	assert_string_equal(dump(w, w->env.fs, &p), undisturbed(w, 12, -1, 5));
}

/* The canonical document of a group goes: the other one gets chunks and labels. */
static void the_next_of_its_group_takes_the_place_of_a_removed_document(void **state)
{
	struct world *w = *state;
	const char *same = body_for(w, 1, 0);
	collect(w->env.fs, "s", "a", same, "b", same, "c", body_for(w, 2, 0), NULL);
	struct pass p = run_ok(w);
	const char *a = id_of(w->env.fs, "a", &w->a), *b = id_of(w->env.fs, "b", &w->a);
	const char *first = strcmp(a, b) < 0 ? a : b, *second = first == a ? b : a;
	struct tw_rows rows;
	assert_ok(tw_fs_rows(&rows, w->env.fs, digest_of(&p, "chunks"), second, &w->a, &w->err),
		  &w->err);
	assert_int_equal(rows.n, 0);
	collect(w->env.fs, "s", first == a ? "b" : "a", same, "c", body_for(w, 2, 0), NULL);
	p = run_ok(w);
	assert_ok(tw_fs_rows(&rows, w->env.fs, digest_of(&p, "chunks"), second, &w->a, &w->err),
		  &w->err);
	assert_int_equal(rows.n, 1);
}

static void a_model_that_fails_costs_only_its_document(void **state)
{
	struct world *w = *state;
	struct pass p = {0};
	collect_notes(w, w->env.fs, 20, -1, -1);
	models.failing = 8;
	assert_int_equal(run(&p, w), TW_NETWORK);
	assert_contains(w->err.msg, "the model is gone");
	tw_err_clear(&w->err);
	models.failing = -1;
	int asked = models.asked; /* eight answers, and one that failed */
	assert_int_equal(asked, 9);
	p = run_ok(w);
	assert_int_equal(models.asked - asked, 12);
	assert_int_equal(stats_of(&p, "questions").computed, 12);
	assert_string_equal(dump(w, w->env.fs, &p), undisturbed(w, 20, -1, -1));
}

/* In a process of its own: a stop that was asked for is never taken back. */
static int stopped_child(struct world *w, const char *url)
{
	struct pass p = {0};
	tw_stop_install();
	models.stops = true;
	models.failing = 8;
	if (tw_fs_open(&w->env.fs, url, &w->err) != TW_OK)
		return 2;
	enum tw_status st = run(&p, w);
	tw_fs_close(w->env.fs);
	if (st != TW_CANCELLED || !strstr(w->err.msg, "stopped after 9 of 20 documents"))
		return 3;
	return 0;
}

static void a_pass_that_was_stopped_goes_on_where_it_was(void **state)
{
	struct world *w = *state;
	int status;
	collect_notes(w, w->env.fs, 20, -1, -1);
	tw_fs_close(w->s->fs);
	w->s->fs = NULL;
	pid_t child = fork();
	if (!child)
		_exit(stopped_child(w, w->s->url));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_ok(tw_fs_open(&w->s->fs, w->s->url, &w->err), &w->err);
	w->env.fs = w->s->fs;
	const struct pass p = run_ok(w);
	assert_int_equal(stats_of(&p, "clean").computed, 0);
	assert_int_equal(stats_of(&p, "questions").computed, 11);
	assert_int_equal(models.asked, 11);
	assert_string_equal(dump(w, w->env.fs, &p), undisturbed(w, 20, -1, -1));
}

/* --- a transform that fails --- */

static struct {
	const char *bad; /* text of the document that fails */
	enum tw_status st;
} faulty;

static const struct tw_field faulty_schema[] = {{"n", TW_FIELD_INT, 0, "bytes"}, {0}};
static const char *const faulty_inputs[] = {"documents", NULL};

static enum tw_status faulty_apply(struct tw_rows *out, void *ctx, const char *doc,
				   const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	(void)ctx;
	(void)a;
	const char *body = tw_row_cstr(&in[0], &in[0].at[0], "body");
	struct tw_row *r = tw_rows_add(out, doc);
	tw_row_set_int(out, r, "n", (int64_t)strlen(body));
	if (faulty.bad && strstr(body, faulty.bad))
		return tw_fail(err, faulty.st, "it is faulty");
	return TW_OK;
}

static struct tw_transform_type faulty_type = {
	.name = "faulty",
	.help = "fails where a test wants it",
	.code_version = 1,
	.inputs = faulty_inputs,
	.schema = faulty_schema,
	.apply = faulty_apply,
};
static const struct tw_transform_type *const faulty_types[] = {&faulty_type, NULL};

static void use_faulty(struct world *w, unsigned flags)
{
	w->env.types = faulty_types;
	w->env.conf = NULL;
	faulty_type.flags = flags;
	faulty.bad = NULL;
}

/* At each place of 150 documents, on one thread and on four. */
static void a_pass_that_failed_anywhere_ends_as_one_that_did_not(void **state)
{
	struct world *w = *state;
	static const int places[] = {0, 1, 63, 64, 100, 149};
	const char *want = NULL;
	for (int threads = 1; threads <= 4; threads += 3)
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			struct tw_feature_store *fs;
			struct pass p = {0};
			assert_ok(tw_fs_open(&fs, fresh_path(".db"), &w->err), &w->err);
			collect_notes(w, fs, 150, -1, -1);
			use_faulty(w, 0);
			w->env.fs = fs;
			w->env.threads = threads;
			faulty.bad = tw_sprintf(&w->a, "The %dth shop", places[i]);
			faulty.st = TW_IO;
			assert_int_equal(run(&p, w), TW_IO);
			assert_contains(w->err.msg, "it is faulty");
			tw_err_clear(&w->err);
			int64_t kept = p.stats[0].computed;
			faulty.bad = NULL;
			p = run_ok(w);
			assert_int_equal(p.stats[0].computed, 150 - kept);
			const char *rows = dump(w, fs, &p);
			if (!want)
				want = rows;
			assert_string_equal(rows, want);
			tw_fs_close(fs);
		}
	w->env.fs = w->s->fs;
}

static void a_document_that_cannot_be_read_has_no_rows(void **state)
{
	struct world *w = *state;
	collect_notes(w, w->env.fs, 10, -1, -1);
	use_faulty(w, 0);
	faulty.bad = "The 4th shop";
	faulty.st = TW_BAD_DATA;
	tw_log_set_level(TW_LOG_ERROR);
	struct pass p = run_ok(w);
	tw_log_set_level(TW_LOG_INFO);
	assert_int_equal(p.stats[0].computed, 10);
	assert_int_equal(p.stats[0].bad, 1);
	struct tw_rows rows;
	assert_ok(tw_fs_rows(&rows, w->env.fs, digest_of(&p, "faulty"),
			     id_of(w->env.fs, "note004", &w->a), &w->a, &w->err),
		  &w->err);
	assert_int_equal(rows.n, 0); /* not the half of one either */
	p = run_ok(w);
	assert_int_equal(p.stats[0].computed, 0); /* it is as it was: not read again */
}

static void what_a_model_got_wrong_is_asked_again(void **state)
{
	struct world *w = *state;
	struct pass p = {0};
	collect_notes(w, w->env.fs, 10, -1, -1);
	use_faulty(w, TW_NEEDS_LLM | TW_SERIAL);
	faulty.bad = "The 4th shop";
	faulty.st = TW_BAD_DATA;
	assert_int_equal(run(&p, w), TW_IO);
	tw_err_clear(&w->err);
	faulty.bad = NULL;
	run_ok(w);
}

static void threads_make_no_difference(void **state)
{
	struct world *w = *state;
	collect_notes(w, w->env.fs, 70, -1, -1);
	w->env.threads = 4;
	const struct pass p = run_ok(w);
	w->env.threads = 1;
	assert_string_equal(dump(w, w->env.fs, &p), undisturbed(w, 70, -1, -1));
}

/* --- identity --- */

static void another_model_is_another_view(void **state)
{
	struct world *w = *state;
	collect_notes(w, w->env.fs, 5, -1, -1);
	const struct pass one = run_ok(w);
	models.embedder = "echo:2";
	const struct pass two = run_ok(w);
	assert_string_not_equal(digest_of(&one, "embeddings"), digest_of(&two, "embeddings"));
	assert_int_equal(two.views.at[index_of(&two, "embeddings")].version, 2);
	assert_int_equal(stats_of(&two, "embeddings").computed, 5);
	/* Its tokenizer is the same one, so the chunks are. */
	assert_string_equal(digest_of(&one, "chunks"), digest_of(&two, "chunks"));
	assert_int_equal(stats_of(&two, "chunks").computed, 0);
	/* The view of the first model is still brought up to date with the first model. */
	struct tw_materialize_stats stats;
	collect_notes(w, w->env.fs, 6, -1, -1);
	struct tw_views closure;
	assert_ok(
		tw_view_closure(&closure, w->env.fs, digest_of(&one, "embeddings"), &w->a, &w->err),
		&w->err);
	for (size_t i = 0; i < closure.n; i++)
		assert_ok(tw_materialize(&stats, &w->env, closure.at[i].digest, &w->err), &w->err);
	assert_int_equal(stats.computed, 1);
}

static void an_option_changes_its_view_and_those_behind_it(void **state)
{
	static const char *const same[] = {"clean", "scrub", "signatures", "duplicates", "labels"};
	static const char *const others[] = {"chunks", "embeddings", "checks"};
	struct world *w = *state;
	collect_notes(w, w->env.fs, 5, -1, -1);
	use_config(w, "{\"features\": {}}");
	const struct pass one = run_ok(w);
	use_config(w, "{\"features\": {\"chunks\": {\"max_tokens\": 100}}}");
	const struct pass two = run_ok(w);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_string_equal(digest_of(&one, same[i]), digest_of(&two, same[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_string_not_equal(digest_of(&one, others[i]), digest_of(&two, others[i]));
	use_config(w, "{\"features\": {\"chunks\": {\"max_tokens\": 200}}}"); /* the default */
	const struct pass three = run_ok(w);
	assert_string_equal(digest_of(&one, "chunks"), digest_of(&three, "chunks"));
}

static void a_view_of_another_code_version_says_so(void **state)
{
	struct world *w = *state;
	struct tw_materialize_stats stats;
	struct tw_transform_type newer = tw_transform_clean;
	const struct tw_transform_type *const types[] = {&newer, NULL};
	collect_notes(w, w->env.fs, 3, -1, -1);
	const struct pass p = run_ok(w);
	collect_notes(w, w->env.fs, 4, -1, -1);
	newer.code_version++;
	w->env.types = types;
	assert_int_equal(tw_materialize(&stats, &w->env, digest_of(&p, "clean"), &w->err),
			 TW_UNSUPPORTED);
	assert_contains(w->err.msg, "clean@v1 cannot be backfilled");
}

static void views_come_in_the_order_of_their_inputs(void **state)
{
	struct world *w = *state;
	struct tw_views views;
	assert_ok(tw_features_declare(&views, &w->env, &w->a, &w->err), &w->err);
	assert_int_equal(views.n, 9);
	for (size_t i = 0; i < views.n; i++)
		for (size_t k = 0; k < views.at[i].n_inputs; k++) {
			bool before = strcmp(views.at[i].inputs[k], "documents") == 0;
			for (size_t j = 0; j < i; j++)
				before = before ||
					 strcmp(views.at[j].digest, views.at[i].inputs[k]) == 0;
			assert_true(before);
		}
}

static void wrong_settings_are_refused_by_name(void **state)
{
	struct world *w = *state;
	struct tw_views views;
	use_config(w, "{\"features\": {\"chunk\": {}}}");
	assert_int_equal(tw_features_declare(&views, &w->env, &w->a, &w->err), TW_BAD_USE);
	assert_contains(w->err.msg, "unknown feature view \"chunk\"");
	tw_err_clear(&w->err);
	use_config(w, "{\"features\": {\"chunks\": {\"max_token\": 3}}}");
	assert_int_equal(tw_features_declare(&views, &w->env, &w->a, &w->err), TW_BAD_USE);
	assert_contains(w->err.msg, "max_token");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(many_documents_come_to_an_end),
		TEST(a_second_pass_computes_nothing),
		TEST(an_edit_computes_its_document_alone),
		TEST(a_removed_document_leaves_every_view),
		TEST(the_next_of_its_group_takes_the_place_of_a_removed_document),
		TEST(a_model_that_fails_costs_only_its_document),
		TEST(a_pass_that_was_stopped_goes_on_where_it_was),
		TEST(a_pass_that_failed_anywhere_ends_as_one_that_did_not),
		TEST(a_document_that_cannot_be_read_has_no_rows),
		TEST(what_a_model_got_wrong_is_asked_again),
		TEST(threads_make_no_difference),
		TEST(another_model_is_another_view),
		TEST(an_option_changes_its_view_and_those_behind_it),
		TEST(a_view_of_another_code_version_says_so),
		TEST(views_come_in_the_order_of_their_inputs),
		TEST(wrong_settings_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
