/* What a run needs before its first step: weights, tokens, memory, and an earlier state if there is one. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "net/adapter.h"
#include "net/qnet.h"
#include "trainer/comm_int.h"
#include "trainer/ranks_int.h"
#include "trainer/train_loop_int.h"
#include "trainer/trainers.h"

enum { VALID_SEED = 1 }; /* of every training: what it is validated with can be compared */

static enum tw_status open_weights(struct tw_train_loop *l, const char *path, int context,
				   struct tw_err *err)
{
	enum tw_status st = tw_weights_open(&l->w, path, err);
	if (st == TW_OK)
		tw_weights_set_context(&l->w, context);
	return st;
}

static enum tw_status open_base(struct tw_train_loop *l, struct tw_err *err)
{
	const struct tw_llm_info *info = tw_llm_info(l->job->llm);
	if (!info->path)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s is a remote model: its weights are not here to be trained. Set "
			       "models.llm to a GGUF (llama:…), or `trainer: none`",
			       info->spec);
	enum tw_status st = open_weights(l, info->path, info->context, err);
	if (st != TW_OK)
		return st;
	if (l->o->sequence > l->w.shape.n_ctx) {
		tw_fail(err, TW_BAD_USE, "training.sequence is %lld; %s was made for %d tokens",
			(long long)l->o->sequence, info->name, l->w.shape.n_ctx);
		tw_weights_close(&l->w);
		return TW_BAD_USE;
	}
	return TW_OK;
}

static enum tw_loss_on loss_on(const char *name)
{
	return strcmp(name, "all") == 0	   ? TW_LOSS_ALL
	       : strcmp(name, "last") == 0 ? TW_LOSS_LAST
					   : TW_LOSS_ASSISTANT;
}

/* Tokens outside the vocabulary would be read from beyond the embeddings. */
static enum tw_status check_tokens(const struct tw_train_loop *l, const struct tw_pack *p,
				   struct tw_err *err)
{
	for (size_t i = 0; i < p->n_samples; i++)
		for (int k = 0; k < p->sample[i].n; k++)
			if (p->sample[i].tokens[k] < 0 || p->sample[i].tokens[k] >= l->w.shape.V)
				return tw_fail(err, TW_BAD_DATA,
					       "the model's tokenizer gives token %d, its weights "
					       "have %d: the file is not whole",
					       p->sample[i].tokens[k], l->w.shape.V);
	return TW_OK;
}

static const char *need_of(const struct tw_train_loop *l)
{
	return l->objective->group > 1 ? "pairs" : "examples";
}

static void report_lengths(const struct tw_train_loop *l, const struct tw_pack *p,
			   const char *split)
{
	if (p->n_cut || p->n_dropped)
		tw_warn("%s split: %zu %s cut at %lld tokens, %zu left out because no token "
			"of an answer was left (training.sequence)",
			split, p->n_cut, need_of(l), (long long)l->o->sequence, p->n_dropped);
	if (p->n_single)
		tw_info("%s split: %zu examples have no worse answer to learn from, and are left out",
			split, p->n_single);
}

static enum tw_status nothing_to_learn(const struct tw_train_loop *l, struct tw_err *err)
{
	size_t n = l->job->train.n;
	if (l->train.n_single == n && n > 0)
		return tw_fail(
			err, TW_BLOCKED,
			"training.method: %s learns from pairs of a better and a worse answer, and "
			"none of %zu training examples has a worse one; collect preferences first "
			"(feedback, or features.preferences), or set method: sft",
			l->objective->name, n);
	return tw_fail(err, TW_BLOCKED,
		       "nothing to learn: no token carries loss in any of %zu training "
		       "examples of at most %lld tokens; an example needs an answer of the "
		       "assistant that begins within training.sequence",
		       n, (long long)l->o->sequence);
}

static enum tw_status read_split(struct tw_pack *out, struct tw_train_loop *l,
				 const struct tw_examples *examples, int group, uint64_t seed,
				 struct tw_err *err)
{
	const struct tw_pack_options o = {
		.sequence = (int)l->o->sequence, .group = group, .loss_on = loss_on(l->o->loss_on)};
	enum tw_status st = tw_pack_read(out, l->job->llm, examples, &o, &l->arena, err);
	if (st == TW_OK)
		st = check_tokens(l, out, err);
	if (st == TW_OK)
		tw_pack_rows(out, o.sequence, seed, &l->arena);
	return st;
}

