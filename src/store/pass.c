/* A collection pass over one source: what each document that was seen means. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/pass_int.h"

#define BATCH_DOCS  256
#define BATCH_BYTES ((size_t)8 << 20)
#define BODY_MAX    ((size_t)512 << 20)

/* --- beginning --- */

static size_t add_entry(struct tw_pass *p, const char *key)
{
	const struct tw_pass_entry e = {.key = tw_strdup(&p->arena, key), .same = -1};
	size_t i = p->entries.n;

	tw_vec_push(&p->entries, e);
	tw_map_set_int(&p->by_key, key, (int64_t)i);
	return i;
}

static struct tw_pass_entry *entry_of(struct tw_pass *p, const char *key)
{
	int64_t i = tw_map_get_int(&p->by_key, key, -1);

	return i < 0 ? NULL : &p->entries.at[i];
}

/* Columns: doc, key, fingerprint, revision, digest, deleted. */
static void load_entry(struct tw_pass *p, struct tw_stmt *q)
{
	size_t i = add_entry(p, tw_col_str(q, 1, &p->arena));
	struct tw_pass_entry *e = &p->entries.at[i];
	struct tw_bytes digest = tw_col_text(q, 4);

	e->doc = tw_col_str(q, 0, &p->arena);
	e->fingerprint = tw_col_str(q, 2, &p->arena);
	e->revision = e->revision_before = tw_col_int(q, 3);
	e->live = tw_col_int(q, 5) == 0;
	if (!e->live || digest.len != TW_DIGEST_LEN)
		return;
	memcpy(e->digest, digest.data, TW_DIGEST_LEN);
	e->same = tw_map_get_int(&p->by_digest, e->digest, -1);
	tw_map_set_int(&p->by_digest, e->digest, (int64_t)i);
}

static enum tw_status load_entries(struct tw_pass *p, struct tw_conn *c, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(
		&q, c, err,
		"SELECT doc, key, fingerprint, revision, digest, deleted FROM documents "
		"WHERE source = $1 ORDER BY key DESC",
		V_TEXT(p->source));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK)
		load_entry(p, q);
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status load_state(struct tw_pass *p, struct tw_conn *c, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st =
		tw_sql_query(&q, c, err, "SELECT name, value FROM source_state WHERE source = $1",
			     V_TEXT(p->source));

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK)
		tw_map_set(&p->state, tw_col_str(q, 0, &p->arena), tw_col_str(q, 1, &p->arena));
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status load_digests(struct tw_map *out, const char *sql, struct tw_conn *c,
				   struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err, sql);

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK)
		tw_map_set_int(out, tw_col_text(q, 0).data, 1);
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status load_forgotten(struct tw_pass *p, struct tw_conn *c, struct tw_err *err)
{
	enum tw_status st = load_digests(&p->forgotten, "SELECT digest FROM forgotten", c, err);

	if (st != TW_OK)
		return st;
	return load_digests(&p->forgotten_texts, "SELECT digest FROM forgotten_texts", c, err);
}

enum tw_status tw_pass_begin(struct tw_pass **out, struct tw_feature_store *fs, const char *source,
			     struct tw_err *err)
{
	struct tw_pass *p;
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	p = tw_xcalloc(1, sizeof(*p));
	p->fs = fs;
	tw_arena_init(&p->arena);
	tw_arena_init(&p->batch);
	p->source = tw_strdup(&p->arena, source);
	st = load_entries(p, c, err);
	if (st == TW_OK)
		st = load_state(p, c, err);
	if (st == TW_OK)
		st = load_forgotten(p, c, err);
	tw_db_read_end(c);
	if (st == TW_OK)
		*out = p;
	else
		tw_pass_abort(p);
	return st;
}

void tw_pass_abort(struct tw_pass *p)
{
	if (!p)
		return;
	tw_vec_release(&p->entries);
	tw_vec_release(&p->deferred);
	tw_vec_release(&p->ops);
	tw_map_release(&p->by_key);
	tw_map_release(&p->by_digest);
	tw_map_release(&p->state);
	tw_map_release(&p->dirty);
	tw_map_release(&p->forgotten);
	tw_map_release(&p->forgotten_texts);
	tw_arena_release(&p->batch);
	tw_arena_release(&p->arena);
	free(p);
}

/* --- what a source may ask --- */

const char *tw_pass_known(struct tw_pass *p, const char *key)
{
	const struct tw_pass_entry *e = entry_of(p, key);

	return e && e->live ? e->fingerprint : NULL;
}

const char *tw_pass_state(struct tw_pass *p, const char *name)
{
	return tw_map_get(&p->state, name);
}

void tw_pass_set_state(struct tw_pass *p, const char *name, const char *value)
{
	char *copy;

	if (tw_streq(value, tw_pass_state(p, name)))
		return;
	copy = tw_strdup(&p->arena, value ? value : "");
	tw_map_set(&p->state, name, copy);
	tw_map_set(&p->dirty, name, copy);
}

