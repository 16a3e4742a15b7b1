/*
 * LaTeX: "LaTeX2e: An unofficial reference manual" (latexref.xyz), and packages that
 * writers of texts use. The preamble gives title, authors, date and language, and the
 * macros without arguments; of a file without one (a chapter) all is text.
 */
#include <ctype.h>
#include <string.h>

#include "collect/markup/tex_int.h"

void tex_flush(struct tex *t)
{
	if (t->within) {
		markup_text(&t->para, " ", 1);
		return;
	}
	tw_str_trim(&t->para);
	markup_paragraph(&t->m, &t->para);
}

size_t tex_name(const struct tex_source *x, size_t i, size_t to)
{
	size_t n = 1;
	while (i + n < to && (isalpha((unsigned char)x->s[i + n]) || x->s[i + n] == '@'))
		n++;
	if (n > 1 || i + 1 >= to)
		return n - 1;
	for (n = 2; i + n < to && ((unsigned char)x->s[i + n] & 0xc0) == 0x80;)
		n++; /* of one letter */
	return n - 1;
}

static size_t skip_space(const struct tex_source *x, size_t i, size_t to)
{
	int breaks = 0;
	for (size_t k = i; k < to && markup_is_space(x->s[k]); k++) {
		breaks += x->s[k] == '\n';
		if (breaks > 1)
			return i;
		if (k + 1 == to || !markup_is_space(x->s[k + 1]))
			return k + 1;
	}
	return i;
}

bool tex_arg(const struct tex_source *x, size_t *i, size_t to, size_t *from, size_t *end)
{
	size_t at = skip_space(x, *i, to);
	if (at >= to)
		return false;
	if (x->s[at] == '{') {
		if (!x->match[at] || x->match[at] >= to)
			return false;
		*from = at + 1;
		*end = x->match[at];
		*i = *end + 1;
		return true;
	}
	size_t n = x->s[at] == '\\' ? 1 + tex_name(x, at, to) : 1;
	while (at + n < to && ((unsigned char)x->s[at + n] & 0xc0) == 0x80)
		n++; /* of one letter */
	*from = at;
	*end = *i = at + n;
	if (x->s[at] == '\\' && isalpha((unsigned char)x->s[*end - 1]))
		while (*i < to && (x->s[*i] == ' ' || x->s[*i] == '\t'))
			++*i; /* ends the name */
	return true;
}

bool tex_option(const struct tex_source *x, size_t *i, size_t to, size_t *from, size_t *end)
{
	if (*i >= to || x->s[*i] != '[' || !x->match[*i] || x->match[*i] >= to)
		return false;
	*from = *i + 1;
	*end = x->match[*i];
	*i = *end + 1;
	return true;
}

void tex_inline(struct tw_str *out, struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	struct tw_str before = t->para;
	struct markup_table *table = t->table;
	t->para = *out;
	t->table = NULL;
	t->within++;
	tex_run(t, x, i, to);
	t->within--;
	*out = t->para;
	t->para = before;
	t->table = table;
}

void tex_expand(struct tex *t, const struct tex_source *macro)
{
	if (t->m.depth < MARKUP_DEPTH && markup_may_expand(&t->m, macro->n + 16))
		tex_run(t, macro, 0, macro->n);
}

/* "{\em text}": what the group begins with is for all of it. */
static size_t take_group(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	static const struct {
		const char *names, *mark;
	} fonts[] = {{" em it itshape sl slshape ", "*"}, {" bf bfseries ", "**"}};
	size_t end = x->match[i], from = i + 1;
	if (!end || end > to || t->m.depth >= MARKUP_DEPTH)
		return i + 1;
	while (from < end && markup_is_space(x->s[from]))
		from++;
	size_t n = from < end && x->s[from] == '\\' ? tex_name(x, from, end) : 0;
	char key[16] = " ";
	if (n && n + 3 < sizeof(key)) {
		memcpy(key + 1, x->s + from + 1, n);
		key[n + 1] = ' ';
		for (size_t k = 0; k < sizeof(fonts) / sizeof(fonts[0]); k++) {
			if (!strstr(fonts[k].names, key))
				continue;
			struct tw_str inner = TW_STR_INIT;
			tex_inline(&inner, t, x, from + 1 + n, end);
			markup_wrap(&t->para, &inner, fonts[k].mark, fonts[k].mark);
			tw_str_release(&inner);
			return end + 1;
		}
	}
	tex_run(t, x, i + 1, end);
	return end + 1;
}

