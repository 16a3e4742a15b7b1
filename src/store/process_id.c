#include "store/process_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"

static void read_line(char *out, size_t cap, const char *path)
{
	struct tw_str s = TW_STR_INIT;

	out[0] = '\0';
	if (tw_read_file(&s, path, 0, NULL) == TW_OK) {
		tw_str_trim(&s);
		snprintf(out, cap, "%s", tw_str_c(&s));
	}
	tw_str_release(&s);
}

/* Clock ticks since boot at which the process started; 0: there is none. proc(5): the name in brackets may hold anything. */
static uint64_t start_of(int64_t pid)
{
	char path[64], stat[2048];
	const char *p;
	uint64_t start = 0;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	read_line(stat, sizeof(stat), path);
	p = strrchr(stat, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (p)
		sscanf(p, "%" SCNu64, &start);
	return start;
}

static void boot_and_namespace(char *boot, char *ns, size_t cap)
{
	read_line(boot, cap, "/proc/sys/kernel/random/boot_id");
	ssize_t n = readlink("/proc/self/ns/pid", ns, cap - 1);
	ns[n > 0 ? n : 0] = '\0';
}

char *tw_process_id(struct tw_arena *a)
{
	char boot[64], ns[64];
	int64_t pid = getpid();

	boot_and_namespace(boot, ns, sizeof(boot));
	return tw_sprintf(a, "%s %s %" PRId64 " %" PRIu64, boot[0] ? boot : "-", ns[0] ? ns : "-",
			  pid, start_of(pid));
}

bool tw_process_gone(const char *id)
{
	char boot[64], ns[64], its_boot[64], its_ns[64];
	int64_t pid;
	uint64_t start;

	boot_and_namespace(boot, ns, sizeof(boot));
	if (sscanf(id, "%63s %63s %" SCNd64 " %" SCNu64, its_boot, its_ns, &pid, &start) != 4)
		return true;
	if (strcmp(boot, its_boot) != 0)
		return true;
	if (strcmp(ns, its_ns) != 0)
		return false;
	return start_of(pid) != start;
}
