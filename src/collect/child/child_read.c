/* A pass over a source, by one child after the other: what ended one is left out by the next. */
#include "collect/child/child_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/stop.h"
#include "base/vec.h"

#define MAX_LOST  5		      /* children in one pass */
#define MEMORY	  ((int64_t)4 << 30)  /* beyond what this process has */
#define FILE_SIZE ((int64_t)16 << 30) /* of a source's own copies */

struct paths TW_VEC_BODY(const char *);

struct reading {
	const struct child_pass *pass;
	struct tw_source_needs needs;
	struct paths read, write, run;
	struct tw_http *own; /* where the policy is another one; NULL */
	struct tw_http *http;
	struct tw_map left_out;
	struct tw_arena arena;
};

/* --- what it may --- */

static void split(struct paths *out, const struct tw_str *lines, struct tw_arena *a)
{
	for (const char *p = tw_str_c(lines); *p; p += *p == '\n') {
		size_t n = strcspn(p, "\n");
		if (n)
			tw_vec_push(out, tw_strndup(a, p, n));
		p += n;
	}
	if (out->n)
		tw_vec_push(out, NULL);
}

static enum tw_status make_folders(const struct paths *folders, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i + 1 < folders->n; i++)
		st = tw_mkdirs(folders->at[i], err);
	return st;
}

/* The client that asks for the child: it keeps to the source's own `allow_private`. */
static enum tw_status choose_http(struct reading *r, struct tw_err *err)
{
	struct tw_http *http = r->pass->host->http;
	r->http = http;
	if (!http || !r->needs.http)
		return TW_OK;
	struct tw_http_policy policy = tw_http_policy_of(http);
	if (policy.allow_private == r->needs.allow_private)
		return TW_OK;
	policy.allow_private = r->needs.allow_private;
	enum tw_status st = tw_http_new(&r->own, &policy, err);
	r->http = r->own;
	return st;
}

static enum tw_status prepare(struct reading *r, struct tw_err *err)
{
	const struct child_pass *p = r->pass;
	tw_arena_init(&r->arena);
	enum tw_status st = tw_source_needs(&r->needs, p->type, p->node, p->where, p->dir, err);
	if (st != TW_OK)
		return st;
	split(&r->read, &r->needs.read, &r->arena);
	split(&r->write, &r->needs.write, &r->arena);
	split(&r->run, &r->needs.run, &r->arena);
	st = make_folders(&r->write, err);
	return st == TW_OK ? choose_http(r, err) : st;
}

static void release(struct reading *r)
{
	tw_vec_release(&r->read);
	tw_vec_release(&r->write);
	tw_vec_release(&r->run);
	tw_map_release(&r->left_out);
	tw_http_free(r->own);
	tw_source_needs_release(&r->needs);
	tw_arena_release(&r->arena);
}

/* --- one child --- */

/* What it was at, and how it ended. */
struct loss {
	char *key; /* heap, "" between two documents */
	struct tw_str how;
};

static char *key_of(const struct child *c)
{
	const size_t len = atomic_load(&c->page->len), most = sizeof(c->page->key);
	char *key = tw_xcalloc(1, most + 1);
	memcpy(key, c->page->key, len < most ? len : most);
	return key;
}

/* TW_OK: to the end. TW_SKIPPED: it was lost, as *loss says. */
static enum tw_status run_one(bool *whole, struct loss *loss, struct reading *r, struct tw_err *err)
{
	const struct child_pass *p = r->pass;
	struct child_inside inside = {p, &r->left_out, r->http};
	const struct child_kind kind = {.name = p->name,
					.box = {.read = r->read.at,
						.write = r->write.at,
						.run = r->run.at,
						.sockets = r->needs.sockets,
						.memory = MEMORY,
						.file_size = r->write.n ? FILE_SIZE : 0},
					.env = tw_str_c(&r->needs.env),
					.stall_s = p->stall_s > 0 ? p->stall_s : CHILD_STALL_S,
					.be = child_be_source,
					.ctx = &inside};
	struct child c;
	enum tw_status st = child_start(&c, &kind, err);
	if (st != TW_OK)
		return st;
	struct child_answers a = {.pass = p, .child = &c, .http = r->needs.http ? r->http : NULL};
	st = child_answer(&a, err);
	*whole = a.whole;
	if (a.ended || (st != TW_DONE && err && err->msg[0])) { /* its own error, or the store's */
		child_end(&c, NULL);
		return st == TW_DONE ? TW_OK : st;
	}
	loss->key = key_of(&c);
	child_end(&c, st == TW_DONE ? &loss->how : NULL);
	if (!loss->how.len)
		tw_str_adds(&loss->how, "spoke nonsense");
	return TW_SKIPPED;
}

/* --- one after the other --- */

static void leave_out(struct reading *r, const struct loss *loss)
{
	const struct tw_document doc = {.key = loss->key};
	struct tw_err why = TW_ERR_INIT;
	tw_fail(&why, TW_SKIPPED,
		"%s: its parser %s; it is left out, and what is known of it stays", loss->key,
		tw_str_c(&loss->how));
	tw_map_set_int(&r->left_out, loss->key, 1);
	r->pass->skip(r->pass->ctx, &doc, &why);
}

/* TW_OK: another child may try. */
static enum tw_status judge(struct reading *r, const struct loss *loss, int lost,
			    struct tw_err *err)
{
	if (!loss->key[0])
		return tw_fail(err, TW_BAD_DATA,
			       "its parser %s, at no document that could be left out",
			       tw_str_c(&loss->how));
	if (tw_map_has(&r->left_out, loss->key))
		return tw_fail(err, TW_BAD_DATA, "its parser %s at %s, which was to be left out",
			       tw_str_c(&loss->how), loss->key);
	leave_out(r, loss);
	if (lost > MAX_LOST)
		return tw_fail(
			err, TW_BAD_DATA,
			"%d of its documents ended their parser, the last one %s (it %s); nothing is "
			"removed, but not all was read",
			lost, loss->key, tw_str_c(&loss->how));
	return TW_OK;
}

enum tw_status child_read(bool *whole, const struct child_pass *pass, struct tw_err *err)
{
	struct reading r = {.pass = pass};
	enum tw_status st = prepare(&r, err), last = TW_SKIPPED;
	*whole = false;
	for (int lost = 1; st == TW_OK && last == TW_SKIPPED; lost++) {
		struct loss loss = {0};
		last = run_one(whole, &loss, &r, err);
		if (last == TW_SKIPPED && tw_stopping())
			st = tw_fail(err, TW_CANCELLED, "%s: stopped", pass->name);
		else if (last == TW_SKIPPED)
			st = judge(&r, &loss, lost, err);
		free(loss.key);
		tw_str_release(&loss.how);
	}
	release(&r);
	return st == TW_OK ? last : st;
}
