#include <string.h>

#include "base/text.h"
#include "feature/folded_int.h"
#include "feature/preferences_int.h"

#define MIN_WORDS 5
#define RUN	  4 /* words */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t without_space_at_end(const char *s, size_t n)
{
	while (n && is_space(s[n - 1]))
		n--;
	return n;
}

/* The place of a ``` that is opened and not closed; n when there is none. */
static size_t open_fence(const char *s, size_t n)
{
	size_t fences = 0, last = n;
	for (size_t i = 0; i + 3 <= n; i++)
		if (memcmp(s + i, "```", 3) == 0) {
			fences++;
			last = i;
			i += 2;
		}
	return fences % 2 ? last : n;
}

/* TR 29 ends a "sentence" at a full stop before a capital letter, and at a line break; so the last one is whole only when
 * it has its mark. */
static bool is_ended(const char *s, size_t n)
{
	while (n && strchr("\"')*_`", s[n - 1]))
		n--;
	return n && strchr(".!?", s[n - 1]);
}

static size_t whole_sentences(const char *s, size_t n, struct tw_arena *a)
{
	const struct tw_spans spans = tw_text_sentences(s, n, a);
	n = without_space_at_end(s, n);
	if (!spans.n || is_ended(s, n))
		return n;
	return without_space_at_end(s, spans.at[spans.n - 1].start);
}

struct tw_bytes tw_preference_text(const char *text, bool cut, struct tw_arena *a)
{
	while (is_space(*text))
		text++;
	size_t n = without_space_at_end(text, strlen(text));
	if (cut) {
		const size_t open = open_fence(text, n);
		n = open < n ? without_space_at_end(text, open) : whole_sentences(text, n, a);
	}
	return (struct tw_bytes){text, n};
}

/* --- judging --- */

static bool is_refusal(const struct tw_folded *w)
{
	static const char *const signs[] = {
		"i'm sorry, but",   "i am sorry, but",	 "as an ai",
		"language model",   "i cannot assist",	 "i can't assist",
		"i cannot fulfill", "i can't help with", NULL};
	for (const char *const *s = signs; *s; s++)
		if (strstr(w->text, *s))
			return true;
	return false;
}

static bool same_run(const struct tw_folded *x, size_t i, const struct tw_folded *y, size_t k)
{
	return memcmp(x->at + i, y->at + k, RUN * sizeof(*x->at)) == 0;
}

/* How many runs of words of x are in y too; `earlier`: at a place before their own, when y is x. */
static size_t shared_runs(const struct tw_folded *x, const struct tw_folded *y, bool earlier)
{
	size_t shared = 0;
	for (size_t i = 0; i + RUN <= x->n; i++)
		for (size_t k = 0; k + RUN <= y->n && !(earlier && k >= i); k++)
			if (same_run(x, i, y, k)) {
				shared++;
				break;
			}
	return shared;
}

static bool at_least_half(size_t part, const struct tw_folded *w)
{
	return w->n >= RUN && part * 2 >= w->n - RUN + 1;
}

const char *tw_preference_status(struct tw_bytes rejected, struct tw_bytes author, bool cut,
				 struct tw_arena *a)
{
	const struct tw_folded r = tw_folded_words(rejected, a), own = tw_folded_words(author, a);
	if (r.n < MIN_WORDS || r.n * 4 < own.n)
		return cut ? "cut" : "too_short";
	if (is_refusal(&r))
		return "refusal";
	if (at_least_half(shared_runs(&r, &own, false), &r))
		return "same";
	if (at_least_half(shared_runs(&r, &r, true), &r))
		return "loop";
	return "ok";
}
