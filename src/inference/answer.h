/*
 * inference/answer.h: one question to one answer with its sources.
 *
 * Retrieval, prompt, generation, citations, and the stored prediction that
 * lineage starts from. No passage above the cut-off: the refusal is the
 * answer, without a source and without a call of the LLM. One answer at a time
 * a deployment.
 */
#ifndef TW_INFERENCE_ANSWER_H
#define TW_INFERENCE_ANSWER_H

#include "core/llm.h"
#include "inference/deployment.h"

struct tw_answer_source {
	int n; /* the model knows it as [n] */
	const char *title, *heading, *date, *url, *key, *source, *doc, *row_id, *text;
	double score, cosine;
	bool cited; /* [n] stands in the answer */
};

/* Answers of the request beat the deployment's settings; start from tw_answer_request_init(). */
struct tw_answer_request {
	const char *question;
	const struct tw_message *history; /* "user" and "assistant", oldest first; may be NULL */
	size_t n_history;
	const char *
		extra_system; /* appended to the system prompt (a client's own system message); NULL */
	struct tw_gen_params gen; /* as the deployment has it, until the caller changes it */
	const char *batch; /* name that the prediction is stored under; "" for a single answer */
	bool no_store;	   /* leaves no prediction */
	/* Optional. Called once, before the first text. */
	void (*on_sources)(void *ctx, const struct tw_answer_source *s, size_t n);
	/* Optional. Takes the answer as it is made, citations already checked; false ends it ("cancelled"). */
	tw_text_fn on_text;
	void *ctx;
};

struct tw_answer {
	const char *text;
	const struct tw_answer_source *sources;
	size_t n_sources;
	const char *finish;	/* "stop", "length", "cancelled", "refused" */
	const char *prediction; /* id; "" when none was stored (cancelled, or no_store) */
	int prompt_tokens, completion_tokens;
	double support;				   /* inference/support.h; -1: not known */
	double retrieve_s, first_token_s, total_s; /* since the call; seconds */
};

void tw_answer_request_init(struct tw_answer_request *r, const struct tw_serving *s);

/* All of *out lives in `a`. TW_BAD_USE for an empty or too long question. */
TW_MUST_USE enum tw_status tw_answer(struct tw_answer *out, struct tw_serving *s,
				     const struct tw_answer_request *r, struct tw_arena *a,
				     struct tw_err *err);

/* [{"n", "doc", "row_id", "title", "url", "date", "score", "cited", …}] */
void tw_answer_sources_json(struct tw_json_writer *w, const char *key,
			    const struct tw_answer_source *s, size_t n);

#endif
