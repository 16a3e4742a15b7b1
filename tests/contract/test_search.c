/* What core/feature_store.h promises of search by words and by meaning. */
#include "support/store_fixture.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"

/* --- words: BM25 against a plain computation over all rows --- */

#define ROWS_MAX 400
#define COLUMNS	 3
#define WORDS	 40 /* of the vocabulary */

static const struct tw_field page_schema[] = {
	{"title", TW_FIELD_TEXT, 3, ""}, {"body", TW_FIELD_TEXT, 1, ""},
	{"n", TW_FIELD_INT, 0, ""},	 {"heading", TW_FIELD_TEXT, 2, ""},
	{"note", TW_FIELD_TEXT, 0, ""},	 {0},
};
static const char *const column[COLUMNS] = {"title", "body", "heading"};
static const double weight[COLUMNS] = {3, 1, 2};

struct page {
	char doc[20];
	int ord;
	int count[COLUMNS][WORDS];
	int length; /* in words, all columns */
	bool gone;
};

struct pages {
	struct page at[ROWS_MAX];
	int n;
	uint64_t rnd;
};

/* Words that stemming leaves alone and that are no stop words; common ones first. */
static const char *word(int i)
{
	static char bufs[8][8];
	static unsigned n;
	char *b = bufs[n++ % 8];

	snprintf(b, sizeof(bufs[0]), "w%dx", i);
	return b;
}

static int random_word(struct pages *p)
{
	double u = tw_random_unit(&p->rnd);

	return (int)(u * u * u * WORDS);
}

static void fill(struct pages *p, struct page *g, struct tw_rows *rows)
{
	struct tw_row *r = tw_rows_add(rows, g->doc);

	memset(g->count, 0, sizeof(g->count));
	g->length = 0;
	g->ord = r->ord;
	tw_row_set_str(rows, r, "note", "w1x w1x w1x"); /* is not searched */
	for (int c = 0; c < COLUMNS; c++) {
		struct tw_str s = TW_STR_INIT;
		int n = (int)(tw_random_u64(&p->rnd) % (c == 1 ? 60 : 5));
		for (int i = 0; i < n; i++) {
			int w = random_word(p);
			g->count[c][w]++;
			tw_str_addf(&s, "%s%s", i % 7 ? " " : ", ", word(w));
		}
		g->length += n;
		tw_row_set_str(rows, r, column[c], tw_str_c(&s));
		tw_str_release(&s);
	}
}

/* Documents from … to - 1 of three rows each, written anew; remove: taken out. */
static void write_pages(struct store_world *w, const char *view, struct pages *p, int from, int to,
			bool remove)
{
	struct tw_arena a;

	tw_arena_init(&a);
	for (int d = from; d < to; d++) {
		struct tw_rows rows;
		char doc[20], digest[32];
		tw_rows_init(&rows, page_schema, &a);
		snprintf(doc, sizeof(doc), "%016x", d);
		snprintf(digest, sizeof(digest), "%llu", (unsigned long long)p->rnd);
		for (int i = 3 * d; i < 3 * d + 3; i++) {
			struct page *g = &p->at[i];
			memcpy(g->doc, doc, sizeof(doc));
			g->gone = remove;
			if (!remove)
				fill(p, g, &rows);
			if (i >= p->n)
				p->n = i + 1;
		}
		const struct tw_doc_rows r = {doc, remove ? "" : digest, &rows};
		assert_ok(tw_fs_commit(w->fs, view, &r, 1, -1, &w->err), &w->err);
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
}

/* Robertson and Zaragoza 2009, section 3.4, k1 1.2, b 0.75; a field's weight counts its words so many times. */
static double bm25(const struct pages *p, const struct page *g, const int *query, int n)
{
	double rows = 0, tokens = 0, score = 0;

	for (int i = 0; i < p->n; i++) {
		rows += !p->at[i].gone;
		tokens += p->at[i].gone ? 0 : p->at[i].length;
	}
	for (int k = 0; k < n; k++) {
		double having = 0, f = 0;
		for (int i = 0; i < p->n; i++)
			for (int c = 0, has = 0; c < COLUMNS && !has && !p->at[i].gone; c++)
				having += has = p->at[i].count[c][query[k]] > 0;
		for (int c = 0; c < COLUMNS; c++)
			f += weight[c] * g->count[c][query[k]];
		double idf = log((rows - having + 0.5) / (having + 0.5));
		score += (idf > 0 ? idf : 1e-6) * f * 2.2 /
			 (f + 1.2 * (0.25 + 0.75 * g->length / (tokens / rows)));
	}
	return score;
}

static bool matches(const struct page *g, const int *query, int n)
{
	for (int k = 0; k < n; k++)
		for (int c = 0; c < COLUMNS; c++)
			if (g->count[c][query[k]])
				return !g->gone;
	return false;
}

static bool holds(const struct tw_hits *h, const struct tw_hit *x)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->at[i].row_id, x->row_id) == 0)
			return strcmp(h->at[i].doc, x->doc) == 0 && h->at[i].ord == x->ord;
	return false;
}

