#include "trainer/train_loop_int.h"

#include <math.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/time.h"
#include "net/adapter.h"
#include "trainer/comm_int.h"
#include "trainer/merge.h"
#include "trainer/ranks_int.h"
#include "trainer/rescue_int.h"

#define CHECKPOINT_SECONDS 120

struct step {
	struct tw_sums sums;
	double loss, norm, lr, seconds;
};

static void tell(const struct tw_train_loop *l, const char *name, double value)
{
	if (l->job->on_metric)
		l->job->on_metric(l->job->ctx, name, l->state.head->step, value);
}

void tw_train_loop_add_row(struct tw_train_loop *l, const struct tw_pack *p, size_t row)
{
	size_t group = (size_t)p->group;
	for (size_t i = 0; i < p->row[row].n; i++) {
		size_t item = p->order[p->row[row].first + i];
		for (size_t k = 0; k < group; k++) {
			tw_batch_add(&l->batch, &p->sample[item * group + k]);
			l->batch.id[l->batch.n_docs - 1] = (int64_t)item;
		}
	}
}

/* --- one step --- */

uint64_t tw_train_loop_seed(const struct tw_train_loop *l)
{
	return l->o->seed ? tw_hash64(&l->o->seed, sizeof(l->o->seed), l->job->seed) : l->job->seed;
}

size_t tw_train_loop_row(struct tw_train_loop *l, int64_t k)
{
	int64_t n = (int64_t)l->train.n_rows, epoch = k / n;
	if (epoch != l->epoch) {
		tw_shuffle(l->order, (size_t)n,
			   tw_hash64(&epoch, sizeof(epoch), tw_train_loop_seed(l)));
		l->epoch = epoch;
	}
	return l->order[k % n];
}

/* As many of the rows [*next, end) as the net takes at a time; advances *next. */
static void fill_batch(struct tw_train_loop *l, int64_t *next, int64_t end)
{
	tw_batch_clear(&l->batch);
	while (*next < end) {
		size_t row = tw_train_loop_row(l, *next);
		if (l->batch.T + l->train.row[row].tokens > l->batch.cap)
			break;
		tw_train_loop_add_row(l, &l->train, row);
		(*next)++;
	}
}

/* What is random in a pass follows from the step and the token's place in it. */
static void set_noise(struct tw_train_loop *l, int64_t token)
{
	const int64_t step = l->state.head->step;
	const uint64_t seed = tw_train_loop_seed(l);
	l->net.noise = (struct tw_noise){l->o->neftune_noise_alpha, seed, step};
	l->net.drop = (struct tw_dropout){
		.on = l->lora.dropout > 0, .seed = seed, .step = step, .token = token};
}

static void no_noise(struct tw_train_loop *l)
{
	l->net.noise = (struct tw_noise){0};
	l->net.drop = (struct tw_dropout){0};
}

/* Gradients of rows [from, end), in portions that fit into memory. `token`: how many of the step come before. */
static enum tw_status pass_rows(struct tw_train_loop *l, struct tw_sums *sums, int64_t from,
				int64_t end, int64_t token, float scale, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	while (st == TW_OK && from < end) {
		if (tw_stopping()) {
			st = tw_fail(err, TW_CANCELLED, "stopped");
			break;
		}
		fill_batch(l, &from, end);
		set_noise(l, token);
		l->objective->pass(sums, l, &l->train, scale);
		st = tw_net_check(&l->net, err);
		token += l->batch.T;
	}
	no_noise(l);
	return st;
}

enum tw_status tw_train_loop_gradient(struct tw_train_loop *l, struct tw_sums *sums,
				      struct tw_err *err)
{
	int64_t from = l->state.head->step * l->o->batch, end = from + l->o->batch;
	int64_t units = 0, token = 0;
	end = end < l->total_rows ? end : l->total_rows;
	const struct tw_block_of_rows mine =
		tw_ranks_block(from, end, tw_comm_rank(), tw_comm_size());
	for (int64_t k = from; k < end; k++) {
		size_t row = tw_train_loop_row(l, k);
		units += l->objective->units(&l->train, row);
		token += k < mine.from ? l->train.row[row].tokens : 0;
	}
	memset(l->lora.g, 0, l->lora.n * sizeof(*l->lora.g));
	enum tw_status st =
		pass_rows(l, sums, mine.from, mine.end, token, 1.0f / (float)units, err);
	return st == TW_OK ? tw_ranks_add(l, sums, err) : st;
}

/* The state is at rest meanwhile. */
static enum tw_status accumulate(struct tw_train_loop *l, struct step *out, struct tw_err *err)
{
	tw_rescue_open_window(l->rescue);
	enum tw_status st = tw_ranks_begin_step(l, err);
	if (st == TW_OK)
		st = tw_train_loop_gradient(l, &out->sums, err);
	tw_rescue_close_window(l->rescue);
	out->loss = out->sums.at[0] / out->sums.units;
	return st;
}

