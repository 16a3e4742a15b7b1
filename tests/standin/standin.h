/* What the files of the stand-in for CUDA share. */
#ifndef STANDIN_H
#define STANDIN_H

#include <stdbool.h>
#include <stddef.h>

enum standin_call {
	STANDIN_COUNT,
	STANDIN_MALLOC,
	STANDIN_FREE,
	STANDIN_MEMCPY,
	STANDIN_LAUNCH,
	STANDIN_CREATE,
	STANDIN_SGEMM,
	STANDIN_BATCHED,
	STANDIN_CALLS
};

/* Counts a call, and says whether it shall fail. */
bool standin_fails(enum standin_call c);
/* Whether what lies at the GPU's addresses [at, at + bytes) was allocated, in one piece. */
bool standin_has(const void *at, size_t bytes);
/* Around what the "GPU" does: its memory can be read meanwhile. */
void standin_open_memory(bool open);
/* Whether the environment's CUDA_STANDIN_WRONG is this. */
bool standin_is_wrong(const char *what);

/* Calls run(ctx) as so many threads of one block, which wait for each other in __syncthreads(). */
void standin_run_block(unsigned threads, void (*run)(void *ctx), void *ctx);

#endif
