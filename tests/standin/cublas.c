/* A stand-in for cuBLAS: plain products, after NVIDIA's documentation. See cuda.c. */
#include "cublas_v2.h"

#include <stdlib.h>

#include "standin.h"

struct cublasContext {
	bool used;
};

static struct cublasContext context;

cublasStatus_t cublasCreate(cublasHandle_t *out)
{
	*out = &context;
	return standin_fails(STANDIN_CREATE) ? CUBLAS_STATUS_EXECUTION_FAILED
					     : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t h, cublasMath_t mode)
{
	return h != &context || mode != CUBLAS_DEFAULT_MATH ? CUBLAS_STATUS_INVALID_VALUE
							    : CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusString(cublasStatus_t status)
{
	return status == CUBLAS_STATUS_EXECUTION_FAILED ? "CUBLAS_STATUS_EXECUTION_FAILED"
	       : status == CUBLAS_STATUS_SUCCESS	? "CUBLAS_STATUS_SUCCESS"
							: "CUBLAS_STATUS_INVALID_VALUE";
}

/* Whether a matrix of `height` rows and `width` columns, column-major, is all on the GPU. */
static bool is_there(const float *x, int ld, int height, int width)
{
	size_t extent = (size_t)(width - 1) * (size_t)ld + (size_t)height;
	return ld >= height && standin_has(x, extent * sizeof(*x));
}

/* op(x) (rows, cols), column-major without gaps. */
static float *operand(const float *x, int ld, cublasOperation_t op, int rows, int cols)
{
	float *to = malloc((size_t)rows * (size_t)cols * sizeof(*to));
	for (int j = 0; j < cols; j++)
		for (int i = 0; i < rows; i++)
			to[(size_t)j * rows + i] =
				op == CUBLAS_OP_T ? x[(size_t)i * ld + j] : x[(size_t)j * ld + i];
	return to;
}

/* With beta 0, c is not read. */
static void multiply(float *c, int ldc, const float *a, const float *b, int m, int n, int k,
		     float alpha, float beta)
{
	for (int j = 0; j < n; j++) {
		float *to = c + (size_t)j * ldc;
		for (int i = 0; i < m; i++)
			to[i] = beta == 0 ? 0 : beta * to[i];
		for (int l = 0; l < k; l++) {
			float x = alpha * b[(size_t)j * k + l];
			for (int i = 0; i < m; i++)
				to[i] += x * a[(size_t)l * m + i];
		}
	}
}

static cublasStatus_t run(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m,
			  int n, int k, float alpha, const float *a, int lda, const float *b,
			  int ldb, float beta, float *c, int ldc)
{
	bool at = ta == CUBLAS_OP_T, bt = tb == CUBLAS_OP_T;
	if (h != &context || m < 1 || n < 1 || k < 1 || !is_there(c, ldc, m, n) ||
	    !is_there(a, lda, at ? k : m, at ? m : k) || !is_there(b, ldb, bt ? n : k, bt ? k : n))
		return CUBLAS_STATUS_INVALID_VALUE;
	standin_open_memory(true);
	float *op_a = operand(a, lda, ta, m, k), *op_b = operand(b, ldb, tb, k, n);
	multiply(c, ldc, op_a, op_b, m, n, k, alpha, beta);
	if (standin_is_wrong("products"))
		c[0] += 1;
	free(op_a);
	free(op_b);
	standin_open_memory(false);
	return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m,
			   int n, int k, const float *alpha, const float *a, int lda,
			   const float *b, int ldb, const float *beta, float *c, int ldc)
{
	if (standin_fails(STANDIN_SGEMM))
		return CUBLAS_STATUS_EXECUTION_FAILED;
	return run(h, ta, tb, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc);
}

cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t h, cublasOperation_t ta,
					 cublasOperation_t tb, int m, int n, int k,
					 const float *alpha, const float *a, int lda,
					 long long a_step, const float *b, int ldb,
					 long long b_step, const float *beta, float *c, int ldc,
					 long long c_step, int count)
{
	cublasStatus_t status = standin_fails(STANDIN_BATCHED) ? CUBLAS_STATUS_EXECUTION_FAILED
							       : CUBLAS_STATUS_SUCCESS;
	for (int i = 0; i < count && status == CUBLAS_STATUS_SUCCESS; i++)
		status = run(h, ta, tb, m, n, k, *alpha, a + i * a_step, lda, b + i * b_step, ldb,
			     *beta, c + i * c_step, ldc);
	return status;
}
