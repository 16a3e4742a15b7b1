/*
 * inference/deployment_int.h: what deployment.c (the handle) and resolve.c (which
 * versions) share.
 */
#ifndef TW_INFERENCE_DEPLOYMENT_INT_H
#define TW_INFERENCE_DEPLOYMENT_INT_H

#include "inference/deployment.h"

/* What is to be opened, all by digest. Strings in the serving's arena. */
struct tw_resolved {
	int64_t revision;
	int model;
	const char *label, *service, *settings;
	struct tw_view chunks, embeddings;
	const char *llm_spec, *llm_digest; /* digest "": whatever the spec opens */
	const char *template_digest;	   /* "": not pinned */
	const char *adapter;
	const char *system; /* NULL: as the settings say */
};

/* `ref` as in tw_deployment_open(). `configured`: digest of the embedder that twin.yaml names, asked for with
 * "base" alone. */
enum tw_status tw_resolve(struct tw_resolved *out, const struct tw_inference_env *env,
			  const char *ref, struct tw_arena *a, struct tw_err *err);

/* The newest embeddings of `chunks` by the embedder with this digest. */
enum tw_status tw_resolve_embeddings(struct tw_view *out, const struct tw_inference_env *env,
				     const struct tw_view *chunks, const char *embedder_digest,
				     struct tw_arena *a, struct tw_err *err);

#endif
