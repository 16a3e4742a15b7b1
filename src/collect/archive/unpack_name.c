/* Names of files in archives, as they may be used. */
#include <string.h>

#include "base/str.h"
#include "collect/archive/unpack_int.h"
#include "collect/file/files_int.h"

static bool has_dots(const char *name)
{
	for (const char *p = name; *p; p += strcspn(p, "/")) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

const char *unpack_clean_name(const char *name, struct tw_arena *a)
{
	char *copy = tw_strdup(a, name);
	for (char *p = copy; (p = strchr(p, '\\'));)
		*p = '/';
	bool drive = copy[0] && copy[1] == ':' && (copy[2] == '/' || !copy[2]);
	if (copy[0] == '/' || drive || has_dots(copy))
		return NULL;
	while (tw_starts_with(copy, "./"))
		copy += 2;
	return *copy ? key_from_path(copy, a) : NULL;
}
