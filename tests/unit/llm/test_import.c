#include "llm_test.h"
#include "support/tiny_gguf.h"

#include <math.h>
#include <sys/stat.h>

#include "base/safetensors.h"
#include "ggml.h"
#include "llm/gguf_int.h"

static int set_up(void **state)
{
	(void)state;
	use_own_cache();
	return 0;
}

static const char *bert_folder(const char *name, const char *leave_out)
{
	const char *dir = tmp_path(name);
	assert_int_equal(tw_mkdirs(dir, NULL), TW_OK);
	assert_true(tiny_bert_write(dir, 1, leave_out));
	return dir;
}

/* No file but the wanted one may be left in the folder of the output. */
static int files_like(const char *part)
{
	char command[700], out[32] = "";
	snprintf(command, sizeof(command), "ls '%s' | grep -c -- '%s'", tmp_path("."), part);
	FILE *f = popen(command, "r");
	assert_non_null(fgets(out, sizeof(out), f));
	pclose(f);
	return atoi(out);
}

static void a_bert_folder_becomes_a_gguf(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	struct tw_gguf g;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const char *to = tmp_path("new/folder/bert.gguf");
	assert_ok(tw_model_import(&info, bert_folder("bert", NULL), to, NULL, &err), &err);
	assert_string_equal(info.architecture, "bert");
	assert_string_equal(info.type, "F32");
	assert_int_equal(info.tensors, 5 + 2 * 16);
	assert_ok(tw_gguf_open(&g, to, &err), &err);
	assert_int_equal(tw_gguf_int(&g, "bert.block_count", -1), 2);
	assert_int_equal(tw_gguf_int(&g, "bert.pooling_type", -1), 1);
	assert_int_equal(tw_gguf_int(&g, "bert.attention.causal", -1), 0);
	assert_int_equal(tw_gguf_int(&g, "tokenizer.ggml.bos_token_id", -1), 101);
	assert_int_equal(tw_gguf_int(&g, "tokenizer.ggml.seperator_token_id", -1), 102);
	assert_null(tw_gguf_tensor_find(&g, "pooler.dense.weight"));

	/* Row by row what the safetensors hold, under the other name. */
	struct tw_safetensors st;
	assert_ok(tw_safetensors_open(&st, tmp_path("bert/model.safetensors"), &a, &err), &err);
	const struct tw_st_tensor *s =
		tw_safetensors_find(&st, "encoder.layer.1.intermediate.dense.weight");
	const struct tw_gguf_tensor *t = tw_gguf_tensor_find(&g, "blk.1.ffn_up.weight");
	assert_int_equal(t->ne[0], 32);
	assert_int_equal(t->ne[1], 64);
	assert_int_equal(t->bytes, s->bytes);
	assert_memory_equal((const char *)g.map.data + t->offset, s->data, s->bytes);
	tw_safetensors_close(&st);
	tw_gguf_close(&g);
	tw_arena_release(&a);
}

static void word_pieces_are_spelt_as_libllama_wants(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	struct tw_embedder *e;
	char spec[600];
	(void)state;
	assert_ok(tw_model_import(&info, bert_folder("bert", NULL), tmp_path("words.gguf"), NULL,
				  &err),
		  &err);
	snprintf(spec, sizeof(spec), "llama:%s", tmp_path("words.gguf"));
	assert_ok(tw_embedder_open(&e, embedders, spec, NULL, &err), &err);
	assert_int_equal(tw_embedder_count(e, "", 0), 0);
	assert_int_equal(tw_embedder_count(e, "The cats", 8), 3); /* the cat ##s */
	assert_int_equal(tw_embedder_count(e, "baking!", 7), 5);  /* b ##a ##k ##ing ! */
	assert_int_equal(tw_embedder_count(e, "[CLS] cat", 9),
			 6); /* brackets are unknown, letters known */
	assert_int_equal(tw_embedder_info(e)->max_tokens, 256);
	assert_int_equal(tw_embedder_info(e)->dim, 32);
	tw_embedder_close(e);
}

static void a_sentence_encoder_keeps_its_own_settings(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	struct tw_gguf g;
	(void)state;
	const char *dir = bert_folder("settings", NULL);
	assert_ok(tw_mkdirs(tmp_path("settings/1_Pooling"), &err), &err);
	static const char pooling[] =
		"{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false}";
	static const char length[] = "{\"max_seq_length\": 128, \"do_lower_case\": false}";
	assert_ok(tw_write_file(tmp_path("settings/1_Pooling/config.json"), pooling,
				strlen(pooling), &err),
		  &err);
	assert_ok(tw_write_file(tmp_path("settings/sentence_bert_config.json"), length,
				strlen(length), &err),
		  &err);
	assert_ok(tw_model_import(&info, dir, tmp_path("settings.gguf"), NULL, &err), &err);
	assert_ok(tw_gguf_open(&g, tmp_path("settings.gguf"), &err), &err);
	assert_int_equal(tw_gguf_int(&g, "bert.pooling_type", -1), 2);
	assert_int_equal(tw_gguf_int(&g, "twin.max_tokens", -1), 128);
	tw_gguf_close(&g);
}

