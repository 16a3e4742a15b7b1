/*
 * said_llm.h: a model at the contract ("said:") that says what a test wants, and remembers what it was asked. A token is
 * a byte.
 */
#ifndef TEST_UNIT_FEATURE_SAID_LLM_H
#define TEST_UNIT_FEATURE_SAID_LLM_H

#include "core/llm.h"

struct said {
	const char *text, *finish;
	enum tw_status st;
	int asked;
	char system[400], prompt[4000];
	struct tw_gen_params params;
};
extern struct said said;
extern const struct tw_llm_type *const said_llms[];

/* Such a model, that says `text` from now on. The caller closes it. */
struct tw_llm *said_open(const char *text);

#endif