static void cap_rows(struct tw_pack *p, int64_t most)
{
	if (p->n_rows > (size_t)most)
		p->n_rows = (size_t)most;
}

static void report_unjudged(const struct tw_train_loop *l)
{
	const char *patience = l->o->early_stopping_patience > 0
				       ? ", and training.early_stopping_patience has no effect"
				       : "";
	if (tw_train_loop_judges(l))
		return;
	if (l->valid.n_rows > 0)
		tw_warn("valid split: no example has a worse answer, so nothing tells which adapter is the "
			"best: that of the last step is kept%s",
			patience);
	else if (*patience)
		tw_warn("training.early_stopping_patience has no effect: the validation split is empty");
}

static enum tw_status read_tokens(struct tw_train_loop *l, struct tw_err *err)
{
	const struct tw_train_job *j = l->job;
	int group = l->objective->group;
	enum tw_status st = read_split(&l->train, l, &j->train, group, tw_train_loop_seed(l), err);
	if (st == TW_OK && l->train.n_samples == 0)
		st = nothing_to_learn(l, err);
	if (st == TW_OK)
		st = read_split(&l->valid, l, &j->valid, 1, VALID_SEED, err);
	if (st == TW_OK && group > 1)
		st = read_split(&l->valid_pairs, l, &j->valid, group, VALID_SEED, err);
	if (st != TW_OK)
		return st;
	report_lengths(l, &l->train, "train");
	report_lengths(l, group > 1 ? &l->valid_pairs : &l->valid, "valid");
	cap_rows(&l->valid, l->o->max_valid);
	cap_rows(&l->valid_pairs, l->o->max_valid);
	report_unjudged(l);
	return TW_OK;
}

static enum tw_schedule_kind kind_of(const char *name)
{
	return strcmp(name, "cosine") == 0     ? TW_SCHEDULE_COSINE
	       : strcmp(name, "constant") == 0 ? TW_SCHEDULE_CONSTANT
	       : strcmp(name, "wsd") == 0      ? TW_SCHEDULE_WSD
					       : TW_SCHEDULE_LINEAR;
}

static int64_t plan(struct tw_train_loop *l)
{
	const struct tw_train_options *o = l->o;
	l->total_rows = (int64_t)ceil(o->epochs * (double)l->train.n_rows - 1e-9);
	l->total_rows = l->total_rows > 0 ? l->total_rows : 1;
	int64_t total = (l->total_rows + o->batch - 1) / o->batch;
	if (o->max_steps > 0 && o->max_steps < total)
		total = o->max_steps;
	l->schedule = (struct tw_schedule){
		.kind = kind_of(o->schedule),
		.peak = o->learning_rate > 0 ? o->learning_rate : l->objective->learning_rate,
		.warmup = (int64_t)ceil(o->warmup * (double)total),
		.total = total,
		.decay = (int64_t)ceil(o->decay * (double)total),
		.least = o->min_lr_rate};
	return total;
}

static int longest_row(const struct tw_pack *p, int n)
{
	for (size_t i = 0; i < p->n_rows; i++)
		n = p->row[i].tokens > n ? p->row[i].tokens : n;
	return n;
}

static int longest_sample(const struct tw_train_loop *l)
{
	int n = l->train.longest > l->valid.longest ? l->train.longest : l->valid.longest;
	return n > l->valid_pairs.longest ? n : l->valid_pairs.longest;
}

static bool in_whole_numbers(const struct tw_train_loop *l)
{
	return strcmp(l->o->precision, "float32") != 0;
}

static enum tw_q_bits bits_back(const struct tw_train_loop *l)
{
	return strcmp(l->o->precision, "int8") == 0 ? TW_Q8 : TW_Q16;
}

static int64_t bytes_of_weights(const struct tw_train_loop *l)
{
	return (int64_t)l->w.map.len + (l->c.device ? tw_net_sent_bytes(&l->w) : 0) +
	       (in_whole_numbers(l) ? tw_net_q_bytes(&l->w.shape, bits_back(l)) : 0);
}

static int64_t bytes_of_states(const struct tw_train_loop *l)
{
	size_t gradients = (tw_comm_size() > 1 ? 2 : 1) * l->lora.n * sizeof(*l->lora.g);
	return (int64_t)(l->state.bytes + gradients);
}

