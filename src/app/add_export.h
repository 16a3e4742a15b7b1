/*
 * app/add_export.h: an export that was named on the command line.
 */
#ifndef TW_APP_ADD_EXPORT_H
#define TW_APP_ADD_EXPORT_H

#include "app/app.h"

/*
 * Makes the export at `path` one of the sources in twin.yaml, unless it is, and loads the configuration again: a source that
 * the next pass does not know would lose its documents then. The source is named for its service, "mastodon", so that
 * another file of the same account can take its place. TW_BAD_USE says which lines to write where twin.yaml cannot be
 * edited safely, or has a source of that name already. To be called with the folder's lock.
 */
TW_MUST_USE enum tw_status tw_add_export(struct tw_app *app, const char *path, struct tw_err *err);

#endif
