/*
 * Claude: conversations.json of the export (Settings, Privacy, Export data).
 * Anthropic describes the export only in its help centre ("How can I export my
 * Claude data?"); the shape is that of its files: an array of conversations with
 * `chat_messages`, each with a sender, "human" or "assistant", and in newer ones
 * the uuid of the message before it, since an edited question begins a branch.
 *
 * A conversation is one document: the turns of the person on the branch that
 * ends last; what the model said before them is context of the exchanges
 * (exchange_int.h). Its name is left out, since the model made it, and so are attached files.
 */
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "collect/export/exchange_int.h"
#include "collect/export/export_int.h"

struct messages TW_VEC_BODY(const struct tw_json *);

static bool is_claude(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_is_array(head, n) && export_has(head, n, "\"uuid\"") &&
	       (export_has(head, n, "\"chat_messages\"") ||
		(export_has(head, n, "\"account\"") && export_has(head, n, "\"summary\"")));
}

/* In the order of the conversation, last first. */
static void gather(struct messages *out, const struct tw_json *list)
{
	struct messages all = {0};
	struct tw_map places = TW_MAP_INIT;
	for (const struct tw_json *m = list->child; m; m = m->next) {
		const char *uuid = export_text(m, "uuid");
		if (uuid)
			tw_map_set_int(&places, uuid, (int64_t)all.n);
		tw_vec_push(&all, m);
	}
	for (size_t i = all.n; i > 0;) {
		const struct tw_json *m = all.at[--i];
		const char *parent = export_text(m, "parent_message_uuid");
		tw_vec_push(out, m);
		/* The first one's parent is no message. One that stands later would go in a circle. */
		if (parent && tw_map_get_int(&places, parent, (int64_t)i) < (int64_t)i)
			i = (size_t)tw_map_get_int(&places, parent, 0) + 1;
		else if (parent)
			break;
	}
	tw_map_release(&places);
	tw_vec_release(&all);
}

/* The parts of a message are the text; the field `text`, of older exports, may be empty beside them. */
static void add_parts(struct tw_str *out, const struct tw_json *m)
{
	const struct tw_json *p = export_list(m, "content");
	for (; p; p = p->next)
		if (tw_streq(export_text(p, "type"), "text") && export_text(p, "text"))
			export_add_paragraph(out, export_text(p, "text"));
	if (!out->len && export_text(m, "text"))
		export_add_paragraph(out, export_text(m, "text"));
}

static void add_message(struct dialogue *d, const struct tw_json *m)
{
	const char *sender = export_text(m, "sender");
	struct tw_str text = TW_STR_INIT;
	bool own = tw_streq(sender, "human");
	if (own || tw_streq(sender, "assistant"))
		add_parts(&text, m);
	dialogue_add(d, own, &text);
	tw_str_release(&text);
}

static enum tw_status read_conversation(struct tw_document *doc, const struct tw_json *v,
					struct tw_arena *a, struct tw_err *err)
{
	struct messages messages = {0};
	struct dialogue dialogue = {0};
	const struct tw_json *list = tw_json_get(v, "chat_messages");
	const char *id = export_text(v, "uuid");
	doc->key = id;
	if (!id || !list || list->type != TW_JSON_ARRAY)
		return tw_fail(err, TW_SKIPPED, "%s: a conversation without id or messages",
			       id ? id : "Claude");
	gather(&messages, list);
	for (size_t i = messages.n; i-- > 0;)
		add_message(&dialogue, messages.at[i]);
	tw_vec_release(&messages);
	dialogue_end(doc, &dialogue, a);
	doc->url = tw_sprintf(a, "https://claude.ai/chat/%s", id);
	doc->created_ms = export_date(v, "created_at");
	doc->modified_ms = export_date(v, "updated_at");
	return TW_OK;
}

static enum tw_status claude_next(struct tw_document *doc, void *state, struct export_in *x,
				  struct tw_arena *a, struct tw_err *err)
{
	struct elements *conversations = state;
	struct tw_json *v;
	conversations->recognise = is_claude;
	enum tw_status st = elements_next(&v, &doc->key, conversations, x, a, err);
	return st == TW_OK ? read_conversation(doc, v, a, err) : st;
}

const struct export_format export_claude = {
	.name = "Claude",
	.recognise = is_claude,
	.state_size = sizeof(struct elements),
	.next = claude_next,
	.close = elements_close,
};
