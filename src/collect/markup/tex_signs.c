/* Letters with accents, and signs that LaTeX has commands for. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "collect/markup/tex_int.h"

static const struct {
	const char *name, *text;
} signs[] = {
	{"ss", "ß"},
	{"SS", "ẞ"},
	{"ae", "æ"},
	{"AE", "Æ"},
	{"oe", "œ"},
	{"OE", "Œ"},
	{"o", "ø"},
	{"O", "Ø"},
	{"aa", "å"},
	{"AA", "Å"},
	{"l", "ł"},
	{"L", "Ł"},
	{"i", "ı"},
	{"j", "ȷ"},
	{"dh", "ð"},
	{"DH", "Ð"},
	{"th", "þ"},
	{"TH", "Þ"},
	{"dj", "đ"},
	{"DJ", "Đ"},
	{"dots", "…"},
	{"ldots", "…"},
	{"textellipsis", "…"},
	{"S", "§"},
	{"P", "¶"},
	{"copyright", "©"},
	{"pounds", "£"},
	{"euro", "€"},
	{"texteuro", "€"},
	{"EUR", "€"},
	{"textendash", "–"},
	{"textemdash", "—"},
	{"textasciitilde", "~"},
	{"textasciicircum", "^"},
	{"textbackslash", "\\"},
	{"textbar", "|"},
	{"textless", "<"},
	{"textgreater", ">"},
	{"textregistered", "®"},
	{"texttrademark", "™"},
	{"textbullet", "•"},
	{"textdegree", "°"},
	{"degree", "°"},
	{"textdollar", "$"},
	{"textunderscore", "_"},
	{"textquotedblleft", "“"},
	{"textquotedblright", "”"},
	{"textquoteleft", "‘"},
	{"textquoteright", "’"},
	{"textquotesingle", "'"},
	{"textquotedbl", "\""},
	{"quotedblbase", "„"},
	{"quotesinglbase", "‚"},
	{"glqq", "„"},
	{"grqq", "“"},
	{"glq", "‚"},
	{"grq", "‘"},
	{"flqq", "«"},
	{"frqq", "»"},
	{"flq", "‹"},
	{"frq", "›"},
	{"guillemotleft", "«"},
	{"guillemotright", "»"},
	{"og", "« "},
	{"fg", " »"},
	{"TeX", "TeX"},
	{"LaTeX", "LaTeX"},
	{"LaTeXe", "LaTeX2e"},
	{"BibTeX", "BibTeX"},
	{"XeTeX", "XeTeX"},
	{"XeLaTeX", "XeLaTeX"},
	{"LuaTeX", "LuaTeX"},
	{"pdfTeX", "pdfTeX"},
	{"textmu", "µ"},
	{"textpm", "±"},
	{"texttimes", "×"},
	{"slash", "/"},
	{"lbrack", "["},
	{"rbrack", "]"},
	{"space", " "},
	{"nobreakspace", " "},
	{"quad", " "},
	{"qquad", " "},
	{"enspace", " "},
	{"thinspace", " "},
	{"hfill", " "},
	{"ast", "*"},
	{"textasteriskcentered", "*"},
	{"lq", "‘"},
	{"rq", "’"},
	{"textquestiondown", "¿"},
	{"textexclamdown", "¡"},
	{"ier", "er"},
	{"no", "n°"},
};

void tex_init_signs(struct tex *t)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		tw_map_set(&t->signs, signs[i].name, (void *)signs[i].text);
}

/* Unicode's combining character for the accent's command. */
static const char *accent_of(char c)
{
	static const struct {
		char name;
		const char *mark;
	} all[] = {{'`', "\u0300"}, {'\'', "\u0301"}, {'^', "\u0302"}, {'~', "\u0303"},
		   {'"', "\u0308"}, {'=', "\u0304"},  {'.', "\u0307"}, {'u', "\u0306"},
		   {'v', "\u030c"}, {'H', "\u030b"},  {'c', "\u0327"}, {'k', "\u0328"},
		   {'r', "\u030a"}, {'b', "\u0331"},  {'d', "\u0323"}};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].name == c)
			return all[i].mark;
	return NULL;
}

/* "\'e", "\'{e}", "\'\i", "\c c": 0 when nothing is there to stand under it. */
static size_t take_accent(struct tex *t, const struct tex_source *x, size_t i, size_t to,
			  const char *mark)
{
	size_t from, end, at = i;
	struct tw_str text = TW_STR_INIT;
	if (!tex_arg(x, &at, to, &from, &end) || end - from > 8)
		return 0;
	if (from == end)
		return at;
	bool dotless = x->s[from] == '\\' && from + 1 < end && strchr("ij", x->s[from + 1]);
	size_t n = dotless ? 2 : 1;
	while (from + n < end && ((unsigned char)x->s[from + n] & 0xc0) == 0x80)
		n++;
	tw_str_add(&text, x->s + from + dotless, n - dotless);
	tw_str_adds(&text, mark);
	tw_str_add(&text, x->s + from + n, end - from - n);
	struct tw_str whole = TW_STR_INIT;
	tw_text_nfc(&whole, text.data, text.len);
	markup_text(&t->para, tw_str_c(&whole), whole.len);
	tw_str_release(&text);
	tw_str_release(&whole);
	return at;
}

size_t tex_sign(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	size_t n = tex_name(x, i, to);
	const char *name = x->s + i + 1, *text, *mark = n == 1 ? accent_of(*name) : NULL;
	i += 1 + n;
	if (mark)
		return take_accent(t, x, i, to, mark);
	bool within = *name == '_' && t->para.len &&
		      markup_is_word(t->para.data[t->para.len - 1]) && i < to &&
		      markup_is_word(x->s[i]);
	if (n == 1 && within) {
		tw_str_addc(&t->para, '_'); /* in a word it is no mark of Markdown */
		return i;
	}
	if (n == 1 && strchr("%$&#_{}", *name)) {
		markup_text(&t->para, name, 1);
		return i;
	}
	if (n == 1 && strchr(" ,;:\n\t", *name)) {
		markup_text(&t->para, " ", 1);
		return i;
	}
	if (n == 1 && strchr("-/!@+*<>|", *name))
		return i;
	const struct tw_map_slot *sign = tw_map_find(&t->signs, name, n);
	if (!sign)
		return 0;
	text = sign->v.p;
	if (*text == '\\') /* what comes behind it would be escaped by it */
		tw_str_adds(&t->para, "\\\\");
	else
		markup_text(&t->para, text, strlen(text));
	while (i < to && (x->s[i] == ' ' || x->s[i] == '\t')) /* ends the name, and is no text */
		i++;
	return i;
}
