#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stop.h"
#include "base/str.h"
#include "base/time.h"
#include "base/vec.h"

extern char **environ;

#define TICK_MS	 50
#define LINGER_S 0.5 /* for what the pipes still hold after the program has ended */

struct words TW_VEC_BODY(char *);

struct run {
	const struct tw_child *c;
	struct tw_str command;
	struct words argv, env;
	int life[2];   /* its other end closes when this process dies */
	int out[2][2]; /* standard output, standard error */
	struct tw_str line[2];
	pid_t guard, pid;
	double started, told_at; /* told_at: of SIGTERM; 0: not told */
	enum tw_status why;	 /* it was told */
	bool delivered;		 /* SIGTERM reached the group */
	struct tw_err *err;
};

/* --- what both processes need, made before they part --- */

static bool names(const char *entry, const char *setting)
{
	size_t n = strcspn(setting, "=") + 1;
	return strncmp(entry, setting, n) == 0;
}

static void prepare_env(struct run *r)
{
	const char *const *more = r->c->env;
	size_t n = 0;
	for (; environ[n]; n++)
		tw_vec_push(&r->env, environ[n]);
	for (; more && *more; more++) {
		size_t i = 0;
		while (i < n && !names(environ[i], *more))
			i++;
		if (i == n)
			tw_vec_push(&r->env, (char *)(uintptr_t)*more);
	}
	tw_vec_push(&r->env, NULL);
}

static void prepare(struct run *r)
{
	static const char *const first[] = {"sh", "-c", NULL, "sh"};
	tw_str_addf(&r->command, "%s%s", r->c->command, r->c->args ? " \"$@\"" : "");
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		tw_vec_push(&r->argv, (char *)(uintptr_t)(first[i] ? first[i] : r->command.data));
	for (const char *const *a = r->c->args; a && *a; a++)
		tw_vec_push(&r->argv, (char *)(uintptr_t)*a);
	tw_vec_push(&r->argv, NULL);
	prepare_env(r);
}

/* --- the children: only calls that are safe after a fork --- */

static void default_signals(void)
{
	sigset_t none;
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Reads the group's number and then waits: for a line, or for the end of the pipe, when the group must go. */
static void be_guard(const struct run *r)
{
	static const char script[] =
		"trap '' INT TERM HUP; read -r group && { read -r over || kill -s KILL -- \"-$group\"; }";
	char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
			      (char *)(uintptr_t)script, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	default_signals();
	setsid();
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	dup2(r->life[0], STDIN_FILENO);
	execve("/bin/sh", argv, r->env.at);
	_exit(127);
}

static void tell_guard(int fd)
{
	char text[24];
	int at = sizeof(text);
	text[--at] = '\n';
	for (pid_t n = getpid(); n > 0; n /= 10)
		text[--at] = (char)('0' + n % 10);
	if (write(fd, text + at, sizeof(text) - (size_t)at) < 0)
		_exit(127);
}

static void be_program(const struct run *r)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	default_signals();
	setsid();
	tell_guard(r->life[1]);
	dup2(null, STDIN_FILENO);
	dup2(r->out[0][1], STDOUT_FILENO);
	dup2(r->out[1][1], STDERR_FILENO);
	if (r->c->dir && chdir(r->c->dir) != 0) {
		static const char said[] = "the folder to run in can't be entered\n";
		_exit(write(STDERR_FILENO, said, sizeof(said) - 1) < 0 ? 127 : 126);
	}
	execve("/bin/sh", r->argv.at, r->env.at);
	_exit(127);
}

