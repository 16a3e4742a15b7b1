/*
 * Main-content extraction against the article-extraction-benchmark: 181 pages
 * with the text that people marked as the article. Score as its authors
 * define it: shingles of four words, precision and recall averaged over pages.
 *
 *	extract_score [-v] [-d FOLDER] [-r ROUNDS]
 *	-v: a line for each page, worst first; -d: keeps the texts; -r: rounds of timing, of which the best counts
 *
 * Halves: of the pages, by a hash of their names. What helps one and harms the other is chance.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"
#include "collect/extract.h"
#include "collect/html/html_int.h"
#include "collect/site/sitemap_int.h"

#define SHINGLE 4

struct score {
	double precision, recall, f1;
	const char *page;
};

/* Sums over pages. */
struct mean {
	double precision, recall, pages;
};

static void add(struct mean *m, const struct score *s)
{
	m->precision += s->precision;
	m->recall += s->recall;
	m->pages++;
}

/* Of the means, as the benchmark's authors define it: not the mean of the pages' own. */
static double f1(const struct mean *m)
{
	double sum = m->precision + m->recall;
	return sum > 0 ? 2 * m->precision * m->recall / sum / m->pages : 0;
}

struct words TW_VEC_BODY(uint64_t);

/* The pages' words, as Python's \w+ finds them. */
static void split_words(struct words *out, const char *s, size_t len)
{
	size_t start = 0, i = 0;
	bool in_word = false;
	while (i <= len) {
		size_t at = i;
		UChar32 c = 0;
		if (i < len)
			U8_NEXT((const uint8_t *)s, i, len, c);
		else
			i++;
		bool word = c > 0 && (c == '_' || u_isalnum(c));
		if (word && !in_word)
			start = at;
		if (!word && in_word)
			tw_vec_push(out, tw_hash64(s + start, at - start, 1));
		in_word = word;
	}
}

static void count_shingles(struct tw_map *out, const char *s, size_t len)
{
	struct words w = {0};
	split_words(&w, s, len);
	size_t n = w.n >= SHINGLE ? SHINGLE : w.n;
	for (size_t i = 0; n && i + n <= w.n; i++)
		tw_map_at(out, (const char *)&w.at[i], n * sizeof(uint64_t))->v.i++;
	tw_vec_release(&w);
}

static struct score judge(const char *truth, const char *text, size_t len)
{
	struct tw_map want = TW_MAP_INIT, got = TW_MAP_INIT;
	double tp = 0, fp = 0, fn = 0;
	struct tw_map_slot *s;
	count_shingles(&want, truth, strlen(truth));
	count_shingles(&got, text, len);
	for (size_t it = 0; (s = tw_map_next(&want, &it));) {
		struct tw_map_slot *g = tw_map_find(&got, s->key, s->len);
		int64_t n = g ? g->v.i : 0;
		tp += (double)(n < s->v.i ? n : s->v.i);
		fn += (double)(n < s->v.i ? s->v.i - n : 0);
	}
	for (size_t it = 0; (s = tw_map_next(&got, &it));) {
		struct tw_map_slot *w = tw_map_find(&want, s->key, s->len);
		int64_t n = w ? w->v.i : 0;
		fp += (double)(s->v.i > n ? s->v.i - n : 0);
	}
	tw_map_release(&want);
	tw_map_release(&got);
	struct score r = {0};
	r.precision = fp == 0 && fn == 0 ? 1 : tp == 0 && fp == 0 ? 0 : tp / (tp + fp);
	r.recall = fp == 0 && fn == 0 ? 1 : tp == 0 && fn == 0 ? 0 : tp / (tp + fn);
	r.f1 = tp > 0 ? 2 * r.precision * r.recall / (r.precision + r.recall) : 0;
	return r;
}

static bool unpack(struct tw_str *out, const char *path)
{
	struct tw_str packed = TW_STR_INIT;
	bool ok = tw_read_file(&packed, path, 0, NULL) == TW_OK &&
		  gunzip(out, packed.data, packed.len, TW_PAGE_MOST, NULL) == TW_OK;
	tw_str_release(&packed);
	return ok;
}

static int worst_first(const void *a, const void *b)
{
	double x = ((const struct score *)a)->f1, y = ((const struct score *)b)->f1;
	return x < y ? -1 : x > y;
}

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct input {
	const char *id, *url, *truth;
	struct tw_str html;
};
struct inputs TW_VEC_BODY(struct input);

