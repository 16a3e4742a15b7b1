/* Chunks of a document, and their embeddings. */
#include "feature_test.h"

#include <ctype.h>
#include <math.h>

#include "base/fs.h"
#include "base/str.h"
#include "support/echo_models.h"

/* "quarters:": a token is four bytes, what is left over costs nothing: the whole may count more than its parts. */
static int count_quarters(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	return (int)(len / 4);
}

static struct tw_embedder_type quarters;

struct world {
	struct tw_arena a;
	struct tw_embedder *words, *quarters; /* a token a word, a token four bytes */
};

static int set_up(void **state)
{
	static const struct tw_embedder_type *types[] = {&quarters, NULL};
	static const struct tw_llm_options none;
	struct tw_err err = TW_ERR_INIT;
	struct world *w = calloc(1, sizeof(*w));
	tw_arena_init(&w->a);
	quarters = echo_embedder;
	quarters.prefix = "quarters";
	quarters.count = count_quarters;
	assert_ok(tw_embedder_open(&w->words, echo_embedders, "echo:1", &none, &err), &err);
	assert_ok(tw_embedder_open(&w->quarters, types, "quarters:1", &none, &err), &err);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	tw_embedder_close(w->words);
	tw_embedder_close(w->quarters);
	tw_arena_release(&w->a);
	free(w);
	return 0;
}

static struct tw_rows no_groups(struct tw_arena *a)
{
	struct tw_rows rows;
	tw_rows_init(&rows, tw_transform_duplicates.schema, a);
	return rows;
}

/* The document's text, scrubbed, and its chunks. */
struct cut {
	const char *text;
	struct tw_rows rows;
};

static struct cut cut_with(struct world *w, struct tw_embedder *e, const char *params,
			   const char *title, const char *body)
{
	const struct tw_transform_env env = {.embedder = e};
	const struct tw_rows in[] = {scrubbed(&w->a, "d", title, body), no_groups(&w->a)};
	return (struct cut){tw_row_cstr(&in[0], &in[0].at[0], "text"),
			    apply(&w->a, &tw_transform_chunks, params, &env, "d", in)};
}

static struct cut cut(struct world *w, const char *params, const char *title, const char *body)
{
	return cut_with(w, w->words, params, title, body);
}

static const char *field(const struct cut *c, size_t i, const char *name)
{
	assert_true(i < c->rows.n);
	return tw_row_cstr(&c->rows, &c->rows.at[i], name);
}

static int64_t number(const struct cut *c, size_t i, const char *name)
{
	assert_true(i < c->rows.n);
	return tw_row_int(&c->rows, &c->rows.at[i], name);
}

/* Sentences of ten words: "S1 w w … w." */
static const char *sentences(struct world *w, int from, int n)
{
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < n; i++)
		tw_str_addf(&s, "%sSentence %d has exactly ten words in it, as said.", i ? " " : "",
			    from + i);
	const char *text = tw_str_dup(&s, &w->a);
	tw_str_release(&s);
	return text;
}

/* Every promise that holds for any document, budget and tokenizer. */
static void check(struct world *w, const struct cut *c, struct tw_embedder *e)
{
	size_t n = strlen(c->text);
	char *covered = tw_alloc(&w->a, n + 1);
	for (size_t i = 0; i < c->rows.n; i++) {
		size_t start = (size_t)number(c, i, "start"), end = (size_t)number(c, i, "end");
		const char *text = field(c, i, "text"), *heading = field(c, i, "heading");
		assert_true(start < end && end <= n);
		assert_int_equal(strlen(text), end - start);
		assert_memory_equal(text, c->text + start, end - start);
		const char *all = heading[0] ? tw_sprintf(&w->a, "%s\n\n%s", heading, text) : text;
		assert_int_equal(number(c, i, "tokens"), tw_embedder_count(e, all, strlen(all)));
		if (number(c, i, "tokens") > number(c, i, "budget"))
			fail_msg("chunk %zu has %d tokens of %d: %s", i,
				 (int)number(c, i, "tokens"), (int)number(c, i, "budget"), all);
		memset(covered + start, 1, end - start);
	}
	/* Nothing is lost but headings, which stand in the paths. */
	for (size_t i = 0, line = 0; i < n; i++) {
		if (i && c->text[i - 1] == '\n')
			line = i;
		if (!covered[i] && c->text[i] != ' ' && c->text[i] != '\n' && c->text[i] != '\t' &&
		    c->text[line] != '#')
			fail_msg("in no chunk: %.60s", c->text + i);
	}
}

