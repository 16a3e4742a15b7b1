/*
 * base/mem.h: memory.
 *
 * Arenas: one per document, batch or request. What is allocated from an arena
 * lives until tw_arena_reset() or tw_arena_release(); nothing in it is freed by
 * itself. An arena belongs to one thread. Small allocations (tw_xmalloc and
 * arenas) abort in one place when memory is out; large ones (weights, bodies)
 * use tw_try_alloc() and return an error.
 */
#ifndef TW_BASE_MEM_H
#define TW_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bytes that somebody else owns. */
struct tw_bytes {
	const char *data;
	size_t len;
};

struct tw_arena_block;

struct tw_arena {
	struct tw_arena_block *head;
	size_t used, cap; /* in the head block */
};

void tw_arena_init(struct tw_arena *a);	   /* allocates nothing */
void tw_arena_reset(struct tw_arena *a);   /* keeps one block for reuse */
void tw_arena_release(struct tw_arena *a); /* back to the state after init */

/* 16-byte aligned, zeroed. Never NULL. */
void *tw_alloc(struct tw_arena *a, size_t size);
void *tw_alloc_array(struct tw_arena *a, size_t n, size_t size);
/* A copy of n items of `size` bytes, and one zero item behind them. `items` may be NULL when n is 0. */
void *tw_copy_array(struct tw_arena *a, const void *items, size_t n, size_t size);
char *tw_strdup(struct tw_arena *a, const char *s); /* NULL gives NULL */
char *tw_strndup(struct tw_arena *a, const char *s, size_t len);
char *tw_sprintf(struct tw_arena *a, const char *fmt, ...) TW_PRINTF(2, 3);
char *tw_vsprintf(struct tw_arena *a, const char *fmt, va_list ap);

#define TW_NEW(a, type)		 ((type *)tw_alloc((a), sizeof(type)))
#define TW_NEW_ARRAY(a, n, type) ((type *)tw_alloc_array((a), (n), sizeof(type)))

/* The heap, for handles. Never NULL; zeroed where calloc is in the name. */
void *tw_xmalloc(size_t size);
void *tw_xcalloc(size_t n, size_t size);
void *tw_xrealloc(void *p, size_t size);
char *tw_xstrdup(const char *s); /* NULL gives NULL */

#define TW_HUGE_PAGE ((size_t)2 << 20)
/* 64-byte aligned, zeroed, in huge pages from one on where the system has them; on failure NULL and *err says what `what` wanted. End with free(). */
void *tw_try_alloc(size_t size, const char *what, struct tw_err *err);

#endif
