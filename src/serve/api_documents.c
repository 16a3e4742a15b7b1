/* POST /api/documents: hand in a piece of writing. */
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "serve/server_int.h"

/* A field that is a text, absent or null; else answers 400. */
static bool text_field(const char **out, struct tw_call *c, const struct tw_json *body,
		       const char *name)
{
	const struct tw_json *v = tw_json_get(body, name);
	*out = NULL;
	if (!v || v->type == TW_JSON_NULL)
		return true;
	if (v->type != TW_JSON_STRING || strlen(v->s) != v->len) {
		tw_call_error(c, 400, name, "invalid_value", "%s must be a text", name);
		return false;
	}
	*out = v->len ? v->s : NULL;
	return true;
}

static bool read_body(struct tw_inbox_item *out, struct tw_call *c, const struct tw_json *body)
{
	const char *type, *date;
	const struct tw_json *text = tw_json_get(body, "text");
	if (!text || text->type != TW_JSON_STRING || !text->len) {
		tw_call_error(c, 400, "text", "missing",
			      "text must be the document: Markdown, plain text or HTML");
		return false;
	}
	if (!text_field(&type, c, body, "type") || !text_field(&date, c, body, "date") ||
	    !text_field(&out->title, c, body, "title") ||
	    !text_field(&out->author, c, body, "author") ||
	    !text_field(&out->url, c, body, "url") || !text_field(&out->lang, c, body, "lang"))
		return false;
	out->text = (struct tw_bytes){text->s, text->len};
	out->media = type ? tw_inbox_media(type) : NULL;
	if (type && !out->media) {
		tw_call_error(c, 400, "type", "invalid_value",
			      "type must be html, markdown or text");
		return false;
	}
	if (date && !tw_parse_date(&out->created_ms, date)) {
		tw_call_error(c, 400, "date", "invalid_value",
			      "date must be a date, as in 2026-11-30");
		return false;
	}
	return true;
}

static void reply(struct tw_call *c, const struct tw_inbox_receipt *r)
{
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &json);
	tw_jw_object(&w, NULL);
	tw_inbox_json(&w, r);
	tw_jw_end(&w);
	tw_call_json(c, r->outcome == TW_INBOX_NEW ? 201 : 200, &json);
}

static void hand_in(void *ctx)
{
	struct tw_call *c = ctx;
	const struct tw_inbox *inbox = c->server->options.inbox;
	const struct tw_inbox_item *item = c->state;
	struct tw_inbox_receipt done;
	struct tw_err err = TW_ERR_INIT;
	enum tw_status st = inbox->add(&done, inbox, item, tw_exchange_arena(c->x), &err);
	if (st == TW_OK)
		reply(c, &done);
	else if (st == TW_BAD_DATA)
		tw_call_error(c, 400, "text", "invalid_value", "%s", err.msg);
	else
		tw_call_failed(c, &err);
}

void tw_api_documents(struct tw_call *c)
{
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_inbox_item *item = TW_NEW(a, struct tw_inbox_item);
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *body;
	const struct tw_bytes data = tw_exchange_body(c->x);
	c->state = item;
	if (!c->server->options.inbox)
		tw_call_error(c, 404, NULL, "not_found", "this server takes no documents");
	else if (tw_json_parse(&body, data.data, data.len, a, &err) != TW_OK)
		tw_call_error(c, 400, NULL, "invalid_json", "the body is not JSON: %.300s",
			      err.msg);
	else if (read_body(item, c, body))
		tw_call_enqueue(c, c->server->light, hand_in);
}