/* White space with an empty line in it ends a paragraph. */
static size_t take_space(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	int breaks = 0;
	for (; i < to && markup_is_space(x->s[i]); i++)
		breaks += x->s[i] == '\n';
	if (breaks > 1)
		tex_flush(t);
	else if (t->para.len)
		markup_text(&t->para, " ", 1);
	return i;
}

/* Dashes and quotation marks, as TeX sets them. */
static size_t take_ligature(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	static const struct {
		const char *tex, *text;
	} all[] = {{"---", "—"}, {"--", "–"},  {"``", "“"}, {"''", "”"}, {"`", "‘"},
		   {"\"`", "„"}, {"\"'", "“"}, {"!`", "¡"}, {"?`", "¿"}};
	for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
		size_t n = strlen(all[k].tex);
		if (to - i >= n && memcmp(x->s + i, all[k].tex, n) == 0) {
			tw_str_adds(&t->para, all[k].text);
			return i + n;
		}
	}
	return 0;
}

static void end_cell(struct tex *t)
{
	tw_str_trim(&t->para);
	markup_cell(&t->m, t->table, &t->para);
	tw_str_clear(&t->para);
}

static size_t take_one(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	size_t end = 0;
	switch (x->s[i]) {
	case '\\':
		return tex_command(t, x, i, to);
	case '{':
		return take_group(t, x, i, to);
	case '}':
		return i + 1;
	case '$':
		end = tex_formula(t, x, i, to);
		break;
	case '~':
		markup_text(&t->para, " ", 1);
		return i + 1;
	case '&':
		if (t->table)
			end_cell(t);
		else
			tw_str_addc(&t->para, '&');
		return i + 1;
	default:
		if (markup_is_space(x->s[i]))
			return take_space(t, x, i, to);
		end = take_ligature(t, x, i, to);
	}
	if (!end)
		markup_text(&t->para, x->s + i, 1);
	return end ? end : i + 1;
}

void tex_run(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	t->m.depth++;
	while (i < to) {
		size_t plain = i;
		while (i < to && !strchr("\\{}$~&-`'\"!?\n", x->s[i]))
			i++;
		if (i > plain)
			markup_text(&t->para, x->s + plain, i - plain);
		if (i < to)
			i = x->s[i] ? take_one(t, x, i, to) : i + 1;
	}
	t->m.depth--;
}

/* Whether the command is used: not a longer one that begins so ("\partial"). */
static bool has(const struct tex_source *x, const char *command)
{
	size_t n = strlen(command);
	for (size_t i = 0; i < x->n;) {
		const char *p = memmem(x->s + i, x->n - i, command, n);
		if (!p)
			return false;
		i = (size_t)(p - x->s) + n;
		if (i < x->n && x->s[i] && strchr("{*[", x->s[i]))
			return true;
	}
	return false;
}

/* What is before the text is read for what it says of it; what it sets is none of the text. */
static void take_preamble(struct tex *t, const struct tex_source *x, size_t to)
{
	tex_run(t, x, 0, to);
	tw_str_clear(&t->para);
	tw_str_clear(&t->m.out);
	tw_str_clear(&t->m.lead);
	t->m.md = (struct md_writer){.out = &t->m.out};
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	static const char begin[] = "\\begin{document}", end[] = "\\end{document}";
	struct tex t = {0};
	struct tex_source x;
	enum tw_status st = markup_open(&t.m, in, a, err);
	if (st != TW_OK)
		return st;
	tex_init_commands(&t);
	tex_init_signs(&t);
	tex_read(&x, &t);
	t.top = has(&x, "\\part") ? 0 : has(&x, "\\chapter") ? 1 : 2;
	const char *body = memmem(x.s, x.n, begin, sizeof(begin) - 1);
	size_t from = body ? (size_t)(body - x.s) + sizeof(begin) - 1 : 0;
	if (body)
		take_preamble(&t, &x, from - (sizeof(begin) - 1));
	const char *last = body ? memmem(x.s + from, x.n - from, end, sizeof(end) - 1) : NULL;
	tex_run(&t, &x, from, last ? (size_t)(last - x.s) : x.n);
	tex_flush(&t);
	markup_close(&t.m, doc);
	tw_str_release(&t.para);
	tw_map_release(&t.signs);
	tw_map_release(&t.commands);
	tw_map_release(&t.macros);
	tw_map_release(&t.theorems);
	return TW_OK;
}

static const char *const exts[] = {"tex", "latex", "ltx", NULL};

const struct file_format file_format_tex = {.exts = exts, .parse = parse};
