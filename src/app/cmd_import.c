#include <string.h>

#include "app/command.h"
#include "app/import_adapter.h"
#include "app/print.h"
#include "base/fs.h"
#include "base/log.h"
#include "llm/model_import.h"

struct import {
	const char *output, *quantize, *base, *dataset;
};

static const struct tw_opt opts[] = {
	{"output", TW_OPT_STRING, offsetof(struct import, output),
	 .help = "file to write (default: its name, in the models folder)"},
	{"quantize", TW_OPT_STRING, offsetof(struct import, quantize),
	 .help = "type of the weights, as Q8_0, Q4_K, F16, F32 (default: as they are)"},
	{"base", TW_OPT_STRING, offsetof(struct import, base),
	 .help = "of an adapter that is only converted: the GGUF that it was trained on (default: the configured LLM)"},
	{"dataset", TW_OPT_STRING, offsetof(struct import, dataset),
	 .help = "of an adapter: the dataset that it was trained on, or none"},
	{0},
};

static const char *default_output(struct tw_app *app, const char *from)
{
	struct tw_arena *a = &app->arena;
	char *name = tw_strdup(a, tw_path_base(from));
	if (!tw_ends_with_nocase(name, ".gguf"))
		name = tw_sprintf(a, "%s.gguf", name);
	return tw_path_join(a, tw_models_dir(a), name);
}

static enum tw_status import(struct tw_app *app, const void *options, char *const *args, int n,
			     struct tw_err *err)
{
	const struct import *o = options;
	if (n == 2 && strcmp(args[0], "adapter") != 0)
		return tw_fail(err, TW_BAD_USE, "usage: twin import [adapter] PATH");
	if (n == 2)
		return tw_import_adapter(
			app, &(struct tw_import_adapter){args[1], o->output, o->base, o->dataset},
			err);
	const char *to = o->output ? o->output : default_output(app, args[0]);
	struct tw_import_info info;
	enum tw_status st = tw_model_import(&info, args[0], to, o->quantize, err);
	if (st != TW_OK)
		return st;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "file", to);
	tw_jw_str(&w, "architecture", info.architecture);
	tw_jw_str(&w, "type", info.type);
	tw_jw_int(&w, "tensors", info.tensors);
	tw_jw_int(&w, "parameters", info.parameters);
	tw_jw_int(&w, "bytes", info.bytes);
	tw_jw_str(&w, "digest", info.digest.hex);
	tw_jw_end(&w);
	tw_print_object(app, &s);
	tw_str_release(&s);
	return TW_OK;
}

const struct tw_command tw_cmd_import = {
	.name = "import",
	.args = "MODEL|adapter PATH",
	.help = "Take in a model (a GGUF, or a folder of safetensors), or an adapter of PEFT or llama.cpp",
	.more = "  twin import ~/Downloads/qwen2.5-0.5b-instruct.gguf --quantize Q8_0\n"
		"  twin import ./all-MiniLM-L6-v2 --output all-minilm.gguf\n"
		"Then name it in twin.yaml:  models: {llm: llama:qwen2.5-0.5b-instruct.gguf}\n"
		"  twin import adapter ./lora --dataset 3           registers a version: twin ask --model v4 …\n"
		"  twin import adapter ./lora -o lora.gguf          converts a folder of PEFT's, no more",
	.opts = opts,
	.opts_size = sizeof(struct import),
	.min_args = 1,
	.max_args = 2,
	.flags = TW_CMD_ANYWHERE | TW_CMD_OPTIONAL_CONF,
	.run = import,
};
