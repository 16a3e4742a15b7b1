#include <string.h>

#include "base/text.h"
#include "feature/chunks_int.h"
#include "feature/outline_int.h"

/* What is never cut: a sentence, a block of code, a heading; or a piece of one that is larger than the budget. */
struct unit {
	size_t start, end; /* with the white space behind */
	int64_t tokens;
	bool sentence; /* may be repeated as overlap */
	bool heading;
};

struct units TW_VEC_BODY(struct unit);

#define LEAST 8 /* bytes that are not cut any more: two code points */

struct packer {
	const struct chunks *o;
	const char *s;
	size_t n;
	struct tw_arena *a;
	struct chunk_list *out;
	struct units units;
	int64_t room;	     /* tokens that the units of the chunk in work may have */
	int64_t unit_room;   /* likewise under the heading whose blocks are being read */
	size_t first;	     /* unit that the chunk in work begins with */
	int64_t tokens;	     /* of its units */
	const char *heading; /* of the chunk in work */
};

static int64_t count(const struct packer *k, size_t start, size_t end)
{
	return tw_embedder_count(k->o->embedder, k->s + start, end - start);
}

static bool is_space(char ch)
{
	return ch == ' ' || ch == '\n' || ch == '\t';
}

/* The line's end nearest to the middle of [start, end), behind its newline; 0 when there is no line to keep whole. */
static size_t nearest_line(const struct packer *k, size_t start, size_t end)
{
	size_t half = start + (end - start) / 2;
	const char *before = memrchr(k->s + start, '\n', half - start);
	const char *after = memchr(k->s + half, '\n', end - half);
	size_t left = before ? (size_t)(before - k->s) + 1 : 0;
	size_t right = after && (size_t)(after - k->s) + 1 < end ? (size_t)(after - k->s) + 1 : 0;
	if (!left || !right)
		return left ? left : right;
	return half - left <= right - half ? left : right;
}

/* Where to cut [start, end) in two: at a line's end, else at a blank, else between code points; near the middle. */
static size_t middle(const struct packer *k, size_t start, size_t end)
{
	size_t half = start + (end - start) / 2;
	size_t line = nearest_line(k, start, end);
	if (line)
		return line;
	for (size_t i = half; i > start + (end - start) / 4; i--)
		if (is_space(k->s[i - 1]))
			return i;
	size_t at = start + tw_utf8_floor(k->s + start, half - start);
	return at > start ? at : half;
}

static void add_unit(struct packer *k, struct unit u)
{
	u.tokens = count(k, u.start, u.end);
	if (u.tokens <= k->unit_room || u.end - u.start < LEAST) {
		tw_vec_push(&k->units, u);
		return;
	}
	u.sentence = false;
	size_t at = middle(k, u.start, u.end);
	add_unit(k, (struct unit){u.start, at, 0, false, false});
	add_unit(k, (struct unit){at, u.end, 0, false, false});
}

static void add_block(struct packer *k, const struct outline_block *b)
{
	if (b->type == OUTLINE_HEADING || b->type == OUTLINE_CODE || b->type == OUTLINE_TABLE) {
		add_unit(k, (struct unit){b->start, b->end, 0, false, b->type == OUTLINE_HEADING});
		return;
	}
	const struct tw_spans spans = tw_outline_sentences(k->s, b, k->a);
	for (size_t i = 0; i < spans.n; i++)
		add_unit(k, (struct unit){spans.at[i].start, spans.at[i].end, 0, true, false});
}

static void trim(const struct packer *k, struct chunk *c)
{
	while (c->end > c->start && is_space(k->s[c->end - 1]))
		c->end--;
	while (c->start < c->end && k->s[c->start] == '\n')
		c->start++;
}

/*
 * Adds [start, end) as a chunk. What its parts count is an estimate: a tokenizer
 * may make more of the whole. Then it is cut, so that no chunk passes the budget.
 */
static void add_chunk(struct packer *k, size_t start, size_t end)
{
	struct chunk c = {.heading = k->heading, .start = start, .end = end};
	trim(k, &c);
	if (c.start >= c.end)
		return;
	c.tokens = tw_chunk_tokens(k->o, c.heading, k->s + c.start, c.end - c.start, k->a);
	if (c.tokens <= k->o->max_tokens || c.end - c.start < LEAST) {
		tw_vec_push(k->out, c);
		return;
	}
	size_t at = middle(k, c.start, c.end);
	add_chunk(k, c.start, at);
	add_chunk(k, at, c.end);
}

