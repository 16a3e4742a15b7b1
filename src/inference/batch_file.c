#include "inference/batch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/stop.h"

/* getline() with a bound: what does not fit is read and dropped. False at the end of the file. */
static bool read_line(FILE *f, struct tw_str *out, bool *too_long)
{
	int c = EOF;
	bool any = false;
	*too_long = false;
	while ((c = getc_unlocked(f)) != EOF && c != '\n') {
		any = true;
		if (out->len < TW_BATCH_LINE_MAX)
			tw_str_addc(out, (char)c);
		else
			*too_long = true;
	}
	return any || c == '\n';
}

enum tw_status tw_batch_file_read(struct tw_batch_file *f, struct tw_str *text, int64_t *line,
				  struct tw_err *err)
{
	bool too_long;
	while (read_line(f->in, text, &too_long)) {
		*line = ++f->line;
		if (too_long)
			return tw_fail(err, TW_SKIPPED, "the line is longer than %d bytes",
				       TW_BATCH_LINE_MAX);
		tw_str_trim(text);
		if (text->len > 0)
			return TW_OK;
		tw_str_clear(text);
	}
	if (ferror(f->in))
		return tw_fail_errno(err, TW_IO, "reading %s", f->in_path);
	return TW_DONE;
}

static enum tw_status count_lines(struct tw_batch_file *f, struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT;
	enum tw_status st;
	int64_t line;
	do {
		tw_str_clear(&text);
		struct tw_err skipped = TW_ERR_INIT;
		st = tw_batch_file_read(f, &text, &line, &skipped);
		if (st == TW_IO)
			tw_fail(err, st, "%s", skipped.msg);
		f->lines += st == TW_OK || st == TW_SKIPPED;
	} while (st == TW_OK || st == TW_SKIPPED);
	tw_str_release(&text);
	rewind(f->in);
	f->line = 0;
	return st == TW_DONE ? TW_OK : st;
}

/* Takes note of one line of the part file; false when it is not one that we wrote. */
static bool note_line(struct tw_batch_file *f, const char *text, size_t len, struct tw_arena *a)
{
	struct tw_json *v;
	if (tw_json_parse(&v, text, len, a, NULL) != TW_OK)
		return false;
	int64_t line = tw_json_int(tw_json_get(v, "line"), 0);
	if (line <= f->done)
		return false;
	f->done = line;
	if (tw_json_get(v, "error"))
		f->failed++;
	else
		f->answered++;
	const char *id = tw_json_str(tw_json_get(v, "prediction"), "");
	if (id[0])
		tw_map_set_int(&f->predictions, id, 1);
	return true;
}

/* Reads what an earlier run left, and cuts off what is not whole. */
static enum tw_status resume(struct tw_batch_file *f, struct tw_err *err)
{
	struct tw_str part = TW_STR_INIT;
	struct tw_arena a;
	size_t good = 0;
	tw_arena_init(&a);
	enum tw_status st = tw_read_file(&part, f->part_path, 0, err);
	while (st == TW_OK && good < part.len) {
		const char *start = part.data + good;
		const char *end = memchr(start, '\n', part.len - good);
		if (!end || !note_line(f, start, (size_t)(end - start), &a))
			break;
		good += (size_t)(end - start) + 1;
		tw_arena_reset(&a);
	}
	if (st == TW_OK && good < part.len && ftruncate(f->fd, (off_t)good) != 0)
		st = tw_fail_errno(err, TW_IO, "cutting %s to its last whole line", f->part_path);
	if (st == TW_OK && lseek(f->fd, (off_t)good, SEEK_SET) < 0)
		st = tw_fail_errno(err, TW_IO, "%s", f->part_path);
	tw_arena_release(&a);
	tw_str_release(&part);
	return st;
}

/* --- opening --- */

static enum tw_status copy_all(int to, int from, const char *name, struct tw_err *err)
{
	char buf[1 << 16];
	for (;;) {
		ssize_t n = read(from, buf, sizeof(buf));
		if (n < 0 && errno == EINTR && !tw_stopping())
			continue;
		if (n < 0 && errno == EINTR)
			return tw_fail(err, TW_CANCELLED, "stopped while reading %s", name);
		if (n < 0)
			return tw_fail_errno(err, TW_IO, "reading %s", name);
		if (n == 0)
			return TW_OK;
		for (ssize_t at = 0, put; at < n; at += put)
			if ((put = write(to, buf + at, (size_t)(n - at))) < 0)
				return tw_fail_errno(err, TW_IO, "copying %s", name);
	}
}

