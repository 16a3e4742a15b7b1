#include "core/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/plugin.h"

struct tw_trainer {
	const struct tw_trainer_type *type;
	struct tw_arena arena;
	const char *params;
	void *ctx;
};

/* These belong to the section, not to the trainer. */
static const char *const section_keys[] = {"trainer", "dataset", "samples", "sample_tokens",
					   "init",    "replay",	 NULL};

static const char *params_of(const struct tw_trainer *t, struct tw_arena *a)
{
	return tw_sprintf(a, "{\"trainer\":\"%s\",\"code_version\":%d,\"options\":%s}",
			  t->type->name, t->type->code_version,
			  tw_opt_canonical(t->ctx, t->type->opts, a));
}

enum tw_status tw_trainer_new(struct tw_trainer **out, const struct tw_trainer_type *const *types,
			      const struct tw_config *conf, struct tw_err *err)
{
	const void *found;
	enum tw_status st =
		tw_plugin_configured(&found, types, "trainer", "training.trainer", conf, err);
	if (st != TW_OK)
		return st;
	const struct tw_trainer_type *type = found;
	struct tw_trainer *t = tw_xcalloc(1, sizeof(*t));
	t->type = type;
	t->ctx = tw_xcalloc(1, type->ctx_size ? type->ctx_size : 1);
	tw_arena_init(&t->arena);
	const struct tw_json *section = tw_config_section(conf, "training");
	if (type->opts) /* a trainer without options leaves those of others alone */
		st = tw_opt_parse_among(t->ctx, type->opts, section, section_keys, conf->path,
					conf->dir, &t->arena, err);
	if (st == TW_OK && type->check)
		st = type->check(t->ctx, err);
	if (st == TW_OK) {
		t->params = params_of(t, &t->arena);
		*out = t;
	} else {
		tw_trainer_free(t);
	}
	return st;
}

void tw_trainer_free(struct tw_trainer *t)
{
	if (!t)
		return;
	tw_arena_release(&t->arena);
	free(t->ctx);
	free(t);
}

const char *tw_trainer_params(const struct tw_trainer *t)
{
	return t->params;
}

enum tw_status tw_train(struct tw_train_result *out, struct tw_trainer *t,
			const struct tw_train_job *job, struct tw_err *err)
{
	*out = (struct tw_train_result){.train_loss = NAN, .valid_loss = NAN};
	return t->type->train(out, t->ctx, job, err);
}
