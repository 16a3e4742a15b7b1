/*
 * app/pinned.h: the views that recent deployments use.
 *
 * They are kept fresh beside those of the current configuration, so that a
 * rollback within TW_PINNED_DEPLOYMENTS serves at once and is up to date.
 */
#ifndef TW_APP_PINNED_H
#define TW_APP_PINNED_H

#include "app/app.h"
#include "app/graph.h"
#include "feature/materialize.h"

#define TW_PINNED_DEPLOYMENTS 3 /* distinct feature services of the newest revisions */

/* With all that they are computed from, inputs first. */
TW_MUST_USE enum tw_status tw_pinned_views(struct tw_views *out, struct tw_app *app,
					   struct tw_err *err);
bool tw_views_have(const struct tw_views *views, const char *digest);

/* The views of one feature service and their inputs, inputs first. */
TW_MUST_USE enum tw_status tw_service_closure(struct tw_views *out, struct tw_app *app,
					      const char *service, struct tw_err *err);

/* It was never computed, or an input has moved since. */
bool tw_view_is_late(const struct tw_view *v, const struct tw_stale *stale);

/* TW_BLOCKED names the views of the service that have not caught up, and what brings them up to date. */
TW_MUST_USE enum tw_status tw_service_fresh(struct tw_app *app, const char *service,
					    struct tw_err *err);

/* Computes what is missing in the views of the service. */
TW_MUST_USE enum tw_status tw_service_backfill(struct tw_app *app, const char *service,
					       struct tw_err *err);

struct tw_feature_env tw_feature_env_of(struct tw_app *app);

/* The graph's view of this name; NULL when there is none. */
const struct tw_view *tw_graph_view(const struct tw_graph *g, const char *name);

#endif