/* --- what was seen --- */

static void copy_document(struct tw_document *to, const struct tw_document *from,
			  struct tw_arena *a)
{
	*to = *from;
	to->fingerprint = tw_strdup(a, from->fingerprint);
	to->title = tw_strdup(a, from->title);
	to->author = tw_strdup(a, from->author);
	to->url = tw_strdup(a, from->url);
	to->lang = tw_strdup(a, from->lang);
	to->media = tw_strdup(a, from->media);
	to->extra = tw_strdup(a, from->extra);
	to->body.data = tw_strndup(a, from->body.data ? from->body.data : "", from->body.len);
}

static enum tw_status add_op(struct tw_pass *p, enum tw_pass_kind kind, size_t entry,
			     const struct tw_document *doc, const struct tw_digest *digest,
			     struct tw_err *err)
{
	struct tw_pass_op op = {.kind = kind, .entry = entry};

	if (doc) {
		copy_document(&op.doc, doc, &p->batch);
		op.doc.digest = *digest;
		p->batch_bytes += doc->body.len;
	}
	tw_vec_push(&p->ops, op);
	if (p->ops.n >= BATCH_DOCS || p->batch_bytes >= BATCH_BYTES)
		return tw_pass_write(p, false, err);
	return TW_OK;
}

static bool all_utf8(const struct tw_document *d)
{
	const char *const s[] = {d->key, d->fingerprint, d->title, d->author,
				 d->url, d->lang,	 d->media, d->extra};

	for (size_t i = 0; i < sizeof(s) / sizeof(*s); i++)
		if (s[i] && !tw_utf8_valid(s[i], strlen(s[i])))
			return false;
	return d->body.len == 0 || tw_utf8_valid(d->body.data, d->body.len);
}

static enum tw_status skip(struct tw_pass *p, const char *key, struct tw_err *err, const char *why)
{
	tw_pass_skip(p, key);
	return tw_fail(err, TW_SKIPPED, "%s: %s", key, why);
}

/* TW_SKIPPED for what can't be stored. */
static enum tw_status judge(struct tw_pass *p, const struct tw_document *d, struct tw_err *err)
{
	const struct tw_pass_entry *e = entry_of(p, d->key);

	if (p->forgotten.n && tw_map_has(&p->forgotten, tw_forgotten_digest(p->source, d->key).hex))
		return skip(p, d->key, err, "is left out, since it was to be forgotten");
	if (e && e->seen)
		return skip(p, d->key, err, "came twice in one pass; the first one is kept");
	if (d->unchanged)
		return e && e->live ? TW_OK
				    : skip(p, d->key, err,
					   "is said to be unchanged but is not in the store");
	if (d->body.len > BODY_MAX)
		return skip(p, d->key, err, "is larger than 512 MiB");
	if (!all_utf8(d))
		return skip(p, d->key, err, "is not valid UTF-8");
	return TW_OK;
}

/* Text that was forgotten under another key. A document that has it already, and always had, stays as it is. */
static bool brings_back(const struct tw_pass *p, const struct tw_pass_entry *e,
			const struct tw_document *d, const struct tw_digest *digest)
{
	if (!p->forgotten_texts.n || (e && e->live && strcmp(e->digest, digest->hex) == 0))
		return false;
	return tw_map_has(&p->forgotten_texts,
			  tw_forgotten_text_digest(d->body.data, d->body.len).hex);
}

/* A live document that had this content when the pass began and was not seen so far, or -1. What was seen stays seen: the
 * next search begins behind it, or many documents with one content would be looked through for each of them. The last
 * one stays, so that it can be copied. */
static int64_t unseen_with(struct tw_pass *p, const char *digest)
{
	const int64_t first = tw_map_get_int(&p->by_digest, digest, -1);
	int64_t i = first;

	if (i < 0)
		return -1;
	while (p->entries.at[i].seen && p->entries.at[i].same >= 0)
		i = p->entries.at[i].same;
	if (i != first)
		tw_map_set_int(&p->by_digest, digest, i);
	return p->entries.at[i].seen ? -1 : i;
}

static enum tw_status put_new(struct tw_pass *p, const struct tw_document *d,
			      const struct tw_digest *digest, enum tw_put *outcome,
			      struct tw_err *err)
{
	bool renamed = unseen_with(p, digest->hex) >= 0;
	size_t i = add_entry(p, d->key);
	struct tw_pass_entry *e = &p->entries.at[i];

	e->fingerprint = tw_strdup(&p->arena, d->fingerprint);
	memcpy(e->digest, digest->hex, sizeof(e->digest));
	e->live = e->seen = true;
	e->revision = 1;
	if (renamed) {
		*outcome = TW_PUT_DEFERRED;
		tw_vec_push(&p->deferred, i);
		return TW_OK;
	}
	*outcome = TW_PUT_NEW;
	p->stats.added++;
	return add_op(p, TW_PASS_NEW, i, d, digest, err);
}

