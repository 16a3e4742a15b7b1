/*
 * What one section of twin.yaml means for another. `training: {method: dpo}` is enough to get pairs to learn from, and
 * the LLM answers in them under the system prompt that it will be trained with.
 */
#include "app/app.h"
#include "base/str.h"
#include "inference/options.h"
#include "trainer/trainers.h"

/* A pair takes the LLM a second or two; a quarter of the labels is more than most trainings get through. */
#define PAIRS_SHARE "0.25"

static bool learns_from_pairs(const struct tw_config *c)
{
	return tw_method_takes_pairs(tw_json_str(tw_config_section(c, "training.method"), ""));
}

static enum tw_status imply_system(struct tw_config *c, struct tw_err *err)
{
	const char *system;
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	enum tw_status st = tw_answer_system_prompt(&system, c, err);
	if (st != TW_OK)
		return st;
	tw_str_adds(&s, "features.preferences.system=");
	tw_jw_init(&w, &s);
	tw_jw_str(&w, NULL, system);
	st = tw_config_set(c, tw_str_c(&s), err);
	tw_str_release(&s);
	return st;
}

enum tw_status tw_app_imply(struct tw_app *app, struct tw_err *err)
{
	struct tw_config *c = app->conf;
	const bool pairs = learns_from_pairs(c);
	enum tw_status st = TW_OK;
	if (!pairs && !tw_config_section(c, "features.preferences"))
		return TW_OK;
	if (pairs && !tw_config_section(c, "features.preferences.share"))
		st = tw_config_set(c, "features.preferences.share=" PAIRS_SHARE, err);
	if (st == TW_OK && !tw_config_section(c, "features.preferences.system"))
		st = imply_system(c, err);
	return st;
}
