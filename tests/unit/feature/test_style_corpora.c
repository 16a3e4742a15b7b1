/*
 * Style is what a twin learns, so cleaning must not lose any of it. Over whole
 * corpora of real writing, for each document:
 *
 * - Apostrophes, hyphens and dashes, and emoji of the author's prose: as many
 *   are in the cleaned text as in the source without its markup. Markup is:
 *   front matter; fences with what is in them (compared apart, below); tags of HTML and
 *   JSX with their attributes; comments; script, style and svg elements; import and
 *   export statements and {expressions} of MDX; targets and titles of links;
 *   images with their words; definitions of links; underlines and {#ids} of headings.
 *   Entities that stand for such a mark are no loss, but a gain.
 * - Code: line ends being "\n", each fenced block is in the cleaned text byte for byte, so no newline
 *   and no indentation of it is lost.
 * - Labels: each answer is, byte for byte, a piece of the cleaned and scrubbed text.
 *
 * style_source.c reads the source by rules of its own.
 */
#include "feature_test.h"

#include "base/fs.h"
#include "style_source.h"

struct corpus {
	const char *root;
	int docs, blocks, answers;
	struct style_marks marks, lost;
	int gained; /* marks more than the source has: what the two readers of markup see differently */
	int lost_blocks, not_verbatim;
};

static int lost(int source, int cleaned)
{
	return source > cleaned ? source - cleaned : 0;
}

static void compare_marks(struct corpus *c, const char *rel, const struct style_source *src,
			  const char *text)
{
	struct style_marks want = style_marks_of(tw_str_c(&src->prose), src->prose.len);
	struct style_marks got = style_marks_of(text, strlen(text));
	for (size_t i = 0; i < src->code.n; i++) {
		struct style_marks code = style_marks_of(src->code.at[i].data, src->code.at[i].len);
		want.apostrophes += code.apostrophes;
		want.hyphens += code.hyphens;
		want.emoji += code.emoji;
	}
	c->marks.apostrophes += want.apostrophes;
	c->marks.hyphens += want.hyphens;
	c->marks.emoji += want.emoji;
	struct style_marks l = {lost(want.apostrophes, got.apostrophes),
				lost(want.hyphens, got.hyphens), lost(want.emoji, got.emoji)};
	c->lost.apostrophes += l.apostrophes;
	c->lost.hyphens += l.hyphens;
	c->lost.emoji += l.emoji;
	c->gained += lost(got.apostrophes, want.apostrophes) + lost(got.hyphens, want.hyphens) +
		     lost(got.emoji, want.emoji);
	if (l.apostrophes || l.hyphens || l.emoji)
		print_error("%s: lost %d apostrophes, %d hyphens, %d emoji\n", rel, l.apostrophes,
			    l.hyphens, l.emoji);
}

static void compare_code(struct corpus *c, const char *rel, const struct style_source *src,
			 const char *text)
{
	for (size_t i = 0; i < src->code.n; i++) {
		const struct tw_bytes *b = &src->code.at[i];
		c->blocks++;
		if (memmem(text, strlen(text), b->data, b->len))
			continue;
		c->lost_blocks++;
		print_error("%s: not in the text: %.*s\n", rel, (int)(b->len < 200 ? b->len : 200),
			    b->data);
	}
}

static void compare_answers(struct corpus *c, const char *rel, struct tw_rows *in,
			    struct tw_arena *a)
{
	tw_rows_init(&in[1], tw_transform_duplicates.schema, a);
	const struct tw_rows labels = apply(a, &tw_transform_labels, NULL, NULL, rel, in);
	const char *text = tw_row_cstr(&in[0], &in[0].at[0], "text");
	for (size_t i = 0; i < labels.n; i++) {
		const struct tw_row *r = &labels.at[i];
		const struct tw_bytes answer = tw_row_text(&labels, r, "answer");
		int64_t start = tw_row_int(&labels, r, "start");
		c->answers++;
		c->not_verbatim += tw_row_int(&labels, r, "end") - start != (int64_t)answer.len ||
				   memcmp(text + start, answer.data, answer.len) != 0;
	}
}

