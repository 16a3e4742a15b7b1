/*
 * A stand-in for CUDA's libcudart and libcublas, in one file under both names: what net/gemm_cuda.c calls of them, on the
 * CPU, after NVIDIA's documentation. It shows that Twin calls what it should, with the right operands, and survives when a
 * call fails. It is no GPU, and passing with it says nothing about one.
 *
 * Memory of the "GPU" lies at addresses that the host can't read, and is full of NaN at first. A copy or a
 * product that leaves what was allocated is an error, as is a wrong direction.
 *
 *	CUDA_STANDIN_DEVICES=0		how many GPUs there are (1)
 *	CUDA_STANDIN_FAIL=cudaMalloc:5	the fifth call of that name fails, and all calls after it. A copy that fails did half
 *	CUDA_STANDIN_WRONG=1		products are wrong
 *	CUDA_STANDIN_LOG=file		at exit, a line a function: name, calls, and how many of them after the failure
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, LOST = 719 }; /* cudaError_t */
enum { BLAS_INVALID_VALUE = 7, BLAS_EXECUTION_FAILED = 13 };		/* cublasStatus_t */
enum { TO_DEVICE = 1, TO_HOST = 2 };
enum { MOST_BLOCKS = 64 };

enum call { COUNT, MALLOC, FREE, MEMCPY, MEMCPY2D, CREATE, MATH, SGEMM, CALLS };

static struct {
	const char *name;
	int n, late;
} calls[CALLS] = {{"cudaGetDeviceCount", 0, 0}, {"cudaMalloc", 0, 0},	 {"cudaFree", 0, 0},
		  {"cudaMemcpy", 0, 0},		{"cudaMemcpy2D", 0, 0},	 {"cublasCreate_v2", 0, 0},
		  {"cublasSetMathMode", 0, 0},	{"cublasSgemm_v2", 0, 0}};

struct cublasContext {
	bool used;
};

static struct cublasContext context;

static struct block {
	char *at, *memory; /* what the program is told, and where the bytes are */
	size_t size;
} blocks[MOST_BLOCKS];

static bool lost;

static int number(const char *variable, int otherwise)
{
	const char *s = getenv(variable);
	return s ? atoi(s) : otherwise;
}

/* Counts a call, and says whether it shall fail. */
static bool fails(enum call c)
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
	for (int c = 0; f && c < CALLS; c++)
		fprintf(f, "%s %d %d\n", calls[c].name, calls[c].n, calls[c].late);
	if (f)
		fclose(f);
}

/* Where `bytes` bytes at the GPU's address lie, or NULL if they are not all in one block. */
static char *memory_at(const void *at, size_t bytes)
{
	for (int i = 0; i < MOST_BLOCKS; i++) {
		const struct block *b = &blocks[i];
		size_t offset = (uintptr_t)at - (uintptr_t)b->at;
		if (b->at && (uintptr_t)at >= (uintptr_t)b->at && offset <= b->size &&
		    bytes <= b->size - offset)
			return b->memory + offset;
	}
	return NULL;
}

/* --- libcudart --- */

unsigned cudaGetDeviceCount(int *count)
{
	*count = number("CUDA_STANDIN_DEVICES", 1);
	return fails(COUNT) ? LOST : SUCCESS;
}

unsigned cudaMalloc(void **at, size_t bytes)
{
	int i = 0;
	while (i < MOST_BLOCKS && blocks[i].at)
		i++;
	if (fails(MALLOC) || i == MOST_BLOCKS)
		return OUT_OF_MEMORY;
	struct block *b = &blocks[i];
	b->size = bytes;
	b->memory = malloc(bytes);
	b->at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(b->memory, 0xff, bytes); /* NaN */
	*at = b->at;
	return SUCCESS;
}

unsigned cudaFree(void *at)
{
	if (fails(FREE))
		return LOST;
	for (int i = 0; at && i < MOST_BLOCKS; i++)
		if (blocks[i].at == at) {
			munmap(blocks[i].at, blocks[i].size);
			free(blocks[i].memory);
			blocks[i] = (struct block){0};
			return SUCCESS;
		}
	return at ? INVALID_VALUE : SUCCESS;
}

