#include "support/labelled.h"

#include "base/json.h"

static const struct tw_field label_schema[] = {
	{"instruction", TW_FIELD_TEXT, 0, ""},
	{"answer", TW_FIELD_TEXT, 0, ""},
	{"kind", TW_FIELD_TEXT, 0, ""},
	{"title", TW_FIELD_TEXT, 0, ""},
	{0},
};
static const struct tw_field question_schema[] = {
	{"instruction", TW_FIELD_TEXT, 0, ""}, {"answer", TW_FIELD_TEXT, 0, ""},
	{"kind", TW_FIELD_TEXT, 0, ""},	       {"status", TW_FIELD_TEXT, 0, ""},
	{"title", TW_FIELD_TEXT, 0, ""},       {0},
};
static const struct tw_field preference_schema[] = {
	{"label", TW_FIELD_TEXT, 0, ""},
	{"rejected", TW_FIELD_TEXT, 0, ""},
	{"status", TW_FIELD_TEXT, 0, ""},
	{0},
};
static const struct tw_field group_schema[] = {
	{"group", TW_FIELD_TEXT, 0, ""},
	{0},
};

void labelled_init(struct labelled *l, struct store_world *w)
{
	*l = (struct labelled){.w = w};
	l->src = (struct tw_dataset_sources){
		.fs = w->fs,
		.labels = declare(w->fs, "labels", "{}", label_schema, &w->a, "documents", NULL),
		.questions = declare(w->fs, "questions", "{}", question_schema, &w->a, "documents",
				     NULL),
		.preferences = declare(w->fs, "preferences", "{}", preference_schema, &w->a,
				       "documents", NULL),
		.duplicates =
			declare(w->fs, "duplicates", "{}", group_schema, &w->a, "documents", NULL),
		.service = "service",
		.system = "You are Mara.",
	};
	assert_ok(tw_opt_parse(&l->o, tw_dataset_opts, NULL, "twin.yaml", ".", &w->a, &w->err),
		  &w->err);
	l->o.grounded = 0;
	tw_rows_init(&l->labels, label_schema, &w->a);
	tw_rows_init(&l->questions, question_schema, &w->a);
	tw_rows_init(&l->groups, group_schema, &w->a);
	tw_rows_init(&l->preferences, preference_schema, &w->a);
}

void labelled_group(struct labelled *l, const char *doc, const char *group)
{
	tw_row_set_str(&l->groups, tw_rows_add(&l->groups, doc), "group", group);
}

void labelled_label(struct labelled *l, const char *doc, const char *instruction,
		    const char *answer)
{
	struct tw_row *r = tw_rows_add(&l->labels, doc);
	tw_row_set_str(&l->labels, r, "instruction", instruction);
	tw_row_set_str(&l->labels, r, "answer", answer);
	tw_row_set_str(&l->labels, r, "kind", r->ord ? "heading" : "title");
	tw_row_set_str(&l->labels, r, "title", tw_sprintf(&l->w->a, "Notes on %s", doc));
}

void labelled_question(struct labelled *l, const char *doc, const char *instruction,
		       const char *answer, const char *status)
{
	struct tw_row *r = tw_rows_add(&l->questions, doc);
	tw_row_set_str(&l->questions, r, "instruction", instruction);
	tw_row_set_str(&l->questions, r, "answer", answer);
	tw_row_set_str(&l->questions, r, "kind", "question");
	tw_row_set_str(&l->questions, r, "status", status);
}

const char *labelled_doc(struct labelled *l, size_t i)
{
	return tw_sprintf(&l->w->a, "%016zx", i * 2654435761u);
}

void labelled_documents(struct labelled *l, size_t from, size_t to)
{
	struct tw_arena *a = &l->w->a;
	for (size_t i = from; i < to; i++) {
		const char *doc = labelled_doc(l, i);
		labelled_group(l, doc, doc);
		labelled_label(l, doc, tw_sprintf(a, "Tell me about %zu.", i),
			       tw_sprintf(a, "It was in the year %zu, \"quoted\"\nand so on.", i));
		labelled_label(l, doc, tw_sprintf(a, "How do I do %zu?", i),
			       tw_sprintf(a, "Take %zu of them — über all.", i));
	}
}

void labelled_commit(struct labelled *l)
{
	const struct tw_dataset_sources *s = &l->src;
	struct tw_err *err = &l->w->err;
	int64_t changed;
	assert_ok(tw_fs_replace(s->fs, s->labels, &l->labels, 1, &changed, err), err);
	assert_ok(tw_fs_replace(s->fs, s->questions, &l->questions, 1, &changed, err), err);
	assert_ok(tw_fs_replace(s->fs, s->duplicates, &l->groups, 1, &changed, err), err);
	assert_ok(tw_fs_replace(s->fs, s->preferences, &l->preferences, 1, &changed, err), err);
}

struct tw_dataset labelled_build(struct labelled *l)
{
	struct tw_dataset d;
	labelled_commit(l);
	assert_ok(tw_dataset_build(&d, &l->src, &l->o, &l->w->a, &l->w->err), &l->w->err);
	return d;
}

enum tw_status labelled_try_build(struct labelled *l)
{
	struct tw_dataset d;
	labelled_commit(l);
	tw_err_clear(&l->w->err);
	return tw_dataset_build(&d, &l->src, &l->o, &l->w->a, &l->w->err);
}

struct tw_examples labelled_examples(struct labelled *l, const struct tw_dataset *d,
				     enum tw_split split)
{
	struct tw_examples e;
	assert_ok(tw_fs_examples(&e, l->w->fs, d->id, split, &l->w->a, &l->w->err), &l->w->err);
	return e;
}

struct tw_map labelled_splits(struct labelled *l, const struct tw_dataset *d)
{
	struct tw_map docs = TW_MAP_INIT, groups = TW_MAP_INIT;
	for (int s = 0; s < 3; s++) {
		const struct tw_examples e = labelled_examples(l, d, (enum tw_split)s);
		assert_int_equal(e.n, d->n[s]);
		for (size_t i = 0; i < e.n; i++) {
			assert_int_equal(tw_map_get_int(&docs, e.at[i].doc, s), s);
			assert_int_equal(tw_map_get_int(&groups, e.at[i].group, s), s);
			tw_map_set_int(&docs, e.at[i].doc, s);
			tw_map_set_int(&groups, e.at[i].group, s);
		}
	}
	tw_map_release(&groups);
	return docs;
}

int64_t labelled_stat(struct labelled *l, const struct tw_dataset *d, const char *part,
		      const char *name)
{
	struct tw_json *v;
	assert_ok(tw_json_parse(&v, d->stats, strlen(d->stats), &l->w->a, &l->w->err), &l->w->err);
	return tw_json_int(tw_json_get(tw_json_get(v, part), name), -1);
}
