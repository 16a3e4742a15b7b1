#include "feature/clean_inline_int.h"

#include <string.h>

#include "base/text.h"

void tw_clean_put(struct cleaner *c, const char *s, size_t n)
{
	struct tw_str *out = &c->out;
	if (!n)
		return;
	if (!out->len || out->data[out->len - 1] == '\n')
		for (int i = 0; i < c->quotes; i++)
			tw_str_adds(out, "> ");
	tw_str_add(out, s, n);
}

static void put(struct inline_scan *k, const char *s, size_t n)
{
	tw_clean_put(k->c, s, n);
}

/* Offset of the last line of what was written. */
static size_t line_start(const struct tw_str *out)
{
	const char *nl = out->len ? memrchr(out->data, '\n', out->len) : NULL;
	return nl ? (size_t)(nl - out->data) + 1 : 0;
}

static bool at_line_start(const struct inline_scan *k)
{
	const struct tw_str *out = &k->c->out;
	size_t i = out->len;
	while (i > 0 && (out->data[i - 1] == ' ' || out->data[i - 1] == '>'))
		i--;
	return i == 0 || out->data[i - 1] == '\n';
}

/* The quote marks of the line, for text that a tag puts on a line of its own. */
static void put_quote_marks(struct inline_scan *k)
{
	const struct tw_bytes *p = &k->lines[k->line].prefix;
	const char *last = p->len ? memrchr(p->data, '>', p->len) : NULL;
	if (last) {
		put(k, p->data, (size_t)(last - p->data) + 1);
		put(k, " ", 1);
	}
}

static void new_line(struct inline_scan *k)
{
	if (at_line_start(k))
		return;
	tw_str_addc(&k->c->out, '\n');
	put_quote_marks(k);
}

static void paragraph_break(struct inline_scan *k)
{
	struct tw_str *out = &k->c->out;
	new_line(k);
	size_t at = line_start(out);
	if (at < 2 || out->data[at - 2] == '\n')
		return;
	tw_str_addc(out, '\n');
	memmove(out->data + at + 1, out->data + at, out->len - 1 - at);
	out->data[at] = '\n';
}

static void put_prefix(struct inline_scan *k)
{
	put(k, k->lines[k->line].prefix.data, k->lines[k->line].prefix.len);
}

static void go_to_line(struct inline_scan *k, size_t offset)
{
	while (k->line + 1 < k->n_lines && k->starts[k->line + 1] <= offset)
		k->line++;
}

/* <blockquote> that ends in the text still to come shows as "> ". */
static void put_quote_tag(struct inline_scan *k, const struct clean_tag *t)
{
	paragraph_break(k);
	if (!t->closing)
		k->c->quotes++;
	else if (k->c->quotes)
		k->c->quotes--;
}

static void put_block_tag(struct inline_scan *k, const struct clean_tag *t)
{
	if (strcmp(t->name, "li") == 0) {
		if (t->closing)
			return;
		new_line(k);
		put(k, "- ", 2);
		return;
	}
	paragraph_break(k);
	if (t->name[0] == 'h' && t->name[1] >= '1' && t->name[1] <= '6' && !t->name[2] &&
	    !t->closing)
		put(k, &"###### "[6 - (t->name[1] - '0')], (size_t)(t->name[1] - '0') + 1);
}

static bool tag_ends_line(const struct inline_scan *k, size_t i)
{
	return i + 1 >= k->tokens.n || k->tokens.at[i + 1].type == T_NEWLINE;
}

static void put_tag(struct inline_scan *k, size_t i)
{
	const struct clean_tag *t = &k->tokens.at[i].tag;
	if (strcmp(t->name, "blockquote") == 0 && !t->self_closing) {
		put_quote_tag(k, t);
		return;
	}
	if (strcmp(t->name, "code") == 0 && !t->component && !t->self_closing) {
		put(k, "`", 1);
		return;
	}
	switch (tw_clean_tag_kind(t)) {
	case CLEAN_BREAK_TAG:
		if (!tag_ends_line(k, i))
			new_line(k);
		break;
	case CLEAN_BLOCK_TAG:
		put_block_tag(k, t);
		break;
	case CLEAN_INLINE_TAG:
		if (t->component && (at_line_start(k) || tag_ends_line(k, i)))
			paragraph_break(k);
		break;
	}
}

