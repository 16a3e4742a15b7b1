/*
 * collect/html/html_int.h: from a page to what its author wrote.
 *
 * extract_page() is the whole way: charset, tree, main content, metadata,
 * Markdown. The steps behind it are here for the files that do them:
 * html_charset.c, extract.c (which nodes), extract_meta.c (title, author,
 * date), html_markdown.c with html_inline.c and html_text.c (writing).
 */
#ifndef TW_COLLECT_HTML_INT_H
#define TW_COLLECT_HTML_INT_H

#include <stdint.h>

#include "base/json.h"
#include "collect/html/dom_int.h"

/* What a page says of itself; NULL or 0 where it says nothing. In the arena. */
struct page {
	const char *title, *author, *lang, *description, *canonical;
	const char *body; /* main content as Markdown, "" when there is none */
	const char *text; /* the same as plain text */
	int64_t created_ms, modified_ms;
	const char *charset; /* that it was read in */
	const char *ld_body; /* schema.org's articleBody, as it stands there */
	const char *url;     /* that it was read from, or says that it has */
	bool is_talk;	     /* says that it is a thread of a forum, or questions and answers */
	bool is_article;     /* says that it is an article, by schema.org or OpenGraph */
};

/* `url` resolves links (NULL: links that are not absolute stay as they are); `charset` is the one
 * that came with the bytes (HTTP header), or NULL. TW_BAD_DATA when it is no HTML. */
TW_MUST_USE enum tw_status extract_page(struct page *out, const char *data, size_t len,
					const char *url, const char *charset, struct tw_arena *a,
					struct tw_err *err);

/* Its steps, for who reads more off the tree: the tree, in the arena, with *used as html_decode(); all of *out but charset. */
TW_MUST_USE enum tw_status html_tree(struct dom *out, const char **used, const char *data,
				     size_t len, const char *charset, struct tw_arena *a,
				     struct tw_err *err);
TW_MUST_USE enum tw_status extract_tree(struct page *out, const struct dom *d, const char *url,
					struct tw_arena *a, struct tw_err *err);

/* What links of the page are relative to: <base>, or else `url`, which may be NULL. */
const char *html_base(const struct dom *d, const char *url, struct tw_arena *a);
/* What a <script> says by schema.org (JSON-LD); NULL when it is another one, too long or broken. */
const struct tw_json *html_ld(const struct dom_node *script, struct tw_arena *a);

/* A piece of HTML that is content as a whole (an item of a feed): all of it, as Markdown. */
TW_MUST_USE enum tw_status fragment_markdown(const char **out, const char *html, size_t len,
					     const char *url, struct tw_arena *a,
					     struct tw_err *err);

/* The value of "charset=" in a Content-Type, NULL when there is none. */
const char *charset_of_content_type(const char *content_type, struct tw_arena *a);
/* To UTF-8, by: byte order mark, `charset`, <meta>, valid UTF-8, detection. */
TW_MUST_USE enum tw_status html_to_utf8(struct tw_str *out, const char *data, size_t len,
					const char *charset, struct tw_arena *a,
					struct tw_err *err);
/* The same; *used is the charset's name, which may be in the arena. */
TW_MUST_USE enum tw_status html_decode(struct tw_str *out, const char **used, const char *data,
				       size_t len, const char *charset, struct tw_arena *a,
				       struct tw_err *err);

/* Marks in drop[id] what is not main content; returns the node that holds the rest. */
const struct dom_node *extract_main(unsigned char *drop, const struct dom *d,
				    const struct page *page, struct tw_arena *a);

/* Fills all of *out but body. */
void extract_meta(struct page *out, const struct dom *d, const char *url, struct tw_arena *a);

/* Appends Markdown (CommonMark with GFM tables) of what is below `top` and not in drop (NULL: nothing dropped). */
void html_markdown(struct tw_str *out, const struct dom_node *top, const unsigned char *drop,
		   const char *url, struct tw_arena *a);

/* Appends the same as plain text: html_text.c. */
void html_plain_text(struct tw_str *out, const struct dom_node *top, const unsigned char *drop);
/* An element that never shows text of its own: scripts, pictures, buttons, marks of footnotes. */
bool html_is_silent(const struct dom_node *n);

/* Appends the inline content of n as one run of Markdown: html_inline.c. A line break is "\n". */
struct inline_writer {
	const unsigned char *drop;
	const char *url;
	struct tw_arena *a;
};
void html_inline(struct tw_str *out, const struct dom_node *n, const struct inline_writer *w);
/* Bytes of an invisible character at s, or 0: soft hyphen, zero width space, BOM. */
size_t html_invisible(const char *s, size_t left);
/* A text node, its white space folded, escaped. */
void html_inline_text(struct tw_str *out, const char *s, size_t len);
/* Escapes what would begin a block at the start of a line of Markdown. */
void markdown_escape_line_starts(struct tw_str *out, const char *text, size_t len);

#endif
