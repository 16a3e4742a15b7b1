/*
 * View "clean": one row a document, its text without markup. What stays, byte
 * for byte: words, punctuation, emoji, line breaks, code in its backticks and
 * fences, headings as "## x", list and quote marks. What goes: tags, link
 * targets, images, comments, emphasis marks, imports, lines of page machinery.
 */
#include <string.h>

#include "base/text.h"
#include "feature/clean_int.h"
#include "feature/feature.h"

struct clean {
	bool boilerplate;
	const char *lang;
};

static const struct tw_opt opts[] = {
	{"boilerplate", TW_OPT_BOOL, offsetof(struct clean, boilerplate), .def = "true",
	 .help = "drop paragraphs such as \"Share this post\" and \"Subscribe\""},
	{"lang", TW_OPT_STRING, offsetof(struct clean, lang), .def = "",
	 .help = "language of documents that name none (BCP 47), empty to detect it"},
	{0},
};

static const struct tw_field schema[] = {
	{"title", TW_FIELD_TEXT, 0, "given, or the first heading; \"\" for none"},
	{"text", TW_FIELD_TEXT, 0, "without markup"},
	{"lang", TW_FIELD_TEXT, 0, "BCP 47 tag, given or detected; \"\" unsure"},
	{"url", TW_FIELD_TEXT, 0, "where a reader finds it"},
	{"created_ms", TW_FIELD_INT, 0, "first publication, 0 unknown"},
	{"author", TW_FIELD_TEXT, 0, "\"\" unknown"},
	{"words", TW_FIELD_INT, 0, "words in text"},
	{"removed", TW_FIELD_REAL, 0, "share of the characters that were taken away"},
	{0},
};

static const char *const inputs[] = {TW_DOCUMENTS_VIEW, NULL};

/* Valid UTF-8 with '\n' between lines, and without NUL and byte order marks. */
static void normalize(struct tw_str *out, const char *s, size_t n)
{
	struct tw_str valid = TW_STR_INIT;
	tw_utf8_repair(&valid, s, n);
	size_t i = valid.len >= 3 && memcmp(valid.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	for (; i < valid.len; i++) {
		char ch = valid.data[i];
		if (ch == '\r')
			tw_str_addc(out, '\n');
		if (ch == '\r' && i + 1 < valid.len && valid.data[i + 1] == '\n')
			i++;
		else if (ch && ch != '\r')
			tw_str_addc(out, ch);
	}
	tw_str_release(&valid);
}

static void put_code_block(struct cleaner *c, const struct clean_block *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct tw_bytes *t = &c->lines.at[b->first + i].text;
		if (i)
			tw_str_addc(&c->out, '\n');
		tw_clean_put(c, t->data, t->len);
	}
}

static size_t longest_run(const char *s, size_t n, char ch)
{
	size_t best = 0, run = 0;
	for (size_t i = 0; i < n; i++) {
		run = s[i] == ch ? run + 1 : 0;
		best = run > best ? run : best;
	}
	return best;
}

/* The inside of <pre> as a fenced block: tags away, references decoded. */
static void put_pre(struct cleaner *c, const struct tw_bytes *t)
{
	struct tw_str code = TW_STR_INIT, fence = TW_STR_INIT;
	struct clean_tag tag;
	char text[8];
	size_t i = t->len && t->data[0] == '\n';
	while (i < t->len) {
		const char *s = t->data + i;
		size_t n = t->len - i, len;
		if (*s == '<' && tw_clean_tag(c, &tag, s, n)) {
			i += tag.len;
		} else if (*s == '&' && (len = tw_clean_entity(text, s, n)) > 0) {
			tw_str_adds(&code, text);
			i += len;
		} else {
			tw_str_addc(&code, *s);
			i++;
		}
	}
	while (code.len && code.data[code.len - 1] == '\n')
		code.data[--code.len] = '\0';
	size_t run = longest_run(tw_str_c(&code), code.len, '`');
	for (size_t k = 0; k < (run < 3 ? 3 : run + 1); k++)
		tw_str_addc(&fence, '`');
	if (code.len) {
		tw_clean_put(c, fence.data, fence.len);
		tw_str_addf(&c->out, "\n%s\n%s", code.data, fence.data);
	}
	tw_str_release(&code);
	tw_str_release(&fence);
}

