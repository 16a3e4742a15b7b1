/* A folder as PEFT saves it. Its settings are read closely: one that changes what the matrices mean is an error. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/safetensors.h"
#include "base/str.h"
#include "trainer/factors_int.h"

#define MAX_CONFIG (1 << 20)

struct reader {
	struct tw_factors *p;
	const char *dir;
	struct tw_arena *a;
	const struct tw_json *config;
	double alpha;
	bool root; /* rsLoRA: scale = alpha / sqrt(rank) */
	struct tw_err *err;
};

/* --- adapter_config.json --- */

static bool is_set(const struct tw_json *v)
{
	return v && v->type != TW_JSON_NULL && !(v->type == TW_JSON_BOOL && !v->b) &&
	       !((v->type == TW_JSON_ARRAY || v->type == TW_JSON_OBJECT) && v->n == 0);
}

/* What PEFT can do and a GGUF LoRA can't say. */
static enum tw_status refuse_extras(const struct reader *r)
{
	static const struct {
		const char *key, *why;
	} extras[] = {
		{"use_dora", "DoRA also scales each row; merge it into the base instead"},
		{"modules_to_save", "whole modules were trained beside the matrices"},
		{"trainable_token_indices", "embeddings of tokens were trained"},
		{"target_parameters", "parameters that are no linear layers are adapted"},
		{"layer_replication", "layers are used several times"},
		{"fan_in_fan_out", "its matrices are transposed"},
		{"lora_bias", "biases were trained"},
		{"use_qalora", "QALoRA pools its inputs"},
		{"alora_invocation_tokens", "it works from certain tokens on"},
		{"megatron_config", "its matrices are split over machines"},
	};
	for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++)
		if (is_set(tw_json_get(r->config, extras[i].key)))
			return tw_fail(r->err, TW_UNSUPPORTED,
				       "\"%s\" is set: %s, for which a GGUF LoRA has no place",
				       extras[i].key, extras[i].why);
	return TW_OK;
}

/* Methods of initialising that also change the base: the adapter alone does not give the model that was trained. */
static enum tw_status refuse_changed_base(const struct reader *r)
{
	static const char *const methods[] = {"pissa", "olora", "corda", "loftq", "lora_ga"};
	const char *init = tw_json_str(tw_json_get(r->config, "init_lora_weights"), "");
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (tw_starts_with(init, methods[i]))
			return tw_fail(
				r->err, TW_UNSUPPORTED,
				"it was begun with \"%s\", which changes the base too; save it "
				"with path_initial_model_for_weight_conversion",
				init);
	return TW_OK;
}

/*
 * Keys of alpha_pattern are regular expressions to PEFT, and names of modules in practice. Only
 * names are taken here: letters, digits, '_', and '.' between parts, which may be escaped.
 */
static enum tw_status check_patterns(const struct reader *r)
{
	const struct tw_json *all = tw_json_get(r->config, "alpha_pattern");
	for (const struct tw_json *m = all ? all->child : NULL; m; m = m->next) {
		const char *k = m->key ? m->key : "";
		const char *from = *k == '^' ? k + 1 : k;
		for (const char *c = from; *c; c++)
			if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.",
				    *c) &&
			    !(c[0] == '\\' && c[1] == '.'))
				return tw_fail(r->err, TW_UNSUPPORTED,
					       "alpha_pattern: \"%s\" is more than a module's name",
					       k);
		double v = tw_json_real(m, NAN);
		if (!isfinite(v) || v == 0)
			return tw_fail(r->err, TW_BAD_DATA, "alpha_pattern: \"%s\" is no number",
				       k);
	}
	return TW_OK;
}

static enum tw_status check_config(struct reader *r)
{
	const char *kind = tw_json_str(tw_json_get(r->config, "peft_type"), "");
	const char *bias = tw_json_str(tw_json_get(r->config, "bias"), "none");
	if (r->config->type != TW_JSON_OBJECT || strcmp(kind, "LORA") != 0)
		return tw_fail(r->err, TW_UNSUPPORTED, "peft_type is \"%s\", not LORA", kind);
	if (strcmp(bias, "none") != 0)
		return tw_fail(
			r->err, TW_UNSUPPORTED,
			"\"bias\" is \"%s\": biases were trained, for which a GGUF LoRA has no "
			"place",
			bias);
	enum tw_status st = refuse_extras(r);
	if (st == TW_OK)
		st = refuse_changed_base(r);
	if (st == TW_OK)
		st = check_patterns(r);
	r->alpha = tw_json_real(tw_json_get(r->config, "lora_alpha"), NAN);
	r->root = tw_json_bool(tw_json_get(r->config, "use_rslora"), false);
	if (st == TW_OK && (!isfinite(r->alpha) || r->alpha == 0))
		st = tw_fail(r->err, TW_BAD_DATA, "lora_alpha is no number other than 0");
	return st;
}

static enum tw_status read_config(struct reader *r)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json *v;
	const char *path = tw_path_join(r->a, r->dir, "adapter_config.json");
	enum tw_status st = tw_read_file(&s, path, MAX_CONFIG, r->err);
	if (st == TW_OK)
		st = tw_json_parse(&v, tw_str_c(&s), s.len, r->a, r->err);
	if (st == TW_OK) {
		r->config = v;
		st = check_config(r);
	}
	if (st != TW_OK && s.len)
		tw_wrap(r->err, st, "%s", path);
	tw_str_release(&s);
	return st;
}

