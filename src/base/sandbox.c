/* What a process may do, and its limits. Which files is in sandbox_landlock.c, which system calls in sandbox_libseccomp.c. */
#include "base/sandbox.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox_int.h"

#define MAX_FILES 512 /* open at once */

/* Their shadow takes terabytes of addresses. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SHADOW true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW true
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW false
#endif

/* Lowers, never raises. */
static bool limit(__rlimit_resource_t what, rlim_t to)
{
	struct rlimit now;
	if (getrlimit(what, &now) != 0)
		return false;
	if (now.rlim_max < to)
		to = now.rlim_max;
	return setrlimit(what, &(struct rlimit){to, to}) == 0;
}

static bool has_limit(__rlimit_resource_t what)
{
	struct rlimit now;
	return getrlimit(what, &now) == 0 && now.rlim_cur != RLIM_INFINITY;
}

/* Bytes of address space, 0 when that can't be seen: within another sandbox, whose limit holds. */
static rlim_t address_space(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &pages) != 1)
		pages = 0;
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* `used`: taken before files could no longer be opened. */
static bool set_limits(const struct tw_sandbox *box, rlim_t used)
{
	bool ok = limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, MAX_FILES);
	if (box->memory && !HAS_SHADOW)
		ok = (used ? limit(RLIMIT_AS, used + (rlim_t)box->memory) : has_limit(RLIMIT_AS)) &&
		     ok;
	if (box->file_size >= 0)
		ok = limit(RLIMIT_FSIZE, (rlim_t)box->file_size) && ok;
	if (box->cpu_s)
		ok = limit(RLIMIT_CPU, (rlim_t)box->cpu_s) && ok;
	if (!box->run)
		ok = limit(RLIMIT_NPROC, 0) && ok;
	return ok;
}

unsigned tw_sandbox_enter(const struct tw_sandbox *box)
{
	unsigned layers = 0;
	const rlim_t used = address_space();
	/* Both layers ask for it: what is executed later gains nothing by its set-user-id bit. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return set_limits(box, used) ? TW_SANDBOX_LIMITS : 0;
	layers |= tw_sandbox_files(box) ? TW_SANDBOX_FILES : 0;
	layers |= set_limits(box, used) ? TW_SANDBOX_LIMITS : 0;
	layers |= tw_sandbox_calls(box) ? TW_SANDBOX_CALLS : 0;
	return layers;
}

unsigned tw_sandbox_probe(void)
{
	const struct tw_sandbox box = {.memory = (int64_t)1 << 30};
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit((int)tw_sandbox_enter(&box));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 0;
	return (unsigned)WEXITSTATUS(status);
}

void tw_sandbox_lacks(struct tw_str *out, unsigned layers)
{
	static const struct {
		enum tw_sandbox_layer layer;
		const char *text;
	} all[] = {
		{TW_SANDBOX_FILES, "Landlock (it could open any file that you can)"},
		{TW_SANDBOX_CALLS, "seccomp (it could reach the network and start programs)"},
		{TW_SANDBOX_LIMITS, "limits (it could take all memory)"},
	};
	size_t before = out->len;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!(layers & all[i].layer))
			tw_str_addf(out, "%s%s", out->len > before ? ", " : "", all[i].text);
}

void tw_sandbox_warn(const char *what, unsigned layers)
{
	static atomic_bool told; /* it is the machine's, not that of one source */
	struct tw_str lacks = TW_STR_INIT;
	tw_sandbox_lacks(&lacks, layers);
	if (lacks.len && !atomic_exchange(&told, true))
		tw_warn("%s: what parses it is not shut in as it should be, since this system lacks %s; see "
			"`twin doctor`",
			what, lacks.data);
	tw_str_release(&lacks);
}