/* Attributes behind a heading, as kramdown and Hugo write them: "{#id .class}". */
static struct tw_bytes without_attributes(struct tw_bytes t)
{
	if (!t.len || t.data[t.len - 1] != '}')
		return t;
	const char *open = memrchr(t.data, '{', t.len);
	if (!open || open + 2 >= t.data + t.len || !strchr("#.:", open[1]))
		return t;
	t.len = (size_t)(open - t.data);
	while (t.len && t.data[t.len - 1] == ' ')
		t.len--;
	return t;
}

static void put_heading(struct cleaner *c, const struct clean_block *b)
{
	struct clean_line line = c->lines.at[b->first];
	const char *quote = line.prefix.len ? memchr(line.prefix.data, '>', line.prefix.len) : NULL;
	if (quote)
		tw_clean_put(c, line.prefix.data, line.prefix.len);
	line.prefix = (struct tw_bytes){0};
	line.text = without_attributes(line.text);
	size_t start = c->out.len;
	tw_clean_put(c, &"###### "[6 - b->level], (size_t)b -> level + 1);
	size_t text = c->out.len;
	tw_clean_inline(c, &line, 1);
	for (size_t i = text; i < c->out.len; i++)
		if (c->out.data[i] == '\n')
			c->out.data[i] = ' ';
	if (c->out.len <= text)
		c->out.len = start;
}

static void put_block(struct cleaner *c, const struct clean_block *b)
{
	switch (b->type) {
	case CLEAN_TEXT:
		tw_clean_inline(c, &c->lines.at[b->first], b->n);
		break;
	case CLEAN_HEAD:
		put_heading(c, b);
		break;
	case CLEAN_CODE:
		put_code_block(c, b);
		break;
	case CLEAN_PRE:
		put_pre(c, &c->lines.at[b->first].text);
		break;
	case CLEAN_BLANK:
		break;
	}
}

static void separate(struct tw_str *out, size_t newlines)
{
	size_t have = 0;
	while (have < out->len && out->data[out->len - 1 - have] == '\n')
		have++;
	for (; out->len && have < newlines; have++)
		tw_str_addc(out, '\n');
}

static void put_blocks(struct cleaner *c, bool boilerplate)
{
	bool blank = false;
	for (size_t i = 0; i < c->blocks.n; i++) {
		const struct clean_block *b = &c->blocks.at[i];
		size_t before = c->out.len;
		if (b->type == CLEAN_BLANK) {
			blank = true;
			continue;
		}
		separate(&c->out, blank || b->type == CLEAN_PRE ? 2 : 1);
		size_t start = c->out.len;
		put_block(c, b);
		bool drop = c->out.len <= start ||
			    (boilerplate && b->type == CLEAN_TEXT && b->n == 1 &&
			     tw_clean_is_boilerplate(c->out.data + start, c->out.len - start));
		if (drop)
			c->out.len = before;
		else
			blank = b->type == CLEAN_PRE;
	}
}

/* Text without Markdown in it: lines as they are, without blanks behind them. */
static void put_plain(struct cleaner *c, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		const char *nl = memchr(s + i, '\n', n - i);
		size_t end = nl ? (size_t)(nl - s) : n, len = end - i;
		while (len && (s[i + len - 1] == ' ' || s[i + len - 1] == '\t'))
			len--;
		tw_str_add(&c->out, s + i, len);
		if (nl)
			tw_str_addc(&c->out, '\n');
		i = end + 1;
	}
}

/* A title is copied to each of a document's chunks and prompts: what is longer than this (bytes) is none. */
#define MAX_TITLE 500

static char *one_line(const char *s, size_t n, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	for (size_t i = 0; i < n; i++) {
		bool space = (unsigned char)s[i] <= ' ';
		if (!space)
			tw_str_addc(&out, s[i]);
		else if (out.len && out.data[out.len - 1] != ' ')
			tw_str_addc(&out, ' ');
	}
	tw_str_trim(&out);
	char *line = tw_str_dup(&out, a);
	tw_str_release(&out);
	return line;
}

/* A heading of level 1 that opens the text and says the title (or the only title there is) is no part of the text. */
static const char *take_title(struct tw_bytes *text, const char *title, struct tw_arena *a)
{
	if (text->len < 3 || memcmp(text->data, "# ", 2) != 0)
		return title;
	const char *nl = memchr(text->data, '\n', text->len);
	size_t end = nl ? (size_t)(nl - text->data) : text->len;
	const char *heading = one_line(text->data + 2, end - 2, a);
	if (strlen(heading) > MAX_TITLE || (title[0] && strcmp(title, heading) != 0))
		return title;
	while (end < text->len && text->data[end] == '\n')
		end++;
	*text = (struct tw_bytes){text->data + end, text->len - end};
	return heading;
}