static enum tw_status check_finite(const struct tw_train_loop *l, const struct step *step,
				   struct tw_err *err)
{
	if (isfinite(step->loss) && isfinite(step->norm))
		return TW_OK;
	return tw_fail(
		err, TW_BAD_DATA,
		"step %lld: the loss is %g and its gradient %g, which nothing can be learnt "
		"from; set a lower training.learning_rate (now %g), or look whether the base "
		"model answers sensibly at all",
		(long long)l->state.head->step + 1, step->loss, step->norm, l->schedule.peak);
}

static enum tw_status train_step(struct tw_train_loop *l, struct step *out, struct tw_err *err)
{
	struct tw_state_head *head = l->state.head;
	const struct tw_train_options *o = l->o;
	double start = tw_monotonic_s();
	*out = (struct step){.lr = tw_schedule_lr(&l->schedule, head->step)};
	enum tw_status st = accumulate(l, out, err);
	if (st != TW_OK)
		return st;
	out->norm = tw_norm(&l->c, l->lora.g, l->lora.n);
	st = check_finite(l, out, err);
	if (st != TW_OK)
		return st;
	const struct tw_optim_options options = {o->beta1, o->beta2, o->eps, o->weight_decay};
	bool clip = o->max_grad_norm > 0 && out->norm > o->max_grad_norm;
	const struct tw_optim_step step = {
		.p = l->state.p,
		.g = l->lora.g,
		.scale = clip ? (float)(o->max_grad_norm / (out->norm + 1e-6)) : 1,
		.lr = out->lr,
		.step = head->step + 1,
		.o = &options};
	l->optim->step(&l->c, l->state.optim, &l->lora.params, &step);
	l->state.loss[head->step++] = out->loss;
	head->tokens += (int64_t)out->sums.tokens;
	out->seconds = tw_monotonic_s() - start;
	return TW_OK;
}

/* --- validation --- */

static bool evaluation_is_due(const struct tw_train_loop *l)
{
	const struct tw_state_head *h = l->state.head;
	if (l->valid.n_rows == 0 || h->evaluated == h->step)
		return false;
	return h->step == 0 || h->step == h->total_steps ||
	       (l->o->eval_every > 0 && h->step % l->o->eval_every == 0);
}

static enum tw_status measure(struct tw_sums *out, struct tw_train_loop *l,
			      const struct tw_objective *objective, const struct tw_pack *p,
			      struct tw_err *err)
{
	*out = (struct tw_sums){0};
	for (size_t row = 0; row < p->n_rows; row++) {
		if (tw_stopping())
			return tw_fail(err, TW_CANCELLED, "stopped");
		tw_batch_clear(&l->batch);
		tw_train_loop_add_row(l, p, row);
		tw_rescue_open_window(l->rescue);
		objective->pass(out, l, p, 0);
		tw_rescue_close_window(l->rescue);
		enum tw_status st = tw_net_check(&l->net, err);
		if (st != TW_OK)
			return st;
	}
	return TW_OK;
}

static enum tw_status check_valid(const struct tw_train_loop *l, double loss, struct tw_err *err)
{
	const struct tw_state_head *h = l->state.head;
	if (isfinite(loss))
		return TW_OK;
	if (h->step == 0)
		return tw_fail(err, TW_BAD_DATA,
			       "the base model's own loss is %g: its weights are damaged, or of a "
			       "kind that can't be trained",
			       loss);
	return tw_fail(err, TW_BAD_DATA,
		       "step %lld: the validation loss is %g; set a lower "
		       "training.learning_rate (now %g)",
		       (long long)h->step, loss, l->schedule.peak);
}

/* The best by `score` is kept; early stopping counts evaluations that brought nothing better. */
static void judge(struct tw_train_loop *l, double score, double loss)
{
	struct tw_state_head *h = l->state.head;
	if (h->best_step == 0 || score < h->best_score) {
		h->best_step = h->step;
		h->best_score = score;
		h->best_valid = loss;
		h->stale = 0;
		memcpy(l->state.best, l->state.p, l->lora.n * sizeof(*l->state.p));
		if (l->job->on_best)
			l->job->on_best(l->job->ctx, h->step);
	} else if (++h->stale == l->o->early_stopping_patience) {
		h->ended = 1;
		tw_info("step %lld: no better validation since step %lld, training ends "
			"(early_stopping_patience)",
			(long long)h->step, (long long)h->best_step);
	}
}

enum tw_status tw_train_loop_write(struct tw_train_loop *l, const char *path, const float *p,
				   struct tw_err *err)
{
	if (!l->lora.dora)
		return tw_adapter_write(path, &l->lora, p, l->w.arch, err);
	return tw_merge_lora(path, tw_llm_info(l->job->llm)->path, &l->lora, p, &l->c, err);
}

/* The adapter as it is, in a file for as long as the callee looks at it. */
static enum tw_status hand_over(struct tw_train_loop *l, struct tw_err *err)
{
	const struct tw_train_job *j = l->job;
	if (!j->on_adapter)
		return TW_OK;
	const struct tw_state_head *h = l->state.head;
	const char *path = tw_sprintf(&l->arena, "%s/%.16s.now.gguf", j->work_dir, h->job);
	enum tw_status st = tw_train_loop_write(l, path, l->state.p, err);
	tw_rescue_open_window(l->rescue);
	if (st == TW_OK)
		st = j->on_adapter(j->ctx, h->step, path, err);
	tw_rescue_close_window(l->rescue);
	enum tw_status removed = tw_remove_all(path, st == TW_OK ? err : NULL);
	return st == TW_OK ? removed : st;
}

