/* Adapters from PEFT and back: the same bits, the same model, and no damage from a bad file. */
#include <math.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/safetensors.h"
#include "base/str.h"
#include "gguf.h"
#include "support/llama_logits.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "net/adapter.h"
#include "trainer/convert.h"

static const char *in_tmp(const char *name)
{
	static char paths[64][600];
	static int n;
	char *p = paths[n++ % 64];
	snprintf(p, 600, "%s/%s", tmp_dir(), name);
	return p;
}

static const char *base_of(const struct tiny_gguf *spec)
{
	const char *path = in_tmp("base.gguf");
	assert_true(tiny_gguf_write(path, spec));
	return path;
}

static struct tw_str bytes_of(const char *path)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_read_file(&s, path, 0, &err), &err);
	return s;
}

static void assert_same_bytes(const char *a, const char *b)
{
	struct tw_str x = bytes_of(a), y = bytes_of(b);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	tw_str_release(&x);
	tw_str_release(&y);
}

static void put(const char *path, const char *text)
{
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_write_file(path, text, strlen(text), &err), &err);
}

/* --- there and back --- */

static void from_gguf_to_peft_and_back_are_the_same_bytes(void **state)
{
	static const struct tiny_gguf bases[] = {
		{.seed = 1, .n_layer = 3},
		{.seed = 2, .n_head = 8, .n_head_kv = 2},
		{.seed = 3, .arch = "qwen2"},
		{.seed = 4, .arch = "qwen3", .head_dim = 32},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
		struct rig r;
		struct tw_adapter_info info, again;
		rig_tiny(&r, &bases[i], 6, 8, 1);
		assert_ok(tw_adapter_write(in_tmp("a.gguf"), &r.lora, r.lora.p, r.w.arch, &r.err),
			  &r.err);
		assert_ok(tw_adapter_export_peft(&info, in_tmp("peft"), in_tmp("a.gguf"), r.path,
						 &r.err),
			  &r.err);
		assert_ok(
			tw_adapter_import(&again, in_tmp("b.gguf"), in_tmp("peft"), r.path, &r.err),
			&r.err);
		assert_same_bytes(in_tmp("a.gguf"), in_tmp("b.gguf"));
		assert_int_equal(info.rank, 6);
		assert_int_equal(info.parameters, r.lora.n);
		assert_int_equal(info.matrices, r.w.shape.n_layer * 7);
		assert_memory_equal(&info, &again, sizeof(info));
		/* a GGUF is taken as it is */
		assert_ok(
			tw_adapter_import(NULL, in_tmp("c.gguf"), in_tmp("a.gguf"), r.path, &r.err),
			&r.err);
		assert_same_bytes(in_tmp("a.gguf"), in_tmp("c.gguf"));
		rig_close(&r);
	}
}

/* --- a folder of PEFT, made by hand: matrices in Hugging Face's order --- */

struct maker {
	struct tw_arena a;
	struct tw_st_tensor t[64];
	size_t n;
	uint64_t seed;
};

static float *add_matrix(struct maker *m, const char *name, int rows, int cols)
{
	float *v = TW_NEW_ARRAY(&m->a, (size_t)rows * (size_t)cols, float);
	fill(v, (size_t)rows * (size_t)cols, 0.3f, ++m->seed);
	m->t[m->n++] = (struct tw_st_tensor){
		.name = tw_strdup(&m->a, name),
		.dtype = "F32",
		.n_dims = 2,
		.shape = {rows, cols},
		.data = v,
		.bytes = (size_t)rows * (size_t)cols * sizeof(*v),
	};
	return v;
}

static void make_folder(struct maker *m, const char *dir, const char *config)
{
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_mkdirs(dir, &err), &err);
	assert_ok(tw_safetensors_write(tw_path_join(&m->a, dir, "adapter_model.safetensors"), m->t,
				       m->n, "pt", &err),
		  &err);
	put(tw_path_join(&m->a, dir, "adapter_config.json"), config);
}

#define PLAIN "{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8}"
#define HEAD  "base_model.model.model.layers."

struct one {
	const char *peft, *gguf;
	int out, in, heads; /* heads: rows are interleaved; 0: not */
};

/* W' = W + s B A written into a copy of the base, row by row in the GGUF's order, by the definition: within
 * a head of D rows, reshape(2, D / 2), swap the axes. */
