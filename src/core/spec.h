/*
 * core/spec.h: "prefix:rest", how a configuration names a model.
 */
#ifndef TW_CORE_SPEC_H
#define TW_CORE_SPEC_H

#include "base/err.h"

/* Picks from `types`, a NULL-terminated array of pointers to structs whose first member is their prefix, the one that
 * `spec` begins with; *rest is what comes behind the colon. TW_BAD_USE for another prefix names those that there are. */
TW_MUST_USE enum tw_status tw_spec_find(const void **type, const char **rest, const void *types,
					const char *spec, struct tw_err *err);

#endif