bool tw_train_loop_judges(const struct tw_train_loop *l)
{
	return l->objective->group > 1 ? l->valid_pairs.n_rows > 0 : l->valid.n_rows > 0;
}

static enum tw_status evaluate(struct tw_train_loop *l, struct tw_err *err)
{
	struct tw_sums sft, pairs = {0};
	enum tw_status st = measure(&sft, l, &tw_objective_sft, &l->valid, err);
	if (st == TW_OK && l->valid_pairs.n_rows)
		st = measure(&pairs, l, l->objective, &l->valid_pairs, err);
	if (st != TW_OK)
		return st;
	double loss = sft.at[0] / sft.units, score = loss;
	if (pairs.units > 0)
		score = pairs.at[0] / pairs.units;
	st = check_valid(l, score + loss, err);
	if (st != TW_OK)
		return st;
	l->state.head->evaluated = l->state.head->step;
	l->state.head->last_valid = loss;
	if (l->state.head->step > 0 && tw_train_loop_judges(l))
		judge(l, score, loss);
	if (pairs.units > 0) {
		tell(l, "valid_preference_loss", score);
		tell(l, "valid_accuracy", pairs.at[TW_SUM_ACCURACY] / pairs.units);
	}
	tell(l, "valid_loss", loss);
	return hand_over(l, err);
}

/* --- the run --- */

static enum tw_status save(struct tw_train_loop *l, struct tw_err *err)
{
	l->saved_at = tw_monotonic_s();
	return tw_checkpoints_save(&l->state, l->job->work_dir, (int)l->o->save_total_limit, err);
}

static bool is_done(const struct tw_train_loop *l)
{
	return l->state.head->ended || l->state.head->step == l->state.head->total_steps;
}

static bool checkpoint_is_due(const struct tw_train_loop *l)
{
	return is_done(l) ||
	       (l->o->checkpoint_every > 0 && l->state.head->step % l->o->checkpoint_every == 0) ||
	       tw_monotonic_s() - l->saved_at > CHECKPOINT_SECONDS;
}

static double rate_of(const struct step *step)
{
	return step->sums.tokens / (step->seconds > 0 ? step->seconds : 1e-9);
}

/* Behind the bar: how it stands. */
static void note(const struct tw_train_loop *l, const struct step *step,
		 struct tw_progress *progress)
{
	const char *of = l->objective->group > 1 ? " of answers" : "";
	if (l->state.head->evaluated >= 0)
		tw_progress_note(progress, "loss %.3f  validation%s %.3f  %.0f tokens/s",
				 step->loss, of, l->state.head->last_valid, rate_of(step));
	else
		tw_progress_note(progress, "loss %.3f  %.0f tokens/s", step->loss, rate_of(step));
}

static void report(const struct tw_train_loop *l, const struct step *step,
		   struct tw_progress *progress)
{
	const char *const *names = l->objective->metrics;
	for (int i = 0; names[i]; i++)
		tell(l, names[i], step->sums.at[i] / step->sums.units);
	tell(l, "lr", step->lr);
	tell(l, "grad_norm", step->norm);
	tell(l, "tokens_per_s", rate_of(step));
	note(l, step, progress);
	tw_progress_add(progress, 1);
}

static enum tw_status advance(struct tw_train_loop *l, struct tw_progress *progress,
			      struct tw_err *err)
{
	struct step step;
	enum tw_status st = train_step(l, &step, err);
	if (st != TW_OK)
		return st;
	report(l, &step, progress);
	if (evaluation_is_due(l))
		st = evaluate(l, err);
	note(l, &step, progress);
	if (st == TW_OK && checkpoint_is_due(l))
		st = save(l, err);
	return st;
}

enum tw_status tw_train_loop_run(struct tw_train_loop *l, struct tw_err *err)
{
	struct tw_state_head *h = l->state.head;
	/* Of the steps that are left, so that the rate is that of this run. */
	struct tw_progress *progress = tw_progress_new("train", "steps", h->total_steps - h->step);
	enum tw_status st = TW_OK;
	l->saved_at = tw_monotonic_s();
	l->rescue = tw_rescue_new(l);
	if (evaluation_is_due(l)) /* at the start, and where a stop came before it */
		st = evaluate(l, err);
	while (st == TW_OK && !is_done(l))
		st = advance(l, progress, err);
	tw_progress_free(progress);
	/* After either the state is what the last step left. */
	if (st == TW_CANCELLED || tw_net_check(&l->net, NULL) != TW_OK) {
		struct tw_err why = TW_ERR_INIT;
		if (save(l, &why) == TW_OK)
			tw_rescue_tell(l->rescue);
		else
			tw_warn("%s", why.msg);
	}
	tw_rescue_free(l->rescue);
	return st;
}
