/*
 * collect/export/export_bunch_int.h: messages of chats, gathered to documents.
 *
 * A message alone says little, so one's own of a chat in a month are one document.
 * A format goes through the messages in their order, and tells what the author said
 * and, for the exchanges (exchange_int.h), what was heard before in the same talk:
 *
 *	exchange_heard(&talk.e, text, at_ms);         what another wrote
 *	bunch_said(b, &talk, key, &said, a);          what the author wrote
 *	talk_end(&talk, a);                           the chat, or the thread, ends
 *	bunch_end(b);                                 nothing more for the documents so far, talks are ended
 *
 * and gives the documents that are whole: bunch_next(), or bunch_read(), which asks it for steps until there is one.
 *
 * The last two documents that were begun stay open: a clock that was put back at the end of
 * a month loses nothing. With `all` they all stay so until bunch_end(), for formats
 * whose files come in any order. A message for a document that is given away
 * goes to the newest that is open. A document of more than BUNCH_MAX bytes is continued in another, "KEY/2", and
 * so is one that is told of again behind bunch_end(), as by a second export of the chat.
 */
#ifndef TW_COLLECT_EXPORT_BUNCH_INT_H
#define TW_COLLECT_EXPORT_BUNCH_INT_H

#include "collect/export/exchange_int.h"
#include "collect/export/export_int.h"

#define BUNCH_MAX \
	((size_t)8 << 20) /* bytes of a document, from which the next message begins another */

struct bunch;	   /* opaque, heap */
struct bunch_page; /* a document that is open */

struct bunch *bunch_new(const char *media, bool all);
void bunch_free(struct bunch *b); /* NULL is fine */

/* One conversation, with its turns. Begins zeroed. */
struct talk {
	struct exchanges e;
	struct bunch_page *page; /* of what was said last */
};

struct said {
	const char *text;
	int64_t order; /* within the document: ids or places, ascending */
	int64_t at_ms, edited_ms;
};

void bunch_said(struct bunch *b, struct talk *t, const char *key, const struct said *s,
		struct tw_arena *a);
/* Releases what it holds; *t is zeroed again. */
void talk_end(struct talk *t, struct tw_arena *a);

void bunch_end(struct bunch *b);
/* False when no document is whole. */
bool bunch_next(struct tw_document *doc, struct bunch *b, struct tw_arena *a);
/* One step through the files; the arena is its own. TW_DONE: there is nothing more, talks are ended. */
typedef enum tw_status (*bunch_step)(struct tw_document *doc, void *state, struct export_in *x,
				     struct tw_arena *a, struct tw_err *err);
/* The next document that is whole; a status of a step that is neither TW_OK nor TW_DONE, with the key that it set. */
TW_MUST_USE enum tw_status bunch_read(struct tw_document *doc, struct bunch *b, bunch_step step,
				      void *state, struct export_in *x, struct tw_arena *a,
				      struct tw_err *err);

/* Of "a/CHAT/messages.json" the CHAT, of a file in no folder `none`. */
const char *bunch_folder(const char *entry, const char *none, struct tw_arena *a);
/* "CHAT/2020-01" */
const char *bunch_month(const char *chat, int64_t at_ms, struct tw_arena *a);

/* Who else writes, for the message that nobody is known as the author: the first few. */
struct writers {
	struct tw_str names;
	int n;
};
void writers_note(struct writers *w, const char *name);
/* As export_no_author(). Ends *w. */
TW_MUST_USE enum tw_status writers_unknown(struct writers *w, struct tw_err *err);

#endif
