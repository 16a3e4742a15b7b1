/*
 * How much a block of text looks like writing. A block is what stands between
 * two starts or ends of block elements. Sentences with few links are worth
 * their length; links and scraps cost. The features are those of
 * Kohlschütter et al., "Boilerplate Detection using Shallow Text Features"
 * (WSDM 2010): length and link density; valuing whole subtrees by the sum is
 * the maximum subsequence idea of Pasternack and Roth (WWW 2009) on a tree.
 */
#include "collect/extract/extract_int.h"

#include <string.h>

#define LONG_BLOCK	80 /* bytes without spaces: about 16 words */
/* Costs of what is no sentence; the score changes little between half and double of these. */
#define SCRAP_COST	12
#define ITEM_COST	2
#define CELL_COST	0.5
#define LINK_BLOCK_COST 10
#define LINK_RUN	3
#define LINK_CHAR_COST	0.25

static bool in_tag(const struct dom_node *n, bool (*is)(enum dom_tag))
{
	for (int i = 0; n && i < 8; i++, n = n->parent)
		if (is(n->tag))
			return true;
	return false;
}

static const struct dom_node *find_link(const struct dom_node *n)
{
	for (int i = 0; n && i < 8; i++, n = n->parent)
		if (n->tag == TAG_A)
			return n;
	return NULL;
}

static bool is_cell(enum dom_tag t)
{
	return t == TAG_TD || t == TAG_TH;
}

static bool is_item(enum dom_tag t)
{
	return t == TAG_LI || t == TAG_DD || t == TAG_DT;
}

static bool is_code(enum dom_tag t)
{
	return t == TAG_PRE;
}

static bool is_quote(enum dom_tag t)
{
	return t == TAG_BLOCKQUOTE;
}

/* What ends a sentence or parts one, with what must follow it. */
static bool is_mark(const char *s, size_t left)
{
	unsigned char c = (unsigned char)*s;
	if (c == ',' || c == '.' || c == ';' || c == ':' || c == '!' || c == '?') {
		unsigned char next = left > 1 ? (unsigned char)s[1] : ' ';
		return next <= ' ' || next >= 0x80 || next == '"' || next == '\'' || next == ')';
	}
	/* Ideographic comma and full stop: U+3001, U+3002; full-width forms: U+FF01, U+FF0C, U+FF1F */
	if (c == 0xe3 && left > 2 && s[1] == (char)0x80)
		return (s[2] & 0xfe) == 0x80 || s[2] == (char)0x82;
	if (c == 0xef && left > 2 && s[1] == (char)0xbc)
		return s[2] == (char)0x81 || s[2] == (char)0x8c || s[2] == (char)0x9f;
	return false;
}

static bool measure(struct text *t, const struct dom_node *n)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */
	*t = (struct text){.n = n};
	for (size_t i = 0; i < n->len; i++) {
		unsigned char c = (unsigned char)n->text[i];
		if (c <= ' ')
			continue;
		t->chars++;
		if (c < '0' || (c > '9' && c < 'A') || c >= 0xe3)
			t->marks += is_mark(n->text + i, n->len - i);
		t->last = (char)c;
		hash = (hash ^ c) * 1099511628211u;
	}
	t->hash = hash;
	return t->chars > 0;
}

static void place(struct text *t, struct tw_bytes site)
{
	const struct dom_node *n = t->n->parent;
	const struct dom_node *a = find_link(n);
	t->link = a != NULL;
	t->out = a && leads_elsewhere(a, site);
	t->heading = in_tag(n, dom_is_heading);
	t->code = in_tag(n, is_code);
	t->cell = in_tag(n, is_cell);
	t->item = in_tag(n, is_item);
	t->quote = in_tag(n, is_quote);
}

/* Where the innermost block element that holds n ends. */
static size_t block_end_at(const struct dom_node *n)
{
	for (; n; n = n->parent)
		if (!n->text && dom_is_block(n->tag))
			return n->end;
	return 0;
}

