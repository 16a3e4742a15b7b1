/*
 * What is in a dataset, and whether it holds what it promises.
 */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "training/dataset_int.h"

enum tw_status tw_dataset_check(const struct candidates *c, struct tw_err *err)
{
	struct tw_map splits = TW_MAP_INIT;
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < c->n; i++) {
		const struct candidate *x = &c->at[i];
		if (x->out)
			continue;
		if (tw_map_get_int(&splits, x->e.group, x->e.split) != (int64_t)x->e.split)
			st = tw_fail(err, TW_BAD_DATA,
				     "dataset: document %s is in two splits: a fault of Twin",
				     x->e.doc);
		else if (!x->answer.len)
			st = tw_fail(err, TW_BAD_DATA,
				     "dataset: row %s has no answer: a fault of Twin", x->e.row_id);
		tw_map_set_int(&splits, x->e.group, x->e.split);
	}
	tw_map_release(&splits);
	return st;
}

struct counts {
	int64_t examples, pairs, chars;
	struct tw_map docs, groups;
	struct tw_map kinds; /* number of each */
};

static void count(struct counts *n, const struct candidates *c, enum tw_split split)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct candidate *x = &c->at[i];
		if (x->out || x->e.split != split)
			continue;
		n->examples++;
		n->pairs += x->e.rejected != NULL;
		n->chars += (int64_t)x->chars;
		tw_map_set_int(&n->docs, x->e.doc, 1);
		tw_map_set_int(&n->groups, x->e.group, 1);
		tw_map_set_int(&n->kinds, x->e.kind, tw_map_get_int(&n->kinds, x->e.kind, 0) + 1);
	}
}

/* In byte order of their names: the map has none, and equal datasets have equal statistics. */
static void write_kinds(struct tw_json_writer *w, const struct tw_map *kinds)
{
	const char *last = NULL;
	tw_jw_object(w, "kinds");
	for (size_t left = kinds->n; left; left--) {
		const struct tw_map_slot *s, *next = NULL;
		size_t it = 0;
		while ((s = tw_map_next(kinds, &it)))
			if ((!last || strcmp(s->key, last) > 0) &&
			    (!next || strcmp(s->key, next->key) < 0))
				next = s;
		tw_jw_int(w, next->key, next->v.i);
		last = next->key;
	}
	tw_jw_end(w);
}

static void write_split(struct tw_json_writer *w, const struct candidates *c, enum tw_split split)
{
	struct counts n = {0};
	count(&n, c, split);
	tw_jw_object(w, tw_split_name(split));
	tw_jw_int(w, "examples", n.examples);
	if (n.pairs)
		tw_jw_int(w, "pairs", n.pairs);
	tw_jw_int(w, "documents", (int64_t)n.docs.n);
	tw_jw_int(w, "groups", (int64_t)n.groups.n);
	tw_jw_int(w, "chars", n.chars);
	write_kinds(w, &n.kinds);
	tw_jw_end(w);
	tw_map_release(&n.docs);
	tw_map_release(&n.groups);
	tw_map_release(&n.kinds);
}

static void write_left_out(struct tw_json_writer *w, const struct candidates *c)
{
	static const char *const names[OUT_N] = {NULL,	 "status", "empty",
						 "leak", "shared", "capped"};
	int64_t n[OUT_N] = {0};
	for (size_t i = 0; i < c->n; i++)
		n[c->at[i].out]++;
	tw_jw_object(w, "left_out");
	for (size_t i = OUT_STATUS; i < OUT_N; i++)
		tw_jw_int(w, names[i], n[i]);
	tw_jw_end(w);
}

char *tw_dataset_stats(const struct candidates *c, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	for (int i = 0; i < 3; i++)
		write_split(&w, c, (enum tw_split)i);
	write_left_out(&w, c);
	tw_jw_end(&w);
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}
