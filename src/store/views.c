/* The catalogue of feature views: declare, look up, list, drop. */
#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "store/fs_int.h"

#define COLUMNS                                                                       \
	"digest, name, version, code_version, params, fields, inputs, model_digest, " \
	"model_spec, tokenizer_digest, created_ms, watermark, docs, rows"

static enum tw_status read_view(struct tw_view *v, struct tw_stmt *q, struct tw_arena *a,
				struct tw_err *err)
{
	*v = (struct tw_view){
		.digest = tw_col_str(q, 0, a),
		.name = tw_col_str(q, 1, a),
		.version = (int)tw_col_int(q, 2),
		.code_version = (int)tw_col_int(q, 3),
		.params = tw_col_str(q, 4, a),
		.model_digest = tw_col_str(q, 7, a),
		.model_spec = tw_col_str(q, 8, a),
		.tokenizer_digest = tw_col_str(q, 9, a),
		.created_ms = tw_col_int(q, 10),
		.watermark = tw_col_int(q, 11),
		.docs = tw_col_int(q, 12),
		.rows = tw_col_int(q, 13),
	};
	struct tw_bytes fields = tw_col_text(q, 5);
	enum tw_status st = tw_schema_from_json(&v->schema, fields.data, fields.len, a, err);
	if (st == TW_OK)
		st = tw_strings_from_json(&v->inputs, &v->n_inputs, tw_col_str(q, 6, a), a, err);
	return st;
}

/* --- declaring --- */

static enum tw_status known_version(struct tw_view *v, struct tw_conn *c, struct tw_err *err)
{
	int64_t version = 0;
	enum tw_status st = tw_sql_int(
		&version, c, err, "SELECT version FROM views WHERE digest = $1", V_TEXT(v->digest));

	if (st == TW_OK)
		v->version = (int)version;
	return st;
}

static enum tw_status check_inputs(const struct tw_view *v, struct tw_conn *c, struct tw_err *err)
{
	for (size_t i = 0; i < v->n_inputs; i++) {
		int64_t id = 0;
		enum tw_status st;
		if (strcmp(v->inputs[i], TW_DOCUMENTS_VIEW) == 0)
			continue;
		st = tw_sql_int(&id, c, err, "SELECT id FROM views WHERE digest = $1",
				V_TEXT(v->inputs[i]));
		if (st == TW_NOT_FOUND)
			return tw_fail(
				err, st,
				"view %s: its input %s is not declared; declare inputs first",
				v->name, v->inputs[i]);
		if (st != TW_OK)
			return st;
	}
	return TW_OK;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static enum tw_status insert(struct tw_view *v, struct tw_conn *c, int64_t table,
			     struct tw_err *err)
{
	struct tw_str fields = TW_STR_INIT, inputs = TW_STR_INIT;

	tw_schema_to_json(&fields, v->schema);
	tw_strings_to_json(&inputs, v->inputs, v->n_inputs);
	enum tw_status st = tw_sql_exec(
		c, err,
		"INSERT INTO views (digest, name, version, code_version, params, fields, inputs, "
		"model_digest, model_spec, tokenizer_digest, created_ms, tbl, watermark, docs, rows, "
		"dim, indexed) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, -1, 0, 0, 0, 0)",
		V_TEXT(v->digest), V_TEXT(v->name), V_INT(v->version), V_INT(v->code_version),
		V_TEXT(or_empty(v->params)), V_TEXT(tw_str_c(&fields)), V_TEXT(tw_str_c(&inputs)),
		V_TEXT(or_empty(v->model_digest)), V_TEXT(or_empty(v->model_spec)),
		V_TEXT(or_empty(v->tokenizer_digest)), V_INT(v->created_ms), V_INT(table));
	tw_str_release(&fields);
	tw_str_release(&inputs);
	return st;
}

/* Larger than any number in use, and than any that was: the view that had it moved to a larger one. */
static enum tw_status next_table(int64_t *table, struct tw_conn *c, struct tw_err *err)
{
	enum tw_status st = tw_sql_int(table, c, err, "SELECT max(tbl) FROM views");

	++*table;
	return st;
}

static enum tw_status make(struct tw_view *v, struct tw_conn *c, struct tw_err *err)
{
	int64_t version = 0, table = 0;
	enum tw_status st = known_version(v, c, err);

	if (st != TW_NOT_FOUND)
		return st;
	st = check_inputs(v, c, err);
	if (st == TW_OK)
		st = tw_sql_int(&version, c, err, "SELECT max(version) FROM views WHERE name = $1",
				V_TEXT(v->name));
	if (st == TW_OK)
		st = next_table(&table, c, err);
	if (st != TW_OK)
		return st;
	v->version = (int)version + 1;
	if (!v->created_ms)
		v->created_ms = tw_now_ms();
	st = tw_view_table_create(c, table, v->name, v->version, v->schema, err);
	return st == TW_OK ? insert(v, c, table, err) : st;
}

enum tw_status tw_fs_view_declare(struct tw_view *v, struct tw_feature_store *fs,
				  struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_schema_check(v->name, v->schema, err);

	if (st == TW_OK)
		st = tw_db_read(&c, fs->db, err);
	if (st != TW_OK)
		return st;
	st = known_version(v, c, err);
	tw_db_read_end(c);
	if (st != TW_NOT_FOUND)
		return st;
	st = tw_db_write(&c, fs->db, err);
	if (st != TW_OK)
		return st;
	return tw_db_finish(c, make(v, c, err), err);
}

/* --- looking up --- */

static enum tw_status documents_view(struct tw_view *out, struct tw_conn *c, struct tw_err *err)
{
	static const char *const none[] = {NULL};

