/*
 * Slack: the export of a workspace, as its owners get it (Settings, Import/Export
 * data): users.json, channels.json, groups.json, mpims.json and dms.json, and for each
 * conversation a folder with a file a day, CHANNEL/2020-01-31.json, an array of
 * messages. Slack's help says what is in it ("How to read Slack data exports"), and
 * docs.slack.dev what a message is ("message event", with the list of its subtypes).
 *
 * One's own messages of a channel in a month are one document. Who the author is:
 * `author:` or `twin:` by user id, name, real or display name, or address. A message in
 * a thread answers the thread, any other what was said before it in the channel. Left
 * out: what others wrote, bots, joining and leaving and whatever else is no message,
 * names of channels, files (not what was written with them).
 */
#include <stdlib.h>
#include <string.h>

#include "collect/export/export_bunch_int.h"
#include "collect/export/slack_int.h"

#define MAX_THREADS 2000 /* of a channel, of which is known what was heard last */

struct user {
	const char *name; /* in the arena */
	bool own;
};

/* What the author has not answered yet: in a channel, or in a thread of it. */
struct flow {
	struct tw_str heard;
	int64_t at_ms;
};

struct slack {
	struct tw_map users; /* id → struct user */
	struct tw_map
		channels; /* name, which is that of the folder → id; and id → name behind a '#' */
	struct tw_arena arena;
	struct elements messages;
	/* the channel that is being read */
	struct tw_str folder;
	const char *id; /* of the document */
	struct flow channel;
	struct tw_map threads; /* ts of the first message → struct flow */
	const struct flow *current;
	struct bunch *bunch;
	struct talk talk;
	int64_t own, others;
	struct writers writers;
};

/* --- recognising --- */

/* CHANNEL/2020-01-31.json */
static bool is_day(const char *name)
{
	static const char form[] = "/0000-00-00.json";
	size_t n = strlen(name), len = strlen(form), i = 0;
	const char *p = n >= len ? name + n - len : "";
	while (*p && i < len && (form[i] == '0' ? *p >= '0' && *p <= '9' : *p == form[i]))
		p++, i++;
	return i == len;
}

/* The first message may be a long one, with its time at the end. */
static bool is_messages(const char *name, const char *head, size_t n)
{
	return export_is_array(head, n) && export_has(head, n, "\"type\"") &&
	       ((export_has(head, n, "\"message\"") && export_has(head, n, "\"ts\"")) ||
		is_day(name));
}

static bool is_users(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_is_array(head, n) && export_has(head, n, "\"profile\"") &&
	       export_has(head, n, "\"team_id\"") && !is_messages(name, head, n);
}

static bool is_channels(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_is_array(head, n) && export_has(head, n, "\"members\"") &&
	       export_has(head, n, "\"created\"") && export_has(head, n, "\"id\"") &&
	       !export_has(head, n, "\"profile\"") && !is_messages(name, head, n);
}

/* --- users and channels --- */

static const char *const fields[] = {"display_name", "real_name", "name", "email"};

/* As they are shown. */
static const char *name_of(const struct tw_json *user)
{
	const struct tw_json *profile = tw_json_get(user, "profile");
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *s = export_text(profile, fields[i]);
		s = s ? s : export_text(user, fields[i]);
		if (s)
			return s;
	}
	return NULL;
}

static bool has_own_name(const struct export_in *x, const struct tw_json *v)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (export_is_author(x, export_text(v, fields[i])))
			return true;
	return false;
}

static void add_user(struct slack *s, const struct export_in *x, const struct tw_json *v)
{
	const char *id = export_text(v, "id");
	if (!id)
		return;
	struct user *u = TW_NEW(&s->arena, struct user);
	u->name = tw_strdup(&s->arena, name_of(v));
	u->own = export_is_author(x, id) || has_own_name(x, v) ||
		 has_own_name(x, tw_json_get(v, "profile"));
	tw_map_set(&s->users, id, u);
}

static void add_channel(struct slack *s, const struct tw_json *v)
{
	const char *id = export_text(v, "id"), *name = export_text(v, "name");
	if (!id || !name)
		return;
	tw_map_set(&s->channels, name, tw_strdup(&s->arena, id));
	tw_map_set(&s->channels, tw_sprintf(&s->arena, "#%s", id), tw_strdup(&s->arena, name));
}

