/*
 * Large products on a GPU, by cuBLAS, loaded at run time: one binary for machines with and without it.
 *
 * Nothing stays on the GPU from one product to the next but the room for it: a and b are sent, the
 * result comes back. Everything goes through CUDA's default stream, so it happens in the order in which it stands here, and
 * cuBLAS then gives the same bytes each time on the same kind of GPU (its manual, "Results reproducibility").
 * Small products, and those of run(), are the CPU's.
 *
 * What it calls was compared with NVIDIA's headers and tested on a stand-in for its libraries (tests/standin/), never yet on a
 * GPU. So it is used only when TWIN_GEMM asks for it, and only after products that it computed were right.
 */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/gemm.h"
#include "net/gemm_cuda_int.h"

/*
 * When is a product worth sending? Memory that isn't pinned goes over PCI Express at about 6 GB/s, and in the time of a byte a
 * CPU of eight cores, at some 400 GFLOP/s, does 64 operations itself. The calls take about 0.1 ms: 40 million operations.
 * The GPU's own time is small beside both. Constants, not measured at the start: the same job gives the same
 * bytes.
 */
#define FLOPS_PER_BYTE 64.0
#define FLOPS_PER_CALL 4e7

enum operand { A, B, C, OPERANDS };

static struct tw_cuda cuda;
static const struct tw_gemm_kernel *cpu;

/* All under the lock. On the GPU a matrix has no gaps between its rows. */
static struct {
	pthread_mutex_t lock;
	struct cublasContext *blas;
	void *at[OPERANDS]; /* on the GPU */
	size_t bytes[OPERANDS];
	float *sum; /* on the host: a result that is added to c when it has come back whole */
	size_t sum_bytes;
	bool lost; /* a call failed: the CPU computes from then on */
	char why[256];
} gpu = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- calls, and what they say when they fail --- */

static bool fail(const char *what, const char *why)
{
	snprintf(gpu.why, sizeof(gpu.why), "%s: %s", what, why);
	return false;
}

static bool did(const char *what, unsigned error)
{
	return error == TW_CUDA_SUCCESS || fail(what, cuda.error_text(error));
}

static bool blas_did(const char *what, unsigned status)
{
	return status == TW_CUBLAS_SUCCESS || fail(what, cuda.blas_text(status));
}

/* --- a product --- */

static void release(enum operand o)
{
	if (gpu.at[o])
		(void)cuda.release(gpu.at[o]);
	gpu.at[o] = NULL;
	gpu.bytes[o] = 0;
}

static bool make_room(enum operand o, int rows, int cols)
{
	size_t bytes = (size_t)rows * (size_t)cols * sizeof(float);
	if (bytes <= gpu.bytes[o])
		return true;
	release(o);
	if (!did("memory of the GPU", cuda.alloc(&gpu.at[o], bytes))) {
		gpu.at[o] = NULL;
		return false;
	}
	gpu.bytes[o] = bytes;
	return true;
}

static bool make_room_for_sum(const struct tw_gemm *g)
{
	struct tw_err err = TW_ERR_INIT;
	size_t bytes = (size_t)g->m * (size_t)g->n * sizeof(float);
	if (bytes <= gpu.sum_bytes)
		return true;
	free(gpu.sum);
	gpu.sum = tw_try_alloc(bytes, "a result of the GPU", &err);
	gpu.sum_bytes = gpu.sum ? bytes : 0;
	return gpu.sum || fail("memory", err.msg);
}

static bool send(enum operand o, const float *from, int rows, int cols, int ld)
{
	size_t width = (size_t)cols * sizeof(float), pitch = (size_t)ld * sizeof(float);
	if (!make_room(o, rows, cols))
		return false;
	return did("sending to the GPU",
		   ld == cols ? cuda.copy(gpu.at[o], from, width * (size_t)rows, TW_CUDA_TO_DEVICE)
			      : cuda.copy_rows(gpu.at[o], width, from, pitch, width, (size_t)rows,
					       TW_CUDA_TO_DEVICE));
}

/* Waits for the product, and tells of its errors. */
static bool fetch(float *to, int rows, int cols, int ld)
{
	size_t width = (size_t)cols * sizeof(float), pitch = (size_t)ld * sizeof(float);
	return did("a product of the GPU",
		   ld == cols ? cuda.copy(to, gpu.at[C], width * (size_t)rows, TW_CUDA_TO_HOST)
			      : cuda.copy_rows(to, pitch, gpu.at[C], width, width, (size_t)rows,
					       TW_CUDA_TO_HOST));
}

/*
 * cuBLAS counts by columns, and read by columns a row-major matrix is its own transpose. Asked for c^T (n, m) =
 * op(b)^T op(a)^T, it finds b^T and a^T where b and a lie and leaves c where c^T is: the operands only change places.
 */
static bool multiply(const struct tw_gemm *g)
{
	const float none = 0;
	return blas_did("cublasSgemm",
			cuda.blas_sgemm(gpu.blas, g->tb ? TW_CUBLAS_TRANSPOSED : TW_CUBLAS_PLAIN,
					g->ta ? TW_CUBLAS_TRANSPOSED : TW_CUBLAS_PLAIN, g->n, g->m,
					g->k, &g->alpha, gpu.at[B], g->tb ? g->k : g->n, gpu.at[A],
					g->ta ? g->m : g->k, &none, gpu.at[C], g->n));
}

static void add_sum(const struct tw_gemm *g)
{
	const float *sum = gpu.sum;
	for (int i = 0; i < g->m; i++, sum += g->n)
		for (int n = 0; n < g->n; n++) {
			float *c = g->c + (ptrdiff_t)i * g->ldc + n;
			*c = g->beta * *c + sum[n];
		}
}

