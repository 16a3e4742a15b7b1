/*
 * OpenBLAS, loaded at run time: one binary for machines with and without it.
 *
 * Some versions (0.3.21 in Debian 12) take a CPU that is newer than they are for the
 * oldest they know, and run at a fifth of its speed. So the kernels are chosen here, by what
 * the CPU can do, unless OPENBLAS_CORETYPE says otherwise.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/cpu_int.h"
#include "net/gemm.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 }; /* of cblas.h */

static void (*cblas_sgemm)(int order, int ta, int tb, int m, int n, int k, float alpha,
			   const float *a, int lda, const float *b, int ldb, float beta, float *c,
			   int ldc);

static char name[64];

static void run(const struct tw_gemm *g)
{
	cblas_sgemm(ROW_MAJOR, g->ta ? TRANSPOSED : PLAIN, g->tb ? TRANSPOSED : PLAIN, g->m, g->n,
		    g->k, g->alpha, g->a, g->lda, g->b, g->ldb, g->beta, g->c, g->ldc);
}

static const struct tw_gemm_kernel openblas = {.name = name, .run = run};

#if defined(__x86_64__)
static const char *core_type(void)
{
	__builtin_cpu_init();
	if (tw_cpu_has_avx512())
		return "SkylakeX";
	if (tw_cpu_has_avx2())
		return "Haswell";
	return NULL;
}
#else
static const char *core_type(void)
{
	return NULL;
}
#endif

/* The address of a function, without the cast that ISO C does not know. */
static bool find(void *lib, const char *symbol, void *fn)
{
	*(void **)fn = dlsym(lib, symbol);
	return *(void **)fn != NULL;
}

/* Sets a variable of the environment for the time of dlopen(); `old` is what to restore. */
static char *set_for_now(const char *variable, const char *value, bool replace)
{
	const char *was = getenv(variable);
	char *old = was ? tw_xstrdup(was) : NULL;
	if (value)
		setenv(variable, value, replace);
	return old;
}

static void restore(const char *variable, char *old)
{
	if (old)
		setenv(variable, old, 1);
	else
		unsetenv(variable);
	free(old);
}

/* Read when the library starts. One thread: the pool cuts the work (gemm.c). */
static void *open_library(void)
{
	char *core = set_for_now("OPENBLAS_CORETYPE", core_type(), false);
	char *threads = set_for_now("OPENBLAS_NUM_THREADS", "1", true);
	void *lib = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	restore("OPENBLAS_CORETYPE", core);
	restore("OPENBLAS_NUM_THREADS", threads);
	return lib;
}

static bool loaded;

static void load(void)
{
	void (*set_threads)(int n);
	char *(*corename)(void);
	void *lib = open_library();
	if (!lib) {
		tw_debug("no OpenBLAS: %s", dlerror());
		return;
	}
	loaded = find(lib, "cblas_sgemm", &cblas_sgemm);
	if (find(lib, "openblas_set_num_threads", &set_threads))
		set_threads(1);
	snprintf(name, sizeof(name), "OpenBLAS %s",
		 find(lib, "openblas_get_corename", &corename) ? corename() : "");
}

const struct tw_gemm_kernel *tw_gemm_openblas(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	return loaded ? &openblas : NULL;
}
