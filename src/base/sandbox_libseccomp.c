/* Which system calls a process may make, through libseccomp. Any other fails with EPERM. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/sandbox_int.h"

/* Memory, time, what is open already, and questions. None of them opens, makes, starts or reaches anything. */
static const char *const always[] = {"brk",
				     "mmap",
				     "mmap2",
				     "munmap",
				     "mremap",
				     "mprotect",
				     "madvise",
				     "membarrier",
				     "mincore",
				     "read",
				     "readv",
				     "pread64",
				     "preadv",
				     "write",
				     "writev",
				     "pwrite64",
				     "pwritev",
				     "close",
				     "lseek",
				     "_llseek",
				     "dup",
				     "dup2",
				     "dup3",
				     "pipe",
				     "pipe2",
				     "poll",
				     "ppoll",
				     "ppoll_time64",
				     "select",
				     "pselect6",
				     "pselect6_time64",
				     "fstat",
				     "fstat64",
				     "fstatfs",
				     "fstatfs64",
				     "fadvise64",
				     "fadvise64_64",
				     "readahead",
				     "getdents",
				     "getdents64",
				     "stat",
				     "stat64",
				     "lstat",
				     "lstat64",
				     "newfstatat",
				     "fstatat64",
				     "statx",
				     "statfs",
				     "statfs64",
				     "access",
				     "faccessat",
				     "faccessat2",
				     "readlink",
				     "readlinkat",
				     "getcwd",
				     "futex",
				     "futex_time64",
				     "set_robust_list",
				     "get_robust_list",
				     "set_tid_address",
				     "rseq",
				     "arch_prctl",
				     "sched_yield",
				     "sched_getaffinity",
				     "sched_getparam",
				     "sched_getscheduler",
				     "getcpu",
				     "clock_gettime",
				     "clock_gettime64",
				     "clock_getres",
				     "clock_nanosleep",
				     "clock_nanosleep_time64",
				     "nanosleep",
				     "pause",
				     "gettimeofday",
				     "time",
				     "times",
				     "getrusage",
				     "getpid",
				     "getppid",
				     "gettid",
				     "getpgrp",
				     "getuid",
				     "geteuid",
				     "getgid",
				     "getegid",
				     "getuid32",
				     "geteuid32",
				     "getgid32",
				     "getegid32",
				     "getresuid",
				     "getresgid",
				     "getgroups",
				     "uname",
				     "sysinfo",
				     "getrandom",
				     "getrlimit",
				     "ugetrlimit",
				     "umask",
				     "rt_sigaction",
				     "rt_sigprocmask",
				     "rt_sigreturn",
				     "rt_sigpending",
				     "rt_sigtimedwait",
				     "sigreturn",
				     "sigaltstack",
				     "restart_syscall",
				     "exit",
				     "exit_group",
				     "wait4",
				     "waitid",
				     NULL};

static const char *const for_writing[] = {"creat",
					  "mkdir",
					  "mkdirat",
					  "rmdir",
					  "unlink",
					  "unlinkat",
					  "rename",
					  "renameat",
					  "renameat2",
					  "link",
					  "linkat",
					  "symlink",
					  "symlinkat",
					  "truncate",
					  "truncate64",
					  "ftruncate",
					  "ftruncate64",
					  "fallocate",
					  "fsync",
					  "fdatasync",
					  "flock",
					  "chmod",
					  "fchmod",
					  "fchmodat",
					  "utimensat",
					  "utimensat_time64",
					  "utime",
					  "utimes",
					  "copy_file_range",
					  "sendfile",
					  NULL};

/* Landlock keeps exec to what was named, and signals within the sandbox. What is run may be given less still. */
static const char *const for_running[] = {"execve",
					  "vfork",
					  "kill",
					  "tgkill",
					  "setpgid",
					  "setrlimit",
					  "setsid",
					  "chdir",
					  "prctl",
					  "seccomp",
					  "landlock_create_ruleset",
					  "landlock_add_rule",
					  "landlock_restrict_self",
					  NULL};

static const char *const for_sockets[] = {
	"socket",     "connect",       "shutdown",  "getsockname", "getpeername",
	"getsockopt", "setsockopt",    "sendto",    "sendmsg",	   "sendmmsg",
	"recvfrom",   "recvmsg",       "recvmmsg",  "socketpair",  "send",
	"recv",	      "epoll_create1", "epoll_ctl", "epoll_wait",  NULL};

