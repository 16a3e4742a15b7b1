/* Opening a database: settings, migrations, and a check after an unclean end. */
#include "store/db_sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"

/* --- who has it open --- */

/*
 * A file of its own, since closing a descriptor of the database would drop
 * SQLite's locks on it. Exclusive for a moment when nobody else has the store
 * open, shared for as long as it is open.
 */
static void take_lock(struct tw_db *db)
{
	char *path = tw_xmalloc(strlen(db->path) + 8);

	strcpy(path, db->path);
	strcat(path, ".lock");
	db->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	free(path);
	if (db->lock < 0)
		return; /* SQLite will say better why the folder can't be written */
	if (flock(db->lock, LOCK_EX | LOCK_NB) == 0)
		db->was_alone = true;
}

static void share_lock(struct tw_db *db)
{
	if (db->lock < 0)
		return;
	while (flock(db->lock, LOCK_SH) != 0 && errno == EINTR)
		;
}

/* A write-ahead log that is left over, though nobody has the store open. */
static bool ended_uncleanly(const struct tw_db *db)
{
	struct stat sb;
	char *wal = tw_xmalloc(strlen(db->path) + 8);

	strcpy(wal, db->path);
	strcat(wal, "-wal");
	bool left = stat(wal, &sb) == 0 && sb.st_size > 0;
	free(wal);
	return left && db->was_alone;
}

/* --- one connection --- */

static const char writer_settings[] =
	"PRAGMA synchronous = FULL;"
	"PRAGMA foreign_keys = ON;"
	"PRAGMA secure_delete = ON;" /* erased text must not stay in free pages */
	"PRAGMA temp_store = MEMORY;"
	"PRAGMA cache_size = -32000;"
	"PRAGMA journal_size_limit = 67108864;";

static const char reader_settings[] = "PRAGMA query_only = ON;"
				      "PRAGMA temp_store = MEMORY;"
				      "PRAGMA cache_size = -16000;";

static int harden(sqlite3 *h)
{
	const int switches[][2] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_DQS_DML, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		int rc = sqlite3_db_config(h, switches[i][0], switches[i][1], NULL);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

static enum tw_status connect(struct tw_conn **out, struct tw_db *db, const char *settings,
			      struct tw_err *err)
{
	struct tw_conn *c = tw_xcalloc(1, sizeof(*c));
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	c->db = db;
	int rc = sqlite3_open_v2(db->path, &c->h, flags, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(c->h, 1);
		rc = sqlite3_busy_timeout(c->h, TW_BUSY_MS);
	}
	if (rc == SQLITE_OK)
		rc = harden(c->h);
	if (rc == SQLITE_OK)
		rc = tw_fts_register(c->h, db->lengths);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c->h, settings, NULL, NULL, NULL);
	if (rc == SQLITE_OK) {
		*out = c;
		return TW_OK;
	}
	enum tw_status st = tw_sqlite_fail(c->h, rc, db->path, err);
	tw_sqlite_disconnect(c);
	return st;
}

enum tw_status tw_sqlite_connect(struct tw_conn **out, struct tw_db *db, struct tw_err *err)
{
	return connect(out, db, reader_settings, err);
}

void tw_sqlite_disconnect(struct tw_conn *c)
{
	if (!c)
		return;
	tw_sqlite_free_stmts(c);
	sqlite3_close(c->h);
	free(c);
}

/* --- the file as a whole --- */

static int first_text(char *out, size_t cap, sqlite3 *h, const char *sql)
{
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(h, sql, -1, &s, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);
		size_t len = text ? strlen(text) : 0;
		if (len >= cap)
			len = cap - 1;
		memcpy(out, text ? text : "", len);
		out[len] = '\0';
		rc = SQLITE_OK;
	}
	int end = sqlite3_finalize(s);
	return rc == SQLITE_OK ? end : rc;
}

/* Changing the mode needs the file for itself and does not ask the busy handler. */
static enum tw_status set_wal(struct tw_db *db, struct tw_err *err)
{
	char mode[32] = "";
	double give_up = tw_monotonic_s() + TW_BUSY_MS / 1000.0;
	int rc;

	for (;;) {
		rc = first_text(mode, sizeof(mode), db->writer->h, "PRAGMA journal_mode = WAL");
		if ((rc & 0xff) != SQLITE_BUSY || tw_monotonic_s() > give_up)
			break;
		usleep(5000);
	}
	if (rc != SQLITE_OK)
		return tw_sqlite_fail(db->writer->h, rc, db->path, err);
	if (sqlite3_db_readonly(db->writer->h, "main") == 1)
		return tw_fail(err, TW_IO,
			       "%s: may not be written; make the file and its folder "
			       "writable for you",
			       db->path);
	if (strcmp(mode, "wal") != 0)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s: this file system cannot hold a write-ahead log (mode \"%s\"); "
			       "use a local disk",
			       db->path, mode);
	return TW_OK;
}

static enum tw_status check(struct tw_db *db, struct tw_err *err)
{
	char verdict[400] = "";

	tw_debug("%s: was not closed; checking it", db->path);
	int rc = first_text(verdict, sizeof(verdict), db->writer->h, "PRAGMA quick_check(1)");
	if (rc != SQLITE_OK)
		return tw_sqlite_fail(db->writer->h, rc, db->path, err);
	if (strcmp(verdict, "ok") != 0)
		return tw_fail(err, TW_BAD_DATA,
			       "%s: is damaged (%s); put a backup in its place, or move it away "
			       "and collect again",
			       db->path, verdict);
	return TW_OK;
}

