/*
 * Search of 100,000 generated chunks, one thread: words (ours against the same
 * query with SQLite's own bm25()) and vectors of 384 dimensions (ours against
 * a scan of all of them in float32).
 *
 *	search [-n CHUNKS] [-q QUERIES]
 */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/vec.h"
#include "core/feature_store.h"
#include "store/vec_kernels.h"
#include "normal.h"

#define DIM	 384
#define K	 10
#define VOCAB	 40000
#define COMMON	 100 /* words that a query has no use for, as stop words */
#define ROWS_DOC 100

static const struct tw_field text_schema[] = {
	{"text", TW_FIELD_TEXT, 1, ""}, {"heading", TW_FIELD_TEXT, 2, ""}, {0}};
static const struct tw_field vector_schema[] = {{"vec", TW_FIELD_VECTOR, 0, ""}, {0}};

struct bench {
	struct tw_feature_store *fs;
	struct tw_err err;
	struct tw_arena a;
	char dir[64], path[96];
	size_t chunks, queries;
	float *vecs; /* (chunks, DIM) */
	double *ours, *peer;
	uint64_t rnd;
};

static void must(enum tw_status st, const struct tw_err *err)
{
	if (st == TW_OK)
		return;
	fprintf(stderr, "%s: %s\n", tw_status_name(st), err->msg);
	exit(1);
}

static void word(char out[16], int rank)
{
	static const char *const part[] = {"ba", "ko", "mi", "lu", "te", "ra", "no", "vi",
					   "sa", "du", "pe", "go", "fi", "zo", "hu", "ja"};
	size_t n = 0;

	for (int r = rank + 16; r; r /= 16)
		n += (size_t)sprintf(out + n, "%s", part[r % 16]);
}

/* Zipf with exponent one, above rank `from`. */
static int rank_of(uint64_t *rnd, int from)
{
	double lo = log(from + 1.0), hi = log(VOCAB);

	return (int)exp(lo + (hi - lo) * tw_random_unit(rnd)) - 1;
}

static void words(struct tw_str *out, uint64_t *rnd, int n, int from)
{
	char w[16];

	tw_str_clear(out);
	for (int i = 0; i < n; i++) {
		do
			word(w, rank_of(rnd, from));
		while (from && strstr(tw_str_c(out), w)); /* a query asks for each once */
		tw_str_addf(out, "%s%s", i ? " " : "", w);
	}
}

/* In bunches, as embeddings are. */
static void vector(float *out, uint64_t seed, uint64_t bunch)
{
	uint64_t a = seed * 7919 + 1, b = bunch * 104729 + 3;
	double size = 0;

	for (int i = 0; i < DIM; i++) {
		out[i] = (float)(random_normal(&a) + 1.2 * random_normal(&b));
		size += (double)out[i] * (double)out[i];
	}
	for (int i = 0; i < DIM; i++)
		out[i] /= (float)sqrt(size);
}

static void declare(struct bench *b, const char *name, const struct tw_field *schema)
{
	struct tw_view v = {.name = name, .digest = name, .params = "{}", .schema = schema};

	must(tw_fs_view_declare(&v, b->fs, &b->err), &b->err);
}

static void fill(struct bench *b)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_arena a;

	tw_arena_init(&a);
	for (size_t from = 0; from < b->chunks; from += ROWS_DOC) {
		struct tw_rows rows, vecs;
		char doc[32];
		snprintf(doc, sizeof(doc), "%016zx", from);
		tw_rows_init(&rows, text_schema, &a);
		tw_rows_init(&vecs, vector_schema, &a);
		for (size_t i = from; i < from + ROWS_DOC && i < b->chunks; i++) {
			struct tw_row *r = tw_rows_add(&rows, doc);
			words(&text, &b->rnd, 40 + (int)(tw_random_u64(&b->rnd) % 100), 0);
			tw_row_set_text(&rows, r, "text", text.data, text.len);
			words(&text, &b->rnd, 4, 0);
			tw_row_set_text(&rows, r, "heading", text.data, text.len);
			float *v = b->vecs + i * DIM;
			vector(v, i, i % 500);
			tw_row_set_vector(&vecs, tw_rows_add(&vecs, doc), "vec", v, DIM);
		}
		const struct tw_doc_rows t = {doc, "x", &rows}, u = {doc, "x", &vecs};
		must(tw_fs_commit(b->fs, "chunks", &t, 1, -1, &b->err), &b->err);
		must(tw_fs_commit(b->fs, "embeddings", &u, 1, -1, &b->err), &b->err);
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
	tw_str_release(&text);
}

