/* A GGUF in process: the contract of core/llm.h over libllama. */
#include <stdlib.h>
#include <string.h>

#include "base/stop.h"
#include "base/str.h"
#include "llm/chat_int.h"
#include "llm/kv_int.h"
#include "llm/llm_backends.h"
#include "llm/llm_llama_int.h"
#include "llm/text_gate_int.h"

/* More is asked for by name: the KV cache of a long context is large. */
#define DEFAULT_CONTEXT 8192

static enum tw_status choose_context(int *out, const struct tw_model_file *f, int asked,
				     struct tw_err *err)
{
	if (asked > f->context)
		return tw_fail(err, TW_BAD_USE,
			       "%s: a context of %d tokens is asked for, the model was made for %d",
			       f->path, asked, f->context);
	*out = asked > 0 ? asked : f->context < DEFAULT_CONTEXT ? f->context : DEFAULT_CONTEXT;
	return TW_OK;
}

static enum tw_status llama_open(void *ctx, const char *rest, const struct tw_llm_options *o,
				 struct tw_llm_info *info, struct tw_err *err)
{
	struct tw_llama *l = ctx;
	struct tw_model_file *f = &l->file;
	tw_arena_init(&l->arena);
	enum tw_status st = tw_model_file_open(f, rest, o->dir, &l->arena, err);
	if (st == TW_OK && f->encoder)
		st = tw_fail(err, TW_BAD_USE,
			     "%s: a \"%s\" model, made for embeddings; it can't write", f->path,
			     f->architecture);
	if (st == TW_OK)
		st = choose_context(&l->context, f, o->context, err);
	bool whole = false;
	if (st == TW_OK && o->adapter)
		st = tw_adapter_check(&whole, o->adapter, f, err);
	if (st != TW_OK) {
		tw_arena_release(&l->arena);
		return st;
	}
	l->adapter_path = whole ? NULL : tw_strdup(&l->arena, o->adapter);
	l->weights_path = whole ? tw_strdup(&l->arena, o->adapter) : f->path;
	l->threads = o->threads;
	tw_vocab_init(&l->vocab, f->path);
	info->name = f->name;
	info->path = f->path;
	info->digest = f->digest;
	info->tokenizer = f->tokenizer;
	info->template_digest = f->template_digest;
	info->context = l->context;
	return TW_OK;
}

static void llama_close(void *ctx)
{
	struct tw_llama *l = ctx;
	tw_kv_close(&l->kv);
	if (l->model)
		llama_model_free(l->model); /* and its adapters */
	tw_vocab_release(&l->vocab);
	tw_vec_release(&l->specials);
	tw_arena_release(&l->arena);
}

enum tw_status tw_llama_format(struct tw_chat_format *out, struct tw_llama *l, struct tw_err *err)
{
	*out = (struct tw_chat_format){
		.tmpl = l->file.chat_template, .path = l->file.path, .specials = &l->specials};
	enum tw_status st = tw_vocab_get(&out->vocab, &l->vocab, err);
	if (st == TW_OK && !l->specials_known) {
		tw_specials_collect(&l->specials, out->vocab, out->tmpl);
		l->specials_known = true;
	}
	return st;
}

enum tw_status tw_llama_weights(struct tw_llama *l, struct tw_err *err)
{
	struct llama_adapter_lora *adapter = NULL;
	if (l->kv.ctx)
		return TW_OK;
	enum tw_status st = l->model ? TW_OK : tw_llama_load(&l->model, l->weights_path, err);
	if (st != TW_OK)
		return st;
	if (!llama_model_has_decoder(l->model) || llama_model_has_encoder(l->model))
		return tw_fail(err, TW_UNSUPPORTED, "%s: a \"%s\" model can't be used for writing",
			       l->weights_path, l->file.architecture);
	if (l->adapter_path) {
		tw_llama_forget_complaint();
		adapter = llama_adapter_lora_init(l->model, l->adapter_path);
		if (!adapter)
			return tw_fail(err, TW_BAD_DATA, "%s: does not fit %s: %s", l->adapter_path,
				       l->file.path, tw_llama_complaint());
	}
	st = tw_kv_open(&l->kv, l->model, adapter, l->context, l->threads, err);
	return st == TW_OK ? st : tw_wrap(err, st, "%s", l->weights_path);
}

/* --- generation --- */

struct generation {
	struct tw_generation *out;
	struct tw_llama *l;
	const struct tw_gen_params *p;
	struct tw_gate gate;
	struct llama_sampler *sampler;
	struct tw_err *err;
};

static void add_piece(struct generation *g, const struct llama_vocab *vocab, llama_token id)
{
	char small[128];
	int32_t n = llama_token_to_piece(vocab, id, small, sizeof(small), 0, false);
	if (n >= 0) {
		tw_gate_add(&g->gate, small, (size_t)n);
		return;
	}
	char *large = tw_xmalloc((size_t)-n);
	n = llama_token_to_piece(vocab, id, large, -n, 0, false);
	if (n > 0)
		tw_gate_add(&g->gate, large, (size_t)n);
	free(large);
}

