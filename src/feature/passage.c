#include "feature/passage_int.h"

#include <string.h>

#define MOSTLY 0.5 /* quoted, or listed without a sentence: not the author's answer */

struct tally {
	size_t prose, quoted, listed; /* words */
};

static size_t count_words(const char *s, size_t n, struct tw_arena *a)
{
	return tw_text_words(s, n, a).n;
}

static bool is_url(const char *s, size_t n)
{
	return (n > 8 && memcmp(s, "https://", 8) == 0) || (n > 7 && memcmp(s, "http://", 7) == 0);
}

/* Code spans and URLs are no prose, their words don't count. */
static size_t prose_words(const char *s, const struct outline_block *b, struct tw_arena *a)
{
	char *copy = tw_strndup(a, s + b->start, b->end - b->start);
	bool code = false;
	for (size_t i = 0, n = b->end - b->start; i < n; i++) {
		if (copy[i] == '`')
			code = !code;
		if (!code && is_url(copy + i, n - i))
			while (i < n && (unsigned char)copy[i] > ' ')
				copy[i++] = ' ';
	}
	return count_words(copy, b->end - b->start, a);
}

/* An item that says something has a verb; a short one without a full stop is a name or a link. */
static bool is_bare_item(const char *s, const struct outline_block *b, size_t words)
{
	char last = s[b->end - 1];
	return words <= 7 && last != '.' && last != '!' && last != '?';
}

static void add(struct tally *t, const char *s, const struct outline_block *b, struct tw_arena *a)
{
	size_t words;
	switch (b->type) {
	case OUTLINE_PROSE:
		t->prose += prose_words(s, b, a);
		break;
	case OUTLINE_ITEM:
		words = prose_words(s, b, a);
		*(is_bare_item(s, b, words) ? &t->listed : &t->prose) += words;
		break;
	case OUTLINE_QUOTE:
		t->quoted += count_words(s + b->start, b->end - b->start, a);
		break;
	case OUTLINE_TABLE:
	case OUTLINE_CODE:
	case OUTLINE_HEADING:
	case OUTLINE_RULE:
		break;
	}
}

static bool usable(const struct tally *t, const struct passage_limits *limits)
{
	size_t all = t->prose + t->quoted + t->listed;
	return (int64_t)t->prose >= limits->min_words &&
	       (double)t->quoted <= MOSTLY * (double)all &&
	       (double)t->listed <= MOSTLY * (double)all;
}

/* As many whole sentences of a block as fit before `limit`; its start when none does. */
static size_t cut_at_sentence(const char *s, const struct outline_block *b, size_t limit,
			      struct tw_arena *a)
{
	size_t end = b->start;
	const struct tw_spans spans = tw_outline_sentences(s, b, a);
	for (size_t i = 0; i < spans.n && spans.at[i].end <= limit; i++)
		end = spans.at[i].end;
	while (end > b->start && (s[end - 1] == ' ' || s[end - 1] == '\n'))
		end--;
	return end;
}

static bool announces(char last)
{
	return last == ':' || last == ',';
}

bool tw_passage(struct passage *out, const char *s, const struct outline *o, size_t first, size_t n,
		const struct passage_limits *limits, struct tw_arena *a)
{
	struct tally t = {0};
	while (n &&
	       (o->blocks[first].type == OUTLINE_RULE || o->blocks[first].type == OUTLINE_HEADING))
		first++, n--;
	if (!n)
		return false;
	struct passage p = {o->blocks[first].start, o->blocks[first].start};
	size_t limit = p.start + (size_t)limits->max_chars, i = first;
	for (; i < first + n && o->blocks[i].end <= limit; i++) {
		add(&t, s, &o->blocks[i], a);
		p.end = o->blocks[i].end;
	}
	bool cut = i < first + n;
	if (cut && o->blocks[i].type == OUTLINE_PROSE) {
		struct outline_block part = o->blocks[i];
		part.end = cut_at_sentence(s, &part, limit, a);
		if (part.end > part.start) {
			add(&t, s, &part, a);
			p.end = part.end;
			i++;
		}
	}
	/* Where it was cut it must not end with a heading, a rule, or a line that announces what is missing. */
	while (cut && i > first) {
		const struct outline_block *b = &o->blocks[i - 1];
		bool bad = b->type == OUTLINE_HEADING || b->type == OUTLINE_RULE ||
			   announces(s[p.end - 1]);
		if (!bad)
			break;
		i--;
		p.end = i > first ? o->blocks[i - 1].end : p.start;
	}
	while (!cut && i > first &&
	       (o->blocks[i - 1].type == OUTLINE_RULE ||
		o->blocks[i - 1].type == OUTLINE_HEADING)) {
		i--;
		p.end = i > first ? o->blocks[i - 1].end : p.start;
	}
	*out = p;
	return p.end > p.start && usable(&t, limits);
}