/* Without scores it is the same rows, or word that there are more. */
static void assert_finds(struct store_world *w, const char *view, const char *query,
			 const struct tw_hits *all)
{
	struct tw_hits h;
	bool more;

	assert_ok(tw_fs_find_text(&h, &more, w->fs, view, query, all->n, &w->a, &w->err), &w->err);
	assert_false(more);
	assert_int_equal(h.n, all->n);
	for (size_t i = 0; i < h.n; i++)
		assert_true(holds(all, &h.at[i]));
	if (!all->n)
		return;
	assert_ok(tw_fs_find_text(&h, &more, w->fs, view, query, all->n - 1, &w->a, &w->err),
		  &w->err);
	assert_true(more);
	assert_int_equal(h.n, 0);
}

static void assert_same_hits(struct store_world *w, const char *view, const struct pages *p,
			     const int *query, int n)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_hits h;
	size_t expected = 0;

	for (int k = 0; k < n; k++)
		tw_str_addf(&text, "%s ", word(query[k]));
	assert_ok(tw_fs_search_text(&h, w->fs, view, tw_str_c(&text), ROWS_MAX, &w->a, &w->err),
		  &w->err);
	for (int i = 0; i < p->n; i++)
		expected += matches(&p->at[i], query, n);
	assert_int_equal(h.n, expected);
	assert_finds(w, view, tw_str_c(&text), &h);
	for (size_t i = 0; i < h.n; i++) {
		const struct page *g = &p->at[3 * strtol(h.at[i].doc, NULL, 16) + h.at[i].ord];
		assert_true(matches(g, query, n));
		double s = bm25(p, g, query, n);
		assert_true(fabs(h.at[i].score - s) < 1e-9 * (1 + s));
		assert_true(i == 0 || h.at[i].score <= h.at[i - 1].score);
	}
	tw_str_release(&text);
}

static void words_are_ranked_by_bm25_with_weighted_fields(void **state)
{
	struct store_world *w = *state;
	struct pages *p = calloc(1, sizeof(*p));
	const char *v = declare(w->fs, "pages", "{}", page_schema, &w->a, "documents", NULL);

	p->rnd = 1;
	write_pages(w, v, p, 0, 100, false);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 12; i++) {
			int q[4], n = 1 + i % 4;
			for (int k = 0; k < n; k++)
				q[k] = (random_word(p) + k * 11) % WORDS;
			bool twice = n > 1 && (q[0] == q[1] || q[0] == q[n - 1]);
			if (!twice && !(n > 2 && (q[1] == q[2] || q[1] == q[n - 1])) &&
			    !(n > 3 && q[2] == q[3]))
				assert_same_hits(w, v, p, q, n);
		}
		/* Edits, removals and additions. */
		write_pages(w, v, p, 10 * round, 10 * round + 7, false);
		write_pages(w, v, p, 50 + 10 * round, 55 + 10 * round, true);
		write_pages(w, v, p, 100 + 10 * round, 110 + 10 * round, false);
		if (round == 1)
			store_reopen(w);
	}
	free(p);
}

static enum tw_status ask(struct store_world *w, const char *view, const char *query, size_t *n)
{
	struct tw_hits h;
	enum tw_status st;

	tw_err_clear(&w->err);
	st = tw_fs_search_text(&h, w->fs, view, query, 10, &w->a, &w->err);
	*n = h.n;
	return st;
}

