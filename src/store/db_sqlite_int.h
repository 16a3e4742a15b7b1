/*
 * store/db_sqlite_int.h: what the files that adapt SQLite share.
 */
#ifndef TW_STORE_DB_SQLITE_INT_H
#define TW_STORE_DB_SQLITE_INT_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/db.h"

#define TW_BUSY_MS	30000 /* the longest that others write: forgetting in a large store */
#define TW_READERS_MS	5000  /* a reader that stays longer keeps the log from being emptied */
#define TW_IDLE_READERS 8     /* connections kept for reuse */
#define TW_CACHED_STMTS 48    /* a connection */

struct tw_fts_lengths;

struct tw_conn {
	sqlite3 *h;
	struct tw_db *db;
	struct tw_conn *next; /* in the pool */
	struct tw_stmt *stmts;
	int n_stmts;
};

struct tw_db {
	char *path;
	const struct tw_db_schema *schema;
	struct tw_conn *writer;
	pthread_mutex_t writing; /* held from tw_db_write() to tw_db_finish() */
	pthread_mutex_t pool;	 /* guards idle, n_idle */
	struct tw_conn *idle;
	int n_idle;
	int lock; /* descriptor: shared while the store is open */
	bool was_alone;
	struct tw_fts_lengths *lengths;
};

/* What result code `rc` means to a user. h may be NULL. */
enum tw_status tw_sqlite_fail(sqlite3 *h, int rc, const char *path, struct tw_err *err);

/* A further connection that only reads. */
TW_MUST_USE enum tw_status tw_sqlite_connect(struct tw_conn **out, struct tw_db *db,
					     struct tw_err *err);
void tw_sqlite_disconnect(struct tw_conn *c);
void tw_sqlite_free_stmts(struct tw_conn *c);

/* BM25 with the rows' lengths in memory, shared by all connections of a database (fts_sqlite.c). */
struct tw_fts_lengths *tw_fts_lengths_new(void);
void tw_fts_lengths_free(struct tw_fts_lengths *l);
int tw_fts_register(sqlite3 *h, struct tw_fts_lengths *l);

#endif
