/*
 * The whole pass on a GPU: on a stand-in for CUDA (tests/standin/, which runs the same kernels on the CPU and is no GPU), and on
 * a GPU where there is one. Losses, log-probabilities and gradients are compared with the CPU's.
 *
 * What was loaded stays loaded and what failed stays failed, so each test starts this program again, with LD_LIBRARY_PATH
 * and the stand-in's variables set and the name of a scenario, and reads what it said and what was called.
 */
#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/architectures.h"
#include "support/train_rig.h"
#include "base/fs.h"
#include "net/device_cuda_int.h"
#include "net/pass_int.h"
#include "net/qnet.h"

/* Both sum float32 numbers, in another order, and the CPU merges adapters with weights where the GPU doesn't. Seen on the
 * stand-in: at most 7e-8 of the loss, 9e-6 of log p, and of the largest gradient 2.4e-5 in models of 46 and 64 blocks, 3e-6 in
 * the others. */
#define LOSS	 1e-6
#define LOGP	 3e-5
#define GRADIENT 1e-4

enum { TOKENS = 64 };

/* --- scenarios: what runs in the program that was started again --- */

static const struct tw_device *cuda(void)
{
	struct tw_err err = TW_ERR_INIT;
	const struct tw_device *d = tw_device_cuda(&err);
	if (!d)
		fail_msg("cannot be used: %s", err.msg);
	return d;
}

static void remake(struct rig *r, const struct tw_device *d, bool recompute)
{
	tw_net_release(&r->net);
	r->c.device = d;
	const struct tw_net_size size = {.cap = TOKENS, .longest = TOKENS, .recompute = recompute};
	assert_ok(tw_net_init(&r->net, &r->w, &r->lora, &r->c, &size, &r->err), &r->err);
}

/* What a pass gives. */
struct given {
	double loss, logp[TOKENS];
	float *g;
};

/* What may differ from a plain pass. */
struct asked {
	struct tw_head head;
	struct tw_noise noise;
	struct tw_dropout drop;
	bool recompute;
};

static struct given pass(struct rig *r, const struct tw_device *d, const struct asked *asked)
{
	struct given given = {.g = tw_xcalloc(r->lora.n, sizeof(float))};
	struct tw_head head = asked->head;
	remake(r, d, asked->recompute);
	head.scale = head.scale != 0 ? head.scale : 0.7f;
	head.logp = given.logp;
	r->net.noise = asked->noise;
	r->net.drop = asked->drop;
	for (size_t i = 0; i < r->lora.n; i++)
		r->lora.g[i] = 0.25f; /* it is added to */
	given.loss = tw_net_pass(&r->net, &r->batch, &head);
	assert_ok(tw_net_check(&r->net, &r->err), &r->err);
	for (size_t i = 0; i < r->lora.n; i++)
		given.g[i] = r->lora.g[i] - 0.25f;
	return given;
}

static double compare(struct rig *r, const char *name, const struct asked *asked)
{
	struct given cpu = pass(r, NULL, asked), gpu = pass(r, cuda(), asked);
	double loss = fabs(gpu.loss - cpu.loss) / fabs(cpu.loss);
	double gradient = worst_relative(gpu.g, cpu.g, r->lora.n);
	double logp = 0;
	for (int i = 0; i < r->batch.n_loss; i++)
		logp = fmax(logp, fabs(gpu.logp[i] - cpu.logp[i]));
	printf("%s: the loss differs by %.1e of itself, log p by %.1e, gradients by %.1e of the largest\n",
	       name, loss, logp, gradient);
	assert_true(loss < LOSS && logp < LOGP && gradient < GRADIENT);
	free(cpu.g);
	free(gpu.g);
	return gradient;
}

static void open_model(struct rig *r, int i)
{
	const struct test_model *m = &test_models[i];
	struct tiny_gguf spec = m->spec;
	spec.seed = (uint64_t)i + 1;
	rig_tiny(r, &spec, 3, TOKENS, 1);
	if (m->context)
		tw_weights_set_context(&r->w, m->context);
	rig_two_documents(r);
}

