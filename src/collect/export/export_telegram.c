/*
 * Telegram: result.json, as Telegram Desktop writes it for a chat (Export chat
 * history) or for all (Settings, Advanced, Export Telegram data), "machine-readable
 * JSON". What writes it is export/output/export_output_json.cpp of Telegram Desktop.
 * An export of all begins with personal_information, which says who the author is;
 * for one of a single chat `author:` or `twin:` must name the sender.
 *
 * One's own messages of a chat in a month are one document, since a message alone
 * says little; in a channel each post is one. Left out: what others wrote, what was
 * forwarded, bots' inline answers, service messages, pictures and files.
 */
#include <stdio.h>
#include <string.h>

#include "collect/export/export_bunch_int.h"

enum place { AT_FILE, AT_TOP, AT_CHATS, AT_CHAT, AT_MESSAGES };

struct telegram {
	struct tw_json_reader *r;
	enum place place;
	bool many; /* the chats stand in a list */
	char own_id[40];
	char chat_id[24];
	bool channel;
	struct bunch *bunch;
	struct talk talk;
	int64_t others, own;
	struct writers writers;
};

static bool is_telegram(const char *name, const char *head, size_t n)
{
	static const char *const kinds[] = {"\"saved_messages\"",     "\"personal_chat\"",
					    "\"bot_chat\"",	      "\"private_group\"",
					    "\"private_supergroup\"", "\"public_supergroup\"",
					    "\"private_channel\"",    "\"public_channel\""};
	(void)name;
	if (!n || head[0] != '{')
		return false;
	if (export_has(head, n, "\"about\"") && export_has(head, n, "Telegram is ad free"))
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (export_has(head, n, kinds[i]))
			return export_has(head, n, "\"messages\"") && export_has(head, n, "\"id\"");
	return false;
}

static void telegram_close(void *state)
{
	struct telegram *t = state;
	tw_json_reader_free(t->r);
	bunch_free(t->bunch);
	exchanges_release(&t->talk.e);
	tw_str_release(&t->writers.names);
}

static enum tw_status telegram_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct telegram *t = state;
	(void)x;
	(void)err;
	t->bunch = bunch_new("text/plain", false);
	return TW_OK;
}

/* --- messages --- */

/* Where the export says who the author is, another person of the twin's name is another. */
static bool is_own(const struct telegram *t, const struct export_in *x, const struct tw_json *m)
{
	const char *id = export_text(m, "from_id");
	if (t->own_id[0] && tw_streq(id, t->own_id))
		return true;
	if (t->own_id[0] && !x->author.n && id && tw_starts_with(id, "user"))
		return false;
	return export_is_author(x, export_text(m, "from")) || export_is_author(x, id) ||
	       export_is_author(x, export_text(m, "author"));
}

/* A text, or a list of texts and of objects with one. */
static void add_text(struct tw_str *out, const struct tw_json *message)
{
	tw_str_adds(out, tw_json_str(tw_json_get(message, "text"), ""));
	for (const struct tw_json *p = export_list(message, "text"); p; p = p->next)
		tw_str_adds(out, p->type == TW_JSON_STRING
					 ? p->s
					 : tw_json_str(tw_json_get(p, "text"), ""));
}

static int64_t date_of(const struct tw_json *m)
{
	int64_t at = export_date(m, "date_unixtime");
	return at ? at : export_date(m, "date");
}

static void say(struct telegram *t, const struct tw_json *m, const char *text, struct tw_arena *a)
{
	int64_t id = tw_json_int(tw_json_get(m, "id"), 0);
	const struct said said = {text, id, date_of(m), export_date(m, "edited_unixtime")};
	const char *key = t->channel ? tw_sprintf(a, "%s/%lld", t->chat_id, (long long)id)
				     : bunch_month(t->chat_id, said.at_ms, a);
	bunch_said(t->bunch, &t->talk, key, &said, a);
}

static bool is_foreign(const struct tw_json *m)
{
	return tw_json_get(m, "forwarded_from") || tw_json_get(m, "forwarded_from_id") ||
	       tw_json_get(m, "via_bot");
}

/* What has no text is a picture or the like: an answer to that is none to what was written before. */
static void take(struct telegram *t, const struct export_in *x, const struct tw_json *m,
		 struct tw_arena *a)
{
	struct tw_str text = TW_STR_INIT;
	if (!tw_streq(export_text(m, "type"), "message"))
		return;
	bool own = is_own(t, x, m);
	t->own += own;
	t->others += !own;
	if (!own && !t->own)
		writers_note(&t->writers, export_text(m, "from"));
	if (!own || !is_foreign(m))
		add_text(&text, m);
	tw_str_trim(&text);
	if (!text.len)
		exchange_break(&t->talk.e);
	else if (own)
		say(t, m, tw_str_c(&text), a);
	else if (!t->channel) /* a post answers nobody */
		exchange_heard(&t->talk.e, tw_str_c(&text), date_of(m));
	tw_str_release(&text);
}

/* --- the way through the file --- */

