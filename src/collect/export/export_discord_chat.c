/*
 * DiscordChatExporter: a channel of Discord with all that was said in it, as JSON. It
 * is a program of others (github.com/Tyrrrz/DiscordChatExporter); what writes its
 * files is JsonMessageWriter.cs: {"guild", "channel", "dateRange", "exportedAt",
 * "messages": [{"id", "type", "timestamp", "timestampEdited", "content", "author":
 * {"id", "name", "nickname", "isBot"}, "mentions", "reference": {"messageId"}}],
 * "messageCount"}. A channel may be in several files.
 *
 * One's own messages of a channel in a month are one document. Who the author is:
 * `author:` or `twin:` by user id, name or nickname. A reply answers the message that
 * it names, any other what was said just before it. Left out: what others wrote and
 * what was forwarded, bots, joining, pins and the like, names of channels, attachments,
 * embeds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "collect/export/discord_int.h"

#define REMEMBERED 4000 /* messages, and as many before them: what a reply may name */

enum place { AT_FILE, AT_TOP, AT_MESSAGES };

struct discord_chat {
	struct tw_json_reader *r;
	enum place place;
	struct tw_str entry, channel; /* the file; the channel's id */
	int64_t last;		      /* id of the message before */
	struct tw_map recent, older;  /* id → text on the heap, "" of the author's own */
	struct bunch *bunch;
	struct talk talk;
	int64_t own, others;
	struct writers writers;
};

static bool is_discord_chat(const char *name, const char *head, size_t n)
{
	(void)name;
	return n && memchr(head, '{', n < 4 ? n : 4) && export_has(head, n, "\"guild\"") &&
	       export_has(head, n, "\"channel\"") && export_has(head, n, "\"dateRange\"") &&
	       export_has(head, n, "\"messages\"");
}

/* --- what replies name --- */

static void forget(struct tw_map *m)
{
	const struct tw_map_slot *slot;
	for (size_t it = 0; (slot = tw_map_next(m, &it));)
		free(slot->v.p);
	tw_map_release(m);
}

static void remember(struct discord_chat *d, const char *id, const char *text)
{
	if (!id || strlen(text) > EXCHANGE_HEARD || tw_map_has(&d->recent, id))
		return;
	if (d->recent.n >= REMEMBERED) {
		forget(&d->older);
		d->older = d->recent;
		d->recent = (struct tw_map)TW_MAP_INIT;
	}
	tw_map_set(&d->recent, id, tw_xstrdup(text));
}

static const char *recall(const struct discord_chat *d, const char *id)
{
	const char *text = tw_map_get(&d->recent, id);
	text = text ? text : tw_map_get(&d->older, id);
	return text ? text : "";
}

static void discord_chat_close(void *state)
{
	struct discord_chat *d = state;
	tw_json_reader_free(d->r);
	exchanges_release(&d->talk.e);
	bunch_free(d->bunch);
	forget(&d->recent);
	forget(&d->older);
	tw_str_release(&d->entry);
	tw_str_release(&d->channel);
	tw_str_release(&d->writers.names);
}

static enum tw_status discord_chat_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct discord_chat *d = state;
	(void)x;
	(void)err;
	d->bunch = bunch_new("text/markdown", true); /* the files of a channel come in any order */
	return TW_OK;
}

/* --- messages --- */

/* Of the kinds that it knows no name for, it writes the number. */
static bool is_message(const struct tw_json *m)
{
	static const char *const kinds[] = {"Default", "Reply", "0", "19"};
	const char *type = export_text(m, "type");
	for (size_t i = 0; type && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(type, kinds[i]) == 0)
			return true;
	return false;
}

static bool is_own(const struct export_in *x, const struct tw_json *author)
{
	return !tw_json_bool(tw_json_get(author, "isBot"), false) &&
	       (export_is_author(x, export_text(author, "id")) ||
		export_is_author(x, export_text(author, "name")) ||
		export_is_author(x, export_text(author, "nickname")));
}

static void say(struct discord_chat *d, const struct tw_json *m, const struct said *said,
		struct tw_arena *a)
{
	const char *to = export_text(tw_json_get(m, "reference"), "messageId");
	if (to) {
		exchange_break(&d->talk.e);
		exchange_heard(&d->talk.e, recall(d, to), 0);
	}
	bunch_said(d->bunch, &d->talk, bunch_month(tw_str_c(&d->channel), said->at_ms, a), said, a);
}

