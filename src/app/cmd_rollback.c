#include "app/command.h"
#include "app/pinned.h"
#include "app/print.h"
#include "base/log.h"

struct rollback {
	bool backfill, force;
};

static const struct tw_opt opts[] = {
	{"backfill", TW_OPT_BOOL, offsetof(struct rollback, backfill),
	 .help = "compute the views that the revision needs and that are no longer kept"},
	{"force", TW_OPT_BOOL, offsetof(struct rollback, force),
	 .help = "also to a model that was trained on a document that was forgotten"},
	{0},
};

/* The revision to go back to: the one asked for, else the newest that serves something else. */
static enum tw_status choose(struct tw_deployment *out, struct tw_app *app, const char *ref,
			     struct tw_err *err)
{
	struct tw_deployments d;
	int64_t revision = 0;
	if (ref && tw_parse_i64(&revision, ref, NULL) != TW_OK)
		return tw_fail(err, TW_BAD_USE,
			       "\"%s\" is no revision; usage: twin rollback [REVISION] "
			       "(`twin show deployments` lists them)",
			       ref);
	enum tw_status st = tw_mr_deployments(&d, app->mr, 0, &app->arena, err);
	if (st != TW_OK)
		return st;
	for (size_t i = 0; i < d.n; i++) {
		bool same = d.at[i].model == d.at[0].model &&
			    tw_streq(d.at[i].service, d.at[0].service) &&
			    tw_streq(d.at[i].settings, d.at[0].settings);
		if (ref ? d.at[i].revision == revision : !same) {
			*out = d.at[i];
			return TW_OK;
		}
	}
	if (ref)
		return tw_fail(err, TW_NOT_FOUND,
			       "no deployment revision %s (`twin show deployments`)", ref);
	return tw_fail(err, TW_NOT_FOUND, "there is no earlier deployment to go back to");
}

static enum tw_status rollback(struct tw_app *app, const void *options, char *const *args, int n,
			       struct tw_err *err)
{
	const struct rollback *o = options;
	struct tw_deployment d;
	struct tw_model_version model;
	enum tw_status st = choose(&d, app, n ? args[0] : NULL, err);
	if (st == TW_OK)
		st = tw_mr_model(&model, app->mr, tw_sprintf(&app->arena, "v%d", d.model),
				 &app->arena, err);
	if (st == TW_OK && model.tainted[0] && !o->force)
		return tw_fail(err, TW_BLOCKED,
			       "model v%d was %s: `twin run` trains one without it; `twin rollback "
			       "%lld --force` serves this one all the same",
			       d.model, model.tainted, (long long)d.revision);
	if (st == TW_OK && o->backfill)
		st = tw_service_backfill(app, d.service, err);
	if (st == TW_OK)
		st = tw_service_fresh(app, d.service, err);
	if (st == TW_BLOCKED)
		return tw_wrap(
			err, st,
			"revision %lld cannot serve yet; `twin rollback %lld --backfill` makes it ready",
			(long long)d.revision, (long long)d.revision);
	if (st != TW_OK)
		return st;
	int64_t to = d.revision;
	d.created_ms = 0; /* a revision of its own, dated now */
	d.reason = tw_sprintf(&app->arena, "rollback to %lld", (long long)to);
	st = tw_mr_deploy(&d, app->mr, err);
	if (st != TW_OK)
		return st;
	tw_info("model v%d serves again, as revision %lld (%s)", d.model, (long long)d.revision,
		d.reason);
	if (app->json)
		printf("{\"revision\":%lld,\"of\":%lld,\"model\":\"v%d\"}\n", (long long)d.revision,
		       (long long)to, d.model);
	return TW_OK;
}

const struct tw_command tw_cmd_rollback = {
	.name = "rollback",
	.args = "[REVISION]",
	.help = "Serve an earlier deployment again, with its own model and features",
	.more = "Without REVISION: the one before. The views of the last three feature services are kept fresh, so that\n"
		"a rollback among them is immediate; for older ones --backfill computes what they need.",
	.opts = opts,
	.opts_size = sizeof(struct rollback),
	.max_args = 1,
	.flags = TW_CMD_WRITES,
	.run = rollback,
};
