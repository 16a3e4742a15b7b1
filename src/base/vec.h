/*
 * base/vec.h: a growing array of any type.
 *
 *	TW_VEC(int) v = {0};
 *	tw_vec_push(&v, 42);
 *	for (size_t i = 0; i < v.n; i++) use(v.at[i]);
 *	tw_vec_release(&v);
 *
 * The vector owns its array (heap), never what the elements point to. For a
 * vector as a member or a parameter, name its type once:
 * struct names TW_VEC_BODY(const char *);
 */
#ifndef TW_BASE_VEC_H
#define TW_BASE_VEC_H

#include <stdlib.h>

#include "base/mem.h"

#define TW_VEC_BODY(type)      \
	{                      \
		type *at;      \
		size_t n, cap; \
	}
#define TW_VEC(type) struct TW_VEC_BODY(type)

#define tw_vec_reserve(v, want)                                                      \
	do {                                                                         \
		size_t want_ = (want);                                               \
		if (want_ > (v)->cap) {                                              \
			size_t cap_ = (v)->cap ? (v)->cap * 2 : 16;                  \
			(v)->cap = cap_ < want_ ? want_ : cap_;                      \
			(v)->at = tw_xrealloc((v)->at, (v)->cap * sizeof(*(v)->at)); \
		}                                                                    \
	} while (0)

#define tw_vec_push(v, x)                        \
	do {                                     \
		tw_vec_reserve((v), (v)->n + 1); \
		(v)->at[(v)->n++] = (x);         \
	} while (0)

#define tw_vec_release(v)              \
	do {                           \
		free((v)->at);         \
		(v)->at = NULL;        \
		(v)->n = (v)->cap = 0; \
	} while (0)

#endif
