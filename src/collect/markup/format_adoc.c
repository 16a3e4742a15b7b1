/*
 * AsciiDoc: the language documentation of Asciidoctor (docs.asciidoctor.org/asciidoc),
 * with the attributes by which Antora, Jekyll, JBake and HubPress name metadata.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "collect/markup/adoc_int.h"

bool adoc_is_comment(const struct markup_line *l)
{
	return !l->col && l->n >= 2 && l->s[0] == '/' && l->s[1] == '/' &&
	       (l->n == 2 || l->s[2] != '/');
}

/* --- what a line is --- */

/* Which delimiter of a block the line is, by its first character; 0 for none. */
static char delimiter(const struct markup_line *l)
{
	if (l->col)
		return 0;
	if (markup_line_is(l, "--"))
		return 'o';
	if (markup_line_starts(l, "```"))
		return '`';
	if (adoc_is_table(l))
		return '|';
	if (markup_line_is(l, "\"\"")) /* "air quotes" */
		return '_';
	return l->n >= 4 && strchr("-.=*_+/", l->s[0]) && markup_line_of(l, l->s[0], 4) ? l->s[0]
											: 0;
}

/* "[…]" before a block. */
static bool is_style(const struct markup_line *l)
{
	return !l->col && l->n >= 2 && l->s[0] == '[' && l->s[l->n - 1] == ']' &&
	       (isalnum((unsigned char)l->s[1]) || strchr("[.#%\",]{", l->s[1]));
}

static bool is_title(const struct markup_line *l)
{
	return !l->col && l->n >= 2 && l->s[0] == '.' && l->s[1] != '.' &&
	       !markup_is_space(l->s[1]);
}

/* "image::x.png[]" and others that show no text. */
static bool is_macro(const struct markup_line *l)
{
	size_t n = 0;
	while (n < l->n && (isalnum((unsigned char)l->s[n]) || l->s[n] == '_'))
		n++;
	return !l->col && n && n + 3 < l->n && l->s[n] == ':' && l->s[n + 1] == ':' &&
	       !markup_is_space(l->s[n + 2]) && l->s[l->n - 1] == ']' && memchr(l->s, '[', l->n);
}

static int section_level(const struct markup_line *l)
{
	size_t n = 0;
	if (l->col || !l->n || (l->s[0] != '=' && l->s[0] != '#'))
		return 0;
	while (n < l->n && l->s[n] == l->s[0])
		n++;
	return n <= 6 && n < l->n && l->s[n] == ' ' ? (int)n : 0;
}

/* A title with a line of marks below it, that is as long: its level, 0 when it is none. */
static int underlined_level(const struct adoc *o, size_t i, size_t to)
{
	static const char marks[] = "=-~^+";
	const struct markup_line *l = &o->m.at[i];
	if (i + 1 >= to || l->col || !l->n || l[1].col || l[1].n < 3 || !markup_is_word(l->s[0]))
		return 0;
	const char *mark = strchr(marks, l[1].s[0]);
	size_t len = tw_utf8_count(l->s, l->n);
	if (!mark || !*mark || !markup_line_of(l + 1, *mark, 3) || l[1].n + 1 < len ||
	    l[1].n > len + 1)
		return 0;
	return (int)(mark - marks) + 1;
}

bool adoc_ends_paragraph(const struct markup_line *l)
{
	return !l->n || delimiter(l) || is_style(l);
}

/* --- styles --- */

/* "[quote, who, where]": values by their position, without quotes, named ones left out. */
static void take_style(struct adoc *o, const struct markup_line *l)
{
	char *raw = tw_strndup(o->m.a, l->s + 1, l->n - 2), *p = raw;
	if (*raw == '[')
		return; /* an anchor */
	o->style.raw = tw_strdup(o->m.a, raw);
	for (size_t i = 0; p && i < 3; i++) {
		while (*p == ' ')
			p++;
		bool quoted = *p == '"';
		char *end = quoted ? strchr(p + 1, '"') : NULL;
		char *comma = strchr(end ? end : p, ',');
		size_t n = end ? (size_t)(end - p) - 1 : comma ? (size_t)(comma - p) : strlen(p);
		if (end || !memchr(p, '=', n))
			o->style.at[i] = tw_strndup(o->m.a, p + (end != NULL), n);
		p = comma ? comma + 1 : NULL;
	}
	const char *lang = strstr(o->style.raw, "language=");
	if (lang)
		o->style.at[1] = tw_strndup(o->m.a, lang + 9, strcspn(lang + 9, ",\""));
	if (o->style.at[0]) /* "source%linenums.role#id" */
		o->style.at[0] = tw_strndup(o->m.a, o->style.at[0], strcspn(o->style.at[0], ".#%"));
}

