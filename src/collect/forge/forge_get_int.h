/*
 * collect/forge/forge_get_int.h: one request to the service.
 */
#ifndef TW_COLLECT_FORGE_GET_INT_H
#define TW_COLLECT_FORGE_GET_INT_H

#include "collect/forge/forge_int.h"

/* An answer 200, or 304 to the etag (NULL: none). Waits and asks again where the service says so. TW_NOT_FOUND, TW_SKIPPED:
 * it does not give it; TW_BLOCKED: it wants to be left alone, and nothing more is asked in this pass; TW_NETWORK,
 * TW_CANCELLED. `accept` NULL: JSON. */
TW_MUST_USE enum tw_status forge_get(struct tw_http_response *res, struct forge *f,
				     const char *path, const char *accept, const char *etag,
				     struct tw_err *err);
/* The same as a tree, in the arena. TW_SKIPPED for what is no JSON. */
TW_MUST_USE enum tw_status forge_get_json(const struct tw_json **out, struct forge *f,
					  const char *path, struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status forge_parse(const struct tw_json **out, const struct tw_str *body,
				       struct tw_arena *a, struct tw_err *err);
/* The path of rel="next", "" for none. */
const char *forge_next_link(const struct tw_str *link, const struct forge *f, struct tw_arena *a);

#endif
