/* The inside: a source is opened and read where nothing but it can be reached. */
#include "collect/child/child_int.h"

#include <string.h>
#include <unistd.h>

#include "base/stop.h"

#define MAX_BODY ((size_t)600 << 20) /* no store takes more, and no frame */

struct inside {
	const struct child_pass *pass;
	const struct tw_map *left_out;
	struct wire *wire;
	struct child_page *page;
	struct tw_source_host host;
	struct tw_http_carrier carrier;
	struct tw_talk talk;
};

/* Who is not heard need not go on. */
static void must(bool said)
{
	if (!said)
		_exit(127);
}

static void begin(struct inside *in, enum wire_word word)
{
	wire_begin(in->wire, word);
}

static void say(struct inside *in)
{
	must(wire_end(in->wire));
}

static void ask(struct inside *in)
{
	must(wire_end(in->wire) && wire_flush(in->wire));
}

static struct wire_frame hear(struct inside *in)
{
	struct wire_frame f;
	must(wire_next(&f, in->wire) == TW_OK);
	return f;
}

static enum tw_status take_status(struct wire_frame *f, struct tw_err *err)
{
	enum tw_status st = wire_get_status(f);
	const char *why = wire_get_str(f);
	return st == TW_OK ? st : tw_fail(err, st, "%s", why ? why : "");
}

/* --- what the source asks --- */

static const char *known(void *ctx, const char *key)
{
	const struct inside *in = ctx;
	return in->pass->host->known(in->pass->host->host, key);
}

static const char *get_state(void *ctx, const char *name)
{
	const struct inside *in = ctx;
	return in->pass->host->get_state(in->pass->host->host, name);
}

static void set_state(void *ctx, const char *name, const char *value)
{
	struct inside *in = ctx;
	in->pass->host->set_state(in->pass->host->host, name, value);
	begin(in, WIRE_STATE);
	wire_str(in->wire, name);
	wire_str(in->wire, value);
	say(in);
}

static enum tw_status commit(void *ctx, struct tw_err *err)
{
	struct inside *in = ctx;
	begin(in, WIRE_COMMIT);
	ask(in);
	struct wire_frame f = hear(in);
	return take_status(&f, err);
}

static void keep_all(void *ctx)
{
	struct inside *in = ctx;
	begin(in, WIRE_KEEP_ALL);
	say(in);
}

static bool enter(void *ctx, const char *key)
{
	const struct inside *in = ctx;
	child_mark(in->page, key);
	return !key || !tw_map_has(in->left_out, key);
}

/* --- the network --- */

static enum tw_status check_host(void *ctx, const char *host, struct tw_err *err)
{
	struct inside *in = ctx;
	begin(in, WIRE_HOST);
	wire_str(in->wire, host);
	ask(in);
	struct wire_frame f = hear(in);
	return take_status(&f, err);
}

/* False: the caller wants no more of it. */
static bool take_body(struct tw_http_response *out, const struct tw_http_request *req,
		      struct wire_frame *f)
{
	const struct tw_bytes b = wire_get_bytes(f);
	if (req->on_data)
		return req->on_data(req->ctx, b.data, b.len);
	tw_str_add(&out->body, b.data, b.len);
	return true;
}

static enum tw_status fetch(struct tw_http_response *out, void *ctx,
			    const struct tw_http_request *req, struct tw_err *err)
{
	struct inside *in = ctx;
	bool enough = false;
	tw_str_clear(&out->body);
	begin(in, WIRE_FETCH);
	wire_put_request(in->wire, req);
	ask(in);
	for (;;) {
		struct wire_frame f = hear(in);
		child_mark(in->page, NULL);
		if (f.word == WIRE_HEAD) {
			wire_get_response(out, &f);
		} else if (f.word == WIRE_BODY && !enough && !take_body(out, req, &f)) {
			enough = true;
			begin(in, WIRE_CANCEL);
			ask(in);
		} else if (f.word == WIRE_STATUS) {
			enum tw_status st = take_status(&f, err);
			wire_get_response(out, &f);
			if (st == TW_OK && enough)
				st = tw_fail(err, TW_CANCELLED, "the transfer was ended");
			return st;
		}
	}
}

/* --- what it says --- */

static void say_skipped(struct inside *in, const char *key, const char *why)
{
	if (key && tw_map_has(in->left_out, key))
		return; /* the parent has said why */
	begin(in, WIRE_SKIPPED);
	wire_str(in->wire, key);
	wire_str(in->wire, why);
	say(in);
}

static void say_document(struct inside *in, const struct tw_document *doc)
{
	if (doc->body.len > MAX_BODY) {
		say_skipped(in, doc->key, "a document of more than 600 MiB");
		return;
	}
	begin(in, WIRE_DOCUMENT);
	wire_put_document(in->wire, doc);
	say(in);
}

/* --- from the beginning to the end --- */

static enum tw_status read_all(struct inside *in, struct tw_source *s, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	struct tw_arena a;
	tw_arena_init(&a);
	while (st == TW_OK) {
		struct tw_document doc;
		if (tw_stopping()) {
			st = tw_fail(err, TW_CANCELLED, "%s: stopped", in->pass->name);
			break;
		}
		tw_arena_reset(&a);
		st = tw_source_next(&doc, s, &a, err);
		child_mark(in->page, "");
		if (st == TW_OK) {
			say_document(in, &doc);
		} else if (st == TW_SKIPPED) {
			say_skipped(in, doc.key, err->msg);
			st = TW_OK;
		}
		if (st == TW_OK)
			tw_err_clear(err);
	}
	tw_arena_release(&a);
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status read_source(bool *whole, struct inside *in, struct tw_err *err)
{
	const struct child_pass *p = in->pass;
	struct tw_source *s;
	enum tw_status st = tw_source_new(&s, p->type, p->node, p->where, p->dir, &in->host, err);
	if (st != TW_OK)
		return st;
	begin(in, WIRE_OPENED);
	ask(in);
	st = read_all(in, s, err);
	*whole = st == TW_OK && tw_source_is_whole(s);
	tw_source_free(s); /* it may still have something to say */
	return st;
}

void child_be_source(struct wire *w, struct child_page *page, void *ctx)
{
	const struct child_inside *c = ctx;
	struct inside in = {.pass = c->pass, .left_out = c->left_out, .wire = w, .page = page};
	struct tw_err err = TW_ERR_INIT;
	bool whole = false;
	in.carrier = (struct tw_http_carrier){.fetch = fetch, .check_host = check_host, .ctx = &in};
	if (c->http)
		in.carrier.policy = tw_http_policy_of(c->http);
	in.host = (struct tw_source_host){.known = known,
					  .get_state = get_state,
					  .set_state = set_state,
					  .host = &in,
					  .http = c->http ? tw_http_through(&in.carrier) : NULL,
					  .twin = c->pass->host->twin,
					  .commit = c->pass->host->commit ? commit : NULL,
					  .keep_all = c->pass->host->keep_all ? keep_all : NULL,
					  .enter = enter};
	child_talk(&in.talk, w);
	enum tw_status st = read_source(&whole, &in, &err);
	begin(&in, WIRE_END);
	wire_i64(w, st);
	wire_str(w, err.msg);
	wire_i64(w, whole);
	ask(&in);
	tw_http_free(in.host.http);
}