static void every_model(void **state)
{
	(void)state;
	for (int i = 0; i < test_model_count; i++) {
		struct rig r;
		open_model(&r, i);
		compare(&r, test_models[i].name, &(struct asked){.recompute = i % 2});
		rig_close(&r);
	}
}

/* Some of all kinds of steps. */
static void some_models(void **state)
{
	static const char *const names[] = {"llama",	  "mistral3", "gemma2", "gemma3",
					    "phi3, long", "granite",  "olmo2",	"glm4"};
	int found = 0;
	(void)state;
	for (int i = 0; i < test_model_count; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			if (strcmp(test_models[i].name, names[k]) == 0) {
				struct rig r;
				open_model(&r, i);
				compare(&r, names[k], &(struct asked){.recompute = false});
				rig_close(&r);
				found++;
			}
	assert_int_equal(found, 8);
}

static void every_option(void **state)
{
	float weight[TOKENS];
	struct rig r;
	(void)state;
	for (int i = 0; i < TOKENS; i++)
		weight[i] = (float)(i % 5) - 1.5f; /* some are negative, as DPO has them */
	weight[3] = 0;
	const struct asked smooth = {.head = {.smoothing = 0.1}};
	const struct asked weights = {.head = {.weight = weight, .scale = 0.3f}};
	const struct asked both = {.head = {.weight = weight, .smoothing = 0.2}};
	const struct asked noise = {.noise = {5, 3, 7}};
	const struct asked drop = {.drop = {true, 5, 7, 11}, .recompute = true};
	for (int gemma = 0; gemma < 2; gemma++) {
		const struct tiny_gguf spec = {.arch = gemma ? "gemma2" : "llama"};
		rig_tiny(&r, &spec, 3, TOKENS, 1);
		rig_two_documents(&r);
		compare(&r, "smoothing", &smooth);
		compare(&r, "weights", &weights);
		compare(&r, "both", &both);
		compare(&r, "noise", &noise);
		rig_close(&r);
		const struct tw_lora_config conf = {
			.rank = 4, .alpha = 8, .dropout = 0.3, .targets = &all_targets};
		rig_tiny_with(&r, &spec, &conf, TOKENS, 1);
		rig_two_documents(&r);
		compare(&r, "dropout", &drop);
		compare(&r, "dropout, not now", &(struct asked){.recompute = false});
		rig_close(&r);
	}
}

static void packed_documents(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.n_head = 6, .n_head_kv = 2, .n_embd = 96}, 2, TOKENS, 1);
	for (int n = 2; n <= 10; n++)
		rig_add_random(&r, n, 1, (uint64_t)n);
	assert_int_equal(r.batch.n_docs, 9);
	compare(&r, "nine documents", &(struct asked){.recompute = false});
	rig_close(&r);
}

/* Adapters of some matrices alone, of some layers, and none at all, as for DPO's reference. */
static void few_adapters(void **state)
{
	static const char *const some[] = {"q_proj", "v_proj", "down_proj"};
	static const char *const layer[] = {"1"};
	const struct tw_strings targets = {some, 3}, layers = {layer, 1};
	const struct tw_lora_config conf = {
		.rank = 4, .alpha = 8, .targets = &targets, .layers = &layers};
	struct rig r;
	(void)state;
	rig_tiny_with(&r, &(struct tiny_gguf){.n_layer = 3, .type = "Q8_0"}, &conf, TOKENS, 1);
	rig_two_documents(&r);
	compare(&r, "few adapters", &(struct asked){.recompute = false});
	double adapted = tw_net_loss(&r.net, &r.batch);
	r.lora.off = true;
	double gpu = tw_net_loss(&r.net, &r.batch);
	remake(&r, NULL, false);
	assert_true(fabs(gpu - tw_net_loss(&r.net, &r.batch)) < LOSS * gpu);
	assert_true(gpu != adapted);
	rig_close(&r);
}

