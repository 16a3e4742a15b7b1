/*
 * messages.csv of LinkedIn: CONVERSATION ID, CONVERSATION TITLE, FROM, SENDER
 * PROFILE URL, TO, …, DATE, SUBJECT, CONTENT, FOLDER, …, IS MESSAGE DRAFT; a
 * conversation's newest message first, so all are held until the last is read. Who
 * the user is stands in Profile.csv: First Name, Last Name, …, Headline, ….
 */
#include "collect/export/linkedin_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/vec.h"
#include "collect/export/export_bunch_int.h"
#include "collect/export/table_int.h"

#define HELD_MAX ((size_t)256 << 20) /* bytes */

static const char *const columns[] = {"CONVERSATION ID", "FROM", "DATE", "CONTENT", NULL};
static const char *const profile[] = {"First Name", "Last Name", "Headline", NULL};

struct message {
	const char *talk, *text;
	int64_t at_ms;
	size_t nth;
	bool own;
};

struct linkedin_messages {
	TW_VEC(struct message) all;
	struct bunch *bunch; /* once all are told */
	struct writers others;
	const char *name; /* the user's, NULL unknown */
	bool any;	  /* is the author's */
	size_t held;
	struct tw_arena arena;
};

bool linkedin_is_messages(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, columns);
}

static bool is_profile(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, profile);
}

void linkedin_messages_free(struct linkedin_messages *m)
{
	if (!m)
		return;
	tw_vec_release(&m->all);
	bunch_free(m->bunch);
	tw_str_release(&m->others.names);
	tw_arena_release(&m->arena);
	free(m);
}

static enum tw_status read_profile(struct linkedin_messages *m, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	struct table t = {.recognise = is_profile, .columns = profile};
	const char *key;
	enum tw_status st = table_next(&key, &t, x, a, err);
	if (st == TW_OK)
		m->name = tw_sprintf(&m->arena, "%s %s", table_get(&t, "First Name"),
				     table_get(&t, "Last Name"));
	table_release(&t);
	return st == TW_OK || st == TW_DONE ? bundle_rewind(x->files, err) : st;
}

static bool is_own(const struct linkedin_messages *m, const struct export_in *x,
		   const struct table *t)
{
	const char *from = table_get(t, "FROM");
	return export_is_author(x, from) ||
	       export_is_author(x, table_get(t, "SENDER PROFILE URL")) ||
	       (!x->author.n && tw_streq(m->name, from));
}

static bool is_draft(const struct table *t)
{
	return strcasecmp(table_get(t, "IS MESSAGE DRAFT"), "yes") == 0;
}

static enum tw_status take(struct linkedin_messages *m, const struct export_in *x,
			   const struct table *t, struct tw_err *err)
{
	const char *text = table_get(t, "CONTENT");
	const char *conversation = table_get(t, "CONVERSATION ID");
	struct message one = {.own = is_own(m, x, t), .nth = m->all.n};
	if (!*text || !*conversation || (is_draft(t) && !x->drafts))
		return TW_OK;
	m->held += sizeof(one) + strlen(text) + strlen(conversation);
	if (m->held > HELD_MAX)
		return tw_fail(err, TW_BAD_DATA, "more than %zu MiB of messages", HELD_MAX >> 20);
	one.talk = tw_strdup(&m->arena, conversation);
	one.text = tw_strdup(&m->arena, text);
	one.at_ms = export_parse_date(table_get(t, "DATE"));
	m->any |= one.own;
	if (!one.own)
		writers_note(&m->others, table_get(t, "FROM"));
	tw_vec_push(&m->all, one);
	return TW_OK;
}

static enum tw_status read_all(const char **key, struct linkedin_messages *m, struct export_in *x,
			       struct tw_arena *a, struct tw_err *err)
{
	struct table t = {.recognise = linkedin_is_messages, .columns = columns};
	enum tw_status st = read_profile(m, x, a, err);
	while (st == TW_OK) {
		tw_arena_reset(a);
		st = table_next(key, &t, x, a, err);
		if (st == TW_OK)
			st = take(m, x, &t, err);
	}
	table_release(&t);
	return st == TW_SKIPPED ? TW_BAD_DATA : st;
}

/* The file has the newest first: what has one date is turned round too. */
static int by_talk(const void *x, const void *y)
{
	const struct message *a = x, *b = y;
	int order = strcmp(a->talk, b->talk);
	if (order)
		return order;
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms ? -1 : 1;
	return a->nth > b->nth ? -1 : a->nth < b->nth;
}

static void tell(struct linkedin_messages *m, struct tw_arena *a)
{
	struct talk talk = {0};
	m->bunch = bunch_new("text/plain", true);
	if (m->all.n)
		qsort(m->all.at, m->all.n, sizeof(*m->all.at), by_talk);
	for (size_t i = 0; i < m->all.n; i++) {
		const struct message *one = &m->all.at[i];
		struct said said = {one->text, (int64_t)i, one->at_ms, 0};
		const char *key = bunch_month(one->talk, one->at_ms, a);
		if (i && strcmp(one->talk, one[-1].talk) != 0)
			talk_end(&talk, a);
		if (one->own)
			bunch_said(m->bunch, &talk, key, &said, a);
		else
			exchange_heard(&talk.e, one->text, one->at_ms);
	}
	talk_end(&talk, a);
	bunch_end(m->bunch);
}

enum tw_status linkedin_messages_next(struct tw_document *doc, struct linkedin_messages **m,
				      struct export_in *x, struct tw_arena *a, struct tw_err *err)
{
	if (!*m) {
		*m = tw_xcalloc(1, sizeof(**m));
		tw_arena_init(&(*m)->arena);
	}
	if (!(*m)->bunch) {
		enum tw_status st = read_all(&doc->key, *m, x, a, err);
		if (st != TW_DONE)
			return st;
		if ((*m)->all.n && !(*m)->any)
			return writers_unknown(&(*m)->others, err);
		tell(*m, a);
	}
	return bunch_next(doc, (*m)->bunch, a) ? TW_OK : TW_DONE;
}
