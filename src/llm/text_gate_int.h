/*
 * llm/text_gate_int.h: between the bytes that a model makes and the text that a
 * caller gets. Lets whole UTF-8 sequences through, holds back what may become
 * a stop string, and ends before one. Owns its buffers.
 */
#ifndef TW_LLM_TEXT_GATE_INT_H
#define TW_LLM_TEXT_GATE_INT_H

#include "core/llm.h"

struct tw_gate {
	const char *const *stop; /* NULL-terminated, or NULL; borrowed */
	tw_text_fn fn;		 /* may be NULL */
	void *fn_ctx;
	struct tw_str *out; /* borrowed: all text that went through */
	struct tw_str raw;  /* a sequence that isn't whole yet */
	struct tw_str held; /* text that may be the start of a stop string */
	bool stopped;	    /* a stop string came: nothing goes through any more */
	bool refused;	    /* fn said no */
};

/* True while more is wanted. */
bool tw_gate_add(struct tw_gate *g, const char *data, size_t len);
/* Lets through what is held back, but for half a sequence; releases the buffers. */
void tw_gate_end(struct tw_gate *g);

#endif