static void what_is_missing_is_named(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	const char *to = tmp_path("missing.gguf");
	(void)state;
	const char *dir = bert_folder("missing", "encoder.layer.1.output.dense.bias");
	assert_int_equal(tw_model_import(&info, dir, to, NULL, &err), TW_BAD_DATA);
	assert_contains(err.msg, "encoder.layer.1.output.dense.bias");
	assert_false(tw_exists(to));

	tw_err_clear(&err);
	assert_int_equal(tw_remove_all(tmp_path("missing/model.safetensors"), NULL), TW_OK);
	assert_int_equal(tw_model_import(&info, dir, to, NULL, &err), TW_NOT_FOUND);
	assert_contains(err.msg, "model.safetensors");

	tw_err_clear(&err);
	assert_int_equal(tw_remove_all(tmp_path("missing/config.json"), NULL), TW_OK);
	assert_int_equal(tw_model_import(&info, dir, to, NULL, &err), TW_NOT_FOUND);
	assert_contains(err.msg, "config.json");

	tw_err_clear(&err);
	assert_int_equal(tw_model_import(&info, tmp_path("nowhere"), to, NULL, &err), TW_NOT_FOUND);
	assert_int_equal(files_like("missing.gguf"), 0);
}

static void another_architecture_is_refused_by_name(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	static const char config[] = "{\"model_type\": \"mamba9\", \"hidden_act\": \"gelu\"}";
	(void)state;
	const char *dir = bert_folder("other", NULL);
	assert_ok(tw_write_file(tmp_path("other/config.json"), config, strlen(config), &err), &err);
	assert_int_equal(tw_model_import(&info, dir, tmp_path("other.gguf"), NULL, &err),
			 TW_UNSUPPORTED);
	assert_contains(err.msg, "mamba9");

	tw_err_clear(&err);
	const char *gguf = tiny_model("arch.gguf", (struct tiny_gguf){0});
	struct tw_str s = TW_STR_INIT;
	assert_ok(tw_read_file(&s, gguf, 0, &err), &err);
	for (char *p = s.data; (p = memmem(p, s.len - (size_t)(p - s.data), "llama", 5)); p += 5)
		memcpy(p, "lorem", 5);
	assert_ok(tw_write_file(gguf, s.data, s.len, &err), &err);
	tw_str_release(&s);
	assert_int_equal(tw_model_import(&info, gguf, tmp_path("arch2.gguf"), NULL, &err),
			 TW_UNSUPPORTED);
	assert_contains(err.msg, "lorem");
	tw_err_clear(&err);
	assert_int_equal(tw_model_import(&info, gguf, tmp_path("arch2.gguf"), "Q8_0", &err),
			 TW_UNSUPPORTED);
	assert_contains(err.msg, "lorem");
	assert_int_equal(files_like("arch2"), 0);
}

