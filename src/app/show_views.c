#include "app/print.h"
#include "app/show.h"
#include "base/json.h"

static const struct tw_column columns[] = {
	{"ref", "view", TW_COL_TEXT, 0},
	{"docs", "documents", TW_COL_NUMBER, 0},
	{"rows", "rows", TW_COL_NUMBER, 0},
	{"digest", "digest", TW_COL_DIGEST, 0},
	{"created_ms", "made", TW_COL_TIME, 0},
	{"params", "parameters", TW_COL_TEXT, 70},
	{0},
};

static void write_view(struct tw_json_writer *w, const struct tw_view *v, struct tw_arena *a)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "ref", tw_sprintf(a, "%s@v%d", v->name, v->version));
	tw_jw_str(w, "name", v->name);
	tw_jw_int(w, "version", v->version);
	tw_jw_str(w, "digest", v->digest);
	tw_jw_int(w, "code_version", v->code_version);
	tw_jw_raw(w, "params", v->params);
	tw_jw_array(w, "inputs");
	for (size_t i = 0; i < v->n_inputs; i++)
		tw_jw_str(w, NULL, v->inputs[i]);
	tw_jw_end(w);
	tw_jw_str(w, "model", v->model_spec);
	tw_jw_str(w, "model_digest", v->model_digest);
	tw_jw_int(w, "docs", v->docs);
	tw_jw_int(w, "rows", v->rows);
	tw_jw_int(w, "watermark", v->watermark);
	tw_jw_int(w, "created_ms", v->created_ms);
	tw_jw_end(w);
}

enum tw_status tw_print_rows(FILE *f, struct tw_app *app, const struct tw_view *v, int64_t limit,
			     struct tw_err *err)
{
	struct tw_row_reader *r;
	enum tw_status st = tw_fs_reader(&r, app->fs, v->digest, err);
	if (st != TW_OK)
		return st;
	struct tw_arena a;
	tw_arena_init(&a);
	struct tw_str s = TW_STR_INIT;
	int64_t n = 0;
	struct tw_rows rows;
	while ((!limit || n < limit) && (st = r->next(r, &rows, &a, err)) == TW_OK) {
		for (size_t i = 0; i < rows.n && (!limit || n < limit); i++, n++) {
			struct tw_json_writer w;
			tw_str_clear(&s);
			tw_jw_init(&w, &s);
			tw_row_json(&w, &rows, &rows.at[i]);
			fprintf(f, "%s\n", tw_str_c(&s));
		}
		tw_arena_reset(&a);
	}
	tw_fs_reader_close(r);
	tw_str_release(&s);
	tw_arena_release(&a);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_show_views(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			     struct tw_err *err)
{
	if (ref) {
		struct tw_view v;
		enum tw_status st = tw_fs_view(&v, app->fs, ref, &app->arena, err);
		if (st == TW_OK)
			st = tw_print_rows(stdout, app, &v, o->limit, err);
		if (st == TW_OK)
			tw_print_more((size_t)v.rows - tw_show_n(o, (size_t)v.rows));
		return st;
	}
	struct tw_views all;
	enum tw_status st = tw_fs_views(&all, app->fs, &app->arena, err);
	if (st != TW_OK)
		return st;
	const size_t shown = tw_show_n(o, all.n);
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	for (size_t i = 0; i < shown; i++)
		write_view(&w, &all.at[i], &app->arena);
	tw_jw_end(&w);
	tw_print_list(app, &s, columns, "no feature views yet: `twin features`");
	tw_print_more(all.n - shown);
	tw_str_release(&s);
	return TW_OK;
}