static const char *at(const struct adoc *o, size_t i)
{
	return o->style.at[i] ? o->style.at[i] : "";
}

static bool style_is(const struct adoc *o, const char *name)
{
	return strcmp(at(o, 0), name) == 0;
}

static const char *admonition(const char *s, size_t len)
{
	static const char *const all[] = {"NOTE:", "TIP:", "IMPORTANT:", "WARNING:", "CAUTION:"};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (len + 1 >= strlen(all[i]) && memcmp(s, all[i], strlen(all[i]) - 1) == 0)
			return all[i];
	return NULL;
}

static void lead(struct adoc *o, const char *label)
{
	struct tw_str s = TW_STR_INIT;
	tw_str_addc(&s, label[0]);
	for (const char *c = label + 1; *c; c++)
		tw_str_addc(&s, (char)tolower((unsigned char)*c));
	markup_lead(&o->m, s.data, s.len);
	tw_str_release(&s);
}

static void take_title(struct adoc *o)
{
	struct tw_str text = TW_STR_INIT, bold = TW_STR_INIT;
	const struct markup_line *l = &o->m.at[o->style.title - 1];
	adoc_inline(&text, o, l->s + 1, l->n - 1);
	markup_wrap(&bold, &text, "**", "**");
	tw_str_release(&text);
	markup_paragraph(&o->m, &bold);
}

/* --- blocks between delimiters --- */

static bool is_code_style(const struct adoc *o)
{
	return style_is(o, "source") || style_is(o, "listing") || style_is(o, "literal") ||
	       (!*at(o, 0) && *at(o, 1));
}

static const char *language(struct adoc *o)
{
	bool source = style_is(o, "source") || !*at(o, 0);
	const char *lang = source ? at(o, 1) : "";
	const char *usual = tw_map_get(&o->attrs, "source-language");
	if (!*lang && style_is(o, "source") && usual)
		lang = usual;
	return tw_strndup(o->m.a, lang, strcspn(lang, " \t`"));
}

/* The length without "<1>" at the end, and without the comment that holds it: numbers that point at explanations. */
static size_t without_callout(const char *s, size_t len)
{
	static const char *const comments[] = {"//", "#", "--", ";;"};
	size_t n = len - 1;
	while (n && isdigit((unsigned char)s[n - 1]))
		n--;
	n -= n && s[n - 1] == '.';
	if (n < 1 || s[n - 1] != '<' || len - n < 2 || (n > 1 && !markup_is_space(s[n - 2])))
		return len;
	for (n--; n && markup_is_space(s[n - 1]);)
		n--;
	for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++) {
		size_t k = strlen(comments[i]);
		if (n > k && memcmp(s + n - k, comments[i], k) == 0)
			n -= k;
	}
	while (n && markup_is_space(s[n - 1]))
		n--;
	return n;
}

static void drop_callouts(struct adoc *o, size_t from, size_t to)
{
	for (size_t i = from, n; i < to; i++) {
		struct markup_line *l = &o->m.at[i];
		while (l->n >= 3 && l->s[l->n - 1] == '>' &&
		       (n = without_callout(l->s, l->n)) < l->n)
			l->n = n;
	}
}

static void take_code(struct adoc *o, const char *lang, size_t from, size_t to)
{
	drop_callouts(o, from, to);
	markup_code(&o->m, lang, from, to);
}

static void take_math(struct adoc *o, size_t from, size_t to)
{
	struct tw_str tex = TW_STR_INIT;
	markup_join(&tex, &o->m, from, to);
	markup_math(&o->m, &tex);
	tw_str_release(&tex);
}

static void take_verse(struct adoc *o, size_t from, size_t to)
{
	struct tw_str text = TW_STR_INIT;
	for (size_t i = from; i < to; i++) {
		if (i > from)
			tw_str_addc(&text, '\n');
		adoc_inline(&text, o, o->m.at[i].s, o->m.at[i].n);
	}
	markup_paragraph(&o->m, &text);
}

/* "— who, where" below a quotation. */
static void take_attribution(struct adoc *o, const struct adoc_style *style)
{
	struct tw_str text = TW_STR_INIT;
	const char *who = style->at[1] ? style->at[1] : "",
		   *where = style->at[2] ? style->at[2] : "";
	if (*who || *where) {
		tw_str_adds(&text, "— ");
		adoc_inline(&text, o, who, strlen(who));
		tw_str_adds(&text, *who && *where ? ", " : "");
		adoc_inline(&text, o, where, strlen(where));
	}
	markup_paragraph(&o->m, &text);
}

