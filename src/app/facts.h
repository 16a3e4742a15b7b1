/*
 * app/facts.h: parameters as names and values, for tables and trackers.
 */
#ifndef TW_APP_FACTS_H
#define TW_APP_FACTS_H

#include "base/json.h"
#include "base/vec.h"
#include "core/tracker.h"

struct tw_facts TW_VEC_BODY(struct tw_pair);

/* Adds the members of an object, those of objects in it with a dot: {"dataset": {"seed": 1}} is "dataset.seed".
 * {"options": {"rank": 8}} is "rank", for "options" is no word of twin.yaml. In the arena. */
void tw_facts_add(struct tw_facts *out, const struct tw_json *object, const char *before,
		  struct tw_arena *a);
/* NULL when it is not there. */
const char *tw_facts_get(const struct tw_facts *f, const char *name);

#endif
