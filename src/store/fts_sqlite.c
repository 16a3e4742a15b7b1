/*
 * BM25 (Robertson and Zaragoza 2009) as an FTS5 auxiliary function:
 *	twin_bm25(index, table, weight of column 0, …)   higher is better
 *
 * Same formula as SQLite's own bm25(), which runs a query of its own for the
 * length of each matching row. Here lengths stay in memory once they were
 * asked for. A row number is never used twice (AUTOINCREMENT) and a row never
 * changes, so what is kept can't be out of date, whatever snapshot a reader has.
 */
#include "store/db_sqlite_int.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define K1 1.2
#define B  0.75

#define PIECE	4096  /* rows */
#define PIECES	16384 /* 67 million rows; longer tables ask the index beyond that */
#define COLUMNS 32

/* Lengths of the rows of one table, plus one; 0: not asked for yet. */
struct table_lengths {
	int64_t table;
	struct table_lengths *next;
	_Atomic(_Atomic uint32_t *) piece[PIECES];
};

struct tw_fts_lengths {
	pthread_mutex_t lock;
	struct table_lengths *first;
};

struct tw_fts_lengths *tw_fts_lengths_new(void)
{
	struct tw_fts_lengths *l = tw_xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	return l;
}

void tw_fts_lengths_free(struct tw_fts_lengths *l)
{
	if (!l)
		return;
	while (l->first) {
		struct table_lengths *next = l->first->next;
		for (int i = 0; i < PIECES; i++)
			free(atomic_load_explicit(&l->first->piece[i], memory_order_relaxed));
		free(l->first);
		l->first = next;
	}
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static struct table_lengths *lengths_of(struct tw_fts_lengths *l, int64_t table)
{
	struct table_lengths *t;

	pthread_mutex_lock(&l->lock);
	for (t = l->first; t && t->table != table; t = t->next)
		;
	if (!t) {
		t = tw_xcalloc(1, sizeof(*t));
		t->table = table;
		t->next = l->first;
		l->first = t;
	}
	pthread_mutex_unlock(&l->lock);
	return t;
}

static _Atomic uint32_t *slot_of(struct table_lengths *t, sqlite3_int64 row)
{
	sqlite3_int64 p = row / PIECE;
	_Atomic uint32_t *piece, *none = NULL;

	if (row < 0 || p >= PIECES)
		return NULL;
	piece = atomic_load_explicit(&t->piece[p], memory_order_acquire);
	if (!piece) {
		piece = tw_xcalloc(PIECE, sizeof(*piece));
		if (!atomic_compare_exchange_strong(&t->piece[p], &none, piece)) {
			free(piece);
			piece = none; /* another thread's */
		}
	}
	return &piece[row % PIECE];
}

static int row_length(double *out, struct table_lengths *t, const Fts5ExtensionApi *api,
		      Fts5Context *ctx)
{
	_Atomic uint32_t *slot = slot_of(t, api->xRowid(ctx));
	uint32_t known = slot ? atomic_load_explicit(slot, memory_order_relaxed) : 0;
	int n = 0, rc = SQLITE_OK;

	if (known) {
		*out = known - 1;
		return SQLITE_OK;
	}
	rc = api->xColumnSize(ctx, -1, &n);
	if (rc == SQLITE_OK && slot)
		atomic_store_explicit(slot, (uint32_t)n + 1, memory_order_relaxed);
	*out = n;
	return rc;
}

/* What one query needs for every row. */
struct query {
	struct table_lengths *lengths;
	double average; /* length of a row in tokens */
	int phrases, columns;
	double weight[COLUMNS];
	double idf[]; /* one a phrase */
};

static int count_row(const Fts5ExtensionApi *api, Fts5Context *ctx, void *n)
{
	(void)api;
	(void)ctx;
	++*(sqlite3_int64 *)n;
	return SQLITE_OK;
}

static int set_idf(struct query *q, const Fts5ExtensionApi *api, Fts5Context *ctx)
{
	sqlite3_int64 rows = 0, tokens = 0;
	int rc = api->xRowCount(ctx, &rows);

	if (rc == SQLITE_OK)
		rc = api->xColumnTotalSize(ctx, -1, &tokens);
	q->average = rows ? (double)tokens / (double)rows : 1;
	for (int i = 0; rc == SQLITE_OK && i < q->phrases; i++) {
		sqlite3_int64 hits = 0;
		rc = api->xQueryPhrase(ctx, i, &hits, count_row);
		/* A word that most rows have counts for next to nothing, never against a row. */
		double idf = log(((double)(rows - hits) + 0.5) / ((double)hits + 0.5));
		q->idf[i] = idf > 0 ? idf : 1e-6;
	}
	return rc;
}

static int query_of(struct query **out, const Fts5ExtensionApi *api, Fts5Context *ctx, int n,
		    sqlite3_value **args)
{
	struct query *q = api->xGetAuxdata(ctx, 0);
	int phrases = api->xPhraseCount(ctx);

	*out = q;
	if (q)
		return SQLITE_OK;
	if (n < 1)
		return SQLITE_MISUSE;
	q = tw_xcalloc(1, sizeof(*q) + (size_t)phrases * sizeof(double));
	q->lengths = lengths_of(api->xUserData(ctx), sqlite3_value_int64(args[0]));
	q->phrases = phrases;
	q->columns = api->xColumnCount(ctx);
	for (int i = 0; i < COLUMNS; i++)
		q->weight[i] = i + 1 < n ? sqlite3_value_double(args[i + 1]) : 1;
	int rc = set_idf(q, api, ctx);
	if (rc == SQLITE_OK)
		rc = api->xSetAuxdata(ctx, q, free); /* frees q itself when it fails */
	else
		free(q);
	*out = rc == SQLITE_OK ? q : NULL;
	return rc;
}

static int frequency(double *out, const struct query *q, const Fts5ExtensionApi *api,
		     Fts5Context *ctx, int phrase)
{
	Fts5PhraseIter it;
	int column, offset;
	int rc = api->xPhraseFirst(ctx, phrase, &it, &column, &offset);

	*out = 0;
	while (rc == SQLITE_OK && column >= 0) {
		*out += column < COLUMNS ? q->weight[column] : 1;
		api->xPhraseNext(ctx, &it, &column, &offset);
	}
	return rc;
}

static void bm25(const Fts5ExtensionApi *api, Fts5Context *ctx, sqlite3_context *result, int n,
		 sqlite3_value **args)
{
	double score = 0, length = 0;
	struct query *q;
	int rc = query_of(&q, api, ctx, n, args);

	if (rc == SQLITE_OK)
		rc = row_length(&length, q->lengths, api, ctx);
	for (int i = 0; rc == SQLITE_OK && i < q->phrases; i++) {
		double f;
		rc = frequency(&f, q, api, ctx, i);
		score += q->idf[i] * (f * (K1 + 1)) / (f + K1 * (1 - B + B * length / q->average));
	}
	if (rc == SQLITE_OK)
		sqlite3_result_double(result, score);
	else
		sqlite3_result_error_code(result, rc);
}

/* How FTS5 hands out its interface: https://www.sqlite.org/fts5.html, section 7. */
int tw_fts_register(sqlite3 *h, struct tw_fts_lengths *l)
{
	fts5_api *api = NULL;
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(h, "SELECT fts5(?1)", -1, &s, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_pointer(s, 1, &api, "fts5_api_ptr", NULL);
	sqlite3_step(s);
	rc = sqlite3_finalize(s);
	if (rc == SQLITE_OK && !api)
		rc = SQLITE_ERROR;
	return rc == SQLITE_OK ? api->xCreateFunction(api, "twin_bm25", l, bm25, NULL) : rc;
}
