#include "app/print.h"
#include "app/show.h"
#include "base/json.h"
#include "core/dataset.h"

static const struct tw_column columns[] = {
	{"number", "dataset", TW_COL_NUMBER, 0},
	{"train", "train", TW_COL_NUMBER, 0},
	{"valid", "valid", TW_COL_NUMBER, 0},
	{"test", "test", TW_COL_NUMBER, 0},
	{"id", "id", TW_COL_DIGEST, 0},
	{"created_ms", "made", TW_COL_TIME, 0},
	{0},
};

static void write_dataset(struct tw_json_writer *w, const struct tw_dataset *d)
{
	tw_jw_int(w, "number", d->number);
	tw_jw_str(w, "id", d->id);
	tw_jw_str(w, "service", d->service);
	tw_jw_int(w, "seed", d->seed);
	for (int i = 0; i < 3; i++)
		tw_jw_int(w, tw_split_name((enum tw_split)i), d->n[i]);
	tw_jw_raw(w, "params", d->params);
	tw_jw_raw(w, "stats", d->stats);
	tw_jw_int(w, "created_ms", d->created_ms);
}

/* The first pair that is trained on. */
static enum tw_status write_pair(struct tw_json_writer *w, struct tw_app *app,
				 const struct tw_dataset *d, struct tw_err *err)
{
	struct tw_examples e;
	enum tw_status st = tw_fs_examples(&e, app->fs, d->id, TW_TRAIN, &app->arena, err);
	for (size_t i = 0; st == TW_OK && i < e.n; i++) {
		if (!e.at[i].rejected)
			continue;
		tw_jw_object(w, "pair");
		tw_jw_raw(w, "messages", e.at[i].messages);
		tw_jw_str(w, "rejected", e.at[i].rejected);
		tw_jw_end(w);
		break;
	}
	return st;
}

enum tw_status tw_show_datasets(struct tw_app *app, const char *ref,
				const struct tw_show_options *o, struct tw_err *err)
{
	struct tw_datasets all = {0};
	struct tw_dataset one;
	enum tw_status st = ref ? tw_fs_dataset(&one, app->fs, ref, &app->arena, err)
				: tw_fs_datasets(&all, app->fs, &app->arena, err);
	if (st != TW_OK)
		return st;
	const size_t shown = tw_show_n(o, all.n);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	if (ref) {
		tw_jw_object(&w, NULL);
		write_dataset(&w, &one);
		st = write_pair(&w, app, &one, err);
		tw_jw_end(&w);
		if (st == TW_OK)
			tw_print_object(app, &s);
	} else {
		tw_jw_array(&w, NULL);
		for (size_t i = 0; i < shown; i++) {
			tw_jw_object(&w, NULL);
			write_dataset(&w, &all.at[i]);
			tw_jw_end(&w);
		}
		tw_jw_end(&w);
		tw_print_list(app, &s, columns, "no datasets yet: `twin dataset`");
		tw_print_more(all.n - shown);
	}
	tw_str_release(&s);
	return st;
}
