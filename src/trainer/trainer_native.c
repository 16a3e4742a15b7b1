/* LoRA fine-tuning in this process: the contract of core/trainer.h. */
#include <math.h>
#include <stdio.h>

#include "base/str.h"
#include "trainer/ranks_int.h"
#include "trainer/train_loop_int.h"
#include "trainer/trainers.h"

#define AT(member) offsetof(struct tw_train_options, member)

static const struct tw_opt opts[] = {
	{"method", TW_OPT_STRING, AT(method), .def = "sft", .choices = "sft|dpo|orpo|simpo",
	 .help = "sft: answers as they are; the others: answers that are better than others"},
	{"epochs", TW_OPT_REAL, AT(epochs), .def = "1", .min = 0.001, .max = 1000,
	 .help = "passes over the training examples"},
	{"max_steps", TW_OPT_INT, AT(max_steps), .def = "0", .min = 0, .max = 1e9,
	 .help = "caps the steps, and ends the schedule there; 0: no cap"},
	{"batch", TW_OPT_INT, AT(batch), .def = "1", .min = 1, .max = 4096,
	 .help = "rows of a step, a row holds as many examples as fit; they pass in portions that "
		 "fit into memory, so there are no gradient accumulation steps to set"},
	{"sequence", TW_OPT_INT, AT(sequence), .def = "512", .min = 16, .max = 65536,
	 .help = "tokens of a row, of a pair's each answer; longer examples are cut"},
	{"loss_on", TW_OPT_STRING, AT(loss_on), .def = "assistant", .choices = "assistant|last|all",
	 .help = "what is learnt of a conversation: all answers, the last one, every token"},
	{"rank", TW_OPT_INT, AT(rank), .def = "16", .min = 1, .max = 512,
	 .help = "rank of the adapter's matrices"},
	{"alpha", TW_OPT_REAL, AT(alpha), .def = "32", .min = 1e-6, .max = 1e6,
	 .help = "the adapter is scaled by alpha / rank"},
	{"use_rslora", TW_OPT_BOOL, AT(use_rslora), .def = "false",
	 .help = "scale by alpha / sqrt(rank) instead"},
	{"use_dora", TW_OPT_BOOL, AT(use_dora), .def = "false",
	 .help = "also learns how long each row of a matrix is (DoRA): takes longer, and each version is a "
		 "whole model, not an adapter"},
	{"lora_dropout", TW_OPT_REAL, AT(lora_dropout), .def = "0", .min = 0, .max = 0.99,
	 .help = "share of the adapter's inputs that a step leaves out"},
	{"gradient_checkpointing", TW_OPT_BOOL, AT(gradient_checkpointing), .def = "false",
	 .help = "computes a block again on the way back instead of keeping it: a fraction of the "
		 "memory, about a third more time",
	 .flags = TW_OPT_NOT_IDENTITY},
	{"max_memory", TW_OPT_SIZE, AT(max_memory), .def = "0",
	 .help = "what training may take in all, \"2GiB\": fewer rows pass at a time, then blocks are computed "
		 "again; 0: about 1 GB with the default model",
	 .flags = TW_OPT_NOT_IDENTITY},
	{"precision", TW_OPT_STRING, AT(precision), .def = "float32",
	 .choices = "float32|int16|int8",
	 .help = "of the products with the frozen weights, and of attention's scores; int16: whole numbers in blocks with a scale each, "
		 "1.2 to 1.5 times as fast for four more bytes a weight; int8: with 8 bits on the way back, "
		 "faster again, for three"},
	{"device", TW_OPT_STRING, AT(device), .def = "cpu", .choices = "cpu|cuda",
	 .help = "cuda: on an NVIDIA GPU, with the weights as float32 in its memory; never yet run on a "
		 "real one",
	 .flags = TW_OPT_NOT_IDENTITY},
	{"targets", TW_OPT_LIST, AT(targets),
	 .def = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj",
	 .help = "matrices that get an adapter, by the names that PEFT has for them; all-linear: every one"},
	{"layers_to_transform", TW_OPT_LIST, AT(layers_to_transform),
	 .help = "numbers of the layers that get an adapter, from 0; none: all"},
	{"learning_rate", TW_OPT_REAL, AT(learning_rate), .def = "0", .min = 0, .max = 10,
	 .help = "at its highest; 0: the method's own: sft 5e-4, dpo 5e-6, orpo and simpo 8e-5"},
	{"schedule", TW_OPT_STRING, AT(schedule), .def = "linear",
	 .choices = "linear|cosine|constant|wsd",
	 .help = "of the learning rate after the warmup; wsd: it falls at the end alone"},
	{"warmup", TW_OPT_REAL, AT(warmup), .def = "0.05", .min = 0, .max = 1,
	 .help = "share of the steps in which the learning rate rises"},
	{"decay", TW_OPT_REAL, AT(decay), .def = "0.2", .min = 0, .max = 1,
	 .help = "wsd: share of the steps in which the learning rate falls"},
	{"min_lr_rate", TW_OPT_REAL, AT(min_lr_rate), .def = "0", .min = 0, .max = 1,
	 .help = "share of the learning rate that it falls to"},
	{"loraplus_lr_ratio", TW_OPT_REAL, AT(loraplus_lr_ratio), .def = "1", .min = 1e-3,
	 .max = 1e4, .help = "learning rate of B over that of A (LoRA+: 16)"},
	{"optim", TW_OPT_STRING, AT(optim), .def = "adamw", .choices = "adamw|adamw_8bit|adafactor",
	 .help = "optimiser; the later ones remember less between steps"},
	{"weight_decay", TW_OPT_REAL, AT(weight_decay), .def = "0.01", .min = 0, .max = 10,
	 .help = "share of the parameters, times the learning rate, that each step takes away"},
	{"beta1", TW_OPT_REAL, AT(beta1), .def = "0.9", .min = 0, .max = 0.999999, .help = "AdamW"},
	{"beta2", TW_OPT_REAL, AT(beta2), .def = "0.999", .min = 0, .max = 0.999999999,
	 .help = "AdamW"},
	{"eps", TW_OPT_REAL, AT(eps), .def = "1e-8", .min = 1e-20, .max = 1, .help = "AdamW"},
	{"max_grad_norm", TW_OPT_REAL, AT(max_grad_norm), .def = "1", .min = 0, .max = 1e9,
	 .help = "longer gradients are scaled down to this; 0: never"},
	{"label_smoothing", TW_OPT_REAL, AT(label_smoothing), .def = "0", .min = 0, .max = 0.99,
	 .help = "sft: share of each target that is spread over the vocabulary; dpo, simpo: share of "
		 "pairs that are taken to be the wrong way round"},
	{"neftune_noise_alpha", TW_OPT_REAL, AT(neftune_noise_alpha), .def = "0", .min = 0,
	 .max = 1000, .help = "noise on embeddings while training (NEFTune: 5 to 15); 0: none"},
	{"beta", TW_OPT_REAL, AT(beta), .def = "0", .min = 0, .max = 100,
	 .help = "weight of preferences; 0: the method's own: dpo and orpo 0.1, simpo 2"},
	{"loss_type", TW_OPT_STRING, AT(loss_type), .def = "sigmoid",
	 .choices = "sigmoid|hinge|ipo", .help = "of dpo"},
	{"reference", TW_OPT_STRING, AT(reference), .def = "start", .choices = "start|base",
	 .help = "dpo: what is not to be left far behind: what training starts from, or the base"},
	{"length_normalized", TW_OPT_BOOL, AT(length_normalized), .def = "false",
	 .help = "dpo: by the mean over an answer's tokens, not their sum"},
	{"rpo_alpha", TW_OPT_REAL, AT(rpo_alpha), .def = "0", .min = 0, .max = 1000,
	 .help = "dpo: weight of an sft loss on the better answers"},
	{"simpo_gamma", TW_OPT_REAL, AT(simpo_gamma), .def = "0.5", .min = 0, .max = 100,
	 .help = "simpo: by how much better answers should be ahead"},
	{"eval_every", TW_OPT_INT, AT(eval_every), .def = "20", .min = 0, .max = 1e9,
	 .help = "steps from a validation to the next, the best is kept; 0: at the end only"},
	{"max_valid", TW_OPT_INT, AT(max_valid), .def = "4", .min = 1, .max = 1e6,
	 .help = "rows of the validation split that are looked at"},
	{"seed", TW_OPT_INT, AT(seed), .def = "0", .min = 0, .max = 9e15,
	 .help = "another one: another order of the examples, other first values and masks. With one seed, and "
		 "the same examples, settings can be compared"},
	{"early_stopping_patience", TW_OPT_INT, AT(early_stopping_patience), .def = "0", .min = 0,
	 .max = 1e9,
	 .help = "ends after so many validations that brought nothing better; 0: never"},
	{"checkpoint_every", TW_OPT_INT, AT(checkpoint_every), .def = "50", .min = 0, .max = 1e9,
	 .help = "steps; one is also written every two minutes", .flags = TW_OPT_NOT_IDENTITY},
	{"save_total_limit", TW_OPT_INT, AT(save_total_limit), .def = "2", .min = 1, .max = 1000,
	 .help = "checkpoints that are kept; the one before helps when the last is damaged",
	 .flags = TW_OPT_NOT_IDENTITY},
	{0},
};

