#include "inference/options.h"

#include <string.h>

#include "base/str.h"

#define RETRIEVAL(member) offsetof(struct tw_retrieval_options, member)
#define ANSWER(member)	  offsetof(struct tw_answer_options, member)

const struct tw_opt tw_retrieval_opts[] = {
	{"k", TW_OPT_INT, RETRIEVAL(k), .def = "5", .min = 1, .max = 50,
	 .help = "passages that an answer is made from, at most"},
	{"candidates", TW_OPT_INT, RETRIEVAL(candidates), .def = "50", .min = 1, .max = 1000,
	 .help = "how many each of the two searches brings"},
	{"rrf_k", TW_OPT_REAL, RETRIEVAL(rrf_k), .def = "10", .min = 1, .max = 1000,
	 .help = "constant of reciprocal rank fusion; smaller trusts the first ranks more"},
	/* Calibrated: see inference/evidence.h. */
	{"min_evidence", TW_OPT_REAL, RETRIEVAL(min_evidence), .def = "0.5", .min = -1, .max = 2,
	 .help = "a passage is about the question from this much on: its cosine, and word_weight "
		 "times the share of the question's words in it; for another embedder than "
		 "all-MiniLM, try other values"},
	{"word_weight", TW_OPT_REAL, RETRIEVAL(word_weight), .def = "0.3", .min = 0, .max = 2,
	 .help = "how much shared words count beside the cosine"},
	{"margin", TW_OPT_REAL, RETRIEVAL(margin), .def = "0.1", .min = 0, .max = 4,
	 .help = "passages that are so much less about it than the best are left out; 4: none"},
	{"common_share", TW_OPT_REAL, RETRIEVAL(common_share), .def = "0.3", .min = 0, .max = 1,
	 .help = "a word in more than this share of the passages counts for nothing"},
	{"per_document", TW_OPT_INT, RETRIEVAL(per_document), .def = "2", .min = 1, .max = 50,
	 .help = "passages of one document, at most"},
	{"max_tokens", TW_OPT_INT, RETRIEVAL(max_tokens), .def = "400", .min = 16, .max = 8192,
	 .help = "neighbouring passages are joined up to this length"},
	{0},
};

const struct tw_opt tw_answer_opts[] = {
	{"system", TW_OPT_STRING, ANSWER(system),
	 .def = "You are {name}. You answer in the first person and in your own voice, from what "
		"you have written.",
	 .help = "system prompt, in training and in serving; {name} stands for the author"},
	{"refusal", TW_OPT_STRING, ANSWER(refusal), .def = "I have not written about that.",
	 .help = "the answer when no passage is about the question"},
	{"max_tokens", TW_OPT_INT, ANSWER(max_tokens), .def = "256", .min = 1, .max = 8192,
	 .help = "length of an answer, at most"},
	{"prompt_tokens", TW_OPT_INT, ANSWER(prompt_tokens), .def = "2048", .min = 0,
	 .max = 1000000, .help = "budget of prompt and answer; 0: all that the model takes"},
	{"temperature", TW_OPT_REAL, ANSWER(temperature), .def = "0.2", .min = 0, .max = 2,
	 .help = "0 always takes the likeliest token"},
	{"top_p", TW_OPT_REAL, ANSWER(top_p), .def = "0.9", .min = 0, .max = 1,
	 .help = "nucleus sampling; 1: off"},
	{"top_k", TW_OPT_INT, ANSWER(top_k), .def = "40", .min = 0, .max = 1000,
	 .help = "sampling from this many tokens; 0: off"},
	{"min_p", TW_OPT_REAL, ANSWER(min_p), .def = "0.05", .min = 0, .max = 1,
	 .help = "leaves out tokens less likely than this share of the likeliest; 0: off"},
	{"repeat_penalty", TW_OPT_REAL, ANSWER(repeat_penalty), .def = "1.1", .min = 0, .max = 2,
	 .help = "against loops; 1: off"},
	{"seed", TW_OPT_INT, ANSWER(seed), .def = "1", .min = 0, .max = 2147483647,
	 .help = "the same seed gives the same answer"},
	{0},
};

static const char name_mark[] = "{name}";

enum tw_status tw_answer_system_prompt(const char **out, const struct tw_config *conf,
				       struct tw_err *err)
{
	struct tw_answer_options o = {0};
	enum tw_status st = tw_config_read(&o, tw_answer_opts, conf, "answer", err);
	if (st != TW_OK)
		return st;
	const char *name = conf->twin && conf->twin[0] ? conf->twin : "the author";
	struct tw_str s = TW_STR_INIT;
	const char *p = o.system;
	for (const char *q; (q = strstr(p, name_mark)); p = q + strlen(name_mark)) {
		tw_str_add(&s, p, (size_t)(q - p));
		tw_str_adds(&s, name);
	}
	tw_str_adds(&s, p);
	/* The config owns an arena of its own for whatever is derived from it. */
	*out = tw_str_dup(&s, &((struct tw_config *)(uintptr_t)conf)->arena);
	tw_str_release(&s);
	return TW_OK;
}
