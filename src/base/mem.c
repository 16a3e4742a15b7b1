#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN	   ((size_t)16)
#define BLOCK_SIZE ((size_t)16 * 1024)
#define KEEP_MAX   ((size_t)1024 * 1024) /* a larger block isn't kept by a reset */

struct tw_arena_block {
	struct tw_arena_block *next;
	size_t size; /* bytes of data */
	_Alignas(16) unsigned char data[];
};

/* The one place where a small allocation that fails ends the process. */
static _Noreturn void out_of_memory(size_t size)
{
	fprintf(stderr, "twin: out of memory (%zu bytes wanted)\n", size);
	abort();
}

static size_t checked_mul(size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all))
		out_of_memory(SIZE_MAX);
	return all;
}

void tw_arena_init(struct tw_arena *a)
{
	memset(a, 0, sizeof(*a));
}

static void free_blocks(struct tw_arena_block *b)
{
	while (b) {
		struct tw_arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void tw_arena_reset(struct tw_arena *a)
{
	if (!a->head)
		return;
	if (a->head->size > KEEP_MAX) {
		tw_arena_release(a);
		return;
	}
	free_blocks(a->head->next);
	a->head->next = NULL;
	a->used = 0;
}

void tw_arena_release(struct tw_arena *a)
{
	free_blocks(a->head);
	memset(a, 0, sizeof(*a));
}

static struct tw_arena_block *new_block(size_t size)
{
	struct tw_arena_block *b = tw_xmalloc(sizeof(*b) + size);

	b->size = size;
	b->next = NULL;
	return b;
}

/* A block of its own behind the head, so that the room in the head isn't lost. */
static void *alloc_large(struct tw_arena *a, size_t size)
{
	struct tw_arena_block *b = new_block(size);

	if (a->head) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		a->head = b;
		a->used = a->cap = size;
	}
	return b->data;
}

static void *alloc_raw(struct tw_arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX / 2)
		out_of_memory(size);
	/* Never two results at one address, not even for nothing. */
	size = ((size ? size : 1) + ALIGN - 1) & ~(ALIGN - 1);
	if (a->cap - a->used < size) {
		struct tw_arena_block *b;
		size_t grown = a->head ? a->head->size * 2 : BLOCK_SIZE;

		if (size > BLOCK_SIZE / 2)
			return alloc_large(a, size);
		if (grown > KEEP_MAX)
			grown = KEEP_MAX;
		b = new_block(grown < BLOCK_SIZE ? BLOCK_SIZE : grown);
		b->next = a->head;
		a->head = b;
		a->used = 0;
		a->cap = b->size;
	}
	p = a->head->data + a->used;
	a->used += size;
	return p;
}

void *tw_alloc(struct tw_arena *a, size_t size)
{
	return memset(alloc_raw(a, size), 0, size);
}

void *tw_alloc_array(struct tw_arena *a, size_t n, size_t size)
{
	return tw_alloc(a, checked_mul(n, size));
}

void *tw_copy_array(struct tw_arena *a, const void *items, size_t n, size_t size)
{
	void *copy = tw_alloc_array(a, n + 1, size);
	if (n)
		memcpy(copy, items, n * size);
	return copy;
}

char *tw_strdup(struct tw_arena *a, const char *s)
{
	return s ? tw_strndup(a, s, strlen(s)) : NULL;
}

char *tw_strndup(struct tw_arena *a, const char *s, size_t len)
{
	char *copy = alloc_raw(a, len + 1);

	if (len)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *tw_sprintf(struct tw_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = tw_vsprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

char *tw_vsprintf(struct tw_arena *a, const char *fmt, va_list ap)
{
	va_list again;
	int len;
	char *s;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0) /* only a format that cannot be encoded */
		return tw_strdup(a, "");
	s = alloc_raw(a, (size_t)len + 1);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	return s;
}

void *tw_xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

void *tw_xcalloc(size_t n, size_t size)
{
	size_t all = checked_mul(n, size);
	void *p = calloc(1, all ? all : 1);

	if (!p)
		out_of_memory(all);
	return p;
}

void *tw_xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		out_of_memory(size);
	return p;
}

char *tw_xstrdup(const char *s)
{
	size_t size;

	if (!s)
		return NULL;
	size = strlen(s) + 1;
	return memcpy(tw_xmalloc(size), s, size);
}

void *tw_try_alloc(size_t size, const char *what, struct tw_err *err)
{
	const size_t page = size < TW_HUGE_PAGE ? 64 : TW_HUGE_PAGE;
	void *p = NULL;

	if (size <= SIZE_MAX / 2)
		p = aligned_alloc(page, (size + page) & ~(page - 1));
	if (!p) {
		tw_fail(err, TW_NO_MEMORY, "not enough memory for %s (%zu MB wanted)", what,
			size / 1000000);
		return NULL;
	}
	if (size >= TW_HUGE_PAGE)
		madvise(p, size, MADV_HUGEPAGE); /* fewer misses of the TLB; it is only a wish */
	return memset(p, 0, size);
}
