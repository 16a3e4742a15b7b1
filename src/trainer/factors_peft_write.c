/* A folder as PEFT loads it: PeftModel.from_pretrained(base, DIR). */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/safetensors.h"
#include "base/str.h"
#include "trainer/factors_int.h"

static const char *module_of(size_t i, struct tw_arena *a)
{
	const enum tw_proj q = (enum tw_proj)(i % TW_PROJ_COUNT);
	return tw_sprintf(a, "model.layers.%d.%s.%s", (int)(i / TW_PROJ_COUNT), tw_factors_part(q),
			  tw_proj_names[q].peft);
}

/* Lies in all layers or in none. */
static bool uniform(const struct tw_factors *p, enum tw_proj q)
{
	for (int layer = 1; layer < p->base->n_layer; layer++)
		if (!p->at[(size_t)layer * TW_PROJ_COUNT + q].rank != !p->at[q].rank)
			return false;
	return true;
}

static void add_targets(struct tw_json_writer *w, const struct tw_factors *p, struct tw_arena *a)
{
	tw_jw_array(w, "target_modules");
	for (enum tw_proj q = 0; q < TW_PROJ_COUNT; q++)
		if (uniform(p, q) && p->at[q].rank)
			tw_jw_str(w, NULL, tw_proj_names[q].peft);
	for (size_t i = 0; i < tw_factors_n(p->base); i++)
		if (p->at[i].rank && !uniform(p, (enum tw_proj)(i % TW_PROJ_COUNT)))
			tw_jw_str(w, NULL, module_of(i, a));
	tw_jw_end(w);
}

static void add_number(struct tw_json_writer *w, const char *key, double v)
{
	if (v == floor(v) && fabs(v) < 1e15) /* PEFT's types say int */
		tw_jw_int(w, key, (int64_t)v);
	else
		tw_jw_real(w, key, v);
}

/* PEFT's scale is alpha / rank, each from its pattern where there is one. */
static void add_patterns(struct tw_json_writer *w, const struct tw_factors *p, int rank,
			 double alpha, struct tw_arena *a)
{
	tw_jw_object(w, "rank_pattern");
	for (size_t i = 0; i < tw_factors_n(p->base); i++)
		if (p->at[i].rank && p->at[i].rank != rank)
			tw_jw_int(w, module_of(i, a), p->at[i].rank);
	tw_jw_end(w);
	tw_jw_object(w, "alpha_pattern");
	for (size_t i = 0; i < tw_factors_n(p->base); i++) {
		const double own = p->at[i].scale * p->at[i].rank;
		if (p->at[i].rank && fabs(own - alpha) > 1e-9 * fabs(alpha))
			add_number(w, module_of(i, a), own);
	}
	tw_jw_end(w);
}

static void add_config(struct tw_str *out, const struct tw_factors *p, struct tw_arena *a)
{
	size_t first = 0;
	while (!p->at[first].rank)
		first++;
	const int rank = p->at[first].rank;
	const double alpha = p->at[first].scale * rank;
	struct tw_json_writer w;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "peft_type", "LORA");
	tw_jw_str(&w, "task_type", "CAUSAL_LM");
	tw_jw_null(&w, "base_model_name_or_path");
	tw_jw_int(&w, "r", rank);
	add_number(&w, "lora_alpha", alpha);
	tw_jw_real(&w, "lora_dropout", 0);
	tw_jw_str(&w, "bias", "none");
	add_targets(&w, p, a);
	add_patterns(&w, p, rank, alpha, a);
	tw_jw_bool(&w, "use_rslora", false);
	tw_jw_bool(&w, "use_dora", false);
	tw_jw_bool(&w, "fan_in_fan_out", false);
	tw_jw_null(&w, "modules_to_save");
	tw_jw_bool(&w, "init_lora_weights", true);
	tw_jw_bool(&w, "inference_mode", true);
	tw_jw_end(&w);
	tw_str_addc(out, '\n');
}

static struct tw_st_tensor tensor(size_t i, char half, const float *values, int rows, int cols,
				  struct tw_arena *a)
{
	return (struct tw_st_tensor){
		.name = tw_sprintf(a, "base_model.model.%s.lora_%c.weight", module_of(i, a), half),
		.dtype = "F32",
		.n_dims = 2,
		.shape = {rows, cols},
		.data = values,
		.bytes = (size_t)rows * (size_t)cols * sizeof(*values),
	};
}

static enum tw_status write_tensors(const char *path, const struct tw_factors *p,
				    struct tw_arena *a, struct tw_err *err)
{
	struct tw_st_tensor *t = TW_NEW_ARRAY(a, 2 * tw_factors_n(p->base), struct tw_st_tensor);
	size_t n = 0;
	for (size_t i = 0; i < tw_factors_n(p->base); i++) {
		const struct tw_factor *at = &p->at[i];
		const struct tw_factors_size s = p->base->size[i];
		if (!at->rank)
			continue;
		t[n++] = tensor(i, 'A', at->a, at->rank, s.in, a);
		t[n++] = tensor(i, 'B', at->b, s.out, at->rank, a);
	}
	return tw_safetensors_write(path, t, n, "pt", err);
}

enum tw_status tw_factors_write_peft(const char *dir, const struct tw_factors *p,
				     struct tw_arena *a, struct tw_err *err)
{
	struct tw_str config = TW_STR_INIT;
	add_config(&config, p, a);
	enum tw_status st =
		write_tensors(tw_path_join(a, dir, "adapter_model.safetensors"), p, a, err);
	if (st == TW_OK) /* last: a folder with it is whole */
		st = tw_write_file(tw_path_join(a, dir, "adapter_config.json"), config.data,
				   config.len, err);
	tw_str_release(&config);
	return st;
}