static void a_short_document_stays_whole(void **state)
{
	struct world *w = *state;
	const char *body = "One.\n\n## Two\n\nThree *four*.\n\n```\nfive\n```";
	const struct cut c = cut(w, NULL, "The title", body);
	assert_int_equal(c.rows.n, 1);
	assert_string_equal(field(&c, 0, "text"),
			    "One.\n\n## Two\n\nThree four.\n\n```\nfive\n```");
	assert_string_equal(field(&c, 0, "heading"), "The title");
	assert_string_equal(field(&c, 0, "title"), "The title");
	assert_string_equal(field(&c, 0, "url"), "https://example.org/post");
	assert_int_equal(number(&c, 0, "created_ms"), 1000);
	assert_int_equal(number(&c, 0, "start"), 0);
	check(w, &c, w->words);
}

static void an_empty_document_has_no_chunks(void **state)
{
	struct world *w = *state;
	assert_int_equal(cut(w, NULL, "A title", "").rows.n, 0);
	assert_int_equal(cut(w, NULL, "A title", "<div>\n</div>").rows.n, 0);
	const struct tw_transform_env env = {.embedder = w->words};
	struct tw_rows in[] = {no_groups(&w->a), no_groups(&w->a)};
	tw_rows_init(&in[0], tw_transform_scrub.schema, &w->a);
	assert_int_equal(apply(&w->a, &tw_transform_chunks, NULL, &env, "d", in).n, 0);
}

static void a_duplicate_has_no_chunks(void **state)
{
	struct world *w = *state;
	const struct tw_transform_env env = {.embedder = w->words};
	struct tw_rows in[] = {scrubbed(&w->a, "d", "t", "Said before."), no_groups(&w->a)};
	struct tw_row *r = tw_rows_add(&in[1], "d");
	tw_row_set_int(&in[1], r, "canonical", 0);
	assert_int_equal(apply(&w->a, &tw_transform_chunks, NULL, &env, "d", in).n, 0);
	tw_row_set_int(&in[1], r, "canonical", 1);
	assert_int_equal(apply(&w->a, &tw_transform_chunks, NULL, &env, "d", in).n, 1);
}

static void sections_are_cut_at_headings_and_say_where_they_stand(void **state)
{
	struct world *w = *state;
	const char *body = tw_sprintf(
		&w->a, "%s\n\n## Tools\n\n%s\n\n### Files *and* saws\n\n%s\n\n## Oil\n\n%s",
		sentences(w, 0, 4), sentences(w, 10, 4), sentences(w, 20, 4), sentences(w, 30, 4));
	const struct cut c = cut(w, "{\"max_tokens\": 60}", "Chains", body);
	assert_int_equal(c.rows.n, 4);
	assert_string_equal(field(&c, 0, "heading"), "Chains");
	assert_string_equal(field(&c, 1, "heading"), "Chains > Tools");
	assert_string_equal(field(&c, 2, "heading"), "Chains > Tools > Files and saws");
	assert_string_equal(field(&c, 3, "heading"), "Chains > Oil");
	assert_string_equal(field(&c, 2, "text"), sentences(w, 20, 4));
	check(w, &c, w->words);
}

static void short_sections_are_joined_with_the_next(void **state)
{
	struct world *w = *state;
	const char *body = tw_sprintf(&w->a, "## A\n\nTwo words.\n\n## B\n\n%s\n\n## C\n\n%s",
				      sentences(w, 0, 3), sentences(w, 10, 5));
	const struct cut c = cut(w, "{\"max_tokens\": 64, \"min_tokens\": 20}", "T", body);
	assert_int_equal(c.rows.n, 2);
	assert_string_equal(field(&c, 0, "heading"), "T > A");
	assert_contains(field(&c, 0, "text"), "Two words.\n\n## B\n\nSentence 0");
	assert_string_equal(field(&c, 1, "heading"), "T > C");
	const struct cut apart = cut(w, "{\"max_tokens\": 64, \"min_tokens\": 0}", "T", body);
	assert_int_equal(apart.rows.n, 3);
	check(w, &c, w->words);
}

static void long_sections_are_cut_between_sentences(void **state)
{
	struct world *w = *state;
	const struct cut c =
		cut(w, "{\"max_tokens\": 64, \"overlap\": 0}", "T", sentences(w, 0, 20));
	assert_true(c.rows.n >= 4 && c.rows.n <= 5);
	for (size_t i = 0; i < c.rows.n; i++) {
		const char *text = field(&c, i, "text");
		assert_int_equal(strncmp(text, "Sentence ", 9), 0);
		assert_int_equal(text[strlen(text) - 1], '.');
	}
	/* About equal, so that no crumb is left at the end. */
	assert_true(number(&c, c.rows.n - 1, "tokens") >= 32);
	check(w, &c, w->words);
}

