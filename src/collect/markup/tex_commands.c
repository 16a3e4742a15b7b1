/* Commands of LaTeX: what is done with each by its name, and with one that nobody here knows. */
#include <ctype.h>
#include <string.h>

#include "collect/markup/tex_int.h"

struct call {
	struct tex *t;
	const struct tex_source *x;
	const char *name;
	size_t n; /* of the name */
	size_t i; /* behind it; a command leaves it behind its arguments */
	size_t to;
	int option; /* of its row */
};

typedef void (*take)(struct call *c);

static bool arg(struct call *c, size_t *from, size_t *end)
{
	return tex_arg(c->x, &c->i, c->to, from, end);
}

static void skip_options(struct call *c)
{
	size_t from, end;
	if (c->i < c->to && c->x->s[c->i] == '*')
		c->i++;
	if (c->n == 8 && memcmp(c->name, "cmidrule", 8) == 0 && c->i < c->to &&
	    c->x->s[c->i] == '(')
		while (c->i < c->to && c->x->s[c->i] != '{' && c->x->s[c->i] != '\n')
			c->i++; /* "(lr)" */
	while (tex_option(c->x, &c->i, c->to, &from, &end))
		;
}

static bool inline_arg(struct call *c, struct tw_str *out)
{
	size_t from, end;
	if (c->t->m.depth >= MARKUP_DEPTH || !arg(c, &from, &end))
		return false;
	tex_inline(out, c->t, c->x, from, end);
	return true;
}

/* --- rows of the table; `option` says what differs --- */

/* Arguments that are no text: so many. */
static void drop(struct call *c)
{
	size_t from, end;
	skip_options(c);
	for (int i = 0; i < c->option; i++) {
		arg(c, &from, &end);
		skip_options(c);
	}
}

static void wrap(struct call *c)
{
	static const char *const marks[] = {"", "*", "**", "~~"};
	struct tw_str inner = TW_STR_INIT;
	skip_options(c);
	if (inline_arg(c, &inner))
		markup_wrap(&c->t->para, &inner, marks[c->option], marks[c->option]);
	tw_str_release(&inner);
}

/* Of several arguments the last is the text: "\textcolor{red}{text}". */
static void last_arg(struct call *c)
{
	size_t from, end;
	for (int i = 1; i < c->option; i++) {
		skip_options(c);
		arg(c, &from, &end);
	}
	c->option = 0;
	wrap(c);
}

static void quotes(struct call *c)
{
	struct tw_str inner = TW_STR_INIT;
	skip_options(c);
	if (inline_arg(c, &inner))
		markup_wrap(&c->t->para, &inner, "“", "”");
	tw_str_release(&inner);
}

static void quoted_paragraph(struct call *c, const char *before)
{
	struct tw_str text = TW_STR_INIT;
	tex_flush(c->t);
	if (inline_arg(c, &text) && text.len)
		tw_str_addf(&c->t->para, "%s%s", before, text.data);
	tw_str_release(&text);
	tex_flush(c->t);
}

/* A block of others' words; with two arguments the second says whose. */
static void quotation(struct call *c)
{
	if (c->t->within) {
		quotes(c);
		return;
	}
	skip_options(c);
	tex_flush(c->t);
	bool pushed = md_push(&c->t->m.md, "> ", "> ");
	for (int i = 0; i < c->option; i++)
		quoted_paragraph(c, i ? "— " : "");
	md_pop(&c->t->m.md, pushed);
}

/* The characters that are seen: braces group, and "\_" or "\textbackslash" stand for one. */
static void add_code(struct tw_str *out, const struct call *c, size_t from, size_t end)
{
	const struct tex_source *x = c->x;
	for (size_t i = from; i < end; i++) {
		size_t n = x->s[i] == '\\' ? tex_name(x, i, end) : 0;
		const struct tw_map_slot *sign =
			n > 1 ? tw_map_find(&c->t->signs, x->s + i + 1, n) : NULL;
		if (sign) {
			tw_str_adds(out, sign->v.p);
			i += n;
		} else if (n == 1 && ispunct((unsigned char)x->s[i + 1])) {
			tw_str_addc(out, x->s[++i]);
		} else if (x->s[i] != '{' && x->s[i] != '}') {
			tw_str_addc(out, x->s[i] == '~' ? ' ' : x->s[i]);
		}
	}
}

