#include "training/sft_int.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/time.h"

#define CHECKPOINT_SECONDS 120

struct step {
	double loss, norm, lr, seconds;
	int64_t tokens;
};

static void tell(const struct tw_sft *s, const char *name, double value)
{
	if (s->job->on_metric)
		s->job->on_metric(s->job->ctx, name, s->state.head->step, value);
}

static void add_row(struct tw_sft *s, const struct tw_pack *p, size_t row)
{
	for (size_t i = 0; i < p->row[row].n; i++)
		tw_batch_add(&s->batch, &p->sample[p->order[p->row[row].first + i]]);
}

/* --- one step --- */

/* Row number k of the whole training: each epoch passes all rows in an order of its own. */
static size_t row_at(struct tw_sft *s, int64_t k)
{
	int64_t n = (int64_t)s->train.n_rows, epoch = k / n;
	if (epoch != s->epoch) {
		tw_shuffle(s->order, (size_t)n, tw_hash64(&epoch, sizeof(epoch), s->job->seed));
		s->epoch = epoch;
	}
	return s->order[k % n];
}

static int row_loss_tokens(const struct tw_pack *p, size_t row)
{
	int n = 0;
	for (size_t i = 0; i < p->row[row].n; i++)
		n += tw_sample_loss_tokens(&p->sample[p->order[p->row[row].first + i]]);
	return n;
}

/* As many of the rows [*next, end) as the net takes at a time; advances *next. */
static void fill_batch(struct tw_sft *s, int64_t *next, int64_t end)
{
	tw_batch_clear(&s->batch);
	while (*next < end) {
		size_t row = row_at(s, *next);
		if (s->batch.T + s->train.row[row].tokens > s->batch.cap)
			break;
		add_row(s, &s->train, row);
		(*next)++;
	}
}

/* Gradients of all rows of the step, in portions that fit into memory. */
static enum tw_status accumulate(struct tw_sft *s, struct step *out, struct tw_err *err)
{
	int64_t from = s->state.head->step * s->o->batch, end = from + s->o->batch;
	int64_t n_loss = 0;
	double sum = 0;
	end = end < s->total_rows ? end : s->total_rows;
	for (int64_t k = from; k < end; k++)
		n_loss += row_loss_tokens(&s->train, row_at(s, k));
	memset(s->lora.g, 0, s->lora.n * sizeof(*s->lora.g));
	while (from < end) {
		if (tw_stopping())
			return tw_fail(err, TW_CANCELLED, "stopped");
		fill_batch(s, &from, end);
		sum += tw_net_train(&s->net, &s->batch, 1.0f / (float)n_loss);
		out->tokens += s->batch.T;
	}
	out->loss = sum / (double)n_loss;
	return TW_OK;
}

static enum tw_status check_finite(const struct tw_sft *s, const struct step *step,
				   struct tw_err *err)
{
	if (isfinite(step->loss) && isfinite(step->norm))
		return TW_OK;
	return tw_fail(
		err, TW_BAD_DATA,
		"step %lld: the loss is %g and its gradient %g, which nothing can be learnt "
		"from; set a lower training.learning_rate (now %g), or look whether the base "
		"model answers sensibly at all",
		(long long)s->state.head->step + 1, step->loss, step->norm, s->o->learning_rate);
}

static enum tw_status train_step(struct tw_sft *s, struct step *out, struct tw_err *err)
{
	struct tw_state_head *head = s->state.head;
	const struct tw_sft_options *o = s->o;
	double start = tw_monotonic_s();
	*out = (struct step){.lr = tw_schedule_lr(&s->schedule, head->step)};
	enum tw_status st = accumulate(s, out, err);
	if (st != TW_OK)
		return st;
	out->norm = tw_norm(&s->c, s->lora.g, s->lora.n);
	st = check_finite(s, out, err);
	if (st != TW_OK)
		return st;
	const struct tw_adamw adam = {out->lr, o->beta1, o->beta2, o->eps, o->weight_decay};
	bool clip = o->max_grad_norm > 0 && out->norm > o->max_grad_norm;
	float scale = clip ? (float)(o->max_grad_norm / (out->norm + 1e-6)) : 1;
	tw_adamw_step(&s->c, s->state.p, s->state.m, s->state.v, s->lora.g, s->lora.n, scale,
		      head->step + 1, &adam);
	s->state.loss[head->step++] = out->loss;
	head->tokens += out->tokens;
	out->seconds = tw_monotonic_s() - start;
	return TW_OK;
}