	*out = (struct tw_view){
		.digest = TW_DOCUMENTS_VIEW,
		.name = TW_DOCUMENTS_VIEW,
		.params = "{}",
		.schema = tw_documents_schema,
		.inputs = none,
		.model_digest = "",
		.model_spec = "",
		.tokenizer_digest = "",
	};
	enum tw_status st =
		tw_sql_int(&out->docs, c, err, "SELECT count(*) FROM documents WHERE deleted = 0");
	out->rows = out->docs;
	return st == TW_OK ? tw_change_last(&out->watermark, c, err) : st;
}

static enum tw_status look_up(struct tw_view *out, struct tw_conn *c, const char *ref,
			      struct tw_arena *a, struct tw_err *err)
{
	const char *digest;
	struct tw_stmt *q;
	enum tw_status st;

	if (strcmp(ref, TW_DOCUMENTS_VIEW) == 0)
		return documents_view(out, c, err);
	for (digest = ref;;) {
		st = tw_sql_query(&q, c, err, "SELECT " COLUMNS " FROM views WHERE digest = $1",
				  V_TEXT(digest));
		if (st != TW_OK)
			return st;
		st = tw_sql_step(q, err);
		if (st == TW_OK)
			st = read_view(out, q, a, err);
		tw_sql_end(q);
		if (st != TW_DONE)
			return st;
		st = tw_view_resolve(&digest, c, ref, a, err);
		if (st != TW_OK)
			return st;
	}
}

enum tw_status tw_fs_view(struct tw_view *out, struct tw_feature_store *fs, const char *ref,
			  struct tw_arena *a, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = look_up(out, c, ref, a, err);
	tw_db_read_end(c);
	return st;
}

static enum tw_status list(struct tw_views *out, struct tw_conn *c, struct tw_arena *a,
			   struct tw_err *err)
{
	TW_VEC(struct tw_view) all = {0};
	struct tw_stmt *q;
	enum tw_status st =
		tw_sql_query(&q, c, err, "SELECT " COLUMNS " FROM views ORDER BY name, version");

	if (st != TW_OK)
		return st;
	while ((st = tw_sql_step(q, err)) == TW_OK) {
		struct tw_view v;
		st = read_view(&v, q, a, err);
		if (st != TW_OK)
			break;
		tw_vec_push(&all, v);
	}
	tw_sql_end(q);
	*out = (struct tw_views){tw_copy_array(a, all.at, all.n, sizeof(*all.at)), all.n};
	tw_vec_release(&all);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_fs_views(struct tw_views *out, struct tw_feature_store *fs, struct tw_arena *a,
			   struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = list(out, c, a, err);
	tw_db_read_end(c);
	return st;
}

/* --- dropping: the view goes on with empty tables of a new number --- */

static enum tw_status drop(struct tw_conn *c, const struct tw_view_table *t, struct tw_err *err)
{
	int64_t table = 0;
	enum tw_status st = tw_sql_exec(c, err,
					"INSERT INTO changes (view, doc) SELECT view, doc "
					"FROM view_docs WHERE view = $1 AND n > 0",
					V_INT(t->id));

	if (st == TW_OK)
		st = tw_sql_exec(c, err, "DELETE FROM view_docs WHERE view = $1", V_INT(t->id));
	if (st == TW_OK)
		st = tw_vector_index_unlist(c, t, err);
	if (st == TW_OK)
		st = tw_view_table_drop(c, t, err);
	if (st == TW_OK)
		st = next_table(&table, c, err);
	if (st == TW_OK)
		st = tw_view_table_create(c, table, t->name, t->version, t->schema, err);
	if (st == TW_OK)
		st = tw_sql_exec(c, err,
				 "UPDATE views SET tbl = $1, watermark = -1, docs = 0, rows = 0, "
				 "dim = 0, indexed = indexed + 1 WHERE id = $2",
				 V_INT(table), V_INT(t->id));
	return st;
}

enum tw_status tw_fs_view_drop(struct tw_feature_store *fs, const char *digest, struct tw_err *err)
{
	const struct tw_view_table *t;
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = tw_view_table_find(&t, fs, c, digest, err);
	if (st == TW_OK && t->id == TW_DOCUMENTS_ID)
		st = tw_fail(err, TW_BAD_USE,
			     "the documents themselves are no view that can be dropped");
	if (st == TW_OK)
		st = drop(c, t, err);
	st = tw_db_finish(c, st, err);
	if (st == TW_OK)
		tw_vector_index_sweep(fs->vectors, TW_SWEEP_UNNAMED);
	return st;
}