static int add(scmp_filter_ctx f, const char *name, unsigned n, const struct scmp_arg_cmp *args)
{
	int nr = seccomp_syscall_resolve_name(name);
	if (nr == __NR_SCMP_ERROR || nr < 0) /* not on this processor */
		return 0;
	return seccomp_rule_add_array(f, SCMP_ACT_ALLOW, nr, n, args);
}

static int add_all(scmp_filter_ctx f, const char *const *names)
{
	int rc = 0;
	for (; *names && rc == 0; names++)
		rc = add(f, *names, 0, NULL);
	return rc;
}

/* Without a place to write to, files are opened for reading only. */
static int add_open(scmp_filter_ctx f, const struct tw_sandbox *box)
{
	const scmp_datum_t writes = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	const struct scmp_arg_cmp second = SCMP_A1(SCMP_CMP_MASKED_EQ, writes, O_RDONLY);
	const struct scmp_arg_cmp third = SCMP_A2(SCMP_CMP_MASKED_EQ, writes, O_RDONLY);
	int rc = add(f, "open", !box->write, &second);
	return rc ? rc : add(f, "openat", !box->write, &third);
}

/* Not who is sent a signal, and which, when there is something to read: that reaches any process of the user's. */
static int add_fcntl(scmp_filter_ctx f)
{
	static const int commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
				       F_SETFL, F_GETLK,	 F_SETLK, F_SETLKW};
	int rc = 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands) && rc == 0; i++) {
		const struct scmp_arg_cmp one = SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]);
		rc = add(f, "fcntl", 1, &one);
		rc = rc ? rc : add(f, "fcntl64", 1, &one);
	}
	return rc;
}

/* What is printed to asks whether it is a terminal. None may be written into. */
static int add_ioctl(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp asks[] = {SCMP_A1(SCMP_CMP_EQ, TCGETS),
					    SCMP_A1(SCMP_CMP_EQ, TIOCGWINSZ),
					    SCMP_A1(SCMP_CMP_EQ, FIONREAD)};
	int rc = 0;
	for (size_t i = 0; i < sizeof(asks) / sizeof(*asks) && rc == 0; i++)
		rc = add(f, "ioctl", 1, &asks[i]);
	return rc;
}

/* About this process alone: its limits, which stay (root could raise them), and the signal of abort(). What runs programs
 * gives them less. */
static int add_self(scmp_filter_ctx f, const struct tw_sandbox *box)
{
	const struct scmp_arg_cmp self = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
	const struct scmp_arg_cmp asks[] = {SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0)};
	int rc = add(f, "prlimit64", box->run ? 1 : 2, asks);
	if (rc == 0 && !box->run)
		rc = add(f, "tgkill", 1, &self);
	return rc;
}

/* Processes, but none in a namespace of its own: there it would have every right. */
static int add_fork(scmp_filter_ctx f)
{
	const scmp_datum_t apart = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	const struct scmp_arg_cmp none = SCMP_A0(SCMP_CMP_MASKED_EQ, apart, 0);
	int rc = add(f, "fork", 0, NULL);
	return rc ? rc : add(f, "clone", 1, &none);
}

static int fill(scmp_filter_ctx f, const struct tw_sandbox *box)
{
	int rc = add_all(f, always);
	rc = rc ? rc : add_open(f, box);
	rc = rc ? rc : add_fcntl(f);
	rc = rc ? rc : add_ioctl(f);
	rc = rc ? rc : add_self(f, box);
	/* Its flags lie in memory, where no filter sees them; the C library then takes clone(). */
	rc = rc ? rc : seccomp_rule_add_array(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
	if (rc == 0 && box->write)
		rc = add_all(f, for_writing);
	if (rc == 0 && box->sockets)
		rc = add_all(f, for_sockets);
	if (rc == 0 && box->run)
		rc = add_all(f, for_running);
	if (rc == 0 && box->run)
		rc = add_fork(f);
	return rc;
}

bool tw_sandbox_calls(const struct tw_sandbox *box)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!f)
		return false;
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE,
			 2); /* a tree, not a list: some calls are many */
	int rc = fill(f, box);
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	return rc == 0;
}
