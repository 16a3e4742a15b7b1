/* An export as it was downloaded: a ZIP or tar. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/archive/unpack_int.h"
#include "collect/export/bundle_int.h"

struct in_archive {
	struct unpack *unpack;
	char *path;
	struct reports *reports;
};

static void say_left_out(void *ctx, const char *name, const char *why)
{
	struct in_archive *f = ctx;
	struct tw_str shown = TW_STR_INIT;
	tw_text_plain(&shown, name, strlen(name), "");
	report(f->reports, "%s: %.300s is left out: %s", f->path, tw_str_c(&shown), why);
	tw_str_release(&shown);
}

static enum tw_status name_it(const struct in_archive *f, enum tw_status st, struct tw_err *err)
{
	if (st == TW_UNSUPPORTED) {
		tw_err_clear(err);
		return tw_fail(err, st,
			       "%s is encrypted; unpack it with its password, and give the folder "
			       "as path",
			       f->path);
	}
	return st == TW_OK || st == TW_DONE ? st : tw_wrap(err, st, "%s", f->path);
}

static void archive_end(void *ctx)
{
	struct in_archive *f = ctx;
	unpack_close(f->unpack);
	free(f->path);
	free(f);
}

static enum tw_status archive_begin(void **out, const char *path, struct reports *reports,
				    struct tw_err *err)
{
	struct in_archive *f = tw_xcalloc(1, sizeof(*f));
	f->path = tw_xstrdup(path);
	f->reports = reports;
	*out = f;
	enum tw_status st = name_it(f, unpack_file(&f->unpack, path, say_left_out, f, err), err);
	if (st != TW_OK)
		archive_end(f);
	return st;
}

static enum tw_status archive_step(struct bundle_entry *out, void *ctx, struct tw_err *err)
{
	struct in_archive *f = ctx;
	struct unpack_entry e = {0};
	enum tw_status st = unpack_next(&e, f->unpack, err);
	*out = (struct bundle_entry){e.name, e.size, e.modified_ms};
	return name_it(f, st, err);
}

static enum tw_status archive_take(void *ctx, void *buf, size_t cap, size_t *got,
				   struct tw_err *err)
{
	struct in_archive *f = ctx;
	return name_it(f, unpack_read(f->unpack, buf, cap, got, err), err);
}

static enum tw_status archive_again(void *ctx, struct tw_err *err)
{
	struct in_archive *f = ctx;
	return name_it(f, unpack_rewind(f->unpack, err), err);
}

const struct bundle_type bundle_of_archive = {
	.open = archive_begin,
	.next = archive_step,
	.read = archive_take,
	.rewind = archive_again,
	.close = archive_end,
};