static enum tw_status write_tokens(struct generation *g)
{
	struct tw_kv *kv = &g->l->kv;
	const struct llama_vocab *vocab = llama_model_get_vocab(g->l->model);
	enum tw_status st = TW_OK;
	g->out->finish = "length";
	while (g->out->completion_tokens < g->p->max_tokens) {
		llama_token id = llama_sampler_sample(g->sampler, kv->ctx, -1);
		if (llama_vocab_is_eog(vocab, id)) {
			g->out->finish = "stop";
			break;
		}
		g->out->completion_tokens++;
		add_piece(g, vocab, id);
		if (g->gate.stopped || g->gate.refused || tw_stopping()) {
			g->out->finish = g->gate.stopped ? "stop" : "cancelled";
			break;
		}
		if (kv->used >= kv->n_ctx || g->out->completion_tokens >= g->p->max_tokens)
			break;
		st = tw_kv_add(kv, id, g->err);
		if (st != TW_OK)
			break;
	}
	return st;
}

static enum tw_status generate(struct tw_generation *out, struct tw_llama *l,
			       const struct tw_chat_tokens *prompt, const struct tw_gen_params *p,
			       tw_text_fn fn, void *fn_ctx, struct tw_err *err)
{
	struct generation g = {.out = out, .l = l, .p = p, .err = err};
	if (prompt->ids.n == 0)
		return tw_fail(err, TW_BAD_USE, "the prompt is empty");
	enum tw_status st = tw_llama_weights(l, err);
	if (st != TW_OK)
		return st;
	out->prompt_tokens = (int)prompt->ids.n;
	g.gate = (struct tw_gate){.stop = p->stop, .fn = fn, .fn_ctx = fn_ctx, .out = &out->text};
	g.sampler =
		tw_sampler_new(p, llama_model_get_vocab(l->model), prompt->ids.at, prompt->ids.n);
	st = tw_kv_prompt(&l->kv, prompt->ids.at, prompt->ids.n, NULL, NULL, NULL, err);
	if (st == TW_OK)
		st = write_tokens(&g);
	tw_gate_end(&g.gate);
	llama_sampler_free(g.sampler);
	if (st == TW_CANCELLED) { /* by tw_stopping(), while tokens were evaluated */
		tw_err_clear(err);
		out->finish = "cancelled";
		st = TW_OK;
	}
	if (st == TW_OK && g.gate.refused)
		out->finish = "cancelled";
	return st;
}

static enum tw_status llama_chat(struct tw_generation *out, void *ctx, const struct tw_message *m,
				 size_t n, const struct tw_gen_params *p, tw_text_fn fn,
				 void *fn_ctx, struct tw_err *err)
{
	struct tw_chat_format f;
	struct tw_chat_tokens prompt = {0};
	enum tw_status st = tw_llama_format(&f, ctx, err);
	if (st == TW_OK)
		st = tw_chat_tokenize(&prompt, &f, m, n, true, err);
	if (st == TW_OK)
		st = generate(out, ctx, &prompt, p, fn, fn_ctx, err);
	tw_chat_tokens_release(&prompt);
	return st;
}

static enum tw_status llama_complete(struct tw_generation *out, void *ctx, const char *text,
				     const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
				     struct tw_err *err)
{
	struct tw_chat_format f;
	struct tw_chat_tokens prompt = {0};
	enum tw_status st = tw_llama_format(&f, ctx, err);
	if (st == TW_OK)
		st = tw_plain_tokenize(&prompt, &f, text, strlen(text), err);
	if (st == TW_OK)
		st = generate(out, ctx, &prompt, p, fn, fn_ctx, err);
	tw_chat_tokens_release(&prompt);
	return st;
}

/* --- tokens --- */

static int llama_count(void *ctx, const char *text, size_t len)
{
	struct tw_llama *l = ctx;
	return tw_vocab_count(&l->vocab, text, len);
}

static enum tw_status llama_chat_tokens(struct tw_tokens *out, void *ctx,
					const struct tw_message *m, size_t n, bool open_answer,
					struct tw_arena *a, struct tw_err *err)
{
	struct tw_chat_format f;
	struct tw_chat_tokens t = {0};
	enum tw_status st = tw_llama_format(&f, ctx, err);
	if (st == TW_OK)
		st = tw_chat_tokenize(&t, &f, m, n, open_answer, err);
	if (st == TW_OK) {
		out->n = t.ids.n;
		out->at = TW_NEW_ARRAY(a, t.ids.n, int32_t);
		out->answer = TW_NEW_ARRAY(a, t.ids.n, uint8_t);
		memcpy(out->at, t.ids.at, t.ids.n * sizeof(*out->at));
		memcpy(out->answer, t.answer.at, t.ids.n);
	}
	tw_chat_tokens_release(&t);
	return st;
}

const struct tw_llm_type tw_llm_llama = {
	.prefix = "llama",
	.help = "PATH.gguf: a GGUF file in process, through libllama",
	.ctx_size = sizeof(struct tw_llama),
	.open = llama_open,
	.chat = llama_chat,
	.complete = llama_complete,
	.count = llama_count,
	.chat_tokens = llama_chat_tokens,
	.score = tw_llama_score,
	.close = llama_close,
};