static void code(struct call *c)
{
	struct tw_str text = TW_STR_INIT;
	size_t from, end;
	skip_options(c);
	if (arg(c, &from, &end))
		add_code(&text, c, from, end);
	md_add_code(&c->t->para, tw_str_c(&text), text.len);
	tw_str_release(&text);
}

/* "\verb|code|", "\lstinline[…]!code!", "\mintinline{c}|code|" */
static void verb(struct call *c)
{
	size_t from, end;
	skip_options(c);
	if (c->option == 2)
		arg(c, &from, &end);
	if (c->i < c->to && c->x->s[c->i] == '{' && c->option) {
		if (arg(c, &from, &end))
			md_add_code(&c->t->para, c->x->s + from, end - from);
		return;
	}
	const char *s = c->x->s + c->i;
	const char *close = c->i + 1 < c->to ? memchr(s + 1, *s, c->to - c->i - 1) : NULL;
	if (!close || !ispunct((unsigned char)*s) || memchr(s, '\n', (size_t)(close - s)))
		return;
	md_add_code(&c->t->para, s + 1, (size_t)(close - s) - 1);
	c->i = (size_t)(close - c->x->s) + 1;
}

/* "\url{x}", and with an option "\href{x}{text}". */
static void link(struct call *c)
{
	struct tw_str text = TW_STR_INIT, url = TW_STR_INIT;
	size_t from, end;
	skip_options(c);
	if (!arg(c, &from, &end))
		return;
	for (size_t i = from; i < end; i++)
		if (c->x->s[i] != '\\' && !markup_is_space(c->x->s[i]))
			tw_str_addc(&url, c->x->s[i]);
	if (c->option)
		inline_arg(c, &text);
	else if (!markup_url(tw_str_c(&url), url.len))
		markup_text(&text, tw_str_c(&url), url.len);
	markup_link(&c->t->para, &text, tw_str_c(&url), url.len);
	tw_str_release(&text);
	tw_str_release(&url);
}

static void note(struct call *c)
{
	struct tw_str text = TW_STR_INIT;
	struct md_writer before = c->t->m.md;
	skip_options(c);
	if (inline_arg(c, &text)) {
		int number = markup_note(&c->t->m, "", 0);
		while (c->t->para.len && c->t->para.data[c->t->para.len - 1] == ' ')
			c->t->para.data[--c->t->para.len] = '\0';
		markup_note_mark(&c->t->para, number);
		markup_note_text(&c->t->m, number, &text);
	}
	c->t->m.md = before;
	tw_str_release(&text);
}

/* What is cited or referred to is known by its key alone: "[knuth84, p. 3]". */
static void key(struct call *c)
{
	size_t from, end, at = 0, last = 0;
	struct tw_str text = TW_STR_INIT;
	if (c->i < c->to && c->x->s[c->i] == '*')
		c->i++;
	while (tex_option(c->x, &c->i, c->to, &from, &end))
		at = from, last = end;
	struct tw_str where = TW_STR_INIT;
	if (last > at && c->t->m.depth < MARKUP_DEPTH)
		tex_inline(&where, c->t, c->x, at, last);
	if (arg(c, &from, &end)) {
		markup_text(&text, c->x->s + from, end - from);
		tw_str_addf(&c->t->para, "\\[%s%s%s\\]", tw_str_c(&text), where.len ? ", " : "",
			    tw_str_c(&where));
	}
	tw_str_release(&where);
	tw_str_release(&text);
}

static void heading(struct call *c)
{
	struct tw_str text = TW_STR_INIT;
	skip_options(c);
	if (c->t->within) {
		c->option = 0;
		wrap(c);
		return;
	}
	tex_flush(c->t);
	if (inline_arg(c, &text))
		markup_heading(&c->t->m, c->option - c->t->top + 1, &text);
	tw_str_release(&text);
}

