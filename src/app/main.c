/*
 * main: from words to a command, from a status to an exit code.
 *
 * Exit codes: 0 done, 1 failed, 2 wrong use.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/vec.h"
#include "base/version.h"
#include "core/plugin.h"
#include "trainer/ranks.h"

struct words {
	const char *dir; /* -C */
	TW_VEC(char *) settings;
	TW_VEC(char *) args;
	bool json, offline, help, version;
	const struct tw_command *cmd;
	void *opts;
};

static int is_global(struct words *w, const char *name)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {{"json", &w->json},
		     {"offline", &w->offline},
		     {"help", &w->help},
		     {"version", &w->version}};
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (strcmp(flags[i].name, name) == 0) {
			*flags[i].flag = true;
			return 1;
		}
	if (strcmp(name, "quiet") == 0)
		tw_log_set_level(TW_LOG_WARN);
	else if (strcmp(name, "verbose") == 0)
		tw_log_set_level(TW_LOG_DEBUG);
	else
		return 0;
	return 1;
}

static const char *short_name(const char *word)
{
	static const char *const pairs[][2] = {{"-C", "dir"},	 {"-h", "help"},
					       {"-q", "quiet"},	 {"-v", "verbose"},
					       {"-o", "output"}, {"-n", "limit"}};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (strcmp(pairs[i][0], word) == 0)
			return pairs[i][1];
	return NULL;
}

static const struct tw_opt *find_opt(const struct tw_command *cmd, const char *name)
{
	for (const struct tw_opt *o = cmd ? cmd->opts : NULL; o && o->name; o++) {
		size_t i = 0;
		while (o->name[i] &&
		       (o->name[i] == name[i] || (o->name[i] == '_' && name[i] == '-')))
			i++;
		if (!o->name[i] && !name[i])
			return o;
	}
	return NULL;
}

static enum tw_status unknown_option(const struct words *w, const char *dashes, const char *name,
				     struct tw_err *err)
{
	const char *names[64];
	size_t n = 0;
	for (const struct tw_opt *o = w->cmd ? w->cmd->opts : NULL; o && o->name && n < 50; o++)
		names[n++] = o->name;
	static const char *const global[] = {"json",  "offline", "help", "version",
					     "quiet", "verbose", "dir",	 "set"};
	for (size_t i = 0; i < sizeof(global) / sizeof(*global); i++)
		names[n++] = global[i];
	names[n] = NULL;
	const char *near = dashes[1] ? tw_nearest(name, names) : NULL;
	return tw_fail(err, TW_BAD_USE, "unknown option %s%s%s%s%s (see `twin help%s%s`)", dashes,
		       name, near ? "; did you mean --" : "", near ? near : "", near ? "?" : "",
		       w->cmd ? " " : "", w->cmd ? w->cmd->name : "");
}

/* One option; *i is moved past its value. */
static enum tw_status take_option(struct words *w, const char *word, char **argv, int *i,
				  struct tw_arena *a, struct tw_err *err)
{
	const char *name = word[1] == '-' ? word + 2 : short_name(word);
	if (!name)
		return unknown_option(w, "-", word + 1, err);
	const char *eq = strchr(name, '=');
	const char *value = eq ? eq + 1 : NULL;
	name = eq ? tw_strndup(a, name, (size_t)(eq - name)) : name;
	if (!eq && is_global(w, name))
		return TW_OK;
	const struct tw_opt *o = find_opt(w->cmd, name);
	bool dir = strcmp(name, "dir") == 0, set = strcmp(name, "set") == 0;
	if (!o && !dir && !set)
		return unknown_option(w, "--", name, err);
	if (o && o->type == TW_OPT_BOOL && !value)
		value = "true";
	if (!value) {
		value = argv[*i + 1];
		if (!value)
			return tw_fail(err, TW_BAD_USE, "--%s needs a value", name);
		++*i;
	}
	if (dir)
		w->dir = value;
	else if (set)
		tw_vec_push(&w->settings, (char *)(uintptr_t)value);
	else
		return tw_opt_set(w->opts, w->cmd->opts, name, value, a, err);
	return TW_OK;
}

static enum tw_status take_command(struct words *w, const char *name, struct tw_arena *a,
				   struct tw_err *err)
{
	const void *found;
	enum tw_status st = tw_plugin_find(&found, tw_commands, "command", name, err);
	if (st != TW_OK)
		return st;
	w->cmd = found;
	w->opts = tw_alloc(a, w->cmd->opts_size ? w->cmd->opts_size : 1);
	return tw_opt_parse(w->opts, w->cmd->opts, NULL, "default", NULL, a, err);
}

