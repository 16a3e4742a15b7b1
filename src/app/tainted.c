#include "app/tainted.h"

#include <string.h>

/* A version that may keep the adapter: it is not tainted, or it serves now. */
static bool is_kept(const struct tw_model_versions *all, const char *adapter, int active)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct tw_model_version *v = &all->at[i];
		if (strcmp(v->adapter, adapter) == 0 && (!v->tainted[0] || v->version == active))
			return true;
	}
	return false;
}

enum tw_status tw_drop_tainted(struct tw_app *app, struct tw_err *err)
{
	struct tw_model_versions all;
	struct tw_deployment active;
	struct tw_arena *a = &app->arena;
	enum tw_status st = tw_mr_deployment(&active, app->mr, 0, a, err);
	if (st == TW_OK)
		st = tw_mr_models(&all, app->mr, a, err);
	for (size_t i = 0; st == TW_OK && i < all.n; i++) {
		const struct tw_model_version *v = &all.at[i];
		if (!v->tainted[0] || !v->adapter[0] || is_kept(&all, v->adapter, active.model))
			continue;
		struct tw_err why = TW_ERR_INIT;
		st = tw_blob_remove(app->blobs, v->adapter, &why);
		if (st == TW_NOT_FOUND) /* removed before, or another version had it too */
			st = TW_OK;
		if (st != TW_OK)
			return tw_fail(err, st, "%s", why.msg);
	}
	return st;
}