static void a_chunk_repeats_the_last_sentence_of_the_one_before(void **state)
{
	struct world *w = *state;
	const struct cut c =
		cut(w, "{\"max_tokens\": 100, \"overlap\": 1}", "T", sentences(w, 0, 30));
	assert_true(c.rows.n >= 3);
	for (size_t i = 1; i < c.rows.n; i++) {
		int64_t end = number(&c, i - 1, "end"), start = number(&c, i, "start");
		assert_true(start < end);
		const char *shared = tw_strndup(&w->a, c.text + start, (size_t)(end - start));
		assert_int_equal(tw_embedder_count(w->words, shared, strlen(shared)), 10);
	}
	check(w, &c, w->words);
}

static const char *code_lines(struct world *w, int n)
{
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < n; i++)
		tw_str_addf(&s, "\tif (x%d > 1) y = x%d; /* it. And so on. */\n", i, i);
	const char *text = tw_str_dup(&s, &w->a);
	tw_str_release(&s);
	return text;
}

static void code_is_kept_whole_and_never_cut_within_a_line(void **state)
{
	struct world *w = *state;
	const char *few = tw_sprintf(&w->a, "%s\n\n```c\n%s```\n\n%s", sentences(w, 0, 6),
				     code_lines(w, 4), sentences(w, 10, 6));
	struct cut c = cut(w, "{\"max_tokens\": 90}", "T", few);
	bool whole = false;
	for (size_t i = 0; i < c.rows.n; i++)
		whole = whole || strstr(field(&c, i, "text"),
					tw_sprintf(&w->a, "```c\n%s```", code_lines(w, 4)));
	assert_true(whole);
	check(w, &c, w->words);
	const char *many =
		tw_sprintf(&w->a, "Look:\n\n```c\n%s```\n\nThat's it.", code_lines(w, 60));
	c = cut(w, "{\"max_tokens\": 90}", "T", many);
	assert_true(c.rows.n > 5);
	for (size_t i = 0; i < c.rows.n; i++) {
		size_t start = (size_t)number(&c, i, "start"), end = (size_t)number(&c, i, "end");
		assert_true(start == 0 || c.text[start - 1] == '\n');
		assert_true(!c.text[end] || c.text[end] == '\n');
	}
	check(w, &c, w->words);
}

/* A long first line, short ones behind it: the cut goes to the nearest line's end on either side. */
static void lines_of_different_length_stay_whole(void **state)
{
	struct world *w = *state;
	struct tw_str s = TW_STR_INIT;
	tw_str_adds(&s, "```\n");
	for (int i = 0; i < 60; i++)
		tw_str_addf(&s, "%d ", i);
	tw_str_adds(&s, "\na b\nc d\n");
	for (int i = 0; i < 60; i++)
		tw_str_addf(&s, "%d ", i);
	tw_str_adds(&s, "\n```\n");
	const struct cut c = cut(w, "{\"max_tokens\": 80}", "T", s.data);
	for (size_t i = 0; i < c.rows.n; i++) {
		size_t start = (size_t)number(&c, i, "start");
		assert_true(start == 0 || c.text[start - 1] == '\n');
	}
	check(w, &c, w->words);
	tw_str_release(&s);
}

static void a_heading_leaves_half_of_the_budget_to_the_text(void **state)
{
	struct world *w = *state;
	const char *title = sentences(w, 0, 6), *head = sentences(w, 50, 2);
	const char *body = tw_sprintf(&w->a, "%s\n\n## %s\n\n%s", sentences(w, 100, 5), head,
				      sentences(w, 110, 8));
	const struct cut c = cut(w, "{\"max_tokens\": 48}", title, body);
	assert_true(c.rows.n >= 3);
	assert_int_equal(strncmp(field(&c, 0, "heading"), title, 40), 0);
	assert_string_equal(field(&c, c.rows.n - 1, "heading"), head); /* the nearest one stays */
	check(w, &c, w->words);
}

/* A word of 5,000 letters, one of many code points: cut between code points, when there is nothing else. */
static void what_has_no_blanks_is_cut_between_code_points(void **state)
{
	struct world *w = *state;
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < 2000; i++)
		tw_str_adds(&s, "語\xF0\x9F\x99\x82");
	const struct cut c = cut_with(w, w->quarters, "{\"max_tokens\": 64}", "T", s.data);
	assert_true(c.rows.n > 50);
	for (size_t i = 0; i < c.rows.n; i++)
		assert_true(((unsigned char)field(&c, i, "text")[0] & 0xC0) != 0x80);
	check(w, &c, w->quarters);
	tw_str_release(&s);
}

