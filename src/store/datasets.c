/* Training datasets: immutable snapshots. */
#include "core/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/fs_int.h"
#include "store/list.h"

#define COLUMNS	      "id, number, service, seed, params, stats, n_train, n_valid, n_test, created_ms"
#define ID_PREFIX_MIN 8

/* --- putting --- */

static const char *text(const char *s)
{
	return s ? s : "";
}

static int order(const void *pa, const void *pb)
{
	const struct tw_example *a = *(const struct tw_example *const *)pa;
	const struct tw_example *b = *(const struct tw_example *const *)pb;
	int by;

	if (a->split != b->split)
		return a->split < b->split ? -1 : 1;
	by = strcmp(a->row_id, b->row_id);
	if (by == 0)
		by = strcmp(text(a->kind), text(b->kind));
	if (by == 0)
		by = strcmp(text(a->messages), text(b->messages));
	return by ? by : strcmp(text(a->rejected), text(b->rejected));
}

static const struct tw_example **sorted(const struct tw_examples *e, struct tw_arena *a)
{
	const struct tw_example **at = TW_NEW_ARRAY(a, e->n + 1, const struct tw_example *);

	for (size_t i = 0; i < e->n; i++)
		at[i] = &e->at[i];
	if (e->n)
		qsort(at, e->n, sizeof(*at), order);
	return at;
}

/* Of the manifest: rows with their splits and what was made of them, the seed, the parameters, the feature service. */
static struct tw_digest digest_of(const struct tw_dataset *d, const struct tw_example *const *e,
				  size_t n)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_str(h, "training dataset");
	tw_digest_str(h, d->service ? d->service : "");
	tw_digest_i64(h, d->seed);
	tw_digest_str(h, d->params ? d->params : "");
	for (size_t i = 0; i < n; i++) {
		tw_digest_i64(h, e[i]->split);
		tw_digest_str(h, e[i]->row_id);
		tw_digest_str(h, text(e[i]->kind));
		tw_digest_str(h, text(e[i]->messages));
		if (e[i]->rejected) {
			tw_digest_str(h, "rejected");
			tw_digest_str(h, e[i]->rejected);
		}
	}
	return tw_hasher_end(h);
}

static enum tw_status insert_example(struct tw_conn *c, int64_t dataset, size_t n,
				     const struct tw_example *e, struct tw_err *err)
{
	bool forgotten = false;
	enum tw_status st = tw_is_forgotten(&forgotten, c, text(e->doc), err);

	if (st == TW_OK && forgotten)
		st = tw_fail(err, TW_CONFLICT,
			     "document %s was forgotten while the dataset was made; make it again",
			     e->doc);
	if (st != TW_OK)
		return st;
	return tw_sql_exec(
		c, err,
		"INSERT INTO examples (dataset, n, split, row_id, view, doc, near, kind, "
		"messages, rejected) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		V_INT(dataset), V_INT((int64_t)n), V_INT(e->split), V_TEXT(e->row_id),
		V_TEXT(text(e->view)), V_TEXT(text(e->doc)), V_TEXT(text(e->group)),
		V_TEXT(text(e->kind)), V_TEXT(text(e->messages)), V_TEXT(e->rejected));
}

static enum tw_status insert(struct tw_dataset *d, struct tw_conn *c,
			     const struct tw_example *const *e, size_t n, struct tw_err *err)
{
	int64_t number = 0;
	enum tw_status st = tw_sql_exec(
		c, err,
		"INSERT INTO datasets (id, service, seed, params, stats, n_train, n_valid, n_test, "
		"created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
		V_TEXT(d->id), V_TEXT(text(d->service)), V_INT(d->seed), V_TEXT(text(d->params)),
		V_TEXT(text(d->stats)), V_INT(d->n[TW_TRAIN]), V_INT(d->n[TW_VALID]),
		V_INT(d->n[TW_TEST]), V_INT(d->created_ms));
	bool made = st == TW_OK && tw_sql_changes(c) == 1;

	if (st == TW_OK)
		st = tw_sql_int(&number, c, err, "SELECT number FROM datasets WHERE id = $1",
				V_TEXT(d->id));
	for (size_t i = 0; st == TW_OK && made && i < n; i++)
		st = insert_example(c, number, i, e[i], err);
	d->number = (int)number;
	return st;
}

static enum tw_status known_number(struct tw_dataset *d, struct tw_feature_store *fs,
				   struct tw_err *err)
{
	int64_t number = 0;
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = tw_sql_int(&number, c, err, "SELECT number FROM datasets WHERE id = $1",
			V_TEXT(d->id));
	tw_db_read_end(c);
	d->number = (int)number;
	return st;
}

enum tw_status tw_fs_dataset_put(struct tw_dataset *d, struct tw_feature_store *fs,
				 const struct tw_examples *examples, struct tw_arena *a,
				 struct tw_err *err)
{
	const struct tw_example **e = sorted(examples, a);
	struct tw_digest id = digest_of(d, e, examples->n);
	struct tw_conn *c;

