/*
 * What gemm_cuda.c calls of CUDA's runtime (libcudart) and of cuBLAS, declared after NVIDIA's documentation, so that Twin
 * builds without CUDA's headers. Where these are installed, tests/layers/test_cuda_headers.py compiles both
 * together and compares every type and number. NVIDIA's enums are unsigned ints to a C compiler.
 */
#ifndef TW_NET_GEMM_CUDA_INT_H
#define TW_NET_GEMM_CUDA_INT_H

#include <stddef.h>

struct cublasContext;

enum {
	TW_CUDA_SUCCESS = 0,	/* cudaSuccess */
	TW_CUDA_TO_DEVICE = 1,	/* cudaMemcpyHostToDevice */
	TW_CUDA_TO_HOST = 2,	/* cudaMemcpyDeviceToHost */
	TW_CUBLAS_SUCCESS = 0,	/* CUBLAS_STATUS_SUCCESS */
	TW_CUBLAS_PLAIN = 0,	/* CUBLAS_OP_N */
	TW_CUBLAS_TRANSPOSED,	/* CUBLAS_OP_T */
	TW_CUBLAS_FULL_MATH = 0 /* CUBLAS_DEFAULT_MATH: float32 throughout, no TF32 */
};

struct tw_cuda {
	/* libcudart */
	unsigned (*device_count)(int *count);
	unsigned (*alloc)(void **at, size_t bytes);
	unsigned (*release)(void *at);
	unsigned (*copy)(void *to, const void *from, size_t bytes, unsigned direction);
	unsigned (*copy_rows)(void *to, size_t to_pitch, const void *from, size_t from_pitch,
			      size_t width, size_t rows, unsigned direction);
	const char *(*error_text)(unsigned error);
	/* libcublas: matrices are column-major, alpha and beta lie on the host. */
	unsigned (*blas_new)(struct cublasContext **out);
	unsigned (*blas_math)(struct cublasContext *b, unsigned mode);
	unsigned (*blas_sgemm)(struct cublasContext *b, unsigned ta, unsigned tb, int m, int n,
			       int k, const float *alpha, const float *a_mk, int lda,
			       const float *b_kn, int ldb, const float *beta, float *c, int ldc);
	const char *(*blas_text)(unsigned status);
};

/* The libraries' names for these, in the same order. */
#define TW_CUDA_RUNTIME_NAMES                                                         \
	"cudaGetDeviceCount", "cudaMalloc", "cudaFree", "cudaMemcpy", "cudaMemcpy2D", \
		"cudaGetErrorString"
#define TW_CUDA_BLAS_NAMES \
	"cublasCreate_v2", "cublasSetMathMode", "cublasSgemm_v2", "cublasGetStatusString"

#endif
