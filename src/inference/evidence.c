#include "inference/evidence.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "inference/function_words.h"

/* In a small store all words may count, in a large one their lists must stay short. */
#define LIMIT_MIN 10
#define LIMIT_MAX 500
#define WORDS_MAX 24 /* a question is no book */
#define NEAR	  2  /* chunks on either side */

size_t tw_common_limit(int64_t rows, double share)
{
	double n = (double)rows * share;
	return n < LIMIT_MIN ? LIMIT_MIN : n > LIMIT_MAX ? LIMIT_MAX : (size_t)n;
}

static double evidence(const struct tw_retrieval_options *o, const struct tw_fused *f)
{
	return f->known + o->word_weight * f->coverage;
}

bool tw_is_evidence(const struct tw_retrieval_options *o, const struct tw_fused *f)
{
	return evidence(o, f) >= o->min_evidence;
}

struct finder {
	const struct tw_retrieve_env *env;
	struct tw_fusion *f;
	struct tw_map places; /* "doc ord" -> what was found there */
	struct tw_map seen;   /* words that were looked up */
	int64_t rows;
	double total; /* weight of all words of the question */
	struct tw_arena *a;
	struct tw_err *err;
};

static int key_of(char *buf, size_t size, const char *doc, int ord)
{
	return snprintf(buf, size, "%.100s %d", doc, ord);
}

static void index_places(struct finder *f)
{
	char key[128];
	for (size_t i = 0; i < f->f->n; i++) {
		key_of(key, sizeof(key), f->f->at[i].doc, f->f->at[i].ord);
		tw_map_set(&f->places, key, &f->f->at[i]);
	}
}

/* The word's weight goes to every place that has it within reach, once each. */
static void spread(struct finder *f, const struct tw_hits *hits, double weight)
{
	struct tw_map done = TW_MAP_INIT;
	char key[128];
	for (size_t i = 0; i < hits->n; i++)
		for (int d = -NEAR; d <= NEAR; d++) {
			key_of(key, sizeof(key), hits->at[i].doc, hits->at[i].ord + d);
			struct tw_fused *place = tw_map_get(&f->places, key);
			if (!place || tw_map_has(&done, key))
				continue;
			tw_map_set_int(&done, key, 1);
			place->coverage += weight;
		}
	tw_map_release(&done);
}

/* A search for the word alone brings every chunk that holds it, or tells that it is common. */
static enum tw_status look_up(struct finder *f, const char *word)
{
	struct tw_hits hits;
	bool common;
	size_t limit = tw_common_limit(f->rows, f->env->options->common_share);
	enum tw_status st = tw_fs_find_text(&hits, &common, f->env->fs, f->env->chunks, word, limit,
					    f->a, f->err);
	if (st != TW_OK || common)
		return st;
	double weight = log(((double)f->rows + 1) / ((double)hits.n + 1));
	if (weight <= 0)
		return TW_OK;
	f->total += weight;
	spread(f, &hits, weight);
	return TW_OK;
}

static enum tw_status find_words(struct finder *f, const char *query)
{
	struct tw_spans words = tw_text_words(query, strlen(query), f->a);
	struct tw_str folded = TW_STR_INIT;
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < words.n && f->seen.n < WORDS_MAX; i++) {
		size_t len = words.at[i].end - words.at[i].start;
		tw_str_clear(&folded);
		tw_text_fold(&folded, query + words.at[i].start, len);
		const char *word = tw_str_c(&folded);
		if (!word[0] || tw_is_function_word(word) || tw_map_has(&f->seen, word))
			continue;
		tw_map_set_int(&f->seen, word, 1);
		st = look_up(f, tw_strdup(f->a, word));
	}
	tw_str_release(&folded);
	for (size_t i = 0; f->total > 0 && i < f->f->n; i++)
		f->f->at[i].coverage /= f->total;
	return st;
}

/* The store knows the vector of a chunk that was found by its words. */
static enum tw_status look_up_cosine(struct tw_fused *hit, const struct tw_retrieve_env *env,
				     const float *vec, int dim, struct tw_arena *a,
				     struct tw_err *err)
{
	struct tw_rows rows;
	enum tw_status st = tw_fs_rows(&rows, env->fs, env->embeddings, hit->doc, a, err);
	if (st != TW_OK)
		return st;
	for (size_t i = 0; i < rows.n; i++) {
		if (rows.at[i].ord != hit->ord)
			continue;
		for (int c = 0; c < tw_schema_count(rows.schema); c++) {
			const struct tw_cell *cell = &rows.at[i].cells[c];
			if (rows.schema[c].type != TW_FIELD_VECTOR || cell->dim != dim)
				continue;
			double dot = 0;
			for (int d = 0; d < dim; d++)
				dot += (double)cell->vec[d] * (double)vec[d];
			hit->known = dot;
		}
	}
	return TW_OK;
}

/* What was found by words alone is no nearer than the farthest that was found by its vector. */
static double farthest(const struct tw_fusion *f)
{
	double least = 1;
	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].cosine > -1 && f->at[i].cosine < least)
			least = f->at[i].cosine;
	return least;
}

static enum tw_status keep_evidence(struct finder *f, const float *vec, int dim)
{
	const struct tw_retrieval_options *o = f->env->options;
	const double bound = farthest(f->f);
	enum tw_status st = TW_OK;
	size_t kept = 0;
	for (size_t i = 0; st == TW_OK && i < f->f->n; i++) {
		struct tw_fused hit = f->f->at[i];
		hit.known = hit.cosine > -1 ? hit.cosine : bound;
		if (!tw_is_evidence(o, &hit))
			continue;
		if (hit.cosine <= -1) {
			hit.known = -1;
			st = look_up_cosine(&hit, f->env, vec, dim, f->a, f->err);
		}
		if (st == TW_OK && tw_is_evidence(o, &hit))
			f->f->at[kept++] = hit;
	}
	f->f->n = kept;
	return st;
}

/* What is far behind the best would only be in its way. */
static void keep_close(struct tw_fusion *f, const struct tw_retrieval_options *o)
{
	double best = -2;
	size_t kept = 0;
	for (size_t i = 0; i < f->n; i++)
		if (evidence(o, &f->at[i]) > best)
			best = evidence(o, &f->at[i]);
	for (size_t i = 0; i < f->n; i++)
		if (evidence(o, &f->at[i]) >= best - o->margin)
			f->at[kept++] = f->at[i];
	f->n = kept;
}

enum tw_status tw_evidence(struct tw_fusion *f, const struct tw_retrieve_env *env, int64_t rows,
			   const char *query, const float *vec, int dim, struct tw_arena *a,
			   struct tw_err *err)
{
	struct finder finder = {.env = env, .f = f, .rows = rows, .a = a, .err = err};
	index_places(&finder);
	enum tw_status st = find_words(&finder, query);
	if (st == TW_OK)
		st = keep_evidence(&finder, vec, dim);
	if (st == TW_OK)
		keep_close(f, env->options);
	tw_map_release(&finder.places);
	tw_map_release(&finder.seen);
	return st;
}
