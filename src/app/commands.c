#include "app/command.h"

const struct tw_command *const tw_commands[] = {
	&tw_cmd_init,	 &tw_cmd_run,	 &tw_cmd_ask,	 &tw_cmd_chat,	  &tw_cmd_serve,
	&tw_cmd_batch,	 &tw_cmd_search, &tw_cmd_add,	 &tw_cmd_collect, &tw_cmd_features,
	&tw_cmd_dataset, &tw_cmd_train,	 &tw_cmd_eval,	 &tw_cmd_promote, &tw_cmd_rollback,
	&tw_cmd_forget,	 &tw_cmd_show,	 &tw_cmd_export, &tw_cmd_import,  &tw_cmd_extract,
	&tw_cmd_status,	 &tw_cmd_doctor, NULL,
};
