/*
 * A stand-in for CUDA's runtime: memory, copies and kernels of net/cuda/, on the CPU. It shows that Twin's kernels compute what
 * they should, are called with what they should be, and that Twin survives when a call fails. It is no GPU, and passing with
 * it says nothing about one.
 *
 * Memory of the "GPU" is full of NaN at first. Copies and products that leave what was allocated are an error, and
 * what a kernel reads or writes behind it is a crash.
 *
 *	CUDA_STANDIN_DEVICES=0		how many GPUs there are (1)
 *	CUDA_STANDIN_FAIL=cudaMalloc:5	the fifth call of that name fails, and all calls after it. A copy that fails did half
 *	CUDA_STANDIN_WRONG=products	they are wrong; kernels: these do nothing
 *	CUDA_STANDIN_GUARD=1		memory of the GPU can't be read while no kernel runs: who tries crashes
 *	CUDA_STANDIN_LOG=file		at exit, a line a function: name, calls, and how many of them after the failure
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cuda_runtime.h"
#include "standin.h"

enum { MOST_BLOCKS = 64, PAGE = 4096, ALIGN = 256 };

static struct {
	const char *name;
	int n, late;
} calls[STANDIN_CALLS] = {{"cudaGetDeviceCount", 0, 0}, {"cudaMalloc", 0, 0},
			  {"cudaFree", 0, 0},		{"cudaMemcpy", 0, 0},
			  {"cudaLaunchKernel", 0, 0},	{"cublasCreate", 0, 0},
			  {"cublasSgemm", 0, 0},	{"cublasSgemmStridedBatched", 0, 0}};

/* `at` is so far behind the mapping's start that the block ends where the mapping's last page, which nobody may touch,
 * begins. */
static struct block {
	char *at, *map;
	size_t size, pages;
} blocks[MOST_BLOCKS];

static bool lost;

static int number(const char *variable, int otherwise)
{
	const char *s = getenv(variable);
	return s ? atoi(s) : otherwise;
}

bool standin_is_wrong(const char *what)
{
	const char *s = getenv("CUDA_STANDIN_WRONG");
	return s && strcmp(s, what) == 0;
}

bool standin_fails(enum standin_call c)
{
	const char *s = getenv("CUDA_STANDIN_FAIL");
	size_t len = strlen(calls[c].name);
	calls[c].n++;
	calls[c].late += lost;
	if (s && strncmp(s, calls[c].name, len) == 0 && s[len] == ':' &&
	    atoi(s + len + 1) == calls[c].n)
		lost = true;
	return lost;
}

__attribute__((destructor)) static void write_log(void)
{
	const char *path = getenv("CUDA_STANDIN_LOG");
	FILE *f = path ? fopen(path, "w") : NULL;
	for (int c = 0; f && c < STANDIN_CALLS; c++)
		fprintf(f, "%s %d %d\n", calls[c].name, calls[c].n, calls[c].late);
	if (f)
		fclose(f);
}

/* --- memory --- */

bool standin_has(const void *at, size_t bytes)
{
	for (int i = 0; i < MOST_BLOCKS; i++) {
		const struct block *b = &blocks[i];
		size_t offset = (uintptr_t)at - (uintptr_t)b->at;
		if (b->at && (uintptr_t)at >= (uintptr_t)b->at && offset <= b->size &&
		    bytes <= b->size - offset)
			return true;
	}
	return false;
}

