/* Model versions. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/time.h"
#include "store/list.h"
#include "store/mr_int.h"

#define COLUMNS                                                                        \
	"version, run, dataset, service, base_digest, base_spec, adapter, signature, " \
	"metrics, tainted, created_ms"

static enum tw_status put(struct tw_model_version *v, struct tw_conn *c, struct tw_err *err)
{
	int64_t version = 0;
	enum tw_status st = tw_sql_int(
		&version, c, err,
		"INSERT INTO models (run, dataset, service, base_digest, base_spec, adapter, "
		"signature, metrics, tainted, created_ms) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING version",
		V_INT(v->run), V_TEXT(tw_or_empty(v->dataset)), V_TEXT(tw_or_empty(v->service)),
		V_TEXT(tw_or_empty(v->base_digest)), V_TEXT(tw_or_empty(v->base_spec)),
		V_TEXT(tw_or_empty(v->adapter)), V_TEXT(tw_or_empty(v->signature)),
		V_TEXT(tw_or_empty(v->metrics)), V_TEXT(tw_or_empty(v->tainted)),
		V_INT(v->created_ms));

	v->version = (int)version;
	return st;
}

enum tw_status tw_mr_model_put(struct tw_model_version *v, struct tw_model_registry *mr,
			       struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	if (!v->created_ms)
		v->created_ms = tw_now_ms();
	return st == TW_OK ? tw_db_finish(c, put(v, c, err), err) : st;
}

/* --- reading --- */

static enum tw_status no_model(const char *ref, struct tw_err *err)
{
	return tw_fail(err, TW_NOT_FOUND,
		       "there is no model \"%s\"; `twin show models` lists versions and aliases",
		       ref);
}

enum tw_status tw_model_resolve(int *version, struct tw_conn *c, const char *ref,
				struct tw_err *err)
{
	const char *digits = ref[0] == 'v' ? ref + 1 : ref;
	int64_t n = 0;
	enum tw_status st;

	if (isdigit((unsigned char)digits[0]) && tw_parse_i64(&n, digits, NULL) == TW_OK)
		st = tw_sql_int(&n, c, err, "SELECT version FROM models WHERE version = $1",
				V_INT(n));
	else
		st = tw_sql_int(&n, c, err, "SELECT model FROM aliases WHERE alias = $1",
				V_TEXT(ref));
	*version = (int)n;
	return st == TW_NOT_FOUND ? no_model(ref, err) : st;
}

static void read_model(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_model_version *)to = (struct tw_model_version){
		.version = (int)tw_col_int(q, 0),
		.run = tw_col_int(q, 1),
		.dataset = tw_col_str(q, 2, a),
		.service = tw_col_str(q, 3, a),
		.base_digest = tw_col_str(q, 4, a),
		.base_spec = tw_col_str(q, 5, a),
		.adapter = tw_col_str(q, 6, a),
		.signature = tw_col_str(q, 7, a),
		.metrics = tw_col_str(q, 8, a),
		.tainted = tw_col_str(q, 9, a),
		.created_ms = tw_col_int(q, 10),
	};
}

enum tw_status tw_mr_model(struct tw_model_version *out, struct tw_model_registry *mr,
			   const char *ref, struct tw_arena *a, struct tw_err *err)
{
	struct tw_list found = {0};
	struct tw_conn *c;
	int version = 0;
	enum tw_status st = tw_db_read(&c, mr->db, err);

	if (st != TW_OK)
		return st;
	st = tw_model_resolve(&version, c, ref, err);
	if (st == TW_OK)
		st = tw_sql_list(&found, c, sizeof(*out), read_model, a, err,
				 "SELECT " COLUMNS " FROM models WHERE version = $1",
				 V_INT(version));
	tw_db_read_end(c);
	if (st == TW_OK && found.n == 0)
		st = no_model(ref, err);
	if (st == TW_OK)
		*out = *(struct tw_model_version *)found.at;
	return st;
}

enum tw_status tw_mr_models(struct tw_model_versions *out, struct tw_model_registry *mr,
			    struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st = tw_db_list(&all, mr->db, sizeof(struct tw_model_version), read_model, a,
				       err, "SELECT " COLUMNS " FROM models ORDER BY version DESC");

	*out = (struct tw_model_versions){all.at, all.n};
	return st;
}

/* --- what may change about one --- */

static enum tw_status set_metrics(struct tw_conn *c, int version, const char *metrics,
				  struct tw_err *err)
{
	char ref[16];
	enum tw_status st = tw_sql_exec(c, err, "UPDATE models SET metrics = $1 WHERE version = $2",
					V_TEXT(tw_or_empty(metrics)), V_INT(version));

	if (st != TW_OK || tw_sql_changes(c) == 1)
		return st;
	snprintf(ref, sizeof(ref), "v%d", version);
	return no_model(ref, err);
}

enum tw_status tw_mr_model_metrics(struct tw_model_registry *mr, int version, const char *metrics,
				   struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	return st == TW_OK ? tw_db_finish(c, set_metrics(c, version, metrics, err), err) : st;
}

enum tw_status tw_mr_taint(struct tw_model_registry *mr, const char *dataset, const char *why,
			   int64_t *n, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_write(&c, mr->db, err);

	*n = 0;
	if (st != TW_OK)
		return st;
	st = tw_sql_exec(c, err, "UPDATE models SET tainted = $1 WHERE dataset = $2", V_TEXT(why),
			 V_TEXT(dataset));
	if (st == TW_OK)
		*n = tw_sql_changes(c);
	/* What models said while they learnt from it. A run names its dataset among its inputs. */
	if (st == TW_OK)
		st = tw_sql_exec(c, err,
				 "DELETE FROM samples WHERE run IN "
				 "(SELECT id FROM runs WHERE inputs LIKE '%' || $1 || '%')",
				 V_TEXT(dataset));
	st = tw_db_finish(c, st, err);
	return st == TW_OK ? tw_db_settle(mr->db, err) : st;
}
