/*
 * View "preferences": for a share of the label rows, chosen by a hash, the
 * answer that the LLM itself gives to the same instruction. The author's answer
 * is to be preferred to it: pairs for DPO and its kin, which teach to write like
 * the author and not like an assistant. The LLM answers under the system prompt
 * that training and serving use, at about the author's length, so that length
 * is nothing to learn from. What is no use stays as a row with its status.
 * A label view: its rows are targets.
 */
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "core/llm.h"
#include "feature/feature.h"
#include "feature/preferences_int.h"

/* Against the loops that small models fall into. */
#define REPEAT_PENALTY 1.1
#define TOKENS_MIN     16

struct preferences {
	double share, temperature, top_p;
	int64_t max_tokens, seed;
	const char *system;
	struct tw_llm *llm;
};

#define AT(member) offsetof(struct preferences, member)

static const struct tw_opt opts[] = {
	{"share", TW_OPT_REAL, AT(share), .def = "0", .min = 0, .max = 1,
	 .help = "part of the labels and questions that the LLM answers too; 0 for none, and 0.25 "
		 "when training.method learns from pairs"},
	{"max_tokens", TW_OPT_INT, AT(max_tokens), .def = "400", .min = TOKENS_MIN, .max = 8192,
	 .help = "longest answer of the author that gets a counterpart, in the LLM's tokens"},
	{"temperature", TW_OPT_REAL, AT(temperature), .def = "0.7", .min = 0, .max = 2,
	 .help = "0 always takes the likeliest token"},
	{"top_p", TW_OPT_REAL, AT(top_p), .def = "0.95", .min = 0, .max = 1,
	 .help = "nucleus sampling; 1: off"},
	{"seed", TW_OPT_INT, AT(seed), .def = "1", .help = "chooses the rows, and samples"},
	{"system", TW_OPT_STRING, AT(system), .def = "",
	 .help = "system prompt; that of `answer` when it is absent"},
	{0},
};

static const struct tw_field schema[] = {
	{"label", TW_FIELD_TEXT, 0, "id of the row whose answer is the better one"},
	{"instruction", TW_FIELD_TEXT, 0, "of that row"},
	{"answer", TW_FIELD_TEXT, 0, "of that row: the author's, verbatim"},
	{"rejected", TW_FIELD_TEXT, 0, "the answer that the LLM wrote"},
	{"kind", TW_FIELD_TEXT, 0, "of that row"},
	{"status", TW_FIELD_TEXT, 0,
	 "\"ok\", or why it is no use: long too_short cut same refusal loop"},
	{"title", TW_FIELD_TEXT, 0, "of the document"},
	{0},
};

static const char *const inputs[] = {"labels", "questions", NULL};

static enum tw_status open_preferences(void *ctx, const struct tw_transform_env *env,
				       struct tw_err *err)
{
	struct preferences *o = ctx;
	(void)err;
	o->llm = env->llm;
	return TW_OK;
}

/* By what is asked and of whom, not by the row's place: an edit elsewhere in the document changes no choice. */
static uint64_t hash_of(const struct preferences *o, const char *doc, const char *instruction)
{
	uint64_t h = tw_hash64(doc, strlen(doc), (uint64_t)o->seed ^ 0x70616972);
	return tw_hash64(instruction, strlen(instruction), h);
}

static bool is_chosen(const struct preferences *o, uint64_t hash)
{
	return tw_random_unit(&hash) < o->share;
}

static bool is_useful(const struct tw_rows *in, const struct tw_row *r)
{
	if (tw_schema_index(in->schema, "status") >= 0 &&
	    strcmp(tw_row_cstr(in, r, "status"), "ok") != 0)
		return false;
	return tw_row_text(in, r, "instruction").len && tw_row_text(in, r, "answer").len;
}

struct reply {
	struct tw_bytes text;
	const char *status;
};

static enum tw_status ask(struct reply *out, const struct preferences *o, const char *instruction,
			  struct tw_bytes author, int tokens, uint64_t seed, struct tw_arena *a,
			  struct tw_err *err)
{
	const bool system = o->system[0] != '\0';
	const struct tw_message m[] = {{"system", o->system}, {"user", instruction}};
	const struct tw_gen_params params = {
		.max_tokens = tokens > TOKENS_MIN ? tokens : TOKENS_MIN,
		.temperature = o->temperature,
		.top_p = o->top_p,
		.repeat_penalty = REPEAT_PENALTY,
		.seed = seed,
	};
	struct tw_generation g;
	enum tw_status st =
		tw_llm_chat(&g, o->llm, m + !system, system ? 2 : 1, &params, NULL, NULL, err);
	if (st != TW_OK)
		return st;
	if (strcmp(g.finish, "cancelled") == 0) {
		st = tw_fail(err, TW_CANCELLED, "stopped");
	} else {
		const bool cut = strcmp(g.finish, "length") == 0;
		out->text = tw_preference_text(tw_str_dup(&g.text, a), cut, a);
		out->status = tw_preference_status(out->text, author, cut, a);
	}
	tw_generation_release(&g);
	return st;
}

static enum tw_status add(struct tw_rows *out, const struct preferences *o,
			  const struct tw_rows *in, const struct tw_row *from, uint64_t hash,
			  struct tw_arena *a, struct tw_err *err)
{
	const struct tw_bytes author = tw_row_text(in, from, "answer");
	const char *instruction = tw_row_cstr(in, from, "instruction");
	const int tokens = tw_llm_count(o->llm, author.data, author.len);
	struct reply reply = {.status = "long"};
	enum tw_status st = TW_OK;
	if (tokens <= o->max_tokens)
		st = ask(&reply, o, instruction, author, tokens, hash, a, err);
	if (st != TW_OK)
		return st;
	struct tw_row *r = tw_rows_add(out, from->doc);
	tw_row_set_str(out, r, "label", from->id);
	tw_row_set_str(out, r, "instruction", instruction);
	tw_row_set_text(out, r, "answer", author.data, author.len);
	tw_row_set_text(out, r, "rejected", reply.text.data, reply.text.len);
	tw_row_set_str(out, r, "kind", tw_row_cstr(in, from, "kind"));
	tw_row_set_str(out, r, "status", reply.status);
	tw_row_set_str(out, r, "title", tw_row_cstr(in, from, "title"));
	return TW_OK;
}

static enum tw_status apply(struct tw_rows *out, void *ctx, const char *doc,
			    const struct tw_rows *in, struct tw_arena *a, struct tw_err *err)
{
	const struct preferences *o = ctx;
	enum tw_status st = TW_OK;
	for (size_t k = 0; inputs[k]; k++)
		for (size_t i = 0; st == TW_OK && i < in[k].n; i++) {
			const struct tw_row *r = &in[k].at[i];
			const uint64_t hash =
				hash_of(o, doc, tw_row_cstr(&in[k], r, "instruction"));
			if (is_useful(&in[k], r) && is_chosen(o, hash))
				st = add(out, o, &in[k], r, hash, a, err);
		}
	return st;
}

const struct tw_transform_type tw_transform_preferences = {
	.name = "preferences",
	.help = "the LLM's own answers beside the author's, to learn the difference",
	.code_version = 1,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct preferences),
	.flags = TW_NEEDS_LLM | TW_SERIAL | TW_OPTIONAL,
	.open = open_preferences,
	.apply = apply,
};
