#include "app/print.h"
#include "app/show.h"
#include "inference/lineage.h"

enum tw_status tw_show_lineage(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			       struct tw_err *err)
{
	const struct tw_lineage_env env = {app->fs, app->mr};
	struct tw_str s = TW_STR_INIT;
	(void)o;
	if (!ref)
		return tw_fail(
			err, TW_BAD_USE,
			"of what? twin show lineage ID (of an answer, a document, a dataset or a model)");
	enum tw_status st = tw_lineage(&s, &env, ref, &app->arena, err);
	if (st == TW_OK)
		tw_print_object(app, &s);
	tw_str_release(&s);
	return st;
}
