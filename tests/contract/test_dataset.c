/* What training/dataset.h promises, on a real store. */
#include "support/labelled.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "feature/feature.h"
#include "feature/materialize.h"

static bool has_answer(struct labelled *l, const struct tw_dataset *d, const char *part)
{
	for (int s = 0; s < 3; s++) {
		const struct tw_examples e = labelled_examples(l, d, (enum tw_split)s);
		for (size_t i = 0; i < e.n; i++)
			if (strstr(e.at[i].messages, part))
				return true;
	}
	return false;
}

/* --- identity --- */

static void the_same_inputs_give_the_same_dataset(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 40);
	const struct tw_dataset a = labelled_build(&l), b = labelled_build(&l);
	assert_string_equal(a.id, b.id);
	assert_int_equal(a.number, b.number);
	assert_string_equal(a.stats, b.stats);
	assert_int_equal(a.created_ms, b.created_ms);
	assert_int_equal(a.n[TW_TRAIN] + a.n[TW_VALID] + a.n[TW_TEST], 80);

	l.src.system = "You are somebody else.";
	const struct tw_dataset c = labelled_build(&l);
	assert_string_not_equal(c.id, a.id);
	l.src.system = "You are Mara.";
	l.o.seed++;
	const struct tw_dataset d = labelled_build(&l);
	assert_string_not_equal(d.id, a.id);
	l.o.seed--;
	l.src.service = "another service";
	const struct tw_dataset e = labelled_build(&l);
	assert_string_not_equal(e.id, a.id);
}

static void statistics_count_what_is_there(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 40);
	const struct tw_dataset d = labelled_build(&l);
	int64_t examples = 0, documents = 0;
	for (int s = 0; s < 3; s++) {
		const char *name = tw_split_name((enum tw_split)s);
		assert_int_equal(labelled_stat(&l, &d, name, "examples"), d.n[s]);
		assert_int_equal(labelled_stat(&l, &d, name, "groups"),
				 labelled_stat(&l, &d, name, "documents"));
		assert_true(labelled_stat(&l, &d, name, "chars") > d.n[s] * 30);
		examples += d.n[s];
		documents += labelled_stat(&l, &d, name, "documents");
	}
	assert_int_equal(examples, 80);
	assert_int_equal(documents, 40);
	assert_contains(d.stats, "\"kinds\":{\"heading\":");
	assert_int_equal(labelled_stat(&l, &d, "left_out", "capped"), 0);
}

/* --- splits --- */

static void adding_documents_moves_no_other_between_splits(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 80);
	const struct tw_dataset first = labelled_build(&l);
	struct tw_map before = labelled_splits(&l, &first);
	for (size_t n = 80; n < 100; n++) {
		labelled_documents(&l, n, n + 1);
		const struct tw_dataset d = labelled_build(&l);
		struct tw_map after = labelled_splits(&l, &d);
		assert_int_equal(after.n, n + 1);
		for (size_t i = 0; i < 80; i++)
			assert_int_equal(tw_map_get_int(&after, labelled_doc(&l, i), -1),
					 tw_map_get_int(&before, labelled_doc(&l, i), -2));
		tw_map_release(&after);
	}
	tw_map_release(&before);
}

static void splits_have_about_the_shares_asked_for(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 1000);
	const struct tw_dataset d = labelled_build(&l);
	assert_in_range(labelled_stat(&l, &d, "test", "documents"), 70, 130);
	assert_in_range(labelled_stat(&l, &d, "valid", "documents"), 30, 70);
}

static void near_duplicates_stay_together(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	for (size_t i = 0; i < 60; i++) {
		const char *doc = labelled_doc(&l, i);
		labelled_group(&l, doc, labelled_doc(&l, i / 3));
		labelled_label(&l, doc, "What is it?", tw_sprintf(&l.w->a, "Number %zu it is.", i));
	}
	const struct tw_dataset d = labelled_build(&l);
	struct tw_map splits = labelled_splits(&l, &d);
	assert_int_equal(splits.n, 60);
	for (size_t i = 0; i < 60; i++)
		assert_int_equal(tw_map_get_int(&splits, labelled_doc(&l, i), -1),
				 tw_map_get_int(&splits, labelled_doc(&l, i / 3 * 3), -2));
	assert_int_equal(labelled_stat(&l, &d, "train", "documents"),
			 3 * labelled_stat(&l, &d, "train", "groups"));
	tw_map_release(&splits);
}