/* What says who and what, before the messages. */
static enum tw_status read_field(struct telegram *t, const char *key, struct tw_arena *a,
				 struct tw_err *err)
{
	struct tw_json *v;
	char name[32];
	snprintf(name, sizeof(name), "%s", key);
	if (strcmp(key, "id") != 0 && strcmp(key, "type") != 0 &&
	    strcmp(key, "personal_information") != 0)
		return TW_OK;
	enum tw_status st = tw_json_value(&v, t->r, a, err);
	if (st != TW_OK)
		return st;
	int64_t user = tw_json_int(tw_json_get(v, "user_id"), 0);
	if (strcmp(name, "id") == 0)
		snprintf(t->chat_id, sizeof(t->chat_id), "%lld", (long long)tw_json_int(v, 0));
	else if (strcmp(name, "type") == 0)
		t->channel = tw_ends_with(tw_json_str(v, ""), "_channel");
	else if (user)
		snprintf(t->own_id, sizeof(t->own_id), "user%lld", (long long)user);
	return TW_OK;
}

static enum tw_status step_in_object(struct telegram *t, struct tw_arena *a, struct tw_err *err)
{
	const char *key;
	enum tw_status st = tw_json_next(&key, t->r, err);
	if (st != TW_OK)
		return st;
	if (strcmp(key, "messages") == 0)
		t->place = AT_MESSAGES;
	else if (t->place == AT_TOP && (!strcmp(key, "chats") || !strcmp(key, "left_chats")))
		t->place = AT_CHATS;
	else
		return read_field(t, key, a, err);
	if (t->place == AT_MESSAGES)
		return tw_json_enter(t->r, err);
	st = tw_json_enter(t->r, err);
	if (st == TW_OK)
		st = tw_json_enter_member(t->r, "list", err);
	if (st == TW_DONE) /* no list in it */
		t->place = AT_TOP;
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status step_in_chats(struct telegram *t, struct tw_err *err)
{
	enum tw_status st = tw_json_next(NULL, t->r, err);
	if (st == TW_DONE) {
		t->place = AT_TOP;
		return tw_json_leave(t->r, err);
	}
	t->chat_id[0] = '\0';
	t->channel = false;
	t->many = true;
	t->place = AT_CHAT;
	return st == TW_OK ? tw_json_enter(t->r, err) : st;
}

static enum tw_status step_in_messages(struct telegram *t, const struct export_in *x,
				       struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *m;
	enum tw_status st = tw_json_next(NULL, t->r, err);
	if (st == TW_DONE) {
		t->place = t->many ? AT_CHAT : AT_TOP;
		talk_end(&t->talk, a);
		bunch_end(t->bunch);
		return TW_OK;
	}
	if (st == TW_OK)
		st = tw_json_value(&m, t->r, a, err);
	if (st == TW_OK)
		take(t, x, m, a);
	return st;
}

static enum tw_status end_file(struct telegram *t, struct tw_err *err)
{
	/* Nobody's words would be silently everybody's mistake. */
	bool known = t->own || !t->others || t->own_id[0];
	enum tw_status st = known ? TW_OK : writers_unknown(&t->writers, err);
	tw_json_reader_free(t->r);
	tw_str_clear(&t->writers.names);
	t->r = NULL;
	t->place = AT_FILE;
	t->many = t->channel = false;
	t->own_id[0] = t->chat_id[0] = '\0';
	t->own = t->others = t->writers.n = 0;
	return st;
}

static enum tw_status begin_file(struct telegram *t, struct export_in *x, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st = export_next_entry(&e, x, is_telegram, err);
	if (st != TW_OK)
		return st;
	t->place = AT_TOP;
	t->r = tw_json_reader_new(bundle_read, x->files, EXPORT_MAX_PIECE);
	return tw_json_enter(t->r, err);
}

static enum tw_status step_on(struct telegram *t, struct export_in *x, struct tw_arena *a,
			      struct tw_err *err)
{
	enum tw_status st;
	switch (t->place) {
	case AT_FILE:
		return begin_file(t, x, err);
	case AT_CHATS:
		return step_in_chats(t, err);
	case AT_MESSAGES:
		return step_in_messages(t, x, a, err);
	case AT_CHAT:
		st = step_in_object(t, a, err);
		if (st == TW_DONE)
			t->place = AT_CHATS;
		return st == TW_DONE ? TW_OK : st;
	case AT_TOP:
		st = step_in_object(t, a, err);
		return st == TW_DONE ? end_file(t, err) : st;
	}
	return TW_DONE;
}

static enum tw_status step(struct tw_document *doc, void *state, struct export_in *x,
			   struct tw_arena *a, struct tw_err *err)
{
	struct telegram *t = state;
	enum tw_status st = step_on(t, x, a, err);
	if (st == TW_SKIPPED) {
		doc->key = tw_sprintf(a, "%s/", t->chat_id);
		exchange_break(&t->talk.e);
	}
	return st;
}

static enum tw_status telegram_next(struct tw_document *doc, void *state, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	return bunch_read(doc, ((struct telegram *)state)->bunch, step, state, x, a, err);
}

const struct export_format export_telegram = {
	.name = "Telegram",
	.recognise = is_telegram,
	.state_size = sizeof(struct telegram),
	.open = telegram_open,
	.next = telegram_next,
	.close = telegram_close,
};
