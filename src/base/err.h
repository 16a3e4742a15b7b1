/*
 * base/err.h: how a function says that it failed.
 *
 * A function that can fail returns enum tw_status and takes a struct tw_err *
 * last (NULL is allowed). The leaf that sees the failure fills it with
 * tw_fail(); callers put context in front with tw_wrap() and pass the status
 * on. The first message wins. Nothing here prints: a library returns errors,
 * the app prints them once. Bugs of the caller are assert(), not errors.
 */
#ifndef TW_BASE_ERR_H
#define TW_BASE_ERR_H

#include <stddef.h>

#define TW_MUST_USE	     __attribute__((warn_unused_result))
#define TW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define TW_UNUSED	     __attribute__((unused))

enum tw_status {
	TW_OK = 0,
	TW_DONE,	/* an iterator is at its end; not an error */
	TW_SKIPPED,	/* one item could not be taken; go on with the next */
	TW_NOT_FOUND,	/* what was asked for is not there */
	TW_BAD_USE,	/* wrong command line or configuration: exit code 2 */
	TW_BAD_DATA,	/* a file or an answer is not what it should be */
	TW_IO,		/* the disk or the operating system refused */
	TW_NETWORK,	/* a host did not answer, or refused, or is not allowed */
	TW_NO_MEMORY,	/* a large allocation failed */
	TW_UNSUPPORTED, /* well formed, but not something this build can do */
	TW_CONFLICT,	/* somebody else changed or holds it */
	TW_BLOCKED,	/* a gate or a validation said no */
	TW_CANCELLED,	/* the user asked to stop */
};

struct tw_err {
	enum tw_status code;
	char msg[1000]; /* what, where, what to do; no newline at the end */
};

#define TW_ERR_INIT       \
	{                 \
		TW_OK, "" \
	}

/* Fills *err unless it already holds an error; returns `code`. */
enum tw_status tw_fail(struct tw_err *err, enum tw_status code, const char *fmt, ...)
	TW_PRINTF(3, 4);

/* As tw_fail(), and adds ": " and strerror(errno) of the moment of the call. */
enum tw_status tw_fail_errno(struct tw_err *err, enum tw_status code, const char *fmt, ...)
	TW_PRINTF(3, 4);

/* Puts "context: " in front of the message; returns err's own code (`code` when err is NULL). */
enum tw_status tw_wrap(struct tw_err *err, enum tw_status code, const char *fmt, ...)
	TW_PRINTF(3, 4);

void tw_err_clear(struct tw_err *err); /* NULL is fine */

const char *tw_status_name(enum tw_status code);

#endif
