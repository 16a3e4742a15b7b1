/* Expectations about the other views: what each counts, and what stops a run. */
#include "feature_test.h"

#include "feature/materialize.h"
#include "support/store_fixture.h"

enum { CLEAN, SCRUB, DUPLICATES, CHUNKS, LABELS, QUESTIONS, INPUTS };

/* The six inputs, over `n` documents with nothing wrong. */
struct world {
	struct tw_arena a;
	struct tw_rows in[INPUTS];
};

static const char text[] = "One sentence of the author's own, which is long enough to count here.";

static const char *doc_name(struct world *w, int i)
{
	return tw_sprintf(&w->a, "doc%02d", i);
}

static void add_document(struct world *w, int i)
{
	const char *id = doc_name(w, i);
	struct tw_row *r = tw_rows_add(&w->in[CLEAN], id);
	tw_row_set_str(&w->in[CLEAN], r, "lang", "en");
	tw_row_set_int(&w->in[CLEAN], r, "words", 13);
	tw_row_set_real(&w->in[CLEAN], r, "removed", 0.1);
	r = tw_rows_add(&w->in[SCRUB], id);
	tw_row_set_str(&w->in[SCRUB], r, "text", text);
	tw_row_set_str(&w->in[SCRUB], r, "findings", "{\"email\":2}");
	r = tw_rows_add(&w->in[DUPLICATES], id);
	tw_row_set_int(&w->in[DUPLICATES], r, "canonical", 1);
	r = tw_rows_add(&w->in[CHUNKS], id);
	tw_row_set_int(&w->in[CHUNKS], r, "tokens", 200);
	tw_row_set_int(&w->in[CHUNKS], r, "budget", 200);
	r = tw_rows_add(&w->in[LABELS], id);
	tw_row_set_str(&w->in[LABELS], r, "instruction", "What is it?");
	tw_row_set_str(&w->in[LABELS], r, "answer", "the author's own");
	r = tw_rows_add(&w->in[QUESTIONS], id);
	tw_row_set_str(&w->in[QUESTIONS], r, "instruction", "Whose is it?");
	tw_row_set_str(&w->in[QUESTIONS], r, "answer", "long enough");
	tw_row_set_str(&w->in[QUESTIONS], r, "status", "ok");
}

static int set_up(void **state)
{
	static const struct tw_transform_type *const types[INPUTS] = {
		&tw_transform_clean,  &tw_transform_scrub,  &tw_transform_duplicates,
		&tw_transform_chunks, &tw_transform_labels, &tw_transform_questions};
	struct world *w = calloc(1, sizeof(*w));
	tw_arena_init(&w->a);
	for (int i = 0; i < INPUTS; i++)
		tw_rows_init(&w->in[i], types[i]->schema, &w->a);
	for (int i = 0; i < 10; i++)
		add_document(w, i);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	tw_arena_release(&w->a);
	free(w);
	return 0;
}

static struct tw_rows checked(struct world *w, const char *params)
{
	return apply_all(&w->a, &tw_transform_checks, params, w->in, INPUTS);
}

static const struct tw_row *find(const struct tw_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->n; i++)
		if (strcmp(tw_row_cstr(rows, &rows->at[i], "name"), name) == 0)
			return &rows->at[i];
	fail_msg("no check is named %s", name);
	return NULL;
}

static void assert_check(struct world *w, const char *params, const char *name, double value,
			 bool ok)
{
	const struct tw_rows rows = checked(w, params);
	const struct tw_row *r = find(&rows, name);
	double got = tw_row_real(&rows, r, "value");
	if (got < value - 1e-9 || got > value + 1e-9 || tw_row_int(&rows, r, "ok") != ok)
		fail_msg("%s is %g, %s: %s", name, got,
			 tw_row_int(&rows, r, "ok") ? "ok" : "not ok",
			 tw_row_cstr(&rows, r, "detail"));
}

static void good_data_passes_every_check(void **state)
{
	struct world *w = *state;
	const struct tw_rows rows = checked(w, NULL);
	assert_int_equal(rows.n, 11);
	for (size_t i = 0; i < rows.n; i++) {
		assert_string_equal(rows.at[i].doc, "");
		assert_int_equal(tw_row_int(&rows, &rows.at[i], "ok"), 1);
		if (strcmp(tw_row_cstr(&rows, &rows.at[i], "name"), "removed") != 0)
			assert_true(tw_row_real(&rows, &rows.at[i], "value") == 0);
	}
	assert_true(tw_row_real(&rows, find(&rows, "removed"), "value") > 0.09);
}

