/* libtwin_cuda.so, opened when somebody asks for a GPU; and what failed there. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/version.h"
#include "net/device_cuda_int.h"

const struct tw_cuda *tw_gpu;

static struct {
	char name[128];
	char why[256]; /* "": all is well */
} state;

bool tw_gpu_good(void)
{
	return !state.why[0];
}

void tw_gpu_did(const char *what, const char *why)
{
	if (why && tw_gpu_good())
		snprintf(state.why, sizeof(state.why), "%s: %s", what, why);
}

const char *tw_gpu_why(void)
{
	return state.why;
}

const char *tw_gpu_name(void)
{
	return state.name;
}

static enum tw_status no_library(const char *said, struct tw_err *err)
{
	static const char missing[] = TW_CUDA_FILE ": cannot open";
	if (strncmp(said, missing, sizeof(missing) - 1) == 0)
		return tw_fail(
			err, TW_UNSUPPORTED,
			"this Twin was built without CUDA: %s is not beside it; build Twin where "
			"nvcc is on PATH",
			TW_CUDA_FILE);
	return tw_fail(err, TW_UNSUPPORTED,
		       "%s; install cuBLAS of the CUDA that Twin was built with, or let "
		       "LD_LIBRARY_PATH say where it is",
		       said);
}

static enum tw_status find(tw_cuda_fn **out, struct tw_err *err)
{
	void *lib = dlopen(TW_CUDA_FILE, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return no_library(dlerror(), err);
	void *found = dlsym(lib, TW_CUDA_FUNCTION);
	if (!found) {
		dlclose(lib);
		return tw_fail(err, TW_UNSUPPORTED, "%s is not a library of Twin's", TW_CUDA_FILE);
	}
	memcpy((void *)out, &found, sizeof(found));
	return TW_OK;
}

enum tw_status tw_gpu_open(struct tw_err *err)
{
	tw_cuda_fn *get = NULL;
	enum tw_status st = find(&get, err);
	if (st != TW_OK)
		return st;
	const struct tw_cuda *lib = get();
	if (lib->size != sizeof(*lib) || strcmp(lib->version, TW_VERSION) != 0)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s is of another version of Twin than this one", TW_CUDA_FILE);
	const char *why = lib->open(state.name, sizeof(state.name));
	if (why)
		return tw_fail(err, TW_UNSUPPORTED,
			       "CUDA: %s (nvidia-smi tells what NVIDIA's driver sees)", why);
	tw_debug("CUDA: %s", state.name);
	tw_gpu = lib;
	return TW_OK;
}
