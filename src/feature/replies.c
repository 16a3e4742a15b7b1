/*
 * In a conversation what another wrote asks, and the author's reply answers. The
 * reply is a verbatim piece of the scrubbed text, like every answer: what isn't
 * found there makes no pair. What is asked stands in no view, so it is cleaned and
 * scrubbed here: of every kind, whatever `features.scrub` says of the author's own
 * text, since it is of people who were not asked.
 */
#include "feature/replies_int.h"

#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "base/text.h"
#include "feature/clean_int.h"
#include "feature/scrub_int.h"

#define MISSED_MOST 200 /* replies that aren't in the text: each takes a look through all of it */

struct replier {
	const struct replies *r;
	struct tw_rows *out;
	struct tw_map seen; /* pairs of the document */
	int64_t n, missed;
	size_t from; /* replies come in the order of the text */
	struct tw_arena *a;
};

static struct tw_bytes clean(const struct replier *k, const char *text)
{
	struct tw_str s = TW_STR_INIT;
	tw_clean_piece(&s, k->r->media, text, strlen(text), k->a);
	tw_str_trim(&s);
	const struct tw_bytes out = {tw_str_dup(&s, k->a), s.len};
	tw_str_release(&s);
	return out;
}

static struct tw_bytes scrub(const struct replier *k, struct tw_bytes text)
{
	struct tw_str s = TW_STR_INIT;
	tw_scrub_every_kind(&s, text.data, text.len);
	const struct tw_bytes out = {tw_str_dup(&s, k->a), s.len};
	tw_str_release(&s);
	return out;
}

static bool find_from(size_t *at, const struct replier *k, struct tw_bytes piece, size_t from)
{
	const struct tw_bytes *text = &k->r->text;
	const char *p = piece.len
				? memmem(text->data + from, text->len - from, piece.data, piece.len)
				: NULL;
	*at = p ? (size_t)(p - text->data) : 0;
	return p != NULL;
}

/* Where a reply stands; with what the view leaves in when it is told to. */
static bool find(struct passage *out, struct replier *k, const char *reply)
{
	const struct tw_bytes whole = clean(k, reply);
	const struct tw_bytes forms[] = {scrub(k, whole), whole};
	const size_t n = tw_streq(forms[0].data, whole.data) ? 1 : 2;
	for (size_t i = 0; i < n; i++)
		if (find_from(&out->start, k, forms[i], k->from) ||
		    find_from(&out->start, k, forms[i], 0)) {
			out->end = out->start + forms[i].len;
			k->from = out->end;
			return true;
		}
	k->missed++;
	return false;
}

/* As much of it as may answer. */
static bool cut_answer(struct passage *p, const struct replier *k)
{
	const char *s = k->r->text.data + p->start;
	const struct outline o = tw_outline("", s, p->end - p->start, k->a);
	struct passage part;
	if (!tw_passage(&part, s, &o, 0, o.n_blocks, &k->r->limits->answer, k->a))
		return false;
	*p = (struct passage){p->start + part.start, p->start + part.end};
	return true;
}

/* The end of it that fits, from a paragraph on if it can be, or a line, or a word. */
static struct tw_bytes newest(struct tw_bytes s, size_t most)
{
	static const char *const gaps[] = {"\n\n", "\n", " "};
	if (s.len <= most)
		return s;
	const char *from = s.data + (s.len - most), *end = s.data + s.len;
	for (size_t i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
		const char *p = memmem(from, (size_t)(end - from), gaps[i], strlen(gaps[i]));
		if (p && p + strlen(gaps[i]) < end) {
			p += strlen(gaps[i]);
			return (struct tw_bytes){p, (size_t)(end - p)};
		}
	}
	while (from < end && ((unsigned char)*from & 0xC0) == 0x80)
		from++;
	return (struct tw_bytes){from, (size_t)(end - from)};
}

static bool is_new(struct replier *k, struct tw_bytes context, struct tw_bytes answer)
{
	const char *both = tw_sprintf(k->a, "%.*s\x1f%.*s", (int)context.len, context.data,
				      (int)answer.len, answer.data);
	struct tw_map_slot *slot = tw_map_at(&k->seen, both, strlen(both));
	return slot->v.i++ == 0;
}

static void add(struct replier *k, struct tw_bytes context, const struct passage *p)
{
	const struct tw_bytes answer = {k->r->text.data + p->start, p->end - p->start};
	if (memmem(context.data, context.len, answer.data, answer.len) ||
	    !is_new(k, context, answer))
		return;
	struct tw_row *row = tw_rows_add(k->out, k->r->doc);
	tw_row_set_text(k->out, row, "instruction", context.data, context.len);
	tw_row_set_text(k->out, row, "answer", answer.data, answer.len);
	tw_row_set_str(k->out, row, "kind", REPLY_KIND);
	tw_row_set_int(k->out, row, "start", (int64_t)p->start);
	tw_row_set_int(k->out, row, "end", (int64_t)p->end);
	tw_row_set_str(k->out, row, "title", k->r->title);
	k->n++;
}

static void take(struct replier *k, const struct tw_json *exchange)
{
	const char *context = tw_json_str(tw_json_get(exchange, "context"), "");
	const char *reply = tw_json_str(tw_json_get(exchange, "reply"), "");
	struct passage p;
	if (!find(&p, k, reply) || !cut_answer(&p, k))
		return;
	const struct tw_bytes asked =
		newest(scrub(k, clean(k, context)), (size_t)k->r->limits->max_context);
	if (tw_text_words(asked.data, asked.len, k->a).n)
		add(k, asked, &p);
}

void tw_replies(struct tw_rows *out, const struct replies *r, struct tw_arena *a)
{
	struct replier k = {.r = r, .out = out, .a = a};
	struct tw_json *extra;
	if (!r->limits->on || !r->text.len || !strstr(r->extra, "\"exchanges\"") ||
	    tw_json_parse(&extra, r->extra, strlen(r->extra), a, NULL) != TW_OK)
		return;
	const struct tw_json *list = tw_json_get(extra, "exchanges");
	const struct tw_json *x = list && list->type == TW_JSON_ARRAY ? list->child : NULL;
	for (; x && k.n < r->limits->max_pairs && k.missed < MISSED_MOST; x = x->next)
		take(&k, x);
	tw_map_release(&k.seen);
}