static void nothing_at_all_passes_too(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < INPUTS; i++)
		w->in[i].n = 0;
	const struct tw_rows rows = checked(w, NULL);
	for (size_t i = 0; i < rows.n; i++)
		assert_int_equal(tw_row_int(&rows, &rows.at[i], "ok"), 1);
}

static void set_int(struct world *w, int view, int doc, const char *field, int64_t v)
{
	tw_row_set_int(&w->in[view], &w->in[view].at[doc], field, v);
}

static void set_str(struct world *w, int view, int doc, const char *field, const char *v)
{
	tw_row_set_str(&w->in[view], &w->in[view].at[doc], field, v);
}

/* Three of ten documents have what is wrong: .3. */
static void each_check_counts_its_own_fault(void **state)
{
	static const struct {
		const char *name;
		int view;
		const char *field, *text;
		int64_t i;
	} faults[] = {
		{"empty", SCRUB, "text", "", 0},
		{"short", CLEAN, "words", NULL, 9},
		{"other_language", CLEAN, "lang", "de", 0},
		{"duplicates", DUPLICATES, "canonical", NULL, 0},
		{"over_budget", CHUNKS, "tokens", NULL, 201},
		{"secrets", SCRUB, "findings", "{\"key\":1,\"password\":1}", 0},
		{"filtered_questions", QUESTIONS, "status", "copied", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		void *state_of_it;
		set_up(&state_of_it);
		struct world *w = state_of_it;
		for (int doc = 0; doc < 3; doc++) {
			if (faults[i].text)
				set_str(w, faults[i].view, doc, faults[i].field, faults[i].text);
			else
				set_int(w, faults[i].view, doc, faults[i].field, faults[i].i);
		}
		const char *name = faults[i].name;
		assert_check(w, tw_sprintf(&w->a, "{\"max_%s\": 0.3}", name), name, 0.3, true);
		assert_check(w, tw_sprintf(&w->a, "{\"max_%s\": 0.25}", name), name, 0.3, false);
		tear_down(&state_of_it);
	}
}

/* Of the twenty pairs, ten from headings and ten of the LLM. */
static void answers_are_compared_with_the_text(void **state)
{
	struct world *w = *state;
	set_str(w, LABELS, 4, "answer", "the authors own");
	set_str(w, QUESTIONS, 5, "answer", "");
	assert_check(w, NULL, "not_verbatim", 0.1, false);
	assert_check(w, "{\"max_not_verbatim\": 0.1}", "not_verbatim", 0.1, true);
	set_str(w, QUESTIONS, 5, "status", "copied"); /* not used, so it does not count */
	assert_check(w, NULL, "not_verbatim", 1.0 / 19, false);
}

static void a_question_must_not_hold_its_answer(void **state)
{
	struct world *w = *state;
	set_str(w, LABELS, 4, "instruction", "What is the author's own?");
	assert_check(w, NULL, "leaks", 0.05, false);
	set_int(w, DUPLICATES, 5, "canonical", 0); /* and both pairs of a duplicate */
	assert_check(w, NULL, "leaks", 0.15, false);
}

static void a_text_needs_a_chunk(void **state)
{
	struct world *w = *state;
	w->in[CHUNKS].n = 8;
	assert_check(w, NULL, "without_chunks", 0.2, false);
	set_str(w, SCRUB, 9, "text", ""); /* nothing to cut */
	assert_check(w, NULL, "without_chunks", 0.1, true);
	set_int(w, DUPLICATES, 8, "canonical", 0); /* another document stands for it */
	assert_check(w, NULL, "without_chunks", 0, true);
}

static void what_cleaning_takes_away_is_averaged(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 10; i++)
		tw_row_set_real(&w->in[CLEAN], &w->in[CLEAN].at[i], "removed", i < 5 ? 0.5 : 1);
	assert_check(w, NULL, "removed", 0.75, false);
	assert_check(w, "{\"max_removed\": 0.8}", "removed", 0.75, true);
}

static void one_document_is_no_statistic(void **state)
{
	struct world *w = *state;
	set_str(w, SCRUB, 0, "text", "");
	assert_check(w, "{\"max_empty\": 0.01}", "empty", 0.1, true);
	assert_check(w, "{\"max_empty\": 0}", "empty", 0.1, false);
}

static void the_first_documents_are_named(void **state)
{
	struct world *w = *state;
	for (int doc = 1; doc < 8; doc++)
		set_str(w, SCRUB, doc, "text", "");
	const struct tw_rows rows = checked(w, NULL);
	assert_string_equal(tw_row_cstr(&rows, find(&rows, "empty"), "detail"),
			    "7 of 10 documents have no text: doc01, doc02, doc03, doc04, doc05, …");
}

