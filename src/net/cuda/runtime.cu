/* CUDA's memory and cuBLAS's products, on one GPU and its default stream: everything happens in the order of the calls. */
#include <cublas_v2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/version.h"
#include "net/cuda/block.cuh"
#include "net/cuda/kernels.cuh"

static cublasHandle_t blas;

static const char *blas_text(cublasStatus_t status)
{
	return status == CUBLAS_STATUS_SUCCESS ? NULL : cublasGetStatusString(status);
}

/* Ranks of one training on one machine (MPI's launchers tell each its number there) take its GPUs in turn. */
static int device_of(int count)
{
	const char *rank = getenv("OMPI_COMM_WORLD_LOCAL_RANK");
	if (!rank)
		rank = getenv("SLURM_LOCALID");
	return rank ? (int)(strtoul(rank, NULL, 10) % (unsigned long)count) : 0;
}

/* Products with atomic sums, which differ from time to time, are off unless they are asked for; so is TF32. */
static const char *open_one(char *name, size_t size)
{
	struct cudaDeviceProp about;
	int n = 0, device;
	const char *why = tw_cuda_text(cudaGetDeviceCount(&n));
	if (!why && n < 1)
		return "there is no GPU";
	if (why)
		return why;
	device = device_of(n);
	why = tw_cuda_text(cudaSetDevice(device));
	if (!why)
		why = tw_cuda_text(cudaGetDeviceProperties(&about, device));
	if (!why)
		snprintf(name, size, "%s", about.name);
	if (!why)
		why = blas_text(cublasCreate(&blas));
	return why ? why : blas_text(cublasSetMathMode(blas, CUBLAS_DEFAULT_MATH));
}

static const char *alloc(void **at, size_t bytes)
{
	const char *why = tw_cuda_text(cudaMalloc(at, bytes));
	if (why)
		(void)cudaGetLastError(); /* it is told here, and not once more by the next kernel */
	return why;
}

static const char *release(void *at)
{
	return tw_cuda_text(cudaFree(at));
}

static const char *room(size_t *free_bytes)
{
	size_t all;
	return tw_cuda_text(cudaMemGetInfo(free_bytes, &all));
}

static const char *send(void *to, const void *from, size_t bytes)
{
	return tw_cuda_text(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice));
}

static const char *fetch(void *to, const void *from, size_t bytes)
{
	return tw_cuda_text(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost));
}

/*
 * cuBLAS counts by columns, and read by columns a row-major matrix is its own transpose. Asked for c^T (n, m) =
 * op(b)^T op(a)^T, it finds b^T and a^T where b and a lie and leaves c where c^T is: the operands only change places.
 */
static const char *product(const struct tw_cuda_product *p)
{
	const cublasOperation_t tb = p->tb ? CUBLAS_OP_T : CUBLAS_OP_N;
	const cublasOperation_t ta = p->ta ? CUBLAS_OP_T : CUBLAS_OP_N;
	if (p->count == 1)
		return blas_text(cublasSgemm(blas, tb, ta, p->n, p->m, p->k, &p->alpha, p->b, p->ldb,
					     p->a, p->lda, &p->beta, p->c, p->ldc));
	return blas_text(cublasSgemmStridedBatched(blas, tb, ta, p->n, p->m, p->k, &p->alpha, p->b,
						   p->ldb, p->b_step, p->a, p->lda, p->a_step,
						   &p->beta, p->c, p->ldc, p->c_step, p->count));
}

void tw_cuda_fill_runtime(struct tw_cuda *c)
{
	c->open = open_one;
	c->alloc = alloc;
	c->release = release;
	c->room = room;
	c->send = send;
	c->fetch = fetch;
	c->product = product;
}

extern "C" __attribute__((visibility("default"))) const struct tw_cuda *tw_cuda_table(void)
{
	static struct tw_cuda all;
	all.size = sizeof(all);
	all.version = TW_VERSION;
	tw_cuda_fill_runtime(&all);
	tw_cuda_fill_rows(&all);
	tw_cuda_fill_scores(&all);
	tw_cuda_fill_ends(&all);
	return &all;
}
