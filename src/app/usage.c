#include <string.h>

#include "app/command.h"
#include "base/log.h"
#include "base/str.h"

static const char global_options[] =
	"Options of every command:\n"
	"  -C, --dir DIR        work in DIR instead of the working folder; the files that a command\n"
	"                       reads and writes by name stay relative to the working folder\n"
	"      --set KEY=VALUE  a setting of twin.yaml for this run, as in --set training.max_steps=50\n"
	"      --json           data as JSON on standard output\n"
	"      --offline        refuse every network access\n"
	"  -q, --quiet          only warnings and errors\n"
	"  -v, --verbose        more talk\n"
	"  -h, --help           help; `twin help COMMAND` for one command\n"
	"      --version        the version\n";

void tw_print_usage(FILE *f)
{
	fprintf(f,
		"%stwin%s turns what you have written into an LLM that answers from it and writes like it.\n\n"
		"  twin init            start here: writes twin.yaml and says what comes next\n"
		"  twin run             does everything that is not up to date\n"
		"  twin ask \"…\"         asks\n\n"
		"Commands:\n",
		tw_color(f, "bold"), tw_color(f, "reset"));
	for (size_t i = 0; tw_commands[i]; i++)
		fprintf(f, "  %s%-10s%s %s\n", tw_color(f, "bold"), tw_commands[i]->name,
			tw_color(f, "reset"), tw_commands[i]->help);
	fprintf(f, "\n%s", global_options);
}

/* Options are written with dashes on a command line; keys of twin.yaml keep their underscores. */
static void print_options(FILE *f, const struct tw_opt *opts)
{
	struct tw_str s = TW_STR_INIT;
	tw_opt_help(&s, opts);
	fprintf(f, "\nOptions, with their defaults:\n");
	for (char *p = s.data; p && *p; p += strcspn(p, "\n") + 1) {
		bool goes_on = p[2] == ' ';
		p += 2; /* its indent */
		for (char *c = p; *c != ' '; c++)
			*c = *c == '_' ? '-' : *c;
		fprintf(f, "  %s%.*s\n", goes_on ? "  " : "--", (int)strcspn(p, "\n"), p);
	}
	tw_str_release(&s);
}

void tw_print_command_help(FILE *f, const struct tw_command *cmd)
{
	fprintf(f, "%stwin %s%s%s%s\n\n%s.\n", tw_color(f, "bold"), cmd->name, tw_color(f, "reset"),
		cmd->args ? " " : "", cmd->args ? cmd->args : "", cmd->help);
	if (cmd->more)
		fprintf(f, "\n%s\n", cmd->more);
	if (cmd->describe) {
		struct tw_str s = TW_STR_INIT;
		cmd->describe(&s);
		fprintf(f, "\n%s", tw_str_c(&s));
		tw_str_release(&s);
	}
	if (cmd->opts)
		print_options(f, cmd->opts);
	fprintf(f, "\n%s", global_options);
}