/* Goes through the lists of one kind. Elements that are broken are named nowhere. */
static enum tw_status read_lists(struct slack *s, struct export_in *x, bool users,
				 struct tw_err *err)
{
	struct elements list = {.recognise = users ? is_users : is_channels};
	struct tw_arena a;
	const char *key;
	enum tw_status st;
	tw_arena_init(&a);
	do {
		struct tw_json *v;
		tw_arena_reset(&a);
		st = elements_next(&v, &key, &list, x, &a, err);
		if (st == TW_OK && users)
			add_user(s, x, v);
		else if (st == TW_OK)
			add_channel(s, v);
	} while (st == TW_OK || st == TW_SKIPPED);
	elements_release(&list);
	tw_arena_release(&a);
	return st == TW_DONE ? bundle_rewind(x->files, err) : st;
}

static void forget_threads(struct slack *s)
{
	const struct tw_map_slot *slot;
	for (size_t it = 0; (slot = tw_map_next(&s->threads, &it));) {
		tw_str_release(&((struct flow *)slot->v.p)->heard);
		free(slot->v.p);
	}
	tw_map_clear(&s->threads);
	s->current = NULL;
}

static void slack_close(void *state)
{
	struct slack *s = state;
	forget_threads(s);
	tw_map_release(&s->threads);
	tw_str_release(&s->channel.heard);
	elements_release(&s->messages);
	exchanges_release(&s->talk.e);
	bunch_free(s->bunch);
	tw_str_release(&s->folder);
	tw_str_release(&s->writers.names);
	tw_map_release(&s->users);
	tw_map_release(&s->channels);
	tw_arena_release(&s->arena);
}

static enum tw_status slack_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct slack *s = state;
	tw_arena_init(&s->arena);
	s->messages.recognise = is_messages;
	s->bunch = bunch_new("text/markdown",
			     true); /* an archive that was packed anew has its days in any order */
	enum tw_status st = read_lists(s, x, true, err);
	if (st == TW_OK)
		st = read_lists(s, x, false, err);
	if (st != TW_OK)
		slack_close(s);
	return st;
}

static const char *user_name(void *ctx, const char *id)
{
	const struct user *u = tw_map_get(&((struct slack *)ctx)->users, id);
	return u ? u->name : NULL;
}

static const char *channel_name(void *ctx, const char *id)
{
	char key[80] = "#";
	strncat(key, id, sizeof(key) - 2);
	return tw_map_get(&((struct slack *)ctx)->channels, key);
}

/* --- messages --- */

/* Microseconds. */
static int64_t parse_ts(const char *ts)
{
	char *end;
	if (!ts)
		return 0;
	int64_t seconds = strtoll(ts, &end, 10), micros = 0;
	if (seconds <= 0 || seconds > 100000000000)
		return 0;
	if (*end == '.')
		for (int i = 0, d; i < 6; i++) {
			d = end[1] >= '0' && end[1] <= '9' ? *++end - '0' : 0;
			micros = micros * 10 + d;
		}
	return seconds * 1000000 + micros;
}

/* Joining, topics, huddles, reminders and the like have subtypes of their own. */
static bool is_message(const struct tw_json *m)
{
	static const char *const kinds[] = {"me_message", "thread_broadcast", "reply_broadcast",
					    "file_share", "bot_message"};
	const char *subtype = export_text(m, "subtype");
	if (!tw_streq(export_text(m, "type"), "message") ||
	    tw_json_bool(tw_json_get(m, "hidden"), false))
		return false;
	for (size_t i = 0; subtype && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(subtype, kinds[i]) == 0)
			return true;
	return !subtype;
}

static bool is_own(const struct slack *s, const struct export_in *x, const struct tw_json *m)
{
	const char *id = export_text(m, "user");
	const struct user *u = id ? tw_map_get(&s->users, id) : NULL;
	if (tw_json_get(m, "bot_id") || tw_streq(export_text(m, "subtype"), "bot_message"))
		return false;
	return (u && u->own) || export_is_author(x, id) ||
	       has_own_name(x, tw_json_get(m, "user_profile"));
}

/* Of old, a file had its comment in it, and the text said that it was uploaded. */
static const char *text_of(const struct tw_json *m)
{
	const struct tw_json *file = tw_json_get(m, "file");
	if (file && file->type == TW_JSON_OBJECT)
		return tw_json_str(tw_json_get(tw_json_get(file, "initial_comment"), "comment"),
				   "");
	return tw_json_str(tw_json_get(m, "text"), "");
}

static void note_other(struct slack *s, const struct tw_json *m)
{
	const char *id = export_text(m, "user");
	const char *name = id ? user_name(s, id) : NULL;
	s->others++;
	if (!s->own && id)
		writers_note(&s->writers, name ? name : id);
}