static void no_query_fails(void **state)
{
	struct store_world *w = *state;
	static const char *const hostile[] = {
		"\"",
		"\"\"",
		"' OR 1=1 --",
		"AND",
		"OR OR OR",
		"NOT valves",
		"NEAR",
		"NEAR(",
		"valves NEAR/3 glow",
		"text : valves",
		"{text heading} : valves",
		"- {text}: valves",
		"^",
		"*",
		"val*",
		"+",
		"()",
		"(((((((((",
		"\\",
		"%s%s%n",
		"\x01\x02\x7f",
		"\xf0\x9f\x9a\xb2",
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80 \xf0\x9f\x9a\xb2",
		"valves\xf0\x9f\x9a\xb2glow",
		"\xff\xfe\xc0\x80\xed\xa0\x80",
		"\xe2\x80\x8b\xe2\x80\x8b",
		"the and of to",
		"\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd",
		"a\xcc\x81\xcc\x81\xcc\x81"};
	uint64_t rnd = 5;
	size_t n;

	collect(w->fs, "s", "a", "Radio valves glow\nthe end of it", NULL);
	const char *v = declare(w->fs, "lines", "{}", text_schema, &w->a, "documents", NULL);
	materialize(w->fs, v, "documents");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
		assert_ok(ask(w, v, hostile[i], &n), &w->err);
	for (int i = 0; i < 1500; i++) {
		char q[64];
		size_t len = tw_random_u64(&rnd) % 60;
		for (size_t k = 0; k < len; k++)
			q[k] = (char)(tw_random_u64(&rnd) % 3
					      ? "\"*()^:{}-+,.'ORANDNEAT \\"[tw_random_u64(&rnd) %
									     23]
					      : (char)(1 + tw_random_u64(&rnd) % 255));
		q[len] = '\0';
		assert_ok(ask(w, v, q, &n), &w->err);
	}
	char *large = malloc(10241);
	for (int i = 0; i < 10240; i++)
		large[i] = "valves \"glow\xc3\xa9\xf0\x9f\x9a\xb2* "[i % 20];
	large[10240] = '\0';
	assert_ok(ask(w, v, large, &n), &w->err);
	assert_int_equal(n, 1);
	free(large);
}

static void emoji_and_signs_do_not_hide_the_words(void **state)
{
	struct store_world *w = *state;
	size_t n;

	collect(w->fs, "s", "a", "Radio valves glow \xf0\x9f\x9a\xb2\nthe end of it", NULL);
	const char *v = declare(w->fs, "lines", "{}", text_schema, &w->a, "documents", NULL);
	materialize(w->fs, v, "documents");
	static const char *const found[] = {"\xf0\x9f\x9a\xb2 valves",
					    "valves\xf0\x9f\x9a\xb2",
					    "\"valves\"",
					    "valves OR",
					    "(glow)",
					    "-valves",
					    "the"};
	for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
		assert_ok(ask(w, v, found[i], &n), &w->err);
		assert_int_equal(n, 1);
	}
	assert_ok(ask(w, v, "\xf0\x9f\x9a\xb2", &n), &w->err);
	assert_int_equal(n, 0);
}

/* --- meaning: against a scan of everything in double precision --- */

#define DIM 20

/* Documents of n[i] vectors each; n 0: not there. */
#define DOCS_MAX 12
#define VECS_MAX 4000
struct cloud {
	size_t n[DOCS_MAX];
	float v[DOCS_MAX][VECS_MAX][DIM];
};

static struct cloud clouds[2];

static struct cloud *no_cloud(int i)
{
	memset(&clouds[i], 0, sizeof(clouds[i]));
	return &clouds[i];
}

static const char *doc_name(int i)
{
	static char bufs[4][20];
	static unsigned n;
	char *b = bufs[n++ % 4];

	snprintf(b, sizeof(bufs[0]), "%016x", i);
	return b;
}

static void set_doc(struct store_world *w, const char *view, struct cloud *c, int i, size_t n,
		    uint64_t seed)
{
	c->n[i] = n;
	for (size_t k = 0; k < n; k++)
		fake_vector(c->v[i][k], DIM, seed, k);
	if (n) {
		put_vectors(w->fs, view, doc_name(i), n, DIM, seed);
		return;
	}
	const struct tw_doc_rows r = {doc_name(i), "", NULL};
	assert_ok(tw_fs_commit(w->fs, view, &r, 1, -1, &w->err), &w->err);
}