static unsigned copy_rows(void *to, size_t to_pitch, const void *from, size_t from_pitch,
			  size_t width, size_t rows, unsigned direction, bool half)
{
	size_t pitch = direction == TO_DEVICE ? to_pitch : from_pitch;
	size_t extent = rows ? (rows - 1) * pitch + width : 0;
	char *on_gpu = memory_at(direction == TO_DEVICE ? to : from, extent);
	if (!on_gpu || to_pitch < width || from_pitch < width ||
	    (direction != TO_DEVICE && direction != TO_HOST))
		return INVALID_VALUE;
	char *t = direction == TO_DEVICE ? on_gpu : to;
	const char *f = direction == TO_DEVICE ? from : on_gpu;
	for (size_t i = 0; i < (half ? rows / 2 : rows); i++)
		memcpy(t + i * to_pitch, f + i * from_pitch, width);
	return half ? LOST : SUCCESS;
}

/* In pieces of a float, so that half of it can be copied. */
unsigned cudaMemcpy(void *to, const void *from, size_t bytes, unsigned direction)
{
	bool half = fails(MEMCPY);
	return copy_rows(to, sizeof(float), from, sizeof(float), sizeof(float),
			 bytes / sizeof(float), direction, half);
}

unsigned cudaMemcpy2D(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
		      size_t rows, unsigned direction)
{
	bool half = fails(MEMCPY2D);
	return copy_rows(to, to_pitch, from, from_pitch, width, rows, direction, half);
}

const char *cudaGetErrorString(unsigned error)
{
	return error == OUT_OF_MEMORY ? "out of memory"
	       : error == LOST	      ? "unspecified launch failure"
	       : error == SUCCESS     ? "no error"
				      : "invalid argument";
}

/* --- libcublas --- */

unsigned cublasCreate_v2(struct cublasContext **out)
{
	*out = &context;
	return fails(CREATE) ? BLAS_EXECUTION_FAILED : SUCCESS;
}

unsigned cublasSetMathMode(struct cublasContext *b, unsigned mode)
{
	return fails(MATH) ? BLAS_EXECUTION_FAILED : b != &context || mode ? BLAS_INVALID_VALUE : 0;
}

/* op(x) (rows, cols), column-major without gaps, of x with its leading dimension. NULL: x is not all on the GPU. */
static float *operand(const float *x, int ld, bool transposed, int rows, int cols)
{
	int height = transposed ? cols : rows, width = transposed ? rows : cols;
	size_t extent = (size_t)(width - 1) * (size_t)ld + (size_t)height;
	const float *from = (const float *)memory_at(x, extent * sizeof(float));
	float *op = malloc((size_t)rows * (size_t)cols * sizeof(float));
	for (int j = 0; from && j < cols; j++)
		for (int i = 0; i < rows; i++)
			op[(size_t)j * rows + i] =
				transposed ? from[(size_t)i * ld + j] : from[(size_t)j * ld + i];
	if (!from || ld < height) {
		free(op);
		op = NULL;
	}
	return op;
}

/* Column-major c (m, n) = alpha op(a) op(b) + beta c; a (m, k), b (k, n). With beta 0, c is not read. */
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

unsigned cublasSgemm_v2(struct cublasContext *h, unsigned ta, unsigned tb, int m, int n, int k,
			const float *alpha, const float *a, int lda, const float *b, int ldb,
			const float *beta, float *c, int ldc)
{
	if (fails(SGEMM))
		return BLAS_EXECUTION_FAILED;
	if (h != &context || m < 1 || n < 1 || k < 1 || ldc < m || ta > 1 || tb > 1)
		return BLAS_INVALID_VALUE;
	float *op_a = operand(a, lda, ta, m, k), *op_b = operand(b, ldb, tb, k, n);
	float *to =
		(float *)memory_at(c, ((size_t)(n - 1) * (size_t)ldc + (size_t)m) * sizeof(float));
	bool good = op_a && op_b && to;
	if (good) {
		multiply(to, ldc, op_a, op_b, m, n, k, *alpha, *beta);
		to[0] += (float)number("CUDA_STANDIN_WRONG", 0);
	}
	free(op_a);
	free(op_b);
	return good ? SUCCESS : BLAS_INVALID_VALUE;
}

const char *cublasGetStatusString(unsigned status)
{
	return status == BLAS_EXECUTION_FAILED ? "CUBLAS_STATUS_EXECUTION_FAILED"
	       : status == SUCCESS	       ? "CUBLAS_STATUS_SUCCESS"
					       : "CUBLAS_STATUS_INVALID_VALUE";
}
