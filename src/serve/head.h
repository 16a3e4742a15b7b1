/*
 * serve/head.h: the judge of a request's head, before anything else reads it.
 *
 * A plain function of bytes. It takes the strictest reading of RFC 9112, since
 * a head that two programs read differently is how requests are smuggled: CRLF
 * only, no folded lines, no empty names, no control characters, one Host, one
 * Content-Length of digits, no Transfer-Encoding, an origin-form target.
 */
#ifndef TW_SERVE_HEAD_H
#define TW_SERVE_HEAD_H

#include <stddef.h>
#include <stdint.h>

#define TW_HEAD_MAX	   8192 /* bytes, request line and fields */
#define TW_HEAD_TARGET_MAX 4096
#define TW_HEAD_FIELDS_MAX 64

struct tw_head {
	size_t len;		/* of the whole head, its empty line included */
	int64_t content_length; /* 0 when absent */
	const char *why;	/* set when it is refused */
};

/*
 * `data` is what has come so far. Returns 0 when more is needed, 200 when the
 * head is whole and good, else the HTTP status to refuse it with.
 */
int tw_head_check(struct tw_head *out, const char *data, size_t len, int64_t max_body);

#endif