static double share_removed(const struct tw_str *raw, const struct cleaner *c)
{
	size_t before = tw_utf8_count(tw_str_c(raw), raw->len);
	size_t after = tw_utf8_count(tw_str_c(&c->out), c->out.len);
	return before > after ? (double)(before - after) / (double)before : 0;
}

static void clean_body(struct cleaner *c, const struct tw_str *raw, const char *media,
		       bool boilerplate)
{
	c->mdx = strcmp(media, "text/mdx") == 0;
	c->budget = 32 * (int64_t)raw->len + 1000000;
	if (strcmp(media, "text/plain") == 0) {
		put_plain(c, tw_str_c(raw), raw->len);
	} else {
		tw_clean_find_blocks(c, tw_str_c(raw), raw->len);
		put_blocks(c, boilerplate);
	}
	while (c->out.len && strchr(" \n\t", c->out.data[c->out.len - 1]))
		c->out.len--;
	tw_str_add(&c->out, "", 0);
}

static void release(struct cleaner *c)
{
	tw_str_release(&c->out);
	tw_vec_release(&c->blocks);
	tw_vec_release(&c->lines);
	tw_map_release(&c->labels);
}

static struct tw_bytes without_blank_front(const struct tw_str *s)
{
	size_t i = 0;
	while (i < s->len && s->data[i] == '\n')
		i++;
	return (struct tw_bytes){tw_str_c(s) + i, s->len - i};
}

void tw_clean_piece(struct tw_str *out, const char *media, const char *s, size_t n,
		    struct tw_arena *a)
{
	struct cleaner c = {.a = a};
	struct tw_str raw = TW_STR_INIT;
	normalize(&raw, s, n);
	clean_body(&c, &raw, media, false);
	const struct tw_bytes text = without_blank_front(&c.out);
	tw_str_add(out, text.data, text.len);
	tw_str_release(&raw);
	release(&c);
}

static void fill_row(struct tw_rows *out, const char *doc, const struct clean *o,
		     const struct tw_rows *in, const struct tw_row *from, struct cleaner *c,
		     double removed)
{
	struct tw_arena *a = out->arena;
	struct tw_row *r = tw_rows_add(out, doc);
	struct tw_str given = TW_STR_INIT;
	const struct tw_bytes t = tw_row_text(in, from, "title");
	normalize(&given, t.data ? t.data : "", t.len);
	char *title = one_line(tw_str_c(&given), given.len, a);
	if (strlen(title) > MAX_TITLE)
		title[tw_utf8_floor(title, MAX_TITLE)] = '\0';
	struct tw_bytes text = without_blank_front(&c->out);
	const char *shown = take_title(&text, title, a);
	const char *lang = tw_row_cstr(in, from, "lang");
	if (!lang[0])
		lang = o->lang[0] ? o->lang : tw_detect_language(text.data, text.len, a);
	tw_row_set_str(out, r, "title", shown);
	tw_row_set_text(out, r, "text", text.data, text.len);
	tw_row_set_str(out, r, "lang", lang);
	tw_row_set_str(out, r, "url", tw_row_cstr(in, from, "url"));
	tw_row_set_int(out, r, "created_ms", tw_row_int(in, from, "created_ms"));
	tw_row_set_str(out, r, "author", tw_row_cstr(in, from, "author"));
	tw_row_set_int(out, r, "words", (int64_t)tw_text_words(text.data, text.len, a).n);
	tw_row_set_real(out, r, "removed", removed);
	tw_str_release(&given);
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	const struct clean *o = ctx;
	(void)err;
	for (size_t i = 0; i < in[0].n; i++) {
		const struct tw_row *from = &in[0].at[i];
		const struct tw_bytes body = tw_row_text(&in[0], from, "body");
		struct cleaner c = {.a = a};
		struct tw_str raw = TW_STR_INIT;
		normalize(&raw, body.data ? body.data : "", body.len);
		clean_body(&c, &raw, tw_row_cstr(&in[0], from, "media"), o->boilerplate);
		fill_row(out, doc, o, &in[0], from, &c, share_removed(&raw, &c));
		tw_str_release(&raw);
		release(&c);
	}
	return TW_OK;
}

const struct tw_transform_type tw_transform_clean = {
	.name = "clean",
	.help = "text without markup, in the author's own punctuation",
	.code_version = 2,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct clean),
	.apply = apply,
};