static void take(struct discord_chat *d, const struct export_in *x, const struct tw_json *m,
		 struct tw_arena *a)
{
	const struct tw_json *author = tw_json_get(m, "author");
	struct tw_str text = TW_STR_INIT;
	int64_t id = discord_id(m, "id");
	if (!is_message(m) || id <= 0)
		return;
	bool own = is_own(x, author), backwards = id < d->last;
	d->last = id;
	d->own += own;
	d->others += !own;
	if (!own && !d->own)
		writers_note(&d->writers, export_text(author, "name"));
	if (!tw_json_get(m, "forwardedMessage"))
		discord_markdown(&text, tw_json_str(tw_json_get(m, "content"), ""),
				 tw_json_get(m, "mentions"), a);
	tw_str_trim(&text);
	if (!text.len || backwards) /* newest first: what stands before it was said later */
		exchange_break(&d->talk.e);
	const struct said said = {tw_str_c(&text), id, export_date(m, "timestamp"),
				  export_date(m, "timestampEdited")};
	if (own && text.len)
		say(d, m, &said, a);
	else if (!backwards)
		exchange_heard(&d->talk.e, said.text, said.at_ms);
	remember(d, export_text(m, "id"), own ? "" : said.text);
	tw_str_release(&text);
}

/* --- the way through the files --- */

static enum tw_status begin_file(struct discord_chat *d, struct export_in *x, struct tw_arena *a,
				 struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st = export_next_entry(&e, x, is_discord_chat, err);
	if (st == TW_DONE) {
		talk_end(&d->talk, a);
		return d->own || !d->others ? TW_DONE : writers_unknown(&d->writers, err);
	}
	if (st != TW_OK)
		return st;
	exchange_break(&d->talk.e);
	tw_str_clear(&d->entry);
	tw_str_adds(&d->entry, e.name);
	tw_str_clear(&d->channel);
	tw_str_adds(&d->channel, "discord");
	d->last = 0;
	d->place = AT_TOP;
	d->r = tw_json_reader_new(bundle_read, x->files, EXPORT_MAX_PIECE);
	st = tw_json_seek(d->r, '{', err); /* behind a byte order mark */
	return st == TW_OK ? tw_json_enter(d->r, err) : st;
}

static enum tw_status step_at_top(struct discord_chat *d, struct tw_arena *a, struct tw_err *err)
{
	const char *key;
	struct tw_json *v;
	enum tw_status st = tw_json_next(&key, d->r, err);
	if (st == TW_DONE) {
		tw_json_reader_free(d->r);
		d->r = NULL;
		d->place = AT_FILE;
		return TW_OK;
	}
	if (st == TW_OK && strcmp(key, "messages") == 0) {
		d->place = AT_MESSAGES;
		return tw_json_enter(d->r, err);
	}
	if (st != TW_OK || strcmp(key, "channel") != 0)
		return st;
	st = tw_json_value(&v, d->r, a, err);
	if (st == TW_OK && export_text(v, "id")) {
		tw_str_clear(&d->channel);
		tw_str_adds(&d->channel, export_text(v, "id"));
	}
	return st;
}

static enum tw_status step_on(struct discord_chat *d, struct export_in *x, struct tw_arena *a,
			      struct tw_err *err)
{
	struct tw_json *m;
	if (d->place == AT_FILE)
		return begin_file(d, x, a, err);
	if (d->place == AT_TOP)
		return step_at_top(d, a, err);
	enum tw_status st = tw_json_next(NULL, d->r, err);
	if (st == TW_DONE) {
		d->place = AT_TOP;
		return TW_OK;
	}
	if (st == TW_OK)
		st = tw_json_value(&m, d->r, a, err);
	if (st == TW_OK)
		take(d, x, m, a);
	return st;
}

static enum tw_status step(struct tw_document *doc, void *state, struct export_in *x,
			   struct tw_arena *a, struct tw_err *err)
{
	struct discord_chat *d = state;
	enum tw_status st = step_on(d, x, a, err);
	if (st == TW_SKIPPED) {
		doc->key = tw_sprintf(a, "%s/", tw_str_c(&d->entry));
		exchange_break(&d->talk.e);
	}
	return st == TW_OK || st == TW_DONE ? st : tw_wrap(err, st, "%s", tw_str_c(&d->entry));
}

static enum tw_status discord_chat_next(struct tw_document *doc, void *state, struct export_in *x,
					struct tw_arena *a, struct tw_err *err)
{
	return bunch_read(doc, ((struct discord_chat *)state)->bunch, step, state, x, a, err);
}

const struct export_format export_discord_chat = {
	.name = "DiscordChatExporter",
	.recognise = is_discord_chat,
	.state_size = sizeof(struct discord_chat),
	.open = discord_chat_open,
	.next = discord_chat_next,
	.close = discord_chat_close,
};
