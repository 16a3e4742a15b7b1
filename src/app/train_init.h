/*
 * app/train_init.h: what a training goes on from (`training.init`), and which examples it sees then (`training.replay`).
 */
#ifndef TW_APP_TRAIN_INIT_H
#define TW_APP_TRAIN_INIT_H

#include "app/graph.h"
#include "core/dataset.h"

/* Keys of `training:` that belong here, not to the trainer. */
extern const struct tw_opt tw_train_init_opts[];
TW_MUST_USE enum tw_status tw_train_init_check(const struct tw_config *conf, struct tw_err *err);

struct tw_train_init {
	int version;	     /* model version; 0: none, or a file */
	const char *path;    /* GGUF adapter; NULL: training starts from nothing */
	const char *digest;  /* of the adapter; "": none */
	const char *dataset; /* that the version was trained on; NULL */
	const char *
		why_not; /* for people: `init` asks for a model, and there is none to go on from; NULL */
};

/*
 * `basis`: digest of all that a training depends on besides where it starts. A champion that came from this very basis is not
 * gone on from again: then *out is what it went on from, so that nothing new means nothing to do.
 * `champion` is no error while there is none of use; a version by name has to be there, whole, of this base, and
 * without a forgotten document in it: TW_BAD_USE, TW_NOT_FOUND, TW_BLOCKED.
 */
TW_MUST_USE enum tw_status tw_train_init_resolve(struct tw_train_init *out, struct tw_graph *g,
						 const char *base_digest, const char *basis,
						 struct tw_err *err);

/* Leaves out of *train what the version has learnt already, but for the share `replay`: the same ones each time. */
TW_MUST_USE enum tw_status tw_train_init_choose(struct tw_examples *train,
						const struct tw_train_init *init,
						struct tw_graph *g, struct tw_err *err);

/* A version that went on from a tainted one has learnt what that did: marks it too. Adds to *n. */
TW_MUST_USE enum tw_status tw_taint_followers(int64_t *n, struct tw_app *app, struct tw_err *err);

#endif
