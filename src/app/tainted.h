/*
 * app/tainted.h: adapters that learnt from a document which was forgotten since.
 */
#ifndef TW_APP_TAINTED_H
#define TW_APP_TAINTED_H

#include "app/app.h"

/* Removes their files, but for that of the version which serves. Called when another version was promoted. */
TW_MUST_USE enum tw_status tw_drop_tainted(struct tw_app *app, struct tw_err *err);

#endif
