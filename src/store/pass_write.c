/* Writes a batch of a collection pass in one transaction. */
#include <string.h>

#include "base/time.h"
#include "store/pass_int.h"

/* Somebody else collected the same source since the pass began. */
static enum tw_status conflict(const struct tw_pass *p, struct tw_err *err)
{
	return tw_fail(err, TW_CONFLICT,
		       "source \"%s\" is being collected by another process too; run it again when "
		       "that is done",
		       p->source);
}

static enum tw_status is_taken(bool *out, struct tw_conn *c, const char *id, struct tw_err *err)
{
	int64_t n = 0;
	enum tw_status st = tw_sql_int(&n, c, err,
				       "SELECT (SELECT count(*) FROM documents WHERE doc = $1) + "
				       "(SELECT count(*) FROM forgotten WHERE doc = $1)",
				       V_TEXT(id));

	*out = n > 0;
	return st;
}

/* The first 16 digits of sha256(source, key, n); n > 0 when a renamed document has that id. */
static enum tw_status new_id(const char **out, struct tw_pass *p, struct tw_conn *c,
			     const char *key, struct tw_err *err)
{
	bool taken = true;
	enum tw_status st = TW_OK;

	for (int64_t n = 0; st == TW_OK && taken; n++) {
		struct tw_hasher *h = tw_hasher_new();
		tw_digest_str(h, p->source);
		tw_digest_str(h, key);
		tw_digest_i64(h, n);
		struct tw_digest d = tw_hasher_end(h);
		*out = tw_strndup(&p->arena, d.hex, 16);
		st = is_taken(&taken, c, *out, err);
	}
	return st;
}

static const char *text(const char *s)
{
	return s ? s : "";
}

static enum tw_status add_revision(struct tw_conn *c, const char *id, int64_t revision,
				   const struct tw_document *d, int64_t now, struct tw_err *err)
{
	return tw_sql_exec(
		c, err,
		"INSERT INTO revisions (doc, revision, digest, deleted, stored_ms, created_ms, "
		"modified_ms, title, author, url, lang, media, extra, body) "
		"VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		V_TEXT(id), V_INT(revision), V_TEXT(d->digest.hex), V_INT(now),
		V_INT(d->created_ms), V_INT(d->modified_ms), V_TEXT(text(d->title)),
		V_TEXT(text(d->author)), V_TEXT(text(d->url)), V_TEXT(text(d->lang)),
		V_TEXT(text(d->media)), V_TEXT(text(d->extra)), V_TEXTN(d->body.data, d->body.len));
}

static enum tw_status add_document(struct tw_pass *p, struct tw_conn *c, struct tw_pass_entry *e,
				   struct tw_err *err)
{
	enum tw_status st = new_id(&e->doc, p, c, e->key, err);

	if (st == TW_OK)
		st = tw_sql_exec(c, err,
				 "INSERT INTO documents "
				 "(doc, source, key, fingerprint, revision, digest, deleted) "
				 "VALUES ($1, $2, $3, $4, 1, $5, 0) ON CONFLICT DO NOTHING",
				 V_TEXT(e->doc), V_TEXT(p->source), V_TEXT(e->key),
				 V_TEXT(e->fingerprint), V_TEXT(e->digest));
	if (st == TW_OK && tw_sql_changes(c) != 1)
		st = conflict(p, err);
	return st;
}

static enum tw_status write_new(struct tw_pass *p, struct tw_conn *c, const struct tw_pass_op *op,
				int64_t now, struct tw_err *err)
{
	struct tw_pass_entry *e = &p->entries.at[op->entry];
	enum tw_status st = add_document(p, c, e, err);

	if (st == TW_OK)
		st = add_revision(c, e->doc, 1, &op->doc, now, err);
	return st == TW_OK ? tw_change_add(c, TW_DOCUMENTS_ID, e->doc, err) : st;
}

static enum tw_status write_copy(struct tw_pass *p, struct tw_conn *c, const struct tw_pass_op *op,
				 int64_t now, struct tw_err *err)
{
	struct tw_pass_entry *e = &p->entries.at[op->entry];
	const struct tw_pass_entry *from = &p->entries.at[op->from];
	enum tw_status st = add_document(p, c, e, err);

	if (st == TW_OK)
		st = tw_sql_exec(
			c, err,
			"INSERT INTO revisions (doc, revision, digest, deleted, stored_ms, "
			"created_ms, modified_ms, title, author, url, lang, media, extra, body) "
			"SELECT $1, 1, digest, 0, $2, created_ms, modified_ms, title, author, url, "
			"lang, media, extra, body FROM revisions WHERE doc = $3 AND revision = $4",
			V_TEXT(e->doc), V_INT(now), V_TEXT(from->doc),
			V_INT(from->revision_before));
	if (st == TW_OK && tw_sql_changes(c) != 1)
		st = conflict(p, err);
	return st == TW_OK ? tw_change_add(c, TW_DOCUMENTS_ID, e->doc, err) : st;
}

