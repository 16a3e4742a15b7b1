/* What stands between "\begin" and "\end": lists, quotations, tables, code, formulas, theorems. */
#include <ctype.h>
#include <string.h>

#include "collect/markup/tex_int.h"

enum kind {
	E_CONTENT, /* all that is not named below */
	E_DROP,
	E_MATH,	 /* "$$" around what is in it */
	E_ALIGN, /* the same with the environment itself, which says how it is set */
	E_ITEMIZE,
	E_ENUMERATE,
	E_QUOTE,
	E_TABLE,
	E_RAW, /* code without a language */
	E_FRAME,
};

static const struct {
	const char *names; /* with spaces around them */
	enum kind kind;
	int args; /* that are no text */
} environments[] = {
	{" tikzpicture pgfpicture picture axis thebibliography CCSXML forest tikzcd titlingpage "
	 "filecontents keywords IEEEkeywords ",
	 E_DROP, 0},
	{" equation equation* displaymath math dmath ", E_MATH, 0},
	{" align align* gather gather* multline multline* eqnarray eqnarray* flalign flalign* alignat "
	 "alignat* array split cases aligned gathered matrix pmatrix bmatrix ",
	 E_ALIGN, 0},
	{" itemize compactitem tightitemize description compactdesc ", E_ITEMIZE, 0},
	{" enumerate compactenum tightenumerate ", E_ENUMERATE, 0},
	{" quote quotation verse displayquote ", E_QUOTE, 0},
	{" tabular longtable supertabular tabu longtabu tblr ", E_TABLE, 1},
	{" tabular* tabularx tabulary ", E_TABLE, 2},
	{" algorithmic algorithmic* algorithm2e ", E_RAW, 0},
	{" frame ", E_FRAME, 0},
	{" minipage multicols wrapfigure spacing adjustwidth tcolorbox subfigure otherlanguage ",
	 E_CONTENT, 1},
};

static const struct {
	const char *name, *title;
} theorems[] = {
	{"theorem", "Theorem"},
	{"thm", "Theorem"},
	{"lemma", "Lemma"},
	{"lem", "Lemma"},
	{"corollary", "Corollary"},
	{"cor", "Corollary"},
	{"proposition", "Proposition"},
	{"prop", "Proposition"},
	{"definition", "Definition"},
	{"defn", "Definition"},
	{"remark", "Remark"},
	{"rmk", "Remark"},
	{"example", "Example"},
	{"proof", "Proof"},
	{"exercise", "Exercise"},
	{"conjecture", "Conjecture"},
	{"abstract", "Abstract"},
};

struct call {
	struct tex *t;
	const struct tex_source *x;
	const char *name;
	size_t n;	 /* of the name */
	size_t at;	 /* of "\begin" */
	size_t from, to; /* what is between both */
};

