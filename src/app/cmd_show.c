#include <string.h>

#include "app/command.h"
#include "app/show.h"
#include "base/str.h"

static const struct {
	const char *name, *one; /* plural and singular are the same */
	tw_show_fn show;
} kinds[] = {
	{"documents", "document", tw_show_documents},
	{"views", "view", tw_show_views},
	{"datasets", "dataset", tw_show_datasets},
	{"runs", "run", tw_show_runs},
	{"models", "model", tw_show_models},
	{"deployments", "deployment", tw_show_deployments},
	{"answers", "answer", tw_show_answers},
	{"lineage", "lineage", tw_show_lineage},
};

static const struct tw_opt opts[] = {
	{"limit", TW_OPT_INT, offsetof(struct tw_show_options, limit), .def = "50", .min = 0,
	 .max = 1e9, .help = "at most so many lines; 0: all"},
	{"deleted", TW_OPT_BOOL, offsetof(struct tw_show_options, deleted),
	 .help = "removed documents too"},
	{"output", TW_OPT_STRING, offsetof(struct tw_show_options, svg),
	 .help = "a file for the charts of runs, as SVG (-o)"},
	{0},
};

static enum tw_status show(struct tw_app *app, const void *options, char *const *args, int n,
			   struct tw_err *err)
{
	struct tw_show_options o = *(const struct tw_show_options *)options;
	o.refs = (const char *const *)(args + 1);
	o.n_refs = (size_t)n - 1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		o.one = strcmp(args[0], kinds[i].one) == 0;
		if (!o.one && strcmp(args[0], kinds[i].name) != 0)
			continue;
		if (kinds[i].show != tw_show_runs && (n > 2 || o.svg))
			return tw_fail(err, TW_BAD_USE,
				       "%s; only runs have charts, and stand side by side",
				       n > 2 ? "one at a time" : "nothing to draw");
		return kinds[i].show(app, n > 1 ? args[1] : NULL, &o, err);
	}
	return tw_fail(err, TW_BAD_USE,
		       "cannot show \"%s\"; there are: documents, views, datasets, runs, models, "
		       "deployments, answers, lineage",
		       args[0]);
}

const struct tw_command tw_cmd_show = {
	.name = "show",
	.args = "KIND [ID…]",
	.help = "Show documents, views, datasets, runs, models, deployments, answers, lineage",
	.more = "  twin show documents             all of them, newest first\n"
		"  twin show document ID           one, with its text (an id, a prefix, or its key)\n"
		"  twin show view chunks@v1        its first rows, as JSON lines\n"
		"  twin show run                   the last training: parameters, curves, samples\n"
		"  twin show run 12 -o run.svg     the curves of run 12 as a picture\n"
		"  twin show run 3 5               runs side by side: what differs, and their curves\n"
		"  twin show lineage ID            of an answer, a document, a dataset or a model, both ways\n"
		"                                  (a number is a model's if there is one; dataset-3 is the dataset's)",
	.opts = opts,
	.opts_size = sizeof(struct tw_show_options),
	.min_args = 1,
	.max_args = -1,
	.run = show,
};
