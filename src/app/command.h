/*
 * app/command.h: a command of the command line.
 *
 * Owns the contract and the list. main.c parses the words by the command's
 * option table, opens what the flags ask for, calls run(), prints the error
 * and chooses the exit code.
 *
 * To add one: app/cmd_x.c with one const struct, its extern in this file, one
 * line in app/commands.c, one test in tests/cli/. Data goes to stdout (JSON
 * with app->json), talk to stderr through base/log.h.
 */
#ifndef TW_APP_COMMAND_H
#define TW_APP_COMMAND_H

#include "app/app.h"
#include "core/opt.h"

enum {
	TW_CMD_ANYWHERE = 1,	  /* works without a twin.yaml: app->conf may be NULL */
	TW_CMD_WRITES = 2,	  /* changes the stores: takes the lock of the folder */
	TW_CMD_OPTIONAL_CONF = 4, /* with TW_CMD_ANYWHERE: loads twin.yaml when there is one */
};

struct tw_command {
	const char *name;
	const char *args; /* for usage: "QUESTION", "[ID]" */
	const char *help; /* one line, no full stop */
	const char *more; /* what `twin help NAME` adds: how it works, examples; may be NULL */
	void (*describe)(
		struct tw_str *out); /* adds to `more` what tables of plugins say; may be NULL */
	const struct tw_opt *opts;   /* --name VALUE; a bool takes no value; may be NULL */
	size_t opts_size;	     /* of the struct that they fill */
	int min_args, max_args;	     /* max -1: any */
	unsigned flags;
	enum tw_status (*run)(struct tw_app *app, const void *opts, char *const *args, int n,
			      struct tw_err *err);
};

extern const struct tw_command tw_cmd_init, tw_cmd_add, tw_cmd_run, tw_cmd_collect, tw_cmd_features,
	tw_cmd_dataset, tw_cmd_train, tw_cmd_eval, tw_cmd_promote, tw_cmd_rollback, tw_cmd_forget,
	tw_cmd_ask, tw_cmd_chat, tw_cmd_extract, tw_cmd_batch, tw_cmd_search, tw_cmd_serve,
	tw_cmd_show, tw_cmd_export, tw_cmd_import, tw_cmd_status, tw_cmd_doctor;

extern const struct tw_command
	*const tw_commands[]; /* in the order of the journey, NULL-terminated */

/* The whole help, or that of one command. */
void tw_print_usage(FILE *f);
void tw_print_command_help(FILE *f, const struct tw_command *cmd);

#endif
