#include "app/print.h"
#include "app/show.h"
#include "base/json.h"
#include "base/log.h"
#include "core/prediction.h"

static const struct tw_column columns[] = {
	{"id", "id", TW_COL_TEXT, 0},
	{"created_ms", "when", TW_COL_TIME, 0},
	{"revision", "revision", TW_COL_NUMBER, 0},
	{"batch", "batch", TW_COL_TEXT, 16},
	{"question", "question", TW_COL_TEXT, 40},
	{"answer", "answer", TW_COL_TEXT, 60},
	{0},
};

static void write_answer(struct tw_json_writer *w, const struct tw_prediction *p)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "id", p->id);
	tw_jw_str(w, "batch", p->batch);
	tw_jw_int(w, "revision", p->deployment);
	tw_jw_str(w, "question", p->question);
	tw_jw_str(w, "answer", p->answer);
	tw_jw_raw(w, "sources", p->sources[0] ? p->sources : "[]");
	tw_jw_int(w, "created_ms", p->created_ms);
	tw_jw_end(w);
}

enum tw_status tw_show_answers(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			       struct tw_err *err)
{
	struct tw_predictions all = {0};
	struct tw_prediction one;
	/* One more than is shown says whether there are more. */
	const size_t most = o->limit ? (size_t)o->limit + 1 : 0;
	enum tw_status st = ref ? tw_fs_prediction(&one, app->fs, ref, &app->arena, err)
				: tw_fs_predictions(&all, app->fs, NULL, most, &app->arena, err);
	if (st != TW_OK)
		return st;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	if (ref) {
		write_answer(&w, &one);
		tw_print_object(app, &s);
	} else {
		tw_jw_array(&w, NULL);
		for (size_t i = 0; i < tw_show_n(o, all.n); i++)
			write_answer(&w, &all.at[i]);
		tw_jw_end(&w);
		tw_print_list(app, &s, columns, "no answers yet: `twin ask`");
		if (tw_show_n(o, all.n) < all.n)
			tw_info("… more (--limit 0)");
	}
	tw_str_release(&s);
	return TW_OK;
}