static void merge_by_hand(const char *to, const char *base, const struct one *o, const float *A,
			  const float *B, int rank, float s)
{
	struct tw_str file = bytes_of(base);
	struct tw_err err = TW_ERR_INIT;
	struct gguf_context *g =
		gguf_init_from_file(base, (struct gguf_init_params){.no_alloc = true});
	int64_t id = gguf_find_tensor(g, o->gguf);
	assert_true(id >= 0);
	float *w = (float *)(void *)(file.data + gguf_get_data_offset(g) +
				     gguf_get_tensor_offset(g, id));
	for (int row = 0; row < o->out; row++) {
		int hf = row;
		if (o->heads) {
			int D = o->out / o->heads, in_head = row % D;
			hf = row - in_head + (in_head % 2) * (D / 2) + in_head / 2;
		}
		for (int c = 0; c < o->in; c++)
			for (int k = 0; k < rank; k++)
				w[row * o->in + c] += s * B[hf * rank + k] * A[k * o->in + c];
	}
	assert_ok(tw_write_file(to, file.data, file.len, &err), &err);
	gguf_free(g);
	tw_str_release(&file);
}

static void check_one(const struct tiny_gguf *spec, const struct one *o)
{
	struct maker m = {.seed = 40};
	struct tw_err err = TW_ERR_INIT;
	int32_t tokens[24];
	const char *base = base_of(spec);
	const size_t n = 24 * (size_t)TINY_VOCAB;
	for (int i = 0; i < 24; i++)
		tokens[i] = (i * 37 + 11) % 256;
	tw_arena_init(&m.a);
	float *A = add_matrix(&m, tw_sprintf(&m.a, HEAD "1.%s.lora_A.weight", o->peft), 4, o->in);
	float *B = add_matrix(&m, tw_sprintf(&m.a, HEAD "1.%s.lora_B.weight", o->peft), o->out, 4);
	make_folder(&m, in_tmp("one"), PLAIN);
	assert_ok(tw_adapter_import(NULL, in_tmp("one.gguf"), in_tmp("one"), base, &err), &err);
	merge_by_hand(in_tmp("merged.gguf"), base, o, A, B, 4, 2.0f);
	float *with = llama_logits(base, in_tmp("one.gguf"), tokens, 24);
	float *want = llama_logits(in_tmp("merged.gguf"), NULL, tokens, 24);
	float *without = llama_logits(base, NULL, tokens, 24);
	assert_true(with && want && without);
	print_message("%s %s: worst difference %.1e (without it %.1e)\n",
		      spec->arch ? spec->arch : "llama", o->peft, worst(with, want, n),
		      worst(without, want, n));
	assert_true(worst(with, want, n) < 1e-4);
	assert_true(worst(without, want, n) > 1e-2);
	free(with);
	free(want);
	free(without);
	tw_arena_release(&m.a);
}

static void libllama_applies_a_converted_adapter_as_peft_meant_it(void **state)
{
	static const struct one ones[] = {
		{"self_attn.q_proj", "blk.1.attn_q.weight", 64, 64, 4},
		{"self_attn.k_proj", "blk.1.attn_k.weight", 32, 64, 2},
		{"self_attn.v_proj", "blk.1.attn_v.weight", 32, 64, 0},
		{"self_attn.o_proj", "blk.1.attn_output.weight", 64, 64, 0},
		{"mlp.gate_proj", "blk.1.ffn_gate.weight", 128, 64, 0},
		{"mlp.up_proj", "blk.1.ffn_up.weight", 128, 64, 0},
		{"mlp.down_proj", "blk.1.ffn_down.weight", 64, 128, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ones) / sizeof(*ones); i++)
		check_one(&(struct tiny_gguf){.seed = 7}, &ones[i]);
	for (size_t i = 0; i < 2; i++) { /* an architecture whose rows stay where they are */
		struct one straight = ones[i];
		straight.heads = 0;
		check_one(&(struct tiny_gguf){.seed = 8, .arch = "qwen2"}, &straight);
	}
}

/* --- scales --- */

/* The scale that libllama will use, alpha / rank, of the first tensor, and a value of its B. */
static void read_back(double *scale, double *b0, const char *path, const char *matrix)
{
	struct tw_str file = bytes_of(path);
	char name[80];
	struct gguf_context *g =
		gguf_init_from_file(path, (struct gguf_init_params){.no_alloc = true});
	snprintf(name, sizeof(name), "%s.weight.lora_b", matrix);
	int64_t id = gguf_find_tensor(g, name);
	assert_true(id >= 0);
	float value, alpha = gguf_get_val_f32(g, gguf_find_key(g, "adapter.lora.alpha"));
	memcpy(&value, file.data + gguf_get_data_offset(g) + gguf_get_tensor_offset(g, id),
	       sizeof(value));
	*scale = (double)alpha / (double)gguf_get_tensor_ne(g, id)[0];
	*b0 = (double)value;
	gguf_free(g);
	tw_str_release(&file);
}

