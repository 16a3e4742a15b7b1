#include "store/hits.h"

#include <stdlib.h>
#include <string.h>

static void swap(struct tw_scored *a, struct tw_scored *b)
{
	struct tw_scored x = *a;

	*a = *b;
	*b = x;
}

/* Hoare's selection: the k best come to the front, in no order. 0 < k < n. */
static void select_best(struct tw_scored *at, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		double pivot = at[lo + (hi - lo) / 2].score;
		size_t i = lo, j = hi;
		for (;;) {
			while (at[i].score > pivot)
				i++;
			while (at[j].score < pivot)
				j--;
			if (i >= j)
				break;
			swap(&at[i++], &at[j--]);
		}
		if (k - 1 <= j)
			hi = j;
		else
			lo = j + 1;
	}
}

/* Of the k best and all that are as good as the last of them, so that ties can be settled by document. */
static size_t keep_best(struct tw_scored_rows *rows, size_t k)
{
	double last;
	size_t n = k;

	if (rows->n <= k)
		return rows->n;
	select_best(rows->at, rows->n, k);
	last = rows->at[0].score;
	for (size_t i = 1; i < k; i++)
		last = rows->at[i].score < last ? rows->at[i].score : last;
	for (size_t i = k; i < rows->n; i++)
		if (rows->at[i].score == last)
			swap(&rows->at[i], &rows->at[n++]);
	return n;
}

static int order(const void *pa, const void *pb)
{
	const struct tw_hit *a = pa, *b = pb;
	int by_doc;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	by_doc = strcmp(a->doc, b->doc);
	return by_doc ? by_doc : (a->ord > b->ord) - (a->ord < b->ord);
}

/* TW_DONE when the row is not in this snapshot. */
static enum tw_status place(struct tw_hit *out, struct tw_conn *c, const struct tw_view_table *t,
			    int64_t rid, struct tw_arena *a, struct tw_err *err)
{
	struct tw_stmt *q;
	enum tw_status st = tw_sql_query(&q, c, err, t->sql_place, V_INT(rid));

	if (st != TW_OK)
		return st;
	st = tw_sql_step(q, err);
	if (st == TW_OK) {
		out->doc = tw_col_str(q, 0, a);
		out->ord = (int)tw_col_int(q, 1);
		out->row_id = tw_col_str(q, 2, a);
	}
	tw_sql_end(q);
	return st;
}

enum tw_status tw_hits_make(struct tw_hits *out, struct tw_conn *c, const struct tw_view_table *t,
			    struct tw_scored_rows *rows, size_t k, struct tw_arena *a,
			    struct tw_err *err)
{
	size_t n = k ? keep_best(rows, k) : 0;
	struct tw_hit *at = TW_NEW_ARRAY(a, n + 1, struct tw_hit);

	*out = (struct tw_hits){at, 0};
	for (size_t i = 0; i < n; i++) {
		struct tw_hit *h = &at[out->n];
		enum tw_status st = place(h, c, t, rows->at[i].rid, a, err);
		if (st == TW_DONE)
			continue;
		if (st != TW_OK)
			return st;
		h->score = rows->at[i].score;
		out->n++;
	}
	if (out->n)
		qsort(at, out->n, sizeof(*at), order);
	if (out->n > k)
		out->n = k;
	return TW_OK;
}
