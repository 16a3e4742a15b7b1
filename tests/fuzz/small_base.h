/*
 * A base of two blocks whose matrices are all alike, for fuzzers of adapters.
 */
#ifndef TEST_FUZZ_SMALL_BASE_H
#define TEST_FUZZ_SMALL_BASE_H

#include "trainer/factors_int.h"

struct small_base {
	struct tw_factors_size size[2 * TW_PROJ_COUNT];
	struct tw_factor at[2 * TW_PROJ_COUNT];
	struct tw_factors_base base;
	struct tw_factors p; /* none read yet */
};

static inline void small_base(struct small_base *b, int in, int out)
{
	*b = (struct small_base){.base = {.arch = "llama",
					  .n_layer = 2,
					  .heads = 2,
					  .heads_kv = 1,
					  .interleaved = true}};
	for (size_t i = 0; i < 2 * TW_PROJ_COUNT; i++)
		b->size[i] = (struct tw_factors_size){in, out};
	b->base.size = b->size;
	b->p = (struct tw_factors){.base = &b->base, .at = b->at};
}

#endif
