/*
 * feature/feature.h: the transforms that this folder supplies.
 *
 * Each is one const instance of core/transform.h's contract, listed in
 * app/plugins.c. What a view means stands at the top of its file.
 */
#ifndef TW_FEATURE_FEATURE_H
#define TW_FEATURE_FEATURE_H

#include "core/transform.h"

extern const struct tw_transform_type tw_transform_clean;
extern const struct tw_transform_type tw_transform_scrub;
extern const struct tw_transform_type tw_transform_signatures;
extern const struct tw_transform_type tw_transform_duplicates;
extern const struct tw_transform_type tw_transform_chunks;
extern const struct tw_transform_type tw_transform_embeddings;
extern const struct tw_transform_type tw_transform_labels;
extern const struct tw_transform_type tw_transform_questions;
extern const struct tw_transform_type tw_transform_preferences;
extern const struct tw_transform_type tw_transform_checks;

#endif