/* Two matrices of rank 4 and 2; `want` are their scales by PEFT's rules. */
static void check_scales(const char *config, double want_q, double want_up)
{
	struct maker m = {.seed = 50};
	struct tw_err err = TW_ERR_INIT;
	double scale, b0;
	const char *base = base_of(&(struct tiny_gguf){.seed = 9});
	tw_arena_init(&m.a);
	add_matrix(&m, HEAD "0.self_attn.v_proj.lora_A.weight", 4, 64);
	float *bq = add_matrix(&m, HEAD "0.self_attn.v_proj.lora_B.weight", 32, 4);
	add_matrix(&m, HEAD "0.mlp.up_proj.lora_A.default.weight", 2, 64);
	float *bu = add_matrix(&m, HEAD "0.mlp.up_proj.lora_B.default.weight", 128, 2);
	make_folder(&m, in_tmp("scales"), config);
	assert_ok(tw_adapter_import(NULL, in_tmp("scales.gguf"), in_tmp("scales"), base, &err),
		  &err);
	read_back(&scale, &b0, in_tmp("scales.gguf"), "blk.0.attn_v");
	assert_true(fabs(scale * b0 - want_q * (double)bq[0]) < 1e-6);
	read_back(&scale, &b0, in_tmp("scales.gguf"), "blk.0.ffn_up");
	assert_true(fabs(scale * b0 - want_up * (double)bu[0]) < 1e-6);
	/* and back: PEFT would come to the same */
	assert_ok(
		tw_adapter_export_peft(NULL, in_tmp("scales2"), in_tmp("scales.gguf"), base, &err),
		&err);
	assert_ok(tw_adapter_import(NULL, in_tmp("scales2.gguf"), in_tmp("scales2"), base, &err),
		  &err);
	assert_same_bytes(in_tmp("scales.gguf"), in_tmp("scales2.gguf"));
	tw_arena_release(&m.a);
}

static void scales_follow_rank_pattern_and_rslora(void **state)
{
	(void)state;
	check_scales("{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,"
		     "\"rank_pattern\":{\"up_proj\":2}}",
		     2, 4);
	check_scales("{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,\"use_rslora\":true}", 4,
		     8 / sqrt(2));
	check_scales("{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,"
		     "\"alpha_pattern\":{\"model.layers.0.mlp.up_proj\":6}}",
		     2, 3);
	check_scales(
		"{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,"
		"\"alpha_pattern\":{\"^model\\\\.layers\\\\.0\\\\.mlp\\\\.up_proj\":6,\"up_proj\":100}}",
		2, 3);
	check_scales("{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,"
		     "\"alpha_pattern\":{\"p_proj\":6,\"layers.1.mlp.up_proj\":6}}",
		     2, 4);
}

static void half_floats_are_read_exactly(void **state)
{
	static const struct {
		const char *dtype;
		uint16_t bits;
		float value;
	} all[] = {{"F16", 0x3c00, 1},	      {"F16", 0xc500, -5},
		   {"F16", 0x0001, 0x1p-24f}, {"F16", 0x83ff, -0x3ffp-24f},
		   {"F16", 0x7bff, 65504},    {"BF16", 0x3f80, 1},
		   {"BF16", 0xc0a0, -5},      {"BF16", 0x7f7f, 0x1.fep127f}};
	struct tw_arena a;
	float *got;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct tw_st_tensor t = {
			.name = "t", .dtype = all[i].dtype, .data = &all[i].bits, .bytes = 2};
		assert_int_equal(tw_st_floats(&got, &t, &a, NULL), TW_OK);
		assert_true(*got == all[i].value);
	}
	const struct tw_st_tensor t = {.name = "t", .dtype = "I64", .data = all, .bytes = 8};
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(tw_st_floats(&got, &t, &a, &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "I64");
	tw_arena_release(&a);
}

/* --- what can't be converted --- */

static void expect_refused(struct maker *m, const char *config, enum tw_status want,
			   const char *words)
{
	struct tw_err err = TW_ERR_INIT;
	make_folder(m, in_tmp("bad"), config);
	assert_int_equal(tw_adapter_import(NULL, in_tmp("bad.gguf"), in_tmp("bad"),
					   in_tmp("base.gguf"), &err),
			 want);
	assert_contains(err.msg, words);
	assert_false(tw_exists(in_tmp("bad.gguf")));
}