static void logits(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.arch = "gemma2"}, 2, TOKENS, 1);
	rig_add_random(&r, 40, 1, 8);
	size_t n = (size_t)r.batch.T * (size_t)r.w.shape.V;
	float *cpu = tw_xcalloc(n, sizeof(*cpu));
	memcpy(cpu, all_logits(&r), n * sizeof(*cpu));
	remake(&r, cuda(), false);
	assert_true(worst_relative(all_logits(&r), cpu, n) < 1e-5);
	free(cpu);
	rig_close(&r);
}

/* A document whose scores don't fit passes a few queries at a time. */
static void attention_in_tiles(void **state)
{
	enum { T = 37, H = 6, D = 5, LD = (H + 2 * 2) * D };
	const struct tw_device *d = cuda();
	const size_t floats = (size_t)T * LD;
	float *host = tw_xcalloc(7 * floats, sizeof(*host)), *qkv = host, *dout = host + floats;
	float *out = host + 2 * floats, *lse = host + 3 * floats, *dqkv = host + 4 * floats;
	float *back = host + 5 * floats;
	struct tw_err err = TW_ERR_INIT;
	float *there = d->alloc(7 * floats * sizeof(float), "a test", &err);
	(void)state;
	assert_non_null(there);
	fill(qkv, 2 * floats, 1, 4);
	for (int i = 0; i < 12; i++) {
		const int rows = i % 3 == 0 ? 1 : i % 3 == 1 ? 10 : T;
		const struct tw_heads h = {.H = H,
					   .H_kv = 2,
					   .D = D,
					   .scale = 0.4f,
					   .cap = i / 3 % 2 ? 1.5f : 0,
					   .window = i / 6 ? 8 : 0};
		const int64_t scratch = 2 * H * T * rows;
		float *at = d->alloc((size_t)scratch * sizeof(float), "scratch", &err);
		tw_attention_forward_ref(out, lse, qkv, T, &h);
		tw_attention_backward_ref(dqkv, dout, out, lse, qkv, T, &h);
		d->send(there, host, 2 * floats * sizeof(float));
		tw_gpu_attention(there + 2 * floats, there + 3 * floats, there, T, &h, at, scratch);
		tw_gpu_attention_backward(there + 4 * floats, there + floats, there + 2 * floats,
					  there + 3 * floats, there, T, &h, at, scratch);
		d->fetch(back, there + 2 * floats, (size_t)T * H * D * sizeof(float));
		assert_true(worst(back, out, (size_t)T * H * D) < 1e-5);
		d->fetch(back, there + 4 * floats, floats * sizeof(float));
		assert_true(worst(back, dqkv, floats) < 1e-5);
		d->release(at);
	}
	assert_ok(d->check(&err), &err);
	d->release(there);
	free(host);
}

static void same_bytes(void **state)
{
	struct rig r;
	const struct asked plain = {.recompute = false}, again = {.recompute = true};
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.arch = "gemma3", .n_layer = 3}, 3, TOKENS, 1);
	rig_two_documents(&r);
	struct given a = pass(&r, cuda(), &plain), b = pass(&r, cuda(), &plain);
	struct given c = pass(&r, cuda(), &again);
	assert_true(a.loss == b.loss && a.loss == c.loss);
	assert_memory_equal(a.g, b.g, r.lora.n * sizeof(float));
	assert_memory_equal(a.g, c.g, r.lora.n * sizeof(float));
	free(a.g);
	free(b.g);
	free(c.g);
	rig_close(&r);
}

