/*
 * Directives of reStructuredText: docutils' (docs/ref/rst/directives.txt), Sphinx'
 * and what blogs add. One that nobody here knows shows its content, not its arguments.
 */
#include <ctype.h>
#include <string.h>

#include "collect/markup/rst_int.h"

struct call {
	struct tw_bytes name, arg;
	size_t at, options, content, end; /* lines; options are [options, content) */
};

typedef void (*take)(struct rst *r, const struct call *c);

static void content(struct rst *r, const struct call *c)
{
	if (r->m.depth < MARKUP_DEPTH)
		rst_content(r, c->content, c->end);
}

static void drop(struct rst *r, const struct call *c)
{
	(void)r;
	(void)c;
}

static const char *word(struct rst *r, const struct tw_bytes *s)
{
	size_t n = 0;
	while (n < s->len && !markup_is_space(s->data[n]) && s->data[n] != '`')
		n++;
	return tw_strndup(r->m.a, s->data, n);
}

static void code(struct rst *r, const struct call *c)
{
	markup_code(&r->m, c->arg.len ? word(r, &c->arg) : r->lang, c->content, c->end);
}

static void python(struct rst *r, const struct call *c)
{
	markup_code(&r->m, "python", c->content, c->end);
}

static void shell(struct rst *r, const struct call *c)
{
	markup_code(&r->m, "sh", c->content, c->end);
}

static void parsed_literal(struct rst *r, const struct call *c)
{
	markup_code(&r->m, "", c->content, c->end);
}

/* Of all code behind it. */
static void highlight(struct rst *r, const struct call *c)
{
	const char *lang = word(r, &c->arg);
	r->lang = strcmp(lang, "none") == 0 ? "" : lang;
}

static void math(struct rst *r, const struct call *c)
{
	struct tw_str tex = TW_STR_INIT;
	tw_str_add(&tex, c->arg.data, c->arg.len);
	tw_str_addc(&tex, '\n');
	markup_join(&tex, &r->m, c->content, c->end);
	markup_math(&r->m, &tex);
	tw_str_release(&tex);
}

/* What stands behind the name is the first line of the content. */
static void with_argument(struct rst *r, const struct call *c)
{
	struct tw_str text = TW_STR_INIT;
	size_t end = c->content;
	while (end < c->end && r->m.at[end].n && c->options == c->content && c->arg.len)
		end++;
	tw_str_add(&text, c->arg.data, c->arg.len);
	tw_str_addc(&text, '\n');
	markup_join(&text, &r->m, c->content, end);
	struct tw_str md = TW_STR_INIT;
	rst_inline(&md, r, tw_str_c(&text), text.len);
	tw_str_trim(&md);
	markup_paragraph(&r->m, &md);
	tw_str_release(&text);
	struct call rest = *c;
	rest.content = end;
	content(r, &rest);
	markup_lead_end(&r->m);
}

/* "note" is "Note:". */
static void admonition(struct rst *r, const struct call *c)
{
	struct tw_str label = TW_STR_INIT;
	tw_str_add(&label, c->name.data, c->name.len);
	for (size_t i = 0; i < label.len; i++)
		label.data[i] = (char)(i ? tolower((unsigned char)label.data[i])
					 : toupper((unsigned char)label.data[i]));
	tw_str_addc(&label, ':');
	bool seealso = strcmp(label.data, "Seealso:") == 0;
	markup_lead(&r->m, seealso ? "See also:" : label.data, seealso ? 9 : label.len);
	tw_str_release(&label);
	with_argument(r, c);
}

static void change(struct rst *r, const struct call *c)
{
	struct tw_str label = TW_STR_INIT;
	const char *what = c->name.data[0] == 'd' ? "Deprecated since"
			   : c->name.len == 12	  ? "New in"
						  : "Changed in";
	const char *version = word(r, &c->arg);
	tw_str_addf(&label, "%s version %s:", what, version);
	markup_lead(&r->m, label.data, label.len);
	struct call rest = *c;
	rest.arg.data += strlen(version);
	rest.arg.len -= strlen(version);
	tw_str_release(&label);
	with_argument(r, &rest);
}

static void titled(struct rst *r, const struct call *c)
{
	struct tw_str title = TW_STR_INIT, bold = TW_STR_INIT;
	rst_inline(&title, r, c->arg.data, c->arg.len);
	markup_wrap(&bold, &title, "**", "**");
	tw_str_release(&title);
	markup_paragraph(&r->m, &bold);
	content(r, c);
}

static void text_alone(struct rst *r, const struct call *c)
{
	struct tw_str text = TW_STR_INIT;
	rst_inline(&text, r, c->arg.data, c->arg.len);
	markup_paragraph(&r->m, &text);
}

