#include <string.h>

#include "base/str.h"
#include "net/weights.h"

/* As libllama builds them; the tests compare each with it. */
static const struct tw_arch archs[] = {
	{.name = "llama"}, /* Llama, SmolLM2, TinyLlama, Mistral, Yi, … */
	{.name = "mistral3", .yarn_keys = true, .temperature = true},
	{.name = "qwen2", .rope_halves = true},
	{.name = "qwen3", .rope_halves = true, .qk_norm = TW_QK_HEADS},
	{.name = "gemma", .rope_halves = true, .gelu = true, .embed_sqrt = true},
	{.name = "gemma2",
	 .rope_halves = true,
	 .gelu = true,
	 .embed_sqrt = true,
	 .post_norm = true,
	 .caps = true,
	 .reads_final_cap = true,
	 .final_cap = 30,
	 .broad_layers = 46,
	 .window = true,
	 .window_absent = 4096,
	 .window_period = 2,
	 .local = TW_LOCAL_OWN_BASE},
	{.name = "gemma3",
	 .rope_halves = true,
	 .gelu = true,
	 .embed_sqrt = true,
	 .post_norm = true,
	 .qk_norm = TW_QK_HEADS,
	 .reads_final_cap = true,
	 .broad_layers = 62,
	 .window = true,
	 .window_period = 6,
	 .local = TW_LOCAL_10000},
	{.name = "phi3", .rope_halves = true, .fused_ffn = true},
	{.name = "granite", .scales = true, .rope_finetuned = true},
	{.name = "minicpm", .scales = true, .minicpm = true},
	{.name = "olmo2",
	 .rope_halves = true,
	 .no_pre_norm = true,
	 .post_norm = true,
	 .qk_norm = TW_QK_WHOLE,
	 .window = true,
	 .window_period = 4,
	 .local = TW_LOCAL_PLAIN},
	{.name = "exaone", .rope_halves = true},
	{.name = "exaone4",
	 .rope_halves = true,
	 .no_pre_norm = true,
	 .post_norm = true,
	 .qk_norm = TW_QK_HEADS,
	 .window = true,
	 .window_absent = 4096,
	 .window_layers = 64,
	 .window_period = 4,
	 .rope_local_only = true},
	{.name = "smollm3", .rope_period = 4},
	{.name = "internlm2"},
	{.name = "seed_oss", .rope_halves = true, .ffn_norm = "post_attention_norm"},
	{.name = "glm4", .fused_ffn = true, .post_norm = true},
	{.name = "ernie4_5"},
	{.name = "xverse"},
};

const struct tw_arch *tw_arch_find(const char *name)
{
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++)
		if (strcmp(name, archs[i].name) == 0)
			return &archs[i];
	return NULL;
}

const char *tw_arch_names(struct tw_arena *a)
{
	const char *all = archs[0].name;
	for (size_t i = 1; i < sizeof(archs) / sizeof(*archs); i++)
		all = tw_sprintf(a, "%s, %s", all, archs[i].name);
	return all;
}
