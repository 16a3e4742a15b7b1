/* Names of files, and where things belong on this machine. */
#include "base/fs.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

char *tw_path_join(struct tw_arena *a, const char *dir, const char *name)
{
	if (name[0] == '/' || !dir[0])
		return tw_strdup(a, name);
	return tw_sprintf(a, "%s%s%s", dir, tw_ends_with(dir, "/") ? "" : "/", name);
}

char *tw_path_dir(struct tw_arena *a, const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/') /* trailing slashes */
		n--;
	while (n > 0 && path[n - 1] != '/') /* the name */
		n--;
	while (n > 1 && path[n - 1] == '/') /* what parted them */
		n--;
	return n ? tw_strndup(a, path, n) : tw_strdup(a, ".");
}

const char *tw_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *tw_path_ext(const char *path)
{
	const char *base = tw_path_base(path), *dot = strrchr(base, '.');

	return dot && dot != base ? dot + 1 : "";
}

static char *home(struct tw_arena *a)
{
	const char *env = getenv("HOME");
	struct passwd pw, *found = NULL;
	char buf[4096];

	if (env && env[0])
		return tw_strdup(a, env);
	if (getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found) == 0 && found && found->pw_dir)
		return tw_strdup(a, found->pw_dir);
	return tw_strdup(a, "/");
}

char *tw_expand_home(struct tw_arena *a, const char *path)
{
	if (strcmp(path, "~") == 0)
		return home(a);
	if (tw_starts_with(path, "~/"))
		return tw_path_join(a, home(a), path + 2);
	return tw_strdup(a, path);
}

char *tw_cache_dir(struct tw_arena *a)
{
	const char *env = getenv("XDG_CACHE_HOME");

	/* The XDG rules: a relative path there is to be ignored. */
	if (env && env[0] == '/')
		return tw_path_join(a, env, "twin");
	return tw_path_join(a, home(a), ".cache/twin");
}

int64_t tw_disk_free(const char *path)
{
	struct statvfs v;
	struct tw_arena a;
	char *p;
	int rc;

	tw_arena_init(&a);
	p = tw_strdup(&a, path[0] ? path : ".");
	/* What is yet to be made will lie on the file system of its nearest parent. */
	while ((rc = statvfs(p, &v)) < 0 && errno == ENOENT && strcmp(p, "/") && strcmp(p, "."))
		p = tw_path_dir(&a, p);
	tw_arena_release(&a);
	return rc < 0 ? -1 : (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}
