#include "inference/prompt.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "core/grounding.h"

/* What a chat template writes around one message, and around the whole, estimated from above. */
#define TOKENS_PER_MESSAGE 8
#define TOKENS_OF_TEMPLATE 8
/* A passage cut shorter than this says nothing. */
#define PASSAGE_MIN_TOKENS 24

struct builder {
	const struct tw_prompt_request *r;
	struct tw_llm *llm;
	struct tw_arena *a;
	struct tw_err *err;
	const char **blocks; /* passages as they are written */
	int *block_tokens, *history_tokens;
	int fixed; /* system, question, frame, answer */
};

static int count(const struct builder *b, const char *s)
{
	return tw_llm_count(b->llm, s, strlen(s));
}

static const char *passage_block(struct tw_arena *a, size_t n, const struct tw_passage *p,
				 const char *text, size_t len)
{
	struct tw_str s = TW_STR_INIT;
	tw_grounding_passage(&s, n, p, text, len);
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

static const char *user_message(const struct builder *b, size_t n_passages)
{
	if (n_passages == 0)
		return b->r->question;
	struct tw_str s = TW_STR_INIT;
	tw_grounding_message(&s, b->blocks, n_passages, b->r->question);
	char *out = tw_str_dup(&s, b->a);
	tw_str_release(&s);
	return out;
}

static void measure(struct builder *b)
{
	const struct tw_prompt_request *r = b->r;
	b->blocks = TW_NEW_ARRAY(b->a, r->passages.n + 1, const char *);
	b->block_tokens = TW_NEW_ARRAY(b->a, r->passages.n + 1, int);
	b->history_tokens = TW_NEW_ARRAY(b->a, r->n_history + 1, int);
	for (size_t i = 0; i < r->passages.n; i++) {
		const char *text = r->passages.at[i].text;
		b->blocks[i] = passage_block(b->a, i + 1, &r->passages.at[i], text, strlen(text));
		b->block_tokens[i] = count(b, b->blocks[i]);
	}
	for (size_t i = 0; i < r->n_history; i++)
		b->history_tokens[i] = count(b, r->history[i].content) + TOKENS_PER_MESSAGE;
	b->fixed = r->max_tokens + TOKENS_OF_TEMPLATE + TOKENS_PER_MESSAGE;
	if (r->system && r->system[0])
		b->fixed += count(b, r->system) + TOKENS_PER_MESSAGE;
	/* The frame around the passages, with the question in it. */
	const struct builder none = {.r = r, .a = b->a, .blocks = b->blocks};
	b->fixed += count(b, r->question);
	if (r->passages.n > 0) {
		const char *frame = user_message(&none, 1);
		int whole = count(b, frame);
		int rest = whole - b->block_tokens[0] - count(b, r->question);
		b->fixed += rest > 0 ? rest + 4 : 4;
	}
}

static int sum(const int *at, size_t from, size_t to)
{
	int s = 0;
	for (size_t i = from; i < to; i++)
		s += at[i];
	return s;
}

/* Cuts passage 0 to what `room` tokens hold, at the end of a sentence. False when too little is left of it. */
static bool cut_passage(struct builder *b, int room)
{
	const struct tw_passage *p = &b->r->passages.at[0];
	size_t len = strlen(p->text);
	struct tw_spans sent = tw_text_sentences(p->text, len, b->a);
	const char *head = passage_block(b->a, 1, p, "", 0);
	int left = room - count(b, head) - 4;
	size_t keep = 0;
	for (size_t i = 0; i < sent.n; i++) {
		size_t n = sent.at[i].end - sent.at[i].start;
		left -= tw_llm_count(b->llm, p->text + sent.at[i].start, n) + 1;
		if (left < 0)
			break;
		keep = sent.at[i].end;
	}
	if (keep == 0)
		return false;
	b->blocks[0] = passage_block(b->a, 1, p, p->text, keep);
	b->block_tokens[0] = count(b, b->blocks[0]);
	return b->block_tokens[0] >= PASSAGE_MIN_TOKENS || keep == len;
}

/* The history must begin with a user's message: templates refuse others. */
static size_t skip_to_user(const struct tw_prompt_request *r, size_t from)
{
	while (from < r->n_history && strcmp(r->history[from].role, "user") != 0)
		from++;
	return from;
}

static enum tw_status choose(struct builder *b, size_t *n_passages, size_t *from)
{
	const struct tw_prompt_request *r = b->r;
	int room = r->context - b->fixed;
	if (room < 0)
		return tw_fail(
			b->err, TW_BAD_USE,
			"the question is too long: with the answer it takes %d tokens, and there "
			"is room for %d; ask for less (max_tokens), or shorten it",
			b->fixed, r->context);
	size_t k = r->passages.n, h = skip_to_user(r, 0);
	int used = sum(b->block_tokens, 0, k) + sum(b->history_tokens, h, r->n_history);
	while (used > room && k > 1)
		used -= b->block_tokens[--k];
	while (used > room && h < r->n_history) {
		size_t next = skip_to_user(r, h + 1);
		used -= sum(b->history_tokens, h, next);
		h = next;
	}
	if (used > room && k == 1 && !cut_passage(b, room))
		return tw_fail(
			b->err, TW_BAD_USE,
			"the question leaves no room for a passage: with the answer it takes %d of "
			"%d tokens; ask for less (max_tokens), or shorten it",
			b->fixed, r->context);
	*n_passages = k;
	*from = h;
	return TW_OK;
}

enum tw_status tw_prompt_build(struct tw_prompt *out, const struct tw_prompt_request *r,
			       struct tw_llm *llm, struct tw_arena *a, struct tw_err *err)
{
	struct builder b = {.r = r, .llm = llm, .a = a, .err = err};
	size_t k = 0, h = 0;
	measure(&b);
	enum tw_status st = choose(&b, &k, &h);
	if (st != TW_OK)
		return st;
	struct tw_message *m = TW_NEW_ARRAY(a, r->n_history - h + 2, struct tw_message);
	size_t n = 0;
	if (r->system && r->system[0])
		m[n++] = (struct tw_message){"system", r->system};
	for (size_t i = h; i < r->n_history; i++)
		m[n++] = r->history[i];
	m[n++] = (struct tw_message){"user", user_message(&b, k)};
	*out = (struct tw_prompt){
		.at = m,
		.n = n,
		.n_passages = k,
		.history_from = h,
		.tokens = b.fixed - r->max_tokens + sum(b.block_tokens, 0, k) +
			  sum(b.history_tokens, h, r->n_history),
	};
	return TW_OK;
}