static enum tw_status write_revision(struct tw_pass *p, struct tw_conn *c,
				     const struct tw_pass_op *op, int64_t now, struct tw_err *err)
{
	struct tw_pass_entry *e = &p->entries.at[op->entry];
	enum tw_status st = tw_sql_exec(
		c, err,
		"UPDATE documents SET revision = $1, digest = $2, fingerprint = $3, deleted = 0 "
		"WHERE doc = $4 AND revision = $5",
		V_INT(e->revision + 1), V_TEXT(op->doc.digest.hex), V_TEXT(op->doc.fingerprint),
		V_TEXT(e->doc), V_INT(e->revision));

	if (st == TW_OK && tw_sql_changes(c) != 1)
		st = conflict(p, err);
	if (st == TW_OK)
		st = add_revision(c, e->doc, e->revision + 1, &op->doc, now, err);
	if (st == TW_OK)
		st = tw_change_add(c, TW_DOCUMENTS_ID, e->doc, err);
	if (st == TW_OK)
		e->revision++;
	return st;
}

/* The content stays, so nothing that was computed from it is out of date. */
static enum tw_status write_rename(struct tw_pass *p, struct tw_conn *c,
				   const struct tw_pass_op *op, struct tw_err *err)
{
	const struct tw_pass_entry *e = &p->entries.at[op->entry];
	const struct tw_pass_entry *from = &p->entries.at[op->from];
	enum tw_status st = tw_sql_exec(c, err,
					"UPDATE documents SET key = $1, fingerprint = $2 "
					"WHERE doc = $3 AND revision = $4 AND deleted = 0",
					V_TEXT(e->key), V_TEXT(e->fingerprint), V_TEXT(from->doc),
					V_INT(from->revision));

	if (st == TW_OK && tw_sql_changes(c) != 1)
		st = conflict(p, err);
	return st;
}

static enum tw_status write_op(struct tw_pass *p, struct tw_conn *c, const struct tw_pass_op *op,
			       int64_t now, struct tw_err *err)
{
	const struct tw_pass_entry *e = &p->entries.at[op->entry];

	switch (op->kind) {
	case TW_PASS_NEW:
		return write_new(p, c, op, now, err);
	case TW_PASS_COPY:
		return write_copy(p, c, op, now, err);
	case TW_PASS_REVISE:
		return write_revision(p, c, op, now, err);
	case TW_PASS_RENAME:
		return write_rename(p, c, op, err);
	case TW_PASS_TOUCH:
		return tw_sql_exec(c, err, "UPDATE documents SET fingerprint = $1 WHERE doc = $2",
				   V_TEXT(e->fingerprint), V_TEXT(e->doc));
	case TW_PASS_BURY:
		return tw_document_bury(c, e->doc, now, err);
	}
	return TW_OK;
}

static enum tw_status write_state(struct tw_pass *p, struct tw_conn *c, struct tw_err *err)
{
	const struct tw_map_slot *s;
	enum tw_status st = TW_OK;
	size_t it = 0;

	while (st == TW_OK && (s = tw_map_next(&p->dirty, &it)))
		st = tw_sql_exec(c, err,
				 "INSERT INTO source_state (source, name, value) "
				 "VALUES ($1, $2, $3) "
				 "ON CONFLICT (source, name) DO UPDATE SET value = excluded.value",
				 V_TEXT(p->source), V_TEXT(s->key), V_TEXT((const char *)s->v.p));
	return st;
}

enum tw_status tw_pass_write(struct tw_pass *p, bool state, struct tw_err *err)
{
	struct tw_conn *c;
	int64_t now = tw_now_ms();
	enum tw_status st = TW_OK;

	if (p->failed)
		return tw_fail(err, TW_IO, "an earlier batch of this pass could not be stored");
	if (p->ops.n == 0 && (!state || p->dirty.n == 0))
		return TW_OK;
	st = tw_db_write(&c, p->fs->db, err);
	if (st != TW_OK) {
		p->failed = true;
		return st;
	}
	for (size_t i = 0; st == TW_OK && i < p->ops.n; i++)
		st = write_op(p, c, &p->ops.at[i], now, err);
	if (st == TW_OK && state)
		st = write_state(p, c, err);
	st = tw_db_finish(c, st, err);
	p->failed = p->failed || st != TW_OK;
	if (st == TW_OK && state)
		tw_map_clear(&p->dirty);
	p->ops.n = 0;
	p->batch_bytes = 0;
	tw_arena_reset(&p->batch);
	return st;
}
