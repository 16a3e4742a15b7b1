/* One text, parsed in a child that sees nothing else. */
#include <unistd.h>

#include "base/stop.h"
#include "collect/child/child_int.h"

#define MEMORY ((int64_t)4 << 30) /* beyond what this process has */

/* One frame, whatever came of it: status, why, and after TW_OK what the parser says. */
static void be_parser(struct wire *w, struct child_page *page TW_UNUSED, void *question)
{
	const struct child_question *q = question;
	struct tw_err err = TW_ERR_INIT;
	struct wire answer = {.fd = -1};
	struct tw_talk talk;
	child_talk(&talk, w);
	wire_begin(&answer, WIRE_ANSWER);
	enum tw_status st = q->parse(&answer, q->ctx, &err);
	wire_begin(w, WIRE_END);
	wire_i64(w, st);
	wire_str(w, err.msg);
	if (st == TW_OK)
		wire_rest(w, &answer);
	if (!wire_end(w))
		_exit(127);
	wire_release(&answer);
}

/* TW_DONE: it is gone. */
static enum tw_status hear_answer(struct wire_frame *f, struct child *c)
{
	enum tw_status st;
	while ((st = child_hear(f, c)) == TW_OK && f->word == WIRE_LINE)
		child_print_line(f);
	return st == TW_OK && f->word != WIRE_END ? TW_BAD_DATA : st;
}

static enum tw_status take_answer(const struct child_question *q, struct wire_frame *f,
				  struct tw_err *err)
{
	enum tw_status st = wire_get_status(f);
	const char *why = wire_get_str(f);
	if (st == TW_OK && !f->bad)
		q->take(f, q->ctx);
	if (f->bad)
		return tw_fail(err, TW_BAD_DATA, "its parser spoke nonsense");
	return st == TW_OK ? st : tw_fail(err, st, "%s", why ? why : "");
}

enum tw_status child_ask(const struct child_question *q, struct tw_err *err)
{
	const char *const read[] = {q->read, NULL}, *const run[] = {q->run, NULL};
	struct child_kind kind = {
		.name = q->what,
		.box = {.read = read, .run = q->run ? run : NULL, .memory = MEMORY},
		.stall_s = CHILD_STALL_S,
		.clock_s = q->clock_s,
		.be = be_parser};
	struct child_question own = *q;
	struct tw_str how = TW_STR_INIT;
	struct wire_frame f;
	struct child c;
	kind.ctx = &own;
	enum tw_status st = child_start(&c, &kind, err);
	if (st != TW_OK)
		return st;
	st = hear_answer(&f, &c);
	if (st == TW_OK) {
		st = take_answer(q, &f, err);
		child_end(&c, NULL);
		return st;
	}
	child_end(&c, st == TW_DONE ? &how : NULL);
	if (tw_stopping())
		st = tw_fail(err, TW_CANCELLED, "stopped");
	else
		st = tw_fail(err, TW_BAD_DATA, "its parser %s",
			     how.len ? how.data : "spoke nonsense");
	tw_str_release(&how);
	return st;
}
