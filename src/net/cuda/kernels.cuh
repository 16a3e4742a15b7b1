/* net/cuda/kernels.cuh: what the files of this folder fill in of struct tw_cuda. */
#ifndef TW_NET_CUDA_KERNELS_CUH
#define TW_NET_CUDA_KERNELS_CUH

#include "net/cuda/cuda.h"

void tw_cuda_fill_rows(struct tw_cuda *c);    /* rows.cu: norms, positions, activation, sums */
void tw_cuda_fill_scores(struct tw_cuda *c);  /* scores.cu: attention between its products */
void tw_cuda_fill_ends(struct tw_cuda *c);    /* ends.cu: embeddings, loss, dropout */
void tw_cuda_fill_runtime(struct tw_cuda *c); /* runtime.cu: memory and products */

#endif
