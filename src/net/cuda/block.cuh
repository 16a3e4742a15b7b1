/*
 * net/cuda/block.cuh: how kernels of this folder are started, and what threads of a block do together.
 */
#ifndef TW_NET_CUDA_BLOCK_CUH
#define TW_NET_CUDA_BLOCK_CUH

#include <cuda_runtime.h>
#include <stdint.h>

#define TW_BLOCK_MOST 256

template <class T> struct tw_same {
	typedef T type;
};

static inline const char *tw_cuda_text(cudaError_t error)
{
	return error == cudaSuccess ? NULL : cudaGetErrorString(error);
}

/* Kernels take the arguments' values. Nothing to do, no blocks, is fine. */
template <class... A>
static const char *tw_start(void (*kernel)(A...), int64_t blocks, unsigned threads,
			    typename tw_same<A>::type... args)
{
	void *at[] = {(void *)&args...};
	if (blocks == 0)
		return NULL;
	return tw_cuda_text(
		cudaLaunchKernel(kernel, dim3((unsigned)blocks), dim3(threads), at, 0, 0));
}

/* Threads for a row of n numbers: a power of two, so that block_sum() can halve them. */
static inline unsigned tw_row_threads(int n)
{
	unsigned threads = 32;
	while (threads < TW_BLOCK_MOST && threads * 4 < (unsigned)n)
		threads *= 2;
	return threads;
}

/* Blocks for n numbers without rows, each thread taking some: see TW_EACH. */
static inline int64_t tw_blocks(int64_t n)
{
	int64_t blocks = (n + TW_BLOCK_MOST - 1) / TW_BLOCK_MOST;
	return blocks < 65536 ? blocks : 65536;
}

/* A loop over [0, n) that all threads of all blocks share. */
#define TW_EACH(i, n)                                                                    \
	for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < (int64_t)(n); \
	     i += (int64_t)gridDim.x * blockDim.x)

/* A loop over [0, n) that the threads of a block share. */
#define TW_EACH_OF_ROW(i, n) for (int i = (int)threadIdx.x; i < (n); i += (int)blockDim.x)

/* Sum of what each thread of the block has, for all of them, in an order that follows from their number. `shared` holds
 * TW_BLOCK_MOST; all threads must call. */
template <class T> static __device__ T tw_block_sum(T x, T *shared)
{
	shared[threadIdx.x] = x;
	__syncthreads();
	for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
		if (threadIdx.x < half)
			shared[threadIdx.x] += shared[threadIdx.x + half];
		__syncthreads();
	}
	T sum = shared[0];
	__syncthreads(); /* before somebody writes the next sum over it */
	return sum;
}

static __device__ inline float tw_block_most(float x, float *shared)
{
	shared[threadIdx.x] = x;
	__syncthreads();
	for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
		if (threadIdx.x < half && shared[threadIdx.x + half] > shared[threadIdx.x])
			shared[threadIdx.x] = shared[threadIdx.x + half];
		__syncthreads();
	}
	float most = shared[0];
	__syncthreads();
	return most;
}

#endif
