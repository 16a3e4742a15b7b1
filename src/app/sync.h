/*
 * app/sync.h: `twin collect --watch`: documents and features follow the sources until somebody stops it.
 *
 * Each pass is `twin collect` and, when something changed, `twin features`, as processes of their own: what a pass takes is
 * given back, twin.yaml may change meanwhile, and other twins can work in the folder between passes.
 */
#ifndef TW_APP_SYNC_H
#define TW_APP_SYNC_H

#include "app/app.h"

/* `every`: seconds from a look at all sources to the next, besides those that a change below a folder asks for. TW_OK on
 * tw_stopping(); a pass that fails is told of, and tried again. */
TW_MUST_USE enum tw_status tw_sync(struct tw_app *app, int64_t every, struct tw_err *err);

#endif
