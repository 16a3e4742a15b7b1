#include <string.h>

#include "app/command.h"
#include "app/model_kind.h"
#include "app/show.h"
#include "base/fs.h"
#include "base/log.h"
#include "inference/options.h"
#include "trainer/convert.h"
#include "training/dataset.h"
#include "trainer/merge.h"

struct export_options {
	const char *output, *split, *rows, *type;
};

static const struct tw_opt opts[] = {
	{"output", TW_OPT_STRING, offsetof(struct export_options, output),
	 .help = "file to write, or folder for peft (-o)"},
	{"split", TW_OPT_STRING, offsetof(struct export_options, split), .def = "train",
	 .choices = "train|valid|test", .help = "of a dataset"},
	{"rows", TW_OPT_STRING, offsetof(struct export_options, rows), .def = "all",
	 .choices = "all|chats|pairs",
	 .help = "of a dataset: pairs as pairs and the others as chats, every one as a chat, or pairs only"},
	{"type", TW_OPT_STRING, offsetof(struct export_options, type), .def = "base",
	 .choices = TW_MERGE_TYPES,
	 .help = "of the tensors that merging changes; base: as they were"},
	{0},
};

static enum tw_dataset_rows rows_named(const char *name)
{
	return strcmp(name, "pairs") == 0   ? TW_ROWS_PAIRS
	       : strcmp(name, "chats") == 0 ? TW_ROWS_CHATS
					    : TW_ROWS_ALL;
}

static enum tw_status export_dataset(struct tw_app *app, const char *ref,
				     const struct export_options *o, struct tw_err *err)
{
	struct tw_dataset d;
	enum tw_split split = TW_TRAIN;
	while (strcmp(tw_split_name(split), o->split) != 0)
		split++;
	enum tw_status st = tw_fs_dataset(&d, app->fs, ref, &app->arena, err);
	return st == TW_OK ? tw_dataset_export(app->fs, d.id, split, rows_named(o->rows), o->output,
					       err)
			   : st;
}

/* The file of the version, which may be an adapter or a whole model. */
static enum tw_status learnt_path(const char **out, struct tw_model_version *v, struct tw_app *app,
				  const char *ref, struct tw_err *err)
{
	enum tw_status st = tw_mr_model(v, app->mr, ref, &app->arena, err);
	if (st == TW_OK && !v->adapter[0])
		return tw_fail(err, TW_NOT_FOUND, "model v%d has no adapter", v->version);
	return st == TW_OK ? tw_blob_path(out, app->blobs, v->adapter, &app->arena, err) : st;
}

static enum tw_status no_adapter(struct tw_app *app, const struct tw_model_version *v,
				 struct tw_err *err)
{
	if (!tw_model_is_whole(app, v))
		return TW_OK;
	return tw_fail(err, TW_UNSUPPORTED,
		       "model v%d is a whole model, not an adapter (it was trained with use_dora): "
		       "`twin export merged v%d -o model.gguf`",
		       v->version, v->version);
}

/* The file, where it is an adapter. */
static enum tw_status adapter_path(const char **out, struct tw_model_version *v, struct tw_app *app,
				   const char *ref, struct tw_err *err)
{
	enum tw_status st = learnt_path(out, v, app, ref, err);
	return st == TW_OK ? no_adapter(app, v, err) : st;
}

static enum tw_status export_adapter(struct tw_app *app, const char *ref,
				     const struct export_options *o, struct tw_err *err)
{
	struct tw_model_version v;
	const char *path;
	enum tw_status st = adapter_path(&path, &v, app, ref, err);
	return st == TW_OK ? tw_copy_file(path, o->output, err) : st;
}

/* Files of the adapter and of the base that it belongs to. */
static enum tw_status both_paths(const char **adapter, const char **base,
				 struct tw_model_version *v, struct tw_app *app, const char *ref,
				 struct tw_err *err)
{
	enum tw_status st = adapter_path(adapter, v, app, ref, err);
	return st == TW_OK ? tw_app_llm_file(app, v->base_spec, base, err) : st;
}

/* For transformers: PeftModel.from_pretrained(base, DIR). */
static enum tw_status export_peft(struct tw_app *app, const char *ref,
				  const struct export_options *o, struct tw_err *err)
{
	struct tw_model_version v;
	const char *path, *base;
	enum tw_status st = both_paths(&path, &base, &v, app, ref, err);
	return st == TW_OK ? tw_adapter_export_peft(NULL, o->output, path, base, err) : st;
}

