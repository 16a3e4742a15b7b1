/*
 * Products by cuBLAS: on a stand-in for CUDA's libraries (tests/standin/cuda.c, which is no GPU), and on a GPU where
 * there is one.
 *
 * What was loaded stays loaded and what failed stays failed, so each test starts this program again, with LD_LIBRARY_PATH
 * and the stand-in's variables set and the name of a scenario, and reads what it said and what was called.
 */
#include <math.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/operands.h"
#include "base/fs.h"

/* --- scenarios: what runs in the program that was started again --- */

static const struct gaps no_gap = {0, 0, 0}, gap_of_1 = {1, 1, 1}, gap_of_3 = {3, 3, 3};

static bool is_right(const struct tw_compute *c, struct operands *o)
{
	struct tw_gemm g = o->g;
	g.c = o->want;
	tw_gemm_ref.run(&g);
	tw_gemm_run(c, &o->g);
	double off = worst(o->c, o->want, o->n);
	bool right = off < 2e-6 * sqrt(g.k) * 8;
	if (!right)
		printf("%d x %d x %d, ta %d, tb %d, beta %g: off by %g\n", g.m, g.n, g.k, g.ta,
		       g.tb, (double)g.beta, off);
	return right;
}

static struct tw_compute cuda(int threads)
{
	const char *why;
	const struct tw_gemm_kernel *k = tw_gemm_cuda(&why);
	if (!k)
		fail_msg("cannot be used: %s", why);
	return (struct tw_compute){.pool = tw_pool_new(threads), .gemm = k};
}

/* Of one shape, all kinds; the first eight have no gaps between rows. */
static void try_kinds(const struct tw_compute *c, int m, int n, int k)
{
	for (int i = 0; i < 16; i++) {
		struct operands o;
		operands_make(&o, m, n, k, i & 1, i & 2, i & 4 ? 0.5f : 0,
			      i & 8 ? &gap_of_3 : &no_gap);
		assert_true(is_right(c, &o));
		operands_drop(&o);
	}
}

/* Large enough to be sent, growing and shrinking. */
static void products(void **state)
{
	struct tw_compute c = cuda(2);
	(void)state;
	try_kinds(&c, 511, 520, 523);
	try_kinds(&c, 512, 512, 777);
	try_kinds(&c, 530, 500, 510);
	tw_pool_free(c.pool);
}

static void products_of_one_shape(void **state)
{
	struct tw_compute c = cuda(2);
	(void)state;
	try_kinds(&c, 511, 520, 523);
	tw_pool_free(c.pool);
}

static void expect_same_on_other_threads(struct operands *o)
{
	for (int threads = 1; threads <= 4; threads += 3) {
		struct tw_compute c = cuda(threads);
		struct tw_gemm g = o->g;
		g.c = threads == 1 ? o->want : o->c;
		fill(g.c, o->n, 1, 3);
		tw_gemm_run(&c, &g);
		tw_pool_free(c.pool);
	}
	assert_memory_equal(o->c, o->want, o->n * sizeof(float));
}

static void threads(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct operands o;
		operands_make(&o, 431, 503, 777, i & 1, i & 2, 0.5f, &gap_of_1);
		expect_same_on_other_threads(&o);
		operands_drop(&o);
	}
}

/* Nothing here is worth sending: few operations, or few for what would have to be sent (an adapter's). */
static void small_products(void **state)
{
	static const int shapes[][3] = {
		{1, 1, 1}, {150, 150, 150}, {2048, 16, 2048}, {2048, 1024, 8}};
	struct tw_compute c = cuda(2);
	(void)state;
	for (int s = 0; s < 4; s++) {
		struct operands o;
		operands_make(&o, shapes[s][0], shapes[s][1], shapes[s][2], false, true, 0.5f,
			      &gap_of_1);
		assert_true(is_right(&c, &o));
		operands_drop(&o);
	}
	struct operands large;
	operands_make(&large, 512, 512, 512, false, true, 0, &no_gap);
	struct tw_gemm g = large.g;
	g.c = large.want;
	tw_gemm_cpu()->run(&g);
	c.gemm->run(&large.g);
	assert_memory_equal(large.c, large.want, large.n * sizeof(float)); /* run() is the CPU's */
	operands_drop(&large);
	tw_pool_free(c.pool);
}

/* NULL when all is right. */
static void *run_ten(void *wrong)
{
	struct tw_compute c = cuda(1);
	bool right = true;
	for (int i = 0; i < 10; i++) {
		struct operands o;
		operands_make(&o, 520 + i, 510, 530, i & 1, i & 2, i & 4 ? 0.5f : 0,
			      i & 1 ? &gap_of_1 : &no_gap);
		right &= is_right(&c, &o);
		operands_drop(&o);
	}
	tw_pool_free(c.pool);
	return right ? NULL : wrong;
}

