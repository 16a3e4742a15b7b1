#include "core/dataset.h"

#include <string.h>

#include "base/json.h"

const char *tw_split_name(enum tw_split s)
{
	static const char *const names[] = {"train", "valid", "test"};
	return names[s];
}

/* --- for other programs --- */

static void write_message(struct tw_json_writer *w, const char *role, const char *content)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "role", role);
	tw_jw_str(w, "content", content);
	tw_jw_end(w);
}

static void write_again(struct tw_json_writer *w, const struct tw_json *message)
{
	write_message(w, tw_json_str(tw_json_get(message, "role"), ""),
		      tw_json_str(tw_json_get(message, "content"), ""));
}

static enum tw_status write_pair(struct tw_json_writer *w, const struct tw_example *e,
				 struct tw_err *err)
{
	struct tw_json *v;
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = tw_json_parse(&v, e->messages, strlen(e->messages), &a, err);
	if (st == TW_OK && (v->type != TW_JSON_ARRAY || v->n < 2))
		st = tw_fail(err, TW_BAD_DATA, "row %s is no question with an answer", e->row_id);
	if (st == TW_OK) {
		const struct tw_json *m = v->child;
		tw_jw_array(w, "prompt");
		for (; m->next; m = m->next)
			write_again(w, m);
		tw_jw_end(w);
		tw_jw_array(w, "chosen");
		write_again(w, m);
		tw_jw_end(w);
		tw_jw_array(w, "rejected");
		write_message(w, "assistant", e->rejected);
		tw_jw_end(w);
	}
	tw_arena_release(&a);
	return st;
}

static enum tw_status add_line(struct tw_str *out, const struct tw_example *e,
			       enum tw_dataset_rows rows, struct tw_err *err)
{
	struct tw_json_writer w;
	enum tw_status st = TW_OK;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	if (e->rejected && rows != TW_ROWS_CHATS)
		st = write_pair(&w, e, err);
	else
		tw_jw_raw(&w, "messages", e->messages);
	tw_jw_end(&w);
	tw_str_addc(out, '\n');
	return st;
}

enum tw_status tw_dataset_lines(struct tw_str *out, const struct tw_examples *examples,
				enum tw_dataset_rows rows, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < examples->n; i++)
		if (examples->at[i].rejected || rows != TW_ROWS_PAIRS)
			st = add_line(out, &examples->at[i], rows, err);
	return st;
}