/* Of a whole model `path` is all that there is to it; else *base is there too. */
static enum tw_status whole_or_both(const char **path, const char **base, struct tw_app *app,
				    const char *ref, struct tw_err *err)
{
	struct tw_model_version v;
	enum tw_status st = learnt_path(path, &v, app, ref, err);
	*base = NULL;
	if (st != TW_OK || tw_model_is_whole(app, &v))
		return st;
	return tw_app_llm_file(app, v.base_spec, base, err);
}

/* Base and adapter as one model. */
static enum tw_status export_merged(struct tw_app *app, const char *ref,
				    const struct export_options *o, struct tw_err *err)
{
	const char *path, *base;
	enum tw_status st = whole_or_both(&path, &base, app, ref, err);
	if (st != TW_OK)
		return st;
	if (!base && strcmp(o->type, "base") != 0)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s is a whole model already, and is written as it is; then `twin "
			       "import MODEL --quantize %s`",
			       ref, o->type);
	return base ? tw_merge_gguf(o->output, base, path, o->type, 0, err)
		    : tw_copy_file(path, o->output, err);
}

static enum tw_status export_modelfile(struct tw_app *app, const char *ref,
				       const struct export_options *o, struct tw_err *err)
{
	const char *path, *base, *system;
	enum tw_status st = whole_or_both(&path, &base, app, ref, err);
	if (st == TW_OK)
		st = tw_answer_system_prompt(&system, app->conf, err);
	if (st != TW_OK)
		return st;
	const char *adapter = base ? tw_sprintf(&app->arena, "ADAPTER %s\n", path) : "";
	const char *text = tw_sprintf(&app->arena, "FROM %s\n%sSYSTEM \"\"\"%s\"\"\"\n",
				      base ? base : path, adapter, system);
	return tw_write_file(o->output, text, strlen(text), err);
}

struct rows {
	struct tw_app *app;
	struct tw_view view;
};

static enum tw_status write_rows(void *ctx, FILE *f, struct tw_err *err)
{
	struct rows *r = ctx;
	return tw_print_rows(f, r->app, &r->view, 0, err);
}

static enum tw_status export_view(struct tw_app *app, const char *ref,
				  const struct export_options *o, struct tw_err *err)
{
	struct rows r = {.app = app};
	enum tw_status st = tw_fs_view(&r.view, app->fs, ref, &app->arena, err);
	if (st != TW_OK)
		return st;
	return o->output ? tw_write_file_by(o->output, write_rows, &r, err)
			 : write_rows(&r, stdout, err);
}

static const struct {
	const char *name;
	enum tw_status (*write)(struct tw_app *app, const char *ref, const struct export_options *o,
				struct tw_err *err);
} kinds[] = {
	{"view", export_view}, {"dataset", export_dataset}, {"adapter", export_adapter},
	{"peft", export_peft}, {"merged", export_merged},   {"modelfile", export_modelfile},
};
enum { N_KINDS = sizeof(kinds) / sizeof(*kinds), VIEW = 0 };

static enum tw_status run(struct tw_app *app, const void *options, char *const *args, int n,
			  struct tw_err *err)
{
	(void)n;
	const struct export_options *o = options;
	size_t k = 0;
	while (k < N_KINDS && strcmp(kinds[k].name, args[0]) != 0)
		k++;
	if (k == N_KINDS)
		return tw_fail(
			err, TW_BAD_USE,
			"cannot export \"%s\"; there are: view, dataset, adapter, peft, merged, modelfile",
			args[0]);
	if (k != VIEW && !o->output)
		return tw_fail(err, TW_BAD_USE, "where to? twin export %s %s -o FILE", args[0],
			       args[1]);
	enum tw_status st = kinds[k].write(app, args[1], o, err);
	if (st == TW_OK && o->output)
		tw_info("wrote %s", o->output);
	return st;
}

const struct tw_command tw_cmd_export = {
	.name = "export",
	.args = "view|dataset|adapter|peft|merged|modelfile ID",
	.help = "Write features, datasets, adapters, models or an Ollama Modelfile for other programs",
	.more = "  twin export view chunks@v1 > chunks.jsonl        rows, as JSON lines\n"
		"  twin export dataset 3 -o train.jsonl             ChatML: {\"messages\": [...]} a line\n"
		"  twin export dataset 3 --rows pairs -o pairs.jsonl  for DPO: prompt, chosen, rejected\n"
		"  twin export adapter champion -o adapter.gguf     LoRA, for llama.cpp and others\n"
		"  twin export peft champion -o adapter/             a folder for transformers and PEFT\n"
		"  twin export merged champion -o model.gguf        base and adapter as one model\n"
		"  twin export modelfile champion -o Modelfile      then: ollama create me -f Modelfile",
	.opts = opts,
	.opts_size = sizeof(struct export_options),
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
