#include "feature/clean_inline_int.h"

static void join_lines(struct inline_scan *k)
{
	k->starts = TW_NEW_ARRAY(k->c->a, k->n_lines, size_t);
	for (size_t i = 0; i < k->n_lines; i++) {
		if (i)
			tw_str_addc(&k->text, '\n');
		k->starts[i] = k->text.len;
		tw_str_add(&k->text, k->lines[i].text.data, k->lines[i].text.len);
	}
	k->s = tw_str_c(&k->text);
	k->n = k->text.len;
}

/* Marks inside of destinations are no emphasis. */
static void forget_skipped(struct inline_scan *k)
{
	size_t n = 0;
	for (size_t i = 0; i < k->delims.n; i++) {
		struct token *t = &k->tokens.at[k->delims.at[i].token];
		if (t->skip)
			continue;
		t->delim = n;
		k->delims.at[n++] = k->delims.at[i];
	}
	k->delims.n = n;
}

void tw_clean_inline(struct cleaner *c, const struct clean_line *lines, size_t n)
{
	struct inline_scan k = {.c = c, .lines = lines, .n_lines = n};
	join_lines(&k);
	tw_clean_lex(&k);
	tw_clean_links(&k);
	forget_skipped(&k);
	tw_clean_emphasis(k.delims.at, k.delims.n);
	tw_clean_write(&k);
	tw_vec_release(&k.tokens);
	tw_vec_release(&k.delims);
	tw_str_release(&k.text);
}