/* True when nothing but the line's marks was written since `start`. */
static bool only_marks(const struct inline_scan *k, size_t start)
{
	const struct tw_str *out = &k->c->out;
	const struct clean_line *l = &k->lines[k->line];
	size_t prefix = l->prefix.len, len = out->len - start;
	while (prefix && l->prefix.data[prefix - 1] == ' ')
		prefix--;
	return l->text.len && len <= prefix &&
	       (!len || memcmp(out->data + start, l->prefix.data, len) == 0);
}

static size_t trim_line(struct inline_scan *k)
{
	struct tw_str *out = &k->c->out;
	size_t start = line_start(out);
	while (out->len > start && strchr(" \t", out->data[out->len - 1]))
		out->len--;
	if (out->data)
		out->data[out->len] = '\0';
	return start;
}

/* Ends a line; one of which only its marks are left goes, or, as a list item, takes in the next line. */
static void put_newline(struct inline_scan *k, size_t end)
{
	struct tw_str *out = &k->c->out;
	size_t start = trim_line(k);
	bool marks = only_marks(k, start), item = marks && out->len > start;
	if (item && strchr(">", out->data[out->len - 1]))
		item = false;
	if (item) {
		tw_str_addc(out, ' ');
		go_to_line(k, end);
		return;
	}
	if (marks)
		out->len = start;
	if (out->len && out->data[out->len - 1] != '\n')
		tw_str_addc(out, '\n');
	go_to_line(k, end);
	put_prefix(k);
}

static void end_block(struct inline_scan *k)
{
	size_t start = trim_line(k);
	if (only_marks(k, start) || (k->line && k->c->out.len == start))
		k->c->out.len = start;
}

static void put_delim(struct inline_scan *k, const struct token *t)
{
	put(k, k->s + t->start, (size_t)k->delims.at[t->delim].left);
}

static void put_prose(struct inline_scan *k, const char *s, size_t n)
{
	struct tw_str nfc = TW_STR_INIT;
	bool ascii = true;
	for (size_t i = 0; i < n && ascii; i++)
		ascii = (signed char)s[i] >= 0;
	if (!ascii)
		tw_text_nfc(&nfc, s, n);
	put(k, ascii ? s : tw_str_c(&nfc), ascii ? n : nfc.len);
	tw_str_release(&nfc);
}

/* A code span keeps its bytes; where it runs over lines, their quote and list marks too. */
static void put_code(struct inline_scan *k, const struct token *t)
{
	for (size_t i = t->start; i < t->end;) {
		const char *nl = memchr(k->s + i, '\n', t->end - i);
		size_t end = nl ? (size_t)(nl - k->s) + 1 : t->end;
		put(k, k->s + i, end - i);
		i = end;
		if (!nl)
			break;
		go_to_line(k, end);
		put_prefix(k);
	}
}

void tw_clean_write(struct inline_scan *k)
{
	put_prefix(k);
	for (size_t i = 0; i < k->tokens.n; i++) {
		const struct token *t = &k->tokens.at[i];
		if (t->skip)
			continue;
		switch (t->type) {
		case T_NEWLINE:
			put_newline(k, t->end);
			break;
		case T_TAG:
			put_tag(k, i);
			break;
		case T_DELIM:
			put_delim(k, t);
			break;
		case T_LITERAL:
			put(k, t->text, strlen(t->text));
			break;
		case T_CODE:
			put_code(k, t);
			break;
		case T_DROP:
			break;
		case T_TEXT:
		case T_OPEN:
		case T_IMAGE:
		case T_CLOSE:
			put_prose(k, k->s + t->start, t->end - t->start);
			break;
		}
	}
	end_block(k);
}
