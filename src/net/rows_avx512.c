/* The same code as the plain kernels', compiled for AVX-512. */
#include "net/rows_int.h"

#if defined(__x86_64__) && defined(__AVX512F__) && defined(__AVX512BW__)

#define ROWS_NAME "AVX-512"
#include "net/rows_body_int.h"

const struct tw_row_kernels *tw_row_kernels_avx512(void)
{
	return tw_row_kernels_avx2() && __builtin_cpu_supports("avx512f") &&
			       __builtin_cpu_supports("avx512bw") &&
			       __builtin_cpu_supports("avx512vl") &&
			       __builtin_cpu_supports("avx512dq")
		       ? &rows
		       : NULL;
}

#else

#include <stddef.h>

const struct tw_row_kernels *tw_row_kernels_avx512(void)
{
	return NULL;
}

#endif
