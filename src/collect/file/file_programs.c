/* Programs that kinds of files are read with, for those sources that may meet such files. */
#include <string.h>
#include <strings.h>

#include "base/filter.h"
#include "base/fs.h"
#include "collect/file/files_int.h"

/* Whether a file with this extension could match: the pattern ends in it, or in anything. */
static bool could_match(const char *pattern, const char *ext)
{
	const char *last = tw_path_base(pattern), *dot = strrchr(last, '.');
	return !dot || strpbrk(dot, "*?[") || strcasecmp(dot + 1, ext) == 0;
}

static bool could_meet(const struct file_format *f, const struct file_rules *r, const char *path)
{
	if (path && file_has_ext(path, f->exts))
		return true;
	for (const char *const *ext = f->exts; *ext; ext++)
		for (size_t i = 0; i < r->include.n; i++)
			if (could_match(r->include.at[i], *ext))
				return true;
	return false;
}

void file_needs(struct tw_source_needs *out, const struct file_rules *r, const char *path)
{
	struct tw_arena a;
	tw_arena_init(&a);
	for (const struct file_format *const *f = file_formats; *f; f++) {
		const char *program = (*f)->program && could_meet(*f, r, path)
					      ? tw_filter_find((*f)->program, &a)
					      : NULL;
		if (program)
			tw_str_addf(&out->run, "%s\n", program);
	}
	tw_arena_release(&a);
}
