#include "inference/followup.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "inference/function_words.h"

#define CONTENT_MAX 2

/* Point back to something said before. */
static const char *const pointers[] = {"it",   "its",	"that",	 "this", "these", "those",
				       "they", "them",	"their", "he",	 "him",	  "she",
				       "her",  "there", "then",	 "one",	 "ones",  NULL};
/* Begin a question that goes on from the last one. */
static const char *const openers[] = {"and", "but", "so", "or", "also", "why", NULL};
static bool in(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

bool tw_is_followup(const char *question, struct tw_arena *a)
{
	struct tw_spans words = tw_text_words(question, strlen(question), a);
	struct tw_str w = TW_STR_INIT;
	bool back = false;
	size_t content = 0;
	for (size_t i = 0; i < words.n; i++) {
		size_t from = words.at[i].start;
		tw_str_clear(&w);
		tw_text_fold(&w, question + from, words.at[i].end - from);
		const char *word = tw_str_c(&w);
		if (in(pointers, word) || (i == 0 && in(openers, word)))
			back = true;
		else if (!tw_is_function_word(word))
			content++;
	}
	tw_str_release(&w);
	return back && content <= CONTENT_MAX;
}

const char *tw_search_query(const char *question, const struct tw_message *history, size_t n,
			    struct tw_arena *a)
{
	if (n == 0 || !tw_is_followup(question, a))
		return question;
	for (size_t i = n; i-- > 0;)
		if (strcmp(history[i].role, "user") == 0)
			return tw_sprintf(a, "%.2000s\n%s", history[i].content, question);
	return question;
}
