/*
 * What a reader sees of a page, as plain text: paragraphs with an empty line
 * between them, a line for each item of a list ("- ") and each row of a table
 * (cells parted by " | "), code as it stands. No numbers before the items of
 * ordered lists: they are not in the page's text.
 */
#include "collect/html/html_int.h"

#include <string.h>

/* What stands between two pieces of text; the strongest that was asked for wins. */
enum gap { GAP_NONE, GAP_SPACE, GAP_CELL, GAP_LINE, GAP_PARAGRAPH };

struct text_writer {
	struct tw_str *out;
	const unsigned char *drop;
	enum gap gap;
	bool bullet; /* the next text begins an item of a list */
	int lists;   /* open ones */
	int pre;     /* open <pre> */
};

static void ask(struct text_writer *w, enum gap gap)
{
	if (gap > w->gap && !(w->bullet && w->gap >= GAP_LINE))
		w->gap = gap;
}

static void write_gap(struct text_writer *w)
{
	static const char *const gaps[] = {"", " ", " | ", "\n", "\n\n"};
	if (w->out->len)
		tw_str_adds(w->out, gaps[w->gap]);
	if (w->bullet) {
		for (int i = 1; i < w->lists && i < 8; i++)
			tw_str_adds(w->out, "  ");
		tw_str_adds(w->out, "- ");
	}
	w->bullet = false;
	w->gap = GAP_NONE;
}

/* Bytes at s that are no text: white space, and what is invisible. */
static size_t blank(bool *space, const char *s, size_t left)
{
	unsigned char c = (unsigned char)*s;
	*space = c <= ' ';
	if (*space)
		return 1;
	if (c == 0xc2 && left >= 2 && (unsigned char)s[1] == 0xa0) {
		*space = true;
		return 2;
	}
	return c < 0x80 ? 0 : html_invisible(s, left);
}

static void write_folded(struct text_writer *w, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		bool space;
		size_t n = blank(&space, s + i, len - i);
		if (n) {
			if (space)
				ask(w, GAP_SPACE);
			i += n;
			continue;
		}
		size_t from = i;
		while (i < len && !blank(&space, s + i, len - i))
			i++;
		if (w->gap || w->bullet)
			write_gap(w);
		tw_str_add(w->out, s + from, i - from);
	}
}

/* Code keeps its lines; only the empty ones around it go. */
static void write_verbatim(struct text_writer *w, const char *s, size_t len)
{
	if (w->gap > GAP_SPACE || w->bullet) {
		while (len && (*s == '\n' || *s == '\r')) {
			s++;
			len--;
		}
		if (!len)
			return;
		write_gap(w);
	}
	w->gap = GAP_NONE;
	tw_str_add(w->out, s, len);
}

static bool is_line(enum dom_tag t)
{
	return t == TAG_LI || t == TAG_TR || t == TAG_DT || t == TAG_DD || t == TAG_TBODY ||
	       t == TAG_THEAD || t == TAG_TFOOT;
}

static bool is_list(enum dom_tag t)
{
	return t == TAG_UL || t == TAG_OL || t == TAG_MENU;
}

static enum gap gap_at(const struct text_writer *w, const struct dom_node *n)
{
	if (n->tag == TAG_TD || n->tag == TAG_TH)
		return GAP_CELL;
	if (is_line(n->tag) || n->tag == TAG_BR || (is_list(n->tag) && w->lists > 1))
		return GAP_LINE;
	return dom_is_block(n->tag) ? GAP_PARAGRAPH : GAP_NONE;
}

static void trim_line(struct tw_str *out)
{
	while (out->len && strchr(" \t\r\n", out->data[out->len - 1]))
		out->data[--out->len] = '\0';
}

static bool enter(struct text_writer *w, const struct dom_node *n)
{
	if ((w->drop && w->drop[n->id]) || html_is_silent(n))
		return false;
	if (n->text) {
		if (w->pre)
			write_verbatim(w, n->text, n->len);
		else
			write_folded(w, n->text, n->len);
		return false;
	}
	w->lists += is_list(n->tag);
	if (n->tag == TAG_BR && w->pre)
		tw_str_addc(w->out, '\n');
	else if (n->tag == TAG_BR && w->gap == GAP_LINE) /* twice: a paragraph ends */
		ask(w, GAP_PARAGRAPH);
	else
		ask(w, gap_at(w, n));
	w->pre += n->tag == TAG_PRE;
	if (n->tag == TAG_LI)
		w->bullet = true;
	return true;
}

static void leave(struct text_writer *w, const struct dom_node *n)
{
	if (n->text || (w->drop && w->drop[n->id]) || html_is_silent(n))
		return;
	if (n->tag == TAG_PRE && --w->pre == 0)
		trim_line(w->out);
	if (n->tag == TAG_LI)
		w->bullet = false;
	if (n->tag != TAG_BR)
		ask(w, gap_at(w, n));
	w->lists -= is_list(n->tag);
}

void html_plain_text(struct tw_str *out, const struct dom_node *top, const unsigned char *drop)
{
	struct text_writer w = {.out = out, .drop = drop};
	for (const struct dom_node *n = top; n;) {
		if (enter(&w, n) && n->first) {
			n = n->first;
			continue;
		}
		leave(&w, n);
		while (n != top && !n->next) {
			n = n->parent;
			leave(&w, n);
		}
		n = n == top ? NULL : n->next;
	}
	trim_line(out);
	if (out->len)
		tw_str_addc(out, '\n');
}
