/*
 * base/filter.h: another program as a filter: bytes in, bytes out, in a sandbox (base/sandbox.h).
 *
 * The program is executed as it is, without a shell, with an environment of its own. It may read public places
 * and nothing of the user's, reach no network, write no file and start nothing. It ends with this process, when
 * the time is up, when tw_stopping(), and when its output is refused; nothing of it outlives the call.
 */
#ifndef TW_BASE_FILTER_H
#define TW_BASE_FILTER_H

#include "base/err.h"
#include "base/mem.h"

struct tw_filter {
	const char *const
		*argv;	    /* argv[0]: the program's whole path, as tw_filter_find() gives it */
	struct tw_bytes in; /* its standard input */
	int64_t memory;	    /* bytes that it may have, beyond what this process has */
	int seconds;	    /* by the clock, and of the processor */
	/* Required. A piece of its standard output. Failing ends the program, and the call with that status. */
	enum tw_status (*on_bytes)(void *ctx, const char *data, size_t len, struct tw_err *err);
	void *ctx;
};

/* The whole path of a program by the environment's PATH; NULL: it is not there. In the arena. */
const char *tw_filter_find(const char *name, struct tw_arena *a);

/*
 * TW_OK when it ended by itself, whatever its exit status (128 + signal when one ended it; 127: it could not be
 * executed). `said`, of at least one byte: the beginning of its standard error. TW_CANCELLED: tw_stopping(); TW_IO:
 * the time was up, or it could not be started.
 */
TW_MUST_USE enum tw_status tw_filter_run(int *exit_status, char *said, size_t said_cap,
					 const struct tw_filter *f, struct tw_err *err);

#endif
