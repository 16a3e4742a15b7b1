#include "app/command.h"
#include "app/print.h"
#include "app/serving.h"
#include "base/log.h"
#include "inference/options.h"
#include "inference/render.h"

struct search {
	const char *model;
	int64_t limit;
};

static const struct tw_opt opts[] = {
	{"model", TW_OPT_STRING, offsetof(struct search, model),
	 .help = "whose features to search: v2, an alias, or base (default: what is deployed)"},
	{"limit", TW_OPT_INT, offsetof(struct search, limit), .def = "10", .min = 1, .max = 1000,
	 .help = "at most so many passages (-n)"},
	{0},
};

static void print(struct tw_app *app, const struct tw_passages *p)
{
	struct tw_str out = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &out);
	if (app->json) {
		tw_passages_json(&w, NULL, p);
		tw_print_json(&out);
	} else if (p->n) {
		tw_render_passages(&out, p, 300, stdout);
		printf("%s", tw_str_c(&out));
	} else {
		tw_info("nothing passes the cut-off");
	}
	tw_str_release(&out);
}

static enum tw_status search(struct tw_app *app, const void *options, char *const *args, int n,
			     struct tw_err *err)
{
	const struct search *o = options;
	struct tw_serving *s = NULL;
	struct tw_passages found;
	struct tw_str query = TW_STR_INIT;
	for (int i = 0; i < n; i++)
		tw_str_addf(&query, "%s%s", i ? " " : "", args[i]);
	enum tw_status st = tw_app_serving(&s, app, o->model, err);
	if (st == TW_OK) {
		struct tw_retriever *r = tw_serving_retriever(s);
		st = r->search(&found, r, tw_str_c(&query), (size_t)o->limit, &app->arena, err);
	}
	if (st == TW_OK)
		print(app, &found);
	tw_serving_close(s);
	tw_str_release(&query);
	return st;
}

static void describe(struct tw_str *out)
{
	tw_str_adds(out, "Keys under `retrieval:` in twin.yaml, stored with each deployment:\n");
	tw_opt_help(out, tw_retrieval_opts);
}

const struct tw_command tw_cmd_search = {
	.name = "search",
	.args = "QUERY",
	.help = "Find passages, by words and by meaning, with their scores",
	.describe = describe,
	.opts = opts,
	.opts_size = sizeof(struct search),
	.min_args = 1,
	.max_args = -1,
	.run = search,
};
