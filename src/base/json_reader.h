/*
 * base/json_reader.h: JSON that is too large for one tree, a value at a time.
 *
 * The reader pulls bytes through a function and stands before a value, at
 * first the whole text. A value is taken as a tree (tw_json_value), gone into
 * (tw_json_enter, then tw_json_next before each member), or passed over by
 * calling tw_json_next again. Memory is one buffer and one value.
 *
 *	tw_json_enter(r, err);			// [ {…}, {…} ]
 *	while ((st = tw_json_next(NULL, r, err)) == TW_OK)
 *		st = tw_json_value(&v, r, a, err);
 *
 * A value that is taken is read strictly (base/json.h), but for what services
 * really write: half of a surrogate pair, "\u0000" and bytes that are not
 * UTF-8 become U+FFFD. What is passed over is only followed by its brackets
 * and quotes.
 */
#ifndef TW_BASE_JSON_READER_H
#define TW_BASE_JSON_READER_H

#include "base/json.h"

/* At most `cap` bytes into buf; *got is 0 at the end. */
typedef enum tw_status (*tw_read_fn)(void *ctx, void *buf, size_t cap, size_t *got,
				     struct tw_err *err);

struct tw_json_reader; /* opaque, heap */

/* `max_value`: bytes of the longest value that tw_json_value() takes. */
struct tw_json_reader *tw_json_reader_new(tw_read_fn fn, void *ctx, size_t max_value);
void tw_json_reader_free(struct tw_json_reader *r); /* NULL is fine */

/* Past what stands before the first `c`, such as the "name =" of a script. TW_BAD_DATA: there is none. */
TW_MUST_USE enum tw_status tw_json_seek(struct tw_json_reader *r, char c, struct tw_err *err);

/* Into the object or array that it stands before; TW_BAD_DATA when the value is neither. */
TW_MUST_USE enum tw_status tw_json_enter(struct tw_json_reader *r, struct tw_err *err);

/* Past the next members of the object that it is in, and into the one of this name. TW_DONE: there is none, as of
 * tw_json_next(). */
TW_MUST_USE enum tw_status tw_json_enter_member(struct tw_json_reader *r, const char *name,
						struct tw_err *err);

/* Before the next member of the innermost container, past the present one; TW_DONE: there is none, and the
 * container is left. *key (may be NULL) is the member's name until the next call, "" in an array. */
TW_MUST_USE enum tw_status tw_json_next(const char **key, struct tw_json_reader *r,
					struct tw_err *err);

/* The value that it stands before, in the arena. TW_SKIPPED: too long, or no JSON; the reader stands behind it. */
TW_MUST_USE enum tw_status tw_json_value(struct tw_json **out, struct tw_json_reader *r,
					 struct tw_arena *a, struct tw_err *err);

/* Past the rest of the innermost container. */
TW_MUST_USE enum tw_status tw_json_leave(struct tw_json_reader *r, struct tw_err *err);

#endif
