#include "training/dataset_int.h"

#include <string.h>

#include "base/json.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/text.h"

const struct tw_opt tw_dataset_opts[] = {
	{"seed", TW_OPT_INT, offsetof(struct tw_dataset_options, seed), .def = "1",
	 .help = "deals the documents to the splits"},
	{"valid", TW_OPT_REAL, offsetof(struct tw_dataset_options, valid), .def = "0.05", .min = 0,
	 .max = 0.9, .help = "share of the documents that training is watched with; 0 for none"},
	{"test", TW_OPT_REAL, offsetof(struct tw_dataset_options, test), .def = "0.1", .min = 0,
	 .max = 0.9, .help = "share of the documents that only evaluation sees; 0 for none"},
	{"max_examples", TW_OPT_INT, offsetof(struct tw_dataset_options, max_examples),
	 .def = "20000", .min = 0, .max = 1e9,
	 .help = "most examples in a split, chosen by the seed; 0 for all"},
	{"grounded", TW_OPT_REAL, offsetof(struct tw_dataset_options, grounded), .def = "0.5",
	 .min = 0, .max = 1,
	 .help = "share of the examples that are asked with passages, as in serving"},
	{0},
};

struct build {
	const struct tw_dataset_sources *src;
	const struct tw_dataset_options *o;
	struct tw_map groups;	/* document: its group, in the arena */
	struct tw_map rejected; /* row of a label view: a worse answer, in the arena */
	struct candidates all;
	struct tw_arena a; /* of everything until the snapshot is stored */
};

/* --- reading --- */

typedef void (*take_fn)(struct build *b, const struct tw_rows *rows, const struct tw_row *r,
			const char *view);

static enum tw_status read_view(struct build *b, const char *view, take_fn take, struct tw_err *err)
{
	struct tw_row_reader *r;
	struct tw_arena one;
	struct tw_rows rows;
	enum tw_status st = tw_fs_reader(&r, b->src->fs, view, err);
	if (st != TW_OK)
		return st;
	tw_arena_init(&one);
	while ((st = r->next(r, &rows, &one, err)) == TW_OK) {
		for (size_t i = 0; i < rows.n; i++)
			take(b, &rows, &rows.at[i], view);
		tw_arena_reset(&one);
		if (tw_stopping()) {
			st = tw_fail(err, TW_CANCELLED, "stopped");
			break;
		}
	}
	tw_arena_release(&one);
	tw_fs_reader_close(r);
	return st == TW_DONE ? TW_OK : st;
}

static void take_group(struct build *b, const struct tw_rows *rows, const struct tw_row *r,
		       const char *view)
{
	(void)view;
	tw_map_set(&b->groups, r->doc, tw_strdup(&b->a, tw_row_cstr(rows, r, "group")));
}

static bool is_blank(struct tw_bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr(" \t\r\n", s.data[i]))
			return false;
	return true;
}

static bool is_ok(const struct tw_rows *rows, const struct tw_row *r)
{
	return tw_schema_index(rows->schema, "status") < 0 ||
	       strcmp(tw_row_cstr(rows, r, "status"), "ok") == 0;
}

static void take_rejected(struct build *b, const struct tw_rows *rows, const struct tw_row *r,
			  const char *view)
{
	const struct tw_bytes rejected = tw_row_text(rows, r, "rejected");
	(void)view;
	if (is_ok(rows, r) && !is_blank(rejected))
		tw_map_set(&b->rejected, tw_row_cstr(rows, r, "label"),
			   tw_strndup(&b->a, rejected.data, rejected.len));
}

static void write_message(struct tw_json_writer *w, const char *role, struct tw_bytes content)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "role", role);
	tw_jw_strn(w, "content", content.data, content.len);
	tw_jw_end(w);
}

char *tw_dataset_messages(const char *system, struct tw_bytes instruction, struct tw_bytes answer,
			  struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	if (system && system[0])
		write_message(&w, "system", (struct tw_bytes){system, strlen(system)});
	write_message(&w, "user", instruction);
	write_message(&w, "assistant", answer);
	tw_jw_end(&w);
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

static enum left_out judge(const struct tw_rows *rows, const struct tw_row *r,
			   struct tw_bytes instruction, struct tw_bytes answer)
{
	if (!is_ok(rows, r))
		return OUT_STATUS;
	if (is_blank(instruction) || is_blank(answer))
		return OUT_EMPTY;
	return memmem(instruction.data, instruction.len, answer.data, answer.len) ? OUT_LEAK
										  : OUT_NOT;
}

static void take_label(struct build *b, const struct tw_rows *rows, const struct tw_row *r,
		       const char *view)
{
	const struct tw_bytes instruction = tw_row_text(rows, r, "instruction");
	const struct tw_bytes answer = tw_row_text(rows, r, "answer");
	const char *group = tw_map_get(&b->groups, r->doc);
	struct candidate c = {.out = judge(rows, r, instruction, answer)};
	c.e = (struct tw_example){
		.row_id = tw_strdup(&b->a, r->id),
		.view = view,
		.doc = tw_strdup(&b->a, r->doc),
		.kind = tw_strdup(&b->a, tw_row_cstr(rows, r, "kind")),
	};
	c.e.group = group && group[0] ? group : c.e.doc;
	c.e.rejected = tw_map_get(&b->rejected, r->id);
	if (c.out == OUT_NOT) {
		c.e.messages = tw_dataset_messages(b->src->system, instruction, answer, &b->a);
		c.instruction = tw_strndup(&b->a, instruction.data, instruction.len);
		c.title = tw_strdup(&b->a, tw_row_cstr(rows, r, "title"));
		c.answer.data = tw_strndup(&b->a, answer.data, answer.len);
		c.answer.len = answer.len;
		c.chars = tw_utf8_count(instruction.data, instruction.len) +
			  tw_utf8_count(answer.data, answer.len);
	}
	tw_vec_push(&b->all, c);
}

static enum tw_status read_all(struct build *b, struct tw_err *err)
{
	const struct {
		const char *view;
		take_fn take;
	} views[] = {
		{b->src->duplicates, take_group},
		{b->src->preferences, take_rejected},
		{b->src->labels, take_label},
		{b->src->questions, take_label},
	};
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < sizeof(views) / sizeof(*views); i++)
		if (views[i].view && views[i].view[0])
			st = read_view(b, views[i].view, views[i].take, err);
	return st;
}

