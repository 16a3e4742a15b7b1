/*
 * Discord: the data package of an account (Settings, Data & Privacy, Request all of my
 * data). For each channel it has a folder with channel.json and messages.json, an array
 * of {"ID", "Timestamp", "Contents", "Attachments"}; packages of before 2024 have
 * messages.csv with columns of these names. The folder above is called "messages" in
 * the account's language. Discord's help names the files ("Your Discord Data Package").
 *
 * Only the account's own messages are in it, so all are the author's, and nothing says
 * what they answer. Those of a channel in a month are one document. Left out:
 * attachments, mentions of people and channels (there are only their numbers), names of
 * channels.
 */
#include <string.h>

#include "collect/export/discord_int.h"
#include "collect/export/table_int.h"

#define EPOCH_MS INT64_C(1420070400000) /* of the ids: 2015 */

struct discord {
	struct elements items;
	struct table rows;
	bool in_tables;
	struct tw_str entry;   /* whose messages are read */
	struct tw_str channel; /* its id */
	struct bunch *bunch;
	struct talk talk;
};

static const char *const columns[] = {"ID", "Timestamp", "Contents", "Attachments", NULL};

static bool is_list(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_is_array(head, n) && export_has(head, n, "\"ID\"") &&
	       export_has(head, n, "\"Timestamp\"") && export_has(head, n, "\"Contents\"");
}

static bool is_table(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, columns);
}

static bool is_discord(const char *name, const char *head, size_t n)
{
	return is_list(name, head, n) || is_table(name, head, n);
}

static void discord_close(void *state)
{
	struct discord *d = state;
	elements_release(&d->items);
	table_release(&d->rows);
	exchanges_release(&d->talk.e);
	bunch_free(d->bunch);
	tw_str_release(&d->entry);
	tw_str_release(&d->channel);
}

static enum tw_status discord_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct discord *d = state;
	(void)x;
	(void)err;
	d->items.recognise = is_list;
	d->rows = (struct table){.recognise = is_table, .columns = columns};
	d->bunch = bunch_new("text/markdown", false);
	return TW_OK;
}

/* messages/c123/messages.json is the channel 123; of old, the folder is 123. */
static void set_channel(struct discord *d, const char *entry, struct tw_arena *a)
{
	if (tw_streq(entry, tw_str_c(&d->entry)))
		return;
	talk_end(&d->talk, a);
	bunch_end(d->bunch);
	tw_str_clear(&d->entry);
	tw_str_adds(&d->entry, entry);
	const char *folder = bunch_folder(entry, "discord", a);
	tw_str_clear(&d->channel);
	tw_str_adds(&d->channel, folder + (*folder == 'c'));
}

/* An id has the milliseconds before its last 22 bits. */
static int64_t id_of(int64_t at_ms)
{
	int64_t since = at_ms - EPOCH_MS;
	return since > 0 && since < INT64_C(1) << 41 ? since << 22 : 0;
}

static enum tw_status take(struct discord *d, const char **key, int64_t id, const char *when,
			   const char *contents, struct tw_arena *a, struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT;
	int64_t at = export_parse_date(when);
	if (!at && id <= 0) {
		*key = tw_sprintf(a, "%s/", tw_str_c(&d->entry));
		return tw_fail(err, TW_SKIPPED, "%s: a message has neither ID nor Timestamp",
			       tw_str_c(&d->entry));
	}
	id = id > 0 ? id : id_of(at);
	at = at ? at : (id >> 22) + EPOCH_MS;
	discord_markdown(&text, contents, NULL, a);
	tw_str_trim(&text);
	const struct said said = {.text = tw_str_c(&text), .order = id, .at_ms = at};
	if (text.len)
		bunch_said(d->bunch, &d->talk, bunch_month(tw_str_c(&d->channel), at, a), &said, a);
	tw_str_release(&text);
	return TW_OK;
}

static enum tw_status step_in_lists(struct discord *d, const char **key, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *m;
	enum tw_status st = elements_next(&m, key, &d->items, x, a, err);
	if (st == TW_DONE) {
		d->in_tables = true;
		return bundle_rewind(x->files, err);
	}
	if (st != TW_OK)
		return st;
	set_channel(d, d->items.name, a);
	return take(d, key, discord_id(m, "ID"), export_text(m, "Timestamp"),
		    tw_json_str(tw_json_get(m, "Contents"), ""), a, err);
}

static enum tw_status step_in_tables(struct discord *d, const char **key, struct export_in *x,
				     struct tw_arena *a, struct tw_err *err)
{
	int64_t id;
	enum tw_status st = table_next(key, &d->rows, x, a, err);
	if (st == TW_DONE)
		talk_end(&d->talk, a);
	if (st != TW_OK)
		return st;
	set_channel(d, table_entry(&d->rows), a);
	if (tw_parse_i64(&id, table_get(&d->rows, "ID"), NULL) != TW_OK)
		id = 0;
	return take(d, key, id, table_get(&d->rows, "Timestamp"), table_get(&d->rows, "Contents"),
		    a, err);
}

static enum tw_status step(struct tw_document *doc, void *state, struct export_in *x,
			   struct tw_arena *a, struct tw_err *err)
{
	struct discord *d = state;
	return d->in_tables ? step_in_tables(d, &doc->key, x, a, err)
			    : step_in_lists(d, &doc->key, x, a, err);
}

static enum tw_status discord_next(struct tw_document *doc, void *state, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	return bunch_read(doc, ((struct discord *)state)->bunch, step, state, x, a, err);
}

const struct export_format export_discord = {
	.name = "Discord",
	.recognise = is_discord,
	.state_size = sizeof(struct discord),
	.open = discord_open,
	.next = discord_next,
	.close = discord_close,
};
