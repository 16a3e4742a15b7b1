/* What a run needs before its first step: weights, tokens, memory, and an earlier state if there is one. */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "training/sft_int.h"

#define ACTIVATION_BYTES ((int64_t)800 << 20) /* what a pass may take; a row always fits */

static enum tw_status open_base(struct tw_sft *s, struct tw_err *err)
{
	const struct tw_llm_info *info = tw_llm_info(s->job->llm);
	if (!info->path)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s is a remote model: its weights are not here to be trained. Set "
			       "models.llm to a GGUF (llama:…), or `trainer: none`",
			       info->spec);
	enum tw_status st = tw_weights_open(&s->w, info->path, err);
	if (st != TW_OK)
		return st;
	if (s->o->sequence > s->w.shape.n_ctx) {
		tw_fail(err, TW_BAD_USE, "training.sequence is %lld; %s was made for %d tokens",
			(long long)s->o->sequence, info->name, s->w.shape.n_ctx);
		tw_weights_close(&s->w);
		return TW_BAD_USE;
	}
	return TW_OK;
}

static void report_lengths(const struct tw_sft *s, const struct tw_pack *p, const char *split)
{
	if (p->n_cut || p->n_dropped)
		tw_warn("%s split: %zu examples cut at %lld tokens, %zu left out because no token "
			"of their answer was left (training.sequence)",
			split, p->n_cut, (long long)s->o->sequence, p->n_dropped);
}

/* Tokens outside the vocabulary would be read from beyond the embeddings. */
static enum tw_status check_tokens(const struct tw_sft *s, const struct tw_pack *p,
				   struct tw_err *err)
{
	for (size_t i = 0; i < p->n_samples; i++)
		for (int k = 0; k < p->sample[i].n; k++)
			if (p->sample[i].tokens[k] < 0 || p->sample[i].tokens[k] >= s->w.shape.V)
				return tw_fail(err, TW_BAD_DATA,
					       "the model's tokenizer gives token %d, its weights "
					       "have %d: the file is not whole",
					       p->sample[i].tokens[k], s->w.shape.V);
	return TW_OK;
}

static enum tw_status read_tokens(struct tw_sft *s, struct tw_err *err)
{
	const struct tw_train_job *j = s->job;
	int sequence = (int)s->o->sequence;
	enum tw_status st = tw_pack_read(&s->train, j->llm, &j->train, sequence, &s->arena, err);
	if (st == TW_OK)
		st = tw_pack_read(&s->valid, j->llm, &j->valid, sequence, &s->arena, err);
	if (st == TW_OK)
		st = check_tokens(s, &s->train, err);
	if (st == TW_OK)
		st = check_tokens(s, &s->valid, err);
	if (st != TW_OK)
		return st;
	if (s->train.n_samples == 0)
		return tw_fail(err, TW_BLOCKED,
			       "nothing to learn: no token carries loss in any of %zu training "
			       "examples of at most %d tokens; an example needs an answer of the "
			       "assistant that begins within training.sequence",
			       j->train.n, sequence);
	report_lengths(s, &s->train, "train");
	report_lengths(s, &s->valid, "valid");
	tw_pack_rows(&s->train, sequence, j->seed, &s->arena);
	tw_pack_rows(&s->valid, sequence, j->seed, &s->arena);
	if (s->valid.n_rows > (size_t)s->o->max_valid)
		s->valid.n_rows = (size_t)s->o->max_valid;
	s->order = TW_NEW_ARRAY(&s->arena, s->train.n_rows, size_t);
	s->epoch = -1;
	return TW_OK;
}

static enum tw_schedule_kind kind_of(const char *name)
{
	return strcmp(name, "cosine") == 0     ? TW_SCHEDULE_COSINE
	       : strcmp(name, "constant") == 0 ? TW_SCHEDULE_CONSTANT
					       : TW_SCHEDULE_LINEAR;
}

