/* Statements, transactions and errors on SQLite. Opening and closing is in open_sqlite.c. */
#include "store/db_sqlite_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static enum tw_status io_error(sqlite3 *h, const char *path, const char *why, struct tw_err *err)
{
	int no = h ? sqlite3_system_errno(h) : 0;

	return tw_fail(err, TW_IO,
		       "%s: %s%s%s; this step was not stored: see to the disk and run it again",
		       path, why, no ? ": " : "", no ? strerror(no) : "");
}

enum tw_status tw_sqlite_fail(sqlite3 *h, int rc, const char *path, struct tw_err *err)
{
	const char *why = h ? sqlite3_errmsg(h) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return tw_fail(err, TW_CONFLICT,
			       "%s: another process has been writing for %d s; try again when it "
			       "is done",
			       path, TW_BUSY_MS / 1000);
	case SQLITE_FULL:
		return tw_fail(err, TW_IO,
			       "%s: the disk is full; nothing of this step was stored, free some "
			       "space and run it again",
			       path);
	case SQLITE_IOERR:
		return io_error(h, path, why, err);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return tw_fail(err, TW_IO,
			       "%s: cannot be opened for writing (%s); check that the folder is "
			       "there and yours",
			       path, why);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return tw_fail(err, TW_BAD_DATA,
			       "%s: is damaged or not a database (%s); put a backup in its place, "
			       "or move it away and collect again",
			       path, why);
	case SQLITE_NOMEM:
		return tw_fail(err, TW_NO_MEMORY, "%s: out of memory", path);
	case SQLITE_INTERRUPT:
		return tw_fail(err, TW_CANCELLED, "%s: interrupted", path);
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return tw_fail(err, TW_BAD_DATA, "%s: does not take this value (%s)", path, why);
	default:
		return tw_fail(err, TW_IO, "%s: %s", path, why);
	}
}

static enum tw_status fail(struct tw_conn *c, int rc, struct tw_err *err)
{
	return tw_sqlite_fail(c->h, rc, c->db->path, err);
}

/* --- transactions --- */