/* --- this process --- */

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static enum tw_status start_one(pid_t *out, struct run *r, void (*be)(const struct run *))
{
	sigset_t all, before;
	sigfillset(&all);
	/* A signal that comes between fork and exec would run this process's handler in the child, and be lost. */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*out = fork();
	if (*out == 0)
		be(r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return *out < 0 ? tw_fail_errno(r->err, TW_IO, "starting a program") : TW_OK;
}

static enum tw_status start(struct run *r)
{
	if (pipe2(r->life, O_CLOEXEC) != 0 || pipe2(r->out[0], O_CLOEXEC) != 0 ||
	    pipe2(r->out[1], O_CLOEXEC) != 0)
		return tw_fail_errno(r->err, TW_IO, "starting a program");
	for (int i = 0; i < 2; i++)
		if (fcntl(r->out[i][0], F_SETFL, O_NONBLOCK) != 0)
			return tw_fail_errno(r->err, TW_IO, "starting a program");
	enum tw_status st = start_one(&r->guard, r, be_guard);
	close_end(&r->life[0]);
	if (st == TW_OK)
		st = start_one(&r->pid, r, be_program);
	close_end(&r->out[0][1]);
	close_end(&r->out[1][1]);
	return st;
}

/* Asks the group to end. The first reason stays. */
static void stop(struct run *r, enum tw_status why)
{
	if (r->told_at > 0)
		return;
	r->why = why;
	r->told_at = tw_monotonic_s();
}

static void hand_over(struct run *r, int which)
{
	struct tw_str *l = &r->line[which];
	size_t n = l->len;
	if (n && l->data[n - 1] == '\r')
		l->data[--n] = '\0';
	if (r->why == TW_OK || r->why == TW_CANCELLED) { /* what it saves last is heard, too */
		enum tw_status st =
			r->c->on_line(r->c->ctx, which == 1, l->len ? l->data : "", n, r->err);
		if (st != TW_OK)
			stop(r, st);
	}
	tw_str_clear(l);
}

static void take_bytes(struct run *r, int which, const char *data, size_t n)
{
	struct tw_str *l = &r->line[which];
	while (n) {
		const char *end = memchr(data, '\n', n);
		size_t len = end ? (size_t)(end - data) : n;
		size_t room = TW_CHILD_MAX_LINE - l->len;
		tw_str_add(l, data, len < room ? len : room);
		if (end)
			hand_over(r, which);
		data += len + (end != NULL);
		n -= len + (end != NULL);
	}
}

/* What is in the pipe now; closes it at its end. */
static void read_pipe(struct run *r, int which)
{
	char buf[16384];
	ssize_t n;
	while ((n = read(r->out[which][0], buf, sizeof(buf))) > 0)
		take_bytes(r, which, buf, (size_t)n);
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		if (r->line[which].len)
			hand_over(r, which);
		close_end(&r->out[which][0]);
	}
}

static void look(struct run *r)
{
	struct pollfd p[2] = {{r->out[0][0], POLLIN, 0}, {r->out[1][0], POLLIN, 0}};
	if (poll(p, 2, TICK_MS) <= 0)
		return;
	for (int i = 0; i < 2; i++)
		if (p[i].revents)
			read_pipe(r, i);
}

static void watch_clock(struct run *r)
{
	double now = tw_monotonic_s();
	if (tw_stopping() && r->told_at <= 0)
		stop(r, tw_fail(r->err, TW_CANCELLED, "stopped"));
	if (r->c->timeout_s > 0 && now - r->started > r->c->timeout_s && r->told_at <= 0)
		stop(r, tw_fail(r->err, TW_IO, "it was not done after %.0f s", r->c->timeout_s));
	if (r->told_at > 0 && !r->delivered) /* a program that has just begun is no group yet */
		r->delivered = kill(-r->pid, SIGTERM) == 0;
	if (r->told_at > 0 && now - r->told_at > r->c->grace_s)
		kill(-r->pid, SIGKILL);
}

static bool has_pipes(const struct run *r)
{
	return r->out[0][0] >= 0 || r->out[1][0] >= 0;
}

/* Until the program has ended; then its group goes, and what it had said is read. */
static int follow(struct run *r)
{
	int status = 0;
	while (waitpid(r->pid, &status, WNOHANG) == 0) {
		watch_clock(r);
		look(r);
	}
	/* Told to stop, the shell may be gone before what it runs has saved its work. */
	while (r->delivered && kill(-r->pid, 0) == 0 &&
	       tw_monotonic_s() - r->told_at <= r->c->grace_s)
		look(r);
	kill(-r->pid, SIGKILL);
	for (double end = tw_monotonic_s() + LINGER_S; has_pipes(r) && tw_monotonic_s() < end;)
		look(r);
	for (int i = 0; i < 2; i++)
		if (r->line[i].len)
			hand_over(r, i);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void end_guard(struct run *r)
{
	if (r->life[1] >= 0 && write(r->life[1], "over\n", 5) < 0)
		kill(r->guard, SIGKILL);
	close_end(&r->life[1]);
	while (r->guard > 0 && waitpid(r->guard, NULL, 0) < 0 && errno == EINTR)
		;
}

enum tw_status tw_child_run(int *exit_status, const struct tw_child *c, struct tw_err *err)
{
	struct run r = {.c = c,
			.life = {-1, -1},
			.out = {{-1, -1}, {-1, -1}},
			.started = tw_monotonic_s(),
			.err = err};
	*exit_status = -1;
	prepare(&r);
	enum tw_status st = start(&r);
	if (st == TW_OK) {
		*exit_status = follow(&r);
		st = r.why;
	}
	end_guard(&r);
	for (int i = 0; i < 2; i++) {
		close_end(&r.life[i]);
		close_end(&r.out[i][0]);
		close_end(&r.out[i][1]);
		tw_str_release(&r.line[i]);
	}
	tw_str_release(&r.command);
	tw_vec_release(&r.argv);
	tw_vec_release(&r.env);
	return st;
}
