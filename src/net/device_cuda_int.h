/*
 * net/device_cuda_int.h: the GPU, for the files that call it. One a process, as CUDA has it: what is lost there is lost for
 * all. One thread calls.
 */
#ifndef TW_NET_DEVICE_CUDA_INT_H
#define TW_NET_DEVICE_CUDA_INT_H

#include "net/cuda/cuda.h"
#include "net/device.h"

/* Opens the library and the GPU. cuda_library.c */
TW_MUST_USE enum tw_status tw_gpu_open(struct tw_err *err);
extern const struct tw_cuda *tw_gpu; /* after that */
const char *tw_gpu_name(void);

/* Whether nothing has failed yet, and what did. */
bool tw_gpu_good(void);
void tw_gpu_did(const char *what, const char *why); /* why NULL: it went well */
const char *tw_gpu_why(void);

/* Calls a function of tw_gpu, unless something failed before. */
#define TW_GPU(function, ...)                                                 \
	do {                                                                  \
		if (tw_gpu_good())                                            \
			tw_gpu_did(#function, tw_gpu->function(__VA_ARGS__)); \
	} while (0)

/* Whether it computes as the CPU does, in cases of most of it. device_check.c */
TW_MUST_USE enum tw_status tw_gpu_check(const struct tw_device *d, struct tw_err *err);

/* Attention in one document of T tokens, all heads; see kernels.h. `scratch`: tw_tiles_floats(). attention_cuda.c */
void tw_gpu_attention(float *out, float *lse, const float *qkv, int T, const struct tw_heads *h,
		      float *scratch, int64_t scratch_floats);
void tw_gpu_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
			       const float *qkv, int T, const struct tw_heads *h, float *scratch,
			       int64_t scratch_floats);

#endif
