/*
 * core/retriever.h: from a question to passages.
 *
 * One interface with one user on each side: inference/ implements it (what is
 * served), training/ measures it (hit@k, MRR), the app hands it over, so that
 * evaluation measures what serving does.
 */
#ifndef TW_CORE_RETRIEVER_H
#define TW_CORE_RETRIEVER_H

#include "base/err.h"
#include "base/mem.h"

struct tw_passage {
	const char *doc, *row_id;				 /* row of the chunks view */
	const char *title, *heading, *text, *url, *key, *source; /* text: what the model reads */
	int64_t created_ms;
	double score;  /* fused; order of the list */
	double cosine; /* -1 when it was found by words alone */
	double bm25;   /* 0 when it was found by meaning alone */
};
struct tw_passages {
	const struct tw_passage *at; /* best first */
	size_t n;
};

struct tw_retriever {
	/* At most k passages above the cut-off: none is a valid answer. */
	enum tw_status (*search)(struct tw_passages *out, struct tw_retriever *r, const char *query,
				 size_t k, struct tw_arena *a, struct tw_err *err);
};

#endif
