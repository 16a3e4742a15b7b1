/*
 * store/mr_int.h: what the files of the model registry share.
 */
#ifndef TW_STORE_MR_INT_H
#define TW_STORE_MR_INT_H

#include "base/vec.h"
#include "core/model_registry.h"
#include "store/db.h"

struct tw_model_registry {
	struct tw_db *db;
	char *process; /* this one: process_id.h */
};

static inline const char *tw_or_empty(const char *s)
{
	return s ? s : "";
}

/* The model version that `ref` ("v3", "3", an alias) means. */
TW_MUST_USE enum tw_status tw_model_resolve(int *version, struct tw_conn *c, const char *ref,
					    struct tw_err *err);
/* TW_NOT_FOUND: there is no such run. */
TW_MUST_USE enum tw_status tw_run_known(struct tw_conn *c, int64_t run, struct tw_err *err);
/* Moves an alias and appends to its history. revision 0: not by a deployment. */
TW_MUST_USE enum tw_status tw_alias_move(struct tw_conn *c, const char *alias, int model,
					 int64_t revision, struct tw_err *err);

#endif