static void take_quote(struct adoc *o, size_t from, size_t to, bool verse, bool paragraph)
{
	struct adoc_style style = o->style;
	bool pushed = md_push(&o->m.md, "> ", "> ");
	o->style = (struct adoc_style){0};
	if (verse) {
		take_verse(o, from, to);
	} else if (paragraph) {
		struct tw_str text = TW_STR_INIT;
		adoc_inline_lines(&text, o, from, to);
		markup_paragraph(&o->m, &text);
	} else {
		adoc_range(o, from, to);
	}
	take_attribution(o, &style);
	md_pop(&o->m.md, pushed);
}

static void take_nested(struct adoc *o, size_t from, size_t to)
{
	const char *label = admonition(at(o, 0), strlen(at(o, 0)));
	o->style = (struct adoc_style){0};
	if (label)
		lead(o, label);
	adoc_range(o, from, to);
	markup_lead_end(&o->m);
}

static size_t fence_length(const struct markup_line *l)
{
	size_t n = 0;
	while (n < l->n && l->s[n] == '`')
		n++;
	return n;
}

/* Behind a fence of `from` marks: "```c, linenums". */
static const char *fence_language(struct adoc *o, const struct markup_line *l, size_t from)
{
	size_t n = 0;
	while (from + n < l->n && !strchr(" ,`", l->s[from + n]))
		n++;
	return tw_strndup(o->m.a, l->s + from, n);
}

static size_t take_delimited(struct adoc *o, size_t i, size_t to, char mark)
{
	const struct markup_line *l = &o->m.at[i];
	size_t end = i + 1, n = mark == '`' ? fence_length(l) : l->n;
	while (end < to &&
	       !(o->m.at[end].n == n && !o->m.at[end].col && memcmp(o->m.at[end].s, l->s, n) == 0))
		end++;
	bool math = style_is(o, "stem") || style_is(o, "latexmath") || style_is(o, "asciimath");
	bool verse = style_is(o, "verse");
	if (mark == '/' || style_is(o, "comment"))
		;
	else if (math)
		take_math(o, i + 1, end);
	else if (mark == '`')
		take_code(o, fence_language(o, l, n), i + 1, end);
	else if (mark == '-' || mark == '.' || (mark == 'o' && is_code_style(o)))
		take_code(o, language(o), i + 1, end);
	else if (mark == '|')
		adoc_table(o, i + 1, end, l->s[0]);
	else if (mark == '+' || o->m.depth >= MARKUP_DEPTH)
		; /* for another format; or nested without end */
	else if (mark == '_' || verse || style_is(o, "quote"))
		take_quote(o, i + 1, end, verse, false);
	else
		take_nested(o, i + 1, end);
	return end < to ? end + 1 : end;
}

/* --- paragraphs --- */

static void take_paragraph(struct adoc *o, size_t i, size_t end)
{
	struct tw_str text = TW_STR_INIT;
	struct markup_line *l = &o->m.at[i];
	const char *label = admonition(at(o, 0), strlen(at(o, 0)));
	const char *begins = admonition(l->s, l->n);
	size_t n = begins ? strlen(begins) : 0;
	if (n && l->n > n && l->s[n - 1] == ':' && l->s[n] == ' ') {
		label = begins;
		markup_take_mark(l, n);
	}
	if (label)
		lead(o, label);
	adoc_inline_lines(&text, o, i, end);
	markup_paragraph(&o->m, &text);
	markup_lead_end(&o->m);
}

static bool is_marked_quote(const struct markup_line *l)
{
	return l->n && l->s[0] == '>' && (l->n == 1 || l->s[1] == ' ');
}

/* As in Markdown: "> " before each line. */
static void take_marked_quote(struct adoc *o, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct markup_line *l = &o->m.at[i];
		if (is_marked_quote(l))
			markup_take_mark(l, 1);
		l->col = 0;
	}
	take_quote(o, from, to, false, false);
}

/* A paragraph between quotation marks, and below it "-- who, where". */
static bool is_attributed(const struct adoc *o, size_t from, size_t to)
{
	const struct markup_line *first = &o->m.at[from], *last = &o->m.at[to - 1];
	return to - from > 1 && first->s[0] == '"' && last[-1].s[last[-1].n - 1] == '"' &&
	       (last - 1 > first || first->n > 2) && markup_line_starts(last, "-- ");
}

