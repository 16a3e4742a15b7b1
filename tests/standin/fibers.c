/*
 * The threads of a block, one after the other, each on a stack of its own: __syncthreads() goes back to who called them, and on
 * when all have come there. Every second round goes from the last to the first, so that a kernel which lacks a
 * __syncthreads() reads what was not written yet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "cuda_runtime.h"
#include "standin.h"

enum { MOST_THREADS = 1024, STACK = 64 * 1024 };

static struct fiber {
	void *at[5]; /* where it waits; of __builtin_setjmp() */
	ucontext_t begin;
	bool begun, done;
} fiber[MOST_THREADS];

static void *caller[5];
static unsigned now;
static void (*job)(void *ctx);
static void *job_ctx;

struct standin_index threadIdx, blockIdx, blockDim, gridDim;

static __attribute__((noinline, noreturn)) void jump(void **to)
{
	__builtin_longjmp(to, 1);
}

static __attribute__((noinline)) void leave(void)
{
	if (!__builtin_setjmp(fiber[now].at))
		jump(caller);
}

static void live(void)
{
	for (;;) {
		job(job_ctx);
		fiber[now].done = true;
		leave();
	}
}

static __attribute__((noinline, noreturn)) void go_on(struct fiber *f)
{
	if (f->begun)
		jump(f->at);
	f->begun = true;
	setcontext(&f->begin);
	abort();
}

static __attribute__((noinline)) void enter(unsigned i)
{
	now = i;
	threadIdx.x = i;
	if (!__builtin_setjmp(caller))
		go_on(&fiber[i]);
}

void __syncthreads(void)
{
	leave();
}

static void make_fibers(unsigned n)
{
	static unsigned made;
	for (; made < n; made++) {
		struct fiber *f = &fiber[made];
		char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
		getcontext(&f->begin);
		f->begin.uc_stack.ss_sp = stack;
		f->begin.uc_stack.ss_size = STACK;
		f->begin.uc_link = NULL;
		makecontext(&f->begin, live, 0);
	}
}

/* One step of each thread, to the next place where it waits; returns how many have come to the end. */
static unsigned run_round(unsigned n, bool backward)
{
	unsigned done = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned k = backward ? n - 1 - i : i;
		enter(k);
		done += fiber[k].done;
	}
	return done;
}

void standin_run_block(unsigned threads, void (*run)(void *ctx), void *ctx)
{
	unsigned done = 0;
	job = run;
	job_ctx = ctx;
	make_fibers(threads);
	for (unsigned i = 0; i < threads; i++)
		fiber[i].done = false;
	for (unsigned round = 0; done == 0; round++)
		done = run_round(threads, round % 2);
	if (done == threads)
		return;
	fprintf(stderr, "a kernel: %u of %u threads wait in __syncthreads(), the others left\n",
		threads - done, threads);
	abort();
}