/* The parameters of one pass are not those of the next, and log-probabilities come before the way back, as in DPO. */
static void steps_of_a_training(void **state)
{
	struct rig r;
	double logp[TOKENS], loss[2][3];
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.n_layer = 2}, 3, TOKENS, 1);
	rig_two_documents(&r);
	for (int gpu = 0; gpu < 2; gpu++) {
		fill(r.lora.p, r.lora.n, 0.1f, 99);
		remake(&r, gpu ? cuda() : NULL, false);
		for (int step = 0; step < 3; step++) {
			memset(r.lora.g, 0, r.lora.n * sizeof(float));
			tw_net_logps(&r.net, &r.batch, logp);
			loss[gpu][step] = tw_net_learn(&r.net, &r.batch,
						       &(struct tw_head){.scale = 1.0f / 32});
			for (size_t i = 0; i < r.lora.n; i++)
				r.lora.p[i] -= 0.1f * r.lora.g[i];
		}
		assert_ok(tw_net_check(&r.net, &r.err), &r.err);
	}
	for (int step = 0; step < 3; step++)
		assert_true(fabs(loss[1][step] - loss[0][step]) < 1e-5 * loss[0][step]);
	assert_true(loss[1][2] < loss[1][1] && loss[1][1] < loss[1][0]);
	rig_close(&r);
}

static void make_net(struct rig *r)
{
	rig_tiny(r, &(struct tiny_gguf){.n_layer = 2}, 3, TOKENS, 1);
	rig_two_documents(r);
	remake(r, cuda(), false);
}

static void a_net_alone(void **state)
{
	struct rig r;
	(void)state;
	make_net(&r);
	rig_close(&r);
}

static void a_pass(void **state)
{
	struct rig r;
	(void)state;
	make_net(&r);
	assert_true(isfinite(tw_net_train(&r.net, &r.batch, 1)));
	assert_ok(tw_net_check(&r.net, &r.err), &r.err);
	rig_close(&r);
}

static void a_pass_that_fails(void **state)
{
	struct rig r;
	(void)state;
	make_net(&r);
	double loss = tw_net_train(&r.net, &r.batch, 1);
	assert_int_equal(tw_net_check(&r.net, &r.err), TW_IO);
	fprintf(stderr, "why: %s\n", r.err.msg);
	assert_true(isnan(loss) || isnan(r.lora.g[0]));
	assert_true(isnan(tw_net_loss(&r.net, &r.batch))); /* and so it stays */
	rig_close(&r);
}

static void no_memory_for_a_net(void **state)
{
	struct rig r;
	(void)state;
	rig_tiny(&r, &(struct tiny_gguf){.n_layer = 2}, 3, TOKENS, 1);
	tw_net_release(&r.net);
	r.c.device = cuda();
	const struct tw_net_size size = {.cap = TOKENS, .longest = TOKENS};
	assert_int_equal(tw_net_init(&r.net, &r.w, &r.lora, &r.c, &size, &r.err), TW_NO_MEMORY);
	fprintf(stderr, "why: %s\n", r.err.msg);
	rig_close(&r);
}

static void what_it_lacks(void **state)
{
	const struct tw_lora_config dora = {
		.rank = 2, .alpha = 4, .dora = true, .targets = &all_targets};
	const struct tw_net_size size = {.cap = TOKENS, .longest = TOKENS};
	struct rig r;
	(void)state;
	rig_tiny_with(&r, &(struct tiny_gguf){.n_layer = 1}, &dora, TOKENS, 1);
	tw_net_release(&r.net);
	r.c.device = cuda();
	assert_int_equal(tw_net_init(&r.net, &r.w, &r.lora, &r.c, &size, &r.err), TW_UNSUPPORTED);
	assert_contains(r.err.msg, "DoRA");
	rig_close(&r);
	rig_tiny(&r, &(struct tiny_gguf){.n_layer = 1}, 2, TOKENS, 1);
	remake(&r, cuda(), false);
	assert_int_equal(tw_net_use_q(&r.net, TW_Q16, &r.err), TW_UNSUPPORTED);
	rig_close(&r);
}

static void nothing_to_use(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_null(tw_device_cuda(&err));
	assert_int_equal(err.code, TW_UNSUPPORTED);
	fprintf(stderr, "why: %s\n", err.msg);
}

