/* The same code as the plain kernels', compiled for AVX2 and FMA. */
#include "net/cpu_int.h"
#include "net/rows_int.h"

#if defined(__x86_64__) && defined(__AVX2__) && defined(__FMA__)

#define ROWS_NAME "AVX2"
#include "net/rows_body_int.h"

const struct tw_row_kernels *tw_row_kernels_avx2(void)
{
	return tw_cpu_has_avx2() ? &rows : NULL;
}

#else

#include <stddef.h>

const struct tw_row_kernels *tw_row_kernels_avx2(void)
{
	return NULL;
}

#endif
