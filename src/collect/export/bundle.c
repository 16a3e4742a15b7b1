#include "collect/export/bundle_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/stop.h"
#include "collect/archive/unpack_int.h"

struct bundle {
	const struct bundle_type *type;
	void *ctx;
	char head[BUNDLE_HEAD];
	size_t head_n, head_at;
	bool peeked;
	const struct tw_source_host *host; /* is told where we are; NULL: nobody */
	struct tw_str part;		   /* the name of the entry, for it */
	bool left_out;
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
	if (unpack_knows(head, fread(head, 1, sizeof(head), f)))
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
	tw_str_release(&b->part);
	free(b);
}

void bundle_watch(struct bundle *b, const struct tw_source_host *host)
{
	b->host = host;
}

bool bundle_left_out(const struct bundle *b)
{
	return b->left_out;
}

bool bundle_is_archive(const struct bundle *b)
{
	return b->type == &bundle_of_archive;
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

/* As a part of the export, with documents that are not known yet. */
static bool ended_a_parser(struct bundle *b, const char *name)
{
	if (!b->host)
		return false;
	tw_str_clear(&b->part);
	tw_str_addf(&b->part, "%s/", name);
	return tw_source_enter(b->host, b->part.data, NULL) != TW_OK;
}

enum tw_status bundle_next(struct bundle_entry *out, struct bundle *b, struct tw_err *err)
{
	enum tw_status st;
	for (;;) {
		forget_head(b);
		if (tw_stopping())
			return tw_fail(err, TW_CANCELLED, "stopped");
		st = b->type->next(out, b->ctx, err);
		if (st != TW_OK || !ended_a_parser(b, out->name))
			return st;
		b->left_out = true;
	}
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
	if (b->head_at == b->head_n) {
		enum tw_status st = b->type->read(b->ctx, buf, cap, got, err);
		if (st == TW_OK && *got && b->host)
			tw_source_alive(b->host);
		return st;
	}
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
