/* Turns of a conversation as what was heard and what the author said to it. */
#include "collect/export/exchange_int.h"

#include <string.h>

#include "base/json.h"
#include "collect/export/export_int.h"

#define GAP	 "\n\n" /* between paragraphs, as export_add_paragraph() sets it */
#define HOUR_MS	 3600000LL
#define TOO_LATE (24 * HOUR_MS) /* for an answer */
#define PAUSE	 HOUR_MS	/* of the author, after which another text begins */

static void forget_heard(struct exchanges *e)
{
	tw_str_clear(&e->heard);
	e->n_turns = 0;
	e->heard_ms = 0;
}

/* If it fits. */
static void add_exchange(struct exchanges *e)
{
	struct tw_json_writer w;
	const size_t before = e->json.len;
	if (e->n)
		tw_str_addc(&e->json, ',');
	tw_jw_init(&w, &e->json);
	tw_jw_object(&w, NULL);
	tw_jw_strn(&w, "context", tw_str_c(&e->heard), e->heard.len);
	tw_jw_strn(&w, "reply", tw_str_c(&e->said), e->said.len);
	tw_jw_end(&w);
	if (e->json.len > EXCHANGES_BYTES) {
		e->json.len = before;
		e->json.data[before] = '\0';
	} else {
		e->n++;
	}
}

/* Ends the reply, and the exchange with it. */
static void close_reply(struct exchanges *e)
{
	if (!e->said.len)
		return;
	if (e->heard.len && !e->too_long && e->n < EXCHANGES_MOST)
		add_exchange(e);
	tw_str_clear(&e->said);
	e->too_long = false;
	forget_heard(e);
}

static bool is_later(int64_t at, int64_t before, int64_t by)
{
	return at && before && at - before > by;
}

/* And the gap behind it, which counts with the next one. */
static void drop_oldest(struct exchanges *e)
{
	size_t gap = e->n_turns > 1 ? strlen(GAP) : 0, n = e->turns[0] + gap;
	e->heard.len -= n;
	memmove(e->heard.data, e->heard.data + n, e->heard.len + 1);
	e->n_turns--;
	memmove(e->turns, e->turns + 1, e->n_turns * sizeof(*e->turns));
	if (gap)
		e->turns[0] -= gap;
}

/* The last paragraphs that fit; "" when not even one does. */
static const char *newest_part(const char *text)
{
	size_t n = strlen(text);
	if (n <= EXCHANGE_HEARD)
		return text;
	const char *p = strstr(text + n - EXCHANGE_HEARD, GAP);
	return p ? p + strspn(p, "\n") : "";
}

void exchange_heard(struct exchanges *e, const char *text, int64_t at_ms)
{
	struct tw_str turn = TW_STR_INIT;
	close_reply(e);
	if (is_later(at_ms, e->heard_ms, TOO_LATE))
		forget_heard(e);
	export_add_paragraph(&turn, text ? text : "");
	if (turn.len) {
		const char *part = newest_part(tw_str_c(&turn));
		/* Of a message that is cut, what was before it is farther away still. */
		if (strlen(part) < turn.len)
			forget_heard(e);
		while (e->n_turns && (e->n_turns == EXCHANGE_TURNS ||
				      e->heard.len + strlen(GAP) + strlen(part) > EXCHANGE_HEARD))
			drop_oldest(e);
		size_t before = e->heard.len;
		export_add_paragraph(&e->heard, part);
		if (e->heard.len > before)
			e->turns[e->n_turns++] = e->heard.len - before;
		e->heard_ms = at_ms;
	}
	tw_str_release(&turn);
}

void exchange_said(struct exchanges *e, const char *text, int64_t at_ms)
{
	if (!text || !*text)
		return;
	if (e->said.len && is_later(at_ms, e->said_ms, PAUSE))
		close_reply(e);
	if (!e->said.len && is_later(at_ms, e->heard_ms, TOO_LATE))
		forget_heard(e);
	e->too_long = e->too_long || e->said.len + strlen(text) > EXCHANGE_SAID;
	if (!e->too_long)
		export_add_paragraph(&e->said, text);
	else if (!e->said.len)
		tw_str_addc(&e->said, '-'); /* something was said, and answers what was heard */
	e->said_ms = at_ms;
}

void exchange_break(struct exchanges *e)
{
	close_reply(e);
	forget_heard(e);
}

const char *exchanges_take(struct exchanges *e, struct tw_arena *a)
{
	close_reply(e);
	const char *json = e->n ? tw_sprintf(a, "[%s]", tw_str_c(&e->json)) : NULL;
	tw_str_clear(&e->json);
	e->n = 0;
	return json;
}

void exchanges_release(struct exchanges *e)
{
	tw_str_release(&e->heard);
	tw_str_release(&e->said);
	tw_str_release(&e->json);
	*e = (struct exchanges){0};
}
