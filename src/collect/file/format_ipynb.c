/*
 * Jupyter notebooks: nbformat's documentation and JSON schemas of versions 3 and 4
 * (nbformat/v3, nbformat/v4). Text cells are Markdown as it is, code cells become fenced
 * code in the language of the kernel; what the code printed is left out.
 */
#include <string.h>
#include <strings.h>

#include "collect/markup/markup_int.h"

struct notebook {
	struct tw_arena *a;
	const char *lang;
	struct tw_str out;
	struct meta meta;
};

/* "source": a text, or a list of its lines. */
static void join(struct tw_str *out, const struct tw_json *source)
{
	const struct tw_json *one =
		source && source->type == TW_JSON_ARRAY ? source->child : source;
	for (; one; one = source == one ? NULL : one->next)
		if (one->type == TW_JSON_STRING)
			tw_str_add(out, one->s, one->len);
}

static const struct tw_json *at(const struct tw_json *v, const char *a, const char *b)
{
	return tw_json_get(tw_json_get(v, a), b);
}

/* Names that Markdown's readers know; a kernel may call itself "ipython". */
static const char *language(const struct tw_json *root, struct tw_arena *a)
{
	const struct tw_json *meta = tw_json_get(root, "metadata");
	const char *name = tw_json_str(at(meta, "kernelspec", "language"), NULL);
	if (!name || !*name)
		name = tw_json_str(at(meta, "language_info", "name"), NULL);
	if (!name || !*name)
		name = tw_json_str(at(meta, "kernelspec", "name"), "python");
	if (strncasecmp(name, "python", 6) == 0 || strcasecmp(name, "ipython") == 0)
		return "python";
	char *low = tw_strdup(a, name);
	for (char *c = low; *c; c++)
		*c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 32) : *c;
	low[strcspn(low, " `\t\n")] = '\0';
	return low;
}

/* "%%bash" on the first line names the language of a cell. */
static const char *cell_language(const struct notebook *n, const char *code)
{
	static const char *const known[] = {"bash", "sh",    "html",	 "javascript",
					    "js",   "latex", "ruby",	 "perl",
					    "R",    "sql",   "markdown", "writefile"};
	for (size_t i = 0; tw_starts_with(code, "%%") && i < sizeof(known) / sizeof(known[0]);
	     i++) {
		size_t len = strlen(known[i]);
		if (strncmp(code + 2, known[i], len) == 0 && strchr(" \t\n", code[2 + len]))
			return strcmp(known[i], "writefile") ? known[i] : "";
	}
	return n->lang;
}

static void add_blank(struct tw_str *out)
{
	while (out->len && markup_is_space(out->data[out->len - 1]))
		out->data[--out->len] = '\0';
	if (out->len)
		tw_str_adds(out, "\n\n");
}

static void add_code(struct notebook *n, const struct tw_json *source, const char *lang)
{
	struct md_writer md = {.out = &n->out};
	struct tw_str code = TW_STR_INIT;
	join(&code, source);
	if (tw_str_c(&code)[strspn(tw_str_c(&code), " \t\r\n")])
		md_code(&md, lang ? lang : cell_language(n, tw_str_c(&code)), tw_str_c(&code),
			code.len);
	tw_str_release(&code);
}

static void add_markdown(struct notebook *n, const struct tw_json *source, int level)
{
	struct tw_str text = TW_STR_INIT;
	join(&text, source);
	tw_str_trim(&text);
	if (text.len) {
		add_blank(&n->out);
		for (int i = 0; i < level && i < 6; i++)
			tw_str_addc(&n->out, '#');
		tw_str_adds(&n->out, level ? " " : "");
		tw_str_add(&n->out, text.data, text.len);
		tw_str_addc(&n->out, '\n');
	}
	tw_str_release(&text);
}

/* A raw cell is for one converter; the first may be front matter. */
static void add_raw(struct notebook *n, const struct tw_json *source, const struct file_input *in)
{
	struct tw_str text = TW_STR_INIT;
	size_t skip = 0;
	join(&text, source);
	if (!n->out.len && !n->meta.title)
		front_matter_read(&n->meta, &skip, tw_str_c(&text), text.len, in->label, in->report,
				  n->a);
	tw_str_release(&text);
}

/* Version 3 has headings as cells, and calls the code "input". */
static void add_cell(struct notebook *n, const struct tw_json *cell, const struct file_input *in)
{
	const char *type = tw_json_str(tw_json_get(cell, "cell_type"), "");
	const struct tw_json *source = tw_json_get(cell, "source");
	if (strcmp(type, "markdown") == 0)
		add_markdown(n, source, 0);
	else if (strcmp(type, "heading") == 0)
		add_markdown(n, source, (int)tw_json_int(tw_json_get(cell, "level"), 1));
	else if (strcmp(type, "code") == 0)
		add_code(n, source ? source : tw_json_get(cell, "input"),
			 tw_json_str(tw_json_get(cell, "language"), NULL));
	else if (strcmp(type, "raw") == 0)
		add_raw(n, source, in);
}

static void add_cells(struct notebook *n, const struct tw_json *cells, const struct file_input *in)
{
	if (cells && cells->type == TW_JSON_ARRAY)
		for (const struct tw_json *c = cells->child; c; c = c->next)
			add_cell(n, c, in);
}

static void take_metadata(struct tw_document *doc, struct notebook *n, const struct tw_json *meta)
{
	struct meta own = {0};
	if (meta)
		meta_from_tree(&own, meta, n->a);
	doc->title = n->meta.title ? n->meta.title : own.title;
	if (!doc->title)
		doc->title = markdown_title(doc->body.data, doc->body.len, n->a);
	doc->author = n->meta.author ? n->meta.author : own.author;
	doc->url = n->meta.url;
	doc->lang = n->meta.lang;
	doc->extra = n->meta.extra ? n->meta.extra : own.extra;
	doc->created_ms = n->meta.created_ms ? n->meta.created_ms : own.created_ms;
	doc->modified_ms = n->meta.modified_ms;
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	struct tw_bytes text;
	struct tw_json *root;
	struct notebook n = {.a = a};
	enum tw_status st = file_to_utf8(&text, &in->data, a, err);
	if (st == TW_OK)
		st = tw_json_parse(&root, text.data, text.len, a, err);
	if (st != TW_OK)
		return st;
	const struct tw_json *sheets = tw_json_get(root, "worksheets");
	if (!tw_json_get(root, "cells") && !sheets)
		return tw_fail(err, TW_BAD_DATA,
			       "no notebook: it has neither cells nor worksheets");
	n.lang = language(root, a);
	add_cells(&n, tw_json_get(root, "cells"), in);
	for (const struct tw_json *s = sheets ? sheets->child : NULL; s; s = s->next)
		add_cells(&n, tw_json_get(s, "cells"), in);
	doc->media = "text/markdown";
	doc->body = (struct tw_bytes){tw_strndup(a, tw_str_c(&n.out), n.out.len), n.out.len};
	take_metadata(doc, &n, tw_json_get(root, "metadata"));
	tw_str_release(&n.out);
	return TW_OK;
}

static const char *const exts[] = {"ipynb", NULL};

const struct file_format file_format_ipynb = {.exts = exts, .parse = parse};
