/*
 * A share of the examples is asked as serving asks: numbered passages, then the question. The model learns to answer from what
 * it is given, and to name it (after RAFT: Zhang et al. 2024). One passage is the example's own text; where there is
 * room another of the same document stands beside it, so that the number tells something. Of no other document: an
 * example holds the text of one, which can be forgotten. The answer is the beginning of the passage, in the author's
 * words, and its number. Pairs stay as they are: their worse answer was written without passages; so do replies of a
 * conversation, which answer another, not a reader who wants to know.
 */
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/text.h"
#include "core/grounding.h"
#include "training/dataset_int.h"

/* About 220 tokens of passage and 120 of answer: both passages and the answer fit a row of 512. */
#define PASSAGE_BYTES 900
#define OTHER_BYTES   500
#define ANSWER_BYTES  500
#define ROOM_BYTES    1500
#define NEAR	      12 /* rows of a document lie side by side */

static size_t without_space_at_end(const char *s, size_t n)
{
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	return n;
}

/* A fence that is opened and not closed would make code of all that follows. */
static bool is_whole(const char *s, size_t n)
{
	size_t fences = 0;
	for (size_t i = 0; i + 3 <= n; i++)
		if (memcmp(s + i, "```", 3) == 0) {
			fences++;
			i += 2;
		}
	return fences % 2 == 0;
}

/* The longest beginning of at most `most` bytes that ends with a paragraph or, failing that, with a sentence; 0: none. */
static size_t beginning(struct tw_bytes s, size_t most, struct tw_arena *a)
{
	if (s.len <= most)
		return without_space_at_end(s.data, s.len);
	for (size_t i = most; i > most / 3; i--)
		if (s.data[i - 1] == '\n' && s.data[i] == '\n' && is_whole(s.data, i))
			return without_space_at_end(s.data, i);
	size_t keep = 0;
	struct tw_spans sentences = tw_text_sentences(s.data, tw_utf8_floor(s.data, most), a);
	for (size_t i = 0; i + 1 < sentences.n; i++)
		if (is_whole(s.data, sentences.at[i].end))
			keep = sentences.at[i].end;
	return without_space_at_end(s.data, keep);
}

struct ground {
	struct candidates *all;
	const char *system;
	struct tw_arena *a;
};

static const char *block(const struct ground *g, size_t n, const struct candidate *c, size_t len)
{
	/* Without a date: a file's may differ from machine to machine, and the dataset must not. */
	const struct tw_passage p = {.title = c->title};
	struct tw_str s = TW_STR_INIT;
	tw_grounding_passage(&s, n, &p, c->answer.data, len);
	char *out = tw_str_dup(&s, g->a);
	tw_str_release(&s);
	return out;
}

static bool overlap(const struct candidate *a, const struct candidate *b)
{
	return memmem(a->answer.data, a->answer.len, b->answer.data, b->answer.len) ||
	       memmem(b->answer.data, b->answer.len, a->answer.data, a->answer.len);
}

static bool is_reply(const struct candidate *c)
{
	return strcmp(c->e.kind, TW_REPLY) == 0;
}

/* Another example of the same document, with other text, that begins shortly enough; NULL: none near. */
static const struct candidate *other(const struct ground *g, size_t i, size_t room, size_t *len)
{
	const struct candidate *c = &g->all->at[i];
	for (size_t k = i < NEAR ? 0 : i - NEAR; k < g->all->n && k <= i + NEAR; k++) {
		const struct candidate *o = &g->all->at[k];
		if (k == i || o->out || is_reply(o) || strcmp(o->e.doc, c->e.doc) != 0 ||
		    overlap(o, c))
			continue;
		*len = beginning(o->answer, room < OTHER_BYTES ? room : OTHER_BYTES, g->a);
		if (*len)
			return o;
	}
	return NULL;
}

static char *answer_of(const struct ground *g, const struct candidate *c, size_t len, size_t n)
{
	const char last = c->answer.data[len - 1];
	const char *gap = last == '`' || last == '|' ? "\n\n" : " "; /* not into code or a table */
	return tw_sprintf(g->a, "%.*s%s[%zu]", (int)len, c->answer.data, gap, n);
}

static void ask_with_passages(const struct ground *g, size_t i, uint64_t hash)
{
	struct candidate *c = &g->all->at[i];
	size_t passage = beginning(c->answer, PASSAGE_BYTES, g->a);
	size_t answer = beginning((struct tw_bytes){c->answer.data, passage}, ANSWER_BYTES, g->a);
	size_t room = ROOM_BYTES > passage + answer ? ROOM_BYTES - passage - answer : 0, len;
	if (!passage || !answer)
		return;
	const struct candidate *o = room > 100 ? other(g, i, room, &len) : NULL;
	size_t n = o && hash % 2 ? 2 : 1; /* the place of the example's own passage */
	const char *blocks[2];
	blocks[n - 1] = block(g, n, c, passage);
	if (o)
		blocks[2 - n] = block(g, 3 - n, o, len);
	struct tw_str user = TW_STR_INIT;
	tw_grounding_message(&user, blocks, o ? 2 : 1, c->instruction);
	char *text = answer_of(g, c, answer, n);
	c->e.messages = tw_dataset_messages(g->system, (struct tw_bytes){tw_str_c(&user), user.len},
					    (struct tw_bytes){text, strlen(text)}, g->a);
	c->e.kind = TW_GROUNDED;
	tw_str_release(&user);
}

void tw_dataset_ground(struct candidates *all, const struct tw_dataset_options *o,
		       const char *system, struct tw_arena *a)
{
	const struct ground g = {all, system, a};
	for (size_t i = 0; i < all->n; i++) {
		const struct candidate *c = &all->at[i];
		uint64_t hash = tw_hash64(c->e.row_id, strlen(c->e.row_id), (uint64_t)o->seed + 1);
		if (!c->out && !c->e.rejected && !is_reply(c) &&
		    (double)(hash >> 11) * 0x1p-53 < o->grounded)
			ask_with_passages(&g, i, hash);
	}
}
