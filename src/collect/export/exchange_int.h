/*
 * collect/export/exchange_int.h: what the author answered, and to what.
 *
 * A format that reads a conversation tells it turn by turn, in its order, and
 * gets the member "exchanges" of the document's `extra` (core/document.h):
 *
 *	struct exchanges e = {0};
 *	exchange_heard(&e, text, at_ms);       what another wrote
 *	exchange_said(&e, text, at_ms);        what the author wrote, as in the body
 *	exchange_break(&e);                    another topic, chat or channel begins
 *	tags.exchanges = exchanges_take(&e, a);  those so far; export_extra() adds it
 *	exchanges_release(&e);
 *
 * Messages of one side in a row are one text, whoever of several wrote them: no
 * names stand in it, and the format leaves out those that the service puts there.
 * A turn that has no text to show (a picture, a voice message) is a break, or
 * what follows would be the answer to something else.
 * A reply with nothing before it makes no exchange, nor does a turn that nobody
 * answered. What was said a day after the last turn is no answer to it.
 * Bounded: of what was heard the newest EXCHANGE_TURNS messages and EXCHANGE_HEARD
 * bytes, cut between paragraphs only (half a secret is not seen as one later);
 * longer replies make no exchange; of a document the first EXCHANGES_MOST, and EXCHANGES_BYTES of JSON.
 */
#ifndef TW_COLLECT_EXCHANGE_INT_H
#define TW_COLLECT_EXCHANGE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

#define EXCHANGE_TURNS	8
#define EXCHANGE_HEARD	4000 /* bytes */
#define EXCHANGE_SAID	8000
#define EXCHANGES_MOST	500
#define EXCHANGES_BYTES ((size_t)256 << 10)

/* Begins zeroed. */
struct exchanges {
	struct tw_str heard, said;
	size_t turns[EXCHANGE_TURNS]; /* bytes of the messages in `heard`, their gaps with them */
	size_t n_turns;
	int64_t heard_ms, said_ms; /* of the last one; 0 unknown */
	bool too_long;		   /* said */
	struct tw_str json;	   /* those that are whole, without the brackets */
	size_t n;
};

/* Texts that are empty are no turns (NULL is none). A date of 0 is unknown, and passes no time. */
void exchange_heard(struct exchanges *e, const char *text, int64_t at_ms);
void exchange_said(struct exchanges *e, const char *text, int64_t at_ms);
void exchange_break(struct exchanges *e);

/* A JSON array of what was gathered since the last call, NULL when there is none. What was heard last stays, for the reply may
 * belong to the next document. */
const char *exchanges_take(struct exchanges *e, struct tw_arena *a);
void exchanges_release(struct exchanges *e);

struct tw_document;

/* A talk of two as a document: the body is what the author said, a paragraph each. Begins zeroed. */
struct dialogue {
	struct tw_str said;
	struct exchanges exchanges;
};

/* A turn, without a date; an empty one is a break. */
void dialogue_add(struct dialogue *d, bool own, const struct tw_str *text);
/* Fills body, media (plain text) and extra, and releases it. */
void dialogue_end(struct tw_document *doc, struct dialogue *d, struct tw_arena *a);

#endif
