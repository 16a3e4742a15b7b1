#include "inference/evidence.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"

/* Enough to tell rare from common in any store; and a question is no book. */
#define RARE_MAX  200
#define WORDS_MAX 24

size_t tw_rare_limit(int64_t rows, double share)
{
	double n = (double)rows * share;
	return n < 1 ? 1 : n > RARE_MAX ? RARE_MAX : (size_t)n;
}

bool tw_is_evidence(const struct tw_retrieval_options *o, const struct tw_fused *f)
{
	return f->known >= o->min_cosine || (f->rare && f->known >= o->min_cosine_lexical);
}

struct finder {
	const struct tw_retrieve_env *env;
	size_t limit;
	struct tw_map rare; /* "doc ord" of chunks with a rare word */
	struct tw_map seen; /* words that were looked up */
	struct tw_arena *a;
	struct tw_err *err;
};

static int key_of(char *buf, size_t size, const char *doc, int ord)
{
	return snprintf(buf, size, "%.100s %d", doc, ord);
}

static bool first_time(struct finder *f, const char *word, size_t len)
{
	struct tw_str folded = TW_STR_INIT;
	tw_text_fold(&folded, word, len);
	bool again = tw_map_has(&f->seen, tw_str_c(&folded));
	if (!again)
		tw_map_set_int(&f->seen, tw_str_c(&folded), 1);
	tw_str_release(&folded);
	return !again;
}

/* A search for the word alone brings every chunk that holds it, one more than the limit tells that it is common. */
static enum tw_status look_up(struct finder *f, const char *word)
{
	struct tw_hits hits;
	char key[128];
	enum tw_status st = tw_fs_search_text(&hits, f->env->fs, f->env->chunks, word, f->limit + 1,
					      f->a, f->err);
	if (st != TW_OK || hits.n > f->limit)
		return st;
	for (size_t j = 0; j < hits.n; j++) {
		key_of(key, sizeof(key), hits.at[j].doc, hits.at[j].ord);
		tw_map_set_int(&f->rare, key, 1);
	}
	return TW_OK;
}

static enum tw_status find_rare(struct finder *f, const char *query)
{
	struct tw_spans words = tw_text_words(query, strlen(query), f->a);
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < words.n && f->seen.n < WORDS_MAX; i++) {
		size_t len = words.at[i].end - words.at[i].start;
		const char *word = tw_strndup(f->a, query + words.at[i].start, len);
		if (first_time(f, word, len))
			st = look_up(f, word);
	}
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

enum tw_status tw_evidence(struct tw_fusion *f, const struct tw_retrieve_env *env,
			   size_t rare_limit, const char *query, const float *vec, int dim,
			   struct tw_arena *a, struct tw_err *err)
{
	struct finder finder = {.env = env, .limit = rare_limit, .a = a, .err = err};
	enum tw_status st = find_rare(&finder, query);
	size_t kept = 0;
	for (size_t i = 0; st == TW_OK && i < f->n; i++) {
		struct tw_fused *hit = &f->at[i];
		char key[128];
		key_of(key, sizeof(key), hit->doc, hit->ord);
		hit->rare = tw_map_has(&finder.rare, key);
		hit->known = hit->cosine;
		if (hit->rare && hit->cosine <= -1)
			st = look_up_cosine(hit, env, vec, dim, a, err);
		if (st == TW_OK && tw_is_evidence(env->options, hit))
			f->at[kept++] = *hit;
	}
	f->n = kept;
	tw_map_release(&finder.rare);
	tw_map_release(&finder.seen);
	return st;
}
