/*
 * inference/options.h: the sections `retrieval:` and `answer:` of twin.yaml.
 *
 * Both are stored with a deployment, so that a rollback brings them back too.
 * The tables are the documentation of each option.
 */
#ifndef TW_INFERENCE_OPTIONS_H
#define TW_INFERENCE_OPTIONS_H

#include "core/config.h"
#include "core/opt.h"

struct tw_retrieval_options { /* used by inference/retrieve.c */
	int64_t k;	      /* passages for an answer */
	int64_t candidates;   /* from each of the two searches */
	double rrf_k;
	double min_evidence; /* cosine + word_weight x coverage, at least */
	double word_weight;
	double margin;	     /* behind the best, at most */
	double common_share; /* words in more of the passages than this count for nothing */
	int64_t per_document;
	int64_t max_tokens; /* of a passage after neighbours were merged into it */
};
extern const struct tw_opt tw_retrieval_opts[];

struct tw_answer_options {   /* used by inference/answer.c */
	const char *system;  /* system prompt; {name} stands for the author */
	const char *refusal; /* the answer when nothing was found */
	int64_t max_tokens;
	int64_t prompt_tokens; /* budget of a whole prompt; 0: what the model takes */
	double temperature, top_p, min_p, repeat_penalty;
	int64_t top_k;
	int64_t seed;
};
extern const struct tw_opt tw_answer_opts[];

/* The system prompt with the author's name in it: what serving sends, and what training examples begin with.
 * In the config's arena. */
TW_MUST_USE enum tw_status tw_answer_system_prompt(const char **out, const struct tw_config *conf,
						   struct tw_err *err);

#endif
