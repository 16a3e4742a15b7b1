#include "core/inbox.h"

#include <string.h>

const char *tw_inbox_media(const char *word)
{
	static const char *const known[][2] = {{"html", "text/html"},
					       {"markdown", "text/markdown"},
					       {"md", "text/markdown"},
					       {"text", "text/plain"},
					       {"txt", "text/plain"}};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(word, known[i][0]) == 0 || strcmp(word, known[i][1]) == 0)
			return known[i][1];
	return NULL;
}

const char *tw_inbox_outcome(const struct tw_inbox_receipt *r)
{
	static const char *const words[] = {"new", "changed", "unchanged"};
	return words[r->outcome];
}
