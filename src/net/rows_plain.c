#define ROWS_NAME "plain"
#include "net/rows_body_int.h"

const struct tw_row_kernels *tw_row_kernels_plain(void)
{
	return &rows;
}

const struct tw_row_kernels *tw_row_kernels(void)
{
	const struct tw_row_kernels *avx512 = tw_row_kernels_avx512(),
				    *avx2 = tw_row_kernels_avx2();
	return avx512 ? avx512 : avx2 ? avx2 : &rows;
}
