#include "said_llm.h"

#include "test.h"

#include <stdio.h>

struct said said;

static enum tw_status open_it(void *ctx, const char *rest, const struct tw_llm_options *o,
			      struct tw_llm_info *info, struct tw_err *err)
{
	(void)ctx;
	(void)rest;
	(void)o;
	(void)err;
	info->name = "said";
	info->context = 2048;
	return TW_OK;
}

static enum tw_status chat(struct tw_generation *out, void *ctx, const struct tw_message *m,
			   size_t n, const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
			   struct tw_err *err)
{
	(void)ctx;
	(void)fn;
	(void)fn_ctx;
	said.asked++;
	said.params = *p;
	snprintf(said.system, sizeof(said.system), "%s", n > 1 ? m[0].content : "");
	snprintf(said.prompt, sizeof(said.prompt), "%s", m[n - 1].content);
	if (said.st != TW_OK)
		return tw_fail(err, said.st, "the model said no");
	tw_str_adds(&out->text, said.text);
	out->finish = said.finish;
	return TW_OK;
}

static enum tw_status complete(struct tw_generation *out, void *ctx, const char *prompt,
			       const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
			       struct tw_err *err)
{
	(void)out;
	(void)ctx;
	(void)prompt;
	(void)p;
	(void)fn;
	(void)fn_ctx;
	return tw_fail(err, TW_UNSUPPORTED, "only chat is asked for");
}

static int count(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	return (int)len;
}

static const struct tw_llm_type said_llm = {.prefix = "said",
					    .help = "for tests",
					    .open = open_it,
					    .chat = chat,
					    .complete = complete,
					    .count = count};
const struct tw_llm_type *const said_llms[] = {&said_llm, NULL};

struct tw_llm *said_open(const char *text)
{
	static const struct tw_llm_options none;
	struct tw_err err = TW_ERR_INIT;
	struct tw_llm *llm;
	assert_ok(tw_llm_open(&llm, said_llms, "said:", &none, &err), &err);
	said = (struct said){.text = text, .finish = "stop"};
	return llm;
}