static double cosine(const float *a, const float *b)
{
	double sum = 0;

	for (int i = 0; i < DIM; i++)
		sum += (double)a[i] * b[i];
	return sum;
}

/* How many vectors are nearer to q than `score` says. */
static size_t nearer(const struct cloud *c, const float *q, double score)
{
	size_t n = 0;

	for (int d = 0; d < DOCS_MAX; d++)
		for (size_t k = 0; k < c->n[d]; k++)
			n += cosine(c->v[d][k], q) > score + 1e-6;
	return n;
}

static void assert_exact(struct store_world *w, const char *view, const struct cloud *c,
			 uint64_t seed)
{
	struct tw_hits h;
	float q[DIM];
	size_t total = 0, k = 5;

	for (int d = 0; d < DOCS_MAX; d++)
		total += c->n[d];
	fake_vector(q, DIM, seed, 0);
	assert_ok(tw_fs_search_vector(&h, w->fs, view, q, DIM, k, &w->a, &w->err), &w->err);
	assert_int_equal(h.n, total < k ? total : k);
	for (size_t i = 0; i < h.n; i++) {
		int d = (int)strtol(h.at[i].doc, NULL, 16);
		assert_true((size_t)h.at[i].ord < c->n[d]);
		assert_true(fabs(cosine(c->v[d][h.at[i].ord], q) - h.at[i].score) < 1e-5);
		assert_true(i == 0 || h.at[i].score <= h.at[i - 1].score);
	}
	if (h.n)
		assert_true(nearer(c, q, h.at[h.n - 1].score) < h.n);
}

/* The paths of the view's segments; all gone after the next call but one. */
static size_t segments(struct store_world *w, const char **first)
{
	const char *dir = tw_sprintf(&w->a, "%s.vectors", w->url);
	const struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(dir);

	*first = NULL;
	while (d && (e = readdir(d)))
		if (tw_ends_with(e->d_name, ".seg")) {
			*first = tw_path_join(&w->a, dir, e->d_name);
			n++;
		}
	if (d)
		closedir(d);
	return n;
}

static const char *vectors_view(struct store_world *w, const char *params)
{
	return declare(w->fs, "vectors", params, vector_schema, &w->a, "documents", NULL);
}

static void a_few_vectors_are_searched_exactly(void **state)
{
	struct store_world *w = *state;
	struct cloud *c = no_cloud(0);
	const char *v = vectors_view(w, "{}");

	for (uint64_t i = 0; i < 30; i++) {
		int d = (int)(tw_hash64(&i, sizeof(i), 3) % DOCS_MAX);
		set_doc(w, v, c, d, i % 5 == 4 ? 0 : 1 + i % 7, 100 + i);
		assert_exact(w, v, c, i + 1);
		if (i % 10 == 9)
			store_reopen(w);
	}
}

static void growth_edits_and_removals_keep_it_exact(void **state)
{
	struct store_world *w = *state;
	struct cloud *c = no_cloud(0);
	const char *v = vectors_view(w, "{}"), *path;

	set_doc(w, v, c, 0, 1000, 1);
	assert_int_equal(segments(w, &path), 0);
	assert_exact(w, v, c, 1);
	set_doc(w, v, c, 1, 1500, 2); /* 2,500 rows: worth a segment */
	assert_int_equal(segments(w, &path), 1);
	assert_exact(w, v, c, 2);
	set_doc(w, v, c, 2, 300, 3); /* beside it */
	assert_int_equal(segments(w, &path), 1);
	assert_exact(w, v, c, 3);
	set_doc(w, v, c, 0, 900, 4); /* out of the segment, and in again behind it */
	assert_exact(w, v, c, 4);
	set_doc(w, v, c, 1, 0, 0); /* most of the segment is dead now */
	assert_exact(w, v, c, 5);
	set_doc(w, v, c, 3, 4000, 6);
	assert_exact(w, v, c, 6);
	set_doc(w, v, c, 4, 3000, 7);
	set_doc(w, v, c, 5, 2100, 8);
	assert_in_range(segments(w, &path), 1, 3);
	for (uint64_t i = 0; i < 6; i++) {
		set_doc(w, v, c, 6 + (int)i % 3, 20, 50 + i);
		assert_exact(w, v, c, 10 + i);
	}
	store_reopen(w);
	assert_exact(w, v, c, 20);
	for (int d = 0; d < DOCS_MAX; d++)
		set_doc(w, v, c, d, 0, 0);
	assert_exact(w, v, c, 21);
	set_doc(w, v, c, 0, 10, 9);
	assert_exact(w, v, c, 22);
	/* Rows that are gone don't stay in files for ever. */
	set_doc(w, v, c, 1, 2500, 10);
	assert_int_equal(segments(w, &path), 1);
	assert_exact(w, v, c, 23);
}

