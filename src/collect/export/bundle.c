#include "collect/export/bundle_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/stop.h"
#include "collect/file/files_int.h"

struct bundle {
	const struct bundle_type *type;
	void *ctx;
	char head[BUNDLE_HEAD];
	size_t head_n, head_at;
	bool peeked;
};

static enum tw_status choose(const struct bundle_type **out, const char *path, struct tw_err *err)
{
	char head[512];
	struct tw_stat st;
	enum tw_status rc = tw_stat_path(&st, path, err);
	*out = &bundle_of_files;
	if (rc != TW_OK || st.is_dir)
		return rc;
	if (!st.is_file)
		return tw_fail(err, TW_BAD_USE, "%s: neither a folder nor a file", path);
	FILE *f = fopen(path, "rb");
	if (!f)
		return tw_fail_errno(err, TW_IO, "%s", path);
	if (archive_is_one(head, fread(head, 1, sizeof(head), f)))
		*out = &bundle_of_archive;
	fclose(f);
	return TW_OK;
}

enum tw_status bundle_open(struct bundle **out, const char *path, struct reports *reports,
			   struct tw_err *err)
{
	const struct bundle_type *type;
	void *ctx;
	enum tw_status st = choose(&type, path, err);
	if (st == TW_OK)
		st = type->open(&ctx, path, reports, err);
	if (st != TW_OK)
		return st;
	*out = tw_xcalloc(1, sizeof(**out));
	(*out)->type = type;
	(*out)->ctx = ctx;
	return TW_OK;
}

void bundle_close(struct bundle *b)
{
	if (!b)
		return;
	b->type->close(b->ctx);
	free(b);
}

static enum tw_status add_stamp(void *hasher, const char *rel, const struct tw_stat *st,
				const char *problem, struct tw_err *err TW_UNUSED)
{
	tw_digest_str(hasher, rel);
	tw_digest_str(hasher, problem);
	tw_digest_i64(hasher, st->size);
	tw_digest_i64(hasher, st->mtime_ns);
	return TW_OK;
}

enum tw_status bundle_stamp(struct tw_digest *out, const char *path, struct tw_err *err)
{
	struct tw_stat stat;
	enum tw_status st = tw_stat_path(&stat, path, err);
	if (st != TW_OK)
		return st;
	struct tw_hasher *h = tw_hasher_new();
	st = stat.is_dir ? tw_walk(path, NULL, add_stamp, h, err)
			 : add_stamp(h, tw_path_base(path), &stat, NULL, err);
	*out = tw_hasher_end(h);
	return st;
}

static void forget_head(struct bundle *b)
{
	b->head_n = b->head_at = 0;
	b->peeked = false;
}

enum tw_status bundle_next(struct bundle_entry *out, struct bundle *b, struct tw_err *err)
{
	forget_head(b);
	if (tw_stopping())
		return tw_fail(err, TW_CANCELLED, "stopped");
	return b->type->next(out, b->ctx, err);
}

enum tw_status bundle_rewind(struct bundle *b, struct tw_err *err)
{
	forget_head(b);
	return b->type->rewind(b->ctx, err);
}

enum tw_status bundle_peek(struct tw_bytes *head, struct bundle *b, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	size_t got = 1;
	while (st == TW_OK && got && !b->peeked && b->head_n < BUNDLE_HEAD) {
		st = b->type->read(b->ctx, b->head + b->head_n, BUNDLE_HEAD - b->head_n, &got, err);
		b->head_n += st == TW_OK ? got : 0;
	}
	b->peeked = true;
	*head = (struct tw_bytes){b->head, b->head_n};
	return st;
}

enum tw_status bundle_read(void *bundle, void *buf, size_t cap, size_t *got, struct tw_err *err)
{
	struct bundle *b = bundle;
	*got = 0;
	if (tw_stopping())
		return tw_fail(err, TW_CANCELLED, "stopped");
	if (b->head_at == b->head_n)
		return b->type->read(b->ctx, buf, cap, got, err);
	*got = b->head_n - b->head_at < cap ? b->head_n - b->head_at : cap;
	memcpy(buf, b->head + b->head_at, *got);
	b->head_at += *got;
	return TW_OK;
}

enum tw_status bundle_read_all(struct tw_str *out, struct bundle *b, size_t max, struct tw_err *err)
{
	char *buf = tw_xmalloc((size_t)1 << 16);
	size_t got = 1, before = out->len;
	enum tw_status st = TW_OK;
	while (st == TW_OK && got) {
		st = bundle_read(b, buf, (size_t)1 << 16, &got, err);
		if (st == TW_OK && out->len - before + got > max)
			st = tw_fail(err, TW_SKIPPED, "more than %zu MiB", max >> 20);
		if (st == TW_OK)
			tw_str_add(out, buf, got);
	}
	free(buf);
	return st;
}

static bool has_dots(const char *name)
{
	for (const char *p = name; *p; p += strcspn(p, "/")) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || !p[2]))
			return true;
	}
	return false;
}

const char *bundle_clean_name(const char *name, struct tw_arena *a)
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