static const struct CMUnitTest scenarios[] = {
	cmocka_unit_test(every_model),
	cmocka_unit_test(some_models),
	cmocka_unit_test(every_option),
	cmocka_unit_test(packed_documents),
	cmocka_unit_test(few_adapters),
	cmocka_unit_test(logits),
	cmocka_unit_test(attention_in_tiles),
	cmocka_unit_test(same_bytes),
	cmocka_unit_test(steps_of_a_training),
	cmocka_unit_test(a_pass_that_fails),
	cmocka_unit_test(what_it_lacks),
	cmocka_unit_test(a_net_alone),
	cmocka_unit_test(a_pass),
	cmocka_unit_test(no_memory_for_a_net),
	cmocka_unit_test(nothing_to_use),
};

static int run_scenario(const char *name)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++)
		if (strcmp(name, scenarios[i].name) == 0) {
			const struct CMUnitTest one[] = {scenarios[i]};
			return cmocka_run_group_tests(one, NULL, NULL);
		}
	return 2;
}

/* --- starting it again --- */

static char self[4096], standin[4200], built[4200];

struct again {
	char text[32768]; /* what it printed */
	char log[1024];	  /* what was called of the stand-in; empty without one */
	int rc;
};

static void read_file(char *to, size_t size, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(to, 1, size - 1, f) : 0;
	to[n] = 0;
	if (f)
		fclose(f);
}