/* What c was, where beta asks for it, never leaves the host: when the GPU fails, at any call, it is still there. */
static bool compute(const struct tw_gemm *g)
{
	bool adds = g->beta != 0;
	bool good = (!adds || make_room_for_sum(g)) &&
		    send(A, g->a, g->ta ? g->k : g->m, g->ta ? g->m : g->k, g->lda) &&
		    send(B, g->b, g->tb ? g->n : g->k, g->tb ? g->k : g->n, g->ldb) &&
		    make_room(C, g->m, g->n) && multiply(g) &&
		    fetch(adds ? gpu.sum : g->c, g->m, g->n, adds ? g->n : g->ldc);
	if (good && adds)
		add_sum(g);
	return good;
}

static void release_all(void)
{
	for (int o = 0; o < OPERANDS; o++)
		release((enum operand)o);
	free(gpu.sum);
	gpu.sum = NULL;
	gpu.sum_bytes = 0;
}

static void give_up(void)
{
	gpu.lost = true;
	release_all();
	tw_warn("the GPU failed (%s): matrix products are %s's from here on", gpu.why, cpu->name);
}

static bool on_gpu(const struct tw_gemm *g)
{
	pthread_mutex_lock(&gpu.lock);
	bool done = !gpu.lost && compute(g);
	if (!done && !gpu.lost)
		give_up();
	pthread_mutex_unlock(&gpu.lock);
	return done;
}

static bool pays(const struct tw_gemm *g)
{
	double m = g->m, n = g->n, k = g->k;
	double bytes = (double)sizeof(float) * (m * k + k * n + m * n);
	return 2 * m * n * k > FLOPS_PER_CALL + FLOPS_PER_BYTE * bytes;
}

static void run_on(struct tw_pool *pool, const struct tw_gemm *g)
{
	if (!pays(g) || !on_gpu(g))
		tw_gemm_run(&(struct tw_compute){.pool = pool, .gemm = cpu}, g);
}

static void run(const struct tw_gemm *g)
{
	cpu->run(g);
}

/* --- at the start --- */

static const char *const runtime_names[] = {TW_CUDA_RUNTIME_NAMES};
static const char *const blas_names[] = {TW_CUDA_BLAS_NAMES};
enum {
	RUNTIME_NAMES = sizeof(runtime_names) / sizeof(*runtime_names),
	BLAS_NAMES = sizeof(blas_names) / sizeof(*blas_names)
};
_Static_assert(sizeof(cuda) == (RUNTIME_NAMES + BLAS_NAMES) * sizeof(void *), "a name a pointer");

/* Fills `n` of the pointers of `cuda`, from the one at `first` on. */
static bool find_all(void *lib, const char *const *names, int n, int first)
{
	for (int i = 0; i < n; i++) {
		void *found = dlsym(lib, names[i]);
		if (!found) {
			tw_debug("CUDA: there is no %s", names[i]);
			return false;
		}
		memcpy((char *)&cuda + (size_t)(first + i) * sizeof(found), &found, sizeof(found));
	}
	return true;
}

static void *open_library(const char *name, const char *version)
{
	char file[64];
	snprintf(file, sizeof(file), "%s.so%s", name, version);
	void *lib = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		tw_debug("CUDA: %s", dlerror());
	return lib;
}

/* Both, of one version; for they share the GPU's memory. */
static bool open_both(const char *version)
{
	void *runtime = open_library("libcudart", version);
	void *blas = runtime ? open_library("libcublas", version) : NULL;
	if (blas && find_all(runtime, runtime_names, RUNTIME_NAMES, 0) &&
	    find_all(blas, blas_names, BLAS_NAMES, RUNTIME_NAMES))
		return true;
	if (blas)
		dlclose(blas);
	if (runtime)
		dlclose(runtime);
	return false;
}

static bool open_libraries(void)
{
	return open_both(".13") || open_both(".12") || open_both("") ||
	       fail("libcudart and libcublas", "CUDA 12 or 13 is not installed");
}

static bool open_gpu(void)
{
	int n = 0;
	if (!did("CUDA", cuda.device_count(&n)))
		return false;
	if (n < 1)
		return fail("CUDA", "there is no GPU");
	return blas_did("cuBLAS", cuda.blas_new(&gpu.blas)) &&
	       blas_did("cuBLAS", cuda.blas_math(gpu.blas, TW_CUBLAS_FULL_MATH));
}

static bool run_alone(void *ctx, const struct tw_gemm *g)
{
	(void)ctx;
	return compute(g);
}

static bool is_right(bool ta, bool tb, float beta)
{
	gpu.why[0] = '\0';
	if (tw_gemm_is_right(run_alone, NULL, ta, tb, beta))
		return true;
	return gpu.why[0] ? false
			  : fail("cuBLAS", "wrong results on this machine; please report it");
}

static bool all_right(void)
{
	for (int i = 0; i < 8; i++)
		if (!is_right(i & 1, i & 2, i & 4 ? 0.5f : 0))
			return false;
	return true;
}

static char name[160];
static const struct tw_gemm_kernel kernel = {.name = name, .run = run, .run_on = run_on};
static bool ready;

static void start(void)
{
	pthread_mutex_lock(&gpu.lock);
	cpu = tw_gemm_cpu();
	ready = open_libraries() && open_gpu() && all_right();
	snprintf(name, sizeof(name), "cuBLAS and %s", cpu->name);
	if (!ready) {
		tw_debug("no CUDA: %s", gpu.why);
		release_all();
	}
	pthread_mutex_unlock(&gpu.lock);
}

const struct tw_gemm_kernel *tw_gemm_cuda(const char **why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, start);
	*why = ready ? NULL : gpu.why;
	return ready ? &kernel : NULL;
}
