/*
 * How much a block of text looks like writing. A block is what stands between
 * two starts or ends of block elements. Sentences with few links are worth
 * their length; links and scraps cost. The features are those of
 * Kohlschütter et al., "Boilerplate Detection using Shallow Text Features"
 * (WSDM 2010): length and link density; valuing whole subtrees by the sum is
 * the maximum subsequence idea of Pasternack and Roth (WWW 2009) on a tree.
 */
#include "collect/extract_int.h"

#include <string.h>

#define LONG_BLOCK	80 /* bytes without spaces: about 16 words */
/* Costs of what is no sentence; the score changes little between half and double of these. */
#define SCRAP_COST	12
#define CELL_COST	1
#define LINK_BLOCK_COST 25
#define LINK_CHAR_COST	0.5

struct block {
	double chars, link_chars, marks; /* marks: commas and ends of sentences */
	const struct dom_node *first;	 /* text node where its value is booked */
	char last;
	bool heading, code, cell;
};

static bool in_tag(const struct dom_node *n, bool (*is)(enum dom_tag))
{
	for (int i = 0; n && i < 8; i++, n = n->parent)
		if (is(n->tag))
			return true;
	return false;
}

static bool is_link(enum dom_tag t)
{
	return t == TAG_A;
}

static bool is_cell(enum dom_tag t)
{
	return t == TAG_TD || t == TAG_TH;
}

static bool is_code(enum dom_tag t)
{
	return t == TAG_PRE;
}

static void add_text(struct block *b, const struct dom_node *n)
{
	double chars = 0;
	for (size_t i = 0; i < n->len; i++) {
		unsigned char c = (unsigned char)n->text[i];
		if (c <= ' ')
			continue;
		chars++;
		if (strchr(",.;:!?", c) &&
		    (i + 1 == n->len || (unsigned char)n->text[i + 1] <= ' ' ||
		     strchr("\"')", n->text[i + 1]) || n->text[i + 1] & 0x80))
			b->marks++;
		/* Ideographic comma and full stop, full-width forms: U+3001, U+3002, U+FF0C … */
		if (c == 0xe3 && i + 2 < n->len && n->text[i + 1] == (char)0x80 &&
		    (n->text[i + 2] & 0xfe) == 0x80)
			b->marks++;
		b->last = (char)c;
	}
	if (chars == 0)
		return;
	if (!b->first) {
		b->first = n;
		b->heading = in_tag(n, dom_is_heading);
		b->code = in_tag(n, is_code);
		b->cell = in_tag(n, is_cell);
	}
	b->chars += chars;
	if (in_tag(n->parent, is_link))
		b->link_chars += chars;
}

static double value_of(const struct block *b)
{
	double links = b->chars > 0 ? b->link_chars / b->chars : 0;
	if (b->heading)
		return links > 0.5 ? -SCRAP_COST : 0;
	if (b->code)
		return b->chars;
	if (links > 0.5)
		return -(LINK_BLOCK_COST + b->chars * LINK_CHAR_COST);
	bool sentence = b->marks > 0 && b->last && (strchr(".!?\"':;)", b->last) || b->last & 0x80);
	if (b->chars >= LONG_BLOCK || (sentence && b->chars >= LONG_BLOCK / 3.0))
		return (b->chars - b->link_chars) * (b->marks > 0 ? 1 : 0.4);
	return sentence ? 2 : b->cell ? -CELL_COST : -SCRAP_COST;
}

/* Books the block on its first text node; sums are made later. */
static void end_block(struct extraction *e, struct block *b)
{
	if (b->first) {
		struct sums *s = &e->before[b->first->id + 1];
		s->value += value_of(b);
		s->sentences += value_of(b) > LONG_BLOCK / 3.0 ? 1 : 0;
	}
	*b = (struct block){0};
}

static bool is_field(enum dom_tag t)
{
	return t == TAG_INPUT || t == TAG_SELECT || t == TAG_TEXTAREA || t == TAG_BUTTON;
}

static void book_text(struct extraction *e, struct block *b, const struct dom_node *n)
{
	struct sums *s = &e->before[n->id + 1];
	double chars = b->chars, links = b->link_chars;
	add_text(b, n);
	s->chars += b->chars - chars;
	s->link_chars += b->link_chars - links;
}

void value_blocks(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	struct block b = {0};
	size_t block_end = 0; /* the innermost block element that is open ends here */
	memset(e->before, 0, (e->d->n + 1) * sizeof(*e->before));
	for (const struct dom_node *n = root; n;) {
		if (e->drop[n->id]) {
			n = dom_skip(n, root);
			continue;
		}
		bool block = !n->text && (dom_is_block(n->tag) || n->tag == TAG_BR);
		if (block || n->id >= block_end) {
			/* <br> ends a line, not a block, unless another follows. */
			if (n->tag != TAG_BR || (n->next && n->next->tag == TAG_BR))
				end_block(e, &b);
			for (const struct dom_node *p = n; p; p = p->parent) {
				if (!p->text && dom_is_block(p->tag)) {
					block_end = p->end;
					break;
				}
			}
		}
		if (n->text)
			book_text(e, &b, n);
		if (is_field(n->tag))
			e->before[n->id + 1].fields += 1;
		n = dom_next(n, root);
	}
	end_block(e, &b);
	for (size_t i = 1; i <= e->d->n; i++) {
		struct sums *s = &e->before[i], *p = &e->before[i - 1];
		s->chars += p->chars;
		s->link_chars += p->link_chars;
		s->value += p->value;
		s->sentences += p->sentences;
		s->fields += p->fields;
	}
}
