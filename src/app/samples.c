#include "app/samples.h"

#include <stdlib.h>
#include <string.h>

#include "app/plugins.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/time.h"
#include "core/samples.h"
#include "inference/options.h"

#define OF_SPLIT     2	  /* prompts that are taken from the validation split */
#define SHORT_PROMPT 1200 /* bytes: those with passages would cost more than the answer */
#define MOST_PROMPTS 16
#define ROOM	     64 /* tokens of the context for what the template adds */

struct options {
	struct tw_strings samples;
	int64_t sample_tokens;
};

const struct tw_opt tw_sample_opts[] = {
	{"samples", TW_OPT_LIST, offsetof(struct options, samples),
	 .help = "prompts that the model answers at each evaluation; absent: two of the validation "
		 "split; []: none"},
	{"sample_tokens", TW_OPT_INT, offsetof(struct options, sample_tokens), .def = "48",
	 .min = 1, .max = 1024, .help = "tokens of such an answer"},
	{0},
};

struct prompt {
	struct tw_message *at; /* all but the answer */
	size_t n;
	const char *expected;
};

struct tw_asker {
	struct tw_app *app;
	struct tw_llm *base;
	struct options o;
	struct prompt prompt[MOST_PROMPTS];
	size_t n;
	int context; /* that the longest needs */
	bool failed;
};

/* Reads these keys alone out of `training:`. */
static enum tw_status read_options(struct options *o, const struct tw_config *conf,
				   struct tw_arena *a, struct tw_err *err)
{
	const struct tw_json *own =
		tw_opt_own(tw_config_section(conf, "training"), tw_sample_opts, a);
	enum tw_status st = tw_opt_parse(o, tw_sample_opts, own, conf->path, conf->dir, a, err);
	if (st == TW_OK && o->samples.n > MOST_PROMPTS)
		st = tw_fail(err, TW_BAD_USE, "samples: at most %d prompts", MOST_PROMPTS);
	return st == TW_OK ? st : tw_wrap(err, st, "training");
}

enum tw_status tw_asker_check(const struct tw_config *conf, struct tw_err *err)
{
	struct options o = {0};
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = read_options(&o, conf, &a, err);
	tw_arena_release(&a);
	return st;
}

/* --- prompts --- */

/* The messages of an example, the last of which is the answer. False when they are not as they should be. */
static bool read_example(struct prompt *out, const struct tw_example *e, struct tw_arena *a)
{
	const struct tw_json *v = tw_json_of(e->messages, a);
	if (!v || v->n < 2)
		return false;
	*out = (struct prompt){.at = TW_NEW_ARRAY(a, v->n, struct tw_message)};
	for (const struct tw_json *m = v->child; m; m = m->next) {
		const char *content = tw_json_str(tw_json_get(m, "content"), "");
		if (!m->next)
			out->expected = content;
		else
			out->at[out->n++] = (struct tw_message){
				tw_json_str(tw_json_get(m, "role"), "user"), content};
	}
	return true;
}

static const char *asked(const struct prompt *p)
{
	return p->at[p->n - 1].content;
}

/* Short ones, each of another document, spread over the split. */
static void take_from_split(struct tw_asker *s, const struct tw_examples *valid)
{
	const char *docs[OF_SPLIT];
	for (size_t k = 0; k < OF_SPLIT; k++)
		for (size_t i = k * valid->n / OF_SPLIT; i < valid->n; i++) {
			const struct tw_example *e = &valid->at[i];
			bool seen = false;
			struct prompt p;
			for (size_t d = 0; d < s->n; d++)
				seen |= strcmp(docs[d], e->doc) == 0;
			if (seen || !read_example(&p, e, &s->app->arena) ||
			    strlen(asked(&p)) > SHORT_PROMPT)
				continue;
			docs[s->n] = e->doc;
			s->prompt[s->n++] = p;
			break;
		}
}