static enum tw_status load(struct inputs *out, const char *dir, struct tw_arena *a,
			   struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_json *all = NULL;
	enum tw_status st = tw_read_file(&text, tw_sprintf(a, "%s/ground-truth.json", dir), 0, err);
	if (st == TW_OK)
		st = tw_json_parse(&all, text.data, text.len, a, err);
	for (const struct tw_json *v = all ? all->child : NULL; v; v = v->next) {
		struct input in = {v->key, tw_json_str(tw_json_get(v, "url"), NULL),
				   tw_json_str(tw_json_get(v, "articleBody"), ""), TW_STR_INIT};
		if (unpack(&in.html, tw_sprintf(a, "%s/html/%s.html.gz", dir, v->key)))
			tw_vec_push(out, in);
	}
	tw_str_release(&text);
	return st;
}

/* `dump`: folder that keeps the text, or NULL. */
static struct score score_page(const struct input *in, const char *dump)
{
	struct tw_err err = TW_ERR_INIT;
	struct page page = {.text = ""};
	struct tw_arena a;
	tw_arena_init(&a);
	if (extract_page(&page, in->html.data, in->html.len, in->url, NULL, &a, &err) != TW_OK)
		fprintf(stderr, "%s: %s\n", in->id, err.msg);
	struct score s = judge(in->truth, page.text, strlen(page.text));
	s.page = in->id;
	if (dump && tw_write_file(tw_sprintf(&a, "%s/%s.txt", dump, in->id), page.text,
				  strlen(page.text), &err) != TW_OK)
		fprintf(stderr, "%s\n", err.msg);
	tw_arena_release(&a);
	return s;
}

/* All pages once, from bytes to text and Markdown; seconds of CPU time, the best of the rounds. */
static double time_pages(const struct inputs *in, int rounds)
{
	struct tw_arena a;
	double best = 1e300;
	tw_arena_init(&a);
	for (int r = 0; r < rounds; r++) {
		double start = cpu_s();
		for (size_t i = 0; i < in->n; i++) {
			struct page page;
			const struct input *p = &in->at[i];
			if (extract_page(&page, p->html.data, p->html.len, p->url, NULL, &a,
					 NULL) != TW_OK)
				fprintf(stderr, "%s: no page\n", p->id);
			tw_arena_reset(&a);
		}
		double s = cpu_s() - start;
		best = s < best ? s : best;
	}
	tw_arena_release(&a);
	return best;
}

static void print_pages(const struct score *scores, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%.16s  f1 %.3f  p %.3f  r %.3f\n", scores[i].page, scores[i].f1,
		       scores[i].precision, scores[i].recall);
}

static int run(const char *dir, bool verbose, const char *dump, int rounds)
{
	struct inputs in = {0};
	struct tw_err err = TW_ERR_INIT;
	struct tw_arena a;
	TW_VEC(struct score) scores = {0};
	struct mean whole = {0}, half[2] = {0};
	tw_arena_init(&a);
	if (load(&in, dir, &a, &err) != TW_OK || !in.n) {
		fprintf(stderr, "extract: %s; set TWIN_SHARED_DATA\n", err.msg);
		return 1;
	}
	for (size_t i = 0; i < in.n; i++) {
		struct score s = score_page(&in.at[i], dump);
		add(&whole, &s);
		add(&half[tw_hash64(s.page, strlen(s.page), 7) & 1], &s);
		tw_vec_push(&scores, s);
	}
	qsort(scores.at, scores.n, sizeof(*scores.at), worst_first);
	print_pages(scores.at, verbose ? scores.n : 0);
	printf("extract: f1=%.4f precision=%.4f recall=%.4f f1_half_a=%.4f f1_half_b=%.4f pages=%zu "
	       "pages_per_s=%.0f\n",
	       f1(&whole), whole.precision / whole.pages, whole.recall / whole.pages, f1(&half[0]),
	       f1(&half[1]), in.n, whole.pages / time_pages(&in, rounds));
	for (size_t i = 0; i < in.n; i++)
		tw_str_release(&in.at[i].html);
	tw_vec_release(&in);
	tw_vec_release(&scores);
	tw_arena_release(&a);
	return 0;
}

int main(int argc, char **argv)
{
	const char *shared = getenv("TWIN_SHARED_DATA"), *dump = NULL;
	bool verbose = false;
	int rounds = 3;
	struct tw_arena a;
	tw_arena_init(&a);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			verbose = true;
		else if (strcmp(argv[i], "-d") == 0 && i + 1 < argc)
			dump = argv[++i];
		else if (strcmp(argv[i], "-r") == 0 && i + 1 < argc)
			rounds = atoi(argv[++i]);
	}
	int rc = run(tw_path_join(&a, shared ? shared : "../shared/data", "article-extraction"),
		     verbose, dump, rounds > 0 ? rounds : 1);
	tw_arena_release(&a);
	return rc;
}
