/*
 * Which options go together. One that has no effect would make a new version all the same, of the same adapter, and
 * whoever set it believes that it does something.
 */
#include "base/err.h"
#include "base/str.h"
#include "trainer/options_int.h"

/* `option` has an effect where the option `by` is one of `values`. */
struct rule {
	const char *option, *by;
	size_t at; /* of by's value */
	const char *values;
};

#define BY(member) #member, offsetof(struct tw_train_options, member)

static const struct rule rules[] = {
	{"beta", BY(method), "dpo|orpo|simpo"},
	{"loss_type", BY(method), "dpo"},
	{"reference", BY(method), "dpo"},
	{"length_normalized", BY(method), "dpo"},
	{"length_normalized", BY(loss_type), "sigmoid|hinge"}, /* ipo takes means anyway */
	{"rpo_alpha", BY(method), "dpo"},
	{"simpo_gamma", BY(method), "simpo"},
	{"label_smoothing", BY(method), "sft|dpo|simpo"},
	{"label_smoothing", BY(loss_type), "sigmoid"},
	{"neftune_noise_alpha", BY(method), "sft"},
	{"loss_on", BY(method), "sft"}, /* the others look at the answers that differ */
	{"beta1", BY(optim), "adamw|adamw_8bit"},
	{"beta2", BY(optim), "adamw|adamw_8bit"},
	{"eps", BY(optim), "adamw|adamw_8bit"},
	{"decay", BY(schedule), "wsd"},
	{"min_lr_rate", BY(schedule), "linear|cosine|wsd"},
};

static enum tw_status check_rule(const struct rule *r, const struct tw_train_options *o,
				 const struct tw_opt *table, struct tw_err *err)
{
	const char *value = *(const char *const *)(const void *)((const char *)o + r->at);
	if (tw_opt_is_choice(r->values, value) || !tw_opt_is_changed(o, table, r->option))
		return TW_OK;
	return tw_fail(
		err, TW_BAD_USE,
		"training.%s has no effect with %s: %s: it is for %s: %s; take it out, or set "
		"training.%s",
		r->option, r->by, value, r->by, r->values, r->by);
}

/* What no table of words can say. */
static enum tw_status check_numbers(const struct tw_train_options *o, struct tw_err *err)
{
	if (o->early_stopping_patience > 0 && o->eval_every == 0)
		return tw_fail(err, TW_BAD_USE,
			       "training.early_stopping_patience counts validations: set "
			       "training.eval_every too");
	if (!tw_streq(o->method, "sft") && o->label_smoothing > 0.5)
		return tw_fail(
			err, TW_BAD_USE,
			"training.label_smoothing is %g: with method: %s it is the share of pairs that "
			"are the wrong way round, at most 0.5",
			o->label_smoothing, o->method);
	if (tw_streq(o->device, "cuda") && (o->use_dora || !tw_streq(o->precision, "float32")))
		return tw_fail(
			err, TW_BAD_USE,
			"training.device: cuda has nothing for training.%s%s; leave one of the "
			"two out",
			o->use_dora ? "use_dora" : "precision: ", o->use_dora ? "" : o->precision);
	if (o->use_dora && (o->lora_dropout > 0 || !tw_streq(o->precision, "float32")))
		return tw_fail(
			err, TW_BAD_USE,
			"training.use_dora changes whole rows of the weights, and training.%s%s keeps "
			"the adapter apart from them; leave one of the two out",
			o->lora_dropout > 0 ? "lora_dropout" : "precision: ",
			o->lora_dropout > 0 ? "" : o->precision);
	return TW_OK;
}

enum tw_status tw_train_options_check(const struct tw_train_options *o, const struct tw_opt *table,
				      struct tw_err *err)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		enum tw_status st = check_rule(&rules[i], o, table, err);
		if (st != TW_OK)
			return st;
	}
	return check_numbers(o, err);
}