static enum tw_status spool(struct tw_batch_input *i, const char *out, struct tw_arena *a,
			    struct tw_err *err)
{
	char *path = tw_sprintf(a, "%s.XXXXXX", out);
	int from = open(i->path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return tw_fail_errno(err, TW_IO, "%s", i->name);
	enum tw_status st = TW_OK;
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		st = tw_fail_errno(err, TW_IO, "%s", path);
	} else {
		unlink(path);
		i->fd = fd;
		i->path = tw_sprintf(a, "/proc/self/fd/%d", fd);
		st = copy_all(fd, from, i->name, err);
	}
	close(from);
	return st;
}

enum tw_status tw_batch_input_open(struct tw_batch_input *i, const char *in, const char *out,
				   struct tw_arena *a, struct tw_err *err)
{
	struct stat s;
	*i = (struct tw_batch_input){.name = in, .path = strcmp(in, "-") == 0 ? "/dev/stdin" : in};
	bool once = stat(i->path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
	return once ? spool(i, out, a, err) : TW_OK;
}

void tw_batch_input_close(struct tw_batch_input *i)
{
	if (i->fd > 0)
		close(i->fd);
}

/* A device would be replaced by a file. */
static enum tw_status check_out(const char *out, struct tw_err *err)
{
	struct stat s;
	if (tw_is_dir(out))
		return tw_fail(err, TW_BAD_USE, "%s is a folder; name a file to write to", out);
	if (tw_starts_with(out, "/dev/") || (stat(out, &s) == 0 && !S_ISREG(s.st_mode)))
		return tw_fail(err, TW_BAD_USE, "%s is no file; name one to write to", out);
	return TW_OK;
}

static bool same_file(int fd, const char *path)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

enum tw_status tw_batch_file_open(struct tw_batch_file *f, const struct tw_batch_input *in,
				  const char *out, const char *digest, struct tw_arena *a,
				  struct tw_err *err)
{
	f->fd = -1;
	f->in_path = in->name;
	f->out_path = out;
	f->part_path = tw_sprintf(a, "%s.%.12s.part", out, digest);
	enum tw_status st = check_out(out, err);
	if (st != TW_OK)
		return st;
	f->in = fopen(in->path, "rb");
	if (!f->in)
		return tw_fail_errno(err, errno == ENOENT ? TW_NOT_FOUND : TW_IO, "%s", in->name);
	if (same_file(fileno(f->in), out))
		return tw_fail(err, TW_BAD_USE, "%s is the input; name another file to write to",
			       out);
	st = count_lines(f, err);
	if (st != TW_OK)
		return st;
	f->fd = open(f->part_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (f->fd < 0)
		return tw_fail_errno(err, TW_IO, "%s", f->part_path);
	return resume(f, err);
}

enum tw_status tw_batch_file_write(struct tw_batch_file *f, struct tw_str *line, struct tw_err *err)
{
	tw_str_addc(line, '\n');
	for (size_t at = 0; at < line->len;) {
		ssize_t n = write(f->fd, line->data + at, line->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tw_fail_errno(err, TW_IO, "writing %s", f->part_path);
		at += (size_t)n;
	}
	if (fdatasync(f->fd) != 0 && errno != EINVAL)
		return tw_fail_errno(err, TW_IO, "writing %s", f->part_path);
	return TW_OK;
}

enum tw_status tw_batch_file_finish(struct tw_batch_file *f, struct tw_err *err)
{
	if (fsync(f->fd) != 0 && errno != EINVAL)
		return tw_fail_errno(err, TW_IO, "writing %s", f->part_path);
	if (rename(f->part_path, f->out_path) != 0)
		return tw_fail_errno(err, TW_IO, "renaming %s to %s", f->part_path, f->out_path);
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = tw_sync_folder(tw_path_dir(&a, f->out_path), err);
	tw_arena_release(&a);
	return st;
}

void tw_batch_file_close(struct tw_batch_file *f)
{
	if (f->in)
		fclose(f->in);
	if (f->fd > 0)
		close(f->fd);
	tw_map_release(&f->predictions);
}
