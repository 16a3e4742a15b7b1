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

#include <cpuid.h>
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

/* Asked for by hand: compilers know the instructions before they know the feature's name. */
static inline bool tw_cpu_has_avxvnni(void)
{
	unsigned a, b, c, d;
	return tw_cpu_has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}

#endif

#endif