static enum tw_status parse(struct words *w, char **argv, struct tw_arena *a, struct tw_err *err)
{
	bool only_args = false;
	for (int i = 1; argv[i]; i++) {
		enum tw_status st = TW_OK;
		if (!only_args && strcmp(argv[i], "--") == 0)
			only_args = true;
		else if (!only_args && argv[i][0] == '-' && argv[i][1])
			st = take_option(w, argv[i], argv, &i, a, err);
		else if (!w->cmd && strcmp(argv[i], "help") == 0)
			w->help = true;
		else if (!w->cmd)
			st = take_command(w, argv[i], a, err);
		else
			tw_vec_push(&w->args, argv[i]);
		if (st != TW_OK)
			return st;
	}
	return TW_OK;
}

static enum tw_status check_args(const struct words *w, struct tw_err *err)
{
	int n = (int)w->args.n;
	if (n >= w->cmd->min_args && (w->cmd->max_args < 0 || n <= w->cmd->max_args))
		return TW_OK;
	return tw_fail(err, TW_BAD_USE, "usage: twin %s %s (see `twin help %s`)", w->cmd->name,
		       w->cmd->args ? w->cmd->args : "", w->cmd->name);
}

static enum tw_status open_for(struct tw_app *app, const struct words *w, struct tw_err *err)
{
	unsigned flags = w->cmd->flags;
	if ((flags & TW_CMD_ANYWHERE) && !(flags & TW_CMD_OPTIONAL_CONF))
		return TW_OK;
	enum tw_status st = tw_app_load(app, w->dir, w->settings.at, err);
	if (st == TW_NOT_FOUND && (flags & TW_CMD_OPTIONAL_CONF) && !w->dir) {
		tw_err_clear(err);
		return TW_OK;
	}
	if (st == TW_OK && !(flags & TW_CMD_ANYWHERE))
		st = tw_app_open(app, flags & TW_CMD_WRITES, err);
	return st;
}

static enum tw_status run(struct words *w, struct tw_app *app, struct tw_err *err)
{
	enum tw_status st = check_args(w, err);
	if (st != TW_OK)
		return st;
	tw_vec_push(&w->settings, NULL);
	app->dir = w->dir;
	app->settings = w->settings.at;
	app->json = w->json;
	app->offline = w->offline;
	st = open_for(app, w, err);
	tw_vec_push(&w->args, NULL);
	if (st == TW_OK)
		st = w->cmd->run(app, w->opts, w->args.at, (int)w->args.n - 1, err);
	return st;
}

/* Cancelled without a request to stop: another rank was lost, and the trainer has said how to go on. */
static int report(enum tw_status st, const struct tw_err *err)
{
	if (st == TW_OK || st == TW_DONE)
		return 0;
	if (st == TW_CANCELLED)
		tw_warn("%s%s", err->msg[0] ? err->msg : "stopped",
			tw_stopping() ? "; run the same command again to go on" : "");
	else
		tw_error("%s", err->msg[0] ? err->msg : tw_status_name(st));
	return st == TW_BAD_USE ? 2 : 1;
}

static int work(char **argv)
{
	struct words w = {0};
	struct tw_app app = {.lock_fd = -1};
	struct tw_err err = TW_ERR_INIT;
	tw_arena_init(&app.arena);
	enum tw_status st = parse(&w, argv, &app.arena, &err);
	if (st == TW_OK && w.version)
		printf("twin %s\n", TW_VERSION);
	else if (st == TW_OK && w.help && w.cmd)
		tw_print_command_help(stdout, w.cmd);
	else if (st == TW_OK && (w.help || !w.cmd))
		tw_print_usage(w.help ? stdout : stderr);
	else if (st == TW_OK)
		st = run(&w, &app, &err);
	bool none = st == TW_OK && !w.cmd && !w.help && !w.version;
	tw_app_close(&app);
	tw_vec_release(&w.settings);
	tw_vec_release(&w.args);
	if (st == TW_OK && (fflush(stdout) != 0 || ferror(stdout)))
		st = tw_fail_errno(&err, TW_IO, "standard output");
	return none ? 2 : report(st, &err);
}

/* Started several times side by side, this is one program: rank 0 works as ever, the others help it to train. */
int main(int argc, char **argv)
{
	(void)argc;
	struct tw_err err = TW_ERR_INIT;
	tw_stop_install();
	enum tw_status st = tw_ranks_open(&err);
	int code = 0;
	if (st != TW_OK)
		code = report(st, &err);
	else if (tw_ranks_is_helper())
		tw_ranks_help();
	else
		code = work(argv);
	tw_ranks_close();
	return code;
}