/* Environments that somebody has made of those for formulas: "mymultline*". */
static bool sounds_like_math(const char *name)
{
	static const char *const parts[] = {"align",  "multline", "equation",
					    "gather", "math",	  "eqn"};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

static enum kind kind_of(const struct call *c, int *args)
{
	char name[32] = " ";
	*args = 0;
	if (c->n + 3 > sizeof(name))
		return E_CONTENT;
	memcpy(name + 1, c->name, c->n);
	name[c->n + 1] = ' ';
	for (size_t i = 0; i < sizeof(environments) / sizeof(environments[0]); i++)
		if (strstr(environments[i].names, name)) {
			*args = environments[i].args;
			return environments[i].kind;
		}
	return sounds_like_math(name) ? E_ALIGN : E_CONTENT;
}

/* --- code --- */

/* "[language=C++, …]" of listings, "{python}" of minted. */
static const char *code_language(struct call *c)
{
	enum { LONGEST = 2000 };
	const char *lang = "";
	if (c->from < c->to && c->x->s[c->from] == '[') {
		const char *s = c->x->s + c->from;
		size_t most = c->to - c->from < LONGEST ? c->to - c->from : LONGEST, n = 0;
		const char *close = memchr(s, ']', most);
		const char *p = close ? memmem(s, (size_t)(close - s), "language=", 9) : NULL;
		for (p = p ? p + 9 : NULL; p && !strchr(",]{} \n", p[n]);)
			n++;
		lang = p ? tw_strndup(c->t->m.a, p, n) : lang;
		c->from += close ? (size_t)(close - s) + 1 : 0;
	}

	if (c->n == 6 && memcmp(c->name, "minted", 6) == 0 && c->from < c->x->n &&
	    c->x->s[c->from] == '{') {
		const char *s = c->x->s + c->from + 1,
			   *close = memchr(s, '}', c->x->n - c->from - 1);
		if (close && close - s < 40) {
			lang = tw_strndup(c->t->m.a, s, (size_t)(close - s));
			c->from = (size_t)(close - c->x->s) + 1;
		}
	}
	char *low = tw_strdup(c->t->m.a, lang);
	for (char *p = low; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return low;
}

static void write_code(struct call *c, const char *lang)
{
	struct tex *t = c->t;
	size_t from = c->from;
	while (from < c->to && c->x->s[from] != '\n' && markup_is_space(c->x->s[from]))
		from++;
	from += from < c->to && c->x->s[from] == '\n';
	tex_flush(t);
	if (!t->within)
		md_code(&t->m.md, lang, c->x->s + from, c->to - from);
}

static size_t take_verbatim(struct call *c)
{
	static const char *const silent[] = {"comment", "filecontents", "filecontents*", NULL};
	c->to = tex_verbatim_end(c->x, c->name, c->n, c->from);
	size_t end = c->to < c->x->n ? c->to + c->n + 6 : c->x->n;
	for (const char *const *s = silent; *s; s++)
		if (strlen(*s) == c->n && memcmp(*s, c->name, c->n) == 0)
			return end;
	write_code(c, code_language(c));
	return end;
}

/* --- formulas --- */

static void take_math(struct call *c, bool whole)
{
	struct tw_str tex = TW_STR_INIT, all = TW_STR_INIT;
	struct tex *t = c->t;
	tex_copy_math(&tex, t, c->x, c->from, c->to, 0);
	tw_str_trim(&tex);
	if (whole)
		tw_str_addf(&all, "\\begin{%.*s}\n", (int)c->n, c->name);
	for (size_t i = 0; i < tex.len; i++) /* no empty lines */
		if (tex.data[i] != '\n' || !all.len || all.data[all.len - 1] != '\n')
			tw_str_addc(&all, tex.data[i]);
	if (whole)
		tw_str_addf(&all, "\n\\end{%.*s}", (int)c->n, c->name);
	tex_flush(t);
	if (t->within)
		tw_str_addf(&t->para, "$%s$", tw_str_c(&tex));
	else
		markup_math(&t->m, &all);
	tw_str_release(&tex);
	tw_str_release(&all);
}

/* --- lists --- */

static void close_item(struct tex *t)
{
	tex_flush(t);
	if (t->list->open)
		md_pop(&t->m.md, t->list->pushed);
	t->list->open = false;
}

void tex_item(struct tex *t, const struct tex_source *x, size_t *i, size_t to)
{
	struct tw_str term = TW_STR_INIT;
	size_t from, end;
	bool has_term = tex_option(x, i, to, &from, &end);
	if (!t->list || t->within)
		return;
	close_item(t);
	bool tight = t->list->n > 0 || md_list_is_tight(&t->m.md);
	t->list->pushed = md_push_item(&t->m.md, t->list->numbered ? t->list->n + 1 : -1);
	t->list->open = true;
	t->m.md.tight = tight;
	t->list->n++;
	if (has_term) {
		tex_inline(&term, t, x, from, end);
		markup_wrap(&t->para, &term, "**", "**");
		tw_str_addc(&t->para, ' ');
		tw_str_release(&term);
	}
}

static void take_list(struct call *c, bool numbered)
{
	struct tex_list list = {.numbered = numbered}, *before = c->t->list;
	tex_flush(c->t);
	c->t->list = &list;
	tex_run(c->t, c->x, c->from, c->to);
	close_item(c->t);
	c->t->list = before;
	c->t->m.md.tight = false;
}

/* --- the rest --- */

static void take_table(struct call *c)
{
	struct tex *t = c->t;
	struct markup_table table = {0}, *before = t->table;
	struct tw_str para = t->para;
	tex_flush(t);
	para = t->para;
	t->para = (struct tw_str)TW_STR_INIT;
	t->table = &table;
	t->within++;
	tex_run(t, c->x, c->from, c->to);
	t->within--;
	tw_str_trim(&t->para);
	if (t->para.len)
		markup_cell(&t->m, &table, &t->para);
	markup_row(&table);
	tw_str_release(&t->para);
	t->para = para;
	t->table = before;
	if (!t->within) {
		markup_table(&t->m, &table);
		return;
	}
	for (size_t i = 0; i < table.cells.n; i++) {
		markup_text(&t->para, " ", 1);
		tw_str_add(&t->para, table.cells.at[i].data, table.cells.at[i].len);
	}
	tw_vec_release(&table.cells);
	tw_vec_release(&table.ends);
}

static void take_quote(struct call *c)
{
	struct tex_list *before = c->t->list;
	tex_flush(c->t);
	bool pushed = !c->t->within && md_push(&c->t->m.md, "> ", "> ");
	c->t->list = NULL;
	tex_run(c->t, c->x, c->from, c->to);
	tex_flush(c->t);
	c->t->list = before;
	md_pop(&c->t->m.md, pushed);
}

/* Beamer: "\begin{frame}{Title}". */
static void take_frame(struct call *c)
{
	struct tw_str title = TW_STR_INIT;
	size_t from, end;
	while (tex_option(c->x, &c->from, c->to, &from, &end))
		;
	if (c->from < c->to && c->x->s[c->from] == '{' &&
	    tex_arg(c->x, &c->from, c->to, &from, &end)) {
		tex_flush(c->t);
		tex_inline(&title, c->t, c->x, from, end);
		markup_heading(&c->t->m, 3 - c->t->top, &title);
	}
	tex_run(c->t, c->x, c->from, c->to);
	tex_flush(c->t);
}

static const char *theorem_title(struct call *c)
{
	size_t n = c->n && c->name[c->n - 1] == '*' ? c->n - 1 : c->n;
	const struct tw_map_slot *own = tw_map_find(&c->t->theorems, c->name, n);
	for (size_t i = 0; !own && i < sizeof(theorems) / sizeof(theorems[0]); i++)
		if (strlen(theorems[i].name) == n && memcmp(theorems[i].name, c->name, n) == 0)
			return theorems[i].title;
	return own ? own->v.p : NULL;
}

static void take_content(struct call *c)
{
	const char *title = theorem_title(c);
	struct tw_str lead = TW_STR_INIT;
	size_t from, end;
	tex_flush(c->t);
	if (title && !c->t->within) {
		tw_str_adds(&lead, title);
		if (tex_option(c->x, &c->from, c->to, &from, &end))
			tw_str_addf(&lead, " (%.*s)", (int)(end - from), c->x->s + from);
		tw_str_addc(&lead, '.');
		markup_lead(&c->t->m, lead.data, lead.len);
		tw_str_release(&lead);
	} else {
		while (tex_option(c->x, &c->from, c->to, &from, &end))
			;
	}
	tex_run(c->t, c->x, c->from, c->to);
	tex_flush(c->t);
	if (title && !c->t->within)
		markup_lead_end(&c->t->m);
}

static void take(struct call *c)
{
	int args;
	enum kind kind = kind_of(c, &args);
	size_t from, end;
	if (args || (kind >= E_ITEMIZE && kind <= E_TABLE))
		while (tex_option(c->x, &c->from, c->to, &from, &end))
			;
	while (args-- > 0 && tex_arg(c->x, &c->from, c->to, &from, &end))
		while (tex_option(c->x, &c->from, c->to, &from, &end))
			;
	switch (kind) {
	case E_DROP:
		break;
	case E_MATH:
	case E_ALIGN:
		take_math(c, kind == E_ALIGN);
		break;
	case E_ITEMIZE:
	case E_ENUMERATE:
		take_list(c, kind == E_ENUMERATE);
		break;
	case E_QUOTE:
		take_quote(c);
		break;
	case E_TABLE:
		take_table(c);
		break;
	case E_RAW:
		write_code(c, "");
		break;
	case E_FRAME:
		take_frame(c);
		break;
	default:
		take_content(c);
	}
}

/* An "\end" that is met here belongs to nothing. One that is nested too deep, or never ends, is not looked at. */
size_t tex_environment(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	bool begin = to - i > 7 && memcmp(x->s + i, "\\begin{", 7) == 0;
	bool is_end = to - i > 5 && memcmp(x->s + i, "\\end{", 5) == 0;
	if (!begin && !is_end)
		return 0;
	size_t from = i + (begin ? 7 : 5), most = to - from < 60 ? to - from : 60;
	const char *close = memchr(x->s + from, '}', most);
	if (!close)
		return from;
	struct call c = {.t = t, .x = x, .name = x->s + from, .at = i};
	c.n = (size_t)(close - c.name);
	c.from = (size_t)(close - x->s) + 1;
	if (is_end)
		return c.from;
	if (tex_is_verbatim(c.name, c.n))
		return take_verbatim(&c);
	c.to = x->match[i];
	if (!c.to || c.to > to || c.to < c.from || t->m.depth >= MARKUP_DEPTH)
		return c.from;
	take(&c);
	const char *end = memchr(x->s + c.to, '}', to - c.to < 80 ? to - c.to : 80);
	return end ? (size_t)(end - x->s) + 1 : c.to;
}
