/* net/cutter_int.h: parts of one block of memory, which are counted before there is any. */
#ifndef TW_NET_CUTTER_INT_H
#define TW_NET_CUTTER_INT_H

#include <stddef.h>
#include <stdint.h>

struct tw_cutter {
	int align;    /* floats: where a part may begin */
	float *base;  /* NULL: they are only counted */
	int64_t used; /* floats */
};

static inline float *tw_cut(struct tw_cutter *c, int64_t floats)
{
	float *at = c->base ? c->base + c->used : NULL;
	c->used += (floats + c->align - 1) / c->align * c->align;
	return at;
}

#endif
