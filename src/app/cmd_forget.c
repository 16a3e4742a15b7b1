#include "app/command.h"
#include "app/print.h"
#include "app/train_init.h"
#include "base/fs.h"
#include "base/log.h"

static enum tw_status taint(int64_t *models, struct tw_app *app, const struct tw_forgotten *f,
			    const char *title, struct tw_err *err)
{
	const char *why = tw_sprintf(&app->arena, "trained on \"%s\", which was forgotten", title);
	enum tw_status st = TW_OK;
	*models = 0;
	for (size_t i = 0; st == TW_OK && i < f->n_datasets; i++) {
		int64_t n = 0;
		st = tw_mr_taint(app->mr, f->datasets[i], why, &n, err);
		*models += n;
	}
	return st == TW_OK ? tw_taint_followers(models, app, err) : st;
}

static void print(struct tw_app *app, const char *id, const struct tw_forgotten *f, int64_t models)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "document", id);
	tw_jw_int(&w, "revisions", f->revisions);
	tw_jw_int(&w, "rows", f->rows);
	tw_jw_int(&w, "dataset_rows", f->dataset_rows);
	tw_jw_int(&w, "answers", f->predictions);
	tw_jw_int(&w, "models_marked", models);
	tw_jw_end(&w);
	tw_print_object(app, &s);
	tw_str_release(&s);
}

static enum tw_status forget(struct tw_app *app, const void *opts, char *const *args, int n,
			     struct tw_err *err)
{
	(void)opts;
	(void)n;
	struct tw_forgotten f = {0};
	int64_t models = 0;
	enum tw_status st = tw_fs_forget(&f, app->fs, args[0], &app->arena, err);
	/* The id, not the title: what is forgotten must not live on in a note about it. */
	if (st == TW_OK)
		st = taint(&models, app, &f, f.doc, err);
	if (st == TW_OK) /* checkpoints have learnt from it too */
		st = tw_remove_all(tw_path_join(&app->arena, app->conf->state, "train"), err);
	if (st != TW_OK)
		return st;
	print(app, f.doc, &f, models);
	if (models)
		tw_info("models that were trained on it are marked; `twin run` trains one without it, and then "
			"removes their adapters");
	return TW_OK;
}

const struct tw_command tw_cmd_forget = {
	.name = "forget",
	.args = "DOCUMENT",
	.help = "Erase a document and all that was made from it",
	.more = "Removes its revisions, feature rows, vectors, dataset rows and the answers that cite it, and leaves it\n"
		"out of later collections, under any name. Models that were trained on it are marked: once the next `twin run` has\n"
		"put another in their place, their adapters are removed. There is no way back.\n"
		"DOCUMENT is an id, a prefix of one, or the document's key (`twin show documents`).",
	.min_args = 1,
	.max_args = 1,
	.flags = TW_CMD_WRITES,
	.run = forget,
};