/* Rows of a step that go through the net at a time, and how. */
static enum tw_status plan_memory(struct tw_net_size *out, struct tw_train_loop *l,
				  struct tw_err *err)
{
	int row = longest_row(&l->train, 1);
	int64_t n = (int64_t)l->train.n_rows, rows = l->o->batch < n ? l->o->batch : n;
	row = longest_row(&l->valid, row);
	row = longest_row(&l->valid_pairs, row);
	const int most = (int)tw_ranks_most_rows(rows, tw_comm_size());
	const int64_t begun = l->state.head->rows;
	const struct tw_plan_request r = {.shape = &l->w.shape,
					  .lora = &l->lora,
					  .row = row,
					  .rows = most,
					  .begun = begun < most ? (int)begun : most,
					  .longest = longest_sample(l),
					  .weights = bytes_of_weights(l),
					  .states = bytes_of_states(l),
					  .limit = l->o->max_memory,
					  .checkpointing = l->o->gradient_checkpointing,
					  .resident = l->c.device != NULL,
					  .whole_numbers = in_whole_numbers(l),
					  .back = bits_back(l)};
	enum tw_status st = tw_plan_make(&l->plan, &r, err);
	l->state.head->rows = l->plan.rows;
	*out = (struct tw_net_size){.cap = l->plan.rows * row,
				    .longest = r.longest,
				    .recompute = l->plan.checkpointing,
				    .apart = in_whole_numbers(l),
				    .resident = r.resident};
	return st;
}

static enum tw_status make_lora(struct tw_train_loop *l, struct tw_err *err)
{
	const struct tw_train_options *o = l->o;
	const struct tw_lora_config conf = {.rank = (int)o->rank,
					    .alpha = o->alpha,
					    .rslora = o->use_rslora,
					    .dora = o->use_dora,
					    .dropout = o->lora_dropout,
					    .b_rate = o->loraplus_lr_ratio,
					    .targets = &o->targets,
					    .layers = &o->layers_to_transform};
	return tw_lora_init(&l->lora, &l->w.shape, &conf, err);
}

static enum tw_status make_their_g(struct tw_train_loop *l, struct tw_err *err)
{
	if (tw_comm_size() > 1)
		l->their_g = tw_try_alloc(l->lora.n * sizeof(*l->their_g),
					  "gradients of another rank", err);
	return tw_comm_size() == 1 || l->their_g ? TW_OK : TW_NO_MEMORY;
}

static enum tw_status make_net(struct tw_train_loop *l, const struct tw_net_size *size,
			       struct tw_err *err)
{
	l->logp = TW_NEW_ARRAY(&l->arena, (size_t)size->cap, double);
	l->weight = TW_NEW_ARRAY(&l->arena, (size_t)size->cap, float);
	l->order = TW_NEW_ARRAY(&l->arena, l->train.n_rows, size_t);
	l->epoch = -1;
	enum tw_status st = make_their_g(l, err);
	if (st == TW_OK)
		st = tw_batch_init(&l->batch, size->cap, err);
	if (st == TW_OK)
		st = tw_net_init(&l->net, &l->w, &l->lora, &l->c, size, err);
	return st == TW_OK && in_whole_numbers(l) ? tw_net_use_q(&l->net, bits_back(l), err) : st;
}

enum tw_status tw_train_loop_begin(struct tw_train_loop *l, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	if (l->job->init_adapter)
		st = tw_adapter_read(l->lora.p, &l->lora, l->w.arch, l->job->init_adapter,
				     l->job->init_name, err);
	else
		tw_lora_seed(&l->lora, tw_train_loop_seed(l));
	if (st == TW_OK)
		tw_lora_measure(&l->lora, &l->w, &l->c);
	return st;
}

static enum tw_status make_state(struct tw_train_loop *l, int64_t total, struct tw_err *err)
{
	l->optim = tw_optim_by_name(l->o->optim);
	assert(l->optim); /* the table of options lets no other pass */
	enum tw_status st = tw_state_init(&l->state, l->lora.n, l->optim->bytes(&l->lora.params),
					  total, l->job->job_digest, err);
	if (st != TW_OK)
		return st;
	l->lora.p = l->state.p;
	return tw_checkpoints_load(&l->state, l->job->work_dir) ? TW_OK
								: tw_train_loop_begin(l, err);
}