/* `libraries`: the folder where libtwin_cuda.so is looked for. `variable`=`value` for the stand-in. */
static void start(struct again *again, const char *scenario, const char *libraries,
		  const char *variable, const char *value)
{
	char out[4200], log[4200], path[9000];
	const char *before = getenv("LD_LIBRARY_PATH");
	int status;
	snprintf(out, sizeof(out), "%s/said", tmp_dir());
	snprintf(log, sizeof(log), "%s/log", tmp_dir());
	snprintf(path, sizeof(path), "%s%s%.4000s", libraries, before ? ":" : "",
		 before ? before : "");
	remove(log);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("LD_LIBRARY_PATH", path, 1);
		setenv("CUDA_STANDIN_LOG", log, 1);
		if (variable)
			setenv(variable, value, 1);
		if (!freopen(out, "w", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
			_exit(3);
		execl(self, self, scenario, (char *)NULL);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	again->rc = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_file(again->text, sizeof(again->text), out);
	read_file(again->log, sizeof(again->log), log);
}

static void expect_good(const struct again *again)
{
	if (again->rc != 0)
		fail_msg("exit status %d:\n%s", again->rc, again->text);
}

/* How often a function was called, and of these how often after one had failed. */
static int calls_of(const struct again *again, const char *name, int *late)
{
	int n = -1, after = 0;
	char format[64];
	const char *line = strstr(again->log, name);
	snprintf(format, sizeof(format), "%s %%d %%d", name);
	if (line)
		sscanf(line, format, &n, &after);
	if (late)
		*late = after;
	return n;
}

static void run_on(const char *libraries, const char *scenario, const char *variable,
		   const char *value)
{
	struct again again;
	start(&again, scenario, libraries, variable, value);
	expect_good(&again);
	for (const char *line = again.text; (line = strstr(line, " the loss differs")); line++) {
		const char *begin = memrchr(again.text, '\n', (size_t)(line - again.text));
		const char *end = strchr(line, '\n');
		begin = begin ? begin + 1 : again.text;
		print_message("%.*s\n", (int)(end - begin), begin);
	}
}

/* --- the tests --- */

static void every_model_passes_as_on_the_cpu(void **state)
{
	(void)state;
	run_on(standin, "every_model", NULL, NULL);
}

static void so_does_every_option(void **state)
{
	(void)state;
	run_on(standin, "every_option", NULL, NULL);
	run_on(standin, "packed_documents", NULL, NULL);
	run_on(standin, "few_adapters", NULL, NULL);
	run_on(standin, "logits", NULL, NULL);
	run_on(standin, "what_it_lacks", NULL, NULL);
	run_on(standin, "steps_of_a_training", NULL, NULL);
}

static void attention_is_right_in_any_tiles(void **state)
{
	(void)state;
	run_on(standin, "attention_in_tiles", NULL, NULL);
}

static void the_same_bytes_come_out_each_time(void **state)
{
	(void)state;
	run_on(standin, "same_bytes", NULL, NULL);
}

/* With all that lies on the GPU out of reach while nothing runs there. */
static void nobody_looks_into_the_gpu(void **state)
{
	(void)state;
	run_on(standin, "some_models", "CUDA_STANDIN_GUARD", "1");
	run_on(standin, "every_option", "CUDA_STANDIN_GUARD", "1");
}

/* Weights are sent once. A pass sends four lists of tokens, the parameters and the gradients, and gets losses and
 * gradients back. */
static void little_goes_up_and_down(void **state)
{
	struct again before, whole;
	(void)state;
	start(&before, "a_net_alone", standin, NULL, NULL);
	start(&whole, "a_pass", standin, NULL, NULL);
	expect_good(&before);
	expect_good(&whole);
	assert_int_equal(calls_of(&whole, "cudaMemcpy", NULL) -
				 calls_of(&before, "cudaMemcpy", NULL),
			 4 + 1 + 1 + 1 + 1);
	assert_int_equal(calls_of(&whole, "cudaMalloc", NULL),
			 calls_of(&before, "cudaMalloc", NULL));
}

static void expect_failure(const char *call, int number, const char *words)
{
	static const char *const left_alone[] = {"cudaMemcpy", "cudaLaunchKernel", "cublasSgemm",
						 "cublasSgemmStridedBatched"};
	struct again again;
	char fail[64];
	snprintf(fail, sizeof(fail), "%s:%d", call, number);
	start(&again, "a_pass_that_fails", standin, "CUDA_STANDIN_FAIL", fail);
	expect_good(&again);
	assert_contains(again.text, "why: the GPU failed");
	assert_contains(again.text, words);
	for (size_t i = 0; i < sizeof(left_alone) / sizeof(*left_alone); i++) {
		int late;
		assert_true(calls_of(&again, left_alone[i], &late) > 0);
		assert_int_equal(late, 0);
	}
}

/* Whichever call fails, the first, one in the middle or the last but one. */
static void when_a_call_fails_the_pass_says_so(void **state)
{
	static const struct {
		const char *name, *words;
	} cases[] = {{"cudaMemcpy", "unspecified launch failure"},
		     {"cudaLaunchKernel", "unspecified launch failure"},
		     {"cublasSgemm", "CUBLAS_STATUS_EXECUTION_FAILED"},
		     {"cublasSgemmStridedBatched", "CUBLAS_STATUS_EXECUTION_FAILED"}};
	struct again before, whole;
	(void)state;
	start(&before, "a_net_alone", standin, NULL, NULL);
	start(&whole, "a_pass", standin, NULL, NULL);
	expect_good(&before);
	expect_good(&whole);
	for (size_t i = 0; i < 4; i++) {
		const int first = calls_of(&before, cases[i].name, NULL) + 1;
		const int last = calls_of(&whole, cases[i].name, NULL);
		assert_true(last > first + 5);
		expect_failure(cases[i].name, first, cases[i].words);
		expect_failure(cases[i].name, (first + last) / 2, cases[i].words);
		expect_failure(cases[i].name, last - 1, cases[i].words);
	}
}

static void what_does_not_fit_is_said(void **state)
{
	static const struct {
		const char *fail, *words;
	} cases[] = {{"cudaMalloc:2", "activations; a shorter training.sequence"},
		     {"cudaMalloc:3", "the weights as float32; a smaller base model"}};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct again again;
		start(&again, "no_memory_for_a_net", standin, "CUDA_STANDIN_FAIL", cases[i].fail);
		expect_good(&again);
		assert_contains(again.text, "the GPU has no memory for");
		assert_contains(again.text, cases[i].words);
	}
}

static void expect_unusable(const char *libraries, const char *variable, const char *value,
			    const char *why)
{
	struct again again;
	start(&again, "nothing_to_use", libraries, variable, value);
	expect_good(&again);
	assert_contains(again.text, why);
}

static void what_can_not_be_used_is_said(void **state)
{
	char none[4100], path[4200];
	(void)state;
	expect_unusable(standin, "CUDA_STANDIN_DEVICES", "0", "there is no GPU");
	expect_unusable(standin, "CUDA_STANDIN_FAIL", "cudaGetDeviceCount:1",
			"unspecified launch failure");
	expect_unusable(standin, "CUDA_STANDIN_FAIL", "cublasCreate:1",
			"CUBLAS_STATUS_EXECUTION_FAILED");
	expect_unusable(standin, "CUDA_STANDIN_FAIL", "cudaMalloc:1", "out of memory");
	expect_unusable(standin, "CUDA_STANDIN_FAIL", "cudaLaunchKernel:7",
			"unspecified launch failure");
	expect_unusable(standin, "CUDA_STANDIN_WRONG", "products",
			"computes wrong results on this machine (products)");
	expect_unusable(standin, "CUDA_STANDIN_WRONG", "kernels",
			"computes wrong results on this machine (norms)");
	snprintf(none, sizeof(none), "%s/none", tmp_dir());
	assert_ok(tw_mkdirs(none, NULL), &(struct tw_err){0});
	expect_unusable(none, NULL, NULL, "this Twin was built without CUDA");
	snprintf(path, sizeof(path), "%s/%s", none, TW_CUDA_FILE);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("not a library, but long enough to be looked at as if it were one: an ELF header has "
	      "sixty-four bytes\n",
	      f);
	fclose(f);
	expect_unusable(none, NULL, NULL, "invalid ELF header");
}

/* The same on this machine's GPU, with the library that make built for it. */
static void a_gpu_of_this_machine_computes_right(void **state)
{
	static const char *const names[] = {
		"every_model", "every_option",	     "packed_documents",    "few_adapters",
		"logits",      "attention_in_tiles", "steps_of_a_training", "same_bytes"};
	struct again again;
	(void)state;
	start(&again, "nothing_to_use", built, NULL, NULL);
	if (again.rc == 0) {
		const char *why = strstr(again.text, "why: ");
		assert_null(strstr(again.text, "computes wrong results"));
		skip_because("no GPU to test on (%.200s)", why ? why + 5 : "");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		run_on(built, names[i], NULL, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model_passes_as_on_the_cpu),
		cmocka_unit_test(so_does_every_option),
		cmocka_unit_test(attention_is_right_in_any_tiles),
		cmocka_unit_test(the_same_bytes_come_out_each_time),
		cmocka_unit_test(nobody_looks_into_the_gpu),
		cmocka_unit_test(little_goes_up_and_down),
		cmocka_unit_test(when_a_call_fails_the_pass_says_so),
		cmocka_unit_test(what_does_not_fit_is_said),
		cmocka_unit_test(what_can_not_be_used_is_said),
		cmocka_unit_test(a_gpu_of_this_machine_computes_right),
	};
	if (argc == 2)
		return run_scenario(argv[1]);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return 2;
	const char *slash = self; /* this program is …/tests/unit/net/test_device_cuda */
	for (int up = 0; up < 3 && slash; up++)
		slash = memrchr(self, '/', up ? (size_t)(slash - self) : (size_t)n);
	if (!slash)
		return 2;
	snprintf(standin, sizeof(standin), "%.*s/standin", (int)(slash - self), self);
	snprintf(built, sizeof(built), "%.*s/..", (int)(slash - self), self);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