static enum tw_status begin(struct tw_conn *c, const char *sql, struct tw_err *err)
{
	int rc = sqlite3_exec(c->h, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? TW_OK : fail(c, rc, err);
}

static void undo(struct tw_conn *c)
{
	if (!sqlite3_get_autocommit(c->h))
		sqlite3_exec(c->h, "ROLLBACK", NULL, NULL, NULL);
}

enum tw_status tw_db_write(struct tw_conn **out, struct tw_db *db, struct tw_err *err)
{
	pthread_mutex_lock(&db->writing);
	enum tw_status st = begin(db->writer, "BEGIN IMMEDIATE", err);
	if (st == TW_OK)
		*out = db->writer;
	else
		pthread_mutex_unlock(&db->writing);
	return st;
}

enum tw_status tw_db_finish(struct tw_conn *c, enum tw_status st, struct tw_err *err)
{
	if (st == TW_OK) {
		int rc = sqlite3_exec(c->h, "COMMIT", NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			st = fail(c, rc, err);
	}
	undo(c);
	pthread_mutex_unlock(&c->db->writing);
	return st;
}

enum tw_status tw_db_read(struct tw_conn **out, struct tw_db *db, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	struct tw_conn *c;

	pthread_mutex_lock(&db->pool);
	c = db->idle;
	if (c) {
		db->idle = c->next;
		db->n_idle--;
	}
	pthread_mutex_unlock(&db->pool);
	if (!c)
		st = tw_sqlite_connect(&c, db, err);
	if (st == TW_OK) {
		st = begin(c, "BEGIN", err);
		if (st != TW_OK)
			tw_sqlite_disconnect(c);
	}
	if (st == TW_OK)
		*out = c;
	return st;
}

void tw_db_read_end(struct tw_conn *c)
{
	struct tw_db *db;

	if (!c)
		return;
	db = c->db;
	undo(c);
	pthread_mutex_lock(&db->pool);
	if (db->n_idle < TW_IDLE_READERS) {
		c->next = db->idle;
		db->idle = c;
		db->n_idle++;
		c = NULL;
	}
	pthread_mutex_unlock(&db->pool);
	if (c)
		tw_sqlite_disconnect(c);
}

/*
 * secure_delete writes zeros over what is deleted, but a page that was split or merged before
 * may still hold a copy in the gap between its cells: only a file that is written anew is free of them.
 */
static enum tw_status rewrite(struct tw_conn *c, struct tw_err *err)
{
	/* Statistics of some builds of SQLite hold samples of keys. */
	sqlite3_exec(c->h, "DROP TABLE IF EXISTS sqlite_stat4", NULL, NULL, NULL);
	/* The copy is as large as the database: not in memory. */
	int rc = sqlite3_exec(c->h, "PRAGMA temp_store = FILE; VACUUM", NULL, NULL, NULL);
	enum tw_status st = rc == SQLITE_OK ? TW_OK : fail(c, rc, err);
	sqlite3_exec(c->h, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
	return st;
}

static enum tw_status empty_log(struct tw_conn *c, struct tw_err *err)
{
	sqlite3_busy_timeout(c->h, TW_READERS_MS);
	int rc = sqlite3_wal_checkpoint_v2(c->h, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	enum tw_status st = TW_OK;
	if ((rc & 0xff) == SQLITE_BUSY)
		st = tw_fail(err, TW_CONFLICT, "%s: is being read all the time", c->db->path);
	else if (rc != SQLITE_OK)
		st = fail(c, rc, err);
	sqlite3_busy_timeout(c->h, TW_BUSY_MS);
	return st;
}

enum tw_status tw_db_settle(struct tw_db *db, struct tw_err *err)
{
	pthread_mutex_lock(&db->writing);
	enum tw_status st = rewrite(db->writer, err);
	enum tw_status log = empty_log(db->writer, st == TW_OK ? err : NULL);
	pthread_mutex_unlock(&db->writing);
	return st == TW_OK ? log : st;
}

/* --- statements --- */

struct tw_stmt {
	sqlite3_stmt *s;
	struct tw_conn *c;
	const char *sql; /* owned: key of the cache */
	struct tw_stmt *next;
	bool busy;
};

static void free_stmt(struct tw_stmt *q)
{
	sqlite3_finalize(q->s);
	free((char *)q->sql);
	free(q);
}

void tw_sqlite_free_stmts(struct tw_conn *c)
{
	while (c->stmts) {
		struct tw_stmt *next = c->stmts->next;
		free_stmt(c->stmts);
		c->stmts = next;
	}
	c->n_stmts = 0;
}

/* The most recent ones are in front; the tail beyond the limit goes. */
static void trim_cache(struct tw_conn *c)
{
	struct tw_stmt **at = &c->stmts;

	for (int i = 0; *at; i++) {
		struct tw_stmt *q = *at;
		if (i < TW_CACHED_STMTS || q->busy) {
			at = &q->next;
			continue;
		}
		*at = q->next;
		c->n_stmts--;
		free_stmt(q);
	}
}

static struct tw_stmt *cached(struct tw_conn *c, const char *sql)
{
	for (struct tw_stmt **at = &c->stmts; *at; at = &(*at)->next) {
		struct tw_stmt *q = *at;
		if (q->busy || strcmp(q->sql, sql) != 0)
			continue;
		*at = q->next;
		q->next = c->stmts;
		c->stmts = q;
		return q;
	}
	return NULL;
}

static enum tw_status prepare(struct tw_stmt **out, struct tw_conn *c, const char *sql,
			      struct tw_err *err)
{
	struct tw_stmt *q = cached(c, sql);
	sqlite3_stmt *s;
	int rc;

