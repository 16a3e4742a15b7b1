/* LoRA fine-tuning in this process: the contract of core/trainer.h. */
#include <math.h>
#include <stdio.h>

#include "training/adapter_int.h"
#include "training/sft_int.h"
#include "training/training.h"

#define AT(member) offsetof(struct tw_sft_options, member)

static const struct tw_opt opts[] = {
	{"epochs", TW_OPT_REAL, AT(epochs), .def = "1", .min = 0.001, .max = 1000,
	 .help = "passes over the training examples"},
	{"max_steps", TW_OPT_INT, AT(max_steps), .def = "0", .min = 0, .max = 1e9,
	 .help = "caps the steps, and ends the schedule there; 0: no cap"},
	{"batch", TW_OPT_INT, AT(batch), .def = "1", .min = 1, .max = 4096,
	 .help = "rows of a step; a row holds as many examples as fit"},
	{"sequence", TW_OPT_INT, AT(sequence), .def = "512", .min = 16, .max = 65536,
	 .help = "tokens of a row; longer examples are cut"},
	{"rank", TW_OPT_INT, AT(rank), .def = "16", .min = 1, .max = 512,
	 .help = "rank of the adapter's matrices"},
	{"alpha", TW_OPT_REAL, AT(alpha), .def = "32", .min = 1e-6, .max = 1e6,
	 .help = "the adapter is scaled by alpha / rank"},
	{"targets", TW_OPT_LIST, AT(targets),
	 .def = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj",
	 .help = "matrices that get an adapter"},
	{"learning_rate", TW_OPT_REAL, AT(learning_rate), .def = "5e-4", .min = 1e-12, .max = 10,
	 .help = "at its highest"},
	{"schedule", TW_OPT_STRING, AT(schedule), .def = "linear",
	 .choices = "linear|cosine|constant", .help = "of the learning rate after the warmup"},
	{"warmup", TW_OPT_REAL, AT(warmup), .def = "0.05", .min = 0, .max = 1,
	 .help = "share of the steps in which the learning rate rises"},
	{"weight_decay", TW_OPT_REAL, AT(weight_decay), .def = "0.01", .min = 0, .max = 10,
	 .help = "AdamW"},
	{"beta1", TW_OPT_REAL, AT(beta1), .def = "0.9", .min = 0, .max = 0.999999, .help = "AdamW"},
	{"beta2", TW_OPT_REAL, AT(beta2), .def = "0.999", .min = 0, .max = 0.999999999,
	 .help = "AdamW"},
	{"eps", TW_OPT_REAL, AT(eps), .def = "1e-8", .min = 1e-20, .max = 1, .help = "AdamW"},
	{"max_grad_norm", TW_OPT_REAL, AT(max_grad_norm), .def = "1", .min = 0, .max = 1e9,
	 .help = "longer gradients are scaled down to this; 0: never"},
	{"eval_every", TW_OPT_INT, AT(eval_every), .def = "20", .min = 0, .max = 1e9,
	 .help = "steps from a validation to the next, the best is kept; 0: at the end only"},
	{"max_valid", TW_OPT_INT, AT(max_valid), .def = "4", .min = 1, .max = 1e6,
	 .help = "rows of the validation split that are looked at"},
	{"checkpoint_every", TW_OPT_INT, AT(checkpoint_every), .def = "50", .min = 0, .max = 1e9,
	 .help = "steps; one is also written every two minutes", .flags = TW_OPT_NOT_IDENTITY},
	{0},
};

static double last_losses(const struct tw_state *s)
{
	int64_t n = s->head->total_steps / 10 > 0 ? s->head->total_steps / 10 : 1;
	double sum = 0;
	for (int64_t i = s->head->total_steps - n; i < s->head->total_steps; i++)
		sum += s->loss[i];
	return sum / (double)n;
}

static enum tw_status finish(struct tw_train_result *out, struct tw_sft *s, struct tw_err *err)
{
	const struct tw_state_head *h = s->state.head;
	bool has_best = h->best_step > 0;
	snprintf(out->adapter_path, sizeof(out->adapter_path), "%s/%.16s.adapter.gguf",
		 s->job->work_dir, h->job);
	out->steps = h->step;
	out->tokens = h->tokens;
	out->trainable = (int64_t)s->lora.n;
	out->train_loss = last_losses(&s->state);
	out->valid_loss = has_best ? h->best_valid : NAN;
	return tw_adapter_write(out->adapter_path, &s->lora, has_best ? s->state.best : s->state.p,
				s->w.arch, err);
}

static enum tw_status train(struct tw_train_result *out, void *ctx, const struct tw_train_job *job,
			    struct tw_err *err)
{
	struct tw_sft s;
	*out = (struct tw_train_result){.valid_loss = NAN};
	enum tw_status st = tw_sft_init(&s, ctx, job, err);
	if (st != TW_OK)
		return st;
	out->resumed_from = s.state.head->step;
	st = tw_sft_run(&s, err);
	if (st == TW_OK)
		st = finish(out, &s, err);
	tw_sft_release(&s);
	return st;
}

const char *tw_training_kernels(void)
{
	return tw_gemm_best()->name;
}

const struct tw_trainer_type tw_trainer_native = {
	.name = "native",
	.help = "LoRA in this process, on GGUFs of the Llama and Qwen families",
	.opts = opts,
	.ctx_size = sizeof(struct tw_sft_options),
	.code_version = 1,
	.train = train,
};