/* Whether the module is the one named, or ends in ".KEY". */
static bool matches(const char *key, const char *module)
{
	const bool whole = *key == '^';
	char plain[256];
	size_t n = 0;
	for (const char *c = key + whole; *c && n < sizeof(plain) - 1; c++)
		if (*c != '\\')
			plain[n++] = *c;
	plain[n] = '\0';
	size_t len = strlen(module);
	if (n > len || strcmp(module + len - n, plain) != 0)
		return false;
	return n == len || (!whole && module[len - n - 1] == '.');
}

/* scale = alpha / rank (Hu et al. 2021); alpha / sqrt(rank) with rsLoRA (Kalajdzievski 2023). */
static void set_scales(struct reader *r)
{
	const struct tw_json *patterns = tw_json_get(r->config, "alpha_pattern");
	for (size_t i = 0; i < tw_factors_n(r->p->base); i++) {
		struct tw_factor *at = &r->p->at[i];
		double alpha = r->alpha;
		char module[96];
		const enum tw_proj q = (enum tw_proj)(i % TW_PROJ_COUNT);
		snprintf(module, sizeof(module), "model.layers.%d.%s.%s", (int)(i / TW_PROJ_COUNT),
			 tw_factors_part(q), tw_proj_names[q].peft);
		for (const struct tw_json *m = patterns ? patterns->child : NULL; m; m = m->next)
			if (matches(m->key, module)) { /* the first wins, as in PEFT */
				alpha = tw_json_real(m, alpha);
				break;
			}
		if (at->rank)
			at->scale = alpha / (r->root ? sqrt((double)at->rank) : at->rank);
	}
}

/* --- adapter_model.safetensors --- */

static const char *skip(const char *s, const char *prefix)
{
	return tw_starts_with(s, prefix) ? s + strlen(prefix) : s;
}

/* "base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight"; an adapter's name may stand before ".weight". */
static bool parse_name(int *layer, enum tw_proj *proj, bool *is_b, const char *name)
{
	char part[16], matrix[32], half;
	int end = 0;
	const char *s = skip(name, "base_model.model.");
	s = skip(skip(skip(s, "model."), "language_model."), "model.");
	if (sscanf(s, "layers.%9d.%15[a-z_].%31[a-z_].lora_%c%n", layer, part, matrix, &half,
		   &end) != 4 ||
	    (half != 'A' && half != 'B'))
		return false;
	*is_b = half == 'B';
	s = skip(s + end, ".default");
	if (strcmp(s, ".weight") != 0 && strcmp(s, "") != 0)
		return false;
	for (enum tw_proj q = 0; q < TW_PROJ_COUNT; q++)
		if (strcmp(tw_proj_names[q].peft, matrix) == 0) {
			*proj = q;
			return strcmp(part, tw_factors_part(q)) == 0;
		}
	return false;
}

static enum tw_status refuse_name(const struct reader *r, const char *name)
{
	const char *why = "the GGUF of the base has no place for it";
	if (strstr(name, "lora_magnitude_vector"))
		why = "that is DoRA; merge it into the base instead";
	else if (strstr(name, "lora_embedding_") || strstr(name, "embed_tokens") ||
		 strstr(name, "lm_head"))
		why = "embeddings and the head can't be adapted in a GGUF LoRA";
	return tw_fail(r->err, TW_UNSUPPORTED, "it adapts \"%s\": %s", name, why);
}

static enum tw_status take_tensor(struct reader *r, const struct tw_st_tensor *t)
{
	int layer;
	enum tw_proj proj;
	bool is_b;
	float *values;
	if (!parse_name(&layer, &proj, &is_b, t->name))
		return refuse_name(r, t->name);
	if (t->n_dims != 2)
		return tw_fail(r->err, TW_BAD_DATA, "\"%s\" is no matrix", t->name);
	enum tw_status st = tw_st_floats(&values, t, r->a, r->err);
	return st == TW_OK ? tw_factors_take(r->p, layer, proj, is_b, values, t->shape[0],
					     t->shape[1], t->name, r->err)
			   : st;
}

static enum tw_status read_tensors(struct reader *r)
{
	struct tw_safetensors s;
	const char *path = tw_path_join(r->a, r->dir, "adapter_model.safetensors");
	if (!tw_exists(path) && tw_exists(tw_path_join(r->a, r->dir, "adapter_model.bin")))
		return tw_fail(r->err, TW_UNSUPPORTED,
			       "%s: adapter_model.bin is a Python pickle, which can run code; save "
			       "it as safetensors",
			       r->dir);
	enum tw_status st = tw_safetensors_open(&s, path, r->a, r->err);
	if (st != TW_OK)
		return st;
	for (size_t i = 0; st == TW_OK && i < s.n; i++)
		st = take_tensor(r, &s.at[i]);
	tw_safetensors_close(&s);
	return st == TW_OK ? st : tw_wrap(r->err, st, "%s", path);
}

enum tw_status tw_factors_read_peft(struct tw_factors *p, const char *dir, struct tw_arena *a,
				    struct tw_err *err)
{
	struct reader r = {.p = p, .dir = dir, .a = a, .err = err};
	enum tw_status st = read_config(&r);
	if (st == TW_OK)
		st = read_tensors(&r);
	if (st == TW_OK)
		set_scales(&r);
	return st;
}
