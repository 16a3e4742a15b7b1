/* For models that no trainer here can fine-tune: a remote one, or another architecture. */
#include "trainer/trainers.h"

static enum tw_status train(struct tw_train_result *out, void *ctx, const struct tw_train_job *job,
			    struct tw_err *err)
{
	(void)out;
	(void)ctx;
	(void)job;
	(void)err;
	return TW_OK;
}

const struct tw_trainer_type tw_trainer_none = {
	.name = "none",
	.help = "No fine-tuning: the base model answers as it is, from your writing",
	.code_version = 1,
	.train = train,
};
