/*
 * ChatGPT: conversations.json of the export (Settings, Data controls; large ones
 * are split, conversations-000.json and so on). OpenAI describes the export only
 * in its help centre ("How do I export my ChatGPT history and data?"); the shape
 * is that of its files: an array of conversations, each a tree of messages in
 * `mapping`, of which the way from `current_node` up to the root is what stands.
 *
 * A conversation is one document: the turns of the person, nobody else's; what
 * the model said before them is context of the exchanges (exchange_int.h). Its
 * title is left out, since the model made it, and so are the custom
 * instructions, pictures and files.
 */
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "collect/export/exchange_int.h"
#include "collect/export/export_int.h"

struct turns TW_VEC_BODY(const struct tw_json *);

static bool is_chatgpt(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_is_array(head, n) && export_has(head, n, "\"mapping\"") &&
	       export_has(head, n, "\"parent\"");
}

/* Parts that are no text are pictures, files, or what was said aloud. */
static void add_parts(struct tw_str *out, const struct tw_json *content)
{
	const struct tw_json *p = export_list(content, "parts");
	for (; p; p = p->next) {
		const char *spoken = tw_streq(export_text(p, "content_type"), "audio_transcription")
					     ? export_text(p, "text")
					     : NULL;
		export_add_paragraph(out, p->type == TW_JSON_STRING ? p->s : spoken ? spoken : "");
	}
}

/* The model's words to its tools, and its thoughts, are no text of the conversation. */
static bool is_written(const struct tw_json *message)
{
	const char *type = export_text(tw_json_get(message, "content"), "content_type");
	const char *to = export_text(message, "recipient");
	return (tw_streq(type, "text") || tw_streq(type, "multimodal_text")) &&
	       (!to || strcmp(to, "all") == 0);
}

static bool is_hidden(const struct tw_json *message)
{
	const struct tw_json *meta = tw_json_get(message, "metadata");
	return tw_json_bool(tw_json_get(meta, "is_visually_hidden_from_conversation"), false);
}

/* What is no text of the two breaks the exchange: a tool was at work, a picture was shown. */
static void add_turn(struct dialogue *d, const struct tw_json *message)
{
	const char *role = export_text(tw_json_get(message, "author"), "role");
	struct tw_str text = TW_STR_INIT;
	if (!role || strcmp(role, "system") == 0 || is_hidden(message))
		return;
	bool own = strcmp(role, "user") == 0;
	if (is_written(message) && (own || strcmp(role, "assistant") == 0))
		add_parts(&text, tw_json_get(message, "content"));
	dialogue_add(d, own, &text);
	tw_str_release(&text);
}

/* From the last message up, through none twice. `mapping` is searched by a map, for it may be long. */
static void gather(struct turns *out, const struct tw_json *conversation)
{
	const struct tw_json *mapping = tw_json_get(conversation, "mapping");
	const char *at = export_text(conversation, "current_node");
	struct tw_map nodes = TW_MAP_INIT;
	const struct tw_json *n =
		mapping && mapping->type == TW_JSON_OBJECT ? mapping->child : NULL;
	for (; n; n = n->next)
		tw_map_set(&nodes, n->key, (void *)(uintptr_t)n);
	const struct tw_json *node;
	while (at && (node = tw_map_get(&nodes, at))) {
		tw_map_set(&nodes, at, NULL);
		tw_vec_push(out, tw_json_get(node, "message"));
		at = export_text(node, "parent");
	}
	tw_map_release(&nodes);
}

static enum tw_status read_conversation(struct tw_document *doc, const struct tw_json *v,
					struct tw_arena *a, struct tw_err *err)
{
	struct turns turns = {0};
	struct dialogue dialogue = {0};
	const char *id = export_text(v, "conversation_id");
	id = id ? id : export_text(v, "id");
	doc->key = id;
	if (!id || !tw_json_get(v, "mapping"))
		return tw_fail(err, TW_SKIPPED, "%s: a conversation without id or messages",
			       id ? id : "ChatGPT");
	gather(&turns, v);
	for (size_t i = turns.n; i-- > 0;)
		add_turn(&dialogue, turns.at[i]);
	tw_vec_release(&turns);
	dialogue_end(doc, &dialogue, a);
	doc->url = tw_sprintf(a, "https://chatgpt.com/c/%s", id);
	doc->created_ms = export_date(v, "create_time");
	doc->modified_ms = export_date(v, "update_time");
	return TW_OK;
}

static enum tw_status chatgpt_next(struct tw_document *doc, void *state, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	struct elements *conversations = state;
	struct tw_json *v;
	conversations->recognise = is_chatgpt;
	enum tw_status st = elements_next(&v, &doc->key, conversations, x, a, err);
	return st == TW_OK ? read_conversation(doc, v, a, err) : st;
}

const struct export_format export_chatgpt = {
	.name = "ChatGPT",
	.recognise = is_chatgpt,
	.state_size = sizeof(struct elements),
	.next = chatgpt_next,
	.close = elements_close,
};