static void the_smallest_corpus_still_has_something_in_each_split(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	for (size_t n = 3; n < 30; n++) {
		labelled_documents(&l, l.groups.n, n);
		for (l.o.seed = 0; l.o.seed < 5; l.o.seed++) {
			const struct tw_dataset d = labelled_build(&l);
			assert_true(d.n[TW_TRAIN] > 0 && d.n[TW_VALID] > 0 && d.n[TW_TEST] > 0);
		}
	}
	l.o.test = 0.6;
	l.o.valid = 0.39;
	l.labels.n = 6;
	l.groups.n = 3;
	const struct tw_dataset d = labelled_build(&l);
	assert_int_equal(d.n[TW_TRAIN], 2);
	assert_int_equal(d.n[TW_VALID], 2);
	assert_int_equal(d.n[TW_TEST], 2);
}

static void a_split_that_is_not_asked_for_is_empty(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 30);
	l.o.test = l.o.valid = 0;
	const struct tw_dataset d = labelled_build(&l);
	assert_int_equal(d.n[TW_TRAIN], 60);
	assert_int_equal(d.n[TW_TEST] + d.n[TW_VALID], 0);
}

/* --- what is left out --- */

static const char passage[] =
	"The lodger lives in a crock on the shelf above the stove, and it is fed with rye in the "
	"morning and with white flour at night, because that is how I was taught to do it";

static void a_passage_of_the_test_split_is_never_trained_on(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 60);
	const struct tw_dataset d = labelled_build(&l);
	const char *in_test = labelled_examples(&l, &d, TW_TEST).at[0].doc;
	const char *in_train = labelled_examples(&l, &d, TW_TRAIN).at[0].doc;
	tw_rows_init(&l.questions, l.questions.schema, &l.w->a);
	labelled_question(&l, in_test, "How is it fed?",
			  tw_sprintf(&l.w->a, "%s, she said.", passage), "ok");
	labelled_question(&l, in_train, "What of the lodger?",
			  tw_sprintf(&l.w->a, "Well: %s!", passage), "ok");
	const struct tw_dataset e = labelled_build(&l);
	assert_int_equal(e.n[TW_TEST], d.n[TW_TEST] + 1);
	assert_int_equal(e.n[TW_TRAIN], d.n[TW_TRAIN]);
	assert_int_equal(labelled_stat(&l, &e, "left_out", "shared"), 1);
	assert_false(has_answer(&l, &e, "What of the lodger?"));
	assert_true(has_answer(&l, &e, "How is it fed?"));
}

static void a_closing_line_in_every_document_leaves_nothing_out(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	for (size_t i = 0; i < 40; i++) {
		const char *doc = labelled_doc(&l, i);
		struct tw_str s = TW_STR_INIT;
		for (size_t k = 0; k < 60; k++)
			tw_str_addf(&s, "word%zu ", i * 100 + k);
		tw_str_adds(&s,
			    "thanks for reading this far and do write to me if you know better");
		labelled_group(&l, doc, doc);
		labelled_label(&l, doc, "What is it?", tw_str_c(&s));
		tw_str_release(&s);
	}
	const struct tw_dataset d = labelled_build(&l);
	assert_int_equal(labelled_stat(&l, &d, "left_out", "shared"), 0);
	assert_int_equal(d.n[TW_TRAIN] + d.n[TW_VALID] + d.n[TW_TEST], 40);
}

