/* The same code as the plain kernels', compiled for AVX-512. */
#include "net/cpu_int.h"
#include "net/rows_int.h"

#if defined(__x86_64__) && defined(__AVX512F__) && defined(__AVX512BW__)

#define ROWS_NAME "AVX-512"
#include "net/rows_body_int.h"

const struct tw_row_kernels *tw_row_kernels_avx512(void)
{
	return tw_cpu_has_avx512() ? &rows : NULL;
}

#else

#include <stddef.h>

const struct tw_row_kernels *tw_row_kernels_avx512(void)
{
	return NULL;
}

#endif
