/*
 * Stands in for NVIDIA's header of this name: what net/cuda/ uses of it, for a C++ compiler, so that the kernels run on the CPU
 * (cuda.c, fibers.c). It is no GPU, and passing with it says nothing about one.
 */
#ifndef STANDIN_CUDA_RUNTIME_H
#define STANDIN_CUDA_RUNTIME_H

#include <math.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cudaError {
	cudaSuccess = 0,
	cudaErrorInvalidValue = 1,
	cudaErrorMemoryAllocation = 2,
	cudaErrorLaunchFailure = 719
} cudaError_t;

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };

typedef struct CUstream_st *cudaStream_t; /* 0: the default one */

struct cudaDeviceProp {
	char name[256];
};

cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *about, int device);
cudaError_t cudaMalloc(void **at, size_t bytes);
cudaError_t cudaFree(void *at);
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *all);
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind direction);
cudaError_t cudaMemsetAsync(void *at, int value, size_t bytes, cudaStream_t stream);
cudaError_t cudaGetLastError(void);
const char *cudaGetErrorString(cudaError_t error);

/* Which thread of a kernel is running. */
struct standin_index {
	unsigned x;
};
extern struct standin_index threadIdx, blockIdx, blockDim, gridDim;
void __syncthreads(void);

cudaError_t standin_launch(unsigned blocks, unsigned threads, void (*run)(void *kernel),
			   void *kernel);

#define __global__
#define __device__
#define __host__
#define __shared__ static /* blocks run one after the other */

#ifdef __cplusplus
}

#include <utility>

struct dim3 {
	unsigned x;
	explicit dim3(unsigned n) : x(n)
	{
	}
};

template <class... A> struct standin_call {
	void (*kernel)(A...);
	void **args;
	template <size_t... I> void with(std::index_sequence<I...>)
	{
		kernel(*static_cast<A *>(args[I])...);
	}
	static void run(void *self)
	{
		static_cast<standin_call *>(self)->with(std::index_sequence_for<A...>{});
	}
};

template <class... A>
cudaError_t cudaLaunchKernel(void (*kernel)(A...), dim3 grid, dim3 block, void **args, size_t,
			     cudaStream_t)
{
	standin_call<A...> call = {kernel, args};
	return standin_launch(grid.x, block.x, standin_call<A...>::run, &call);
}
#endif

#endif