static void settings_that_a_gguf_can_not_say_are_refused_by_name(void **state)
{
	static const char *const extras[][2] = {
		{"\"use_dora\":true", "use_dora"},
		{"\"modules_to_save\":[\"lm_head\"]", "modules_to_save"},
		{"\"bias\":\"all\"", "bias"},
		{"\"trainable_token_indices\":[1]", "trainable_token_indices"},
		{"\"init_lora_weights\":\"pissa_niter_4\"", "pissa"},
		{"\"alpha_pattern\":{\"(q|k)_proj\":3}", "(q|k)_proj"},
		{"\"layer_replication\":[[0,2]]", "layer_replication"},
		{"\"fan_in_fan_out\":true", "fan_in_fan_out"},
	};
	struct maker m = {.seed = 60};
	char config[300];
	(void)state;
	base_of(&(struct tiny_gguf){.seed = 9});
	tw_arena_init(&m.a);
	add_matrix(&m, HEAD "0.self_attn.v_proj.lora_A.weight", 4, 64);
	add_matrix(&m, HEAD "0.self_attn.v_proj.lora_B.weight", 32, 4);
	for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++) {
		snprintf(config, sizeof(config),
			 "{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,%s}", extras[i][0]);
		expect_refused(&m, config, TW_UNSUPPORTED, extras[i][1]);
	}
	expect_refused(&m, "{\"peft_type\":\"IA3\"}", TW_UNSUPPORTED, "IA3");
	expect_refused(&m, "{\"peft_type\":\"LORA\",\"r\":4}", TW_BAD_DATA, "lora_alpha");
	expect_refused(&m, "{\"peft_type\":\"LORA\",\"lora_alpha\":0}", TW_BAD_DATA, "lora_alpha");
	expect_refused(&m, "[]", TW_UNSUPPORTED, "peft_type");
	expect_refused(&m, "{", TW_BAD_DATA, "adapter_config.json");
	tw_arena_release(&m.a);
}

static void matrices_that_do_not_fit_the_base_are_refused(void **state)
{
	static const struct {
		const char *name;
		int rows, cols;
		enum tw_status st;
		const char *words;
	} bad[] = {
		{HEAD "0.mlp.up_proj.lora_A.weight", 4, 60, TW_BAD_DATA, "does not fit"},
		{HEAD "9.mlp.up_proj.lora_A.weight", 4, 64, TW_BAD_DATA, "only 2 layers"},
		{HEAD "0.mlp.up_proj.lora_A.weight", 4, 64, TW_BAD_DATA, "one half"},
		{HEAD "0.self_attn.v_proj.lora_A.default.weight", 4, 64, TW_BAD_DATA, "twice"},
		{HEAD "0.self_attn.v_proj.lora_magnitude_vector", 4, 4, TW_UNSUPPORTED, "DoRA"},
		{"base_model.model.model.embed_tokens.lora_embedding_A", 4, 283, TW_UNSUPPORTED,
		 "embeddings"},
		{"base_model.model.lm_head.lora_A.weight", 4, 64, TW_UNSUPPORTED, "head"},
		{"base_model.model.vision_tower.layers.0.self_attn.q_proj.lora_A.weight", 4, 64,
		 TW_UNSUPPORTED, "vision_tower"},
		{HEAD "0.self_attn.up_proj.lora_A.weight", 4, 64, TW_UNSUPPORTED, "no place"},
		{HEAD "0.mlp.experts.3.up_proj.lora_A.weight", 4, 64, TW_UNSUPPORTED, "no place"},
	};
	(void)state;
	base_of(&(struct tiny_gguf){.seed = 9});
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct maker m = {.seed = 70};
		tw_arena_init(&m.a);
		add_matrix(&m, HEAD "0.self_attn.v_proj.lora_A.weight", 4, 64);
		add_matrix(&m, HEAD "0.self_attn.v_proj.lora_B.weight", 32, 4);
		add_matrix(&m, bad[i].name, bad[i].rows, bad[i].cols);
		expect_refused(&m, PLAIN, bad[i].st, bad[i].words);
		tw_arena_release(&m.a);
	}
	struct maker m = {.seed = 71};
	tw_arena_init(&m.a);
	expect_refused(&m, PLAIN, TW_BAD_DATA, "adapts nothing");
	add_matrix(&m, HEAD "0.self_attn.v_proj.lora_A.weight", 4, 64)[7] = NAN;
	add_matrix(&m, HEAD "0.self_attn.v_proj.lora_B.weight", 32, 4);
	expect_refused(&m, PLAIN, TW_BAD_DATA, "no numbers");
	tw_arena_release(&m.a);
}

