/*
 * net/cpu_int.h: whether this CPU has what files named for an instruction set are compiled for (ISA_… in the Makefile).
 */
#ifndef TW_NET_CPU_INT_H
#define TW_NET_CPU_INT_H

#if defined(__x86_64__)

#include <stdbool.h>

static inline bool tw_cpu_has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static inline bool tw_cpu_has_avx512(void)
{
	return tw_cpu_has_avx2() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512dq");
}

#endif

#endif
