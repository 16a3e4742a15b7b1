/*
 * collect/html/dom_int.h: a small tree of a parsed page or feed.
 *
 * Owns the tree's shape; reading HTML is dom_html.c's work, XML dom_libxml2.c's,
 * and nobody else sees libxml2. Nodes live in the caller's arena and are numbered in document order,
 * so that a reader keeps what it computes in arrays: the subtree of n is
 * [n->id, n->end). Text is UTF-8. Not for writing HTML back.
 */
#ifndef TW_COLLECT_DOM_INT_H
#define TW_COLLECT_DOM_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* In the byte order of their names: dom.c looks them up by bisection. */
/* clang-format off */
#define DOM_TAGS(X) \
	X(A, "a") X(ABBR, "abbr") X(ADDRESS, "address") X(ARTICLE, "article") \
	X(ASIDE, "aside") X(AUDIO, "audio") X(B, "b") X(BASE, "base") \
	X(BLOCKQUOTE, "blockquote") X(BODY, "body") X(BR, "br") X(BUTTON, "button") \
	X(CANVAS, "canvas") X(CAPTION, "caption") X(CENTER, "center") X(CITE, "cite") \
	X(CODE, "code") X(DD, "dd") X(DEL, "del") X(DETAILS, "details") X(DFN, "dfn") \
	X(DIALOG, "dialog") X(DIV, "div") X(DL, "dl") X(DT, "dt") X(EM, "em") \
	X(EMBED, "embed") X(FIELDSET, "fieldset") X(FIGCAPTION, "figcaption") \
	X(FIGURE, "figure") X(FONT, "font") X(FOOTER, "footer") X(FORM, "form") \
	X(FRAMESET, "frameset") X(H1, "h1") X(H2, "h2") X(H3, "h3") X(H4, "h4") X(H5, "h5") \
	X(H6, "h6") X(HEAD, "head") X(HEADER, "header") X(HR, "hr") X(HTML, "html") X(I, "i") \
	X(IFRAME, "iframe") X(IMG, "img") X(INPUT, "input") X(KBD, "kbd") X(LABEL, "label") \
	X(LI, "li") X(LINK, "link") X(MAIN, "main") X(MAP, "map") X(MENU, "menu") \
	X(META, "meta") X(NAV, "nav") X(NOSCRIPT, "noscript") X(OBJECT, "object") X(OL, "ol") \
	X(OPTION, "option") X(P, "p") X(PICTURE, "picture") X(PRE, "pre") X(Q, "q") X(S, "s") \
	X(SAMP, "samp") X(SCRIPT, "script") X(SECTION, "section") X(SELECT, "select") \
	X(SMALL, "small") X(SPAN, "span") X(STRIKE, "strike") X(STRONG, "strong") \
	X(STYLE, "style") X(SUB, "sub") X(SUMMARY, "summary") X(SUP, "sup") X(SVG, "svg") \
	X(TABLE, "table") X(TBODY, "tbody") X(TD, "td") X(TEMPLATE, "template") \
	X(TEXTAREA, "textarea") X(TFOOT, "tfoot") X(TH, "th") X(THEAD, "thead") \
	X(TIME, "time") X(TITLE, "title") X(TR, "tr") X(TT, "tt") X(U, "u") X(UL, "ul") \
	X(VAR, "var") X(VIDEO, "video")
/* clang-format on */

#define DOM_TAG_ENUM(id, name) TAG_##id,
enum dom_tag { TAG_TEXT, TAG_OTHER, DOM_TAGS(DOM_TAG_ENUM) TAG_COUNT };

struct dom_attr {
	const char *name, *value; /* HTML: name in lower case; value is never NULL */
	struct dom_attr *next;
};

struct dom_node {
	enum dom_tag tag;
	const char *name; /* local name, "" for text */
	const char *ns;	  /* XML: namespace URI, "" for none */
	const char *text; /* of a text node, `len` bytes; NULL for elements */
	size_t len;
	struct dom_attr *attrs;
	struct dom_node *parent, *first, *last, *prev, *next;
	size_t id, end;
};

struct dom {
	struct dom_node *root; /* the document element */
	size_t n;	       /* nodes in all */
	bool well_formed;      /* XML: nothing had to be guessed */
};

/* Any text gives some tree; TW_BAD_DATA when there is neither an element nor text in it. `html` must be UTF-8. */
TW_MUST_USE enum tw_status dom_parse_html(struct dom *out, const char *html, size_t len,
					  struct tw_arena *a, struct tw_err *err);
/* Takes what is readable of XML that is not well formed. No entities of the document's own, no network.
 * The encoding is the document's, or `charset` (of the HTTP header) when not NULL. */
TW_MUST_USE enum tw_status dom_parse_xml(struct dom *out, const char *xml, size_t len,
					 const char *charset, struct tw_arena *a,
					 struct tw_err *err);
/* What reading it would take of memory and time: its tags and attributes, in UTF-16 too. */
#define DOM_XML_MOST 1500000 /* of one; about 200 MB */
size_t dom_xml_cost(const char *xml, size_t len);

/* For the readers: a new node, the root of *d or else the last child of `parent`, with no text and no name yet. It ends
 * behind itself: who gives it children says where. */
struct dom_node *dom_add(struct dom *d, struct dom_node *parent, struct tw_arena *a);

/* The character that HTML calls so ("eacute"), 0 when it calls none so. */
int dom_entity(const char *name, size_t len);

enum dom_tag dom_tag_of(const char *name);

/* NULL when absent. */
const char *dom_attr(const struct dom_node *n, const char *name);
/* Whether the attribute (class, rel) has the word; ASCII letters match in either case. */
bool dom_attr_has(const struct dom_node *n, const char *name, const char *word);

/* The next node in document order within [top, top->end): children first; NULL at the end. */
struct dom_node *dom_next(const struct dom_node *n, const struct dom_node *top);
/* The same, without the children of n. */
struct dom_node *dom_skip(const struct dom_node *n, const struct dom_node *top);

/* First descendant (or n itself) with the tag; NULL when none. */
struct dom_node *dom_find(const struct dom_node *n, enum dom_tag tag);
/* The same of a class. */
struct dom_node *dom_find_class(const struct dom_node *n, const char *class);
/* First child element with this local name (and namespace, when ns is not NULL). */
struct dom_node *dom_child(const struct dom_node *n, const char *ns, const char *name);

/* Appends all text below n as it stands / with white space folded to single spaces and trimmed. */
void dom_text(struct tw_str *out, const struct dom_node *n);
char *dom_text_folded(const struct dom_node *n, struct tw_arena *a);

bool dom_is_block(enum dom_tag tag);   /* begins on a line of its own */
bool dom_is_heading(enum dom_tag tag); /* h1 … h6 */

#endif