/* --- in the store --- */

static const char *store_checks(struct store_world *s, const struct tw_rows *rows)
{
	const char *view = declare(s->fs, "checks", "{}", tw_transform_checks.schema, &s->a,
				   "documents", NULL);
	int64_t changed;
	assert_ok(tw_fs_replace(s->fs, view, rows, 1, &changed, &s->err), &s->err);
	return view;
}

static void a_figure_past_its_threshold_stops_the_run_by_name(void **state)
{
	struct world *w = *state;
	void *store;
	assert_int_equal(store_setup(&store), 0);
	struct store_world *s = store;
	struct tw_rows rows = checked(w, NULL);
	const char *view = store_checks(s, &rows);
	assert_ok(tw_checks_passed(s->fs, view, &s->err), &s->err);
	for (int doc = 0; doc < 3; doc++)
		set_str(w, SCRUB, doc, "text", "");
	set_str(w, LABELS, 4, "answer", "the authors own");
	rows = checked(w, NULL);
	store_checks(s, &rows);
	assert_int_equal(tw_checks_passed(s->fs, view, &s->err), TW_BLOCKED);
	assert_contains(s->err.msg, "empty: 0.3, at most 0.2 allowed");
	assert_contains(s->err.msg, "3 of 10 documents have no text: doc00, doc01, doc02");
	assert_contains(s->err.msg, "features.checks.max_empty");
	assert_contains(s->err.msg, "not_verbatim");
	assert_lacks(s->err.msg, "other_language");
	store_teardown(&store);
}

/* A reader that must not be asked for a document while another input still waits to be asked for the one before. */
struct paced {
	struct tw_row_reader r;
	struct tw_row_reader *inner;
	const struct paced *all;
	int asked;
};

static enum tw_status next_paced(struct tw_row_reader *r, struct tw_rows *out, struct tw_arena *a,
				 struct tw_err *err)
{
	struct paced *p = (struct paced *)r;
	for (int i = 0; i < INPUTS; i++)
		assert_true(p->all[i].asked >= p->asked);
	p->asked++;
	return p->inner->next(p->inner, out, a, err);
}

/* So the text of one document is in memory, however many there are. */
static void inputs_are_read_side_by_side(void **state)
{
	struct world *w = *state;
	static const struct tw_transform_env env;
	struct tw_err err = TW_ERR_INIT;
	struct tw_transform *t;
	struct paced all[INPUTS];
	struct tw_row_reader *in[INPUTS];
	struct tw_rows out;
	for (int i = 0; i < INPUTS; i++) {
		all[i] = (struct paced){{next_paced}, reader_of(&w->in[i]), all, 0};
		in[i] = &all[i].r;
	}
	assert_ok(tw_transform_new(&t, &tw_transform_checks, NULL, "test", ".", &env, &err), &err);
	assert_ok(tw_transform_apply_all(&out, t, in, &w->a, &err), &err);
	tw_transform_free(t);
	for (int i = 0; i < INPUTS; i++) {
		assert_int_equal(all[i].asked, 11); /* ten documents, and the end */
		free(all[i].inner);
	}
}

/* A pair without a text to be found in, a text without a language, and one that only the chunks know. */
static void inputs_need_not_hold_the_same_documents(void **state)
{
	struct world *w = *state;
	struct tw_row *r = tw_rows_add(&w->in[LABELS], "aa");
	*r = w->in[LABELS].at[0];
	r->doc = "zz";
	w->in[CLEAN].n = 9;
	tw_rows_add(&w->in[CHUNKS], "zzz");
	const struct tw_rows rows = checked(w, NULL);
	assert_contains(tw_row_cstr(&rows, find(&rows, "empty"), "detail"), "2 of 12 documents");
	assert_contains(tw_row_cstr(&rows, find(&rows, "not_verbatim"), "detail"), "1 of 21");
	assert_contains(tw_row_cstr(&rows, find(&rows, "not_verbatim"), "detail"), ": zz");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_data_passes_every_check),
		TEST(nothing_at_all_passes_too),
		TEST(inputs_are_read_side_by_side),
		TEST(inputs_need_not_hold_the_same_documents),
		cmocka_unit_test(each_check_counts_its_own_fault),
		TEST(answers_are_compared_with_the_text),
		TEST(a_question_must_not_hold_its_answer),
		TEST(a_text_needs_a_chunk),
		TEST(what_cleaning_takes_away_is_averaged),
		TEST(one_document_is_no_statistic),
		TEST(the_first_documents_are_named),
		TEST(a_figure_past_its_threshold_stops_the_run_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
