#include "feature/checks_int.h"

#include <string.h>

#include "base/json.h"

typedef void (*take_fn)(struct check_data *d, struct check_doc *x, const struct tw_rows *rows);

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
	d->text = text.data ? text.data : "";
	x->has_text = d->text[0] != '\0';
	x->secrets = secrets_in(tw_row_cstr(rows, &rows->at[0], "findings"), rows->arena);
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

static void take_pair(const struct check_data *d, struct check_doc *x, const struct tw_rows *rows,
		      const struct tw_row *r)
{
	const char *answer = tw_row_cstr(rows, r, "answer");
	const char *instruction = tw_row_cstr(rows, r, "instruction");
	x->pairs++;
	x->not_verbatim += !answer[0] || !strstr(d->text, answer);
	/* The answer in the question, or a pair out of a text that another document stands for. */
	x->leaks += (answer[0] && strstr(instruction, answer) != NULL) || !x->canonical;
}

static void take_labels(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		take_pair(d, x, rows, &rows->at[i]);
}

static void take_questions(struct check_data *d, struct check_doc *x, const struct tw_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		d->questions++;
		if (strcmp(tw_row_cstr(rows, &rows->at[i], "status"), "ok") == 0)
			take_pair(d, x, rows, &rows->at[i]);
		else
			d->filtered++;
	}
}

static const take_fn take[] = {take_clean,  take_scrub,	 take_duplicates,
			       take_chunks, take_labels, take_questions};
#define INPUTS (sizeof(take) / sizeof(take[0]))

/* --- side by side --- */

/* The next document of an input. */
struct cursor {
	struct tw_row_reader *reader;
	struct tw_rows rows; /* none: at its end */
	struct tw_arena arena;
};

static enum tw_status advance(struct cursor *c, struct tw_err *err)
{
	enum tw_status st;
	do {
		tw_arena_reset(&c->arena);
		st = c->reader->next(c->reader, &c->rows, &c->arena, err);
	} while (st == TW_OK && !c->rows.n);
	if (st != TW_OK)
		c->rows.n = 0;
	return st == TW_DONE ? TW_OK : st;
}

/* NULL at the end of all. */
static const char *first_doc(const struct cursor *c)
{
	const char *id = NULL;
	for (size_t i = 0; i < INPUTS; i++)
		if (c[i].rows.n && (!id || strcmp(c[i].rows.at[0].doc, id) < 0))
			id = c[i].rows.at[0].doc;
	return id;
}

/* The rows of an input stay until those behind them were looked at: pairs are sought in the text. */
static enum tw_status read_doc(struct check_data *d, struct cursor *c, const char *id,
			       struct tw_err *err)
{
	struct check_doc *x = TW_NEW(d->a, struct check_doc);
	enum tw_status st = TW_OK;
	bool has[INPUTS];
	*x = (struct check_doc){.id = tw_strdup(d->a, id), .lang = "", .canonical = true};
	d->text = "";
	for (size_t i = 0; i < INPUTS; i++) {
		has[i] = c[i].rows.n && strcmp(c[i].rows.at[0].doc, x->id) == 0;
		if (has[i])
			take[i](d, x, &c[i].rows);
	}
	tw_vec_push(&d->docs, x);
	for (size_t i = 0; st == TW_OK && i < INPUTS; i++)
		if (has[i])
			st = advance(&c[i], err);
	return st;
}

enum tw_status tw_checks_read(struct check_data *d, struct tw_row_reader *const *in,
			      struct tw_err *err)
{
	struct cursor c[INPUTS];
	enum tw_status st = TW_OK;
	const char *id;
	for (size_t i = 0; i < INPUTS; i++) {
		c[i] = (struct cursor){.reader = in[i]};
		tw_arena_init(&c[i].arena);
		if (st == TW_OK)
			st = advance(&c[i], err);
	}
	while (st == TW_OK && (id = first_doc(c)))
		st = read_doc(d, c, id, err);
	for (size_t i = 0; i < INPUTS; i++)
		tw_arena_release(&c[i].arena);
	return st;
}

void tw_checks_release(struct check_data *d)
{
	tw_vec_release(&d->docs);
}
