/*
 * support/architectures.h: a tiny model of each kind that the trainer knows, and of what their files may say.
 *
 * A new architecture of src/net/architectures.c gets a line here.
 */
#ifndef TEST_SUPPORT_ARCHITECTURES_H
#define TEST_SUPPORT_ARCHITECTURES_H

#include "support/tiny_gguf.h"

struct test_model {
	const char *name;
	struct tiny_gguf spec;
	double tolerance; /* of logits against libllama's, of the largest */
	int context;	  /* that it is served with; 0: any */
};

extern const struct test_model test_models[];
extern const int test_model_count;

#endif
