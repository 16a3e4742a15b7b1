#include "app/plugins.h"

#include <stddef.h>

#include "collect/collect.h"
#include "feature/feature.h"
#include "llm/llm_backends.h"
#include "trainer/trainers.h"
#include "training/trackers.h"

const struct tw_source_type *const tw_sources[] = {
	&tw_source_dir,	   &tw_source_git,	  &tw_source_feed,
	&tw_source_site,   &tw_source_export,	  &tw_source_github,
	&tw_source_gitlab, &tw_source_hackernews, NULL,
};

const struct tw_transform_type *const tw_transforms[] = {
	&tw_transform_clean,
	&tw_transform_scrub,
	&tw_transform_signatures,
	&tw_transform_duplicates,
	&tw_transform_chunks,
	&tw_transform_embeddings,
	&tw_transform_labels,
	&tw_transform_questions,
	&tw_transform_preferences,
	&tw_transform_checks,
	NULL,
};

const struct tw_llm_type *const tw_llms[] = {
	&tw_llm_llama,
	&tw_llm_openai,
	NULL,
};

const struct tw_embedder_type *const tw_embedders[] = {
	&tw_embedder_llama,
	&tw_embedder_openai,
	NULL,
};

const struct tw_trainer_type *const tw_trainers[] = {
	&tw_trainer_native,
	&tw_trainer_command,
	&tw_trainer_none,
	NULL,
};

const struct tw_tracker_type *const tw_trackers[] = {
	&tw_tracker_mlflow,
	&tw_tracker_none,
	NULL,
};
