/*
 * A GGUF as an embedder: the contract of core/embedder.h over libllama.
 *
 * Every text is a batch of its own, evaluated by one thread, so its vector can't depend on
 * its neighbours; texts run side by side, each in a context that is free or made for it.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/stop.h"
#include "base/vec.h"
#include "llm/llama_int.h"
#include "llm/llm_backends.h"

struct embedder {
	struct tw_arena arena;
	struct tw_model_file file;
	struct tw_vocab vocab;
	int threads;
	pthread_mutex_t lock;	   /* of model, pool and idle */
	struct llama_model *model; /* NULL until used */
	struct tw_pool *pool;	   /* for calls with many texts; one at a time has it */
	pthread_mutex_t pool_lock;
	TW_VEC(struct llama_context *) idle;
};

static enum tw_status embedder_open(void *ctx, const char *rest, const struct tw_llm_options *o,
				    struct tw_embedder_info *info, struct tw_err *err)
{
	struct embedder *e = ctx;
	struct tw_model_file *f = &e->file;
	tw_arena_init(&e->arena);
	enum tw_status st = tw_model_file_open(f, rest, o->dir, &e->arena, err);
	if (st == TW_OK && f->pooling == LLAMA_POOLING_TYPE_RANK)
		st = tw_fail(err, TW_UNSUPPORTED, "%s: a model that ranks; it makes no embeddings",
			     f->path);
	if (st != TW_OK) {
		tw_arena_release(&e->arena);
		return st;
	}
	tw_vocab_init(&e->vocab, f->path);
	pthread_mutex_init(&e->lock, NULL);
	pthread_mutex_init(&e->pool_lock, NULL);
	e->threads = o->threads;
	info->name = f->name;
	info->digest = f->digest;
	info->tokenizer = f->tokenizer;
	info->dim = f->width;
	info->max_tokens = f->max_tokens;
	return TW_OK;
}

static void embedder_close(void *ctx)
{
	struct embedder *e = ctx;
	for (size_t i = 0; i < e->idle.n; i++)
		llama_free(e->idle.at[i]);
	tw_vec_release(&e->idle);
	pthread_mutex_destroy(&e->lock);
	pthread_mutex_destroy(&e->pool_lock);
	tw_pool_free(e->pool);
	if (e->model)
		llama_model_free(e->model);
	tw_vocab_release(&e->vocab);
	tw_arena_release(&e->arena);
}

static enum tw_status load_model(struct embedder *e, struct tw_err *err)
{
	enum tw_status st = tw_llama_load(&e->model, e->file.path, err);
	if (st != TW_OK)
		return st;
	if (llama_model_n_embd_out(e->model) != e->file.width ||
	    (llama_model_has_encoder(e->model) && llama_model_has_decoder(e->model)))
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s: a \"%s\" model can't be used for embeddings", e->file.path,
			       e->file.architecture);
	e->pool = tw_pool_new(e->threads);
	return TW_OK;
}

static enum tw_status load(struct embedder *e, struct tw_err *err)
{
	pthread_mutex_lock(&e->lock);
	enum tw_status st = e->pool ? TW_OK : load_model(e, err);
	pthread_mutex_unlock(&e->lock);
	return st;
}

static bool on_abort(void *ctx TW_UNUSED)
{
	return tw_stopping();
}

static enum tw_status make_context(struct llama_context **out, const struct embedder *e,
				   struct tw_err *err)
{
	struct llama_context_params p = llama_context_default_params();
	p.n_ctx = p.n_batch = p.n_ubatch = (uint32_t)e->file.max_tokens;
	p.n_seq_max = 1;
	p.n_threads = p.n_threads_batch = 1;
	p.embeddings = true;
	p.pooling_type = e->file.pooling > 0 ? (enum llama_pooling_type)e->file.pooling
					     : LLAMA_POOLING_TYPE_MEAN;
	p.abort_callback = on_abort;
	p.no_perf = true;
	tw_llama_forget_complaint();
	*out = llama_init_from_model(e->model, p);
	if (!*out)
		return tw_fail(err, TW_NO_MEMORY, "%s: no context of %d tokens: %s", e->file.path,
			       e->file.max_tokens, tw_llama_complaint());
	return TW_OK;
}

static enum tw_status take_context(struct llama_context **out, struct embedder *e,
				   struct tw_err *err)
{
	pthread_mutex_lock(&e->lock);
	*out = e->idle.n ? e->idle.at[--e->idle.n] : NULL;
	pthread_mutex_unlock(&e->lock);
	return *out ? TW_OK : make_context(out, e, err);
}

static void give_back(struct llama_context *c, struct embedder *e)
{
	pthread_mutex_lock(&e->lock);
	tw_vec_push(&e->idle, c);
	pthread_mutex_unlock(&e->lock);
}

/* [CLS] text [SEP], or what the model wants instead; a long text loses its end, never the mark behind it. */
static enum tw_status tokenize(struct tw_token_vec *out, const struct embedder *e,
			       struct tw_bytes text, struct tw_err *err)
{
	const struct llama_vocab *v = llama_model_get_vocab(e->model);
	const bool wpm = llama_vocab_type(v) == LLAMA_VOCAB_TYPE_WPM;
	const size_t most = (size_t)e->file.max_tokens;
	llama_token end = wpm || llama_vocab_get_add_sep(v) ? llama_vocab_sep(v)
			  : llama_vocab_get_add_eos(v)	    ? llama_vocab_eos(v)
							    : LLAMA_TOKEN_NULL;
	llama_token bos = llama_vocab_bos(v);
	if (bos != LLAMA_TOKEN_NULL && (wpm || llama_vocab_get_add_bos(v)))
		tw_vec_push(out, bos);
	enum tw_status st = tw_llama_tokenize(out, v, text.data, text.len, most, err);
	if (st != TW_OK)
		return st;
	size_t room = end == LLAMA_TOKEN_NULL ? most : most - 1;
	if (out->n > room)
		out->n = room;
	if (end != LLAMA_TOKEN_NULL)
		tw_vec_push(out, end);
	if (out->n == 0) /* an empty text, and a model without marks */
		tw_vec_push(out, bos != LLAMA_TOKEN_NULL ? bos : 0);
	return TW_OK;
}

