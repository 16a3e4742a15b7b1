#include "training/evaluate.h"

#define OPTION(member) offsetof(struct tw_evaluation_options, member)

const struct tw_opt tw_evaluation_opts[] = {
	{"n_score", TW_OPT_INT, OPTION(n_score), .def = "16", .min = 0, .max = 100000,
	 .help = "test examples that loss and perplexity are measured on; 0 for none"},
	{"n_generate", TW_OPT_INT, OPTION(n_generate), .def = "8", .min = 0, .max = 10000,
	 .help = "test instructions that are answered to measure style; 0 for none"},
	{"max_tokens", TW_OPT_INT, OPTION(max_tokens), .def = "96", .min = 8, .max = 4096,
	 .help = "length of each of these answers, at most"},
	{"n_questions", TW_OPT_INT, OPTION(n_questions), .def = "100", .min = 0, .max = 100000,
	 .help = "questions that retrieval is measured with; 0 for none"},
	{"seed", TW_OPT_INT, OPTION(seed), .def = "1", .help = "chooses examples and questions"},
	{"max_test_loss_ratio", TW_OPT_REAL, OPTION(max_test_loss_ratio), .def = "1.0", .min = 0,
	 .max = 1000, .help = "gate: highest test_loss_ratio that is promoted; 0: not asked",
	 .flags = TW_OPT_NOT_IDENTITY},
	{"max_style_ratio", TW_OPT_REAL, OPTION(max_style_ratio), .def = "0", .min = 0, .max = 1000,
	 .help = "gate: highest style_delta_ratio that is promoted; 0: not asked",
	 .flags = TW_OPT_NOT_IDENTITY},
	{"min_hit5", TW_OPT_REAL, OPTION(min_hit5), .def = "0", .min = 0, .max = 1,
	 .help = "gate: lowest hit5 that is promoted; 0: not asked", .flags = TW_OPT_NOT_IDENTITY},
	{0},
};
