/*
 * A page or journal of Logseq (docs.logseq.com; the graph's own files) as plain
 * Markdown. A file is an outline: each block is "- " at its depth, with further
 * lines and properties (`key:: value`) below its first. Blocks of the first level
 * become paragraphs, deeper ones a list below them.
 */
#include <string.h>

#include "collect/notes/logseq_int.h"

#define MAX_LEVELS 64

/* A block that may have blocks below it. */
struct parent {
	size_t columns; /* of its indentation */
	size_t depth;	/* of lists, for the blocks below it */
	bool hidden;	/* a template */
};

struct outline {
	struct note *n;
	struct note_properties *page;
	struct parent stack[MAX_LEVELS];
	size_t level;	/* of the block that is open; 0: what stands before the first */
	size_t indent;	/* characters before its mark */
	size_t columns; /* the same in columns */
	struct lines block;
	struct lines_state code; /* within which no line begins a block */
	bool begun;		 /* blocks were written, or seen */
	bool in_list;
};

/* "  - text": the length to the text; 0: no block begins here. */
static size_t block_mark(size_t *indent, size_t *columns, const char *s, size_t len)
{
	size_t n = 0;
	for (*columns = 0; n < len && (s[n] == ' ' || s[n] == '\t'); n++)
		*columns += s[n] == '\t' ? 4 : 1;
	*indent = n;
	if (n == len || s[n] != '-' || (n + 1 < len && s[n + 1] != ' '))
		return 0;
	return n + 1 < len ? n + 2 : n + 1;
}

/* --- writing --- */

static void write_lines(struct tw_str *out, const struct tw_str *text, const char *first,
			const char *rest)
{
	for (size_t at = 0; at < text->len;) {
		const char *s = text->data + at, *nl = memchr(s, '\n', text->len - at);
		size_t n = nl ? (size_t)(nl - s) : text->len - at;
		tw_str_adds(out, at ? rest : first);
		tw_str_add(out, s, n);
		tw_str_addc(out, '\n');
		at += n + 1;
	}
}

static void write_paragraph(struct outline *o, const struct logseq_block *b)
{
	struct tw_str *out = &o->n->out;
	const char *mark = b->quotation ? "> " : "";
	if (out->len)
		tw_str_addc(out, '\n');
	write_lines(out, &b->text, mark, mark);
	o->in_list = false;
}

/* A heading within a list is a line of it. */
static void write_item(struct outline *o, const struct logseq_block *b, size_t depth)
{
	struct tw_str first = TW_STR_INIT, rest = TW_STR_INIT, *out = &o->n->out;
	if (out->len && !o->in_list)
		tw_str_addc(out, '\n');
	for (size_t i = 0; i < depth; i++)
		tw_str_adds(&rest, "  ");
	tw_str_addf(&first, "%s- %s", tw_str_c(&rest), b->quotation ? "> " : "");
	tw_str_adds(&rest, b->quotation ? "  > " : "  ");
	write_lines(out, &b->text, first.data, rest.data);
	tw_str_release(&first);
	tw_str_release(&rest);
	o->in_list = true;
}

static void take_page(struct outline *o, const struct logseq_block *b)
{
	for (size_t i = 0; i < b->properties.n; i++)
		tw_vec_push(o->page, b->properties.at[i]);
}

/* The place of the open block among those above it. */
static struct parent *place(struct outline *o)
{
	while (o->level > 1 && o->stack[o->level - 2].columns >= o->columns)
		o->level--;
	struct parent *p = &o->stack[o->level - 1];
	*p = (struct parent){.columns = o->columns};
	if (o->level > 1)
		p->depth = o->stack[o->level - 2].depth;
	if (o->level > 1)
		p->hidden = o->stack[o->level - 2].hidden;
	return p;
}

static void end_block(struct outline *o)
{
	struct logseq_block b = {0};
	struct parent *p = o->level ? place(o) : NULL;
	o->n->tagless = p && p->hidden;
	logseq_clean(&b, o->n, &o->block, o->level > 1);
	if (!o->level || (!o->begun && !b.text.len))
		take_page(o, &b);
	o->begun |= b.text.len || b.properties.n;
	if (p)
		p->hidden |= b.template;
	bool shown = b.text.len && !(p && p->hidden);
	if (shown && o->level > 1)
		write_item(o, &b, p->depth++);
	else if (shown)
		write_paragraph(o, &b);
	logseq_block_release(&b);
	o->block.n = 0;
	o->code = (struct lines_state){0};
}

/* --- reading --- */

static void begin_block(struct outline *o, size_t indent, size_t columns)
{
	end_block(o);
	o->indent = indent;
	o->columns = columns;
	o->level += o->level < MAX_LEVELS; /* place() finds the right one */
}

/* Within code only a mark that stands at the block's own, or left of it, begins another. */
static bool begins_block(const struct outline *o, size_t mark, size_t indent)
{
	return mark && (!lines_in_code(&o->code) || (o->level && indent <= o->indent));
}

static void take_line(struct outline *o, const char *s, size_t len)
{
	size_t indent, columns, mark = block_mark(&indent, &columns, s, len), skip = 0;
	if (begins_block(o, mark, indent)) {
		begin_block(o, indent, columns);
		skip = mark;
	} else {
		while (o->level && skip < len && skip < o->indent + 2 &&
		       (s[skip] == ' ' || s[skip] == '\t'))
			skip++;
	}
	lines_step(&o->code, s + skip, len - skip);
	tw_vec_push(&o->block, ((struct tw_bytes){s + skip, len - skip}));
}

void logseq_note(struct note *n, struct note_properties *page, const char *text, size_t len)
{
	struct outline o = {.n = n, .page = page};
	for (size_t at = 0; at < len;) {
		const char *s = text + at, *nl = memchr(s, '\n', len - at);
		size_t line = nl ? (size_t)(nl - s) : len - at;
		at += line + 1;
		take_line(&o, s, line - (line && s[line - 1] == '\r'));
	}
	end_block(&o);
	tw_vec_release(&o.block);
}
