/* What a child logs is logged by its parent. */
#include <unistd.h>

#include "collect/child/child_int.h"

static void say(struct wire *w, bool now)
{
	if (!wire_end(w) || (now && !wire_flush(w)))
		_exit(127);
}

static void line(void *wire, enum tw_log_level level, const char *text)
{
	wire_begin(wire, WIRE_LINE);
	wire_i64(wire, level);
	wire_str(wire, text);
	say(wire, false);
}

static void bar_begin(void *wire, const char *label, const char *unit, int64_t total)
{
	wire_begin(wire, WIRE_BAR_BEGIN);
	wire_str(wire, label);
	wire_str(wire, unit);
	wire_i64(wire, total);
	say(wire, true);
}

static void bar_at(void *wire, int64_t done)
{
	wire_begin(wire, WIRE_BAR_AT);
	wire_i64(wire, done);
	say(wire, true);
}

static void bar_end(void *wire)
{
	wire_begin(wire, WIRE_BAR_END);
	say(wire, true);
}

void child_talk(struct tw_talk *t, struct wire *w)
{
	*t = (struct tw_talk){line, bar_begin, bar_at, bar_end, w};
	tw_talk_through(t);
}

void child_print_line(struct wire_frame *f)
{
	const int64_t level = wire_get_i64(f);
	const char *text = wire_get_str(f);
	f->bad |= !text || level < TW_LOG_WARN || level > TW_LOG_DEBUG;
	if (!f->bad)
		tw_log((enum tw_log_level)level, "%s", text);
}
