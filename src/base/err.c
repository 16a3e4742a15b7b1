#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct tw_err *err, enum tw_status code, const char *fmt, va_list ap)
{
	err->code = code;
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
}

enum tw_status tw_fail(struct tw_err *err, enum tw_status code, const char *fmt, ...)
{
	va_list ap;

	if (err && err->code == TW_OK) {
		va_start(ap, fmt);
		fill(err, code, fmt, ap);
		va_end(ap);
	}
	return code;
}

enum tw_status tw_fail_errno(struct tw_err *err, enum tw_status code, const char *fmt, ...)
{
	int saved = errno;
	char reason[128];
	size_t len;
	va_list ap;

	if (err && err->code == TW_OK) {
		va_start(ap, fmt);
		fill(err, code, fmt, ap);
		va_end(ap);
		len = strlen(err->msg);
		/* The GNU strerror_r: thread-safe, may return a string of its own. */
		snprintf(err->msg + len, sizeof(err->msg) - len, ": %s",
			 strerror_r(saved, reason, sizeof(reason)));
	}
	errno = saved;
	return code;
}

enum tw_status tw_wrap(struct tw_err *err, enum tw_status code, const char *fmt, ...)
{
	char context[sizeof(err->msg)];
	size_t len, room, keep;
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	if (err->code == TW_OK) {
		err->code = code;
		memcpy(err->msg, context, sizeof(err->msg));
		return code;
	}
	/* The reason matters more than the way to it: a long context is cut first. */
	keep = strlen(err->msg);
	room = sizeof(err->msg) - 1 - keep;
	len = strlen(context);
	if (room < 2)
		return err->code;
	if (len > room - 2)
		len = room - 2;
	memmove(err->msg + len + 2, err->msg, keep + 1);
	memcpy(err->msg, context, len);
	memcpy(err->msg + len, ": ", 2);
	return err->code;
}

void tw_err_clear(struct tw_err *err)
{
	if (!err)
		return;
	err->code = TW_OK;
	err->msg[0] = '\0';
}

const char *tw_status_name(enum tw_status code)
{
	switch (code) {
	case TW_OK:
		return "ok";
	case TW_DONE:
		return "done";
	case TW_SKIPPED:
		return "skipped";
	case TW_NOT_FOUND:
		return "not found";
	case TW_BAD_USE:
		return "wrong use";
	case TW_BAD_DATA:
		return "bad data";
	case TW_IO:
		return "input/output error";
	case TW_NETWORK:
		return "network error";
	case TW_NO_MEMORY:
		return "out of memory";
	case TW_UNSUPPORTED:
		return "not supported";
	case TW_CONFLICT:
		return "conflict";
	case TW_BLOCKED:
		return "blocked";
	case TW_CANCELLED:
		return "cancelled";
	}
	return "unknown";
}
