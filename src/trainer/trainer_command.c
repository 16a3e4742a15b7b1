/*
 * Fine-tuning by another program, as TRL on a GPU: the contract of core/trainer.h.
 *
 * The program is told where things are by a file (see command_int.h), says what it does by
 * lines of JSON on its standard output, and leaves an adapter. It may be killed and called
 * again with the same folder: then it goes on from its own checkpoints.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/child.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "trainer/command_int.h"
#include "trainer/convert.h"
#include "trainer/trainers.h"

#define TAIL_LINES 5
#define TAIL_CHARS 170 /* all of them fit in a message */

struct options {
	const char *command, *directory;
	struct tw_strings args;
	double timeout, grace;
};

#define AT(member) offsetof(struct options, member)

static const struct tw_opt opts[] = {
	{"command", TW_OPT_STRING, AT(command), .flags = TW_OPT_REQUIRED,
	 .help = "what sh shall run: \"python3 train.py\"; its first argument is the path of settings.json"},
	{"args", TW_OPT_LIST, AT(args), .help = "more arguments, behind that one"},
	{"directory", TW_OPT_PATH, AT(directory), .def = ".", .flags = TW_OPT_NOT_IDENTITY,
	 .help = "folder to run it in"},
	{"timeout", TW_OPT_REAL, AT(timeout), .def = "0", .min = 0, .max = 1e9,
	 .flags = TW_OPT_NOT_IDENTITY, .help = "seconds after which it is ended; 0: never"},
	{"grace", TW_OPT_REAL, AT(grace), .def = "60", .min = 0, .max = 1e6,
	 .flags = TW_OPT_NOT_IDENTITY,
	 .help = "seconds that it has for a checkpoint when it is asked to stop, before it is killed"},
	{0},
};

struct run {
	const struct options *o;
	const struct tw_train_job *job;
	struct tw_arena a;
	const char *dir, *adapter; /* adapter.gguf there */
	struct tw_command_log log;
	char tail[TAIL_LINES][TAIL_CHARS + 1]; /* the last lines of standard error, a ring */
	size_t n_tail;
};

static const char *in_dir(struct run *r, const char *name)
{
	return tw_path_join(&r->a, r->dir, name);
}

/* --- what it says --- */

/* A progress bar overwrites its line: the last state counts. Nothing of it may move a terminal's cursor. */
static void talk(struct run *r, bool is_stderr, const char *line, size_t len)
{
	struct tw_str s = TW_STR_INIT;
	const char *bar = memrchr(line, '\r', len);
	const char *from = bar ? bar + 1 : line;
	tw_text_plain(&s, from, len - (size_t)(from - line), "");
	tw_str_trim(&s);
	if (s.len)
		tw_info("  %s", s.data);
	if (s.len && is_stderr) {
		char *to = r->tail[r->n_tail++ % TAIL_LINES];
		size_t n = tw_utf8_floor(s.data, s.len < TAIL_CHARS ? s.len : TAIL_CHARS);
		memcpy(to, s.data, n);
		to[n] = '\0';
	}
	tw_str_release(&s);
}

/* The adapter as it is now, for whoever looks at it during training. */
static enum tw_status show_adapter(struct run *r, const struct tw_command_metrics *m,
				   struct tw_err *err)
{
	const char *now = in_dir(r, "now.gguf");
	enum tw_status st = tw_adapter_import(NULL, now, in_dir(r, m->adapter),
					      tw_llm_info(r->job->llm)->path, err);
	if (st != TW_OK)
		return tw_wrap(err, st, "the adapter of step %lld", (long long)m->step);
	return r->job->on_adapter(r->job->ctx, m->step, now, err);
}

static enum tw_status on_line(void *ctx, bool is_stderr, char *line, size_t len, struct tw_err *err)
{
	struct run *r = ctx;
	struct tw_command_metrics m;
	struct tw_arena a;
	enum tw_status st = TW_OK;
	tw_arena_init(&a);
	if (!is_stderr && tw_command_parse(&m, line, len, &a)) {
		tw_command_log_add(&r->log, &m, line, r->job);
		if (m.adapter && r->job->on_adapter)
			st = show_adapter(r, &m, err);
	} else {
		talk(r, is_stderr, line, len);
	}
	tw_arena_release(&a);
	return st;
}

/* --- running it --- */

