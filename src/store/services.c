/* Feature services: the ordered views that one model version uses. */
#include <string.h>

#include "store/fs_int.h"

struct tw_digest tw_service_digest(const char *const *views, size_t n)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_str(h, "feature service");
	for (size_t i = 0; i < n; i++)
		tw_digest_str(h, views[i]);
	return tw_hasher_end(h);
}

static enum tw_status insert(const struct tw_service *s, struct tw_conn *c, struct tw_err *err)
{
	struct tw_str views = TW_STR_INIT;
	enum tw_status st = TW_OK;

	for (size_t i = 0; st == TW_OK && i < s->n_views; i++) {
		int64_t id = 0;
		st = tw_sql_int(&id, c, err, "SELECT id FROM views WHERE digest = $1",
				V_TEXT(s->views[i]));
		if (st == TW_NOT_FOUND)
			tw_fail(err, st, "feature service %s: there is no view %s", s->name,
				s->views[i]);
	}
	tw_strings_to_json(&views, s->views, s->n_views);
	if (st == TW_OK)
		st = tw_sql_exec(c, err,
				 "INSERT INTO services (digest, name, views) VALUES ($1, $2, $3) "
				 "ON CONFLICT DO NOTHING",
				 V_TEXT(s->digest), V_TEXT(s->name ? s->name : ""),
				 V_TEXT(tw_str_c(&views)));
	tw_str_release(&views);
	return st;
}

static enum tw_status read_service(struct tw_service *out, struct tw_conn *c, const char *digest,
				   struct tw_arena *a, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(
		&q, c, err, "SELECT digest, name, views FROM services WHERE digest = $1",
		V_TEXT(digest));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		out->digest = tw_col_str(q, 0, a);
		out->name = tw_col_str(q, 1, a);
		st = tw_strings_from_json(&out->views, &out->n_views, tw_col_str(q, 2, a), a, err);
	}
	tw_sql_end(q);
	return st == TW_DONE ? TW_NOT_FOUND : st;
}

enum tw_status tw_fs_service(struct tw_service *out, struct tw_feature_store *fs,
			     const char *digest, struct tw_arena *a, struct tw_err *err)
{
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = read_service(out, c, digest, a, err);
	tw_db_read_end(c);
	if (st == TW_NOT_FOUND)
		tw_fail(err, st, "there is no feature service %s", digest);
	return st;
}

enum tw_status tw_fs_service_put(struct tw_service *s, struct tw_feature_store *fs,
				 struct tw_arena *a, struct tw_err *err)
{
	struct tw_digest d = tw_service_digest(s->views, s->n_views);
	struct tw_service known;
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	s->digest = tw_strdup(a, d.hex);
	st = read_service(&known, c, s->digest, a, err);
	tw_db_read_end(c);
	if (st != TW_NOT_FOUND)
		return st;
	st = tw_db_write(&c, fs->db, err);
	return st == TW_OK ? tw_db_finish(c, insert(s, c, err), err) : st;
}