static void what_the_label_view_calls_useless_stays_out(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 10);
	labelled_question(&l, labelled_doc(&l, 0), "Is the lodger fed?",
			  "With rye, in the morning.", "ok");
	labelled_question(&l, labelled_doc(&l, 1), "With rye at noon?", "With rye, at noon.",
			  "copied");
	labelled_question(&l, labelled_doc(&l, 2), "I cannot.", "With rye, at night.", "refusal");
	const struct tw_dataset d = labelled_build(&l);
	assert_true(has_answer(&l, &d, "in the morning"));
	assert_false(has_answer(&l, &d, "at noon"));
	assert_false(has_answer(&l, &d, "at night"));
	assert_int_equal(labelled_stat(&l, &d, "left_out", "status"), 2);
}

static void every_example_has_an_answer_that_its_instruction_does_not_hold(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 10);
	labelled_label(&l, "f0", "What is empty?", " \n\t");
	labelled_label(&l, "f1", "", "An answer to nothing.");
	labelled_label(&l, "f2", "What do you mean by: rye at dawn?", "rye at dawn");
	const struct tw_dataset d = labelled_build(&l);
	assert_int_equal(labelled_stat(&l, &d, "left_out", "empty"), 2);
	assert_int_equal(labelled_stat(&l, &d, "left_out", "leak"), 1);
	assert_false(has_answer(&l, &d, "What is empty?"));
	assert_false(has_answer(&l, &d, "An answer to nothing."));
	assert_false(has_answer(&l, &d, "rye at dawn"));
	assert_int_equal(d.n[TW_TRAIN] + d.n[TW_VALID] + d.n[TW_TEST], 20);
}

static void a_cap_keeps_the_same_examples_each_time(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 100);
	const struct tw_dataset all = labelled_build(&l);
	l.o.max_examples = 5;
	const struct tw_dataset a = labelled_build(&l), b = labelled_build(&l);
	assert_string_equal(a.id, b.id);
	assert_string_not_equal(a.id, all.id);
	for (int s = 0; s < 3; s++)
		assert_int_equal(a.n[s], all.n[s] < 5 ? all.n[s] : 5);
	assert_int_equal(labelled_stat(&l, &a, "left_out", "capped"),
			 200 - a.n[TW_TRAIN] - a.n[TW_VALID] - a.n[TW_TEST]);
	/* What a smaller cap keeps, a larger one keeps too. */
	l.o.max_examples = 20;
	const struct tw_dataset more = labelled_build(&l);
	const struct tw_examples few = labelled_examples(&l, &a, TW_TRAIN),
				 many = labelled_examples(&l, &more, TW_TRAIN);
	for (size_t i = 0; i < few.n; i++) {
		size_t k = 0;
		while (k < many.n && strcmp(many.at[k].row_id, few.at[i].row_id) != 0)
			k++;
		assert_true(k < many.n);
	}
}

/* --- nothing to train on --- */

static void nothing_to_train_on_is_blocked_with_advice(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	assert_int_equal(labelled_try_build(&l), TW_BLOCKED);
	assert_contains(l.w->err.msg, "no document has been collected");
	assert_contains(l.w->err.msg, "twin collect");
	for (size_t i = 0; i < 4; i++)
		labelled_group(&l, labelled_doc(&l, i), labelled_doc(&l, i));
	assert_int_equal(labelled_try_build(&l), TW_BLOCKED);
	assert_contains(l.w->err.msg, "4 documents gave no instruction");
	assert_contains(l.w->err.msg, "features.labels.min_words");
	labelled_question(&l, labelled_doc(&l, 0), "Eh?", "No use.", "too_short");
	assert_int_equal(labelled_try_build(&l), TW_BLOCKED);
}

static void too_few_documents_for_a_test_are_blocked_with_advice(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 2);
	assert_int_equal(labelled_try_build(&l), TW_BLOCKED);
	assert_contains(l.w->err.msg, "only 2 documents");
	assert_contains(l.w->err.msg, "at least 3");
	assert_contains(l.w->err.msg, "training.dataset.test");
	l.o.valid = 0;
	const struct tw_dataset d = labelled_build(&l);
	assert_int_equal(d.n[TW_TRAIN], 2);
	assert_int_equal(d.n[TW_TEST], 2);
}