static void several_callers(void **state)
{
	pthread_t t[3];
	void *wrong;
	(void)state;
	tw_pool_free(cuda(1).pool);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, run_ten, t), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(t[i], &wrong), 0);
		assert_null(wrong);
	}
}

static void nothing_to_use(void **state)
{
	const char *why;
	(void)state;
	assert_null(tw_gemm_cuda(&why));
	fprintf(stderr, "why: %s\n", why);
	assert_ptr_equal(tw_gemm_best(), tw_gemm_cpu());
}

static const struct CMUnitTest scenarios[] = {
	cmocka_unit_test(products),	   cmocka_unit_test(products_of_one_shape),
	cmocka_unit_test(threads),	   cmocka_unit_test(small_products),
	cmocka_unit_test(several_callers), cmocka_unit_test(nothing_to_use),
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

static char self[4096], standin[4200];

struct said {
	char text[16384]; /* what it printed */
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

static void set(const char *variable, const char *value)
{
	if (value)
		setenv(variable, value, 1);
	else
		unsetenv(variable);
}

/* `libraries`: a folder, or NULL for those of the machine. `variable`=`value` for the stand-in. */
static void start(struct said *said, const char *scenario, const char *libraries,
		  const char *variable, const char *value)
{
	char out[4200], log[4200];
	int status;
	snprintf(out, sizeof(out), "%s/said", tmp_dir());
	snprintf(log, sizeof(log), "%s/log", tmp_dir());
	remove(log);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		set("LD_LIBRARY_PATH", libraries ? libraries : getenv("LD_LIBRARY_PATH"));
		set("CUDA_STANDIN_LOG", log);
		set("TWIN_GEMM", "cuda");
		if (variable)
			set(variable, value);
		if (!freopen(out, "w", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
			_exit(3);
		execl(self, self, scenario, (char *)NULL);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	said->rc = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	read_file(said->text, sizeof(said->text), out);
	read_file(said->log, sizeof(said->log), log);
}

static void expect_good(const struct said *said)
{
	if (said->rc != 0)
		fail_msg("exit status %d:\n%s", said->rc, said->text);
}

/* How often a function was called, and of these how often after one had failed. */
static int calls_of(const struct said *said, const char *name, int *late)
{
	int n = -1, after = 0;
	char format[64];
	const char *line = strstr(said->log, name);
	snprintf(format, sizeof(format), "%s %%d %%d", name);
	if (line)
		sscanf(line, format, &n, &after);
	if (late)
		*late = after;
	return n;
}

enum { CHECKS = 8 }; /* products that are computed before it is used */

static int times(const char *text, const char *part)
{
	int n = 0;
	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* --- the tests --- */

static void every_kind_of_product_is_right(void **state)
{
	struct said said;
	(void)state;
	start(&said, "products", standin, NULL, NULL);
	expect_good(&said);
	assert_int_equal(calls_of(&said, "cublasSgemm_v2", NULL), CHECKS + 48);
	/* room is kept: there is less of it to be made than there are products */
	assert_true(calls_of(&said, "cudaMalloc", NULL) < 24);
	assert_int_equal(times(said.text, "the GPU failed"), 0);
}

static void neither_threads_nor_callers_matter(void **state)
{
	struct said said;
	(void)state;
	start(&said, "threads", standin, NULL, NULL);
	expect_good(&said);
	assert_int_equal(calls_of(&said, "cublasSgemm_v2", NULL), CHECKS + 8);
	start(&said, "several_callers", standin, NULL, NULL);
	expect_good(&said);
	assert_int_equal(calls_of(&said, "cublasSgemm_v2", NULL), CHECKS + 30);
}

static void small_products_stay_on_the_cpu(void **state)
{
	struct said said;
	(void)state;
	start(&said, "small_products", standin, NULL, NULL);
	expect_good(&said);
	assert_int_equal(calls_of(&said, "cublasSgemm_v2", NULL), CHECKS);
}

/* The numbers leave out what the check at the start calls. Whichever call fails, that product and all others come out right, and there is one warning. */
static void when_the_gpu_fails_the_cpu_goes_on(void **state)
{
	static const struct {
		const char *fail, *words;
	} cases[] = {
		{"cudaMalloc:4", "out of memory"}, /* of the first operand */
		{"cudaMalloc:6", "out of memory"}, /* of the result */
		{"cublasSgemm_v2:9", "CUBLAS_STATUS_EXECUTION_FAILED"},
		{"cublasSgemm_v2:20", "CUBLAS_STATUS_EXECUTION_FAILED"},
		{"cudaMemcpy:9", "unspecified launch failure"},	   /* sending a */
		{"cudaMemcpy:10", "unspecified launch failure"},   /* sending b */
		{"cudaMemcpy:11", "unspecified launch failure"},   /* half of c is there */
		{"cudaMemcpy:23", "unspecified launch failure"},   /* half of what c gets more */
		{"cudaMemcpy2D:17", "unspecified launch failure"}, /* the same with gaps */
		{"cudaMemcpy2D:19", "unspecified launch failure"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct said said;
		int late[4];
		start(&said, "products_of_one_shape", standin, "CUDA_STANDIN_FAIL", cases[i].fail);
		expect_good(&said);
		assert_int_equal(times(said.text, "the GPU failed"), 1);
		assert_contains(said.text, cases[i].words);
		assert_contains(said.text, "from here on");
		calls_of(&said, "cublasSgemm_v2", &late[0]);
		calls_of(&said, "cudaMalloc", &late[1]);
		calls_of(&said, "cudaMemcpy", &late[2]);
		calls_of(&said, "cudaMemcpy2D", &late[3]);
		for (int k = 0; k < 4; k++)
			assert_int_equal(late[k], 0); /* what failed is left alone */
	}
}

static void expect_unusable(const char *libraries, const char *variable, const char *value,
			    const char *why)
{
	struct said said;
	start(&said, "nothing_to_use", libraries, variable, value);
	expect_good(&said);
	assert_contains(said.text, why);
	assert_contains(said.text, "TWIN_GEMM=cuda can't be used");
	assert_int_equal(times(said.text, "TWIN_GEMM=cuda"), 1);
}

static void what_can_not_be_used_is_said(void **state)
{
	static const char *const names[] = {"libcudart.so", "libcublas.so"};
	static const char *const versions[] = {"", ".12", ".13"};
	char none[4100], path[4200];
	(void)state;
	expect_unusable(standin, "CUDA_STANDIN_DEVICES", "0", "there is no GPU");
	expect_unusable(standin, "CUDA_STANDIN_FAIL", "cudaGetDeviceCount:1",
			"unspecified launch failure");
	expect_unusable(standin, "CUDA_STANDIN_FAIL", "cublasCreate_v2:1",
			"CUBLAS_STATUS_EXECUTION_FAILED");
	expect_unusable(standin, "CUDA_STANDIN_FAIL", "cudaMalloc:1", "out of memory");
	expect_unusable(standin, "CUDA_STANDIN_WRONG", "1", "wrong results");
	/* Files that are no libraries hide those that the machine may have. */
	snprintf(none, sizeof(none), "%s/none", tmp_dir());
	assert_ok(tw_mkdirs(none, NULL), &(struct tw_err){0});
	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", none, names[i % 2], versions[i / 2]);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs("not a library, but long enough to be looked at as if it were one: "
		      "an ELF header has sixty-four bytes\n",
		      f);
		fclose(f);
	}
	expect_unusable(none, NULL, NULL, "CUDA 12 or 13 is not installed");
}

/* The same on the machine's own libraries and GPU. */
static void a_gpu_of_this_machine_computes_right(void **state)
{
	static const char *const names[] = {"products", "threads", "small_products",
					    "several_callers"};
	const char *why;
	(void)state;
	if (!tw_gemm_cuda(&why))
		skip_because("no GPU to test on (%s)", why);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct said said;
		start(&said, names[i], NULL, NULL, NULL);
		expect_good(&said);
		assert_int_equal(times(said.text, "the GPU failed"), 0);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_product_is_right),
		cmocka_unit_test(neither_threads_nor_callers_matter),
		cmocka_unit_test(small_products_stay_on_the_cpu),
		cmocka_unit_test(when_the_gpu_fails_the_cpu_goes_on),
		cmocka_unit_test(what_can_not_be_used_is_said),
		cmocka_unit_test(a_gpu_of_this_machine_computes_right),
	};
	if (argc == 2)
		return run_scenario(argv[1]);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return 2;
	const char *slash = self; /* this program is …/tests/unit/net/test_gemm_cuda */
	for (int up = 0; up < 3 && slash; up++)
		slash = memrchr(self, '/', up ? (size_t)(slash - self) : (size_t)n);
	if (!slash)
		return 2;
	snprintf(standin, sizeof(standin), "%.*s/standin", (int)(slash - self), self);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
