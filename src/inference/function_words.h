/*
 * inference/function_words.h: English words that say nothing about a question's
 * subject: articles, pronouns, auxiliaries, question words, and how one asks
 * ("please", "tell"). Not the list of store/search_text.c: that one is of words so
 * common that a query without them finds the same faster, "all" and "after" too.
 */
#ifndef TW_INFERENCE_FUNCTION_WORDS_H
#define TW_INFERENCE_FUNCTION_WORDS_H

#include <stdbool.h>

/* `word` as tw_text_fold() gives it. */
bool tw_is_function_word(const char *word);

#endif
