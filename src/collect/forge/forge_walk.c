/* A pass over what a service has of its user: one answer after the other. */
#include "collect/forge/forge_get_int.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* --- tasks and items --- */

static void release_task(struct forge_task *t)
{
	free(t->path);
	free(t->repo);
	free(t->arg);
	free(t->stamp);
	*t = (struct forge_task){0};
}

void forge_tasks_release(struct forge_tasks *all)
{
	for (size_t i = 0; i < all->n; i++)
		release_task(&all->at[i]);
	tw_vec_release(all);
}

void forge_ask_at(struct forge *f, const struct forge_task *t)
{
	struct forge_task copy = {t->kind, tw_xstrdup(t->path), tw_xstrdup(t->repo ? t->repo : ""),
				  tw_xstrdup(t->arg), tw_xstrdup(t->stamp)};
	tw_vec_push(&f->children, copy);
}

void forge_ask(struct forge *f, const struct forge_kind *kind, const struct forge_task *like,
	       const char *fmt, ...)
{
	struct forge_task t = like ? *like : (struct forge_task){0};
	va_list ap;
	va_start(ap, fmt);
	const char *path = tw_vsprintf(&f->page, fmt, ap);
	va_end(ap);
	t.kind = kind;
	t.path = tw_sprintf(&f->page, "%s%s", f->root, path);
	forge_ask_at(f, &t);
}

void forge_add(struct forge *f, const struct forge_item *it)
{
	tw_vec_push(&f->items, *it);
}

/* --- one answer --- */

/* What it led to comes before what else there is to ask, in its order. An address is asked once, however many lead to it. */
static void take_children(struct forge *f)
{
	while (f->children.n) {
		struct forge_task t = f->children.at[--f->children.n];
		struct tw_map_slot *slot = tw_map_at(&f->asked, t.path, strlen(t.path));
		if (slot->v.i++)
			release_task(&t);
		else
			tw_vec_push(&f->tasks, t);
	}
}

/* All that it gave is yielded. */
static void close_answer(struct forge *f)
{
	if (f->etag && !f->failed)
		forge_record_save(f);
	take_children(f);
	release_task(&f->task);
	f->items.n = f->keys.n = f->at = 0;
	f->etag = NULL;
	f->failed = false;
	tw_arena_reset(&f->page);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct forge_item *)a)->key, ((const struct forge_item *)b)->key);
}

/* What has another shape is an error that does not say so: read as an answer, it would have nothing in it. */
static bool has_shape(const struct tw_json *answer, const struct forge_kind *kind)
{
	return kind->member ? tw_json_get(answer, kind->member) != NULL
			    : answer->type == TW_JSON_ARRAY;
}

static enum tw_status read_answer(struct forge *f, const struct tw_http_response *res,
				  const struct tw_json *answer, struct tw_err *err)
{
	if (!has_shape(answer, f->task.kind))
		return tw_fail(err, TW_SKIPPED, "the answer is not the JSON that it should be");
	const char *next = forge_next_link(&res->link, f, &f->page);
	bool full = answer->type == TW_JSON_ARRAY && answer->n >= FORGE_PER_PAGE;
	f->task.kind->read(f, &f->task, answer);
	if (f->items.n) /* what belongs together comes together */
		qsort(f->items.at, f->items.n, sizeof(*f->items.at), by_key);
	if (*next && answer->n && !f->task.kind->member) {
		struct forge_task more = f->task;
		more.path = tw_strdup(&f->page, next);
		forge_ask_at(f, &more);
	}
	/* One more item makes another page, of which an unchanged full one would say nothing. */
	f->etag = full && !*next ? "" : tw_str_dup(&res->etag, &f->page);
	f->etag = f->etag ? f->etag : "";
	return TW_OK;
}

/* What may be missing in a repository is missing: its issues are turned off, or it is empty. */
static bool is_nothing(const struct tw_http_response *res)
{
	return res->status == 410 || res->status == 409;
}

void forge_not_whole(struct forge *f, const char *why)
{
	int n = (int)strcspn(f->task.path, "?");
	report(&f->reports, "%s: %s%s%.*s: %s; nothing is removed in this pass", f->service->name,
	       f->task.repo, *f->task.repo ? ", " : "", n, f->task.path, why);
	f->failed = true; /* a record of it would say so no more */
	f->whole = false;
}

