/* What may no longer be done in a sandbox: each attempt in a child of its own, since nothing is given back. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>

#include "test.h"

#include "base/fs.h"
#include "base/sandbox.h"

/* Sanitizers take terabytes of addresses for themselves. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_HAS_A_BOUND false
#else
#define MEMORY_HAS_A_BOUND true
#endif

static char dir[200], inside[240], outside[240], other[240];

static int make_files(void **state)
{
	(void)state;
	const char *top = getenv("TWIN_TEST_TMP");
	char own[] = "/tmp/twin-sandbox.XXXXXX";
	struct tw_err err = TW_ERR_INIT;
	snprintf(dir, sizeof(dir), "%s", top ? top : mkdtemp(own));
	snprintf(inside, sizeof(inside), "%s/in/a.txt", dir);
	snprintf(outside, sizeof(outside), "%s/secret.txt", dir);
	snprintf(other, sizeof(other), "%s/in", dir);
	return tw_mkdirs(other, &err) == TW_OK && tw_write_file(inside, "here", 4, &err) == TW_OK &&
			       tw_write_file(outside, "mine", 4, &err) == TW_OK
		       ? 0
		       : -1;
}

/* The exit status of `attempt` in such a sandbox: 0, or what errno it met. */
static int attempt(const struct tw_sandbox *box, int (*what)(void))
{
	int status = -1;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		if (tw_sandbox_enter(box) != TW_SANDBOX_ALL)
			_exit(200);
		_exit(what());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 300 + WTERMSIG(status);
}

static void assert_denied(const struct tw_sandbox *box, int (*what)(void))
{
	int rc = attempt(box, what);
	if (rc != EPERM && rc != EACCES)
		fail_msg("not denied: %d", rc);
}

static const struct tw_sandbox *box_of_in(void)
{
	static const char *read[2];
	static struct tw_sandbox box;
	read[0] = other;
	box = (struct tw_sandbox){.read = read};
	return &box;
}

static const struct tw_sandbox nothing = {0};

static int tried(long rc)
{
	return rc < 0 ? errno : 0;
}

/* --- files --- */

static int read_inside(void)
{
	char text[5] = "";
	int fd = open(inside, O_RDONLY);
	return fd >= 0 && read(fd, text, 4) == 4 && strcmp(text, "here") == 0 ? 0 : 1;
}

static int read_outside(void)
{
	return tried(open(outside, O_RDONLY));
}

static int read_through_a_link(void)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/in/link", dir);
	return tried(open(path, O_RDONLY));
}

static int read_up_and_down(void)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/in/../secret.txt", dir);
	return tried(open(path, O_RDONLY));
}

static int read_passwords(void)
{
	return tried(open("/etc/passwd", O_RDONLY));
}

static int read_memory_of_parent(void)
{
	char path[60];
	snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
	return tried(open(path, O_RDONLY));
}

static int write_inside(void)
{
	return tried(open(inside, O_WRONLY));
}

static int make_inside(void)
{
	char path[300];
	snprintf(path, sizeof(path), "%s/in/new", dir);
	return tried(open(path, O_WRONLY | O_CREAT, 0600));
}

static int remove_inside(void)
{
	return tried(unlink(inside));
}

static void only_the_named_places_are_read(void **state)
{
	(void)state;
	char link[300];
	snprintf(link, sizeof(link), "%s/in/link", dir);
	unlink(link);
	assert_int_equal(symlink(outside, link), 0);
	assert_int_equal(attempt(box_of_in(), read_inside), 0);
	assert_denied(box_of_in(), read_outside);
	assert_denied(box_of_in(), read_through_a_link);
	assert_denied(box_of_in(), read_up_and_down);
	assert_denied(box_of_in(), read_passwords);
	assert_denied(box_of_in(), read_memory_of_parent);
	assert_denied(&nothing, read_outside);
}

static void a_place_to_read_is_not_written_to(void **state)
{
	(void)state;
	assert_denied(box_of_in(), write_inside);
	assert_denied(box_of_in(), make_inside);
	assert_denied(box_of_in(), remove_inside);
}

static int write_and_rename(void)
{
	char from[300], to[300];
	snprintf(from, sizeof(from), "%s/in/new", dir);
	snprintf(to, sizeof(to), "%s/in/sub/new", dir);
	int fd = open(from, O_WRONLY | O_CREAT, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0)
		return errno;
	to[strlen(to) - 4] = '\0';
	if (mkdir(to, 0700) != 0)
		return errno;
	strcat(to, "/new");
	return tried(rename(from, to) != 0 || unlink(to) != 0 ? -1 : 0);
}

