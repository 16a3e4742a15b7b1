/*
 * View "duplicates": for each document its group of near-duplicates. Candidates
 * come from locality-sensitive hashing of the signatures (Indyk and Motwani
 * 1998; banding as in Leskovec, Rajaraman and Ullman, section 3.4), each is
 * verified against the threshold, and groups are the connected components.
 * Canonical is the earliest document of a group, then the smallest id.
 */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "feature/feature.h"
#include "feature/signatures_int.h"

/* 32 bands of 4: a pair of similarity .8 is a candidate with probability 1 - 5e-8, one of .3 with .23. */
#define BANDS	     32
#define ROWS	     (SIGNATURE_LEN / BANDS)
/* In a bucket each document is compared with this many before it: boilerplate must not make it quadratic. */
#define MAX_COMPARED 64

struct duplicates {
	double threshold;
};

static const struct tw_opt opts[] = {
	{"threshold", TW_OPT_REAL, offsetof(struct duplicates, threshold), .def = "0.8", .min = 0.5,
	 .max = 1,
	 .help = "similarity (Jaccard, of word 5-shingles) from which two documents are the same"},
	{0},
};

static const struct tw_field schema[] = {
	{"group", TW_FIELD_TEXT, 0, "id of the group's canonical document"},
	{"canonical", TW_FIELD_INT, 0, "1 for the document that stands for its group"},
	{"similarity", TW_FIELD_REAL, 0, "to the canonical document; 1 for the same words"},
	{0},
};

static const char *const inputs[] = {"signatures", NULL};

struct doc {
	const char *id, *digest;
	int64_t created_ms;
	uint32_t min[SIGNATURE_LEN];
	size_t parent; /* of the union-find forest */
};

struct docs TW_VEC_BODY(struct doc *);

/* Eight digits, of which a document has 128 times as many: strtoul() is too slow. */
static uint32_t read_word(const char *hex)
{
	uint32_t x = 0;
	for (size_t i = 0; i < 8; i++)
		x = x << 4 | (uint32_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
	return x;
}

static bool read_minhash(uint32_t min[SIGNATURE_LEN], struct tw_bytes hex)
{
	if (hex.len != (size_t)SIGNATURE_LEN * 8)
		return false;
	for (size_t i = 0; i < SIGNATURE_LEN; i++)
		min[i] = read_word(hex.data + i * 8);
	return true;
}

static enum tw_status read_docs(struct docs *docs, struct tw_row_reader *r, struct tw_arena *a,
				struct tw_err *err)
{
	struct tw_rows rows;
	enum tw_status st;
	struct tw_arena one;
	tw_arena_init(&one);
	while ((st = r->next(r, &rows, &one, err)) == TW_OK) {
		struct doc *d = rows.n ? TW_NEW(a, struct doc) : NULL;
		if (d && read_minhash(d->min, tw_row_text(&rows, &rows.at[0], "minhash"))) {
			d->id = tw_strdup(a, rows.at[0].doc);
			d->digest = tw_strdup(a, tw_row_cstr(&rows, &rows.at[0], "digest"));
			d->created_ms = tw_row_int(&rows, &rows.at[0], "created_ms");
			tw_vec_push(docs, d);
		}
		tw_arena_reset(&one);
	}
	tw_arena_release(&one);
	return st == TW_DONE ? TW_OK : st;
}

/* Earliest first; an unknown date is later than any. */
static int by_rank(const void *a, const void *b)
{
	const struct doc *x = *(struct doc *const *)a, *y = *(struct doc *const *)b;
	if (x->created_ms != y->created_ms) {
		if (!x->created_ms || !y->created_ms)
			return x->created_ms ? -1 : 1;
		return x->created_ms < y->created_ms ? -1 : 1;
	}
	return strcmp(x->id, y->id);
}

static size_t root_of(struct docs *docs, size_t i)
{
	while (docs->at[i]->parent != i) {
		docs->at[i]->parent = docs->at[docs->at[i]->parent]->parent;
		i = docs->at[i]->parent;
	}
	return i;
}

/* Documents are in rank order, so the smaller root is the canonical one. */
static void join(struct docs *docs, size_t a, size_t b)
{
	a = root_of(docs, a);
	b = root_of(docs, b);
	if (a < b)
		docs->at[b]->parent = a;
	else
		docs->at[a]->parent = b;
}

static double similarity(const struct doc *a, const struct doc *b)
{
	size_t same = 0;
	if (strcmp(a->digest, b->digest) == 0)
		return 1;
	for (size_t i = 0; i < SIGNATURE_LEN; i++)
		same += a->min[i] == b->min[i];
	return (double)same / SIGNATURE_LEN;
}

struct entry {
	uint64_t key;
	size_t doc;
};

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->doc < y->doc ? -1 : x->doc > y->doc;
}

static void join_bucket(struct docs *docs, const struct entry *e, size_t n, double threshold)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i < MAX_COMPARED ? 0 : i - MAX_COMPARED; j < i; j++) {
			if (root_of(docs, e[i].doc) == root_of(docs, e[j].doc))
				continue;
			if (similarity(docs->at[e[i].doc], docs->at[e[j].doc]) >= threshold)
				join(docs, e[i].doc, e[j].doc);
		}
}

static void sort_and_join(struct docs *docs, struct entry *e, double threshold)
{
	qsort(e, docs->n, sizeof(*e), by_key);
	for (size_t from = 0, to; from < docs->n; from = to) {
		for (to = from + 1; to < docs->n && e[to].key == e[from].key; to++)
			;
		join_bucket(docs, e + from, to - from, threshold);
	}
}

static void group(struct docs *docs, double threshold)
{
	if (!docs->n)
		return;
	struct entry *e = tw_xcalloc(docs->n, sizeof(*e));
	for (size_t i = 0; i < docs->n; i++)
		e[i] = (struct entry){
			tw_hash64(docs->at[i]->digest, strlen(docs->at[i]->digest), 3), i};
	sort_and_join(docs, e, 1);
	for (size_t b = 0; b < BANDS; b++) {
		for (size_t i = 0; i < docs->n; i++)
			e[i] = (struct entry){
				tw_hash64(docs->at[i]->min + b * ROWS, ROWS * sizeof(uint32_t), b),
				i};
		sort_and_join(docs, e, threshold);
	}
	free(e);
}

static enum tw_status apply_all(struct tw_rows *out, void *ctx, struct tw_row_reader *const *in,
				struct tw_arena *a, struct tw_err *err)
{
	const struct duplicates *o = ctx;
	struct docs docs = {0};
	enum tw_status st = read_docs(&docs, in[0], a, err);
	if (st == TW_OK && docs.n)
		qsort(docs.at, docs.n, sizeof(*docs.at), by_rank);
	for (size_t i = 0; i < docs.n; i++)
		docs.at[i]->parent = i;
	if (st == TW_OK)
		group(&docs, o->threshold);
	for (size_t i = 0; st == TW_OK && i < docs.n; i++) {
		const struct doc *canonical = docs.at[root_of(&docs, i)];
		struct tw_row *r = tw_rows_add(out, docs.at[i]->id);
		tw_row_set_str(out, r, "group", canonical->id);
		tw_row_set_int(out, r, "canonical", canonical == docs.at[i]);
		tw_row_set_real(out, r, "similarity", similarity(docs.at[i], canonical));
	}
	tw_vec_release(&docs);
	return st;
}

const struct tw_transform_type tw_transform_duplicates = {
	.name = "duplicates",
	.help = "groups of documents that say the same",
	.code_version = 1,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct duplicates),
	.apply_all = apply_all,
};
