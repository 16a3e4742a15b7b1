/*
 * WhatsApp: a chat as text (Export chat), alone or in the ZIP that it comes in:
 * _chat.txt from an iPhone, "WhatsApp Chat with ANN.txt", in the phone's language, from
 * Android. WhatsApp describes it nowhere (its help only says how to get one); the shape
 * is that of its files, and the forms of dates are those of the Unicode CLDR for the
 * phone's language and region. It says neither who the author is nor in which time zone
 * the phone was.
 *
 * One's own messages of a chat in a month are one document. Left out: what others wrote
 * (it is context of the exchanges), what WhatsApp itself says, pictures and files, and
 * what was deleted. The chat is named by its file, for there are no ids in it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "collect/export/export_bunch_int.h"
#include "collect/export/lines_int.h"
#include "collect/export/whatsapp_int.h"

struct chat {
	char *name; /* of the entry */
	struct whatsapp_dates dates;
	struct whatsapp_senders senders;
};

struct whatsapp {
	struct whatsapp_words words;
	TW_VEC(struct chat *) chats;
	size_t at_chat;
	bool in_chat;
	struct lines lines;
	/* the message that is being read */
	struct tw_str text;
	bool any, own, over;
	int64_t at_ms, order;
	const char *skipped; /* key of its document, in the arena of the step */
	struct bunch *bunch;
	struct talk talk;
};

/* --- recognising --- */

static size_t line_length(const char *s, size_t n)
{
	const char *nl = memchr(s, '\n', n);
	return nl ? (size_t)(nl - s) : n;
}

/* Begins with a message, and somebody wrote one soon. Logs of programs look alike. */
static bool is_whatsapp(const char *name, const char *head, size_t n)
{
	bool begins = false;
	if (tw_ends_with_nocase(name, ".log") || tw_ends_with_nocase(name, ".md"))
		return false;
	for (size_t at = 0, len; at < n; at += len + 1) {
		struct whatsapp_head h;
		len = line_length(head + at, n - at);
		bool blank = len == whatsapp_marks(head + at, len) || head[at] == '\r';
		bool found = !blank && whatsapp_head(&h, head + at, len);
		if (!found && !begins && !blank)
			return false;
		begins |= found;
		if (found && memmem(head + at + h.len, len - h.len, ": ", 2))
			return true;
	}
	return false;
}

/* --- the first time through: dates and senders --- */

static void chat_free(struct chat *c)
{
	whatsapp_senders_release(&c->senders);
	free(c->name);
	free(c);
}

static enum tw_status learn_chat(struct whatsapp *w, bool *own, struct export_in *x,
				 const char *name, struct tw_err *err)
{
	struct chat *c = tw_xcalloc(1, sizeof(*c));
	struct whatsapp_head h;
	enum tw_status st;
	c->name = tw_xstrdup(name);
	tw_vec_push(&w->chats, c);
	lines_begin(&w->lines);
	while ((st = lines_next(&w->lines, x, EXPORT_MAX_PIECE, err)) == TW_OK) {
		const struct tw_str *line = &w->lines.line;
		const char *s = tw_str_c(line);
		if (!whatsapp_head(&h, s, line->len))
			continue;
		whatsapp_learn(&c->dates, &h);
		whatsapp_senders_learn(&c->senders, s + h.len, line->len - h.len);
		*own = *own || whatsapp_own_name(x, s + h.len, line->len - h.len);
	}
	whatsapp_decide(&c->dates);
	return st == TW_DONE ? TW_OK : st;
}

static void whatsapp_close(void *state)
{
	struct whatsapp *w = state;
	for (size_t i = 0; i < w->chats.n; i++)
		chat_free(w->chats.at[i]);
	tw_vec_release(&w->chats);
	whatsapp_words_release(&w->words);
	bunch_free(w->bunch);
	exchanges_release(&w->talk.e);
	lines_release(&w->lines);
	tw_str_release(&w->text);
}

static enum tw_status whatsapp_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct whatsapp *w = state;
	struct bundle_entry e;
	struct writers writers = {0};
	enum tw_status st;
	bool own = false;
	w->bunch = bunch_new("text/plain", false);
	whatsapp_words_init(&w->words);
	while ((st = export_next_entry(&e, x, is_whatsapp, err)) == TW_OK) {
		st = learn_chat(w, &own, x, e.name, err);
		if (st != TW_OK)
			break;
		whatsapp_senders_note(&writers, &w->chats.at[w->chats.n - 1]->senders);
	}
	if (st == TW_DONE)
		st = own ? bundle_rewind(x->files, err) : writers_unknown(&writers, err);
	tw_str_release(&writers.names);
	if (st != TW_OK)
		whatsapp_close(w);
	return st;
}

/* --- the second time: messages --- */

