/*
 * base/child.h: another program, run to its end, whose lines are read as they come.
 *
 * The command runs through `sh -c` in a process group of its own, with an empty
 * standard input. When this process asks it to stop (tw_stopping(), the time is
 * up, a line was refused), the whole group gets SIGTERM and, if it is still there after
 * the grace, SIGKILL. When this process dies, however it dies, the group is killed: a small
 * shell beside it waits for that. Nothing of the group outlives the call.
 */
#ifndef TW_BASE_CHILD_H
#define TW_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define TW_CHILD_MAX_LINE ((size_t)1 << 20) /* longer ones are cut there */

struct tw_child {
	const char *command; /* for sh */
	const char *const
		*args; /* behind the command, quoted for it; NULL-terminated, may be NULL */
	const char *const *
		env; /* "NAME=value": set unless the environment has NAME; NULL-terminated, may be NULL */
	const char *dir;  /* to run in; NULL: where this process is */
	double timeout_s; /* 0: none */
	double grace_s;	  /* from SIGTERM to SIGKILL */
	/* Required. A line of standard output or standard error without its end, NUL-terminated; any bytes.
	 * Failing ends the program, and the call with that status. */
	enum tw_status (*on_line)(void *ctx, bool is_stderr, char *line, size_t len,
				  struct tw_err *err);
	void *ctx;
};

/* TW_OK when it ended by itself, whatever its exit status (128 + signal when one ended it). TW_CANCELLED: tw_stopping();
 * TW_IO: the time was up, or it could not be started. */
TW_MUST_USE enum tw_status tw_child_run(int *exit_status, const struct tw_child *c,
					struct tw_err *err);

#endif
