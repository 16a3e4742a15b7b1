#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "feature/clean_int.h"
#include "feature/folded_int.h"
#include "feature/instruct_words_int.h"
#include "feature/questions_int.h"

#define MIN_WORDS  4
#define MAX_WORDS  40
#define COPIED_RUN 8 /* words in a row out of the passage: it quotes instead of asking */

static const char *skip_prefix(const char *s)
{
	static const char *const prefixes[] = {
		"question:",	 "q:", "a question:", "sure:", "here is:",
		"**question:**", "1.", "-",	      "*",     NULL};
	for (;;) {
		const char *before = s;
		s += strspn(s, " \t\"'`*");
		for (const char *const *p = prefixes; *p; p++)
			if (strncasecmp(s, *p, strlen(*p)) == 0)
				s += strlen(*p);
		if (s == before)
			return s;
	}
}

char *tw_question_text(const char *generated, struct tw_arena *a)
{
	generated += strspn(generated, "\n\r \t");
	char *q = tw_strndup(a, generated, strcspn(generated, "\n\r"));
	char *text = tw_strdup(a, skip_prefix(q));
	size_t n = strlen(text);
	while (n && strchr(" \t\"'`*", text[n - 1]))
		text[--n] = '\0';
	return text;
}

static bool is_refusal(const char *folded)
{
	static const char *const signs[] = {"i'm sorry",      "i am sorry",  "i cannot",
					    "i can't",	      "i'm unable",  "as an ai",
					    "language model", "the passage", "this passage",
					    "the author",     "the text",    NULL};
	for (const char *const *s = signs; *s; s++)
		if (strstr(folded, *s))
			return true;
	return false;
}

static bool asks(const char *question, const char *first)
{
	static const char requests[] = " explain describe tell show write list give how what why "
				       "compare summarize summarise discuss outline ";
	size_t n = strlen(question);
	return (n && question[n - 1] == '?') || tw_word_in(requests, first) || tw_is_verb(first);
}

/* COPIED_RUN words of the question stand in this order in the passage, or all of a shorter one. */
static bool is_copied(const struct tw_folded *q, struct tw_bytes passage, struct tw_arena *a)
{
	const struct tw_folded p = tw_folded_words(passage, a);
	size_t run = q->n < COPIED_RUN ? q->n : COPIED_RUN;
	for (size_t i = 0; run && i + run <= q->n; i++)
		for (size_t j = 0; j + run <= p.n; j++)
			if (memcmp(q->at + i, p.at + j, run * sizeof(*q->at)) == 0)
				return true;
	return false;
}

const char *tw_question_status(const char *question, struct tw_bytes passage, const char *lang,
			       struct tw_arena *a)
{
	const struct tw_spans words = tw_text_words(question, strlen(question), a);
	const struct tw_folded f =
		tw_folded_words((struct tw_bytes){question, strlen(question)}, a);
	if (words.n < MIN_WORDS)
		return "too_short";
	if (words.n > MAX_WORDS)
		return "too_long";
	if (is_refusal(f.text))
		return "refusal";
	if (!asks(question, tw_strndup(a, f.text, strcspn(f.text, " "))))
		return "no_question";
	if (is_copied(&f, passage, a))
		return "copied";
	const char *other = tw_detect_language(question, strlen(question), a);
	if (lang[0] && other[0] && strncmp(lang, other, 2) != 0)
		return "language";
	return "ok";
}