static void parts_of_safetensors_are_refused(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	(void)state;
	const char *dir = bert_folder("cut", NULL);
	assert_ok(tw_read_file(&s, tmp_path("cut/model.safetensors"), 0, &err), &err);
	for (size_t n = 0; n < s.len; n += 1 + s.len / 60) {
		tw_err_clear(&err);
		assert_ok(tw_write_file(tmp_path("cut/model.safetensors"), s.data, n, &err), &err);
		assert_int_equal(tw_model_import(&info, dir, tmp_path("cut.gguf"), NULL, &err),
				 TW_BAD_DATA);
	}
	uint64_t random = 3;
	struct tw_arena a;
	tw_arena_init(&a);
	for (int i = 0; i < 2000; i++) { /* within the file, whatever its header says */
		struct tw_safetensors st;
		char save[3];
		size_t at = tw_random_u64(&random) % 4000;
		memcpy(save, s.data + at, 3);
		for (int k = 0; k < 3; k++)
			s.data[at + (size_t)k] = (char)tw_random_u64(&random);
		assert_ok(tw_write_file(tmp_path("cut/model.safetensors"), s.data, s.len, &err),
			  &err);
		if (tw_safetensors_open(&st, tmp_path("cut/model.safetensors"), &a, NULL) == TW_OK)
			tw_safetensors_close(&st);
		memcpy(s.data + at, save, 3);
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
	tw_str_release(&s);
}

/* Weights of `wide` against those of `narrow`, dequantised here by ggml. */
static void float32_holds_the_same_weights(void **state)
{
	static const char *const types[] = {"Q8_0", "Q4_1", "F16", "BF16", "F32"};
	(void)state;
	for (size_t k = 0; k < sizeof(types) / sizeof(*types); k++) {
		struct tw_import_info info;
		struct tw_err err = TW_ERR_INIT;
		struct tw_gguf narrow, wide;
		const char *from = tiny_model("narrow.gguf", (struct tiny_gguf){.type = types[k]});
		assert_ok(tw_model_import(&info, from, tmp_path("wide.gguf"), "f32", &err), &err);
		assert_string_equal(info.type, "F32");
		assert_ok(tw_gguf_open(&narrow, from, &err), &err);
		assert_ok(tw_gguf_open(&wide, tmp_path("wide.gguf"), &err), &err);
		assert_int_equal(narrow.n_tensors, wide.n_tensors);
		for (size_t i = 0; i < narrow.n_tensors; i++) {
			const struct tw_gguf_tensor *t = &narrow.tensors[i], *w = &wide.tensors[i];
			int64_t n = t->ne[0] * t->ne[1];
			float *f = calloc((size_t)n, sizeof(*f));
			const void *data = (const char *)narrow.map.data + t->offset;
			if (t->type == GGML_TYPE_F32)
				memcpy(f, data, t->bytes);
			else
				ggml_get_type_traits((enum ggml_type)t->type)->to_float(data, f, n);
			assert_int_equal(w->type, GGML_TYPE_F32);
			assert_memory_equal((const char *)wide.map.data + w->offset, f,
					    (size_t)n * 4);
			free(f);
		}
		tw_gguf_close(&narrow);
		tw_gguf_close(&wide);
	}
}

static void a_gguf_is_copied_or_requantised(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	struct tw_digest sha;
	(void)state;
	const char *from = tiny_model("from.gguf", (struct tiny_gguf){.type = "Q4_1", .seed = 9});
	assert_ok(tw_model_import(&info, from, tmp_path("copy.gguf"), NULL, &err), &err);
	assert_ok(tw_sha256_file(&sha, from, &err), &err);
	assert_string_equal(info.digest.hex, sha.hex);
	assert_string_equal(info.type, "Q4_1");
	assert_ok(tw_model_import(&info, from, tmp_path("copy.gguf"), "q8_0", &err), &err);
	assert_string_equal(info.type, "Q8_0");
	assert_ok(tw_sha256_file(&sha, tmp_path("copy.gguf"), &err), &err);
	assert_string_equal(info.digest.hex, sha.hex);
	assert_int_equal(tw_model_import(&info, from, tmp_path("copy.gguf"), "Q17", &err),
			 TW_BAD_USE);
	assert_contains(err.msg, "Q8_0");
	assert_int_equal(files_like("copy.gguf"), 1);
}

static void a_failed_import_leaves_what_was_there(void **state)
{
	struct tw_import_info info;
	struct tw_err err = TW_ERR_INIT;
	struct tw_str s = TW_STR_INIT;
	(void)state;
	const char *from = tiny_model("whole.gguf", (struct tiny_gguf){0}),
		   *to = tmp_path("keep.gguf");
	assert_ok(tw_write_file(to, "precious", 8, &err), &err);
	assert_ok(tw_read_file(&s, from, 0, &err), &err);
	assert_ok(tw_write_file(from, s.data, s.len / 2, &err), &err);
	assert_int_equal(tw_model_import(&info, from, to, NULL, &err), TW_BAD_DATA);
	assert_contains(err.msg, "only a part");
	tw_str_clear(&s);
	assert_int_equal(tw_read_file(&s, to, 0, NULL), TW_OK);
	assert_string_equal(s.data, "precious");
	assert_int_equal(files_like("keep.gguf"), 1);
	tw_str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bert_folder_becomes_a_gguf),
		cmocka_unit_test(word_pieces_are_spelt_as_libllama_wants),
		cmocka_unit_test(a_sentence_encoder_keeps_its_own_settings),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(another_architecture_is_refused_by_name),
		cmocka_unit_test(parts_of_safetensors_are_refused),
		cmocka_unit_test(float32_holds_the_same_weights),
		cmocka_unit_test(a_gguf_is_copied_or_requantised),
		cmocka_unit_test(a_failed_import_leaves_what_was_there),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