static void shares_that_leave_nothing_are_wrong_use(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 20);
	l.o.test = 0.6;
	l.o.valid = 0.4;
	assert_int_equal(labelled_try_build(&l), TW_BAD_USE);
	assert_contains(l.w->err.msg, "training.dataset");
}

/* --- export --- */

static void expect_message(const struct tw_json *m, const char *role, const char *content)
{
	assert_non_null(m);
	assert_string_equal(tw_json_str(tw_json_get(m, "role"), ""), role);
	assert_string_equal(tw_json_str(tw_json_get(m, "content"), ""), content);
}

static void an_export_is_one_chat_a_line_verbatim(void **state)
{
	struct labelled l;
	struct tw_str file = TW_STR_INIT;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 30);
	const struct tw_dataset d = labelled_build(&l);
	const char *path = fresh_path(".jsonl");
	assert_ok(tw_dataset_export(l.w->fs, d.id, TW_TRAIN, TW_ROWS_ALL, path, &l.w->err),
		  &l.w->err);
	assert_ok(tw_read_file(&file, path, 0, &l.w->err), &l.w->err);
	int64_t lines = 0;
	for (char *s = file.data, *end; (end = strchr(s, '\n')); s = end + 1, lines++) {
		struct tw_json *v;
		size_t n;
		assert_ok(tw_json_parse(&v, s, (size_t)(end - s), &l.w->a, &l.w->err), &l.w->err);
		assert_int_equal(v->n, 1);
		const struct tw_json *m = tw_json_get(v, "messages");
		assert_int_equal(m->n, 3);
		expect_message(m->child, "system", "You are Mara.");
		const char *ask = tw_json_str(tw_json_get(m->child->next, "content"), "");
		const bool about = sscanf(ask, "Tell me about %zu", &n) == 1;
		assert_true(about || sscanf(ask, "How do I do %zu", &n) == 1);
		expect_message(m->child->next->next, "assistant",
			       about ? tw_sprintf(&l.w->a,
						  "It was in the year %zu, \"quoted\"\nand so on.",
						  n)
				     : tw_sprintf(&l.w->a, "Take %zu of them — über all.", n));
	}
	assert_int_equal(lines, d.n[TW_TRAIN]);
	assert_int_equal(file.data[file.len - 1], '\n');
	tw_str_release(&file);
}

static void no_system_prompt_gives_no_system_message(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 10);
	l.src.system = "";
	const struct tw_dataset d = labelled_build(&l);
	assert_null(strstr(labelled_examples(&l, &d, TW_TRAIN).at[0].messages, "system"));
}

static void an_empty_split_or_an_unknown_dataset_writes_no_file(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 10);
	l.o.test = 0;
	const struct tw_dataset d = labelled_build(&l);
	const char *path = fresh_path(".jsonl");
	struct tw_err *err = &l.w->err;
	assert_int_equal(tw_dataset_export(l.w->fs, d.id, TW_TEST, TW_ROWS_ALL, path, err),
			 TW_NOT_FOUND);
	assert_contains(err->msg, "test");
	assert_int_equal(tw_dataset_export(l.w->fs, "77", TW_TRAIN, TW_ROWS_ALL, path, NULL),
			 TW_NOT_FOUND);
	assert_false(tw_exists(path));
}

/* --- the feature pipeline's own rows --- */

static void materialize_all(struct store_world *w, struct tw_views *views)
{
	static const struct tw_transform_type *const types[] = {
		&tw_transform_clean,	  &tw_transform_scrub,	&tw_transform_signatures,
		&tw_transform_duplicates, &tw_transform_labels, NULL};
	const struct tw_feature_env env = {.fs = w->fs, .types = types, .threads = 1};
	assert_ok(tw_features_declare(views, &env, &w->a, &w->err), &w->err);
	for (size_t i = 0; i < views->n; i++) {
		struct tw_materialize_stats stats;
		assert_ok(tw_materialize(&stats, &env, views->at[i].digest, &w->err), &w->err);
	}
}

static const char *digest_of(const struct tw_views *views, const char *name)
{
	for (size_t i = 0; i < views->n; i++)
		if (strcmp(views->at[i].name, name) == 0)
			return views->at[i].digest;
	fail_msg("no view %s", name);
	return NULL;
}