static enum tw_status failed(struct run *r, int status, struct tw_err *err)
{
	struct tw_str tail = TW_STR_INIT;
	size_t first = r->n_tail > TAIL_LINES ? r->n_tail - TAIL_LINES : 0;
	for (size_t i = first; i < r->n_tail; i++)
		tw_str_addf(&tail, "\n  %s", r->tail[i % TAIL_LINES]);
	enum tw_status st;
	if (status > 128)
		st = tw_fail(err, TW_IO, "the program was ended by signal %d (%s)%s", status - 128,
			     strsignal(status - 128), tw_str_c(&tail));
	else
		st = tw_fail(err, TW_IO, "the program failed with exit status %d%s", status,
			     tail.len ? tw_str_c(&tail) : "; it said nothing on standard error");
	tw_str_release(&tail);
	return st;
}

static enum tw_status run_program(struct run *r, struct tw_err *err)
{
	static const char *const env[] = {"PYTHONUNBUFFERED=1", NULL};
	const size_t n = r->o->args.n;
	const char **args = TW_NEW_ARRAY(&r->a, n + 2, const char *);
	int status;
	args[0] = in_dir(r, "settings.json");
	for (size_t i = 0; i < n; i++)
		args[i + 1] = r->o->args.at[i];
	const struct tw_child c = {
		.command = r->o->command,
		.args = args,
		.env = env,
		.dir = r->o->directory,
		.timeout_s = r->o->timeout,
		.grace_s = r->o->grace,
		.on_line = on_line,
		.ctx = r,
	};
	enum tw_status st = tw_child_run(&status, &c, err);
	return st == TW_OK && status != 0 ? failed(r, status, err) : st;
}

/* `info`: of the adapter that is taken. */
static enum tw_status take_adapter(struct tw_adapter_info *info, struct run *r, struct tw_err *err)
{
	const char *output = in_dir(r, "output");
	const char *gguf = tw_path_join(&r->a, output, "adapter.gguf");
	const char *from = tw_exists(gguf) ? gguf : output;
	if (from == output && !tw_exists(tw_path_join(&r->a, output, "adapter_config.json")))
		return tw_fail(err, TW_BAD_DATA,
			       "the program ended well but left neither adapter.gguf nor "
			       "adapter_config.json in %s",
			       output);
	enum tw_status st =
		tw_adapter_import(info, r->adapter, from, tw_llm_info(r->job->llm)->path, err);
	return st == TW_OK ? st : tw_wrap(err, st, "the adapter that the program left");
}

/* An adapter of an earlier call is looked at again: it may have been damaged since. */
static enum tw_status finish(struct tw_train_result *out, struct run *r, bool done,
			     struct tw_err *err)
{
	struct tw_adapter_info info = {0};
	enum tw_status st = done ? tw_adapter_import(&info, NULL, r->adapter,
						     tw_llm_info(r->job->llm)->path, err)
				 : take_adapter(&info, r, err);
	snprintf(out->adapter_path, sizeof(out->adapter_path), "%s", r->adapter);
	out->steps = r->log.last_step;
	out->tokens = r->log.tokens;
	out->trainable = info.parameters;
	out->train_loss = tw_command_train_loss(&r->log);
	out->valid_loss = r->log.valid;
	return st;
}

static enum tw_status train(struct tw_train_result *out, void *ctx, const struct tw_train_job *job,
			    struct tw_err *err)
{
	struct run r = {.o = ctx, .job = job};
	const struct tw_digest name = tw_sha256(job->job_digest, strlen(job->job_digest));
	tw_arena_init(&r.a);
	r.dir = tw_path_join(&r.a, job->work_dir, tw_sprintf(&r.a, "%.16s", name.hex));
	r.adapter = in_dir(&r, "adapter.gguf");
	const bool done = tw_exists(r.adapter);
	enum tw_status st = tw_mkdirs(r.dir, err);
	if (st == TW_OK && !done)
		st = tw_command_write_job(r.dir, job, &r.a, err);
	if (st == TW_OK)
		st = tw_command_log_open(&r.log, in_dir(&r, "metrics.jsonl"), err);
	if (st == TW_OK && !done)
		st = run_program(&r, err);
	if (st == TW_OK)
		st = finish(out, &r, done, err);
	out->resumed_from = r.log.heard ? r.log.resumed_from : r.log.last_step;
	tw_command_log_close(&r.log);
	tw_arena_release(&r.a);
	return st;
}

const struct tw_trainer_type tw_trainer_command = {
	.name = "command",
	.help = "Another program, such as TRL on a GPU: it gets dataset and settings, and leaves an adapter",
	.opts = opts,
	.ctx_size = sizeof(struct options),
	.code_version = 1,
	.train = train,
};
