#include "support/llama_logits.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "llama.h"

static void quiet(enum ggml_log_level level, const char *text, void *ctx)
{
	(void)level;
	(void)text;
	(void)ctx;
}

static struct llama_context *make_context(struct llama_model *m, struct llama_adapter_lora *a,
					  int n, int context)
{
	struct llama_context_params p = llama_context_default_params();
	float one = 1;
	p.n_batch = p.n_ubatch = (uint32_t)(n < 32 ? 32 : n);
	p.n_ctx = context ? (uint32_t)context : p.n_batch;
	p.n_threads = p.n_threads_batch = 1;
	p.type_k = p.type_v = GGML_TYPE_F32;
	p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
	struct llama_context *c = llama_init_from_model(m, p);
	if (c && a && llama_set_adapters_lora(c, &a, 1, &one) != 0) {
		llama_free(c);
		c = NULL;
	}
	return c;
}

static float *decode(struct llama_context *c, struct llama_model *m, const int32_t *tokens, int n)
{
	size_t V = (size_t)llama_vocab_n_tokens(llama_model_get_vocab(m));
	struct llama_batch b = llama_batch_init(n, 0, 1);
	float *out = NULL;
	b.n_tokens = n;
	for (int i = 0; i < n; i++) {
		b.token[i] = tokens[i];
		b.pos[i] = i;
		b.n_seq_id[i] = 1;
		b.seq_id[i][0] = 0;
		b.logits[i] = 1;
	}
	if (llama_decode(c, b) == 0) {
		out = tw_xmalloc((size_t)n * V * sizeof(*out));
		for (int i = 0; i < n; i++)
			memcpy(out + (size_t)i * V, llama_get_logits_ith(c, i), V * sizeof(*out));
	}
	llama_batch_free(b);
	return out;
}

float *llama_logits(const char *model, const char *adapter, const int32_t *tokens, int n)
{
	return llama_logits_in(model, adapter, tokens, n, 0);
}

float *llama_logits_in(const char *model, const char *adapter, const int32_t *tokens, int n,
		       int context)
{
	struct llama_adapter_lora *a = NULL;
	float *out = NULL;
	llama_log_set(quiet, NULL);
	llama_backend_init();
	struct llama_model *m = llama_model_load_from_file(model, llama_model_default_params());
	if (!m)
		return NULL;
	if (adapter)
		a = llama_adapter_lora_init(m, adapter);
	struct llama_context *c = adapter && !a ? NULL : make_context(m, a, n, context);
	if (c) {
		out = decode(c, m, tokens, n);
		llama_free(c);
	}
	llama_model_free(m); /* and its adapters */
	return out;
}
