/*
 * collect/child/wire_int.h: frames over a socket between a pass and the child that reads its source.
 *
 * A frame is its length, a word that says what it is, and fields in the order that both sides know: numbers, and strings
 * that may be NULL. Both ends are one program on one machine, so numbers lie as they do in memory. Whoever reads believes
 * nothing: a frame that is longer than WIRE_MOST, ends within a field, or is not known, ends the conversation.
 */
#ifndef TW_COLLECT_WIRE_INT_H
#define TW_COLLECT_WIRE_INT_H

#include <stdbool.h>

#include "base/http.h"
#include "core/document.h"

#define WIRE_MOST \
	((size_t)768 << 20) /* bytes of a frame: the largest document that is stored has 512 MiB */
#define WIRE_TICK_MS 200

enum wire_word {
	/* what the child says */
	WIRE_READY = 1, /* layers of its sandbox */
	WIRE_OPENED,
	WIRE_DOCUMENT, /* wire_put_document() */
	WIRE_SKIPPED,  /* key, why */
	WIRE_STATE,    /* name, value */
	WIRE_KEEP_ALL,
	WIRE_LINE,	/* level, text */
	WIRE_BAR_BEGIN, /* label, unit, total */
	WIRE_BAR_AT,	/* done */
	WIRE_BAR_END,
	WIRE_ANSWER, /* of child_ask(), within WIRE_END */
	WIRE_END,    /* status, why, whole */
	/* what it asks */
	WIRE_COMMIT,
	WIRE_HOST,   /* name */
	WIRE_FETCH,  /* wire_put_request() */
	WIRE_CANCEL, /* the body goes no further */
	/* what it is told */
	WIRE_STATUS, /* status, why: of a commit, a host; the end of a fetch, with all of the response but the body */
	WIRE_HEAD, /* the response so far */
	WIRE_BODY, /* a piece */
};

struct wire {
	int fd;
	struct tw_str in, out;
	size_t at;		 /* of `in`: what was read so far */
	size_t open;		 /* of `out`: where the frame begins that is being filled */
	bool (*tick)(void *ctx); /* Optional. While one waits; false: no longer */
	void *ctx;
};

struct wire_frame {
	enum wire_word word;
	const char *at, *end;
	bool bad; /* a field was not there: all fields are NULL and 0 from then on */
};

void wire_release(struct wire *w); /* the descriptor, too */

/* A frame is begun, filled and ended; it goes out when there is enough of them, or with wire_flush(). */
void wire_begin(struct wire *w, enum wire_word word);
void wire_i64(struct wire *w, int64_t i);
void wire_bytes(struct wire *w, const char *data, size_t len);
void wire_str(struct wire *w, const char *s); /* NULL is fine */
/* The fields of the frame that `from` is filling. */
void wire_rest(struct wire *w, const struct wire *from);
TW_MUST_USE bool wire_end(struct wire *w); /* false: nobody listens any more */
TW_MUST_USE bool wire_flush(struct wire *w);

/* The next frame, borrowed until the next call. TW_DONE: the other side has ended; TW_BAD_DATA: it talks nonsense; TW_IO:
 * tick() said no, or the socket failed. */
TW_MUST_USE enum tw_status wire_next(struct wire_frame *out, struct wire *w);
/* Whether something has come. Does not wait. */
bool wire_has_more(const struct wire *w);

int64_t wire_get_i64(struct wire_frame *f);
struct tw_bytes
wire_get_bytes(struct wire_frame *f); /* data is NULL for NULL; else a NUL stands behind it */
const char *wire_get_str(struct wire_frame *f);
enum tw_status wire_get_status(struct wire_frame *f);

/* --- what has many fields --- */

void wire_put_document(struct wire *w, const struct tw_document *d);
void wire_get_document(struct tw_document *out, struct wire_frame *f);
void wire_put_request(struct wire *w, const struct tw_http_request *r);
/* Pointers into the frame, headers in the arena; on_data and ctx are the reader's. Sets f->bad for what no source asks. A stop
 * ends each: to_the_end is not carried. */
void wire_get_request(struct tw_http_request *out, struct wire_frame *f, struct tw_arena *a);
/* All but the body. */
void wire_put_response(struct wire *w, const struct tw_http_response *r);
void wire_get_response(struct tw_http_response *out, struct wire_frame *f);

#endif
