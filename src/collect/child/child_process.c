/* A child from its fork to its end. */
#include "collect/child/child_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/time.h"

#define WIRE_FD	   3
#define GRACE_S	   10	/* from being told to stop to being ended */
#define LINGER_S   5	/* for one that has ended its talk */
#define SAID_BYTES 4096 /* of its last words */

extern char **environ;

/* --- in the child: what it does not need goes --- */

static void take_descriptors(int wire, int said)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Above all that is replaced below. */
	wire = fcntl(wire, F_DUPFD_CLOEXEC, WIRE_FD + 1);
	said = fcntl(said, F_DUPFD_CLOEXEC, WIRE_FD + 1);
	if (null < 0 || wire < 0 || said < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0 ||
	    dup3(wire, WIRE_FD, O_CLOEXEC) < 0)
		_exit(127);
	if (close_range(WIRE_FD + 1, ~0u, 0) != 0)
		for (int fd = WIRE_FD + 1, n = (int)sysconf(_SC_OPEN_MAX); fd < n; fd++)
			close(fd);
}

/* Files that are mapped for writing, such as the index of an open database, stay so after their descriptors are closed. */
static void unmap_shared(const struct child_page *page)
{
	char line[512], mode[8];
	unsigned long from, to;
	FILE *f = fopen("/proc/self/maps", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && mode[1] == 'w' &&
		    mode[3] == 's' && from != (uintptr_t)page)
			munmap((void *)from, to - from);
	if (f)
		fclose(f);
}

static bool is_line(const char *lines, const char *name, size_t len)
{
	for (const char *p = lines; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strcspn(p, "\n") == len && strncmp(p, name, len) == 0)
			return true;
	return false;
}

/* Language and folders are harmless; tokens and passwords look like anything. */
static bool is_kept(const char *entry, const char *more)
{
	static const char harmless[] = "LANG\nLANGUAGE\nTZ\nHOME\nPATH\nTMPDIR\nXDG_CACHE_HOME\n"
				       "ASAN_OPTIONS\nLSAN_OPTIONS\nTSAN_OPTIONS\nUBSAN_OPTIONS\n";
	size_t n = strcspn(entry, "=");
	return strncmp(entry, "LC_", 3) == 0 || is_line(harmless, entry, n) ||
	       is_line(more, entry, n);
}

static void forget_environment(const char *more)
{
	size_t kept = 0;
	for (size_t i = 0; environ && environ[i]; i++)
		if (is_kept(environ[i], more))
			environ[kept++] = environ[i];
		else
			explicit_bzero(environ[i], strlen(environ[i]));
	if (environ)
		environ[kept] = NULL;
}

/* The parent is asked to stop, and asks this one: ^C on the terminal is not for it. It ends with the parent. */
static void obey_parent(pid_t parent)
{
	tw_stop_install();
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
}

static void be_child(const struct child *c, const struct child_kind *kind, int wire, int said,
		     pid_t parent)
{
	struct wire w = {.fd = WIRE_FD};
	obey_parent(parent);
	take_descriptors(wire, said);
	unmap_shared(c->page);
	forget_environment(kind->env);
	tzset(); /* while its file can be read */
	wire_begin(&w, WIRE_READY);
	wire_i64(&w, tw_sandbox_enter(&kind->box));
	if (wire_end(&w) && wire_flush(&w))
		kind->be(&w, c->page, kind->ctx);
	_exit(wire_flush(&w) ? 0 : 127);
}

/* --- in the parent --- */