struct posts {
	struct tw_pass *pass;
	size_t n;
};

/* Each post twice, the second time with a word changed at its end: a near-duplicate. */
static enum tw_status put_post(void *ctx, const char *rel, const struct tw_stat *st,
			       const char *problem, struct tw_err *err)
{
	struct posts *p = ctx;
	char path[512], key[512];
	struct tw_str file = TW_STR_INIT;
	(void)st;
	(void)problem;
	snprintf(path, sizeof(path), "samples/mara/%s", rel);
	snprintf(key, sizeof(key), "again/%s", rel);
	enum tw_status status = tw_read_file(&file, path, 0, err);
	if (status == TW_OK) {
		struct tw_document d = doc_of(rel, tw_str_c(&file));
		d.media = "text/markdown";
		d.title = rel + strlen("2020-01-19-");
		status = tw_pass_put(p->pass, &d, NULL, err);
		d.key = key;
		tw_str_adds(&file, " Again.");
		d.body = (struct tw_bytes){file.data, file.len};
		d.fingerprint = key;
		d.created_ms++;
		if (status == TW_OK)
			status = tw_pass_put(p->pass, &d, NULL, err);
		p->n++;
	}
	tw_str_release(&file);
	return status;
}

static void answers_are_the_authors_own_words(void **state)
{
	struct store_world *w = *state;
	struct labelled l;
	struct posts posts = {0};
	struct tw_pass_stats stats;
	struct tw_views views;
	labelled_init(&l, w);
	assert_ok(tw_pass_begin(&posts.pass, w->fs, "posts", &w->err), &w->err);
	assert_ok(tw_walk("samples/mara", NULL, put_post, &posts, &w->err), &w->err);
	assert_ok(tw_pass_end(posts.pass, true, &stats, &w->err), &w->err);
	materialize_all(w, &views);
	l.src.labels = digest_of(&views, "labels");
	l.src.duplicates = digest_of(&views, "duplicates");
	l.src.questions = l.src.preferences = NULL;
	struct tw_dataset d;
	assert_ok(tw_dataset_build(&d, &l.src, &l.o, &w->a, &w->err), &w->err);
	struct tw_map splits = labelled_splits(&l, &d);
	assert_in_range(splits.n, posts.n - 3, posts.n); /* one of each pair */
	assert_true(d.n[TW_TEST] > 0 && d.n[TW_VALID] > 0);
	const struct tw_examples e = labelled_examples(&l, &d, TW_TRAIN);
	for (size_t i = 0; i < e.n; i++) {
		struct tw_rows rows;
		struct tw_json *m;
		assert_ok(tw_fs_rows(&rows, w->fs, digest_of(&views, "scrub"), e.at[i].doc, &w->a,
				     &w->err),
			  &w->err);
		assert_ok(tw_json_parse(&m, e.at[i].messages, strlen(e.at[i].messages), &w->a,
					&w->err),
			  &w->err);
		assert_contains(tw_row_cstr(&rows, &rows.at[0], "text"),
				tw_json_str(tw_json_get(m->child->next->next, "content"), "?"));
	}
	tw_map_release(&splits);
}

/* --- examples that are asked with passages --- */

static const char *content(struct labelled *l, const struct tw_example *e, int message)
{
	struct tw_json *v;
	struct tw_err *err = &l->w->err;
	assert_ok(tw_json_parse(&v, e->messages, strlen(e->messages), &l->w->a, err), err);
	for (v = v->child; message--; v = v->next)
		;
	return tw_json_str(tw_json_get(v, "content"), "");
}

