/*
 * training/trackers.h: the trackers that this folder supplies, for app/plugins.c.
 */
#ifndef TW_TRAINING_TRACKERS_H
#define TW_TRAINING_TRACKERS_H

#include "core/tracker.h"

extern const struct tw_tracker_type tw_tracker_mlflow; /* an MLflow server */
extern const struct tw_tracker_type tw_tracker_none;

#endif