/* "WhatsApp Chat with Ann", or the folder of a _chat.txt. */
static const char *chat_name(const struct chat *c, struct tw_arena *a)
{
	size_t n = strlen(c->name);
	if (tw_ends_with(c->name, "/_chat.txt"))
		n -= strlen("/_chat.txt");
	else if (tw_ends_with_nocase(c->name, ".txt"))
		n -= strlen(".txt");
	return tw_strndup(a, c->name, n);
}

/* What was read is whole. TW_SKIPPED: too long. */
static enum tw_status end_message(struct whatsapp *w, struct tw_arena *a, struct tw_err *err)
{
	const struct chat *c = w->chats.at[w->at_chat];
	struct tw_str text = TW_STR_INIT;
	if (!w->any)
		return TW_OK;
	w->any = false;
	const char *key = bunch_month(chat_name(c, a), w->at_ms, a);
	if (w->over) {
		w->skipped = key;
		exchange_break(&w->talk.e);
		return tw_fail(err, TW_SKIPPED, "%s: a message of more than %zu MiB", c->name,
			       EXPORT_MAX_PIECE >> 20);
	}
	export_mend(&w->text);
	whatsapp_text(&text, &w->words, tw_str_c(&w->text), w->text.len);
	if (!text.len)
		exchange_break(&w->talk.e); /* a picture, perhaps: what follows is about that */
	else if (!w->own)
		exchange_heard(&w->talk.e, tw_str_c(&text), w->at_ms);
	else {
		const struct said s = {
			.text = tw_str_c(&text), .order = w->order++, .at_ms = w->at_ms};
		bunch_said(w->bunch, &w->talk, key, &s, a);
	}
	tw_str_release(&text);
	return TW_OK;
}

/* Whose message it is. False: nobody's, WhatsApp says something. */
static bool begin_message(struct whatsapp *w, const struct export_in *x, const char *s, size_t len)
{
	const struct chat *c = w->chats.at[w->at_chat];
	size_t name = whatsapp_own_name(x, s, len);
	w->own = name != 0;
	if (!name)
		name = whatsapp_sender(&c->senders, s, len);
	if (!name)
		return false;
	size_t from = name + 1 < len ? name + 2 : len;
	tw_str_clear(&w->text);
	tw_str_add(&w->text, s + from, len - from);
	w->any = true;
	w->over = false;
	return true;
}

static void add_line(struct whatsapp *w)
{
	if (!w->any || w->over)
		return;
	w->over = w->text.len + w->lines.line.len > EXPORT_MAX_PIECE;
	tw_str_addc(&w->text, '\n');
	if (!w->over)
		tw_str_add(&w->text, tw_str_c(&w->lines.line), w->lines.line.len);
}

static enum tw_status step_in_chat(struct whatsapp *w, struct export_in *x, struct tw_arena *a,
				   struct tw_err *err)
{
	struct whatsapp_head h;
	int64_t at = w->at_ms;
	const struct chat *c = w->chats.at[w->at_chat];
	const struct tw_str *line = &w->lines.line;
	enum tw_status st = lines_next(&w->lines, x, EXPORT_MAX_PIECE, err);
	if (st == TW_DONE) {
		st = end_message(w, a, err);
		talk_end(&w->talk, a);
		bunch_end(w->bunch);
		w->in_chat = false;
		w->at_chat++;
		return st;
	}
	if (st != TW_OK)
		return st;
	const char *s = tw_str_c(line);
	if (!whatsapp_head(&h, s, line->len) || !whatsapp_moment(&at, &c->dates, &h)) {
		add_line(w);
		return TW_OK;
	}
	st = end_message(w, a, err);
	w->at_ms = at;
	if (begin_message(w, x, s + h.len, line->len - h.len))
		w->over = line->len > EXPORT_MAX_PIECE;
	return st;
}

static enum tw_status begin_chat(struct whatsapp *w, struct export_in *x, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st = export_next_entry(&e, x, is_whatsapp, err);
	if (st == TW_OK && w->at_chat == w->chats.n)
		return TW_DONE; /* a file more than the first time */
	w->in_chat = st == TW_OK;
	lines_begin(&w->lines);
	w->order = w->at_ms = 0;
	return st;
}

static enum tw_status step(struct tw_document *doc, void *state, struct export_in *x,
			   struct tw_arena *a, struct tw_err *err)
{
	struct whatsapp *w = state;
	enum tw_status st = w->in_chat ? step_in_chat(w, x, a, err) : begin_chat(w, x, err);
	if (st == TW_SKIPPED)
		doc->key = w->skipped;
	return st;
}

static enum tw_status whatsapp_next(struct tw_document *doc, void *state, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	return bunch_read(doc, ((struct whatsapp *)state)->bunch, step, state, x, a, err);
}

const struct export_format export_whatsapp = {
	.name = "WhatsApp",
	.recognise = is_whatsapp,
	.state_size = sizeof(struct whatsapp),
	.open = whatsapp_open,
	.next = whatsapp_next,
	.close = whatsapp_close,
};
