/*
 * support/train_fixture.h: jobs for trainers: a tiny base, some examples, a folder.
 *
 * Each call of train_run() is a whole run: it opens the base, trains and closes all, so that
 * a test may do it in a child process and kill that.
 */
#ifndef TEST_SUPPORT_TRAIN_FIXTURE_H
#define TEST_SUPPORT_TRAIN_FIXTURE_H

#include "test.h"

#include "base/str.h"
#include "core/trainer.h"
#include "support/tiny_gguf.h"

struct train_setup {
	const char *options; /* of `training:`, as in YAML: "trainer: native, rank: 4" */
	const char *llm;     /* spec; NULL: the tiny base */
	struct tiny_gguf base;
	size_t n_train, n_valid; /* examples */
	const char *answer;	 /* of every example, NULL: each has its own; "": none */
	size_t n_pairs;	    /* examples of each split that have a worse answer too, the first */
	bool valid_singles; /* none of the validation split has one */
	const char *init_adapter; /* of the job */
	enum tw_status (*on_adapter)(void *ctx, int64_t step, const char *path, struct tw_err *err);
	const char *work;   /* folder, emptied by the test when it wants to */
	const char *digest; /* of the job; NULL: "job" */
	int threads;
	void (*on_metric)(void *ctx, const char *name, int64_t step, double value);
	void (*on_best)(void *ctx, int64_t step);
	void *ctx;
};

/* A new, empty folder below the program's own; valid until the next eight calls. */
const char *train_folder(void);

TW_MUST_USE enum tw_status train_run(struct tw_train_result *out, const struct train_setup *s,
				     struct tw_err *err);

/* Twenty examples and four to validate with on a tiny base, in a new folder, on one thread. */
struct train_setup train_setup_of(const char *options);
/* A run that has to end well; one that has to fail, with these words. */
struct tw_train_result train_ok(const struct train_setup *s);
void train_fails(const struct train_setup *s, enum tw_status want, const char *words);

/* Mean -log p of the setup's answer to "What about rope, 0?", by libllama: with an adapter, or a model in the base's place;
 * NULL: by the base. */
double train_score(const struct train_setup *s, const char *trained);

/* The same by parts, for what goes on inside. Ended with train_close(), also after a failure. */
struct train_world {
	struct tw_trainer *trainer;
	struct tw_llm *llm;
	struct tw_arena arena;
	struct tw_train_job job;
};
TW_MUST_USE enum tw_status train_open(struct train_world *w, const struct train_setup *s,
				      struct tw_err *err);
void train_close(struct train_world *w);

/* The native trainer's own options, but for these. */
struct tw_train_options;
void train_options(struct tw_train_options *o, const char *const (*set)[2], size_t n,
		   struct tw_arena *a);

/* The file's bytes; the caller releases. Fails the test when it can't be read. */
struct tw_str train_bytes(const char *path);
bool same_files(const char *a, const char *b);
void assert_same_files(const char *a, const char *b);

/* Options of the command trainer with support/trainer_peer.py: "--steps, 9"; valid until the next four calls. */
const char *train_peer(const char *arguments);

/* Where the tiny base of a setup lies; written when it is not there yet. */
const char *train_base(const struct tiny_gguf *base);

#endif