/* Ends the chunk in work before unit `end`. */
static void close_chunk(struct packer *k, size_t end)
{
	size_t first = k->first;
	while (first < end && k->units.at[first].heading)
		first++; /* its own heading is in `heading`, a heading alone says nothing */
	while (end > first && k->units.at[end - 1].heading)
		end--;
	k->first = end;
	k->tokens = 0;
	if (first < end)
		add_chunk(k, k->units.at[first].start, k->units.at[end - 1].end);
}

/* Moves the start of the new chunk back over sentences of the one before, a fifth of the room at most. */
static void overlap(struct packer *k, size_t next)
{
	int64_t tokens = 0, sentences = 0;
	size_t first = next;
	while (first > 0 && sentences < k->o->overlap) {
		const struct unit *u = &k->units.at[first - 1];
		if (!u->sentence || (tokens + u->tokens) * 5 > k->room ||
		    tokens + u->tokens + k->units.at[next].tokens > k->room)
			break;
		tokens += u->tokens;
		sentences++;
		first--;
	}
	k->first = first;
	k->tokens = tokens;
}

static int64_t tokens_of(const struct packer *k, size_t from, size_t to)
{
	int64_t sum = 0;
	for (size_t i = from; i < to; i++)
		sum += k->units.at[i].tokens;
	return sum;
}

/*
 * A path that leaves half of the budget to the text: its nearest headings, else
 * as many of the last one's words as there is room for.
 */
static const char *fitting(const struct packer *k, const char *heading)
{
	int64_t half = k->o->max_tokens / 2;
	while (tw_embedder_count(k->o->embedder, heading, strlen(heading)) > half) {
		const char *next = strstr(heading, " > ");
		if (!next)
			break;
		heading = next + 3;
	}
	size_t n = strlen(heading);
	while (n && tw_embedder_count(k->o->embedder, heading, n) > half) {
		n -= n / 8 + 1;
		n = tw_utf8_floor(heading, n);
		while (n && heading[n - 1] != ' ' && heading[n] != ' ' && n > 60)
			n--;
	}
	return tw_strndup(k->a, heading, n);
}

static int64_t room_under(const struct packer *k, const char *heading)
{
	int64_t own = tw_embedder_count(k->o->embedder, heading, strlen(heading));
	return k->o->max_tokens - own;
}

static void begin(struct packer *k, const char *heading, size_t first)
{
	k->heading = heading;
	k->first = first;
	k->tokens = 0;
	k->room = k->unit_room;
}

/* Size of the next chunk when `left` tokens become chunks of about equal size. */
static int64_t target_of(const struct packer *k, int64_t left)
{
	int64_t pieces = (left + k->room - 1) / k->room;
	return pieces > 1 ? left / pieces : INT64_MAX;
}

/* Units [from, to) of one section. */
static void pack(struct packer *k, size_t from, size_t to)
{
	int64_t left = tokens_of(k, from, to); /* in units not yet in a chunk */
	int64_t target = target_of(k, k->tokens + left);
	for (size_t i = from; i < to; i++) {
		int64_t next = k->units.at[i].tokens;
		bool full = k->tokens + next > k->room;
		if (k->tokens && (full || k->tokens + next / 2 >= target)) {
			close_chunk(k, i);
			overlap(k, i);
			target = target_of(k, k->tokens + left);
		}
		k->tokens += next;
		left -= next;
	}
}

static void pack_section(struct packer *k, const struct outline *o,
			 const struct outline_section *sec)
{
	size_t from = k->units.n;
	const char *path = fitting(k, sec->path);
	k->unit_room = room_under(k, path);
	if (sec->heading != SIZE_MAX)
		add_block(k, &o->blocks[sec->heading]);
	size_t body = k->units.n;
	for (size_t i = 0; i < sec->n; i++)
		add_block(k, &o->blocks[sec->first + i]);
	int64_t tokens = tokens_of(k, from, k->units.n);
	bool joins = k->tokens && k->tokens < k->o->min_tokens && k->tokens + tokens <= k->room;
	if (joins) {
		k->tokens += tokens;
		return;
	}
	close_chunk(k, from);
	begin(k, path, body);
	pack(k, body, k->units.n);
}

void tw_chunk_sections(struct chunk_list *out, const struct chunks *o, const char *title,
		       struct tw_bytes text, struct tw_arena *a)
{
	struct packer k = {.o = o, .s = text.data, .n = text.len, .a = a, .out = out};
	const struct outline outline = tw_outline(title, text.data, text.len, a);
	const char *heading = fitting(&k, title);
	k.unit_room = room_under(&k, heading);
	begin(&k, heading, 0);
	for (size_t i = 0; i < outline.n_sections; i++)
		pack_section(&k, &outline, &outline.sections[i]);
	close_chunk(&k, k.units.n);
	tw_vec_release(&k.units);
}