/* --- validation --- */

static bool evaluation_is_due(const struct tw_sft *s)
{
	const struct tw_state_head *h = s->state.head;
	if (s->valid.n_rows == 0 || h->evaluated == h->step)
		return false;
	return h->step == 0 || h->step == h->total_steps ||
	       (s->o->eval_every > 0 && h->step % s->o->eval_every == 0);
}

static enum tw_status evaluate(struct tw_sft *s, struct tw_err *err)
{
	struct tw_state_head *h = s->state.head;
	double sum = 0;
	int64_t n = 0;
	for (size_t row = 0; row < s->valid.n_rows; row++) {
		if (tw_stopping())
			return tw_fail(err, TW_CANCELLED, "stopped");
		tw_batch_clear(&s->batch);
		add_row(s, &s->valid, row);
		sum += tw_net_loss(&s->net, &s->batch);
		n += s->batch.n_loss;
	}
	double loss = sum / (double)n;
	if (!isfinite(loss) && h->step == 0)
		return tw_fail(err, TW_BAD_DATA,
			       "the base model's own loss is %g: its weights are damaged, or of a "
			       "kind that can't be trained",
			       loss);
	if (!isfinite(loss))
		return tw_fail(err, TW_BAD_DATA,
			       "step %lld: the validation loss is %g; set a lower "
			       "training.learning_rate (now %g)",
			       (long long)h->step, loss, s->o->learning_rate);
	h->evaluated = h->step;
	if (h->step > 0 && (h->best_step == 0 || loss < h->best_valid)) {
		h->best_step = h->step;
		h->best_valid = loss;
		memcpy(s->state.best, s->state.p, s->lora.n * sizeof(*s->state.p));
	}
	tell(s, "valid_loss", loss);
	return TW_OK;
}

/* --- the run --- */

static enum tw_status save(struct tw_sft *s, struct tw_err *err)
{
	enum tw_status st = tw_state_save(&s->state, s->checkpoint, err);
	s->saved_at = tw_monotonic_s();
	return st;
}

static bool checkpoint_is_due(const struct tw_sft *s)
{
	const struct tw_state_head *h = s->state.head;
	return h->step == h->total_steps ||
	       (s->o->checkpoint_every > 0 && h->step % s->o->checkpoint_every == 0) ||
	       tw_monotonic_s() - s->saved_at > CHECKPOINT_SECONDS;
}

static void report(const struct tw_sft *s, const struct step *step, struct tw_progress *progress)
{
	double rate = (double)step->tokens / (step->seconds > 0 ? step->seconds : 1e-9);
	tell(s, "loss", step->loss);
	tell(s, "lr", step->lr);
	tell(s, "grad_norm", step->norm);
	tell(s, "tokens_per_s", rate);
	tw_progress_note(progress, "loss %.3f  %.0f tokens/s", step->loss, rate);
	tw_progress_add(progress, 1);
}

static enum tw_status advance(struct tw_sft *s, struct tw_progress *progress, struct tw_err *err)
{
	struct step step;
	enum tw_status st = train_step(s, &step, err);
	if (st != TW_OK)
		return st;
	report(s, &step, progress);
	if (evaluation_is_due(s))
		st = evaluate(s, err);
	if (st == TW_OK && checkpoint_is_due(s))
		st = save(s, err);
	return st;
}

enum tw_status tw_sft_run(struct tw_sft *s, struct tw_err *err)
{
	struct tw_state_head *h = s->state.head;
	/* Of the steps that are left, so that the rate is that of this run. */
	struct tw_progress *progress = tw_progress_new("train", "steps", h->total_steps - h->step);
	enum tw_status st = TW_OK;
	s->saved_at = tw_monotonic_s();
	if (evaluation_is_due(s)) /* at the start, and where a stop came before it */
		st = evaluate(s, err);
	while (st == TW_OK && h->step < h->total_steps)
		st = advance(s, progress, err);
	tw_progress_free(progress);
	if (st == TW_CANCELLED) {
		struct tw_err why = TW_ERR_INIT;
		if (tw_state_save(&s->state, s->checkpoint, &why) != TW_OK)
			tw_warn("%s", why.msg);
	}
	return st;
}
