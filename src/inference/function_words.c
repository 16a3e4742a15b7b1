#include "inference/function_words.h"

#include <stdlib.h>
#include <string.h>

/* In byte order. */
static const char *const words[] = {
	"a",	 "about", "also", "am",	   "an",    "and",    "are",   "as",	 "at",	 "be",
	"been",	 "but",	  "by",	  "can",   "could", "did",    "do",    "does",	 "else", "for",
	"from",	 "had",	  "has",  "have",  "he",    "her",    "here",  "him",	 "his",	 "how",
	"i",	 "if",	  "in",	  "into",  "is",    "it",     "its",   "long",	 "many", "may",
	"me",	 "might", "more", "much",  "my",    "no",     "not",   "of",	 "off",	 "on",
	"one",	 "ones",  "or",	  "our",   "out",   "please", "she",   "should", "so",	 "tell",
	"than",	 "that",  "the",  "their", "them",  "then",   "there", "these",	 "they", "this",
	"those", "to",	  "up",	  "us",	   "was",   "we",     "were",  "what",	 "when", "where",
	"which", "who",	  "whom", "whose", "why",   "will",   "with",  "would",	 "yes",	 "you",
	"your",
};

static int compare(const void *key, const void *at)
{
	return strcmp(key, *(const char *const *)at);
}

bool tw_is_function_word(const char *word)
{
	return bsearch(word, words, sizeof(words) / sizeof(*words), sizeof(*words), compare);
}