static void grounded_examples_are_asked_as_serving_asks(void **state)
{
	struct store_world *w = *state;
	struct labelled l;
	labelled_init(&l, w);
	labelled_documents(&l, 0, 60);
	labelled_commit(&l);
	l.o.grounded = 1;
	struct tw_dataset d;
	assert_ok(tw_dataset_build(&d, &l.src, &l.o, &w->a, &w->err), &w->err);
	size_t second = 0;
	for (int split = TW_TRAIN; split <= TW_TEST; split++) {
		const struct tw_examples e = labelled_examples(&l, &d, (enum tw_split)split);
		for (size_t i = 0; i < e.n; i++) {
			const char *user = content(&l, &e.at[i], 1),
				   *answer = content(&l, &e.at[i], 2);
			size_t n = strlen(answer);
			assert_string_equal(e.at[i].kind, TW_GROUNDED);
			assert_contains(user, "\n\nQuestion: ");
			/* The number that it names is that of the passage which holds it. */
			assert_true(n > 4 && answer[n - 1] == ']' && answer[n - 3] == '[');
			const char *own = strstr(user, tw_sprintf(&w->a, "[%c] Notes on %s\n",
								  answer[n - 2], e.at[i].doc));
			assert_non_null(own);
			const char *found = strstr(own, tw_strndup(&w->a, answer, n - 4));
			assert_non_null(found);
			assert_true(!strstr(own + 4, "\n[") || found < strstr(own + 4, "\n["));
			second += answer[n - 2] == '2';
		}
	}
	assert_true(second > 10);
}

static void passages_are_of_the_examples_own_document(void **state)
{
	struct store_world *w = *state;
	struct labelled l;
	labelled_init(&l, w);
	labelled_documents(&l, 0, 60);
	labelled_commit(&l);
	l.o.grounded = 1;
	struct tw_dataset d;
	size_t passages = 0;
	assert_ok(tw_dataset_build(&d, &l.src, &l.o, &w->a, &w->err), &w->err);
	const struct tw_examples e = labelled_examples(&l, &d, TW_TRAIN);
	for (size_t i = 0; i < e.n; i++)
		for (const char *p = content(&l, &e.at[i], 1); (p = strstr(p, "Notes on "));
		     passages++) {
			p += strlen("Notes on ");
			assert_int_equal(strncmp(p, e.at[i].doc, strlen(e.at[i].doc)), 0);
		}
	assert_true(passages > e.n);
}

static void a_share_of_the_examples_is_asked_with_passages(void **state)
{
	struct store_world *w = *state;
	struct labelled l;
	labelled_init(&l, w);
	labelled_documents(&l, 0, 200);
	labelled_commit(&l);
	l.o.grounded = 0.5;
	struct tw_dataset d;
	assert_ok(tw_dataset_build(&d, &l.src, &l.o, &w->a, &w->err), &w->err);
	const struct tw_examples e = labelled_examples(&l, &d, TW_TRAIN);
	size_t n = 0;
	for (size_t i = 0; i < e.n; i++)
		n += strcmp(e.at[i].kind, TW_GROUNDED) == 0;
	assert_in_range(n, e.n / 3, e.n * 2 / 3);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(the_same_inputs_give_the_same_dataset),
		T(statistics_count_what_is_there),
		T(adding_documents_moves_no_other_between_splits),
		T(splits_have_about_the_shares_asked_for),
		T(near_duplicates_stay_together),
		T(the_smallest_corpus_still_has_something_in_each_split),
		T(a_split_that_is_not_asked_for_is_empty),
		T(a_passage_of_the_test_split_is_never_trained_on),
		T(a_closing_line_in_every_document_leaves_nothing_out),
		T(what_the_label_view_calls_useless_stays_out),
		T(every_example_has_an_answer_that_its_instruction_does_not_hold),
		T(a_cap_keeps_the_same_examples_each_time),
		T(nothing_to_train_on_is_blocked_with_advice),
		T(too_few_documents_for_a_test_are_blocked_with_advice),
		T(shares_that_leave_nothing_are_wrong_use),
		T(an_export_is_one_chat_a_line_verbatim),
		T(no_system_prompt_gives_no_system_message),
		T(an_empty_split_or_an_unknown_dataset_writes_no_file),
		T(answers_are_the_authors_own_words),
		T(grounded_examples_are_asked_as_serving_asks),
		T(passages_are_of_the_examples_own_document),
		T(a_share_of_the_examples_is_asked_with_passages),
	};
	tw_log_set_level(TW_LOG_WARN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