static enum tw_status take_from_config(struct tw_asker *s, struct tw_err *err)
{
	const char *system;
	enum tw_status st = tw_answer_system_prompt(&system, s->app->conf, err);
	for (size_t i = 0; st == TW_OK && i < s->o.samples.n; i++) {
		struct tw_message *m = TW_NEW_ARRAY(&s->app->arena, 2, struct tw_message);
		m[0] = (struct tw_message){"system", system};
		m[1] = (struct tw_message){"user", s->o.samples.at[i]};
		s->prompt[s->n++] = (struct prompt){m, 2, ""};
	}
	return st;
}

static void measure_context(struct tw_asker *s)
{
	for (size_t i = 0; i < s->n; i++) {
		int tokens = ROOM + (int)s->o.sample_tokens;
		for (size_t k = 0; k < s->prompt[i].n; k++) {
			const char *text = s->prompt[i].at[k].content;
			tokens += tw_llm_count(s->base, text, strlen(text)) + 8;
		}
		s->context = tokens > s->context ? tokens : s->context;
	}
}

enum tw_status tw_asker_new(struct tw_asker **out, struct tw_app *app, struct tw_llm *base,
			    const struct tw_examples *valid, struct tw_err *err)
{
	struct tw_asker *s = tw_xcalloc(1, sizeof(*s));
	s->app = app;
	s->base = base;
	*out = NULL;
	enum tw_status st = read_options(&s->o, app->conf, &app->arena, err);
	if (st == TW_OK && !tw_config_section(app->conf, "training.samples"))
		take_from_split(s, valid);
	else if (st == TW_OK)
		st = take_from_config(s, err);
	measure_context(s);
	if (st == TW_OK && s->n && tw_llm_info(base)->path)
		*out = s;
	else
		free(s);
	return st;
}

void tw_asker_free(struct tw_asker *s)
{
	free(s);
}

/* --- answers --- */

static enum tw_status answer(struct tw_asker *s, struct tw_llm *llm, size_t i, int64_t run,
			     int64_t step, const char **text, struct tw_arena *a,
			     struct tw_err *err)
{
	const struct prompt *p = &s->prompt[i];
	const struct tw_gen_params greedy = {.max_tokens = (int)s->o.sample_tokens};
	struct tw_generation g;
	enum tw_status st = tw_llm_chat(&g, llm, p->at, p->n, &greedy, NULL, NULL, err);
	if (st != TW_OK)
		return st;
	*text = tw_str_dup(&g.text, a);
	tw_generation_release(&g);
	if (tw_stopping()) /* what was cut short is no answer */
		return TW_OK;
	const struct tw_run_sample row = {step, (int64_t)i, asked(p), p->expected, *text};
	return tw_mr_run_sample(s->app->mr, run, &row, err);
}

static enum tw_status ask_all(struct tw_asker *s, int64_t run, int64_t step, const char *adapter,
			      const char **first, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_llm_options o = {.adapter = adapter,
					 .context = s->context,
					 .http = s->app->http,
					 .dir = s->app->conf->dir};
	struct tw_llm *llm;
	enum tw_status st = tw_llm_open(&llm, tw_llms, tw_llm_info(s->base)->spec, &o, err);
	if (st != TW_OK)
		return st;
	for (size_t i = 0; st == TW_OK && i < s->n && !tw_stopping(); i++) {
		const char *text;
		st = answer(s, llm, i, run, step, &text, a, err);
		if (st == TW_OK && i == 0)
			*first = text;
	}
	tw_llm_close(llm);
	return st;
}

double tw_asker_ask(const char **excerpt, struct tw_asker *s, int64_t run, int64_t step,
		    const char *adapter, struct tw_arena *a)
{
	struct tw_err err = TW_ERR_INIT;
	double start = tw_monotonic_s();
	*excerpt = NULL;
	if (s->failed)
		return 0;
	if (ask_all(s, run, step, adapter, excerpt, a, &err) != TW_OK) {
		tw_warn("no samples of this training: %s", err.msg);
		s->failed = true;
	}
	return tw_monotonic_s() - start;
}