/* Lines end in "\n", whatever the file has; front matter goes. */
static const char *unix_body(struct tw_arena *a, const char *path)
{
	char *body = tw_strdup(a, body_of(a, path)), *to = body;
	if (!strchr(body, '\r'))
		return body;
	for (const char *s = body; *s; s++)
		if (*s != '\r')
			*to++ = *s;
	*to = '\0';
	const char *end = strncmp(body, "---\n", 4) == 0 ? strstr(body + 4, "\n---\n") : NULL;
	return end ? end + 5 : body;
}

static enum tw_status compare_file(void *ctx, const char *rel, const struct tw_stat *st,
				   const char *problem, struct tw_err *err)
{
	struct corpus *c = ctx;
	const char *ext = tw_path_ext(rel);
	struct style_source src;
	struct tw_arena a;
	(void)st;
	(void)problem;
	(void)err;
	if (strcmp(ext, "md") != 0 && strcmp(ext, "mdx") != 0)
		return TW_OK;
	tw_arena_init(&a);
	bool mdx = ext[2] != '\0';
	const char *body = unix_body(&a, tw_path_join(&a, c->root, rel));
	const struct tw_rows doc =
		raw(&a, rel, "A title of its own", mdx ? "text/mdx" : "text/markdown", body);
	const struct tw_rows clean =
		apply(&a, &tw_transform_clean, "{\"boilerplate\": false}", NULL, rel, &doc);
	const char *text = tw_row_cstr(&clean, &clean.at[0], "text");
	style_source_read(&src, body, mdx);
	compare_marks(c, rel, &src, text);
	compare_code(c, rel, &src, text);
	struct tw_rows in[3] = {apply(&a, &tw_transform_scrub, NULL, NULL, rel, &clean)};
	in[2] = doc;
	compare_answers(c, rel, in, &a);
	c->docs++;
	style_source_release(&src);
	tw_arena_release(&a);
	return TW_OK;
}

static struct corpus compared(const char *root)
{
	struct corpus c = {.root = root};
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_walk(root, NULL, compare_file, &c, &err), &err);
	print_message("%s: %d documents, %d apostrophes, %d hyphens, %d emoji, %d blocks of code, "
		      "%d answers\n",
		      tw_path_base(root), c.docs, c.marks.apostrophes, c.marks.hyphens,
		      c.marks.emoji, c.blocks, c.answers);
	assert_int_equal(c.lost.apostrophes, 0);
	assert_int_equal(c.lost.hyphens, 0);
	assert_int_equal(c.lost.emoji, 0);
	assert_int_equal(c.lost_blocks, 0);
	/* A measure that missed much of the source would find nothing lost either. */
	assert_true(c.gained * 100 < c.marks.apostrophes + c.marks.hyphens + c.marks.emoji);
	assert_int_equal(c.not_verbatim, 0);
	return c;
}

static void the_sample_author_keeps_her_style(void **state)
{
	(void)state;
	const struct corpus c = compared("samples/mara");
	assert_true(c.docs >= 30 && c.answers >= 30 && c.marks.apostrophes > 300);
}

static void compare_shared(const char *name, int docs, int blocks, int answers)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const char *root = shared_data(&a, name);
	const struct corpus c = root ? compared(root) : (struct corpus){0};
	tw_arena_release(&a);
	if (!root)
		skip_because("no corpus %s here", name);
	assert_true(c.docs >= docs && c.blocks >= blocks && c.answers >= answers);
}

static void short_notes_keep_their_style(void **state)
{
	(void)state;
	compare_shared("jbranchaud-til", 1800, 3000, 1800);
}

static void long_posts_in_mdx_keep_their_style(void **state)
{
	(void)state;
	compare_shared("xe-site", 600, 1000, 1800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_author_keeps_her_style),
		cmocka_unit_test(short_notes_keep_their_style),
		cmocka_unit_test(long_posts_in_mdx_keep_their_style),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
