/*
 * training/adapter_int.h: a LoRA adapter as a GGUF file that libllama loads.
 */
#ifndef TW_TRAINING_ADAPTER_INT_H
#define TW_TRAINING_ADAPTER_INT_H

#include "training/lora_int.h"

/* `p` in the layout of l. The file appears whole or not at all. */
TW_MUST_USE enum tw_status tw_adapter_write(const char *path, const struct tw_lora *l,
					    const float *p, const char *arch, struct tw_err *err);

#endif