/* The limits that libllama would abort on are kept by tokenize(): n <= n_ubatch <= positions of the model. */
static enum tw_status encode(const struct embedder *e, struct llama_context *c,
			     const struct tw_token_vec *ids, struct tw_err *err)
{
	struct llama_batch b = llama_batch_init((int32_t)ids->n, 0, 1);
	b.n_tokens = (int32_t)ids->n;
	for (size_t i = 0; i < ids->n; i++) {
		b.token[i] = ids->at[i];
		b.pos[i] = (llama_pos)i;
		b.n_seq_id[i] = 1;
		b.seq_id[i][0] = 0;
		b.logits[i] = 1;
	}
	tw_llama_forget_complaint();
	int rc;
	if (e->file.encoder) {
		rc = llama_encode(c, b);
	} else {
		llama_memory_clear(llama_get_memory(c), true);
		rc = llama_decode(c, b);
	}
	llama_batch_free(b);
	if (rc != 0 && tw_stopping())
		return tw_fail(err, TW_CANCELLED, "stopped");
	if (rc != 0)
		return tw_fail(err, TW_BAD_DATA, "%s: libllama could not embed %zu tokens (%d): %s",
			       e->file.path, ids->n, rc, tw_llama_complaint());
	return TW_OK;
}

static enum tw_status normalize(float *out, const float *v, int dim, const char *path,
				struct tw_err *err)
{
	double sum = 0;
	for (int i = 0; v && i < dim; i++)
		sum += (double)v[i] * (double)v[i];
	if (!(sum > 0) || !isfinite(sum))
		return tw_fail(err, TW_BAD_DATA, "%s: gives no usable vector", path);
	double scale = 1 / sqrt(sum);
	for (int i = 0; i < dim; i++)
		out[i] = (float)((double)v[i] * scale);
	return TW_OK;
}

struct job {
	struct embedder *e;
	const struct tw_bytes *texts;
	float *out;
	struct tw_err *errs; /* one a worker: its first */
	enum tw_status *status;
};

static enum tw_status embed_one(struct job *j, size_t i, struct tw_err *err)
{
	struct embedder *e = j->e;
	struct llama_context *c;
	struct tw_token_vec ids = {0};
	const int dim = e->file.width;
	if (tw_stopping())
		return tw_fail(err, TW_CANCELLED, "stopped");
	enum tw_status st = take_context(&c, e, err);
	if (st != TW_OK)
		return st;
	st = tokenize(&ids, e, j->texts[i], err);
	if (st == TW_OK)
		st = encode(e, c, &ids, err);
	if (st == TW_OK)
		st = normalize(j->out + i * (size_t)dim, llama_get_embeddings_seq(c, 0), dim,
			       e->file.path, err);
	tw_vec_release(&ids);
	give_back(c, e);
	return st;
}

static void run_one(void *ctx, size_t i, int worker)
{
	struct job *j = ctx;
	if (j->status[worker] == TW_OK)
		j->status[worker] = embed_one(j, i, &j->errs[worker]);
}

/* On the pool when there is much to do and no other call has it, else on the caller's thread. */
static void run_all(struct job *j, size_t n)
{
	struct embedder *e = j->e;
	if (n > 1 && pthread_mutex_trylock(&e->pool_lock) == 0) {
		tw_pool_run(e->pool, n, run_one, j);
		pthread_mutex_unlock(&e->pool_lock);
		return;
	}
	for (size_t i = 0; i < n; i++)
		run_one(j, i, 0);
}

static enum tw_status embedder_embed(float *out, void *ctx, const struct tw_bytes *texts, size_t n,
				     struct tw_err *err)
{
	struct embedder *e = ctx;
	enum tw_status st = load(e, err);
	if (st != TW_OK)
		return st;
	struct job j = {.e = e, .texts = texts, .out = out};
	const int workers = tw_pool_size(e->pool);
	j.errs = tw_xcalloc((size_t)workers, sizeof(*j.errs));
	j.status = tw_xcalloc((size_t)workers, sizeof(*j.status));
	run_all(&j, n);
	for (int i = 0; i < workers && st == TW_OK; i++)
		if (j.status[i] != TW_OK)
			st = tw_fail(err, j.status[i], "%s", j.errs[i].msg);
	free(j.errs);
	free(j.status);
	return st;
}

static int embedder_count(void *ctx, const char *text, size_t len)
{
	struct embedder *e = ctx;
	return tw_vocab_count(&e->vocab, text, len);
}

const struct tw_embedder_type tw_embedder_llama = {
	.prefix = "llama",
	.help = "PATH.gguf: a GGUF file in process, through libllama",
	.ctx_size = sizeof(struct embedder),
	.concurrent = true,
	.open = embedder_open,
	.embed = embedder_embed,
	.count = embedder_count,
	.close = embedder_close,
};