static enum tw_status check(const void *ctx, struct tw_err *err)
{
	return tw_train_options_check(ctx, opts, err);
}

static double last_losses(const struct tw_state *s)
{
	int64_t steps = s->head->step, n = steps / 10 > 0 ? steps / 10 : 1;
	double sum = 0;
	for (int64_t i = steps - n; i < steps; i++)
		sum += s->loss[i];
	return sum / (double)n;
}

static enum tw_status finish(struct tw_train_result *out, struct tw_train_loop *l,
			     struct tw_err *err)
{
	const struct tw_state_head *h = l->state.head;
	bool has_best = h->best_step > 0;
	snprintf(out->adapter_path, sizeof(out->adapter_path), "%s/%.16s.%s.gguf", l->job->work_dir,
		 h->job, l->lora.dora ? "model" : "adapter");
	out->steps = h->step;
	out->tokens = h->tokens;
	out->trainable = (int64_t)l->lora.n;
	out->train_loss = last_losses(&l->state);
	out->kept_step = has_best ? h->best_step : h->step;
	out->valid_loss = has_best ? h->best_valid : h->evaluated == h->step ? h->last_valid : NAN;
	return tw_train_loop_write(l, out->adapter_path, has_best ? l->state.best : l->state.p,
				   err);
}

static enum tw_status train(struct tw_train_result *out, void *ctx, const struct tw_train_job *job,
			    struct tw_err *err)
{
	struct tw_train_loop l;
	*out = (struct tw_train_result){.valid_loss = NAN};
	enum tw_status st = tw_train_loop_init(&l, ctx, job, err);
	if (st != TW_OK)
		return st;
	out->resumed_from = l.state.head->step;
	st = tw_train_loop_run(&l, err);
	tw_ranks_dismiss(st);
	if (st == TW_OK)
		st = finish(out, &l, err);
	tw_train_loop_release(&l);
	return st;
}

const char *tw_training_gpu(struct tw_arena *a)
{
	struct tw_err err = TW_ERR_INIT;
	const struct tw_device *d = tw_device_cuda(&err);
	return d ? d->name : tw_sprintf(a, "none: %s", err.msg);
}

const char *tw_training_kernels(void)
{
	return tw_gemm_best()->name;
}

const struct tw_trainer_type tw_trainer_native = {
	.name = "native",
	.help = "LoRA in this process, on GGUFs of the Llama, Qwen, Gemma, Phi, Granite and OLMo kinds",
	.opts = opts,
	.ctx_size = sizeof(struct tw_train_options),
	.code_version = 6,
	.check = check,
	.train = train,
};
