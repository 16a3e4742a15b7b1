/* What net/gemm_cuda_int.h declares against NVIDIA's own headers: tests/layers/test_cuda_headers.py compiles it where these are. */
#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include "net/gemm_cuda_int.h"

_Static_assert((int)TW_CUDA_SUCCESS == (int)cudaSuccess, "cudaSuccess");
_Static_assert((int)TW_CUDA_TO_DEVICE == (int)cudaMemcpyHostToDevice, "cudaMemcpyHostToDevice");
_Static_assert((int)TW_CUDA_TO_HOST == (int)cudaMemcpyDeviceToHost, "cudaMemcpyDeviceToHost");
_Static_assert((int)TW_CUBLAS_SUCCESS == (int)CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS");
_Static_assert((int)TW_CUBLAS_PLAIN == (int)CUBLAS_OP_N, "CUBLAS_OP_N");
_Static_assert((int)TW_CUBLAS_TRANSPOSED == (int)CUBLAS_OP_T, "CUBLAS_OP_T");
_Static_assert((int)TW_CUBLAS_FULL_MATH == (int)CUBLAS_DEFAULT_MATH, "CUBLAS_DEFAULT_MATH");

/* A type that differs is an error here: the file is compiled with -Werror. */
const struct tw_cuda theirs = {.device_count = cudaGetDeviceCount,
			       .alloc = cudaMalloc,
			       .release = cudaFree,
			       .copy = cudaMemcpy,
			       .copy_rows = cudaMemcpy2D,
			       .error_text = cudaGetErrorString,
			       .blas_new = cublasCreate_v2,
			       .blas_math = cublasSetMathMode,
			       .blas_sgemm = cublasSgemm_v2,
			       .blas_text = cublasGetStatusString};
