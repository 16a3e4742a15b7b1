/*
 * Which files a process may open, by the kernel's Landlock (Documentation/userspace-api/landlock.rst): what no rule names
 * is denied. Later versions of its interface know more rights; each is used where it is there.
 */
#include <fcntl.h>
#include <link.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sandbox_int.h"

/* Of later versions than the header of this system may have. */
#define FS_TRUNCATE  (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND     (UINT64_C(1) << 0)
#define NET_CONNECT  (UINT64_C(1) << 1)
#define SCOPE_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define FS_OF_V1 (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)
#define READ	 (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RUN	 (READ | LANDLOCK_ACCESS_FS_EXECUTE)
#define NEVER_MADE                                                      \
	(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO)
#define WRITE                                                                                \
	((FS_OF_V1 | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE) & ~LANDLOCK_ACCESS_FS_EXECUTE & \
	 ~NEVER_MADE)
/* Rights that a file can have; the others are a folder's. */
#define OF_FILES                                                      \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset {
	int fd;
	uint64_t fs, net, scoped; /* handled: denied unless a rule allows it */
};

static int open_ruleset(struct ruleset *r, bool sockets)
{
	const long abi =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return -1;
	r->fs = FS_OF_V1 | (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) |
		(abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
	r->net = abi >= 4 ? NET_BIND | (sockets ? 0 : NET_CONNECT) : 0;
	r->scoped = abi >= 6 ? SCOPE_SOCKET | SCOPE_SIGNAL : 0;
	const uint64_t attr[3] = {r->fs, r->net, r->scoped}; /* struct landlock_ruleset_attr */
	const size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	r->fd = (int)syscall(SYS_landlock_create_ruleset, attr, size, 0);
	return r->fd;
}

/* What is not there, or may not be looked at, needs no rule. */
static void allow(const struct ruleset *r, const char *path, uint64_t rights)
{
	struct stat sb;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &sb) == 0) {
		const struct landlock_path_beneath_attr rule = {
			.allowed_access =
				rights & r->fs & (S_ISDIR(sb.st_mode) ? ~UINT64_C(0) : OF_FILES),
			.parent_fd = fd};
		syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(fd);
}

static void allow_all(const struct ruleset *r, const char *const *paths, uint64_t rights)
{
	for (; paths && *paths; paths++)
		allow(r, *paths, rights);
}

/* The loader of this program is that of the others, too. */
static int allow_loader(struct dl_phdr_info *info, size_t size TW_UNUSED, void *ruleset)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			allow(ruleset, (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
			      RUN);
	return 1; /* the first is the program itself */
}

/* What every installation holds: libraries, their data, time zones. */
static const char *const public_places[] = {
	"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", NULL};

bool tw_sandbox_files(const struct tw_sandbox *box)
{
	struct ruleset r;
	if (open_ruleset(&r, box->sockets) < 0)
		return false;
	allow_all(&r, public_places, READ);
	allow(&r, "/dev/null", READ | LANDLOCK_ACCESS_FS_WRITE_FILE);
	allow_all(&r, box->read, READ);
	allow_all(&r, box->write, WRITE);
	allow_all(&r, box->run, RUN);
	if (box->run)
		dl_iterate_phdr(allow_loader, &r);
	const long rc = syscall(SYS_landlock_restrict_self, r.fd, 0);
	close(r.fd);
	return rc == 0;
}
