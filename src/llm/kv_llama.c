#include "llm/kv_int.h"

#include <assert.h>

#include "base/pool.h"
#include "base/stop.h"

static bool on_abort(void *ctx TW_UNUSED)
{
	return tw_stopping();
}

enum tw_status tw_kv_open(struct tw_kv *out, struct llama_model *model,
			  struct llama_adapter_lora *adapter, int n_ctx, int threads,
			  struct tw_err *err)
{
	struct llama_context_params p = llama_context_default_params();
	float scale = 1.0f; /* on top of alpha / rank, which the adapter's file has */
	*out = (struct tw_kv){.n_ctx = n_ctx};
	p.n_ctx = (uint32_t)n_ctx;
	p.n_batch = p.n_ubatch = TW_KV_PIECE;
	p.n_seq_max = 1;
	p.n_threads = p.n_threads_batch = threads > 0 ? threads : 1; /* see decode() */
	out->any_threads = threads <= 0;
	p.abort_callback = on_abort;
	p.no_perf = true;
	/* Flash attention adds up in another order for each count of threads: the same seed would give another answer. */
	p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
	p.swa_full = true; /* else a sliding window forgets what a kept prefix needs */
	tw_llama_forget_complaint();
	out->ctx = llama_init_from_model(model, p);
	if (!out->ctx)
		return tw_fail(err, TW_NO_MEMORY, "no context of %d tokens: %s", n_ctx,
			       tw_llama_complaint());
	if (adapter && llama_set_adapters_lora(out->ctx, &adapter, 1, &scale) != 0) {
		tw_kv_close(out);
		return tw_fail(err, TW_BAD_DATA, "the adapter can't be applied: %s",
			       tw_llama_complaint());
	}
	return TW_OK;
}

void tw_kv_close(struct tw_kv *kv)
{
	if (kv->ctx)
		llama_free(kv->ctx);
	kv->ctx = NULL;
	tw_vec_release(&kv->kept);
}

static void forget(struct tw_kv *kv)
{
	llama_memory_clear(llama_get_memory(kv->ctx), false);
	kv->kept.n = 0;
	kv->used = 0;
}

/* Tokens from the start that stay in the cache: whole pieces, and none from which logits are wanted. */
static size_t keep_prefix(struct tw_kv *kv, const llama_token *tokens, size_t n,
			  const uint8_t *wanted)
{
	size_t same = 0;
	while (same < kv->kept.n && same + 1 < n && kv->kept.at[same] == tokens[same] &&
	       !(wanted && wanted[same]))
		same++;
	same -= same % TW_KV_PIECE;
	llama_memory_t mem = llama_get_memory(kv->ctx);
	if (same == 0 || !llama_memory_seq_rm(mem, 0, (llama_pos)same, -1)) {
		forget(kv); /* recurrent models can't go back by a part */
		return 0;
	}
	kv->kept.n = same;
	kv->used = (int)same;
	return same;
}

static enum tw_status decode(struct tw_kv *kv, const llama_token *tokens, int8_t *outputs, int n,
			     struct tw_err *err)
{
	llama_token ids[TW_KV_PIECE];
	llama_pos pos[TW_KV_PIECE];
	int32_t n_seq[TW_KV_PIECE];
	llama_seq_id zero = 0, *seq[TW_KV_PIECE];
	assert(n > 0 && n <= TW_KV_PIECE && kv->used + n <= kv->n_ctx);
	for (int i = 0; i < n; i++) {
		ids[i] = tokens[i];
		pos[i] = kv->used + i;
		n_seq[i] = 1;
		seq[i] = &zero;
	}
	struct llama_batch batch = {.n_tokens = n,
				    .token = ids,
				    .pos = pos,
				    .n_seq_id = n_seq,
				    .seq_id = seq,
				    .logits = outputs};
	if (kv->any_threads) {
		const int threads = tw_idle_cores();
		llama_set_n_threads(kv->ctx, threads, threads);
	}
	tw_llama_forget_complaint();
	int rc = llama_decode(kv->ctx, batch);
	if (rc != 0)
		forget(kv);
	if (rc == 2)
		return tw_fail(err, TW_CANCELLED, "stopped");
	if (rc != 0)
		return tw_fail(err, TW_BAD_DATA, "libllama could not evaluate %d tokens (%d): %s",
			       n, rc, tw_llama_complaint());
	kv->used += n;
	return TW_OK;
}

static void hand_out(struct tw_kv *kv, size_t from, int n, const int8_t *outputs, tw_logits_fn fn,
		     void *fn_ctx)
{
	for (int i = 0; i < n; i++)
		if (outputs[i])
			fn(fn_ctx, from + (size_t)i, llama_get_logits_ith(kv->ctx, i));
}

static enum tw_status check_tokens(const struct tw_kv *kv, const llama_token *tokens, size_t n,
				   struct tw_err *err)
{
	const struct llama_vocab *v = llama_model_get_vocab(llama_get_model(kv->ctx));
	const llama_token most = llama_vocab_n_tokens(v);
	if (n > (size_t)kv->n_ctx)
		return tw_fail(
			err, TW_BAD_USE,
			"the prompt has %zu tokens, the context takes %d; shorten it or set a "
			"larger context",
			n, kv->n_ctx);
	for (size_t i = 0; i < n; i++)
		if (tokens[i] < 0 || tokens[i] >= most)
			return tw_fail(err, TW_BAD_USE, "token %d is none of this model",
				       tokens[i]);
	return TW_OK;
}

enum tw_status tw_kv_prompt(struct tw_kv *kv, const llama_token *tokens, size_t n,
			    const uint8_t *wanted, tw_logits_fn fn, void *fn_ctx,
			    struct tw_err *err)
{
	assert(n > 0);
	enum tw_status st = check_tokens(kv, tokens, n, err);
	if (st != TW_OK)
		return st;
	size_t at = keep_prefix(kv, tokens, n, wanted);
	while (st == TW_OK && at < n) {
		int8_t outputs[TW_KV_PIECE] = {0};
		int piece = n - at < TW_KV_PIECE ? (int)(n - at) : TW_KV_PIECE;
		for (int i = 0; i < piece; i++)
			outputs[i] = wanted ? (int8_t)(wanted[at + (size_t)i] != 0)
					    : (int8_t)(at + (size_t)i + 1 == n);
		st = decode(kv, tokens + at, outputs, piece, err);
		if (st == TW_OK && wanted)
			hand_out(kv, at, piece, outputs, fn, fn_ctx);
		for (int i = 0; st == TW_OK && piece == TW_KV_PIECE && i < piece; i++)
			tw_vec_push(&kv->kept, tokens[at + (size_t)i]);
		at += (size_t)piece;
	}
	return st;
}

enum tw_status tw_kv_add(struct tw_kv *kv, llama_token token, struct tw_err *err)
{
	int8_t output = 1;
	return decode(kv, &token, &output, 1, err);
}