static void take_attributed(struct adoc *o, size_t from, size_t to)
{
	struct markup_line *first = &o->m.at[from], *last = &o->m.at[to - 1];
	o->style.at[1] = tw_strndup(o->m.a, last->s + 3, last->n - 3);
	last[-1].n--;
	first->s++;
	first->n--;
	take_quote(o, from, to - 1, false, true);
}

static size_t take_lines(struct adoc *o, size_t i, size_t to)
{
	size_t end = i + 1;
	bool literal = o->m.at[i].col > 0 && !style_is(o, "normal");
	while (end < to && !adoc_ends_paragraph(&o->m.at[end]) &&
	       !(o->n_markers && markup_line_is(&o->m.at[end], "+")))
		end++;
	if (style_is(o, "quote") || style_is(o, "verse"))
		take_quote(o, i, end, style_is(o, "verse"), true);
	else if (style_is(o, "stem") || style_is(o, "latexmath") || style_is(o, "asciimath"))
		take_math(o, i, end);
	else if (literal || is_code_style(o))
		take_code(o, literal ? "" : language(o), i, end);
	else if (style_is(o, "comment") || style_is(o, "pass"))
		;
	else if (is_marked_quote(&o->m.at[i]) && o->m.depth < MARKUP_DEPTH)
		take_marked_quote(o, i, end);
	else if (is_attributed(o, i, end))
		take_attributed(o, i, end);
	else
		take_paragraph(o, i, end);
	return end;
}

static bool is_rule(const struct markup_line *l)
{
	return markup_line_is(l, "'''") || markup_line_is(l, "---") || markup_line_is(l, "***") ||
	       markup_line_is(l, "- - -") || markup_line_is(l, "* * *");
}

static void take_heading(struct adoc *o, int level, const char *s, size_t len)
{
	struct tw_str text = TW_STR_INIT;
	while (len && (s[len - 1] == '=' || markup_is_space(s[len - 1])))
		len--; /* "== Title ==" */
	adoc_inline(&text, o, s, len);
	markup_heading(&o->m, level, &text);
}

static size_t take_content(struct adoc *o, size_t i, size_t to)
{
	const struct markup_line *l = &o->m.at[i];
	int level = section_level(l);
	char mark = delimiter(l);
	size_t len;
	if (level) {
		take_heading(o, level, l->s + level, l->n - (size_t)level);
		return i + 1;
	}
	if ((level = underlined_level(o, i, to))) {
		take_heading(o, level, l->s, l->n);
		return i + 2;
	}
	if (mark)
		return take_delimited(o, i, to, mark);
	if (is_macro(l) || markup_line_is(l, "<<<") || markup_line_is(l, "+"))
		return i + 1;
	if (is_rule(l)) {
		md_lines(&o->m.md, "---", 3);
		return i + 1;
	}
	if (o->m.depth < MARKUP_DEPTH && adoc_marker(l, &len) && !is_code_style(o))
		return adoc_list(o, i, to);
	return take_lines(o, i, to);
}

size_t adoc_block(struct adoc *o, size_t i, size_t to)
{
	o->style = (struct adoc_style){0};
	while (i < to) {
		const struct markup_line *l = &o->m.at[i];
		if (!l->n || adoc_is_comment(l)) {
			i++;
		} else if (adoc_attribute(l)) {
			i = adoc_set_attribute(o, i, to);
		} else if (is_style(l)) {
			take_style(o, l);
			i++;
		} else if (is_title(l) && !markup_line_of(l, '.', 4)) {
			o->style.title = 1 + i++;
		} else {
			if (o->style.title)
				take_title(o);
			i = take_content(o, i, to);
			break;
		}
	}
	o->style = (struct adoc_style){0};
	return i;
}

void adoc_range(struct adoc *o, size_t from, size_t to)
{
	int markers = o->n_markers;
	o->n_markers = 0; /* a block in an item has lists of its own */
	o->m.depth++;
	for (size_t i = from; i < to;)
		i = adoc_block(o, i, to);
	o->m.depth--;
	o->n_markers = markers;
}

static enum tw_status parse(struct tw_document *doc, const struct file_input *in,
			    struct tw_arena *a, struct tw_err *err)
{
	struct adoc o = {0};
	enum tw_status st = markup_open(&o.m, in, a, err);
	if (st != TW_OK)
		return st;
	adoc_conditions(&o);
	adoc_range(&o, adoc_header(&o), o.m.n);
	markup_close(&o.m, doc);
	tw_map_release(&o.attrs);
	return TW_OK;
}

static const char *const exts[] = {"adoc", "asciidoc", NULL};

const struct file_format file_format_adoc = {.exts = exts, .parse = parse};
