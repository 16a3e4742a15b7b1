/* One pass over one source, into the store. */
#include "collect/collect.h"

#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/progress.h"
#include "collect/child/child_int.h"
#include "collect/reports_int.h"

struct pass {
	const char *source;
	struct tw_pass *p;
	struct tw_progress *bar;
	struct reports reports;
	const struct tw_source_type *type;
	struct tw_map skipped; /* keys */
	bool blind;	       /* it is not known which documents could not be read */
	bool again;	       /* a parser was lost: what came before may come once more */
};

static const char *known(void *host, const char *key)
{
	const struct pass *pass = host;
	return tw_pass_known(pass->p, key);
}

static const char *get_state(void *host, const char *name)
{
	const struct pass *pass = host;
	return tw_pass_state(pass->p, name);
}

static void set_state(void *host, const char *name, const char *value)
{
	const struct pass *pass = host;
	tw_pass_set_state(pass->p, name, value);
}

static enum tw_status commit(void *host, struct tw_err *err)
{
	const struct pass *pass = host;
	return tw_pass_commit(pass->p, err);
}

static void keep_all(void *host)
{
	const struct pass *pass = host;
	tw_pass_keep_all(pass->p);
}

static void opened(void *ctx)
{
	struct pass *pass = ctx;
	pass->again = pass->bar;
	if (!pass->bar)
		pass->bar = tw_progress_new(pass->source, "documents", 0);
}

static void skip(void *ctx, const struct tw_document *doc, const struct tw_err *why)
{
	struct pass *pass = ctx;
	if (doc->key && tw_map_has(&pass->skipped, doc->key))
		return;
	tw_progress_add(pass->bar, 1);
	report(&pass->reports, "%s: %s", pass->source, why->msg);
	if (doc->key)
		tw_map_set_int(&pass->skipped, doc->key, 1);
	if (!pass->type->whole && (!doc->key || tw_ends_with(doc->key, "/")))
		pass->blind = true;
	else if (doc->key)
		tw_pass_skip(pass->p, doc->key);
}

static enum tw_status put(void *ctx, const struct tw_document *doc, struct tw_err *err)
{
	struct pass *pass = ctx;
	struct tw_err why = TW_ERR_INIT;
	if (pass->again && tw_pass_seen(pass->p, doc->key))
		return TW_OK;
	enum tw_status st = tw_pass_put(pass->p, doc, NULL, &why);
	if (st == TW_SKIPPED) { /* forgotten on purpose: nothing to report */
		tw_debug("%s: %s", pass->source, why.msg);
		st = TW_OK;
	}
	tw_progress_add(pass->bar, st == TW_OK);
	return st == TW_OK ? st : tw_fail(err, st, "%s", why.msg);
}

enum tw_status tw_collect_source(struct tw_pass_stats *out, struct tw_feature_store *fs,
				 const struct tw_source_type *type,
				 const struct tw_config_source *src, const struct tw_config *conf,
				 struct tw_http *http, struct tw_err *err)
{
	struct pass pass = {.source = src->name, .type = type};
	const struct tw_source_host host = {.known = known,
					    .get_state = get_state,
					    .set_state = set_state,
					    .host = &pass,
					    .http = http,
					    .commit = commit,
					    .twin = conf->twin,
					    .keep_all = keep_all};
	const struct child_pass reading = {.name = src->name,
					   .type = type,
					   .node = src->node,
					   .where = conf->path,
					   .dir = conf->dir,
					   .host = &host,
					   .opened = opened,
					   .put = put,
					   .skip = skip,
					   .ctx = &pass};
	bool whole = false;
	*out = (struct tw_pass_stats){0};
	enum tw_status st = tw_pass_begin(&pass.p, fs, src->name, err);
	if (st != TW_OK)
		return st;
	st = child_read(&whole, &reading, err);
	tw_progress_free(pass.bar);
	tw_map_release(&pass.skipped);
	reports_end(&pass.reports, src->name);
	if (st != TW_OK) {
		tw_pass_abort(pass.p);
		return tw_wrap(err, st, "source %s", src->name);
	}
	if (pass.blind && type->complete)
		tw_warn("%s: nothing is removed in this pass, since it is not known which documents "
			"could not be read",
			src->name);
	return tw_pass_end(pass.p, whole && !pass.blind, out, err);
}
