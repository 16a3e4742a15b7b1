/* What a comment answers. */
#include "collect/forge/forge_content_int.h"

#include <string.h>

#include "base/json.h"
#include "collect/export/exchange_int.h"
#include "collect/forge/forge_get_int.h"

static const char *body_of(const struct forge *f, const struct tw_json *v)
{
	const char *s = forge_text_of(v, "body");
	return s ? s : forge_text_of(v, f->service->text);
}

/* Of a program, or about what a person did. */
static bool is_noise(const struct forge *f, const struct tw_json *v)
{
	const struct tw_json *who = tw_json_get(v, f->service->person);
	return tw_json_bool(tw_json_get(v, "system"), false) ||
	       tw_streq(tw_json_str(tw_json_get(who, "type"), NULL), "Bot") ||
	       tw_json_bool(tw_json_get(who, "bot"), false);
}

/* The title with the text, since that is what is answered. */
static void hear_opener(struct exchanges *e, const struct forge *f, const struct tw_json *opener,
			struct tw_arena *a)
{
	if (!opener || forge_is_own(f, opener) || is_noise(f, opener))
		return;
	exchange_heard(e, forge_text_of(opener, "title"), 0);
	exchange_heard(e, forge_clean(body_of(f, opener), a), 0);
}

static bool is_same(const struct tw_json *a, const struct tw_json *b)
{
	return tw_json_int(tw_json_get(a, "id"), -1) == tw_json_int(tw_json_get(b, "id"), -2);
}

static bool is_heard(const struct forge *f, const struct forge_talk *t, const struct tw_json *v)
{
	return !is_noise(f, v) &&
	       (!t->root || tw_json_int(tw_json_get(v, "in_reply_to_id"), 0) == t->root);
}

/* Those since the author's last turn. What stands far before it, since the list does not reach to it, is not what it answers. */
static void hear_others(struct exchanges *e, const struct forge *f, const struct forge_talk *t,
			struct tw_arena *a)
{
	const struct tw_json *list = t->list, *from = NULL, *v;
	const struct tw_json *first = list && list->type == TW_JSON_ARRAY ? list->child : NULL;
	for (v = first; v && !is_same(v, t->comment); v = v->next)
		if (is_heard(f, t, v) && forge_is_own(f, v))
			from = v;
	if (from || (list && !v))
		exchange_break(e);
	for (from = from ? from : first; v && from != v; from = from->next)
		if (is_heard(f, t, from) && !forge_is_own(f, from))
			exchange_heard(e, forge_clean(body_of(f, from), a), 0);
}

/* Bytes of the lines that are quoted, or are not; *text is them, without the marks. */
static size_t take_block(const char *s, bool quoted, struct tw_str *text)
{
	const char *p = s;
	tw_str_clear(text);
	while (*p) {
		size_t n = strcspn(p, "\n");
		bool is = *p == '>', blank = strspn(p, " \t") == n;
		if (!blank && is != quoted)
			break;
		size_t mark = is ? 1 + (p[1] == ' ') : 0;
		tw_str_add(text, p + mark, n > mark ? n - mark : 0);
		tw_str_addc(text, '\n');
		p += n + (p[n] == '\n');
	}
	return (size_t)(p - s);
}

/* A quotation is what the text behind it answers. */
static void say(struct exchanges *e, const char *text, struct tw_arena *a)
{
	struct tw_str block = TW_STR_INIT;
	if (*text == '>') /* says itself what it is about */
		exchange_break(e);
	while (*text) {
		bool quoted = *text == '>';
		text += take_block(text, quoted, &block);
		tw_str_trim(&block);
		if (quoted)
			exchange_heard(e, forge_clean(tw_str_c(&block), a), 0);
		else
			exchange_said(e, tw_str_c(&block), 0);
	}
	tw_str_release(&block);
}

const char *forge_exchanges(const struct forge_talk *t, struct forge *f, struct tw_arena *a)
{
	struct exchanges e = {0};
	hear_opener(&e, f, t->opener, a);
	hear_others(&e, f, t, a);
	exchange_heard(&e, t->heard, 0);
	say(&e, t->text, a);
	const char *json = exchanges_take(&e, a);
	exchanges_release(&e);
	return json;
}

static enum tw_status read_one(const struct tw_json **out, struct forge *f, const char *path,
			       struct tw_err *err)
{
	struct tw_err why = TW_ERR_INIT;
	enum tw_status st = path ? forge_get_json(out, f, path, &f->talk, &why) : TW_OK;
	if (st == TW_OK || st == TW_NOT_FOUND) /* without it, the author's own text is left */
		return TW_OK;
	return tw_fail(err, st, "%s", why.msg);
}

enum tw_status forge_read_thread(struct forge *f, const char *opener, const char *list,
				 struct tw_err *err)
{
	if (tw_streq(f->thread_path, opener))
		return TW_OK;
	tw_arena_reset(&f->talk);
	f->thread_path = NULL;
	f->opener = f->thread = NULL;
	enum tw_status st = read_one(&f->opener, f, opener, err);
	if (st == TW_OK)
		st = read_one(&f->thread, f, list, err);
	if (st == TW_OK)
		f->thread_path = tw_strdup(&f->talk, opener);
	return st;
}