static int64_t plan(struct tw_sft *s)
{
	const struct tw_sft_options *o = s->o;
	s->total_rows = (int64_t)ceil(o->epochs * (double)s->train.n_rows - 1e-9);
	s->total_rows = s->total_rows > 0 ? s->total_rows : 1;
	int64_t total = (s->total_rows + o->batch - 1) / o->batch;
	if (o->max_steps > 0 && o->max_steps < total)
		total = o->max_steps;
	s->schedule = (struct tw_schedule){.kind = kind_of(o->schedule),
					   .peak = o->learning_rate,
					   .warmup = (int64_t)ceil(o->warmup * (double)total),
					   .total = total};
	return total;
}

/* Tokens of one pass: whole rows, as many of a step's as the memory for activations takes. */
static int pass_tokens(const struct tw_sft *s, int longest)
{
	const struct tw_shape *shape = &s->w.shape;
	int rank = s->lora.rank, workers = tw_pool_size(s->c.pool);
	int row = 1, rows = (int)s->o->batch;
	if ((size_t)rows > s->train.n_rows)
		rows = (int)s->train.n_rows;
	for (size_t i = 0; i < s->train.n_rows; i++)
		row = s->train.row[i].tokens > row ? s->train.row[i].tokens : row;
	for (size_t i = 0; i < s->valid.n_rows; i++)
		row = s->valid.row[i].tokens > row ? s->valid.row[i].tokens : row;
	while (rows > 1 &&
	       tw_net_bytes(shape, rank, rows * row, longest, workers) > ACTIVATION_BYTES)
		rows--;
	return rows * row;
}

static enum tw_status make_net(struct tw_sft *s, struct tw_err *err)
{
	int longest = s->train.longest > s->valid.longest ? s->train.longest : s->valid.longest;
	int cap;
	s->c = (struct tw_compute){.pool = tw_pool_new(s->job->threads), .gemm = tw_gemm_best()};
	cap = pass_tokens(s, longest);
	enum tw_status st = tw_batch_init(&s->batch, cap, err);
	return st == TW_OK ? tw_net_init(&s->net, &s->w, &s->lora, &s->c, cap, longest, err) : st;
}

static enum tw_status make_state(struct tw_sft *s, int64_t total, struct tw_err *err)
{
	enum tw_status st = tw_state_init(&s->state, s->lora.n, total, s->job->job_digest, err);
	if (st != TW_OK)
		return st;
	s->checkpoint =
		tw_sprintf(&s->arena, "%s/%.16s.checkpoint", s->job->work_dir, s->state.head->job);
	s->lora.p = s->state.p;
	if (!tw_state_load(&s->state, s->checkpoint))
		tw_lora_seed(&s->lora, s->job->seed);
	return TW_OK;
}

static void say(const struct tw_sft *s)
{
	const struct tw_state_head *h = s->state.head;
	tw_info("%.1f million parameters (rank %d), %zu examples in %zu rows, %lld a step: %lld steps; "
		"%s, threads: %d",
		(double)s->lora.n / 1e6, s->lora.rank, s->train.n_samples, s->train.n_rows,
		(long long)s->o->batch, (long long)h->total_steps, s->c.gemm->name,
		tw_pool_size(s->c.pool));
	if (h->step > 0)
		tw_info("going on after step %lld of %lld", (long long)h->step,
			(long long)h->total_steps);
}

enum tw_status tw_sft_init(struct tw_sft *s, const struct tw_sft_options *o,
			   const struct tw_train_job *job, struct tw_err *err)
{
	*s = (struct tw_sft){.o = o, .job = job};
	tw_arena_init(&s->arena);
	enum tw_status st = open_base(s, err);
	if (st != TW_OK)
		goto failed;
	st = read_tokens(s, err);
	if (st == TW_OK)
		st = tw_lora_init(&s->lora, &s->w.shape, (int)o->rank, o->alpha, &o->targets, err);
	if (st == TW_OK)
		st = make_state(s, plan(s), err);
	if (st == TW_OK)
		st = make_net(s, err);
	if (st == TW_OK) {
		say(s);
		return TW_OK;
	}
failed:
	tw_sft_release(s);
	return st;
}

void tw_sft_release(struct tw_sft *s)
{
	tw_net_release(&s->net);
	tw_batch_release(&s->batch);
	tw_state_release(&s->state);
	tw_lora_release(&s->lora);
	tw_pool_free(s->c.pool);
	tw_weights_close(&s->w);
	tw_arena_release(&s->arena);
}
