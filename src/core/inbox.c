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

void tw_inbox_json(struct tw_json_writer *w, const struct tw_inbox_receipt *r)
{
	static const char *const outcomes[] = {"new", "changed", "unchanged"};
	tw_jw_str(w, "outcome", outcomes[r->outcome]);
	tw_jw_str(w, "source", TW_INBOX);
	tw_jw_str(w, "key", r->key);
	tw_jw_str(w, "title", r->title);
}
