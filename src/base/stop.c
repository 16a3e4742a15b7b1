#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

static atomic_int asked; /* lock-free, so a handler may write it and any thread read it */

static void on_signal(int sig)
{
	/* The second SIGINT means now: the default action ends the process as users expect. */
	if (asked && sig == SIGINT) {
		signal(SIGINT, SIG_DFL);
		raise(SIGINT);
	}
	asked = 1;
}

void tw_stop_install(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_signal;
	/* No SA_RESTART: a read() that waits for a person shall return. */
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* A reader that went away is an error of the write, not the end of the process. */
	signal(SIGPIPE, SIG_IGN);
}

bool tw_stopping(void)
{
	return asked;
}
