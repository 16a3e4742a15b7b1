/*
 * support/instruction_sets.h: the kernels of all instruction sets that this CPU has, not only those of the best one,
 * which the program takes. What the CPU lacks is named in the test's output.
 *
 * Lists end with NULL.
 */
#ifndef TEST_SUPPORT_INSTRUCTION_SETS_H
#define TEST_SUPPORT_INSTRUCTION_SETS_H

#include "net/gemm.h"
#include "net/qgemm_kernel_int.h"
#include "net/rows_int.h"

/* Our own products of float32; narrow tiles also by themselves, for products of any width. */
const struct tw_gemm_kernel *const *gemm_of_all_sets(void);

/* The plain ones come first. */
const struct tw_row_kernels *const *rows_of_all_sets(void);
const struct tw_q_kernel *const *q_of_all_sets(void);

#endif
