/*
 * trainer/merge_int.h: a model is written once more, with other values in some of its matrices. Where these
 * come from is a source: an adapter's file, or an adapter as it is trained.
 */
#ifndef TW_TRAINER_MERGE_INT_H
#define TW_TRAINER_MERGE_INT_H

#include <stdint.h>

#include "base/err.h"
#include "net/lora.h"

struct tw_merge_source {
	const char *name; /* for messages */
	/* Optional. Before anything else; `arch` is the base's architecture. */
	enum tw_status (*begin)(void *ctx, const char *arch, struct tw_err *err);
	/* What becomes of the base's tensor `name` of ne[1] rows and ne[0] columns; out->a NULL: nothing. The same each time. */
	enum tw_status (*find)(struct tw_lora_change *out, void *ctx, const char *name,
			       const int64_t *ne, struct tw_err *err);
	/* As and Bs that there are: the base must have a place for each. */
	int64_t (*halves)(void *ctx);
	void *ctx;
};

/* `type` as tw_merge_gguf() has it, or NULL: as the tensor was, but Q8_0 for whatever is packed. */
TW_MUST_USE enum tw_status tw_merge_write(const char *to, const char *base, const char *type,
					  const struct tw_merge_source *source,
					  const struct tw_compute *c, struct tw_err *err);

#endif