static enum tw_status open_answer(struct forge *f, struct tw_err *err)
{
	struct tw_http_response res = {0};
	struct tw_err why = TW_ERR_INIT;
	const struct tw_json *answer;
	const char *etag;
	f->task = f->tasks.at[--f->tasks.n];
	if (forge_record_stands(f, &etag)) {
		forge_record_replay(f);
		return TW_OK;
	}
	enum tw_status st = forge_get(&res, f, f->task.path, NULL, etag, &why);
	if (st == TW_OK && res.status == 304) {
		forge_record_replay(f);
	} else if (st == TW_OK) {
		st = tw_source_enter(f->host, tw_sprintf(&f->page, "%s/", f->task.path), &why);
		if (st == TW_OK)
			st = forge_parse(&answer, &res.body, &f->page, &why);
		if (st == TW_OK)
			st = read_answer(f, &res, answer, &why);
	}
	if (st == TW_NOT_FOUND || st == TW_SKIPPED) {
		if (!is_nothing(&res))
			forge_not_whole(f, why.msg);
		st = TW_OK;
	}
	tw_http_response_release(&res);
	return st == TW_OK ? st : tw_fail(err, st, "%s", why.msg);
}

/* --- document after document --- */

static void note(struct forge *f, const struct forge_item *it)
{
	tw_vec_push(&f->keys, it->key);
	f->taken++;
	f->dirty = true;
}

/* *yields: *doc is one. */
static enum tw_status give(struct tw_document *doc, bool *yields, struct forge *f,
			   const struct forge_item *it, struct tw_arena *a, struct tw_err *err)
{
	const char *known = f->host->known(f->host->host, it->key);
	*doc = (struct tw_document){.key = tw_strdup(a, it->key)};
	doc->fingerprint =
		it->fill ? tw_sprintf(a, "%s%s", f->tag, it->stamp) : tw_strdup(a, known);
	doc->unchanged = known && tw_streq(known, doc->fingerprint);
	enum tw_status st = TW_OK;
	if (!doc->unchanged)
		st = tw_source_enter(f->host, it->key, err);
	if (!doc->unchanged && st == TW_OK)
		st = it->fill(doc, f, it, a, err);
	if (st == TW_NOT_FOUND)
		st = TW_SKIPPED;
	if (st == TW_SKIPPED)
		f->failed = true;
	if (st != TW_OK)
		return st;
	*yields = doc->unchanged || !file_is_blank(&doc->body);
	if (!*yields)
		return TW_OK;
	if (!doc->unchanged && (!doc->author || !*doc->author))
		doc->author = f->host->twin ? f->host->twin : f->user;
	note(f, it);
	return TW_OK;
}

/* What is read after that is unknown. */
static void stop_at_most(struct forge *f)
{
	tw_warn("%s: %lld documents were read, as many as `most` allows; nothing is removed in "
		"this pass",
		f->service->name, (long long)f->most);
	f->stopped = true;
	f->whole = false;
}

static enum tw_status finish(struct forge *f)
{
	const char *pass = f->host->get_state(f->host->host, "pass");
	if (!f->stopped && pass && *pass)
		f->host->set_state(f->host->host, "pass", "");
	return TW_DONE;
}

static enum tw_status step(struct tw_document *doc, bool *yields, struct forge *f,
			   struct tw_arena *a, struct tw_err *err)
{
	if (f->at < f->items.n) {
		if (f->most && f->taken >= f->most) {
			stop_at_most(f);
			return TW_BLOCKED;
		}
		return give(doc, yields, f, &f->items.at[f->at++], a, err);
	}
	close_answer(f);
	return f->tasks.n ? open_answer(f, err) : TW_DONE;
}

enum tw_status forge_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
			  struct tw_err *err)
{
	struct forge *f = ctx;
	enum tw_status st = TW_OK;
	bool yields = false;
	while (st == TW_OK && !yields) {
		tw_arena_reset(a); /* of those without text */
		st = step(doc, &yields, f, a, err);
	}
	if (st == TW_CANCELLED && f->host->commit) {
		enum tw_status stored = f->host->commit(f->host->host, NULL);
		(void)stored; /* the stop is what is told; what was not stored is fetched again */
	}
	if (st == TW_BLOCKED)
		tw_err_clear(err);
	return st == TW_BLOCKED || st == TW_DONE ? finish(f) : st;
}

bool forge_whole(const void *ctx)
{
	return ((const struct forge *)ctx)->whole;
}