/* "\paragraph{Title} text": a title in the line. */
static void run_in(struct call *c)
{
	struct tw_str text = TW_STR_INIT;
	skip_options(c);
	tex_flush(c->t);
	if (inline_arg(c, &text)) {
		markup_wrap(&c->t->para, &text, "**", "**");
		tw_str_addc(&c->t->para, ' ');
	}
	tw_str_release(&text);
}

static void paragraph(struct call *c)
{
	tex_flush(c->t);
	skip_options(c);
	if (c->option) { /* a caption */
		struct tw_str text = TW_STR_INIT;
		inline_arg(c, &text);
		tw_str_add(&c->t->para, tw_str_c(&text), text.len);
		tw_str_release(&text);
		tex_flush(c->t);
	}
}

static void line_break(struct call *c)
{
	skip_options(c);
	if (c->t->table) {
		tw_str_trim(&c->t->para);
		if (c->t->para.len || c->t->table->cells.n)
			markup_cell(&c->t->m, c->t->table, &c->t->para);
		markup_row(c->t->table);
		tw_str_clear(&c->t->para);
		return;
	}
	while (c->t->para.len && c->t->para.data[c->t->para.len - 1] == ' ')
		c->t->para.data[--c->t->para.len] = '\0';
	if (c->t->para.len && c->t->para.data[c->t->para.len - 1] != '\n')
		tw_str_addc(&c->t->para, '\n');
}

static void item(struct call *c)
{
	tex_item(c->t, c->x, &c->i, c->to);
}

/* Switches of the font, and what has no text of its own. */
static void nothing(struct call *c)
{
	(void)c;
}

static const struct {
	const char *names; /* with spaces around them */
	take take;
	int option;
} commands[] = {
	{" emph textit textsl uline underline dfn term alert ", wrap, 1},
	{" textbf strong ", wrap, 2},
	{" sout st ", wrap, 3},
	{" text textrm textsf textsc textnormal textup textmd textlf mbox hbox fbox makebox framebox "
	 "uppercase lowercase MakeUppercase MakeLowercase textsuperscript textsubscript centerline "
	 "ensuremath hyperref shortstack makecell thead ac gls acrshort num ",
	 wrap, 0},
	{" textcolor colorbox parbox foreignlanguage raisebox scalebox "
	 "rotatebox glslink adjustbox ",
	 last_arg, 2},
	{" resizebox multirow multicolumn ", last_arg, 3},
	{" enquote textquote ", quotes, 0},
	{" blockquote ", quotation, 1},
	{" epigraph ", quotation, 2},
	{" texttt code file filename pkg path menukeys keys ", code, 0},
	{" verb ", verb, 0},
	{" lstinline Verb ", verb, 1},
	{" mintinline ", verb, 2},
	{" url nolinkurl ", link, 0},
	{" href ", link, 1},
	{" footnote footnotetext endnote marginpar sidenote marginnote ", note, 0},
	{" cite citep citet citealp citealt citeauthor citeyear parencite textcite autocite footcite "
	 "fullcite cites citeyearpar Cite Citet Citep ref eqref autoref cref Cref pageref nameref vref "
	 "fref sref subref thmref prettyref ",
	 key, 0},
	{" part ", heading, 0},
	{" chapter addchap ", heading, 1},
	{" section addsec frametitle ", heading, 2},
	{" subsection framesubtitle ", heading, 3},
	{" subsubsection ", heading, 4},
	{" paragraph subparagraph minisec ", run_in, 0},
	{" par newpage clearpage cleardoublepage medskip bigskip smallskip ", paragraph, 0},
	{" caption subcaption epigraphhead ", paragraph, 1},
	{" \\ newline linebreak tabularnewline ", line_break, 0},
	{" item ", item, 0},
	{" label index bibliography bibliographystyle addbibresource documentclass usepackage "
	 "RequirePackage input include includeonly includegraphics includesvg includepdf pagestyle "
	 "thispagestyle vspace hspace pagenumbering graphicspath thanks hypersetup lstset cline cmidrule "
	 "specialrule nocite hyphenation color phantom hphantom vphantom bibitem usetikzlibrary usetheme "
	 "PassOptionsToPackage linespread noalign enlargethispage stepcounter refstepcounter "
	 "lstinputlisting verbatiminput inputminted geometry mathtoolsset sisetup captionsetup setlist "
	 "tcbset pgfplotsset tikzset tikz theoremstyle selectlanguage "
	 "setcitestyle glossaryentry value arabic roman alph ",
	 drop, 1},
	{" footnotemark allowdisplaybreaks glsresetall ", drop, 0},
	{" setlength addtolength setcounter addtocounter rule fontsize numberwithin counterwithin "
	 "lstdefinestyle lstdefinelanguage DeclareUnicodeCharacter newglossaryentry markboth ",
	 drop, 2},
	{" definecolor addcontentsline newacronym crefname Crefname contentsline ", drop, 3},
	{" setmainfont setsansfont setmonofont fontfamily fontseries fontshape newcounter newlength newif "
	 "newsavebox newtoks captionof markright AtBeginDocument AtEndDocument hypertarget "
	 "DeclareGraphicsExtensions newfontfamily bookmarksetup ",
	 drop, 1},
	{" maketitle tableofcontents listoffigures listoftables centering raggedright raggedleft noindent "
	 "indent hline toprule midrule bottomrule appendix frontmatter mainmatter backmatter null small "
	 "footnotesize scriptsize tiny normalsize large Large LARGE huge Huge sffamily rmfamily ttfamily "
	 "scshape upshape mdseries normalfont em it bf tt sf rm sc sl itshape bfseries slshape "
	 "printbibliography printindex makeindex makeglossaries relax protect xspace nobreak makeatletter "
	 "makeatother sloppy fussy onehalfspacing doublespacing singlespacing selectfont columnbreak hfil "
	 "vfil vfill hss newblock and left right limits displaystyle ",
	 nothing, 0},
};