/* --- choosing and storing --- */

static int64_t count(const struct candidates *c, int split)
{
	int64_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += !c->at[i].out && (split < 0 || (int)c->at[i].e.split == split);
	return n;
}

static enum tw_status nothing(const struct build *b, struct tw_err *err)
{
	if (!b->groups.n)
		return tw_fail(err, TW_BLOCKED,
			       "there is nothing to train on: no document has been collected; "
			       "check `sources:` in twin.yaml, then `twin collect`");
	return tw_fail(err, TW_BLOCKED,
		       "there is nothing to train on: %zu documents gave no instruction with an "
		       "answer; documents need a title or headings with prose under them "
		       "(features.labels.min_words says how much), or what another wrote and the "
		       "author answered",
		       b->groups.n);
}

static enum tw_status choose(struct build *b, struct tw_err *err)
{
	if (b->o->valid + b->o->test >= 1)
		return tw_fail(err, TW_BAD_USE,
			       "training.dataset: valid and test take %g of the documents: "
			       "nothing is left to train on",
			       b->o->valid + b->o->test);
	if (!count(&b->all, -1))
		return nothing(b, err);
	enum tw_status st = tw_dataset_split(&b->all, b->o, err);
	if (st != TW_OK)
		return st;
	tw_dataset_cap(&b->all, b->o);
	tw_dataset_part(&b->all);
	if (!count(&b->all, TW_TRAIN))
		return tw_fail(err, TW_BLOCKED,
			       "there is nothing to train on: every example for training repeats "
			       "text of the valid or test split; collect more writing");
	tw_dataset_ground(&b->all, b->o, b->src->system, &b->a);
	return tw_dataset_check(&b->all, err);
}

/* All that the examples depend on and the row ids do not say. */
static char *params_of(const struct build *b, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_int(&w, "code_version", TW_DATASET_CODE_VERSION);
	tw_jw_raw(&w, "options", tw_opt_canonical(b->o, tw_dataset_opts, a));
	tw_jw_str(&w, "system", b->src->system ? b->src->system : "");
	tw_jw_str(&w, "labels", b->src->labels);
	tw_jw_str(&w, "questions", b->src->questions ? b->src->questions : "");
	tw_jw_str(&w, "duplicates", b->src->duplicates);
	if (b->rejected.n) /* without pairs the view says nothing */
		tw_jw_str(&w, "preferences", b->src->preferences);
	tw_jw_end(&w);
	char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

static enum tw_status store(struct tw_dataset *out, struct build *b, struct tw_arena *a,
			    struct tw_err *err)
{
	struct tw_dataset d = {
		.service = b->src->service ? b->src->service : "",
		.seed = b->o->seed,
		.params = params_of(b, &b->a),
		.stats = tw_dataset_stats(&b->all, &b->a),
	};
	struct tw_example *at = TW_NEW_ARRAY(&b->a, b->all.n, struct tw_example);
	struct tw_examples examples = {at, 0};
	for (size_t i = 0; i < b->all.n; i++)
		if (!b->all.at[i].out)
			at[examples.n++] = b->all.at[i].e;
	enum tw_status st = tw_fs_dataset_put(&d, b->src->fs, &examples, &b->a, err);
	/* What the store has: it may have been there before, with its own date. */
	return st == TW_OK ? tw_fs_dataset(out, b->src->fs, d.id, a, err) : st;
}

enum tw_status tw_dataset_build(struct tw_dataset *out, const struct tw_dataset_sources *src,
				const struct tw_dataset_options *o, struct tw_arena *a,
				struct tw_err *err)
{
	struct build b = {.src = src, .o = o};
	tw_arena_init(&b.a);
	enum tw_status st = read_all(&b, err);
	if (st == TW_OK)
		st = choose(&b, err);
	if (st == TW_OK)
		st = store(out, &b, a, err);
	tw_vec_release(&b.all);
	tw_map_release(&b.groups);
	tw_map_release(&b.rejected);
	tw_arena_release(&b.a);
	return st;
}
