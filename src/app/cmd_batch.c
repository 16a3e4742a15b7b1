#include "app/command.h"
#include "app/print.h"
#include "app/serving.h"
#include "base/log.h"
#include "inference/batch.h"

struct batch {
	const char *output, *model, *name;
};

static const struct tw_opt opts[] = {
	{"output", TW_OPT_STRING, offsetof(struct batch, output), .help = "file to write (-o)"},
	{"model", TW_OPT_STRING, offsetof(struct batch, model),
	 .help = "v2, an alias, or base (default: what is deployed)"},
	{"name", TW_OPT_STRING, offsetof(struct batch, name),
	 .help = "name that the answers are stored under"},
	{0},
};

static void print(struct tw_app *app, const struct tw_batch_stats *b, const char *file)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "batch", b->name);
	tw_jw_str(&w, "output", file);
	tw_jw_int(&w, "lines", b->lines);
	tw_jw_int(&w, "answered", b->answered);
	tw_jw_int(&w, "resumed", b->resumed);
	tw_jw_int(&w, "failed", b->failed);
	tw_jw_end(&w);
	tw_print_object(app, &s);
	tw_str_release(&s);
}

static enum tw_status batch(struct tw_app *app, const void *options, char *const *args, int n,
			    struct tw_err *err)
{
	(void)n;
	const struct batch *o = options;
	if (!o->output)
		return tw_fail(err, TW_BAD_USE, "where to? twin batch %s -o OUT.jsonl", args[0]);
	struct tw_serving *s = NULL;
	struct tw_batch_stats stats = {0};
	const struct tw_batch_job job = {args[0], o->output, o->name};
	enum tw_status st = tw_app_serving(&s, app, o->model, err);
	if (st == TW_OK)
		st = tw_batch_run(&stats, s, &job, err);
	if (st == TW_OK)
		print(app, &stats, o->output);
	if (st == TW_OK && stats.failed) {
		fflush(stdout);
		st = tw_fail(err, TW_BAD_DATA,
			     "%lld of %lld lines could not be answered; each says why in %s",
			     (long long)stats.failed, (long long)stats.lines, o->output);
	}
	tw_serving_close(s);
	return st;
}

const struct tw_command tw_cmd_batch = {
	.name = "batch",
	.args = "IN.jsonl -o OUT.jsonl",
	.help = "Answer a file of questions, and keep the answers as predictions",
	.more = "IN has {\"question\": \"…\"} a line, with an optional \"id\"; - is standard input. The exit code is 1 when a line\n"
		"could not be answered: OUT says why. A batch that was stopped goes on where it was.",
	.opts = opts,
	.opts_size = sizeof(struct batch),
	.min_args = 1,
	.max_args = 1,
	.run = batch,
};