static void in_a_place_to_write_files_are_made_and_removed(void **state)
{
	(void)state;
	const char *const write[] = {other, NULL};
	const struct tw_sandbox box = {.write = write, .file_size = 100};
	assert_int_equal(attempt(&box, write_and_rename), 0);
	assert_denied(&box, read_outside);
}

/* --- the network --- */

static int open_socket(void)
{
	return tried(socket(AF_INET, SOCK_STREAM, 0));
}

static int connect_to_a_name(void)
{
	return tried(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void no_socket_is_opened(void **state)
{
	(void)state;
	assert_denied(&nothing, open_socket);
	assert_denied(&nothing, connect_to_a_name);
	const struct tw_sandbox speaks = {.sockets = true};
	assert_int_equal(attempt(&speaks, open_socket), 0);
}

/* --- other processes --- */

static int execute(void)
{
	char *const argv[] = {(char *)"true", NULL};
	execv("/usr/bin/true", argv);
	return errno;
}

static int start_a_process(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return tried(pid);
}

static int kill_the_parent(void)
{
	return tried(kill(getppid(), 0));
}

static int trace_the_parent(void)
{
	return tried(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

/* Whoever owns a descriptor is sent a signal of its choice when there is something to read. */
static int send_signals_by_a_descriptor(void)
{
	int ends[2];
	return tried(pipe(ends) != 0 || fcntl(ends[0], F_SETSIG, SIGKILL) != 0 ||
				     fcntl(ends[0], F_SETOWN, getppid()) != 0
			     ? -1
			     : 0);
}

static int own_a_descriptor(void)
{
	int ends[2];
	return tried(pipe(ends) == 0 ? fcntl(ends[0], F_SETOWN, getppid()) : -1);
}

static int take_a_namespace(void)
{
	return tried(unshare(CLONE_NEWUSER));
}

static void no_process_is_started_or_touched(void **state)
{
	(void)state;
	assert_denied(&nothing, execute);
	assert_denied(&nothing, start_a_process);
	assert_denied(&nothing, kill_the_parent);
	assert_denied(&nothing, trace_the_parent);
	assert_denied(&nothing, send_signals_by_a_descriptor);
	assert_denied(&nothing, own_a_descriptor);
	assert_denied(&nothing, take_a_namespace);
}

static int abort_itself(void)
{
	abort();
}

static void abort_still_ends_it(void **state)
{
	(void)state;
	assert_int_equal(attempt(&nothing, abort_itself), 300 + SIGABRT);
}

/* "hello" through /usr/bin/tr, as a parser would run another program: fork, pipes, exec. */
static int run_tr(void)
{
	int in[2], out[2], status = -1;
	char got[6] = "";
	if (pipe(in) != 0 || pipe(out) != 0)
		return 1;
	pid_t pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0) {
		char *const argv[] = {(char *)"tr", (char *)"a-z", (char *)"A-Z", NULL};
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		execv("/usr/bin/tr", argv);
		_exit(99);
	}
	close(in[0]);
	close(out[1]);
	if (write(in[1], "hello", 5) != 5 || close(in[1]) != 0 || read(out[0], got, 5) != 5)
		return 2;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 3;
	return strcmp(got, "HELLO") == 0 ? 0 : 4;
}

static int spawn_tr(void)
{
	char *const argv[] = {(char *)"tr", (char *)"a", (char *)"b", NULL};
	char *const env[] = {NULL};
	posix_spawn_file_actions_t acts;
	pid_t pid;
	int status = -1;
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", O_RDONLY, 0);
	int rc = posix_spawn(&pid, "/usr/bin/tr", &acts, NULL, argv, env);
	posix_spawn_file_actions_destroy(&acts);
	return rc ? rc : waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

static int cat_outside(void)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		char *const argv[] = {(char *)"cat", outside, NULL};
		dup2(open("/dev/null", O_WRONLY), 2);
		execv("/usr/bin/cat", argv);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1 ? EACCES : 1;
}

static void a_named_program_runs_and_no_other(void **state)
{
	(void)state;
	const char *const tr[] = {"/usr/bin/tr", NULL}, *const cat[] = {"/usr/bin/cat", NULL};
	const struct tw_sandbox runs_tr = {.run = tr}, runs_cat = {.run = cat};
	assert_int_equal(attempt(&runs_tr, run_tr), 0);
	assert_int_equal(attempt(&runs_tr, spawn_tr), 0);
	assert_denied(&runs_tr, execute);
	assert_denied(&runs_tr, take_a_namespace);
	/* What it runs has no more rights than itself. */
	assert_denied(&runs_cat, cat_outside);
}

/* --- limits --- */

static int take_memory(void)
{
	return mmap(NULL, (size_t)2 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED
		       ? errno
		       : 0;
}

/* Whoever is root may, elsewhere. */
static int raise_a_limit(void)
{
	return tried(setrlimit(RLIMIT_CORE, &(struct rlimit){1 << 20, 1 << 20}));
}

static int see_a_limit(void)
{
	struct rlimit now = {1, 1};
	return tried(getrlimit(RLIMIT_CORE, &now)) || now.rlim_max ? 1 : 0;
}

static int spin(void)
{
	volatile uint64_t n = 1;
	while (n)
		n += 2;
	return 0;
}

static void memory_and_time_have_bounds(void **state)
{
	(void)state;
	const struct tw_sandbox small = {.memory = (int64_t)1 << 30};
	const struct tw_sandbox large = {.memory = (int64_t)4 << 30};
	const struct tw_sandbox brief = {.cpu_s = 1};
	if (MEMORY_HAS_A_BOUND)
		assert_int_equal(attempt(&small, take_memory), ENOMEM);
	assert_int_equal(attempt(&large, take_memory), 0);
	assert_int_equal(attempt(&nothing, see_a_limit), 0);
	assert_denied(&nothing, raise_a_limit);
	int rc = attempt(&brief, spin);
	assert_true(rc == 300 + SIGXCPU || rc == 300 + SIGKILL);
}

/* --- where the kernel has less --- */

/* As in a kernel without it: the call is not known. */
static void be_without(int call)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {4, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) != 0)
		_exit(201);
}

static int layers_without(int call)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		be_without(call);
		_exit((int)tw_sandbox_probe());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What runs programs but writes nothing opens nothing for writing, even where Landlock does not say which files. */
static void without_landlock_no_file_is_cut(void **state)
{
	(void)state;
	const char *const run[] = {"/usr/bin/tr", NULL};
	const struct tw_sandbox box = {.run = run};
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		be_without(SYS_landlock_create_ruleset);
		if (tw_sandbox_enter(&box) & TW_SANDBOX_FILES)
			_exit(200);
		_exit(tried(open(outside, O_WRONLY | O_TRUNC)));
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EPERM);
}

static void what_the_kernel_lacks_is_told_and_the_rest_stands(void **state)
{
	(void)state;
	struct tw_str s = TW_STR_INIT;
	assert_int_equal(tw_sandbox_probe(), TW_SANDBOX_ALL);
	assert_int_equal(layers_without(SYS_landlock_create_ruleset),
			 TW_SANDBOX_ALL & ~TW_SANDBOX_FILES);
	assert_int_equal(layers_without(SYS_prlimit64), TW_SANDBOX_ALL & ~TW_SANDBOX_LIMITS);
	tw_sandbox_lacks(&s, TW_SANDBOX_ALL);
	assert_string_equal(tw_str_c(&s), "");
	tw_sandbox_lacks(&s, TW_SANDBOX_CALLS | TW_SANDBOX_LIMITS);
	assert_non_null(strstr(tw_str_c(&s), "Landlock"));
	assert_null(strstr(tw_str_c(&s), "seccomp"));
	tw_str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_named_places_are_read),
		cmocka_unit_test(a_place_to_read_is_not_written_to),
		cmocka_unit_test(in_a_place_to_write_files_are_made_and_removed),
		cmocka_unit_test(no_socket_is_opened),
		cmocka_unit_test(no_process_is_started_or_touched),
		cmocka_unit_test(abort_still_ends_it),
		cmocka_unit_test(a_named_program_runs_and_no_other),
		cmocka_unit_test(memory_and_time_have_bounds),
		cmocka_unit_test(without_landlock_no_file_is_cut),
		cmocka_unit_test(what_the_kernel_lacks_is_told_and_the_rest_stands),
	};
	return cmocka_run_group_tests(tests, make_files, NULL);
}
