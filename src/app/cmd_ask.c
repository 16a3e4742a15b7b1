#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/serving.h"
#include "base/log.h"
#include "base/stop.h"
#include "inference/answer.h"
#include "inference/history.h"
#include "inference/options.h"
#include "inference/render.h"
#include "inference/support.h"

struct ask {
	const char *model;
	int64_t max_tokens, seed;
	double temperature;
	bool no_store;
};

static const struct tw_opt opts[] = {
	{"model", TW_OPT_STRING, offsetof(struct ask, model),
	 .help = "v2, an alias, or base (default: what is deployed)"},
	{"max_tokens", TW_OPT_INT, offsetof(struct ask, max_tokens), .def = "0", .min = 0,
	 .max = 1e6, .help = "length of the answer; 0: as deployed"},
	{"temperature", TW_OPT_REAL, offsetof(struct ask, temperature), .def = "-1", .min = -1,
	 .max = 2, .help = "0 is the most likely answer; -1: as deployed"},
	{"seed", TW_OPT_INT, offsetof(struct ask, seed), .def = "-1", .min = -1, .max = 9e15,
	 .help = "of the random choices; -1: as deployed"},
	{"no_store", TW_OPT_BOOL, offsetof(struct ask, no_store),
	 .help = "keep no record of the answer"},
	{0},
};

static bool print_piece(void *ctx, const char *text, size_t len)
{
	struct tw_str plain = TW_STR_INIT;
	(void)ctx;
	tw_render_text(&plain, text, len);
	fwrite(tw_str_c(&plain), 1, plain.len, stdout);
	fflush(stdout);
	tw_str_release(&plain);
	return !tw_stopping();
}

static void apply(struct tw_answer_request *r, const struct ask *o)
{
	if (o->max_tokens)
		r->gen.max_tokens = (int)o->max_tokens;
	if (o->temperature >= 0)
		r->gen.temperature = o->temperature;
	if (o->seed >= 0)
		r->gen.seed = (uint64_t)o->seed;
	r->no_store = o->no_store;
}

static void print_json(const struct tw_answer *a, const struct tw_serving *s)
{
	struct tw_str out = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &out);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "answer", a->text);
	tw_answer_sources_json(&w, "sources", a->sources, a->n_sources);
	if (a->support >= 0)
		tw_jw_real(&w, "support", a->support);
	tw_jw_str(&w, "finish", a->finish);
	tw_jw_str(&w, "model", tw_serving_info(s)->label);
	tw_jw_str(&w, "id", a->prediction);
	tw_jw_int(&w, "prompt_tokens", a->prompt_tokens);
	tw_jw_int(&w, "completion_tokens", a->completion_tokens);
	tw_jw_real(&w, "seconds", a->total_s);
	tw_jw_end(&w);
	tw_print_json(&out);
	tw_str_release(&out);
}

static void print_sources(const struct tw_answer *a)
{
	struct tw_str out = TW_STR_INIT;
	tw_render_sources(&out, a->sources, a->n_sources, stdout);
	printf("%s%s", a->n_sources ? "\n\n" : "\n", tw_str_c(&out));
	tw_str_release(&out);
	fflush(stdout); /* where both streams go to one file, the warning stands behind the answer */
	if (a->support >= 0 && a->support < TW_SUPPORT_LOW)
		tw_warn("only %.0f %% of this answer's words stand in these sources: check it there",
			100 * a->support);
}

/* Answers on stdout; the text streams unless it is wanted as JSON. */
static enum tw_status answer(struct tw_answer *out, struct tw_app *app, struct tw_serving *s,
			     struct tw_answer_request *r, struct tw_arena *a, struct tw_err *err)
{
	r->on_text = app->json ? NULL : print_piece;
	enum tw_status st = tw_answer(out, s, r, a, err);
	if (st != TW_OK)
		return st;
	if (app->json)
		print_json(out, s);
	else
		print_sources(out);
	tw_debug("%d tokens in, %d out, %.2f s (retrieval %.3f s, first token %.2f s)",
		 out->prompt_tokens, out->completion_tokens, out->total_s, out->retrieve_s,
		 out->first_token_s);
	return TW_OK;
}