static void say(struct tw_train_loop *l)
{
	const struct tw_state_head *h = l->state.head;
	tw_info("%s, %.1f million parameters (rank %d), %zu %s in %zu rows, %lld a step: %lld steps; "
		"%s, threads: %d",
		l->objective->name, (double)l->lora.n / 1e6, l->lora.rank,
		l->train.n_samples / (size_t)l->objective->group, need_of(l), l->train.n_rows,
		(long long)l->o->batch, (long long)h->total_steps, l->net.c.gemm->name,
		tw_pool_size(l->c.pool));
	if (tw_comm_size() > 1)
		tw_info("%d ranks by %s; threads and memory are those of each", tw_comm_size(),
			tw_comm_name());
	tw_info("memory: %s", tw_plan_text(&l->plan, &l->arena));
	if (in_whole_numbers(l) && !tw_q_is_fast())
		tw_warn("training.precision: %s takes AVX2 or VNNI, which this CPU lacks: float32 is far faster",
			l->o->precision);
	if (h->step > 0)
		tw_info("going on after step %lld of %lld", (long long)h->step,
			(long long)h->total_steps);
}

static const struct tw_objective *objective_by_name(const char *name)
{
	static const struct tw_objective *const all[] = {&tw_objective_sft, &tw_objective_dpo,
							 &tw_objective_orpo, &tw_objective_simpo};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

bool tw_method_takes_pairs(const char *method)
{
	const struct tw_objective *o = objective_by_name(method);
	return o && o->group > 1;
}

static struct tw_compute compute_of(const struct tw_train_job *job)
{
	int threads = job->threads ? job->threads : tw_comm_threads();
	return (struct tw_compute){.pool = tw_pool_new(threads), .gemm = tw_gemm_best()};
}

/* Of the net; the rest of a training is the CPU's. */
static enum tw_status choose_device(struct tw_train_loop *l, bool cuda, struct tw_err *err)
{
	l->c = compute_of(l->job);
	if (!cuda)
		return TW_OK;
	l->c.device = tw_device_cuda(err);
	return l->c.device ? TW_OK : tw_wrap(err, TW_UNSUPPORTED, "training.device: cuda");
}

static enum tw_status make_all(struct tw_train_loop *l, struct tw_err *err)
{
	struct tw_net_size size;
	enum tw_status st = open_base(l, err);
	if (st == TW_OK)
		st = choose_device(l, tw_streq(l->o->device, "cuda"), err);
	if (st == TW_OK)
		st = read_tokens(l, err);
	if (st == TW_OK)
		st = make_lora(l, err);
	if (st == TW_OK)
		st = make_state(l, plan(l), err);
	if (st == TW_OK)
		st = plan_memory(&size, l, err);
	if (st == TW_OK)
		st = make_net(l, &size, err);
	if (st != TW_OK)
		return st;
	say(l);
	st = l->objective->prepare ? l->objective->prepare(l, err) : TW_OK;
	return st == TW_OK ? tw_ranks_share(l, err) : st;
}

void tw_train_loop_prepare(struct tw_train_loop *l, const struct tw_train_options *o,
			   const struct tw_train_job *job)
{
	*l = (struct tw_train_loop){.o = o, .job = job};
	tw_arena_init(&l->arena);
}

enum tw_status tw_train_loop_join(struct tw_train_loop *l, const char *base, int context,
				  const struct tw_net_size *size, struct tw_err *err)
{
	l->objective = objective_by_name(l->o->method);
	enum tw_status st = choose_device(l, size->resident, err);
	if (st == TW_OK)
		st = open_weights(l, base, context, err);
	if (st == TW_OK)
		st = make_lora(l, err);
	if (st == TW_OK)
		st = tw_state_init(&l->state, l->lora.n, 0, 0, "", err);
	if (st != TW_OK)
		return st;
	l->lora.p = l->state.p;
	return make_net(l, size, err);
}

enum tw_status tw_train_loop_init(struct tw_train_loop *l, const struct tw_train_options *o,
				  const struct tw_train_job *job, struct tw_err *err)
{
	tw_train_loop_prepare(l, o, job);
	l->objective = objective_by_name(o->method);
	assert(l->objective); /* the table of options lets no other pass */
	enum tw_status st = make_all(l, err);
	if (st != TW_OK)
		tw_train_loop_release(l);
	return st;
}

void tw_train_loop_release(struct tw_train_loop *l)
{
	tw_net_release(&l->net);
	tw_batch_release(&l->batch);
	tw_state_release(&l->state);
	tw_lora_release(&l->lora);
	free(l->their_g);
	tw_pool_free(l->c.pool);
	tw_weights_close(&l->w);
	tw_arena_release(&l->arena);
}
