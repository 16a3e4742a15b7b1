/* Answers that were given, with what they were made from. */
#include "core/prediction.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/time.h"
#include "store/fs_int.h"
#include "store/list.h"

#define COLUMNS "id, batch, deployment, question, answer, sources, created_ms"

static const char *text(const char *s)
{
	return s ? s : "";
}

static const char *sources_of(const struct tw_prediction *p)
{
	return p->sources && p->sources[0] ? p->sources : "[]";
}

/* An answer that was being written while a document that it cites was erased. */
static enum tw_status check_sources(const char *json, struct tw_conn *c, struct tw_arena *a,
				    struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = tw_json_parse(&v, json, strlen(json), a, err);

	if (st != TW_OK)
		return tw_wrap(err, st, "the sources of an answer");
	for (const struct tw_json *e = v->child; st == TW_OK && e; e = e->next) {
		const char *doc = tw_json_str(tw_json_get(e, "doc"), "");
		bool forgotten = false;
		st = tw_is_forgotten(&forgotten, c, doc, err);
		if (forgotten)
			st = tw_fail(err, TW_CONFLICT,
				     "the answer cites document %s, which was forgotten meanwhile",
				     doc);
	}
	return st;
}

static enum tw_status insert(const struct tw_prediction *p, struct tw_conn *c, struct tw_err *err)
{
	return tw_sql_exec(
		c, err, "INSERT INTO predictions (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7)",
		V_TEXT(p->id), V_TEXT(text(p->batch)), V_INT(p->deployment),
		V_TEXT(text(p->question)), V_TEXT(text(p->answer)), V_TEXT(sources_of(p)),
		V_INT(p->created_ms));
}

enum tw_status tw_fs_prediction_put(struct tw_prediction *p, struct tw_feature_store *fs,
				    struct tw_arena *a, struct tw_err *err)
{
	struct tw_conn *c;
	uint64_t id;

	/* The same answer to the same question is another prediction: ids are random. */
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return tw_fail_errno(err, TW_IO, "no random numbers");
	p->id = tw_sprintf(a, "%016llx", (unsigned long long)id);
	if (!p->created_ms)
		p->created_ms = tw_now_ms();
	enum tw_status st = tw_db_write(&c, fs->db, err);
	if (st != TW_OK)
		return st;
	st = check_sources(sources_of(p), c, a, err);
	if (st == TW_OK)
		st = insert(p, c, err);
	return tw_db_finish(c, st, err);
}

static void read_prediction(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_prediction *)to = (struct tw_prediction){
		.id = tw_col_str(q, 0, a),
		.batch = tw_col_str(q, 1, a),
		.deployment = tw_col_int(q, 2),
		.question = tw_col_str(q, 3, a),
		.answer = tw_col_str(q, 4, a),
		.sources = tw_col_str(q, 5, a),
		.created_ms = tw_col_int(q, 6),
	};
}

enum tw_status tw_fs_prediction(struct tw_prediction *out, struct tw_feature_store *fs,
				const char *id, struct tw_arena *a, struct tw_err *err)
{
	struct tw_list found;
	enum tw_status st =
		tw_db_list(&found, fs->db, sizeof(*out), read_prediction, a, err,
			   "SELECT " COLUMNS " FROM predictions WHERE id = $1", V_TEXT(id));

	if (st == TW_OK && found.n == 0)
		st = tw_fail(err, TW_NOT_FOUND, "there is no answer \"%s\"", id);
	if (st == TW_OK)
		*out = *(struct tw_prediction *)found.at;
	return st;
}

enum tw_status tw_fs_predictions(struct tw_predictions *out, struct tw_feature_store *fs,
				 const char *batch, size_t limit, struct tw_arena *a,
				 struct tw_err *err)
{
	const int64_t most = limit ? (int64_t)limit : INT64_MAX;
	const size_t size = sizeof(struct tw_prediction);
	struct tw_list all;
	enum tw_status st;

	if (batch)
		st = tw_db_list(&all, fs->db, size, read_prediction, a, err,
				"SELECT " COLUMNS " FROM predictions WHERE batch = $1 "
				"ORDER BY n DESC LIMIT $2",
				V_TEXT(batch), V_INT(most));
	else
		st = tw_db_list(&all, fs->db, size, read_prediction, a, err,
				"SELECT " COLUMNS " FROM predictions ORDER BY n DESC LIMIT $1",
				V_INT(most));
	*out = (struct tw_predictions){all.at, all.n};
	return st;
}
