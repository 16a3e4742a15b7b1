#include "base/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/sandbox.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/time.h"

#define TICK_MS	   50
#define MOST_FILES 65536

/* Where programs lie that do not come from the system's own packages, with what they need. */
static const char *const foreign_places[] = {"/opt", "/nix/store", "/gnu/store",
					     "/home/linuxbrew/.linuxbrew", NULL};
static const char *const clean_env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};

struct run {
	const struct tw_filter *f;
	int in[2], out[2], err[2];
	size_t written;
	char *said;
	size_t said_n, said_cap;
	pid_t pid;
	double started;
	enum tw_status why; /* it was ended */
	struct tw_err *fail;
};

const char *tw_filter_find(const char *name, struct tw_arena *a)
{
	const char *path = getenv("PATH");
	for (path = path ? path : "/usr/bin:/bin"; *path;) {
		size_t n = strcspn(path, ":");
		const char *whole = tw_sprintf(a, "%.*s/%s", (int)n, path, name);
		if (n && *path == '/' && access(whole, X_OK) == 0 && !tw_is_dir(whole))
			return whole;
		path += n + (path[n] == ':');
	}
	return NULL;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* By hand: where this process is in a sandbox, close_range() is not allowed. */
static void keep_standard_files_only(void)
{
	struct rlimit most;
	if (getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur > MOST_FILES)
		most.rlim_cur = MOST_FILES;
	for (int fd = STDERR_FILENO + 1; fd < (int)most.rlim_cur; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void be_program(const struct run *r, pid_t parent)
{
	const char *const run[] = {r->f->argv[0], NULL};
	const struct tw_sandbox box = {.read = foreign_places,
				       .run = run,
				       .memory = r->f->memory,
				       .file_size = 0,
				       .cpu_s = r->f->seconds};
	sigset_t none;
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	setpgid(0, 0); /* ^C is for us: this one is ended by us */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_NPROC, &(struct rlimit){0, 0});
	if (getppid() != parent)
		_exit(127);
	dup2(r->in[0], STDIN_FILENO);
	dup2(r->out[1], STDOUT_FILENO);
	dup2(r->err[1], STDERR_FILENO);
	keep_standard_files_only();
	tw_sandbox_enter(&box);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(r->f->argv[0], (char *const *)(uintptr_t)r->f->argv,
	       (char *const *)(uintptr_t)clean_env);
	_exit(127);
}

static enum tw_status start(struct run *r)
{
	sigset_t all, before;
	const pid_t parent = getpid();
	if (pipe2(r->in, O_CLOEXEC) != 0 || pipe2(r->out, O_CLOEXEC) != 0 ||
	    pipe2(r->err, O_CLOEXEC) != 0 || fcntl(r->in[1], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(r->out[0], F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(r->err[0], F_SETFL, O_NONBLOCK) != 0)
		return tw_fail_errno(r->fail, TW_IO, "starting %s", r->f->argv[0]);
	/* A signal that comes between fork and exec would run this process's handler in the child, and be lost. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r->pid = fork();
	if (r->pid == 0)
		be_program(r, parent);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close_end(&r->in[0]);
	close_end(&r->out[1]);
	close_end(&r->err[1]);
	return r->pid < 0 ? tw_fail_errno(r->fail, TW_IO, "starting %s", r->f->argv[0]) : TW_OK;
}

/* The first reason stays. Nothing more is heard, not of what it may have started either. */
static void end(struct run *r, enum tw_status why)
{
	if (r->why == TW_OK)
		r->why = why;
	kill(r->pid, SIGKILL); /* which may be no group yet */
	kill(-r->pid, SIGKILL);
	close_end(&r->out[0]);
	close_end(&r->err[0]);
}

static void give(struct run *r)
{
	const struct tw_bytes *in = &r->f->in;
	ssize_t n = 0;
	if (r->written < in->len)
		n = write(r->in[1], in->data + r->written, in->len - r->written);
	if (n > 0)
		r->written += (size_t)n;
	if (r->written == in->len || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&r->in[1]);
}

static void take(struct run *r)
{
	char buf[16384];
	ssize_t n = read(r->out[0], buf, sizeof(buf));
	if (n > 0 && r->why == TW_OK) {
		enum tw_status st = r->f->on_bytes(r->f->ctx, buf, (size_t)n, r->fail);
		if (st != TW_OK)
			end(r, st);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&r->out[0]);
}

static void hear(struct run *r)
{
	char buf[4096];
	ssize_t n = read(r->err[0], buf, sizeof(buf));
	if (n > 0) {
		size_t room = r->said_cap - 1 - r->said_n;
		size_t kept = (size_t)n < room ? (size_t)n : room;
		memcpy(r->said + r->said_n, buf, kept);
		r->said_n += kept;
		r->said[r->said_n] = '\0';
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&r->err[0]);
}

static void look(struct run *r)
{
	struct pollfd p[3] = {
		{r->in[1], POLLOUT, 0}, {r->out[0], POLLIN, 0}, {r->err[0], POLLIN, 0}};
	if (poll(p, 3, TICK_MS) <= 0)
		return;
	if (p[0].revents)
		give(r);
	if (p[1].revents)
		take(r);
	if (p[2].revents && r->err[0] >= 0)
		hear(r);
}

static void watch_clock(struct run *r)
{
	if (tw_stopping() && r->why == TW_OK)
		end(r, tw_fail(r->fail, TW_CANCELLED, "stopped"));
	if (tw_monotonic_s() - r->started > r->f->seconds && r->why == TW_OK)
		end(r, tw_fail(r->fail, TW_IO, "%s was not done after %d s",
			       tw_path_base(r->f->argv[0]), r->f->seconds));
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid == pid;
}

/* Until it has closed its outputs and ended. As long as it is not reaped, its number is nobody else's. */
static int follow(struct run *r)
{
	int status = 0;
	while (r->out[0] >= 0 || r->err[0] >= 0) {
		watch_clock(r);
		look(r);
	}
	close_end(&r->in[1]);
	while (!has_ended(r->pid)) {
		watch_clock(r);
		poll(NULL, 0, 1);
	}
	kill(-r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The program may end before it has read all: that is no signal to this process. */
static enum tw_status follow_quietly(int *exit_status, struct run *r)
{
	static const struct timespec now = {0};
	sigset_t broken, before, pending;
	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &broken, &before);
	*exit_status = follow(r);
	if (!sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&broken, NULL, &now) > 0)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r->why;
}

enum tw_status tw_filter_run(int *exit_status, char *said, size_t said_cap,
			     const struct tw_filter *f, struct tw_err *err)
{
	struct run r = {.f = f,
			.in = {-1, -1},
			.out = {-1, -1},
			.err = {-1, -1},
			.said = said,
			.said_cap = said_cap,
			.started = tw_monotonic_s(),
			.fail = err};
	*exit_status = -1;
	*said = '\0';
	enum tw_status st = start(&r);
	if (st == TW_OK)
		st = follow_quietly(exit_status, &r);
	for (int i = 0; i < 2; i++) {
		close_end(&r.in[i]);
		close_end(&r.out[i]);
		close_end(&r.err[i]);
	}
	return st;
}
