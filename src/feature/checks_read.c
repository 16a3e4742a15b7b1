#include "feature/checks_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

typedef void (*take_fn)(struct check_data *d, struct check_doc *x, const struct tw_rows *rows);

static struct check_doc *doc_of(struct check_data *d, const char *id)
{
	struct tw_map_slot *slot = tw_map_at(&d->by_id, id, strlen(id));
	if (!slot->v.p) {
		struct check_doc *x = TW_NEW(d->a, struct check_doc);
		*x = (struct check_doc){
			.id = tw_strdup(d->a, id), .lang = "", .text = "", .canonical = true};
		slot->v.p = x;
		tw_vec_push(&d->docs, x);
	}
	return slot->v.p;
}

static void take_clean(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	x->lang = tw_strdup(d->a, tw_row_cstr(rows, &rows->at[0], "lang"));
	x->words = tw_row_int(rows, &rows->at[0], "words");
	x->removed = tw_row_real(rows, &rows->at[0], "removed");
}

static int64_t secrets_in(const char *findings, struct tw_arena *a)
{
	const struct tw_json *v = tw_json_of(findings, a);
	return tw_json_int(tw_json_get(v, "key"), 0) + tw_json_int(tw_json_get(v, "password"), 0) +
	       tw_json_int(tw_json_get(v, "card"), 0);
}

static void take_scrub(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	const struct tw_bytes text = tw_row_text(rows, &rows->at[0], "text");
	x->text = tw_strndup(d->a, text.data, text.len);
	x->secrets = secrets_in(tw_row_cstr(rows, &rows->at[0], "findings"), d->a);
}

static void take_duplicates(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	(void)d;
	x->canonical = tw_row_int(rows, &rows->at[0], "canonical") != 0;
}

static void take_chunks(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	x->chunks = (int64_t)rows->n;
	d->chunks += (int64_t)rows->n;
	for (size_t i = 0; i < rows->n; i++)
		x->over_budget += tw_row_int(rows, &rows->at[i], "tokens") >
				  tw_row_int(rows, &rows->at[i], "budget");
}

static void take_pair(struct check_doc *x, const struct tw_rows *rows, const struct tw_row *r)
{
	const char *answer = tw_row_cstr(rows, r, "answer");
	const char *instruction = tw_row_cstr(rows, r, "instruction");
	x->pairs++;
	x->not_verbatim += !answer[0] || !strstr(x->text, answer);
	/* The answer in the question, or a pair out of a text that another document stands for. */
	x->leaks += (answer[0] && strstr(instruction, answer) != NULL) || !x->canonical;
}

static void take_labels(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	(void)d;
	for (size_t i = 0; i < rows->n; i++)
		take_pair(x, rows, &rows->at[i]);
}

static void take_questions(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		d->questions++;
		if (strcmp(tw_row_cstr(rows, &rows->at[i], "status"), "ok") == 0)
			take_pair(x, rows, &rows->at[i]);
		else
			d->filtered++;
	}
}

static enum tw_status read_input(struct check_data *d, struct tw_row_reader *r, take_fn take,
				 struct tw_err *err)
{
	struct tw_rows rows;
	struct tw_arena one;
	enum tw_status st;
	tw_arena_init(&one);
	while ((st = r->next(r, &rows, &one, err)) == TW_OK) {
		if (rows.n)
			take(d, doc_of(d, rows.at[0].doc), &rows);
		tw_arena_reset(&one);
	}
	tw_arena_release(&one);
	return st == TW_DONE ? TW_OK : st;
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct check_doc *const *)a)->id, (*(struct check_doc *const *)b)->id);
}

enum tw_status tw_checks_read(struct check_data *d, struct tw_row_reader *const *in,
			      struct tw_err *err)
{
	static const take_fn take[] = {take_clean,  take_scrub,	 take_duplicates,
				       take_chunks, take_labels, take_questions};
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < sizeof(take) / sizeof(take[0]); i++)
		st = read_input(d, in[i], take[i], err);
	if (d->docs.n)
		qsort(d->docs.at, d->docs.n, sizeof(*d->docs.at), by_id);
	return st;
}

void tw_checks_release(struct check_data *d)
{
	tw_vec_release(&d->docs);
	tw_map_release(&d->by_id);
}