static struct flow *thread_of(struct slack *s, const char *ts)
{
	struct flow *f = tw_map_get(&s->threads, ts);
	if (!f) {
		if (s->threads.n >= MAX_THREADS)
			forget_threads(s);
		f = tw_xcalloc(1, sizeof(*f));
		tw_map_set(&s->threads, ts, f);
	}
	return f;
}

/* "" is what has no text to show. */
static void hear(struct slack *s, struct flow *f, const char *text, int64_t at_ms)
{
	if (s->current == f)
		s->current = NULL;
	if (!*text || f->heard.len + strlen(text) > EXCHANGE_HEARD)
		tw_str_clear(&f->heard);
	if (strlen(text) <= EXCHANGE_HEARD)
		export_add_paragraph(&f->heard, text);
	f->at_ms = at_ms;
}

/* With what it answers, unless it goes on with what the author said just before. */
static void say(struct slack *s, struct flow *f, const struct said *said, struct tw_arena *a)
{
	if (f->at_ms > said->at_ms) /* days come in any order */
		tw_str_clear(&f->heard);
	if (s->current != f || s->talk.e.said_ms > said->at_ms) {
		exchange_break(&s->talk.e);
		/* what answers in a thread does so however late */
		exchange_heard(&s->talk.e, tw_str_c(&f->heard), f == &s->channel ? f->at_ms : 0);
	}
	s->current = f;
	tw_str_clear(&f->heard);
	bunch_said(s->bunch, &s->talk, bunch_month(s->id, said->at_ms, a), said, a);
}

static void take(struct slack *s, const struct export_in *x, const struct tw_json *m,
		 struct tw_arena *a)
{
	const struct slack_names names = {user_name, channel_name, s};
	struct tw_str text = TW_STR_INIT;
	int64_t at = parse_ts(export_text(m, "ts"));
	int64_t edited = parse_ts(export_text(tw_json_get(m, "edited"), "ts"));
	if (!at || !is_message(m))
		return;
	bool own = is_own(s, x, m);
	s->own += own;
	if (!own)
		note_other(s, m);
	slack_markdown(&text, text_of(m), &names);
	tw_str_trim(&text);
	const struct said said = {tw_str_c(&text), at, at / 1000, edited / 1000};
	const char *thread = export_text(m, "thread_ts");
	bool first = !thread || tw_streq(thread, export_text(m, "ts"));
	struct flow *f = first ? &s->channel : thread_of(s, thread);
	if (own && text.len)
		say(s, f, &said, a);
	else
		hear(s, f, own ? "" : said.text, said.at_ms);
	if (!own && first && thread)
		hear(s, thread_of(s, thread), said.text, said.at_ms);
	tw_str_release(&text);
}

/* --- channels --- */

static void end_channel(struct slack *s, struct tw_arena *a)
{
	talk_end(&s->talk, a);
	forget_threads(s);
	tw_str_clear(&s->channel.heard);
	s->channel.at_ms = 0;
}

/* The folder is called by the channel's name, or by its id where it has none. */
static void begin_channel(struct slack *s, const char *entry, struct tw_arena *a)
{
	const char *slash = strrchr(entry, '/');
	size_t n = slash ? (size_t)(slash - entry) : 0;
	if (s->id && n == s->folder.len && memcmp(tw_str_c(&s->folder), entry, n) == 0)
		return;
	end_channel(s, a);
	tw_str_clear(&s->folder);
	tw_str_add(&s->folder, entry, n);
	const char *name = bunch_folder(entry, "slack", &s->arena);
	const char *id = tw_map_get(&s->channels, name);
	s->id = id ? id : name;
}

static enum tw_status step(struct tw_document *doc, void *state, struct export_in *x,
			   struct tw_arena *a, struct tw_err *err)
{
	struct slack *s = state;
	struct tw_json *m;
	enum tw_status st = elements_next(&m, &doc->key, &s->messages, x, a, err);
	if (st == TW_DONE) {
		end_channel(s, a);
		return s->own || !s->others ? TW_DONE : writers_unknown(&s->writers, err);
	}
	if (st == TW_OK) {
		begin_channel(s, s->messages.name, a);
		take(s, x, m, a);
	}
	return st;
}

static enum tw_status slack_next(struct tw_document *doc, void *state, struct export_in *x,
				 struct tw_arena *a, struct tw_err *err)
{
	return bunch_read(doc, ((struct slack *)state)->bunch, step, state, x, a, err);
}

const struct export_format export_slack = {
	.name = "Slack",
	.recognise = is_messages,
	.state_size = sizeof(struct slack),
	.open = slack_open,
	.next = slack_next,
	.close = slack_close,
};