static enum tw_status ask(struct tw_app *app, const void *options, char *const *args, int n,
			  struct tw_err *err)
{
	const struct ask *o = options;
	struct tw_serving *s = NULL;
	struct tw_str question = TW_STR_INIT;
	for (int i = 0; i < n; i++)
		tw_str_addf(&question, "%s%s", i ? " " : "", args[i]);
	enum tw_status st = tw_app_serving(&s, app, o->model, err);
	if (st == TW_OK) {
		struct tw_answer_request r;
		struct tw_answer a;
		tw_answer_request_init(&r, s);
		apply(&r, o);
		r.question = tw_str_c(&question);
		st = answer(&a, app, s, &r, &app->arena, err);
	}
	tw_serving_close(s);
	tw_str_release(&question);
	return st;
}

static void describe(struct tw_str *out)
{
	tw_str_adds(out, "Keys under `answer:` in twin.yaml, stored with each deployment:\n");
	tw_opt_help(out, tw_answer_opts);
}

const struct tw_command tw_cmd_ask = {
	.name = "ask",
	.args = "QUESTION",
	.help = "Ask the twin one question; the answer names its sources",
	.more = "  twin ask \"How do you true a wheel?\"\n"
		"  twin ask --model base \"…\"     the same passages, without the fine-tuning",
	.describe = describe,
	.opts = opts,
	.opts_size = sizeof(struct ask),
	.min_args = 1,
	.max_args = -1,
	.run = ask,
};

/* NULL at the end of the input. */
static char *read_line(struct tw_arena *a)
{
	char *line = NULL;
	size_t cap = 0;
	if (isatty(STDIN_FILENO)) {
		fprintf(stderr, "%syou>%s ", tw_color(stderr, "bold"), tw_color(stderr, "reset"));
		fflush(stderr);
	}
	ssize_t n = getline(&line, &cap, stdin);
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		line[--n] = '\0';
	char *copy = n < 0 ? NULL : tw_strdup(a, line);
	free(line);
	return copy;
}

struct chat {
	struct tw_app *app;
	struct tw_serving *s;
	const struct ask *o;
	struct tw_history history;
	struct tw_arena turn;
	int failed;
};

/* What goes wrong concerns this question: it is told, and the conversation goes on. */
static void turn(struct chat *c, const char *question)
{
	struct tw_err why = TW_ERR_INIT;
	struct tw_answer_request r;
	struct tw_answer a;
	tw_answer_request_init(&r, c->s);
	apply(&r, c->o);
	r.question = question;
	r.history = c->history.messages.at;
	r.n_history = c->history.messages.n;
	if (answer(&a, c->app, c->s, &r, &c->turn, &why) == TW_OK) {
		tw_history_add(&c->history, question, a.text);
		return;
	}
	fflush(stdout);
	tw_error("%s", why.msg);
	c->failed++;
}

static void talk(struct chat *c)
{
	for (char *line; !tw_stopping() && (line = read_line(&c->turn));) {
		if (strcmp(line, "/new") == 0)
			tw_history_clear(&c->history);
		else if (line[strspn(line, " \t")])
			turn(c, line);
		tw_arena_reset(&c->turn);
	}
}

static enum tw_status chat(struct tw_app *app, const void *options, char *const *args, int n,
			   struct tw_err *err)
{
	(void)args;
	(void)n;
	struct chat c = {.app = app, .o = options, .history = TW_HISTORY_INIT};
	const bool person = isatty(STDIN_FILENO);
	enum tw_status st = tw_app_serving(&c.s, app, c.o->model, err);
	if (st != TW_OK)
		return st;
	if (person)
		tw_info("talking with %s's twin, model %s; /new begins again, Ctrl-D ends",
			app->conf->twin, tw_serving_info(c.s)->label);
	tw_arena_init(&c.turn);
	talk(&c);
	if (c.failed && !person) /* a script has to know */
		st = tw_fail(err, TW_BAD_DATA, "%d question%s could not be answered", c.failed,
			     c.failed == 1 ? "" : "s");
	tw_arena_release(&c.turn);
	tw_history_release(&c.history);
	tw_serving_close(c.s);
	return st;
}

const struct tw_command tw_cmd_chat = {
	.name = "chat",
	.help = "Talk with the twin; it remembers the conversation",
	.more = "Reads a question a line from the terminal or from standard input. /new begins a new conversation.",
	.opts = opts,
	.opts_size = sizeof(struct ask),
	.run = chat,
};
