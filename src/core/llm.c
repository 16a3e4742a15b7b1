#include "core/llm.h"

#include <assert.h>
#include <stdlib.h>

#include "core/spec.h"

struct tw_llm {
	const struct tw_llm_type *type;
	struct tw_llm_info info;
	char *spec;
	void *ctx;
};

static enum tw_status open_as(struct tw_llm **out, const struct tw_llm_type *type, const char *spec,
			      const char *rest, const struct tw_llm_options *o, struct tw_err *err)
{
	struct tw_llm *llm = tw_xcalloc(1, sizeof(*llm));
	llm->type = type;
	llm->spec = tw_xstrdup(spec);
	llm->ctx = tw_xcalloc(1, type->ctx_size);
	llm->info.spec = llm->spec;
	enum tw_status st = type->open(llm->ctx, rest, o, &llm->info, err);
	if (st == TW_OK) {
		*out = llm;
		return TW_OK;
	}
	free(llm->ctx);
	free(llm->spec);
	free(llm);
	return st;
}

enum tw_status tw_llm_open(struct tw_llm **out, const struct tw_llm_type *const *types,
			   const char *spec, const struct tw_llm_options *o, struct tw_err *err)
{
	static const struct tw_llm_options none;
	const void *type;
	const char *rest;
	enum tw_status st = tw_spec_find(&type, &rest, types, spec, err);
	return st == TW_OK ? open_as(out, type, spec, rest, o ? o : &none, err) : st;
}

void tw_llm_hosts(struct tw_str *out, const struct tw_llm_type *const *types, const char *spec)
{
	const void *found;
	const char *rest;
	if (tw_spec_find(&found, &rest, types, spec, NULL) != TW_OK)
		return;
	const struct tw_llm_type *type = found;
	if (type->hosts)
		type->hosts(rest, out);
}

void tw_llm_close(struct tw_llm *llm)
{
	if (!llm)
		return;
	if (llm->type->close)
		llm->type->close(llm->ctx);
	free(llm->ctx);
	free(llm->spec);
	free(llm);
}

const struct tw_llm_info *tw_llm_info(const struct tw_llm *llm)
{
	return &llm->info;
}

void tw_generation_release(struct tw_generation *g)
{
	tw_str_release(&g->text);
}

/* On failure nothing is left for the caller to release. */
static enum tw_status finish(struct tw_generation *g, enum tw_status st)
{
	if (st != TW_OK)
		tw_generation_release(g);
	return st;
}

enum tw_status tw_llm_chat(struct tw_generation *out, struct tw_llm *llm,
			   const struct tw_message *m, size_t n, const struct tw_gen_params *p,
			   tw_text_fn fn, void *fn_ctx, struct tw_err *err)
{
	assert(n > 0 && p->max_tokens > 0);
	*out = (struct tw_generation){.finish = ""};
	return finish(out, llm->type->chat(out, llm->ctx, m, n, p, fn, fn_ctx, err));
}

enum tw_status tw_llm_complete(struct tw_generation *out, struct tw_llm *llm, const char *prompt,
			       const struct tw_gen_params *p, tw_text_fn fn, void *fn_ctx,
			       struct tw_err *err)
{
	assert(p->max_tokens > 0);
	*out = (struct tw_generation){.finish = ""};
	return finish(out, llm->type->complete(out, llm->ctx, prompt, p, fn, fn_ctx, err));
}

int tw_llm_count(struct tw_llm *llm, const char *text, size_t len)
{
	return llm->type->count(llm->ctx, text, len);
}

enum tw_status tw_llm_chat_tokens(struct tw_tokens *out, struct tw_llm *llm,
				  const struct tw_message *m, size_t n, bool open_answer,
				  struct tw_arena *a, struct tw_err *err)
{
	if (!llm->type->chat_tokens)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s gives no access to its tokens; use a GGUF in process (llama:…)",
			       llm->spec);
	return llm->type->chat_tokens(out, llm->ctx, m, n, open_answer, a, err);
}

enum tw_status tw_llm_score(double *nll, size_t *n, struct tw_llm *llm, const struct tw_tokens *t,
			    struct tw_err *err)
{
	if (!llm->type->score)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s gives no log-probabilities; use a GGUF in process (llama:…)",
			       llm->spec);
	return llm->type->score(nll, n, llm->ctx, t, err);
}
