#include "feature/passage_int.h"

#include <string.h>

#define MOSTLY 0.5 /* listed without a sentence: not the author's answer */

struct tally {
	size_t prose, listed; /* words */
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
	case OUTLINE_QUOTE: /* in no passage */
	case OUTLINE_TABLE:
	case OUTLINE_CODE:
	case OUTLINE_HEADING:
	case OUTLINE_RULE:
		break;
	}
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

/* What others said is no answer of the author's, wherever it stands: block quotes, with the code in them. */
static bool is_quoted(const char *s, const struct outline_block *b)
{
	size_t i = b->start;
	while (i < b->end && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return s[i] == '>';
}

static bool is_mark(const struct outline_block *b)
{
	return b->type == OUTLINE_RULE || b->type == OUTLINE_HEADING;
}

/* Ends at a block's end, or within the last one. Not with a heading or a rule and, where more follows, not with a line
 * that announces it. Returns the blocks behind `first`. */
static size_t trim(size_t *end, const char *s, const struct outline_block *first, size_t n,
		   bool cut, struct tw_arena *a)
{
	while (n) {
		const struct outline_block *b = &first[n - 1];
		if (!is_mark(b) && !(cut && announces(s[*end - 1])))
			return n;
		/* Before "He said:" there may be more of the author's. */
		size_t part = b->type == OUTLINE_PROSE ? cut_at_sentence(s, b, *end - 1, a) : 0;
		if (part > b->start && !announces(s[part - 1])) {
			*end = part;
			return n;
		}
		n--;
		*end = n ? first[n - 1].end : first->start;
	}
	return 0;
}

static bool is_usable(const char *s, const struct outline_block *first, size_t n, size_t end,
		      const struct passage_limits *limits, struct tw_arena *a)
{
	struct tally t = {0};
	for (size_t i = 0; i < n; i++) {
		struct outline_block b = first[i];
		b.end = b.end < end ? b.end : end;
		add(&t, s, &b, a);
	}
	const size_t all = t.prose + t.listed;
	return n && (int64_t)t.prose >= limits->min_words &&
	       (double)t.listed <= MOSTLY * (double)all;
}

bool tw_passage(struct passage *out, const char *s, const struct outline *o, size_t first, size_t n,
		const struct passage_limits *limits, struct tw_arena *a)
{
	while (n && (is_mark(&o->blocks[first]) || is_quoted(s, &o->blocks[first])))
		first++, n--;
	if (!n)
		return false;
	const struct outline_block *b = &o->blocks[first];
	const size_t limit = b->start + (size_t)limits->max_chars;
	size_t end = b->start, i = 0;
	for (; i < n && !is_quoted(s, &b[i]) && b[i].end <= limit; i++)
		end = b[i].end;
	const bool cut = i < n;
	if (cut && b[i].type == OUTLINE_PROSE) {
		const size_t part = cut_at_sentence(s, &b[i], limit, a);
		if (part > b[i].start) {
			end = part;
			i++;
		}
	}
	i = trim(&end, s, b, i, cut, a);
	*out = (struct passage){b->start, end};
	return is_usable(s, b, i, end, limits, a);
}