static enum tw_status put_known(struct tw_pass *p, struct tw_pass_entry *e,
				const struct tw_document *d, const struct tw_digest *digest,
				enum tw_put *outcome, struct tw_err *err)
{
	size_t i = (size_t)(e - p->entries.at);
	bool touched = !tw_streq(e->fingerprint, d->fingerprint);

	e->seen = true;
	if (touched)
		e->fingerprint = tw_strdup(&p->arena, d->fingerprint);
	if (e->live && strcmp(e->digest, digest->hex) == 0) {
		*outcome = TW_PUT_UNCHANGED;
		p->stats.unchanged++;
		return touched ? add_op(p, TW_PASS_TOUCH, i, NULL, NULL, err) : TW_OK;
	}
	*outcome = e->live ? TW_PUT_CHANGED : TW_PUT_NEW;
	if (e->live)
		p->stats.changed++;
	else
		p->stats.added++;
	e->live = true;
	memcpy(e->digest, digest->hex, sizeof(e->digest));
	return add_op(p, TW_PASS_REVISE, i, d, digest, err);
}

enum tw_status tw_pass_put(struct tw_pass *p, const struct tw_document *doc, enum tw_put *outcome,
			   struct tw_err *err)
{
	enum tw_put ignored;
	struct tw_pass_entry *e;
	enum tw_status st = judge(p, doc, err);

	if (st != TW_OK)
		return st;
	if (!outcome)
		outcome = &ignored;
	e = entry_of(p, doc->key);
	if (doc->unchanged) {
		e->seen = true;
		*outcome = TW_PUT_UNCHANGED;
		p->stats.unchanged++;
		return TW_OK;
	}
	struct tw_digest digest = tw_document_digest(doc);
	if (brings_back(p, e, doc, &digest))
		return skip(p, doc->key, err, "is left out, since its text was to be forgotten");
	return e ? put_known(p, e, doc, &digest, outcome, err)
		 : put_new(p, doc, &digest, outcome, err);
}

void tw_pass_keep_all(struct tw_pass *p)
{
	for (size_t i = 0; i < p->entries.n; i++) {
		struct tw_pass_entry *e = &p->entries.at[i];
		p->stats.unchanged += e->live && !e->seen;
		e->seen |= e->live;
	}
}

void tw_pass_skip(struct tw_pass *p, const char *key)
{
	struct tw_pass_entry *e = key ? entry_of(p, key) : NULL;

	p->stats.skipped++;
	if (e)
		e->seen = true;
}

bool tw_pass_seen(struct tw_pass *p, const char *key)
{
	const struct tw_pass_entry *e = entry_of(p, key);

	return e && e->seen;
}

enum tw_status tw_pass_commit(struct tw_pass *p, struct tw_err *err)
{
	return tw_pass_write(p, true, err);
}

/* --- the end --- */

static enum tw_status settle_deferred(struct tw_pass *p, bool complete, struct tw_err *err)
{
	enum tw_status st = TW_OK;

	for (size_t k = 0; st == TW_OK && k < p->deferred.n; k++) {
		size_t i = p->deferred.at[k];
		const char *digest = p->entries.at[i].digest;
		int64_t from = complete ? unseen_with(p, digest) : -1;
		struct tw_pass_op op = {.kind = TW_PASS_RENAME, .entry = i};
		if (from >= 0) {
			p->entries.at[from].seen = true;
			p->stats.renamed++;
		} else {
			op.kind = TW_PASS_COPY;
			from = tw_map_get_int(&p->by_digest, digest, -1);
			p->stats.added++;
		}
		op.from = (size_t)from;
		tw_vec_push(&p->ops, op);
		if (p->ops.n >= BATCH_DOCS)
			st = tw_pass_write(p, false, err);
	}
	return st;
}

static void bury_unseen(struct tw_pass *p)
{
	for (size_t i = 0; i < p->entries.n; i++) {
		const struct tw_pass_entry *e = &p->entries.at[i];
		const struct tw_pass_op op = {.kind = TW_PASS_BURY, .entry = i};
		if (!e->live || e->seen)
			continue;
		tw_vec_push(&p->ops, op);
		p->stats.removed++;
	}
}

enum tw_status tw_pass_end(struct tw_pass *p, bool complete, struct tw_pass_stats *stats,
			   struct tw_err *err)
{
	enum tw_status st = settle_deferred(p, complete, err);

	if (st == TW_OK) {
		if (complete)
			bury_unseen(p);
		st = tw_pass_write(p, true, err);
	}
	if (stats)
		*stats = p->stats;
	tw_pass_abort(p);
	return st;
}