static void allow(const struct block *b, bool open)
{
	mprotect(b->map, (b->pages - 1) * PAGE, open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

void standin_open_memory(bool open)
{
	if (!number("CUDA_STANDIN_GUARD", 0))
		return;
	for (int i = 0; i < MOST_BLOCKS; i++)
		if (blocks[i].at)
			allow(&blocks[i], open);
}

cudaError_t cudaMalloc(void **at, size_t bytes)
{
	int i = 0;
	while (i < MOST_BLOCKS && blocks[i].at)
		i++;
	if (standin_fails(STANDIN_MALLOC) || i == MOST_BLOCKS || bytes == 0)
		return cudaErrorMemoryAllocation;
	struct block *b = &blocks[i];
	size_t whole = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	b->size = bytes;
	b->pages = (whole + PAGE - 1) / PAGE + 1;
	b->map = mmap(NULL, b->pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (b->map == MAP_FAILED)
		return cudaErrorMemoryAllocation;
	b->at = b->map + (b->pages - 1) * PAGE - whole;
	memset(b->at, 0xff, whole); /* NaN */
	mprotect(b->map + (b->pages - 1) * PAGE, PAGE, PROT_NONE);
	standin_open_memory(false);
	*at = b->at;
	return cudaSuccess;
}

cudaError_t cudaFree(void *at)
{
	if (standin_fails(STANDIN_FREE))
		return cudaErrorLaunchFailure;
	for (int i = 0; at && i < MOST_BLOCKS; i++)
		if (blocks[i].at == at) {
			munmap(blocks[i].map, blocks[i].pages * PAGE);
			blocks[i] = (struct block){0};
			return cudaSuccess;
		}
	return at ? cudaErrorInvalidValue : cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *all)
{
	*free_bytes = *all = (size_t)1 << 30;
	return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind direction)
{
	bool half = standin_fails(STANDIN_MEMCPY);
	bool up = direction == cudaMemcpyHostToDevice;
	if ((!up && direction != cudaMemcpyDeviceToHost) || !standin_has(up ? to : from, bytes) ||
	    standin_has(up ? from : to, 1))
		return cudaErrorInvalidValue;
	standin_open_memory(true);
	memcpy(to, from, half ? bytes / 2 : bytes);
	standin_open_memory(false);
	return half ? cudaErrorLaunchFailure : cudaSuccess;
}

cudaError_t cudaMemsetAsync(void *at, int value, size_t bytes, cudaStream_t stream)
{
	if (standin_fails(STANDIN_LAUNCH) || stream || !standin_has(at, bytes))
		return lost ? cudaErrorLaunchFailure : cudaErrorInvalidValue;
	standin_open_memory(true);
	memset(at, value, bytes);
	standin_open_memory(false);
	return cudaSuccess;
}

/* --- the device and its kernels --- */

cudaError_t cudaGetDeviceCount(int *count)
{
	*count = number("CUDA_STANDIN_DEVICES", 1);
	return standin_fails(STANDIN_COUNT) ? cudaErrorLaunchFailure : cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
	return device < number("CUDA_STANDIN_DEVICES", 1) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *about, int device)
{
	snprintf(about->name, sizeof(about->name), "a stand-in for a GPU%.0d", device);
	return cudaSetDevice(device);
}

cudaError_t standin_launch(unsigned blocks_n, unsigned threads, void (*run)(void *kernel),
			   void *kernel)
{
	if (standin_fails(STANDIN_LAUNCH))
		return cudaErrorLaunchFailure;
	if (blocks_n < 1 || blocks_n > INT32_MAX || threads < 1 || threads > 1024)
		return cudaErrorInvalidValue;
	if (standin_is_wrong("kernels"))
		return cudaSuccess;
	standin_open_memory(true);
	gridDim.x = blocks_n;
	blockDim.x = threads;
	for (blockIdx.x = 0; blockIdx.x < blocks_n; blockIdx.x++)
		standin_run_block(threads, run, kernel);
	standin_open_memory(false);
	return cudaSuccess;
}

/* No failure lingers here. */
cudaError_t cudaGetLastError(void)
{
	return cudaSuccess;
}

const char *cudaGetErrorString(cudaError_t error)
{
	return error == cudaErrorMemoryAllocation ? "out of memory"
	       : error == cudaErrorLaunchFailure  ? "unspecified launch failure"
	       : error == cudaSuccess		  ? "no error"
						  : "invalid argument";
}