static void a_pickle_is_not_opened(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	base_of(&(struct tiny_gguf){.seed = 9});
	assert_ok(tw_mkdirs(in_tmp("pickle"), &err), &err);
	put(in_tmp("pickle/adapter_config.json"), PLAIN);
	put(in_tmp("pickle/adapter_model.bin"), "x");
	assert_int_equal(tw_adapter_import(NULL, in_tmp("p.gguf"), in_tmp("pickle"),
					   in_tmp("base.gguf"), &err),
			 TW_UNSUPPORTED);
	assert_contains(err.msg, "pickle");
	tw_err_clear(&err);
	assert_int_equal(tw_adapter_import(NULL, in_tmp("p.gguf"), in_tmp("nowhere"),
					   in_tmp("base.gguf"), &err),
			 TW_NOT_FOUND);
}

/* --- GGUF adapters from elsewhere --- */

static void an_adapter_of_another_base_is_refused(void **state)
{
	struct rig r;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 2}, 4, 8, 1);
	assert_ok(tw_adapter_write(in_tmp("a.gguf"), &r.lora, r.lora.p, "llama", &err), &err);
	base_of(&(struct tiny_gguf){.seed = 3, .n_ff = 96});
	assert_int_equal(tw_adapter_import(NULL, in_tmp("x.gguf"), in_tmp("a.gguf"),
					   in_tmp("base.gguf"), &err),
			 TW_BAD_DATA);
	assert_contains(err.msg, "does not fit");
	tw_err_clear(&err);
	base_of(&(struct tiny_gguf){.seed = 3, .n_layer = 1});
	assert_int_equal(tw_adapter_import(NULL, in_tmp("x.gguf"), in_tmp("a.gguf"),
					   in_tmp("base.gguf"), &err),
			 TW_UNSUPPORTED);
	tw_err_clear(&err);
	base_of(&(struct tiny_gguf){.seed = 3, .arch = "qwen2"});
	assert_int_equal(tw_adapter_import(NULL, in_tmp("x.gguf"), in_tmp("a.gguf"),
					   in_tmp("base.gguf"), &err),
			 TW_BAD_DATA);
	assert_contains(err.msg, "qwen2");
	tw_err_clear(&err);
	/* a model is no adapter */
	assert_int_equal(tw_adapter_import(NULL, in_tmp("x.gguf"), in_tmp("base.gguf"),
					   in_tmp("base.gguf"), &err),
			 TW_BAD_DATA);
	assert_contains(err.msg, "no LoRA adapter");
	rig_close(&r);
}

static void parts_of_files_are_refused(void **state)
{
	struct rig r;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.seed = 2}, 4, 8, 1);
	assert_ok(tw_adapter_write(in_tmp("a.gguf"), &r.lora, r.lora.p, "llama", &err), &err);
	assert_ok(tw_adapter_export_peft(NULL, in_tmp("whole"), in_tmp("a.gguf"), r.path, &err),
		  &err);
	struct tw_str gguf = bytes_of(in_tmp("a.gguf"));
	struct tw_str st = bytes_of(in_tmp("whole/adapter_model.safetensors"));
	for (size_t i = 0; i < 40; i++) {
		assert_ok(tw_write_file(in_tmp("cut.gguf"), gguf.data, gguf.len * i / 40, &err),
			  &err);
		assert_int_not_equal(
			tw_adapter_import(NULL, in_tmp("x.gguf"), in_tmp("cut.gguf"), r.path, NULL),
			TW_OK);
		assert_ok(tw_write_file(in_tmp("whole/adapter_model.safetensors"), st.data,
					st.len * i / 40, &err),
			  &err);
		assert_int_not_equal(
			tw_adapter_import(NULL, in_tmp("x.gguf"), in_tmp("whole"), r.path, NULL),
			TW_OK);
	}
	tw_str_release(&gguf);
	tw_str_release(&st);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_gguf_to_peft_and_back_are_the_same_bytes),
		cmocka_unit_test(libllama_applies_a_converted_adapter_as_peft_meant_it),
		cmocka_unit_test(scales_follow_rank_pattern_and_rslora),
		cmocka_unit_test(half_floats_are_read_exactly),
		cmocka_unit_test(settings_that_a_gguf_can_not_say_are_refused_by_name),
		cmocka_unit_test(matrices_that_do_not_fit_the_base_are_refused),
		cmocka_unit_test(a_pickle_is_not_opened),
		cmocka_unit_test(an_adapter_of_another_base_is_refused),
		cmocka_unit_test(parts_of_files_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