void tex_init_commands(struct tex *t)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (const char *p = commands[i].names + 1; *p; p += strcspn(p, " ") + 1)
			tw_map_at(&t->commands, p, strcspn(p, " "))->v.i = (int64_t)i;
	}
}

static take find(struct call *c)
{
	const struct tw_map_slot *row = tw_map_find(&c->t->commands, c->name, c->n);
	if (!row)
		return NULL;
	c->option = commands[row->v.i].option;
	return commands[row->v.i].take;
}

/* Where a name ends there may be a space, which is no text. */
static size_t behind_name(const struct tex_source *x, size_t i, size_t to)
{
	while (i < to && (x->s[i] == ' ' || x->s[i] == '\t'))
		i++;
	return i;
}

/* The arguments of a command that nobody here knows are text, its options are not. */
static size_t take_unknown(struct call *c)
{
	const struct tw_map_slot *macro = tw_map_find(&c->t->macros, c->name, c->n);
	if (macro) {
		tex_expand(c->t, macro->v.p);
		return behind_name(c->x, c->i, c->to);
	}
	skip_options(c);
	if (c->n > 5 && memcmp(c->name, "index", 5) == 0) { /* many make their own */
		c->option = 1;
		drop(c);
	}
	return c->i < c->to && c->x->s[c->i] == '{' ? c->i : behind_name(c->x, c->i, c->to);
}

size_t tex_command(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	struct call c = {.t = t, .x = x, .name = x->s + i + 1, .to = to};
	size_t end;
	c.n = tex_name(x, i, to);
	c.i = i + 1 + c.n;
	if (!c.n)
		return i + 1;
	if (c.n == 1 && (*c.name == '(' || *c.name == '['))
		return (end = tex_formula(t, x, i, to)) ? end : c.i;
	if (c.n > 1 && ((end = tex_environment(t, x, i, to)) ||
			(end = tex_definition(t, x, i, to)) || (end = tex_metadata(t, x, i, to))))
		return end;
	if (tw_map_find(&t->macros, c.name, c.n))
		return take_unknown(&c);
	if ((end = tex_sign(t, x, i, to)))
		return end;
	take found = find(&c);
	if (!found)
		return take_unknown(&c);
	found(&c);
	return found == nothing ? behind_name(x, c.i, to) : c.i;
}