static void quote(struct rst *r, const struct call *c)
{
	bool pushed = md_push(&r->m.md, "> ", "> ");
	content(r, c);
	md_pop(&r->m.md, pushed);
}

/* A function, a class, an option of a program: its signature, and what is said of it. */
static void object(struct rst *r, const struct call *c)
{
	struct tw_str text = TW_STR_INIT;
	md_add_code(&text, c->arg.data, c->arg.len);
	markup_paragraph(&r->m, &text);
	content(r, c);
}

static void table(struct rst *r, const struct call *c)
{
	text_alone(r, c);
	content(r, c);
}

static void list_table(struct rst *r, const struct call *c)
{
	text_alone(r, c);
	rst_list_table(r, c->content, c->end);
}

/* ":header: a, b" is the first row. */
static void csv_table(struct rst *r, const struct call *c)
{
	static const char option[] = ":header:";
	struct tw_str csv = TW_STR_INIT;
	size_t i = c->options;
	while (i < c->content && !markup_line_starts(&r->m.at[i], option))
		i++;
	if (i < c->content) {
		struct markup_line *l = &r->m.at[i];
		size_t end = markup_indented_end(&r->m, i + 1, c->content, l->col + 1);
		markup_take_mark(l, strlen(option));
		markup_join(&csv, &r->m, i, end);
		tw_str_addc(&csv, '\n');
	}
	markup_join(&csv, &r->m, markup_skip_blank(&r->m, c->content, c->end), c->end);
	text_alone(r, c);
	rst_csv_table(r, &csv);
	tw_str_release(&csv);
}

/* Options of `meta` and ablog's `post` are metadata. */
static void metadata(struct rst *r, const struct call *c)
{
	for (size_t i = c->at + 1; i < c->end; i++) {
		const struct markup_line *l = &r->m.at[i];
		size_t n = rst_field(l);
		const char *name = l->s + 1, *space = n ? memchr(name, ' ', n - 2) : NULL;
		if (n) /* ":keywords lang=en: a, b" */
			rst_meta(r, name, space ? (size_t)(space - name) : n - 2, l->s + n,
				 l->n - n);
	}
}

static void post(struct rst *r, const struct call *c)
{
	rst_meta(r, "date", 4, c->arg.data, c->arg.len);
	metadata(r, c);
	content(r, c);
}

static const struct {
	const char *names; /* with spaces around them */
	take take;
} directives[] = {
	{" code code-block sourcecode code-cell ", code},
	{" ipython doctest testcode jupyter-execute plot ", python},
	{" prompt console ", shell},
	{" parsed-literal literal productionlist testoutput ", parsed_literal},
	{" highlight ", highlight},
	{" math ", math},
	{" attention caution danger error hint important note tip warning seealso todo ",
	 admonition},
	{" versionadded versionchanged deprecated versionremoved ", change},
	{" admonition topic sidebar rubric dropdown ", titled},
	{" centered ", text_alone},
	{" epigraph highlights pull-quote ", quote},
	{" table ", table},
	{" list-table ", list_table},
	{" csv-table ", csv_table},
	{" meta ", metadata},
	{" post ", post},
	{" function method staticmethod classmethod attribute data property exception decorator "
	 "option cmdoption envvar confval describe object cfunction ctype cmacro cvar ",
	 object},
	{" contents toctree sectnum section-numbering include literalinclude raw index header footer "
	 "bibliography automodule autoclass autofunction autosummary automethod autodata autoexception "
	 "image default-role role target-notes graphviz digraph graph mermaid uml youtube vimeo "
	 "gallery thumbnail slides chart tags tabularcolumns currentmodule py:module module "
	 "program default-domain domain sectionauthor codeauthor moduleauthor title date unicode "
	 "replace restructuredtext-test-directive postlist listing media gist soundcloud update ",
	 drop},
};

static take find(const struct tw_bytes *name)
{
	char key[40];
	const char *colon = memrchr(name->data, ':', name->len);
	const char *last = colon ? colon + 1 : name->data; /* "py:function" */
	size_t n = (size_t)(name->data + name->len - last);
	if (n + 3 > sizeof(key))
		return content;
	key[0] = ' ';
	for (size_t i = 0; i < n; i++)
		key[i + 1] = (char)tolower((unsigned char)last[i]);
	memcpy(key + n + 1, " ", 2);
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strstr(directives[i].names, key))
			return directives[i].take;
	return colon ? object : content;
}

void rst_directive(struct rst *r, const struct tw_bytes *name, const struct tw_bytes *arg, size_t i,
		   size_t end)
{
	struct call c = {.name = *name, .arg = *arg, .at = i, .options = i + 1, .end = end};
	for (c.content = i + 1; c.content < end && rst_field(&r->m.at[c.content]);)
		c.content =
			markup_indented_end(&r->m, c.content + 1, end, r->m.at[c.content].col + 1);
	find(name)(r, &c);
}
