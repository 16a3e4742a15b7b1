/* What a child says and asks, on the side of the store and the network. */
#include "collect/child/child_int.h"

#include <string.h>

#include "base/progress.h"

struct answering {
	struct child_answers *a;
	const struct child_pass *pass;
	struct wire *wire;
	struct tw_progress *bar; /* of the child, beside the one of the pass */
};

/* False: it is gone, as the next attempt to hear it tells, too. */
static bool say(struct answering *s)
{
	return wire_end(s->wire) && wire_flush(s->wire);
}

static void begin_status(struct answering *s, enum tw_status st, const struct tw_err *why)
{
	wire_begin(s->wire, WIRE_STATUS);
	wire_i64(s->wire, st);
	wire_str(s->wire, why->msg);
}

/* --- the network --- */

struct transfer {
	struct answering *s;
	struct tw_http_response res;
	bool head; /* was sent */
};

static bool pass_on(void *ctx, const char *data, size_t len)
{
	struct transfer *t = ctx;
	struct wire *w = t->s->wire;
	if (wire_has_more(w)) /* it asks for nothing while it waits: it wants no more */
		return false;
	if (!t->head) {
		wire_begin(w, WIRE_HEAD);
		wire_put_response(w, &t->res);
		if (!wire_end(w))
			return false;
	}
	t->head = true;
	wire_begin(w, WIRE_BODY);
	wire_bytes(w, data, len);
	return say(t->s);
}

static void answer_fetch(struct answering *s, struct wire_frame *f)
{
	struct transfer t = {.s = s};
	struct tw_http_request req;
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st;
	struct tw_arena a;
	tw_arena_init(&a);
	wire_get_request(&req, f, &a);
	req.on_data = pass_on;
	req.ctx = &t;
	if (f->bad)
		st = tw_fail(&err, TW_BAD_DATA, "not a request");
	else if (!s->a->http)
		st = tw_fail(&err, TW_NETWORK, "this source names no host, and may ask none");
	else
		st = tw_http_fetch(&t.res, s->a->http, &req, &err);
	begin_status(s, st, &err);
	wire_put_response(s->wire, &t.res);
	(void)say(s);
	tw_http_response_release(&t.res);
	tw_arena_release(&a);
}

static void answer_host(struct answering *s, struct wire_frame *f)
{
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st = TW_NETWORK;
	const char *host = wire_get_str(f);
	f->bad |= !host;
	if (host && s->a->http)
		st = tw_http_check_host(s->a->http, host, &err);
	begin_status(s, st, &err);
	(void)say(s);
}

/* --- the store --- */

static void answer_commit(struct answering *s)
{
	const struct tw_source_host *h = s->pass->host;
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st = h->commit ? h->commit(h->host, &err) : TW_UNSUPPORTED;
	begin_status(s, st, &err);
	(void)say(s);
}

static void set_state(struct answering *s, struct wire_frame *f)
{
	const char *name = wire_get_str(f), *value = wire_get_str(f);
	f->bad |= !name || !value;
	if (!f->bad)
		s->pass->host->set_state(s->pass->host->host, name, value);
}

static void keep_all(struct answering *s, struct wire_frame *f)
{
	const struct tw_source_host *h = s->pass->host;
	f->bad |= !h->keep_all;
	if (h->keep_all)
		h->keep_all(h->host);
}

static void skip(struct answering *s, struct wire_frame *f)
{
	struct tw_document doc = {0};
	struct tw_err why = TW_ERR_INIT;
	doc.key = wire_get_str(f);
	const char *text = wire_get_str(f);
	tw_fail(&why, TW_SKIPPED, "%s", text ? text : "");
	if (!f->bad)
		s->pass->skip(s->pass->ctx, &doc, &why);
}

static enum tw_status put(struct answering *s, struct wire_frame *f, struct tw_err *err)
{
	struct tw_document doc;
	wire_get_document(&doc, f);
	return f->bad ? TW_OK : s->pass->put(s->pass->ctx, &doc, err);
}

/* --- what people see --- */

static void end_bar(struct answering *s)
{
	tw_progress_free(s->bar);
	s->bar = NULL;
}

static void begin_bar(struct answering *s, struct wire_frame *f)
{
	const char *label = wire_get_str(f), *unit = wire_get_str(f);
	const int64_t total = wire_get_i64(f);
	end_bar(s);
	f->bad |= !label || !unit;
	if (!f->bad)
		s->bar = tw_progress_new(label, unit, total);
}

static void move_bar(struct answering *s, struct wire_frame *f)
{
	const int64_t done = wire_get_i64(f);
	if (s->bar && done >= 0)
		tw_progress_set(s->bar, done);
}

/* --- one after the other --- */

/* TW_DONE: it has ended by its own word. */
static enum tw_status end(struct answering *s, struct wire_frame *f, struct tw_err *err)
{
	enum tw_status st = wire_get_status(f);
	const char *why = wire_get_str(f);
	if (st == TW_SKIPPED || st == TW_DONE) /* which a document may be, and no pass */
		st = TW_BAD_DATA;
	s->a->whole = wire_get_i64(f) != 0 && st == TW_OK;
	s->a->ended = !f->bad;
	if (f->bad)
		return TW_OK;
	return st == TW_OK ? TW_DONE : tw_fail(err, st, "%s", why ? why : "");
}

static void obey(struct answering *s, struct wire_frame *f)
{
	if (f->word == WIRE_OPENED)
		s->pass->opened(s->pass->ctx);
	else if (f->word == WIRE_SKIPPED)
		skip(s, f);
	else if (f->word == WIRE_STATE)
		set_state(s, f);
	else if (f->word == WIRE_KEEP_ALL)
		keep_all(s, f);
	else if (f->word == WIRE_LINE)
		child_print_line(f);
	else if (f->word == WIRE_BAR_BEGIN)
		begin_bar(s, f);
	else if (f->word == WIRE_BAR_AT)
		move_bar(s, f);
	else if (f->word == WIRE_BAR_END)
		end_bar(s);
	else if (f->word == WIRE_COMMIT)
		answer_commit(s);
	else if (f->word == WIRE_HOST)
		answer_host(s, f);
	else if (f->word == WIRE_FETCH)
		answer_fetch(s, f);
	else if (f->word != WIRE_CANCEL) /* which may come after the end of the transfer */
		f->bad = true;
}

enum tw_status child_answer(struct child_answers *a, struct tw_err *err)
{
	struct answering s = {.a = a, .pass = a->pass, .wire = &a->child->wire};
	struct wire_frame f;
	enum tw_status st;
	while ((st = child_hear(&f, a->child)) == TW_OK) {
		if (f.word == WIRE_DOCUMENT)
			st = put(&s, &f, err);
		else if (f.word == WIRE_END)
			st = end(&s, &f, err);
		else
			obey(&s, &f);
		if (st == TW_OK && f.bad)
			st = TW_BAD_DATA;
		if (st != TW_OK)
			break;
	}
	end_bar(&s);
	return st;
}
