/* The rows of a view that best match some words. */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "store/dialect.h"
#include "store/hits.h"

#define QUERY_MAX ((size_t)64 << 10) /* bytes that are looked at */
#define WORDS_MAX 128

/* Words, and what is left of "don't" and "we'll", that most texts have: a query without them finds the same faster.
 * Sorted. What says nothing of a question's subject is another list, inference/function_words.c. */
static const char *const stop_words[] = {
	"a",	 "about", "after", "all",   "also",  "am",   "an",     "and",	"any",	  "are",
	"as",	 "at",	  "be",	   "been",  "but",   "by",   "can",    "could", "d",	  "did",
	"do",	 "does",  "doing", "for",   "from",  "had",  "has",    "have",	"having", "he",
	"her",	 "him",	  "his",   "how",   "i",     "if",   "in",     "into",	"is",	  "it",
	"its",	 "just",  "ll",	   "m",	    "me",    "my",   "no",     "not",	"of",	  "on",
	"or",	 "our",	  "out",   "re",    "s",     "she",  "should", "so",	"some",	  "such",
	"t",	 "than",  "that",  "the",   "their", "them", "then",   "there", "these",  "they",
	"this",	 "to",	  "too",   "up",    "us",    "ve",   "very",   "was",	"we",	  "were",
	"what",	 "when",  "where", "which", "while", "who",  "whom",   "why",	"will",	  "with",
	"would", "you",	  "your"};

static bool is_stop_word(const char *w)
{
	size_t lo = 0, hi = sizeof(stop_words) / sizeof(*stop_words);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = strcmp(w, stop_words[mid]);
		if (order == 0)
			return true;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

struct words TW_VEC_BODY(const char *);

/* "don't" and "base/err.h" are several words to the index: cut at every ASCII sign. */
static void add_parts(struct words *out, struct tw_map *seen, const char *s, size_t len,
		      struct tw_arena *a)
{
	for (size_t i = 0; i < len && out->n < WORDS_MAX;) {
		size_t from = i;
		while (i < len && ((unsigned char)s[i] >= 0x80 || (s[i] >= '0' && s[i] <= '9') ||
				   (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z')))
			i++;
		if (i == from) {
			i++;
			continue;
		}
		const char *w = tw_strndup(a, s + from, i - from);
		if (tw_map_has(seen, w))
			continue;
		tw_map_set_int(seen, w, 1);
		tw_vec_push(out, w);
	}
}

/* Folded words of the query, each once, without stop words unless there are no others. */
static void query_words(struct words *out, const char *query, struct tw_arena *a)
{
	struct tw_str text = TW_STR_INIT, folded = TW_STR_INIT;
	struct tw_map seen = TW_MAP_INIT;
	size_t kept = 0, len = strlen(query);

	tw_utf8_repair(&text, query, tw_utf8_floor(query, len < QUERY_MAX ? len : QUERY_MAX));
	tw_text_fold(&folded, tw_str_c(&text), text.len);
	struct tw_spans words = tw_text_words(tw_str_c(&folded), folded.len, a);
	for (size_t i = 0; i < words.n; i++)
		add_parts(out, &seen, folded.data + words.at[i].start,
			  words.at[i].end - words.at[i].start, a);
	for (size_t i = 0; i < out->n; i++)
		kept += !is_stop_word(out->at[i]);
	for (size_t i = 0, n = 0; kept && i < out->n; i++)
		if (!is_stop_word(out->at[i]))
			out->at[n++] = out->at[i];
	if (kept)
		out->n = kept;
	tw_map_release(&seen);
	tw_str_release(&folded);
	tw_str_release(&text);
}

/* --- searching --- */

struct search {
	const struct tw_view_table *t;
	struct tw_conn *c;
	struct words words;
	struct tw_scored_rows rows;
};

static void end(struct search *s)
{
	tw_db_read_end(s->c);
	tw_vec_release(&s->rows);
	tw_vec_release(&s->words);
}

/* To be ended whatever it returns. */
static enum tw_status begin(struct search *s, struct tw_feature_store *fs, const char *view,
			    const char *query, struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = tw_db_read(&s->c, fs->db, err);

	if (st == TW_OK)
		st = tw_view_table_find(&s->t, fs, s->c, view, err);
	if (st == TW_OK && !s->t->searchable)
		st = tw_fail(err, TW_BAD_USE, "view %s has no field to search for words",
			     s->t->name);
	if (st == TW_OK)
		query_words(&s->words, query, a);
	return st;
}

/* The rows that hold one of the words: all with their scores, or up to `most` without, so that a word of nearly every
 * text costs no more than a rare one. */
static enum tw_status find(struct search *s, bool scored, size_t most, struct tw_err *err)
{
	const struct tw_val limit = V_INT((int64_t)most);
	struct tw_str match = TW_STR_INIT;
	struct tw_stmt *q;

	tw_dialect_match(&match, s->words.at, s->words.n);
	const struct tw_val vals[] = {V_TEXT(tw_str_c(&match)), limit};
	enum tw_status st = tw_sql_query_v(&q, s->c, scored ? s->t->sql_search : s->t->sql_find,
					   vals, scored ? 1 : 2, err);
	while (st == TW_OK && (st = tw_sql_step(q, err)) == TW_OK) {
		const struct tw_scored r = {scored ? tw_col_real(q, 1) : 0, tw_col_int(q, 0)};
		tw_vec_push(&s->rows, r);
	}
	tw_sql_end(q);
	tw_str_release(&match);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_fs_search_text(struct tw_hits *out, struct tw_feature_store *fs, const char *view,
				 const char *query, size_t k, struct tw_arena *a,
				 struct tw_err *err)
{
	struct search s = {.c = NULL};
	enum tw_status st = begin(&s, fs, view, query, a, err);

	*out = (struct tw_hits){NULL, 0};
	if (st == TW_OK && s.words.n && k)
		st = find(&s, true, 0, err);
	if (st == TW_OK)
		st = tw_hits_make(out, s.c, s.t, &s.rows, k, a, err);
	end(&s);
	return st;
}

enum tw_status tw_fs_find_text(struct tw_hits *out, bool *more, struct tw_feature_store *fs,
			       const char *view, const char *query, size_t most, struct tw_arena *a,
			       struct tw_err *err)
{
	struct search s = {.c = NULL};
	enum tw_status st = begin(&s, fs, view, query, a, err);

	*out = (struct tw_hits){NULL, 0};
	*more = false;
	if (st == TW_OK && s.words.n)
		st = find(&s, false, most + 1, err);
	*more = s.rows.n > most;
	if (st == TW_OK && !*more)
		st = tw_hits_make(out, s.c, s.t, &s.rows, most, a, err);
	end(&s);
	return st;
}
