/* One pass over one source, into the store. */
#include "collect/collect.h"

#include <string.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "collect/reports_int.h"

struct pass {
	const char *source;
	struct tw_pass *p;
	struct tw_progress *bar;
	struct reports reports;
	bool blind; /* a folder could not be read: what is below it is unknown */
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

static void skip(struct pass *pass, const struct tw_source_type *type,
		 const struct tw_document *doc, const struct tw_err *why)
{
	report(&pass->reports, "%s: %s", pass->source, why->msg);
	if (doc->key && !type->whole && tw_ends_with(doc->key, "/"))
		pass->blind = true;
	else if (doc->key)
		tw_pass_skip(pass->p, doc->key);
}

static enum tw_status put(struct pass *pass, const struct tw_document *doc, struct tw_err *err)
{
	struct tw_err why = TW_ERR_INIT;
	enum tw_status st = tw_pass_put(pass->p, doc, NULL, &why);
	if (st == TW_SKIPPED) { /* forgotten on purpose: nothing to report */
		tw_debug("%s: %s", pass->source, why.msg);
		return TW_OK;
	}
	return st == TW_OK ? st : tw_fail(err, st, "%s", why.msg);
}

static enum tw_status take_all(struct pass *pass, struct tw_source *s, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	struct tw_arena a;
	tw_arena_init(&a);
	while (st == TW_OK) {
		struct tw_document doc;
		struct tw_err why = TW_ERR_INIT;
		if (tw_stopping()) {
			st = tw_fail(err, TW_CANCELLED, "%s: stopped", pass->source);
			break;
		}
		tw_arena_reset(&a);
		st = tw_source_next(&doc, s, &a, &why);
		if (st == TW_OK)
			st = put(pass, &doc, err);
		else if (st == TW_SKIPPED)
			skip(pass, tw_source_type(s), &doc, &why);
		else if (st != TW_DONE)
			tw_fail(err, st, "%s", why.msg);
		if (st == TW_SKIPPED)
			st = TW_OK;
		tw_progress_add(pass->bar, st == TW_OK);
	}
	tw_arena_release(&a);
	return st == TW_DONE ? TW_OK : st;
}

enum tw_status tw_collect_source(struct tw_pass_stats *out, struct tw_feature_store *fs,
				 const struct tw_source_type *type,
				 const struct tw_config_source *src, const struct tw_config *conf,
				 struct tw_http *http, struct tw_err *err)
{
	struct pass pass = {.source = src->name};
	struct tw_source_host host = {known, get_state, set_state,  &pass,
				      http,  commit,	conf->twin, keep_all};
	struct tw_source *s = NULL;
	bool whole = false;
	*out = (struct tw_pass_stats){0};
	enum tw_status st = tw_pass_begin(&pass.p, fs, src->name, err);
	if (st != TW_OK)
		return st;
	st = tw_source_new(&s, type, src->node, conf->path, conf->dir, &host, err);
	if (st == TW_OK) {
		pass.bar = tw_progress_new(src->name, "documents", 0);
		st = take_all(&pass, s, err);
		whole = st == TW_OK && tw_source_is_whole(s);
		tw_progress_free(pass.bar);
	}
	tw_source_free(s);
	reports_end(&pass.reports, src->name);
	if (st != TW_OK) {
		tw_pass_abort(pass.p);
		return tw_wrap(err, st, "source %s", src->name);
	}
	if (pass.blind && type->complete)
		tw_warn("%s: nothing is removed in this pass, since a folder could not be read",
			src->name);
	return tw_pass_end(pass.p, whole && !pass.blind, out, err);
}
