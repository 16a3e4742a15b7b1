/* What each tag is to the rules by which a page becomes a tree. */
#include "collect/html/dom_html_int.h"

#include <ctype.h>
#include <string.h>

/* Blocks that end a paragraph, and nothing else. */
#define BLOCK (HTML_SPECIAL | HTML_CLOSES_P)

static const struct {
	enum dom_tag tag;
	unsigned is;
} tags[] = {
	{TAG_A, HTML_LINK},
	{TAG_ADDRESS, BLOCK | HTML_PLAIN},
	{TAG_ARTICLE, BLOCK},
	{TAG_ASIDE, BLOCK},
	{TAG_BASE, HTML_VOID | HTML_OF_HEAD},
	{TAG_BLOCKQUOTE, BLOCK},
	{TAG_BODY, HTML_SPECIAL | HTML_SCOPE},
	{TAG_BR, HTML_VOID},
	{TAG_BUTTON, HTML_SPECIAL | HTML_SCOPE},
	{TAG_CAPTION, HTML_SPECIAL | HTML_SCOPE | HTML_CAPTION},
	{TAG_CENTER, BLOCK},
	{TAG_DD, BLOCK | HTML_TERM},
	{TAG_DETAILS, BLOCK},
	{TAG_DIALOG, BLOCK},
	{TAG_DIV, BLOCK | HTML_PLAIN},
	{TAG_DL, BLOCK},
	{TAG_DT, BLOCK | HTML_TERM},
	{TAG_EMBED, HTML_VOID},
	{TAG_FIELDSET, BLOCK},
	{TAG_FIGCAPTION, BLOCK},
	{TAG_FIGURE, BLOCK},
	{TAG_FOOTER, BLOCK},
	{TAG_FORM, BLOCK},
	{TAG_H1, BLOCK | HTML_HEADING},
	{TAG_H2, BLOCK | HTML_HEADING},
	{TAG_H3, BLOCK | HTML_HEADING},
	{TAG_H4, BLOCK | HTML_HEADING},
	{TAG_H5, BLOCK | HTML_HEADING},
	{TAG_H6, BLOCK | HTML_HEADING},
	{TAG_HEAD, HTML_SPECIAL | HTML_SCOPE},
	{TAG_HEADER, BLOCK},
	{TAG_HR, HTML_VOID | HTML_CLOSES_P},
	{TAG_HTML, HTML_SPECIAL | HTML_SCOPE},
	{TAG_IFRAME, HTML_RAW},
	{TAG_IMG, HTML_VOID},
	{TAG_INPUT, HTML_VOID},
	{TAG_LI, BLOCK | HTML_ITEM},
	{TAG_LINK, HTML_VOID | HTML_OF_HEAD},
	{TAG_MAIN, BLOCK},
	{TAG_MENU, BLOCK | HTML_LIST},
	{TAG_META, HTML_VOID | HTML_OF_HEAD},
	{TAG_NAV, BLOCK},
	{TAG_NOSCRIPT, HTML_OF_HEAD},
	{TAG_OBJECT, HTML_SPECIAL | HTML_SCOPE},
	{TAG_OL, BLOCK | HTML_LIST},
	{TAG_OPTION, HTML_OPTION},
	{TAG_P, BLOCK | HTML_PLAIN | HTML_P},
	{TAG_PRE, BLOCK},
	{TAG_SCRIPT, HTML_RAW | HTML_OF_HEAD},
	{TAG_SECTION, BLOCK},
	{TAG_SELECT, HTML_SPECIAL},
	{TAG_STYLE, HTML_RAW | HTML_OF_HEAD},
	{TAG_SUMMARY, BLOCK},
	{TAG_TABLE, BLOCK | HTML_SCOPE | HTML_TABLE},
	{TAG_TBODY, HTML_SPECIAL | HTML_ROWS},
	{TAG_TD, HTML_SPECIAL | HTML_SCOPE | HTML_CELL},
	{TAG_TEMPLATE, HTML_SPECIAL | HTML_SCOPE | HTML_OF_HEAD},
	{TAG_TEXTAREA, HTML_TEXT},
	{TAG_TFOOT, HTML_SPECIAL | HTML_ROWS},
	{TAG_TH, HTML_SPECIAL | HTML_SCOPE | HTML_CELL},
	{TAG_THEAD, HTML_SPECIAL | HTML_ROWS},
	{TAG_TITLE, HTML_TEXT | HTML_OF_HEAD},
	{TAG_TR, HTML_SPECIAL | HTML_ROW},
	{TAG_UL, BLOCK | HTML_LIST},
};

/* Tags that have no number of their own. */
static const struct {
	const char *name;
	unsigned is;
} others[] = {
	{"area", HTML_VOID},   {"col", HTML_VOID},     {"frame", HTML_VOID},
	{"keygen", HTML_VOID}, {"param", HTML_VOID},   {"source", HTML_VOID},
	{"track", HTML_VOID},  {"wbr", HTML_VOID},     {"xmp", HTML_RAW},
	{"noembed", HTML_RAW}, {"noframes", HTML_RAW}, {"hgroup", BLOCK},
	{"dir", BLOCK},	       {"search", BLOCK},      {"marquee", HTML_SPECIAL | HTML_SCOPE},
};

static unsigned is_what(enum dom_tag tag, const char *name)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tags[i].tag == tag)
			return tags[i].is;
	for (size_t i = 0; tag == TAG_OTHER && i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].name, name) == 0)
			return others[i].is;
	return 0;
}

static const struct html_name *new_name(struct html_reader *r, const char *s, size_t len)
{
	struct html_name *n = TW_NEW(r->a, struct html_name);
	char *text = tw_strndup(r->a, s, len);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	n->text = text;
	n->len = len;
	n->tag = dom_tag_of(text);
	n->is = is_what(n->tag, text);
	return n;
}

static bool same(const struct html_name *n, const char *s, size_t len)
{
	if (n->len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (n->text[i] != (s[i] >= 'A' && s[i] <= 'Z' ? s[i] | 0x20 : s[i]))
			return false;
	return true;
}

/* Open addressing; a page with more names than the table holds has its further ones made anew each time. */
const struct html_name *html_name(struct html_reader *r, const char *s, size_t len)
{
	const size_t tries = 16;
	size_t at = len;
	for (size_t i = 0; i < len && i < 12; i++)
		at = at * 33 + (unsigned char)(s[i] | 0x20);
	for (size_t i = 0; i < tries; i++) {
		const struct html_name **slot = &r->names[(at + i) % HTML_NAMES];
		if (!*slot)
			*slot = new_name(r, s, len);
		if (same(*slot, s, len))
			return *slot;
	}
	return new_name(r, s, len);
}