	d->id = tw_strdup(a, id.hex);
	memset(d->n, 0, sizeof(d->n));
	for (size_t i = 0; i < examples->n; i++)
		d->n[e[i]->split]++;
	enum tw_status st = known_number(d, fs, err);
	if (st != TW_NOT_FOUND)
		return st;
	if (!d->created_ms)
		d->created_ms = tw_now_ms();
	st = tw_db_write(&c, fs->db, err);
	if (st != TW_OK)
		return st;
	return tw_db_finish(c, insert(d, c, e, examples->n, err), err);
}

/* --- reading --- */

static void read_dataset(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_dataset *)to = (struct tw_dataset){
		.id = tw_col_str(q, 0, a),
		.number = (int)tw_col_int(q, 1),
		.service = tw_col_str(q, 2, a),
		.seed = tw_col_int(q, 3),
		.params = tw_col_str(q, 4, a),
		.stats = tw_col_str(q, 5, a),
		.n = {tw_col_int(q, 6), tw_col_int(q, 7), tw_col_int(q, 8)},
		.created_ms = tw_col_int(q, 9),
	};
}

static enum tw_status find(struct tw_list *out, struct tw_conn *c, const char *ref,
			   struct tw_arena *a, struct tw_err *err)
{
	const size_t size = sizeof(struct tw_dataset);
	int64_t number = 0;

	if (strlen(ref) < ID_PREFIX_MIN && tw_parse_i64(&number, ref, NULL) == TW_OK)
		return tw_sql_list(out, c, size, read_dataset, a, err,
				   "SELECT " COLUMNS " FROM datasets WHERE number = $1",
				   V_INT(number));
	if (strlen(ref) >= ID_PREFIX_MIN)
		return tw_sql_list(out, c, size, read_dataset, a, err,
				   "SELECT " COLUMNS " FROM datasets WHERE id >= $1 AND id < $2 "
				   "ORDER BY id LIMIT 2",
				   V_TEXT(ref), V_TEXT(tw_sprintf(a, "%sg", ref)));
	return TW_OK;
}

enum tw_status tw_fs_dataset(struct tw_dataset *out, struct tw_feature_store *fs, const char *ref,
			     struct tw_arena *a, struct tw_err *err)
{
	struct tw_list found = {0};
	struct tw_conn *c;
	enum tw_status st = tw_db_read(&c, fs->db, err);

	if (st != TW_OK)
		return st;
	st = find(&found, c, ref, a, err);
	tw_db_read_end(c);
	if (st == TW_OK && found.n == 0)
		st = tw_fail(err, TW_NOT_FOUND,
			     "there is no dataset \"%s\"; `twin show datasets` lists them", ref);
	else if (st == TW_OK && found.n > 1)
		st = tw_fail(err, TW_BAD_USE, "\"%s\" names more than one dataset", ref);
	if (st == TW_OK)
		*out = *(struct tw_dataset *)found.at;
	return st;
}

enum tw_status tw_fs_datasets(struct tw_datasets *out, struct tw_feature_store *fs,
			      struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st =
		tw_db_list(&all, fs->db, sizeof(struct tw_dataset), read_dataset, a, err,
			   "SELECT " COLUMNS " FROM datasets ORDER BY number DESC");

	*out = (struct tw_datasets){all.at, all.n};
	return st;
}

enum tw_status tw_fs_datasets_with(struct tw_datasets *out, struct tw_feature_store *fs,
				   const char *doc, struct tw_arena *a, struct tw_err *err)
{
	struct tw_list all;
	enum tw_status st =
		tw_db_list(&all, fs->db, sizeof(struct tw_dataset), read_dataset, a, err,
			   "SELECT " COLUMNS " FROM datasets WHERE number IN "
			   "(SELECT dataset FROM examples WHERE doc = $1) ORDER BY number DESC",
			   V_TEXT(doc));

	*out = (struct tw_datasets){all.at, all.n};
	return st;
}

static void read_example(void *to, struct tw_stmt *q, struct tw_arena *a)
{
	*(struct tw_example *)to = (struct tw_example){
		.split = (enum tw_split)tw_col_int(q, 0),
		.row_id = tw_col_str(q, 1, a),
		.view = tw_col_str(q, 2, a),
		.doc = tw_col_str(q, 3, a),
		.group = tw_col_str(q, 4, a),
		.kind = tw_col_str(q, 5, a),
		.messages = tw_col_str(q, 6, a),
		.rejected = tw_col_str(q, 7, a),
	};
}

enum tw_status tw_fs_examples(struct tw_examples *out, struct tw_feature_store *fs,
			      const char *dataset, enum tw_split split, struct tw_arena *a,
			      struct tw_err *err)
{
	struct tw_list all;
	struct tw_dataset d;
	enum tw_status st = tw_fs_dataset(&d, fs, dataset, a, err);

	if (st != TW_OK)
		return st;
	st = tw_db_list(&all, fs->db, sizeof(struct tw_example), read_example, a, err,
			"SELECT split, row_id, view, doc, near, kind, messages, rejected "
			"FROM examples WHERE dataset = $1 AND split = $2 ORDER BY n",
			V_INT(d.number), V_INT(split));
	*out = (struct tw_examples){all.at, all.n};
	return st;
}