void find_texts(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	bool begins = true;
	size_t block_end = 0; /* the innermost block element that is open ends here */
	for (const struct dom_node *n = root; n;) {
		if (e->drop[n->id]) {
			n = dom_skip(n, root);
			continue;
		}
		bool block = !n->text && (dom_is_block(n->tag) || n->tag == TAG_BR);
		if (block || n->id >= block_end) {
			/* <br> ends a line, not a block, unless another follows. */
			begins = begins || n->tag != TAG_BR || (n->next && n->next->tag == TAG_BR);
			block_end = block_end_at(n);
		}
		struct text t;
		if (n->text && measure(&t, n)) {
			place(&t, e->site);
			t.begins = begins;
			begins = false;
			tw_vec_push(&e->texts, t);
		}
		n = dom_next(n, root);
	}
}

static void add_text(struct block *b, const struct text *t)
{
	if (!b->first) {
		*b = (struct block){.first = t->n,
				    .heading = t->heading,
				    .code = t->code,
				    .cell = t->cell,
				    .item = t->item};
	}
	b->end = t->n->id + 1;
	b->chars += t->chars;
	b->marks += t->marks;
	b->link_chars += t->link ? t->chars : 0;
	b->hash = b->hash * 31 + t->hash;
	b->last = t->last;
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
	if (sentence)
		return 2;
	return b->cell ? -CELL_COST : b->item ? -ITEM_COST : -SCRAP_COST;
}

/* Of a run of links, as in a list of them, only the first few count: it goes in the end, and is no reason to leave out
 * what stands over it. */
static double cost_in_run(struct extraction *e, double v, const struct block *b)
{
	bool links = !b->code && !b->heading && b->link_chars > 0.5 * b->chars;
	e->link_run = links ? e->link_run + 1 : 0;
	return links && e->link_run > LINK_RUN ? 0 : v;
}

/* Books the block on its first text node; sums are made later. */
static void end_block(struct extraction *e, struct block *b)
{
	if (b->first) {
		struct sums *s = &e->before[b->first->id + 1];
		b->value = cost_in_run(e, value_of(b), b);
		s->value += b->value;
		s->gain += b->value > 0 ? b->value : 0;
		s->sentences += b->value > LONG_BLOCK / 3.0;
		s->linked_headings += b->heading && b->link_chars > 0.9 * b->chars;
		tw_vec_push(&e->blocks, *b);
	}
	b->first = NULL;
}

static bool is_field(enum dom_tag t)
{
	return t == TAG_INPUT || t == TAG_SELECT || t == TAG_TEXTAREA || t == TAG_BUTTON;
}

static void book_fields(struct extraction *e)
{
	const struct dom_node *root = e->d->root;
	for (const struct dom_node *n = root; n;) {
		if (is_field(n->tag) && !e->drop[n->id])
			e->before[n->id + 1].fields++;
		n = e->drop[n->id] ? dom_skip(n, root) : dom_next(n, root);
	}
}

static void sum_up(struct extraction *e)
{
	for (size_t i = 1; i <= e->d->n; i++) {
		struct sums *s = &e->before[i], *p = &e->before[i - 1];
		s->chars += p->chars;
		s->link_chars += p->link_chars;
		s->out_chars += p->out_chars;
		s->quote_chars += p->quote_chars;
		s->value += p->value;
		s->gain += p->gain;
		s->sentences += p->sentences;
		s->fields += p->fields;
		s->linked_headings += p->linked_headings;
	}
}

void value_blocks(struct extraction *e)
{
	struct block b = {0};
	if (e->valued)
		return;
	e->valued = true;
	memset(e->before, 0, (e->d->n + 1) * sizeof(*e->before));
	e->blocks.n = 0;
	e->link_run = 0;
	for (size_t i = 0; i < e->texts.n; i++) {
		const struct text *t = &e->texts.at[i];
		if (t->begins)
			end_block(e, &b);
		if (e->drop[t->n->id])
			continue;
		struct sums *s = &e->before[t->n->id + 1];
		s->chars += t->chars;
		s->link_chars += t->link ? t->chars : 0;
		s->out_chars += t->out ? t->chars : 0;
		s->quote_chars += t->quote ? t->chars : 0;
		add_text(&b, t);
	}
	end_block(e, &b);
	book_fields(e);
	sum_up(e);
}
