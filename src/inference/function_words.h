/*
 * inference/function_words.h: English words that say nothing about a question's
 * subject: articles, pronouns, auxiliaries, question words.
 */
#ifndef TW_INFERENCE_FUNCTION_WORDS_H
#define TW_INFERENCE_FUNCTION_WORDS_H

#include <stdbool.h>

/* `word` as tw_text_fold() gives it. */
bool tw_is_function_word(const char *word);

#endif
