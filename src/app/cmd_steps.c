/*
 * The commands that run one step of the graph, and `twin run`, which runs all.
 */
#include "app/add_export.h"
#include "app/command.h"
#include "app/graph.h"
#include "app/plugins.h"
#include "app/samples.h"
#include "app/sync.h"
#include "app/train_init.h"
#include "base/str.h"
#include "training/dataset.h"
#include "training/evaluate.h"

struct step_options {
	bool force, watch;
	int64_t every;
	int64_t if_new, max_memory;
};

#define FORCE                                                               \
	{                                                                   \
		"force", TW_OPT_BOOL, offsetof(struct step_options, force), \
			.help = "even when it is up to date"                \
	}
#define MAX_MEMORY                                                                                        \
	{                                                                                                 \
		"max_memory", TW_OPT_SIZE, offsetof(struct step_options, max_memory),                     \
			.def = "0",                                                                       \
			.help = "what training may take in all, as in 2GiB; less of it is slower; 0: as " \
				"training.max_memory says"                                                \
	}

static const struct tw_opt force_opts[] = {
	FORCE,
	{0},
};

static const struct tw_opt collect_opts[] = {
	{"watch", TW_OPT_BOOL, offsetof(struct step_options, watch),
	 .help = "goes on until it is stopped: takes up what changes in folders at once, and keeps features up to date"},
	{"every", TW_OPT_INT, offsetof(struct step_options, every), .def = "900", .min = 1,
	 .max = 1e6, .help = "with --watch: seconds from a look at the other sources to the next"},
	{0},
};

static const struct tw_opt train_opts[] = {
	FORCE,
	MAX_MEMORY,
	{0},
};

static const struct tw_opt run_opts[] = {
	{"if_new", TW_OPT_INT, offsetof(struct step_options, if_new), .def = "0", .min = 0,
	 .max = 1e9,
	 .help = "train only when at least so many documents are new or edited since the last training; 0: always"},
	MAX_MEMORY,
	{0},
};

static enum tw_status run_to(struct tw_app *app, const struct tw_step *last, bool all,
			     const void *options, struct tw_err *err)
{
	const struct step_options *o = options;
	struct tw_graph g = {.app = app, .if_new = o->if_new};
	enum tw_status st = TW_OK;
	if (o->max_memory > 0) {
		char set[64];
		snprintf(set, sizeof(set), "training.max_memory=%lld", (long long)o->max_memory);
		st = tw_config_set(app->conf, set, err);
	}
	return st == TW_OK ? tw_graph_run(&g, last, all, o->force, err) : st;
}