static enum tw_status refuse_foreign(struct tw_db *db, int64_t app, int64_t version, int64_t tables,
				     struct tw_err *err)
{
	if (app != db->schema->application_id && (app != 0 || version != 0 || tables != 0))
		return tw_fail(err, TW_BAD_DATA, "%s: is another program's database, not a %s",
			       db->path, db->schema->what);
	if (version > db->schema->version)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s: a newer Twin wrote this %s (version %lld, this one knows %d); "
			       "use that Twin",
			       db->path, db->schema->what, (long long)version, db->schema->version);
	return TW_OK;
}

static enum tw_status run_migrations(struct tw_conn *c, int64_t version, struct tw_err *err)
{
	const struct tw_db_schema *schema = c->db->schema;
	char pragma[120];
	enum tw_status st = TW_OK;

	for (int64_t i = version; st == TW_OK && i < schema->version; i++)
		st = tw_sql_script(c, schema->migrations[i], err);
	sqlite3_snprintf(sizeof(pragma), pragma,
			 "PRAGMA application_id = %d; PRAGMA user_version = %d;",
			 (int)schema->application_id, schema->version);
	return st == TW_OK ? tw_sql_script(c, pragma, err) : st;
}

static enum tw_status read_header(struct tw_conn *c, int64_t *app, int64_t *version,
				  int64_t *tables, struct tw_err *err)
{
	enum tw_status st = tw_sql_int(app, c, err, "PRAGMA application_id");

	if (st == TW_OK)
		st = tw_sql_int(version, c, err, "PRAGMA user_version");
	if (st == TW_OK)
		st = tw_sql_int(tables, c, err, "SELECT count(*) FROM sqlite_schema");
	return st;
}

/* Of one moment: between two reads another process may make the store. */
static enum tw_status read_header_at_once(struct tw_conn *c, int64_t *app, int64_t *version,
					  int64_t *tables, struct tw_err *err)
{
	enum tw_status st = tw_sql_script(c, "BEGIN", err);

	if (st != TW_OK)
		return st;
	st = read_header(c, app, version, tables, err);
	enum tw_status end = tw_sql_script(c, "COMMIT", st == TW_OK ? err : NULL);
	return st == TW_OK ? end : st;
}

/* In one transaction, so that two processes that start at once migrate once. */
static enum tw_status migrate(struct tw_db *db, struct tw_err *err)
{
	int64_t app = 0, version = 0, tables = 0;
	struct tw_conn *c;
	enum tw_status st = read_header_at_once(db->writer, &app, &version, &tables, err);

	if (st == TW_OK)
		st = refuse_foreign(db, app, version, tables, err);
	if (st != TW_OK || version == db->schema->version)
		return st;
	st = tw_db_write(&c, db, err);
	if (st != TW_OK)
		return st;
	st = read_header(c, &app, &version, &tables, err);
	if (st == TW_OK)
		st = refuse_foreign(db, app, version, tables, err);
	if (st == TW_OK && version < db->schema->version)
		st = run_migrations(c, version, err);
	return tw_db_finish(c, st, err);
}

/* Refuses another program's file before anything is changed in it. */
static enum tw_status look_first(struct tw_db *db, struct tw_err *err)
{
	int64_t app = 0, version = 0, tables = 0;
	enum tw_status st = read_header_at_once(db->writer, &app, &version, &tables, err);

	return st == TW_OK ? refuse_foreign(db, app, version, tables, err) : st;
}

enum tw_status tw_db_open(struct tw_db **out, const char *path, const struct tw_db_schema *schema,
			  struct tw_err *err)
{
	struct tw_db *db = tw_xcalloc(1, sizeof(*db));

	db->path = tw_xstrdup(path);
	db->schema = schema;
	db->lengths = tw_fts_lengths_new();
	pthread_mutex_init(&db->writing, NULL);
	pthread_mutex_init(&db->pool, NULL);
	take_lock(db);
	bool unclean = ended_uncleanly(db);
	enum tw_status st = connect(&db->writer, db, writer_settings, err);
	if (st == TW_OK)
		st = look_first(db, err);
	if (st == TW_OK)
		st = set_wal(db, err);
	if (st == TW_OK && unclean)
		st = check(db, err);
	if (st == TW_OK)
		st = migrate(db, err);
	share_lock(db);
	if (st == TW_OK)
		*out = db;
	else
		tw_db_close(db);
	return st;
}

void tw_db_close(struct tw_db *db)
{
	if (!db)
		return;
	while (db->idle) {
		struct tw_conn *next = db->idle->next;
		tw_sqlite_disconnect(db->idle);
		db->idle = next;
	}
	if (db->writer) {
		sqlite3_exec(db->writer->h, "PRAGMA analysis_limit = 400; PRAGMA optimize", NULL,
			     NULL, NULL);
		tw_sqlite_disconnect(db->writer);
	}
	if (db->lock >= 0)
		close(db->lock);
	tw_fts_lengths_free(db->lengths);
	pthread_mutex_destroy(&db->writing);
	pthread_mutex_destroy(&db->pool);
	free(db->path);
	free(db);
}

const char *tw_db_path(const struct tw_db *db)
{
	return db->path;
}

bool tw_db_was_alone(const struct tw_db *db)
{
	return db->was_alone;
}
