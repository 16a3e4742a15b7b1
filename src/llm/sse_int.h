/*
 * llm/sse_int.h: server-sent events (WHATWG HTML, section 9.2), from bytes that
 * come in any pieces: CR, LF and CRLF ends, comments, data over several lines.
 * Event names and ids are passed over: the API uses neither.
 */
#ifndef TW_LLM_SSE_INT_H
#define TW_LLM_SSE_INT_H

#include "base/str.h"

/* data is NUL-terminated. False: enough. */
typedef bool (*tw_sse_fn)(void *ctx, const char *data, size_t len);

struct tw_sse {
	tw_sse_fn fn;
	void *ctx;
	struct tw_str line, data;
	bool has_data; /* of the event that is being read */
	bool after_cr; /* an LF that comes now belongs to it */
	bool ended;    /* fn said enough, or a line was too long */
	bool too_long;
};

#define TW_SSE_MAX ((size_t)8 * 1024 * 1024) /* bytes of a line, and of an event */

/* False once it is ended. */
bool tw_sse_feed(struct tw_sse *s, const char *bytes, size_t len);
/* At the end of the stream: servers forget the empty line behind the last event. Releases the buffers. */
void tw_sse_end(struct tw_sse *s);

#endif