#define STEP_COMMAND(step)                                                                        \
	static enum tw_status run_##step(struct tw_app *app, const void *opts, char *const *args, \
					 int n, struct tw_err *err)                               \
	{                                                                                         \
		(void)args;                                                                       \
		(void)n;                                                                          \
		return run_to(app, &tw_step_##step, false, opts, err);                            \
	}

STEP_COMMAND(features)
STEP_COMMAND(dataset)
STEP_COMMAND(train)
STEP_COMMAND(eval)
STEP_COMMAND(promote)

static enum tw_status run_collect(struct tw_app *app, const void *opts, char *const *args, int n,
				  struct tw_err *err)
{
	const struct step_options *o = opts;
	if (o->watch && !n) /* each pass takes the lock for itself */
		return tw_sync(app, o->every, err);
	if (o->watch)
		return tw_fail(err, TW_BAD_USE, "--watch goes without an export");
	enum tw_status st = tw_app_lock(app, err);
	if (st == TW_OK && n)
		st = tw_add_export(app, args[0], err);
	return st == TW_OK ? run_to(app, &tw_step_collect, false, opts, err) : st;
}

static enum tw_status run_all(struct tw_app *app, const void *opts, char *const *args, int n,
			      struct tw_err *err)
{
	(void)args;
	(void)n;
	return run_to(app, &tw_step_promote, true, opts, err);
}

static void describe_sources(struct tw_str *out)
{
	static const struct tw_opt common[] = {
		{"name", TW_OPT_STRING, .def = "TYPE:PLACE",
		 .help = "what its documents are known by; under another name they are new documents"},
		{0},
	};
	tw_str_adds(out, "Sources, and their keys in twin.yaml:\n");
	tw_opt_help(out, common);
	for (size_t i = 0; tw_sources[i]; i++) {
		tw_str_addf(out, "\n- type: %s  # %s\n", tw_sources[i]->name, tw_sources[i]->help);
		tw_opt_help(out, tw_sources[i]->opts);
	}
}

static void describe_views(struct tw_str *out)
{
	tw_str_adds(out, "Views, and their keys under `features:` in twin.yaml:\n");
	for (size_t i = 0; tw_transforms[i]; i++) {
		tw_str_addf(out, "\n%s:  # %s\n", tw_transforms[i]->name, tw_transforms[i]->help);
		tw_opt_help(out, tw_transforms[i]->opts);
	}
}

static void describe_trainers(struct tw_str *out)
{
	tw_str_adds(out, "Trainers, and their keys under `training:` in twin.yaml:\n");
	for (size_t i = 0; tw_trainers[i]; i++) {
		tw_str_addf(out, "\ntrainer: %s  # %s\n", tw_trainers[i]->name,
			    tw_trainers[i]->help);
		tw_opt_help(out, tw_trainers[i]->opts);
	}
	tw_str_adds(out, "\nWhat the model is asked on the way, under `training:` too\n");
	tw_opt_help(out, tw_train_init_opts);
	tw_opt_help(out, tw_sample_opts);
	tw_str_adds(out, "\nTrackers, and their keys under `tracking:`\n");
	for (size_t i = 0; tw_trackers[i]; i++) {
		tw_str_addf(out, "\ntracker: %s  # %s\n", tw_trackers[i]->name,
			    tw_trackers[i]->help);
		if (tw_trackers[i]->opts)
			tw_opt_help(out, tw_trackers[i]->opts);
	}
	tw_str_adds(out, "\nThe dataset, under `training.dataset:`\n");
	tw_opt_help(out, tw_dataset_opts);
}

static void describe_evaluation(struct tw_str *out)
{
	tw_str_adds(out, "Keys under `evaluation:` in twin.yaml:\n");
	tw_opt_help(out, tw_evaluation_opts);
	tw_str_adds(out, "\nFigures, stored with the model version:\n");
	const struct tw_metric_list m = tw_evaluation_metrics();
	for (size_t i = 0; i < m.n; i++)
		tw_str_addf(out, "  %-20s %s\n", m.at[i].name, m.at[i].help);
}

const struct tw_command tw_cmd_run = {
	.name = "run",
	.help = "Do everything that is not up to date: collect, features, dataset, train, eval, promote",
	.more = "Each step is skipped when nothing that it depends on has changed. It can be stopped at any moment:\n"
		"the next `twin run` goes on where it was.",
	.opts = run_opts,
	.opts_size = sizeof(struct step_options),
	.flags = TW_CMD_WRITES,
	.run = run_all,
};

const struct tw_command tw_cmd_collect = {
	.name = "collect",
	.args = "[EXPORT]",
	.help = "Collect documents from the sources",
	.more = "  twin collect takeout.zip            adds an export of a service to the sources in twin.yaml, and collects\n"
		"  twin collect --watch                documents and features follow the folders within two seconds\n"
		"  twin collect --watch --every 3600   feeds, repositories and folders of other machines: every hour",
	.describe = describe_sources,
	.opts = collect_opts,
	.opts_size = sizeof(struct step_options),
	.max_args = 1,
	.run = run_collect,
};

const struct tw_command tw_cmd_features = {
	.name = "features",
	.help = "Compute the features of new and changed documents",
	.describe = describe_views,
	.opts_size = sizeof(struct step_options),
	.flags = TW_CMD_WRITES,
	.run = run_features,
};

const struct tw_command tw_cmd_dataset = {
	.name = "dataset",
	.help = "Take an immutable snapshot for training, split by document",
	.opts = force_opts,
	.opts_size = sizeof(struct step_options),
	.flags = TW_CMD_WRITES,
	.run = run_dataset,
};

const struct tw_command tw_cmd_train = {
	.name = "train",
	.help = "Fine-tune the LLM on the dataset, and register the model version",
	.more = "  twin train --set training.max_steps=200\n  twin train --max-memory 2GiB",
	.describe = describe_trainers,
	.opts = train_opts,
	.opts_size = sizeof(struct step_options),
	.flags = TW_CMD_WRITES,
	.run = run_train,
};

const struct tw_command tw_cmd_eval = {
	.name = "eval",
	.help = "Measure the model version against its base on text that it has not seen",
	.describe = describe_evaluation,
	.opts = force_opts,
	.opts_size = sizeof(struct step_options),
	.flags = TW_CMD_WRITES,
	.run = run_eval,
};

const struct tw_command tw_cmd_promote = {
	.name = "promote",
	.help = "Serve the model version, if the gate passes",
	.more = "Brings every view of its feature service up to date, checks the gate of twin.yaml and that model and\n"
		"features belong together, then moves the alias \"champion\" in one transaction.",
	.opts = force_opts,
	.opts_size = sizeof(struct step_options),
	.flags = TW_CMD_WRITES,
	.run = run_promote,
};
