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

/* Where to cut [start, end) in two: at a line's end, else at a blank, else between code points; near the middle. */
static size_t middle(const struct packer *k, size_t start, size_t end)
{
	size_t half = start + (end - start) / 2;
	const char *nl = memrchr(k->s + start, '\n', half - start);
	if (nl && (size_t)(nl - k->s) > start + (end - start) / 8)
		return (size_t)(nl - k->s) + 1;
	for (size_t i = half; i > start + (end - start) / 4; i--)
		if (is_space(k->s[i - 1]))
			return i;
	size_t at = start + tw_utf8_floor(k->s + start, half - start);
	return at > start ? at : half;
}

static void add_unit(struct packer *k, struct unit u)
{
	u.tokens = count(k, u.start, u.end);
	if (u.tokens <= k->unit_room || u.end - u.start < 8) {
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
	if (first >= end)
		return;
	struct chunk c = {k->heading, k->units.at[first].start, k->units.at[end - 1].end};
	while (c.end > c.start && is_space(k->s[c.end - 1]))
		c.end--;
	while (c.start < c.end && k->s[c.start] == '\n')
		c.start++;
	if (c.start < c.end)
		tw_vec_push(k->out, c);
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

/* A heading longer than half of the budget must not leave no room for text. */
static int64_t room_under(const struct packer *k, const char *heading)
{
	int64_t own = tw_embedder_count(k->o->embedder, heading, strlen(heading));
	int64_t half = k->o->max_tokens / 2;
	return k->o->max_tokens - own > half ? k->o->max_tokens - own : half;
}

static void begin(struct packer *k, const char *heading, size_t first)
{
	k->heading = heading;
	k->first = first;
	k->tokens = 0;
	k->room = k->unit_room;
}

/* Units [from, to) of one section, in chunks of about equal size. */
static void pack(struct packer *k, size_t from, size_t to)
{
	int64_t all = k->tokens + tokens_of(k, from, to);
	int64_t pieces = (all + k->room - 1) / k->room;
	int64_t target = pieces > 1 ? all / pieces + all / (pieces * 8) : k->room;
	for (size_t i = from; i < to; i++) {
		bool full = k->tokens + k->units.at[i].tokens > k->room;
		if (k->tokens && (full || k->tokens >= target)) {
			close_chunk(k, i);
			overlap(k, i);
		}
		k->tokens += k->units.at[i].tokens;
	}
}

static void pack_section(struct packer *k, const struct outline *o,
			 const struct outline_section *sec)
{
	size_t from = k->units.n;
	k->unit_room = room_under(k, sec->path);
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
	begin(k, sec->path, body);
	pack(k, body, k->units.n);
}

void tw_chunk_sections(struct chunk_list *out, const struct chunks *o, const char *title,
		       struct tw_bytes text, struct tw_arena *a)
{
	struct packer k = {.o = o, .s = text.data, .n = text.len, .a = a, .out = out};
	const struct outline outline = tw_outline(title, text.data, text.len, a);
	k.unit_room = room_under(&k, title);
	begin(&k, title, 0);
	for (size_t i = 0; i < outline.n_sections; i++)
		pack_section(&k, &outline, &outline.sections[i]);
	close_chunk(&k, k.units.n);
	tw_vec_release(&k.units);
}
