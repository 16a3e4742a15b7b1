/*
 * core/config.h: twin.yaml and the folder that it stands in.
 *
 * Owns the parsed tree and the places derived from it. It knows the names of
 * the sections, not what is in them: each section's table belongs to the code
 * that uses it, which reads it with tw_config_read().
 *
 *	twin: Mara                       # whose twin this is
 *	sources: [{type: dir, path: .}]  # core/source.h, one map a source
 *	models: {llm: …, embedder: …}    # specs: core/llm.h, core/embedder.h
 *	features: {chunks: {…}, …}       # core/transform.h, one map a view
 *	training: {trainer: native, …}   # core/trainer.h
 *	tracking: {url: …}               # core/tracker.h
 *	evaluation: {…}                  # training/evaluate.h
 *	retrieval: {…}                   # inference/retrieve.h
 *	answer: {…}                      # inference/answer.h
 *	serve: {…}                       # serve/server.h
 */
#ifndef TW_CORE_CONFIG_H
#define TW_CORE_CONFIG_H

#include "base/json.h"
#include "base/mem.h"
#include "core/opt.h"

struct tw_config_source {
	const char *
		name; /* `name:` of the source, else "type:place", its `path`, `url` or `user` as written */
	const char *type;
	const struct tw_json *node;
};

struct tw_config {
	const char *path;	    /* of twin.yaml */
	const char *dir;	    /* its folder: paths are relative to it */
	const char *state;	    /* dir/.twin: the embedded stores, blobs, work files */
	const char *twin;	    /* name of the author */
	const char *llm, *embedder; /* specs */
	const struct tw_config_source *sources;
	size_t n_sources;
	const struct tw_json *root;
	struct tw_arena arena; /* private */
};

/* Looks for twin.yaml in `dir` (NULL: the working folder) and its parents. On TW_OK *out is the caller's; end it with
 * tw_config_free(). TW_NOT_FOUND says to run `twin init`. TW_BAD_USE for syntax, unknown sections and a missing `sources`. */
TW_MUST_USE enum tw_status tw_config_load(struct tw_config **out, const char *dir,
					  struct tw_err *err);
void tw_config_free(struct tw_config *c); /* NULL is fine */

/* Replaces or adds one value: "training.max_steps=100", as on a command line (`--set`). The value is read as YAML. TW_BAD_USE. */
TW_MUST_USE enum tw_status tw_config_set(struct tw_config *c, const char *assignment,
					 struct tw_err *err);

/* Where a value stands: "twin.yaml:12" or "--set". In the config's arena. */
const char *tw_config_place(const struct tw_config *c, const struct tw_json *v);

/* NULL when the section (or "section.key") is absent. */
const struct tw_json *tw_config_section(const struct tw_config *c, const char *name);

/* tw_opt_parse() of a section with the config's file name, folder and arena. */
TW_MUST_USE enum tw_status tw_config_read(void *ctx, const struct tw_opt *opts,
					  const struct tw_config *c, const char *section,
					  struct tw_err *err);

#endif
