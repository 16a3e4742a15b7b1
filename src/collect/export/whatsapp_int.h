/*
 * collect/export/whatsapp_int.h: lines of WhatsApp's text export.
 *
 * A message begins with its head, which is the phone's own way to write a moment:
 *
 *	[21.05.18, 10:22:11] Ann: text        iOS
 *	5/21/18, 10:22 PM - Ann: text         Android
 *	24/3/14, 13:59:59: Ann: text          old ones of both
 *
 * What stands first, the day, the month or the year, only the whole file tells:
 * whatsapp_learn() is given every head, whatsapp_decide() then knows. Heads of another form
 * than most of the file's are text that somebody pasted.
 */
#ifndef TW_COLLECT_WHATSAPP_INT_H
#define TW_COLLECT_WHATSAPP_INT_H

#include "base/map.h"
#include "base/str.h"
#include "collect/export/export_bunch_int.h"

enum whatsapp_form { WHATSAPP_BRACKETS, WHATSAPP_DASH, WHATSAPP_COLON, WHATSAPP_FORMS };

/* Of the day: "AM" and what languages have for it. Noon is the Chinese 中午, from eleven to one. */
enum whatsapp_half { HALF_NONE, HALF_AM, HALF_PM, HALF_NOON };

struct whatsapp_head {
	enum whatsapp_form form;
	int n[3]; /* the date as it stands there */
	int digits[3];
	char sep; /* '/', '.' or '-' */
	int hour, minute, second;
	bool seconds;
	enum whatsapp_half half;
	bool capitals; /* AM, PM */
	size_t len;    /* bytes, to what is written behind it */
};

/* False when the line begins with none. */
bool whatsapp_head(struct whatsapp_head *out, const char *line, size_t len);

enum whatsapp_order { ORDER_DMY, ORDER_MDY, ORDER_YMD, ORDER_YDM, ORDERS };

/* What speaks against an order. */
struct whatsapp_doubt {
	long wrong;	/* there is no such day */
	long backwards; /* from one message to the next */
	long prev, first, last;
};

struct whatsapp_evidence { /* of the heads of one form */
	long n, with_seconds;
	struct whatsapp_doubt against[ORDERS];
	struct whatsapp_head sample;
	bool padded; /* 05/06 */
};

/* How a file writes its heads. Begins zeroed. */
struct whatsapp_dates {
	struct whatsapp_evidence of[WHATSAPP_FORMS];
	/* decided */
	enum whatsapp_form form;
	enum whatsapp_order order;
	bool seconds;
};

void whatsapp_learn(struct whatsapp_dates *d, const struct whatsapp_head *h);
void whatsapp_decide(struct whatsapp_dates *d);
/* Milliseconds since 1970, as if the phone's clock showed UTC; false when this is no head of the file. Of a day that there
 * is not *ms stays, as of the head before: somebody else's message is still none of the one's that stands above. */
bool whatsapp_moment(int64_t *ms, const struct whatsapp_dates *d, const struct whatsapp_head *h);

/* The phrases that WhatsApp writes in place of what is no text, in all languages that we know of. Begins zeroed. */
struct whatsapp_words {
	struct tw_map whole, attached, edited; /* in folded case */
};
void whatsapp_words_init(struct whatsapp_words *w);
void whatsapp_words_release(struct whatsapp_words *w);

/* Appends what a person wrote of a message; nothing when all of it is WhatsApp's. */
void whatsapp_text(struct tw_str *out, const struct whatsapp_words *w, const char *text,
		   size_t len);

/* Who writes in a chat. Begins zeroed. whatsapp_senders_learn() is given what stands behind every head; the others answer with
 * the bytes of the name that such a text begins with, 0 when none does: then WhatsApp says something. */
struct whatsapp_senders {
	struct tw_map all;
};
void whatsapp_senders_learn(struct whatsapp_senders *w, const char *text, size_t len);
void whatsapp_senders_note(struct writers *to, const struct whatsapp_senders *w);
void whatsapp_senders_release(struct whatsapp_senders *w);
size_t whatsapp_sender(const struct whatsapp_senders *w, const char *text, size_t len);
/* The author's, however many colons are in it. */
size_t whatsapp_own_name(const struct export_in *x, const char *text, size_t len);

/* Appends a sender's name without the marks around it. The "~" before names that people gave themselves stays: anybody
 * may call themselves like the author. */
void whatsapp_name(struct tw_str *out, const char *name, size_t len);

/* Bytes of the marks of writing direction and the like that the text begins with. */
size_t whatsapp_marks(const char *s, size_t len);

#endif
