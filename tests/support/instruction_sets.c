#include "support/instruction_sets.h"

#include "test.h"

#include "net/gemm_native_int.h"

/* Lists are made once, and what is missing is said once. */
static bool is_there(const void *kernel, const char *set, const char *of)
{
	if (!kernel)
		print_message("this CPU lacks %s: its %s are not tested here\n", set, of);
	return kernel != NULL;
}

/* --- products --- */

static const struct tw_gemm_isa *narrow(void)
{
	const struct tw_gemm_isa *wide = tw_gemm_avx512();
	return wide ? wide->narrow : NULL;
}

#define PRODUCTS_BY(isa)                                                                       \
	static void run_##isa(const struct tw_gemm *g)                                         \
	{                                                                                      \
		tw_gemm_by(isa(), NULL, g);                                                    \
	}                                                                                      \
	static void share_##isa(struct tw_pool *p, const struct tw_gemm *g)                    \
	{                                                                                      \
		tw_gemm_by(isa(), p, g);                                                       \
	}                                                                                      \
	static void pack_##isa(float *to, const struct tw_gemm_b *b, const float *x, int from, \
			       int rows)                                                       \
	{                                                                                      \
		tw_gemm_pack_by(isa(), to, b, x, from, rows);                                  \
	}

PRODUCTS_BY(tw_gemm_avx2)
PRODUCTS_BY(tw_gemm_avx512)
PRODUCTS_BY(narrow)

static const struct {
	struct tw_gemm_kernel kernel;
	const struct tw_gemm_isa *(*isa)(void);
} products[] = {
	{{"AVX2", run_tw_gemm_avx2, share_tw_gemm_avx2, pack_tw_gemm_avx2}, tw_gemm_avx2},
	{{"AVX-512", run_tw_gemm_avx512, share_tw_gemm_avx512, pack_tw_gemm_avx512},
	 tw_gemm_avx512},
	{{"AVX-512 (narrow)", run_narrow, share_narrow, pack_narrow}, narrow},
};

enum { PRODUCTS = sizeof(products) / sizeof(*products) };

const struct tw_gemm_kernel *const *gemm_of_all_sets(void)
{
	static const struct tw_gemm_kernel *list[PRODUCTS + 1];
	static bool made;
	int n = 0;
	for (int i = 0; i < PRODUCTS && !made; i++)
		if (is_there(products[i].isa(), products[i].kernel.name, "products"))
			list[n++] = &products[i].kernel;
	made = true;
	return list;
}

/* --- rows --- */

const struct tw_row_kernels *const *rows_of_all_sets(void)
{
	static const struct tw_row_kernels *list[4];
	int n = 0;
	if (list[0])
		return list;
	list[n++] = tw_row_kernels_plain();
	if (is_there(tw_row_kernels_avx2(), "AVX2", "kernels of rows"))
		list[n++] = tw_row_kernels_avx2();
	if (is_there(tw_row_kernels_avx512(), "AVX-512", "kernels of rows"))
		list[n++] = tw_row_kernels_avx512();
	return list;
}

/* --- whole numbers --- */

const struct tw_q_kernel *const *q_of_all_sets(void)
{
	static const struct tw_q_kernel *list[5];
	int n = 0;
	if (list[0])
		return list;
	list[n++] = &tw_q_ref;
	if (is_there(tw_q_avx2(), "AVX2", "products in whole numbers"))
		list[n++] = tw_q_avx2();
	if (is_there(tw_q_avxvnni(), "AVX-VNNI", "products in whole numbers"))
		list[n++] = tw_q_avxvnni();
	if (is_there(tw_q_vnni(), "AVX-512 VNNI", "products in whole numbers"))
		list[n++] = tw_q_vnni();
	return list;
}
