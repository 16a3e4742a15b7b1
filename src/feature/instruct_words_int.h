/* feature/instruct_words_int.h: what kind of word opens an English title. Words are lower case. */
#ifndef TW_FEATURE_INSTRUCT_WORDS_INT_H
#define TW_FEATURE_INSTRUCT_WORDS_INT_H

#include <stdbool.h>

/* `list` has a blank on both sides of each word. */
bool tw_word_in(const char *list, const char *word);

bool tw_is_small_word(const char *w); /* lower case within a sentence */
bool tw_is_auxiliary(const char *w);
bool tw_is_preposition(const char *w);
bool tw_begins_sentence(const char *w); /* a pronoun that is a subject */
bool tw_is_finite_verb(const char *w);
bool tw_is_verb(const char *w); /* in the imperative */
bool tw_is_noun_too(const char *w);
bool tw_is_gerund(const char *w);
bool tw_is_adverb(const char *w);

#endif
