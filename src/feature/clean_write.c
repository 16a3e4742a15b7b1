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

static bool at_line_start(const struct inline_scan *k)
{
	const struct tw_str *out = &k->c->out;
	size_t i = out->len;
	while (i > 0 && (out->data[i - 1] == ' ' || out->data[i - 1] == '>'))
		i--;
	return i == 0 || out->data[i - 1] == '\n';
}

static void paragraph_break(struct inline_scan *k)
{
	if (!at_line_start(k))
		tw_str_adds(&k->c->out, "\n\n");
}

static void put_prefix(struct inline_scan *k, const struct clean_line *l)
{
	put(k, l->prefix.data, l->prefix.len);
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
		if (!at_line_start(k))
			tw_str_addc(&k->c->out, '\n');
		put(k, "- ", 2);
		return;
	}
	paragraph_break(k);
	if (t->name[0] == 'h' && t->name[1] >= '1' && t->name[1] <= '6' && !t->name[2] &&
	    !t->closing)
		put(k, "###### " + (6 - (t->name[1] - '0')), (size_t)(t->name[1] - '0') + 1);
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
		if (!tag_ends_line(k, i) && !at_line_start(k))
			tw_str_addc(&k->c->out, '\n');
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

/* Ends a line: blanks behind it go, and a line of which nothing but its marks is left goes as a whole. */
static void end_line(struct inline_scan *k, size_t line_start, const struct clean_line *l)
{
	struct tw_str *out = &k->c->out;
	while (out->len > line_start &&
	       (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '\t'))
		out->len--;
	size_t prefix = l->prefix.len;
	while (prefix && l->prefix.data[prefix - 1] == ' ')
		prefix--;
	if (l->text.len && out->len - line_start <= prefix &&
	    memcmp(out->data + line_start, l->prefix.data, out->len - line_start) == 0)
		out->len = line_start;
	if (out->data)
		out->data[out->len] = '\0';
}

static void put_newline(struct inline_scan *k, size_t *line_start, size_t from, size_t to)
{
	struct tw_str *out = &k->c->out;
	end_line(k, *line_start, &k->lines[from]);
	if (out->len && out->data[out->len - 1] != '\n')
		tw_str_addc(out, '\n');
	*line_start = out->len;
	put_prefix(k, &k->lines[to]);
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

static size_t line_at(const struct inline_scan *k, size_t from, size_t offset)
{
	while (from + 1 < k->n_lines && k->starts[from + 1] <= offset)
		from++;
	return from;
}

/* A code span keeps its bytes; where it runs over lines, their quote and list marks too. */
static void put_code(struct inline_scan *k, const struct token *t, size_t *line)
{
	for (size_t i = t->start; i < t->end;) {
		const char *nl = memchr(k->s + i, '\n', t->end - i);
		size_t end = nl ? (size_t)(nl - k->s) + 1 : t->end;
		put(k, k->s + i, end - i);
		i = end;
		if (!nl)
			break;
		*line = line_at(k, *line, end);
		put_prefix(k, &k->lines[*line]);
	}
}

void tw_clean_write(struct inline_scan *k)
{
	size_t line_start = k->c->out.len, line = 0, next;
	put_prefix(k, &k->lines[0]);
	for (size_t i = 0; i < k->tokens.n; i++) {
		const struct token *t = &k->tokens.at[i];
		if (t->skip)
			continue;
		switch (t->type) {
		case T_NEWLINE:
			next = line_at(k, line, t->end);
			put_newline(k, &line_start, line, next);
			line = next;
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
			put_code(k, t, &line);
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
	end_line(k, line_start, &k->lines[line]);
}
