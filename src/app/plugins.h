/*
 * app/plugins.h: every plugin that this binary has, as NULL-terminated lists.
 *
 * To add a plugin: write it as its contract header says, then one line in
 * plugins.c. Option tables of these types give parsing, help and documentation.
 */
#ifndef TW_APP_PLUGINS_H
#define TW_APP_PLUGINS_H

#include "core/embedder.h"
#include "core/llm.h"
#include "core/source.h"
#include "core/tracker.h"
#include "core/trainer.h"
#include "core/transform.h"

extern const struct tw_source_type *const tw_sources[];
extern const struct tw_transform_type *const tw_transforms[];
extern const struct tw_llm_type *const tw_llms[];
extern const struct tw_embedder_type *const tw_embedders[];
extern const struct tw_trainer_type *const tw_trainers[];
extern const struct tw_tracker_type *const tw_trackers[];

#endif