static const char *const docs[] = {
	"jbranchaud-til/README.md",
	"jbranchaud-til/git/mark-a-release-with-an-annotated-tag.md",
	"jbranchaud-til/unix/hexdump-a-compiled-file.md",
	"xe-site/lume/src/blog/anything-message-queue.mdx",
	"xe-site/lume/src/talks/2024/xeact.mdx",
};

static void check_file(struct world *w, const char *path)
{
	static const char *const params[] = {
		"{\"max_tokens\": 32, \"min_tokens\": 0, \"overlap\": 0}",
		"{\"max_tokens\": 64, \"overlap\": 2}", "{\"max_tokens\": 200}"};
	const char *body = body_of(&w->a, path);
	for (size_t p = 0; p < sizeof(params) / sizeof(params[0]); p++) {
		struct cut c = cut_with(w, w->words, params[p], "A title", body);
		check(w, &c, w->words);
		c = cut_with(w, w->quarters, params[p], "A title", body);
		check(w, &c, w->quarters);
	}
}

static enum tw_status check_sample(void *ctx, const char *rel, const struct tw_stat *st,
				   const char *problem, struct tw_err *err)
{
	struct world *w = ctx;
	(void)st;
	(void)problem;
	(void)err;
	check_file(w, tw_path_join(&w->a, "samples/mara", rel));
	return TW_OK;
}

static void no_chunk_of_real_writing_passes_its_budget(void **state)
{
	struct world *w = *state;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_walk("samples/mara", NULL, check_sample, w, &err), &err);
	const char *shared = shared_data(&w->a, "");
	for (size_t i = 0; shared && i < sizeof(docs) / sizeof(docs[0]); i++)
		check_file(w, tw_path_join(&w->a, shared, docs[i]));
}

static void a_budget_above_the_embedders_limit_is_refused(void **state)
{
	struct world *w = *state;
	const struct tw_transform_env env = {.embedder = w->words};
	struct tw_err err = TW_ERR_INIT;
	struct tw_transform *t;
	struct tw_json *v;
	const char *params = "{\"max_tokens\": 300}";
	assert_ok(tw_json_parse(&v, params, strlen(params), &w->a, &err), &err);
	assert_int_equal(tw_transform_new(&t, &tw_transform_chunks, v, "t", ".", &env, &err),
			 TW_BAD_USE);
	assert_contains(err.msg, "set it to 256 or less");
}

/* --- embeddings --- */

static void each_chunk_has_the_vector_of_its_heading_and_text(void **state)
{
	struct world *w = *state;
	const struct tw_transform_env env = {.embedder = w->words};
	const struct cut c = cut(w, "{\"max_tokens\": 64}", "Titles", sentences(w, 0, 20));
	const struct tw_rows rows =
		apply(&w->a, &tw_transform_embeddings, NULL, &env, "d", &c.rows);
	assert_int_equal(rows.n, c.rows.n);
	for (size_t i = 0; i < rows.n; i++) {
		const char *all = tw_sprintf(&w->a, "%s\n\n%s", field(&c, i, "heading"),
					     field(&c, i, "text"));
		const struct tw_bytes text = {all, strlen(all)};
		float want[64];
		double length = 0;
		assert_ok(tw_embed(want, w->words, &text, 1, NULL), &(struct tw_err){0});
		assert_int_equal(rows.at[i].ord, (int)i);
		assert_int_equal(rows.at[i].cells[0].dim, 64);
		assert_memory_equal(rows.at[i].cells[0].vec, want, sizeof(want));
		for (int k = 0; k < 64; k++)
			length += (double)want[k] * (double)want[k];
		assert_true(fabs(length - 1) < 1e-5);
	}
	const struct tw_rows none = cut(w, NULL, "T", "").rows;
	assert_int_equal(apply(&w->a, &tw_transform_embeddings, NULL, &env, "d", &none).n, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_short_document_stays_whole),
		TEST(an_empty_document_has_no_chunks),
		TEST(a_duplicate_has_no_chunks),
		TEST(sections_are_cut_at_headings_and_say_where_they_stand),
		TEST(short_sections_are_joined_with_the_next),
		TEST(long_sections_are_cut_between_sentences),
		TEST(a_chunk_repeats_the_last_sentence_of_the_one_before),
		TEST(code_is_kept_whole_and_never_cut_within_a_line),
		TEST(lines_of_different_length_stay_whole),
		TEST(a_heading_leaves_half_of_the_budget_to_the_text),
		TEST(what_has_no_blanks_is_cut_between_code_points),
		TEST(no_chunk_of_real_writing_passes_its_budget),
		TEST(a_budget_above_the_embedders_limit_is_refused),
		TEST(each_chunk_has_the_vector_of_its_heading_and_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
