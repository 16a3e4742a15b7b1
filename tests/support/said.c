#include "support/said.h"

#include <fcntl.h>
#include <unistd.h>

/* `master`: the other side of the terminal; -1: there is none, `fd` is a file. */
static struct {
	int before, fd, master;
} said;

void said_begin(bool terminal)
{
	fflush(stderr);
	said.before = dup(STDERR_FILENO);
	said.master = -1;
	if (terminal) {
		said.master = posix_openpt(O_RDWR | O_NOCTTY);
		assert_true(said.master >= 0 && grantpt(said.master) == 0 &&
			    unlockpt(said.master) == 0);
		said.fd = open(ptsname(said.master), O_RDWR | O_NOCTTY);
		fcntl(said.master, F_SETFL, O_NONBLOCK);
	} else {
		char path[700];
		snprintf(path, sizeof(path), "%s/said", tmp_dir());
		said.fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	}
	assert_true(said.before >= 0 && said.fd >= 0);
	dup2(said.fd, STDERR_FILENO);
}

void said_end(struct tw_str *out)
{
	int from = said.master < 0 ? said.fd : said.master;
	char buf[4096];
	ssize_t n;
	fflush(stderr);
	dup2(said.before, STDERR_FILENO);
	close(said.before);
	if (said.master < 0)
		lseek(from, 0, SEEK_SET);
	tw_str_clear(out);
	while ((n = read(from, buf, sizeof(buf))) > 0)
		tw_str_add(out, buf, (size_t)n);
	close(said.fd);
	if (said.master >= 0)
		close(said.master);
}