static int smaller(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

/* In milliseconds; sorts. */
static double quantile(double *seconds, size_t n, double q)
{
	qsort(seconds, n, sizeof(*seconds), smaller);
	return 1e3 * seconds[(size_t)(q * (double)(n - 1))];
}

/* Rows in the peer's top ten that are in ours too. */
static int ask_sqlite(sqlite3_stmt *q, const char *text, const struct tw_hits *h)
{
	struct tw_str match = TW_STR_INIT;
	int same = 0;

	for (const char *p = text; *p; p += strcspn(p, " "), p += *p == ' ')
		tw_str_addf(&match, "%s\"%.*s\"", match.len ? " OR " : "", (int)strcspn(p, " "), p);
	sqlite3_bind_text(q, 1, match.data, -1, SQLITE_STATIC);
	while (sqlite3_step(q) == SQLITE_ROW)
		for (size_t i = 0; i < h->n; i++)
			same += sqlite3_column_int(q, 1) == h->at[i].ord &&
				strcmp((const char *)sqlite3_column_text(q, 0), h->at[i].doc) == 0;
	sqlite3_reset(q);
	tw_str_release(&match);
	return same;
}

static double search_words(struct bench *b)
{
	static const char sql[] = "SELECT v1.doc, v1.ord FROM f1 JOIN v1 ON v1.rid = f1.rowid "
				  "WHERE f1 MATCH ? ORDER BY bm25(f1, 1, 2) LIMIT 10";
	struct tw_str text = TW_STR_INIT;
	sqlite3 *h;
	sqlite3_stmt *q;
	int same = 0;

	if (sqlite3_open(b->path, &h) != SQLITE_OK ||
	    sqlite3_prepare_v2(h, sql, -1, &q, NULL) != SQLITE_OK)
		exit(1);
	sqlite3_exec(h, "PRAGMA cache_size = -16000", NULL, NULL, NULL);
	/* The first round warms up both. */
	for (size_t i = 0; i < 2 * b->queries; i++) {
		struct tw_hits hits;
		words(&text, &b->rnd, 6, COMMON);
		double t0 = tw_monotonic_s();
		must(tw_fs_search_text(&hits, b->fs, "chunks", text.data, K, &b->a, &b->err),
		     &b->err);
		double t1 = tw_monotonic_s();
		int n = ask_sqlite(q, text.data, &hits);
		if (i >= b->queries) {
			b->ours[i - b->queries] = t1 - t0;
			b->peer[i - b->queries] = tw_monotonic_s() - t1;
			same += n;
		}
		tw_arena_reset(&b->a);
	}
	sqlite3_finalize(q);
	sqlite3_close(h);
	tw_str_release(&text);
	return (double)same / (double)(K * b->queries);
}

struct scored {
	float score;
	size_t row;
};

/* The best K of all, by insertion. */
static void scan(struct scored best[K], const struct bench *b, const float *q)
{
	const struct tw_vec_kernels *k = tw_vec_kernels_best();
	size_t n = 0;

	for (size_t i = 0; i < b->chunks; i++) {
		float s = k->dot_f32(b->vecs + i * DIM, q, DIM);
		if (n == K && s <= best[K - 1].score)
			continue;
		size_t at = n < K ? n++ : K - 1;
		for (; at && best[at - 1].score < s; at--)
			best[at] = best[at - 1];
		best[at] = (struct scored){s, i};
	}
}

static double search_vectors(struct bench *b)
{
	struct scored best[K];
	float q[DIM];
	int same = 0;

	for (size_t i = 0; i < 2 * b->queries; i++) {
		struct tw_hits hits;
		vector(q, (1 << 20) + i, i % 500);
		double t0 = tw_monotonic_s();
		must(tw_fs_search_vector(&hits, b->fs, "embeddings", q, DIM, K, &b->a, &b->err),
		     &b->err);
		double t1 = tw_monotonic_s();
		scan(best, b, q);
		if (i < b->queries)
			continue;
		b->ours[i - b->queries] = t1 - t0;
		b->peer[i - b->queries] = tw_monotonic_s() - t1;
		for (size_t k = 0; k < K; k++)
			for (size_t m = 0; m < hits.n; m++)
				same += best[k].row ==
					strtoul(hits.at[m].doc, NULL, 16) + (size_t)hits.at[m].ord;
		tw_arena_reset(&b->a);
	}
	return (double)same / (double)(K * b->queries);
}

static void run(struct bench *b)
{
	double began = tw_monotonic_s();

	fill(b);
	printf("%zu chunks stored and indexed in %.1f s\n", b->chunks, tw_monotonic_s() - began);
	double same = search_words(b), text[4], vec[2];
	text[0] = quantile(b->ours, b->queries, 0.5);
	text[1] = quantile(b->ours, b->queries, 0.95);
	text[2] = quantile(b->peer, b->queries, 0.5);
	text[3] = quantile(b->peer, b->queries, 0.95);
	printf("words:   ours %.2f ms (p95 %.2f), SQLite's bm25() %.2f ms (p95 %.2f), %.3f the same\n",
	       text[0], text[1], text[2], text[3], same);
	double recall = search_vectors(b);
	vec[0] = quantile(b->ours, b->queries, 0.5);
	vec[1] = quantile(b->peer, b->queries, 0.5);
	printf("vectors: ours %.2f ms, float32 scan %.2f ms, recall@10 %.4f\n", vec[0], vec[1],
	       recall);
	printf("search: chunks=%zu words_ms=%.2f sqlite_ms=%.2f words_ratio=%.2f words_same=%.3f "
	       "vector_ms=%.2f scan_ms=%.2f vector_ratio=%.2f recall=%.4f kernels=%s\n",
	       b->chunks, text[0], text[2], text[2] / text[0], same, vec[0], vec[1],
	       vec[1] / vec[0], recall, tw_vec_kernels_best()->name);
}

int main(int argc, char **argv)
{
	struct bench b = {.chunks = 100000, .queries = 50, .dir = "/tmp/twin-search-XXXXXX"};
	int opt;

	while ((opt = getopt(argc, argv, "n:q:")) != -1) {
		size_t n = strtoul(optarg, NULL, 10);
		if (n == 0 || opt == '?')
			return 2;
		*(opt == 'n' ? &b.chunks : &b.queries) = n;
	}
	if (!mkdtemp(b.dir))
		return 1;
	tw_arena_init(&b.a);
	snprintf(b.path, sizeof(b.path), "%s/features.db", b.dir);
	b.vecs = tw_xmalloc(b.chunks * DIM * sizeof(float));
	b.ours = tw_xmalloc(b.queries * sizeof(double));
	b.peer = tw_xmalloc(b.queries * sizeof(double));
	must(tw_fs_open(&b.fs, b.path, &b.err), &b.err);
	declare(&b, "chunks", text_schema);
	declare(&b, "embeddings", vector_schema);
	run(&b);
	tw_fs_close(b.fs);
	must(tw_remove_all(b.dir, &b.err), &b.err);
	tw_arena_release(&b.a);
	free(b.vecs);
	free(b.ours);
	free(b.peer);
	return 0;
}
