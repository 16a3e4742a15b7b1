/*
 * net/cpu_int.h: for files that are compiled for an instruction set (ISA_… in the Makefile): whether this CPU has it.
 */
#ifndef TW_NET_CPU_INT_H
#define TW_NET_CPU_INT_H

/* Before a loop over registers: it is to be none. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

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