/* n bytes, one every `step`; a negative place counts from the end. */
static void damage(const char *path, long at, int n, long step)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	for (int i = 0; i < n; i++) {
		fseek(f, at + i * step, at < 0 ? SEEK_END : SEEK_SET);
		int ch = fgetc(f);
		fseek(f, at + i * step, at < 0 ? SEEK_END : SEEK_SET);
		fputc(ch ^ 0x5a, f);
	}
	fclose(f);
}

static void a_damaged_or_missing_segment_is_written_again(void **state)
{
	struct store_world *w = *state;
	struct cloud *c = no_cloud(0);
	const char *v = vectors_view(w, "{}"), *path, *again;
	const long row = 64 * sizeof(float); /* padded: see store/vec_segment.h */

	set_doc(w, v, c, 0, 2500, 1);
	for (int kind = 0; kind < 7; kind++) {
		assert_int_equal(segments(w, &path), 1);
		assert_exact(w, v, c, 1);
		tw_fs_close(w->fs);
		w->fs = NULL;
		if (kind == 0)
			assert_int_equal(unlink(path), 0);
		else if (kind == 1)
			damage(path, 0, 8, 1); /* header */
		else if (kind == 2)
			damage(path, 64 + 800, 1, 1); /* row numbers */
		else if (kind == 3)
			damage(path, 64 + 2500 * 12 + 256 + 7000, 1, 1); /* codes */
		else if (kind == 4)
			damage(path, -2500 * row + 3, 2500, row); /* a number of each vector */
		else if (kind == 5)
			assert_int_equal(truncate(path, 3000), 0);
		else
			assert_int_equal(truncate(path, 0), 0);
		assert_ok(tw_fs_open(&w->fs, w->url, &w->err), &w->err);
		assert_exact(w, v, c, (uint64_t)kind + 5);
		assert_int_equal(segments(w, &again), 1);
		assert_exact(w, v, c, (uint64_t)kind + 15);
	}
}

static void two_embedders_never_mix(void **state)
{
	struct store_world *w = *state;
	struct tw_view a = {.name = "vectors", .params = "{}", .schema = vector_schema};
	struct tw_view b;
	struct cloud *ca = no_cloud(0), *cb = no_cloud(1);
	const char *path;

	a.digest = tw_strdup(&w->a, tw_sha256("a", 1).hex);
	a.model_digest = "one";
	b = a;
	b.digest = tw_strdup(&w->a, tw_sha256("b", 1).hex);
	b.model_digest = "another of the same dimension";
	assert_ok(tw_fs_view_declare(&a, w->fs, &w->err), &w->err);
	assert_ok(tw_fs_view_declare(&b, w->fs, &w->err), &w->err);
	assert_int_equal(b.version, 2);
	set_doc(w, a.digest, ca, 0, 2200, 1);
	set_doc(w, b.digest, cb, 0, 2300, 2);
	set_doc(w, b.digest, cb, 1, 5, 1);
	assert_int_equal(segments(w, &path), 2);
	for (uint64_t i = 0; i < 4; i++) {
		assert_exact(w, a.digest, ca, i);
		assert_exact(w, b.digest, cb, i);
	}
	assert_ok(tw_fs_view_drop(w->fs, a.digest, &w->err), &w->err);
	no_cloud(0);
	assert_exact(w, a.digest, ca, 5);
	assert_exact(w, b.digest, cb, 5);
	assert_int_equal(segments(w, &path), 1);
}

