/*
 * core/spec.h: "prefix:rest", how a configuration names a model.
 */
#ifndef TW_CORE_SPEC_H
#define TW_CORE_SPEC_H

#include "base/err.h"

/* What comes behind "prefix:" when `spec` begins so, else NULL. */
const char *tw_spec_rest(const char *spec, const char *prefix);

/* `known` is a list like "llama, openai". */
enum tw_status tw_spec_unknown(const char *spec, const char *known, struct tw_err *err);

#endif
