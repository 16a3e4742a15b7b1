/* Supervised fine-tuning: the mean of -log p over the tokens that carry loss, in a step's rows together. */
#include "trainer/train_loop_int.h"

static int units(const struct tw_pack *p, size_t row)
{
	int n = 0;
	for (size_t i = 0; i < p->row[row].n; i++)
		n += tw_sample_loss_tokens(&p->sample[p->order[p->row[row].first + i]]);
	return n;
}

/* Smoothing is for learning: a validation's loss stays what it means. */
static void pass(struct tw_sums *sums, struct tw_train_loop *l, const struct tw_pack *p,
		 float scale)
{
	(void)p;
	const struct tw_head head = {.scale = scale,
				     .smoothing = scale != 0 ? l->o->label_smoothing : 0};
	sums->at[0] += tw_net_pass(&l->net, &l->batch, &head);
	sums->units += l->batch.n_loss;
	sums->tokens += l->batch.T;
}

static const char *const metrics[] = {"loss", NULL};

const struct tw_objective tw_objective_sft = {
	.name = "sft",
	.group = 1,
	.learning_rate = 5e-4,
	.metrics = metrics,
	.units = units,
	.pass = pass,
};