static void a_query_of_any_length_is_scored_by_cosine(void **state)
{
	struct store_world *w = *state;
	struct cloud *c = no_cloud(0);
	struct tw_hits one, ten;
	float q[DIM], zero[DIM] = {0};
	const char *v = vectors_view(w, "{}");

	set_doc(w, v, c, 0, 2100, 1);
	set_doc(w, v, c, 1, 30, 2);
	fake_vector(q, DIM, 3, 0);
	assert_ok(tw_fs_search_vector(&one, w->fs, v, q, DIM, 5, &w->a, &w->err), &w->err);
	for (int i = 0; i < DIM; i++)
		q[i] *= 10;
	assert_ok(tw_fs_search_vector(&ten, w->fs, v, q, DIM, 5, &w->a, &w->err), &w->err);
	assert_int_equal(ten.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(one.at[i].row_id, ten.at[i].row_id);
		assert_true(fabs(one.at[i].score - ten.at[i].score) < 1e-6);
	}
	assert_ok(tw_fs_search_vector(&ten, w->fs, v, zero, DIM, 5, &w->a, &w->err), &w->err);
	assert_int_equal(ten.n, 5);
	/* More than there are, and none. */
	assert_ok(tw_fs_search_vector(&ten, w->fs, v, q, DIM, 5000, &w->a, &w->err), &w->err);
	assert_int_equal(ten.n, 2130);
	assert_ok(tw_fs_search_vector(&ten, w->fs, v, q, DIM, 0, &w->a, &w->err), &w->err);
	assert_int_equal(ten.n, 0);
}

/* --- while others write --- */

#define BUSY_DOCS 4

struct searcher {
	struct store_world *w;
	const char *view;
	const char *const *ids; /* of document i, whose vectors are those of seed i */
	_Atomic bool *stop;
	int searches, failures, wrong;
};

static bool is_right(const struct searcher *s, const struct tw_hit *h, const float *q)
{
	float v[DIM];
	uint64_t i = 0;

	while (i < BUSY_DOCS && strcmp(s->ids[i], h->doc) != 0)
		i++;
	fake_vector(v, DIM, i, (size_t)h->ord);
	return i < BUSY_DOCS && fabs(cosine(v, q) - h->score) < 1e-5;
}

static void *search_on(void *arg)
{
	struct searcher *s = arg;
	struct tw_err err = TW_ERR_INIT;
	struct tw_hits h;
	struct tw_arena a;
	float q[DIM];

	tw_arena_init(&a);
	while (!*s->stop) {
		fake_vector(q, DIM, 99, (size_t)s->searches++);
		s->failures +=
			tw_fs_search_vector(&h, s->w->fs, s->view, q, DIM, 20, &a, &err) != TW_OK;
		for (size_t i = 0; i < h.n; i++)
			s->wrong += !is_right(s, &h.at[i], q);
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
	return NULL;
}

static void a_search_is_right_while_rows_come_and_are_forgotten(void **state)
{
	struct store_world *w = *state;
	struct searcher s[2];
	struct tw_forgotten f;
	pthread_t t[2];
	_Atomic bool stop = false;
	const char *v = vectors_view(w, "{}"), *ids[BUSY_DOCS];

	collect(w->fs, "s", "a", "1", "b", "2", "c", "3", "d", "4", NULL);
	for (int i = 0; i < BUSY_DOCS; i++)
		ids[i] = id_of(w->fs, (const char[]){(char)('a' + i), 0}, &w->a);
	put_vectors(w->fs, v, ids[0], 2500, DIM, 0);
	for (int i = 0; i < 2; i++) {
		s[i] = (struct searcher){.w = w, .view = v, .ids = ids, .stop = &stop};
		assert_int_equal(pthread_create(&t[i], NULL, search_on, &s[i]), 0);
	}
	for (uint64_t i = 1; i < BUSY_DOCS; i++) {
		put_vectors(w->fs, v, ids[i], 2100, DIM, i);
		assert_ok(tw_fs_forget(&f, w->fs, ids[i - 1], &w->a, &w->err), &w->err);
		assert_true(f.rows >= 2100);
	}
	stop = true;
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		assert_true(s[i].searches > 0);
		assert_int_equal(s[i].failures, 0);
		assert_int_equal(s[i].wrong, 0);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(words_are_ranked_by_bm25_with_weighted_fields),
		T(no_query_fails),
		T(emoji_and_signs_do_not_hide_the_words),
		T(a_few_vectors_are_searched_exactly),
		T(growth_edits_and_removals_keep_it_exact),
		T(a_damaged_or_missing_segment_is_written_again),
		T(two_embedders_never_mix),
		T(a_query_of_any_length_is_scored_by_cosine),
		T(a_search_is_right_while_rows_come_and_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
