/*
 * Main-content extraction against the article-extraction-benchmark: 181 pages
 * with the text that people marked as the article. Score as its authors
 * define it: shingles of four words, precision and recall averaged over pages.
 *
 *	extract [-v] [-d FOLDER]      -v: a line for each page, worst first; -d: keeps the texts
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "collect/html_int.h"

#define SHINGLE 4

struct score {
	double precision, recall, f1;
	const char *page;
};

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

/* What a reader sees of the Markdown: no targets of links, no escapes. */
static void plain_text(struct tw_str *out, const char *md)
{
	for (const char *p = md; *p; p++) {
		if (p[0] == ']' && p[1] == '(') {
			p += strcspn(p, ")");
			if (!*p)
				break;
		} else if (*p != '\\' && *p != '*') {
			tw_str_addc(out, *p);
		}
	}
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

static bool gunzip(struct tw_str *out, const char *path)
{
	struct tw_str command = TW_STR_INIT;
	char block[65536];
	size_t n;
	tw_str_addf(&command, "gzip -dc '%s'", path);
	FILE *f = popen(command.data, "r");
	tw_str_release(&command);
	while (f && (n = fread(block, 1, sizeof(block), f)) > 0)
		tw_str_add(out, block, n);
	return f && pclose(f) == 0;
}

static int worst_first(const void *a, const void *b)
{
	double x = ((const struct score *)a)->f1, y = ((const struct score *)b)->f1;
	return x < y ? -1 : x > y;
}

/* One page; adds the time that the extraction alone took. `dump`: folder that keeps the text, or NULL. */
static bool run_page(struct score *out, double *seconds, const char *dir, const struct tw_json *v,
		     const char *dump)
{
	struct tw_str html = TW_STR_INIT, text = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	struct page page = {0};
	struct tw_arena a;
	tw_arena_init(&a);
	bool ok = gunzip(&html, tw_sprintf(&a, "%s/html/%s.html.gz", dir, v->key));
	double start = tw_monotonic_s();
	const char *url = tw_json_str(tw_json_get(v, "url"), NULL);
	if (ok && extract_page(&page, html.data, html.len, url, NULL, &a, &err) != TW_OK)
		fprintf(stderr, "%s: %s\n", v->key, err.msg);
	*seconds += tw_monotonic_s() - start;
	plain_text(&text, page.body ? page.body : "");
	*out = judge(tw_json_str(tw_json_get(v, "articleBody"), ""), tw_str_c(&text), text.len);
	out->page = v->key;
	if (dump && tw_write_file(tw_sprintf(&a, "%s/%s.md", dump, v->key), tw_str_c(&text),
				  text.len, &err) != TW_OK)
		fprintf(stderr, "%s\n", err.msg);
	tw_str_release(&html);
	tw_str_release(&text);
	tw_arena_release(&a);
	return ok;
}

static int run(const char *dir, bool verbose, const char *dump)
{
	struct tw_str text = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *all = NULL;
	struct tw_arena a;
	TW_VEC(struct score) scores = {0};
	double precision = 0, recall = 0, seconds = 0;
	tw_arena_init(&a);
	if (tw_read_file(&text, tw_sprintf(&a, "%s/ground-truth.json", dir), 0, &err) != TW_OK ||
	    tw_json_parse(&all, text.data, text.len, &a, &err) != TW_OK) {
		fprintf(stderr, "extract: %s; set TWIN_SHARED_DATA\n", err.msg);
		return 1;
	}
	for (const struct tw_json *v = all->child; v; v = v->next) {
		struct score s;
		if (!run_page(&s, &seconds, dir, v, dump))
			continue;
		precision += s.precision;
		recall += s.recall;
		tw_vec_push(&scores, s);
	}
	if (verbose && scores.n) {
		qsort(scores.at, scores.n, sizeof(*scores.at), worst_first);
		for (size_t i = 0; i < scores.n; i++)
			printf("%.16s  f1 %.3f  p %.3f  r %.3f\n", scores.at[i].page,
			       scores.at[i].f1, scores.at[i].precision, scores.at[i].recall);
	}
	double n = scores.n ? (double)scores.n : 1;
	precision /= n;
	recall /= n;
	printf("extract: f1=%.4f precision=%.4f recall=%.4f pages=%zu pages_per_s=%.0f\n",
	       precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0,
	       precision, recall, scores.n, n / seconds);
	tw_vec_release(&scores);
	tw_str_release(&text);
	tw_arena_release(&a);
	return 0;
}

int main(int argc, char **argv)
{
	const char *shared = getenv("TWIN_SHARED_DATA"), *dump = NULL;
	bool verbose = false;
	struct tw_arena a;
	tw_arena_init(&a);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0)
			verbose = true;
		else if (strcmp(argv[i], "-d") == 0 && i + 1 < argc)
			dump = argv[++i];
	}
	int rc = run(tw_path_join(&a, shared ? shared : "../shared/data", "article-extraction"),
		     verbose, dump);
	tw_arena_release(&a);
	return rc;
}
