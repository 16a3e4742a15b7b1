/* Answers that are worse than the author's, in a dataset: whose they are, and how they leave it. */
#include "support/labelled.h"

#include <inttypes.h>

#include "base/fs.h"
#include "base/json.h"

/* A worse answer to the label with this number in the document, which is committed. */
static void add_preference(struct labelled *l, const char *doc, size_t label, const char *rejected,
			   const char *status)
{
	struct tw_rows rows;
	struct tw_row *r = tw_rows_add(&l->preferences, doc);
	assert_ok(tw_fs_rows(&rows, l->w->fs, l->src.labels, doc, &l->w->a, &l->w->err),
		  &l->w->err);
	assert_true(label < rows.n);
	tw_row_set_str(&l->preferences, r, "label", rows.at[label].id);
	tw_row_set_str(&l->preferences, r, "rejected", rejected);
	tw_row_set_str(&l->preferences, r, "status", status);
}

/* Of the first label of each of n documents. */
static void add_pairs(struct labelled *l, size_t n)
{
	labelled_commit(l);
	for (size_t i = 0; i < n; i++)
		add_preference(l, labelled_doc(l, i), 0, tw_sprintf(&l->w->a, "Worse %zu.", i),
			       "ok");
}

static void a_worse_answer_goes_to_the_example_that_it_is_worse_than(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 40);
	const struct tw_dataset plain = labelled_build(&l);
	assert_null(strstr(plain.stats, "pairs"));
	assert_null(strstr(plain.params, "preferences"));
	add_pairs(&l, 40);
	add_preference(&l, labelled_doc(&l, 39), 1, "I'm sorry, but no.", "refusal");
	const struct tw_dataset d = labelled_build(&l);
	assert_string_not_equal(d.id, plain.id);
	assert_contains(d.params, l.src.preferences);
	struct tw_map splits = labelled_splits(&l, &d);
	for (int s = 0; s < 3; s++) {
		const struct tw_examples e = labelled_examples(&l, &d, (enum tw_split)s);
		const struct tw_examples without = labelled_examples(&l, &plain, (enum tw_split)s);
		int64_t pairs = 0;
		assert_int_equal(e.n, without.n); /* an answer is trained on once */
		for (size_t i = 0; i < e.n; i++) {
			int64_t n = -1;
			assert_string_equal(e.at[i].row_id, without.at[i].row_id);
			assert_string_equal(e.at[i].messages, without.at[i].messages);
			if (strcmp(e.at[i].kind, "title") != 0) {
				assert_null(e.at[i].rejected);
				continue;
			}
			pairs++;
			assert_int_equal(sscanf(e.at[i].rejected, "Worse %" SCNd64, &n), 1);
			assert_contains(e.at[i].messages,
					tw_sprintf(&l.w->a, "Tell me about %d.", (int)n));
		}
		assert_int_equal(labelled_stat(&l, &d, tw_split_name((enum tw_split)s), "pairs"),
				 pairs);
	}
	tw_map_release(&splits);
}

static void another_worse_answer_is_another_dataset(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 20);
	add_pairs(&l, 20);
	const struct tw_dataset a = labelled_build(&l), again = labelled_build(&l);
	assert_string_equal(again.id, a.id);
	tw_row_set_str(&l.preferences, &l.preferences.at[3], "rejected", "Worst.");
	assert_string_not_equal(labelled_build(&l).id, a.id);
}

static void pairs_are_asked_without_passages(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 40);
	add_pairs(&l, 40);
	l.o.grounded = 1;
	const struct tw_dataset d = labelled_build(&l);
	const struct tw_examples e = labelled_examples(&l, &d, TW_TRAIN);
	for (size_t i = 0; i < e.n; i++)
		assert_int_equal(strcmp(e.at[i].kind, TW_GROUNDED) == 0, !e.at[i].rejected);
}

static struct tw_json *line_of(struct labelled *l, const struct tw_dataset *d,
			       enum tw_dataset_rows rows, size_t n, size_t lines)
{
	const char *path = fresh_path(".jsonl");
	struct tw_str file = TW_STR_INIT;
	struct tw_json *v = NULL;
	struct tw_err *err = &l->w->err;
	assert_ok(tw_dataset_export(l->w->fs, d->id, TW_TRAIN, rows, path, err), err);
	assert_ok(tw_read_file(&file, path, 0, err), err);
	const char *p = tw_str_c(&file);
	for (size_t i = 0; *p; i++, p = strchr(p, '\n') + 1) {
		if (i == n)
			assert_ok(tw_json_parse(&v, p, strcspn(p, "\n"), &l->w->a, err), err);
		lines -= 1;
	}
	assert_int_equal(lines, 0);
	tw_str_release(&file);
	return v;
}

static const char *role_and_content(struct labelled *l, const struct tw_json *message)
{
	return tw_sprintf(&l->w->a, "%s: %s", tw_json_str(tw_json_get(message, "role"), "?"),
			  tw_json_str(tw_json_get(message, "content"), "?"));
}

static void pairs_are_exported_as_trl_reads_them(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 20);
	add_pairs(&l, 20);
	const struct tw_dataset d = labelled_build(&l);
	const struct tw_examples e = labelled_examples(&l, &d, TW_TRAIN);
	size_t first = 0, n = 0;
	for (size_t i = e.n; i-- > 0;)
		if (e.at[i].rejected) {
			first = i;
			n++;
		}
	assert_true(n && n < e.n);
	const struct tw_json *pair = line_of(&l, &d, TW_ROWS_PAIRS, 0, n);
	const struct tw_json *prompt = tw_json_get(pair, "prompt")->child;
	assert_int_equal(pair->n, 3);
	assert_string_equal(role_and_content(&l, prompt), "system: You are Mara.");
	assert_contains(role_and_content(&l, prompt->next), "user: Tell me about ");
	assert_null(prompt->next->next);
	const struct tw_json *chosen = tw_json_get(pair, "chosen");
	assert_int_equal(chosen->n, 1);
	assert_contains(role_and_content(&l, chosen->child), "assistant: It was in the year ");
	assert_string_equal(role_and_content(&l, tw_json_get(pair, "rejected")->child),
			    tw_sprintf(&l.w->a, "assistant: %s", e.at[first].rejected));
	assert_non_null(tw_json_get(line_of(&l, &d, TW_ROWS_ALL, first, e.n), "chosen"));
	const struct tw_json *chat = line_of(&l, &d, TW_ROWS_CHATS, first, e.n);
	assert_int_equal(tw_json_get(chat, "messages")->n, 3);
	assert_int_equal(chat->n, 1);
}

static void a_dataset_without_pairs_exports_none(void **state)
{
	struct labelled l;
	labelled_init(&l, *state);
	labelled_documents(&l, 0, 10);
	const struct tw_dataset d = labelled_build(&l);
	const char *path = fresh_path(".jsonl");
	struct tw_err *err = &l.w->err;
	assert_int_equal(tw_dataset_export(l.w->fs, d.id, TW_TRAIN, TW_ROWS_PAIRS, path, err),
			 TW_NOT_FOUND);
	assert_contains(err->msg, "no pairs");
	assert_false(tw_exists(path));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(a_worse_answer_goes_to_the_example_that_it_is_worse_than),
		T(another_worse_answer_is_another_dataset),
		T(pairs_are_asked_without_passages),
		T(pairs_are_exported_as_trl_reads_them),
		T(a_dataset_without_pairs_exports_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
