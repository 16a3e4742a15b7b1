/*
 * Learning which of two answers is better. A pass goes forward once for all its pairs, sums the log-probabilities of
 * their answers, and goes back with the loss's derivatives (preference_int.h) as weights of the targets.
 */
#include <string.h>

#include "trainer/preference_int.h"
#include "trainer/reference_int.h"
#include "trainer/train_loop_int.h"

static struct tw_preference preference_of(const struct tw_train_loop *l)
{
	const struct tw_train_options *o = l->o;
	struct tw_preference p = {.length_normalized = o->length_normalized,
				  .beta = o->beta > 0 ? o->beta : l->objective->beta,
				  .smoothing = o->label_smoothing,
				  .gamma = o->simpo_gamma,
				  .rpo_alpha = o->rpo_alpha};
	if (l->objective == &tw_objective_orpo)
		p.kind = TW_PREFERENCE_ORPO;
	else if (l->objective == &tw_objective_simpo)
		p.kind = TW_PREFERENCE_SIMPO;
	else if (strcmp(o->loss_type, "hinge") == 0)
		p.kind = TW_PREFERENCE_HINGE;
	else if (strcmp(o->loss_type, "ipo") == 0)
		p.kind = TW_PREFERENCE_IPO;
	return p;
}

static int units(const struct tw_pack *p, size_t row)
{
	return (int)p->row[row].n;
}

/* Documents 2 i and 2 i + 1 of the batch. */
static struct tw_pair pair_at(const struct tw_train_loop *l, const struct tw_pack *p, int i)
{
	const struct tw_batch *b = &l->batch;
	struct tw_pair pair = {0};
	for (int k = 0; k < 2; k++) {
		const int32_t *span = b->doc_loss + 2 * i + k;
		for (int t = span[0]; t < span[1]; t++)
			pair.logp[k] += l->logp[t];
		pair.n[k] = span[1] - span[0];
		if (p->reference)
			pair.ref[k] = p->reference[2 * b->id[2 * i] + k];
	}
	return pair;
}

static void add(struct tw_sums *sums, const struct tw_pair *pair, const struct tw_pair_loss *loss)
{
	const double of_pair[TW_SUMS] = {loss->loss,
					 loss->reward[0],
					 loss->reward[1],
					 loss->reward[0] > loss->reward[1],
					 loss->reward[0] - loss->reward[1],
					 pair->logp[0],
					 pair->logp[1]};
	sums->units += 1;
	for (int i = 0; i < TW_SUMS; i++)
		sums->at[i] += of_pair[i];
}

/* A target's loss is -log p, so it weighs minus the derivative by log p. */
static void weigh(struct tw_train_loop *l, int i, const struct tw_pair_loss *loss)
{
	for (int k = 0; k < 2; k++)
		for (int t = l->batch.doc_loss[2 * i + k]; t < l->batch.doc_loss[2 * i + k + 1];
		     t++)
			l->weight[t] = (float)-loss->dlogp[k];
}

static void pass(struct tw_sums *sums, struct tw_train_loop *l, const struct tw_pack *p,
		 float scale)
{
	const struct tw_preference preference = preference_of(l);
	tw_net_logps(&l->net, &l->batch, l->logp);
	for (int i = 0; i < l->batch.n_docs / 2; i++) {
		struct tw_pair pair = pair_at(l, p, i);
		struct tw_pair_loss loss = tw_preference_loss(&preference, &pair);
		add(sums, &pair, &loss);
		weigh(l, i, &loss);
	}
	sums->tokens += l->batch.T;
	if (scale != 0)
		tw_net_learn(&l->net, &l->batch,
			     &(struct tw_head){.scale = scale, .weight = l->weight});
}

/* --- the methods --- */

/* As TRL calls them; the accuracy is TW_SUM_ACCURACY. */
static const char *const metrics[] = {"loss",
				      "rewards/chosen",
				      "rewards/rejected",
				      "rewards/accuracies",
				      "rewards/margins",
				      "logps/chosen",
				      "logps/rejected",
				      NULL};

/* Rates: those of TRL's scripts for LoRA. */
const struct tw_objective tw_objective_dpo = {
	.name = "dpo",
	.group = 2,
	.learning_rate = 5e-6,
	.beta = 0.1,
	.metrics = metrics,
	.prepare = tw_reference_prepare,
	.units = units,
	.pass = pass,
};

const struct tw_objective tw_objective_orpo = {
	.name = "orpo",
	.group = 2,
	.learning_rate = 8e-5,
	.beta = 0.1,
	.metrics = metrics,
	.units = units,
	.pass = pass,
};

const struct tw_objective tw_objective_simpo = {
	.name = "simpo",
	.group = 2,
	.learning_rate = 8e-5,
	.beta = 2,
	.metrics = metrics,
	.units = units,
	.pass = pass,
};