	if (!q) {
		rc = sqlite3_prepare_v3(c->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);
		if (rc != SQLITE_OK)
			return fail(c, rc, err);
		q = tw_xcalloc(1, sizeof(*q));
		q->s = s;
		q->c = c;
		q->sql = tw_xstrdup(sql);
		q->next = c->stmts;
		c->stmts = q;
		if (++c->n_stmts > 2 * TW_CACHED_STMTS)
			trim_cache(c);
	}
	q->busy = true;
	*out = q;
	return TW_OK;
}

static int bind(sqlite3_stmt *s, int i, const struct tw_val *v)
{
	/* A NULL pointer would bind SQL's NULL where an empty value is meant. */
	const void *p = v->p ? v->p : "";

	switch (v->type) {
	case TW_VAL_INT:
		return sqlite3_bind_int64(s, i, v->i);
	case TW_VAL_REAL:
		return sqlite3_bind_double(s, i, v->r);
	case TW_VAL_TEXT:
		return sqlite3_bind_text64(s, i, p, v->len, SQLITE_STATIC, SQLITE_UTF8);
	case TW_VAL_BLOB:
		return sqlite3_bind_blob64(s, i, p, v->len, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(s, i);
	}
}

struct tw_val tw_v_text(const char *s)
{
	if (!s)
		return (struct tw_val){.type = TW_VAL_NULL};
	return (struct tw_val){.type = TW_VAL_TEXT, .p = s, .len = strlen(s)};
}

enum tw_status tw_sql_query_v(struct tw_stmt **out, struct tw_conn *c, const char *sql,
			      const struct tw_val *vals, size_t n, struct tw_err *err)
{
	struct tw_stmt *q = NULL;
	int rc = SQLITE_OK;

	*out = NULL;
	enum tw_status st = prepare(&q, c, sql, err);
	if (st != TW_OK)
		return st;
	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = bind(q->s, (int)i + 1, &vals[i]);
	if (rc != SQLITE_OK) {
		st = fail(c, rc, err);
		tw_sql_end(q);
		return st;
	}
	*out = q;
	return TW_OK;
}

enum tw_status tw_sql_step(struct tw_stmt *q, struct tw_err *err)
{
	int rc = sqlite3_step(q->s);

	if (rc == SQLITE_ROW)
		return TW_OK;
	return rc == SQLITE_DONE ? TW_DONE : fail(q->c, rc, err);
}

void tw_sql_end(struct tw_stmt *q)
{
	if (!q)
		return;
	sqlite3_reset(q->s);
	sqlite3_clear_bindings(q->s);
	q->busy = false;
}

enum tw_status tw_sql_exec_v(struct tw_conn *c, const char *sql, const struct tw_val *vals,
			     size_t n, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query_v(&q, c, sql, vals, n, err);

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK)
		;
	tw_sql_end(q);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_sql_int_v(int64_t *out, struct tw_conn *c, const char *sql,
			    const struct tw_val *vals, size_t n, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query_v(&q, c, sql, vals, n, err);

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK)
		*out = sqlite3_column_int64(q->s, 0);
	tw_sql_end(q);
	return st == TW_DONE ? TW_NOT_FOUND : st;
}

enum tw_status tw_sql_script(struct tw_conn *c, const char *sql, struct tw_err *err)
{
	int rc = sqlite3_exec(c->h, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? TW_OK : fail(c, rc, err);
}

int64_t tw_sql_changes(struct tw_conn *c)
{
	return sqlite3_changes64(c->h);
}

/* --- columns --- */

int64_t tw_col_int(struct tw_stmt *q, int i)
{
	return sqlite3_column_int64(q->s, i);
}

double tw_col_real(struct tw_stmt *q, int i)
{
	return tw_col_null(q, i) ? NAN : sqlite3_column_double(q->s, i);
}

bool tw_col_null(struct tw_stmt *q, int i)
{
	return sqlite3_column_type(q->s, i) == SQLITE_NULL;
}

struct tw_bytes tw_col_text(struct tw_stmt *q, int i)
{
	const char *s = (const char *)sqlite3_column_text(q->s, i);

	return (struct tw_bytes){s ? s : "", s ? (size_t)sqlite3_column_bytes(q->s, i) : 0};
}

struct tw_bytes tw_col_blob(struct tw_stmt *q, int i)
{
	const char *p = sqlite3_column_blob(q->s, i);

	return (struct tw_bytes){p, p ? (size_t)sqlite3_column_bytes(q->s, i) : 0};
}

char *tw_col_str(struct tw_stmt *q, int i, struct tw_arena *a)
{
	struct tw_bytes b;

	if (tw_col_null(q, i))
		return NULL;
	b = tw_col_text(q, i);
	return tw_strndup(a, b.data, b.len);
}
