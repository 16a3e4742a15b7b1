/*
 * core/opt.h: option tables.
 *
 * A plugin (source, transform, LLM, trainer, …) and each section of twin.yaml
 * declares its options once, in a table. The table gives parsing, limits,
 * defaults, `--help`, the canonical parameters that go into digests, and the
 * documentation. Unknown keys are errors, with file, line and the nearest name.
 *
 * To add an option: a member in the context struct, one row in its table.
 *
 *	struct chunk { int64_t max_tokens; bool keep_short; };
 *	static const struct tw_opt opts[] = {
 *		{"max_tokens", TW_OPT_INT, offsetof(struct chunk, max_tokens), .def = "200",
 *		 .min = 16, .max = 8192, .help = "budget of a chunk, in the embedder's tokens"},
 *		{0},
 *	};
 */
#ifndef TW_CORE_OPT_H
#define TW_CORE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/mem.h"

enum tw_opt_type {
	TW_OPT_BOOL, /* bool */
	TW_OPT_INT,  /* int64_t, within [min, max] when max > min */
	TW_OPT_REAL, /* double, within [min, max] when max > min */
	TW_OPT_SIZE, /* int64_t, bytes: "4GiB", "512 MB", "1000"; within [min, max] when max > min */
	TW_OPT_STRING, /* const char *; one of `choices` when given */
	TW_OPT_PATH, /* const char *; made absolute against the folder of twin.yaml, "~/" expanded; a URL stays */
	TW_OPT_LIST, /* struct tw_strings; a single scalar is a list of one */
};

struct tw_strings {
	const char *const *at; /* n strings, and a NULL behind them */
	size_t n;
};

enum {
	TW_OPT_REQUIRED = 1,
	TW_OPT_NOT_IDENTITY =
		2, /* does not change results (threads, verbosity): left out of digests */
};

struct tw_opt {
	const char *name;
	enum tw_opt_type type;
	size_t offset;
	const char *
		def; /* as written in YAML; NULL: false, 0, NULL, empty list. Lists: comma-separated */
	double min, max;
	const char *choices; /* "a|b|c" */
	const char *help;    /* one line, no full stop */
	unsigned flags;
};

/* Writes every default, then the values of `node` (an object, or NULL for none), into ctx.
 * `where` begins messages ("twin.yaml"); `dir` is what paths are relative to. Strings live in `a`. TW_BAD_USE. */
TW_MUST_USE enum tw_status tw_opt_parse(void *ctx, const struct tw_opt *opts,
					const struct tw_json *node, const char *where,
					const char *dir, struct tw_arena *a, struct tw_err *err);

/* The same of a section that holds keys of others too: these are left alone, and are named with its own where a key is
 * unknown. NULL-terminated. */
TW_MUST_USE enum tw_status tw_opt_parse_among(void *ctx, const struct tw_opt *opts,
					      const struct tw_json *node, const char *const *others,
					      const char *where, const char *dir,
					      struct tw_arena *a, struct tw_err *err);

/* Those members of a section that the table names, where several tables share the section. In the arena; NULL stays NULL. */
struct tw_json *tw_opt_own(const struct tw_json *section, const struct tw_opt *opts,
			   struct tw_arena *a);

/* Sets one option from text, as on a command line (`--max-tokens 300`: '-' and '_' are the same). TW_BAD_USE; TW_NOT_FOUND for an unknown name. */
TW_MUST_USE enum tw_status tw_opt_set(void *ctx, const struct tw_opt *opts, const char *name,
				      const char *text, struct tw_arena *a, struct tw_err *err);

/* Whether the option `name`, which the table has, is something else than its default. A path counts as soon as it is set. */
bool tw_opt_is_changed(const void *ctx, const struct tw_opt *opts, const char *name);

/* Whether s is one of "a|b|c". */
bool tw_opt_is_choice(const char *choices, const char *s);

/* Canonical JSON of all identity options, in table order: equal settings give equal text. NULL opts give "{}". */
char *tw_opt_canonical(const void *ctx, const struct tw_opt *opts, struct tw_arena *a);

/* Help lines: "  max_tokens  200   budget of a chunk…"; what is longer than a line goes on below, indented. */
void tw_opt_help(struct tw_str *out, const struct tw_opt *opts);

#endif