static bool nonblocking(int fd)
{
	return fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool look_after(void *child);

enum tw_status child_start(struct child *c, const struct child_kind *kind, struct tw_err *err)
{
	int sockets[2] = {-1, -1}, said[2] = {-1, -1};
	const pid_t parent = getpid();
	*c = (struct child){.name = kind->name,
			    .pid = -1,
			    .said = -1,
			    .stall_s = kind->stall_s,
			    .clock_s = kind->clock_s,
			    .started = tw_monotonic_s()};
	c->page = mmap(NULL, sizeof(*c->page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (c->page != MAP_FAILED &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0 &&
	    pipe2(said, O_CLOEXEC | O_NONBLOCK) == 0 && nonblocking(sockets[0]))
		c->pid = fork();
	if (c->pid == 0)
		be_child(c, kind, sockets[1], said[1], parent);
	if (sockets[1] >= 0)
		close(sockets[1]);
	if (said[1] >= 0)
		close(said[1]);
	c->wire = (struct wire){.fd = sockets[0], .tick = look_after, .ctx = c};
	c->said = said[0];
	if (c->pid > 0)
		return TW_OK;
	tw_fail_errno(err, TW_IO, "%s: starting a process that reads it", kind->name);
	child_end(c, NULL);
	return TW_IO;
}

/* Seconds of the processor that the child has had. */
static double cpu_of(const struct child *c)
{
	clockid_t clock;
	struct timespec t;
	if (clock_getcpuclockid(c->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void end_group(const struct child *c)
{
	kill(-c->pid, SIGKILL); /* and what it runs */
	kill(c->pid, SIGKILL);	/* which is no group yet when it has just begun */
}

static void watch_progress(struct child *c)
{
	const unsigned long long steps = atomic_load(&c->page->steps);
	const double cpu = cpu_of(c);
	if (steps != c->steps || c->frames != c->frames_then) {
		c->steps = steps;
		c->frames_then = c->frames;
		c->cpu_then = cpu;
	} else if (cpu - c->cpu_then > c->stall_s && !c->stalled) {
		c->stalled = true;
		end_group(c);
	}
}

static void watch_clock(struct child *c)
{
	if (c->clock_s > 0 && tw_monotonic_s() - c->started > c->clock_s && !c->late) {
		c->late = true;
		end_group(c);
	}
}

static void obey_stop(struct child *c)
{
	if (!tw_stopping())
		return;
	if (c->told_at <= 0) {
		c->told_at = tw_monotonic_s();
		kill(c->pid, SIGTERM);
	} else if (tw_monotonic_s() - c->told_at > GRACE_S) {
		end_group(c);
	}
}

/* It is never given up: it is ended, and then its socket ends too. */
static bool look_after(void *child)
{
	obey_stop(child);
	watch_progress(child);
	watch_clock(child);
	return true;
}

enum tw_status child_hear(struct wire_frame *f, struct child *c)
{
	/* One that never stops talking lets nobody wait. */
	obey_stop(c);
	watch_clock(c);
	enum tw_status st = wire_next(f, &c->wire);
	if (st == TW_OK && !c->frames++ && f->word == WIRE_READY) {
		tw_sandbox_warn(c->name, (unsigned)wire_get_i64(f));
		st = wire_next(f, &c->wire);
	}
	return st;
}

/* What a library wrote before it gave up, and sanitizers. */
static void repeat_last_words(struct child *c)
{
	char said[SAID_BYTES + 1];
	ssize_t n = c->said >= 0 ? read(c->said, said, SAID_BYTES) : 0;
	if (n <= 0)
		return;
	said[n] = '\0';
	for (char *p = said, *save = NULL; (p = strtok_r(p, "\n", &save)); p = NULL)
		tw_warn("%s: %s", c->name, p);
}

static void describe(struct tw_str *how, const struct child *c, int status)
{
	if (c->stalled)
		tw_str_addf(how, "did not get on in %g s of the processor's time", c->stall_s);
	else if (c->late)
		tw_str_addf(how, "was not done in %g s", c->clock_s);
	else if (WIFSIGNALED(status))
		tw_str_addf(how, "was ended by signal %d (%s)", WTERMSIG(status),
			    strsignal(WTERMSIG(status)));
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		tw_str_addf(how, "ended with exit status %d", WEXITSTATUS(status));
}

/* It has said all, or its socket is closed: then it ends at once, unless it is bent on not doing so. */
static void wait_for_end(const struct child *c)
{
	siginfo_t info = {0};
	for (double until = tw_monotonic_s() + LINGER_S; tw_monotonic_s() < until;) {
		if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	}
}

void child_end(struct child *c, struct tw_str *how)
{
	int status = 0;
	wire_release(&c->wire); /* one that still speaks hears that nobody listens */
	if (c->pid > 0) {
		if (how)
			wait_for_end(c);
		end_group(c);
		while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
			;
		repeat_last_words(c);
		if (how)
			describe(how, c, status);
	}
	if (c->said >= 0)
		close(c->said);
	if (c->page && c->page != MAP_FAILED)
		munmap(c->page, sizeof(*c->page));
	*c = (struct child){.pid = -1, .said = -1, .wire.fd = -1};
}

/* A part stays what is read until another begins. */
static bool is_part(const struct child_page *page)
{
	const unsigned n = atomic_load_explicit(&page->len, memory_order_relaxed);
	return n && page->key[n - 1] == '/';
}

void child_mark(struct child_page *page, const char *key)
{
	atomic_fetch_add_explicit(&page->steps, 1, memory_order_relaxed);
	if (!key || (!*key && is_part(page)))
		return;
	size_t n = strlen(key);
	n = n < sizeof(page->key) ? n : sizeof(page->key);
	atomic_store_explicit(&page->len, 0, memory_order_relaxed);
	memcpy(page->key, key, n);
	atomic_store_explicit(&page->len, (unsigned)n, memory_order_relaxed);
}
