#include "serve/chat_response.h"

#include <string.h>

#include "base/json.h"

/* "refused" and "cancelled" are ours: a client knows "stop" and "length". */
static const char *finish_reason(const char *finish)
{
	return strcmp(finish, "length") == 0 ? "length" : "stop";
}

static const char *error_type(int status)
{
	switch (status) {
	case 401:
		return "authentication_error";
	case 403:
	case 421:
		return "permission_error";
	case 404:
		return "not_found_error";
	case 429:
		return "rate_limit_error";
	default:
		return status >= 500 ? "server_error" : "invalid_request_error";
	}
}

void tw_error_json(struct tw_str *out, int status, const char *msg, const char *param,
		   const char *code)
{
	struct tw_json_writer w;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	tw_jw_object(&w, "error");
	tw_jw_str(&w, "message", msg);
	tw_jw_str(&w, "type", error_type(status));
	tw_jw_str(&w, "param", param);
	tw_jw_str(&w, "code", code);
	tw_jw_end(&w);
	tw_jw_end(&w);
}

void tw_sse_frame(struct tw_str *out, const struct tw_str *json)
{
	/* The writer escapes line ends, so a frame is always one line. */
	tw_str_adds(out, "data: ");
	tw_str_add(out, tw_str_c(json), json->len);
	tw_str_adds(out, "\n\n");
}

static void begin(struct tw_json_writer *w, struct tw_str *json, const struct tw_chat_head *h,
		  const char *object)
{
	tw_jw_init(w, json);
	tw_jw_object(w, NULL);
	tw_jw_str(w, "id", h->id);
	tw_jw_str(w, "object", object);
	tw_jw_int(w, "created", h->created_s);
	tw_jw_str(w, "model", h->model);
	tw_jw_null(w, "system_fingerprint");
}

/* choices[0] up to its finish reason; `member` is "delta" or "message". */
static void choice(struct tw_json_writer *w, const char *member, const char *role, const char *text,
		   size_t len, const char *finish)
{
	tw_jw_array(w, "choices");
	tw_jw_object(w, NULL);
	tw_jw_int(w, "index", 0);
	tw_jw_object(w, member);
	if (role)
		tw_jw_str(w, "role", role);
	if (text)
		tw_jw_strn(w, "content", text, len);
	if (role)
		tw_jw_null(w, "refusal");
	tw_jw_end(w);
	tw_jw_null(w, "logprobs");
	tw_jw_str(w, "finish_reason", finish);
	tw_jw_end(w);
	tw_jw_end(w);
}

static void usage(struct tw_json_writer *w, const struct tw_answer *a)
{
	tw_jw_object(w, "usage");
	tw_jw_int(w, "prompt_tokens", a->prompt_tokens);
	tw_jw_int(w, "completion_tokens", a->completion_tokens);
	tw_jw_int(w, "total_tokens", a->prompt_tokens + a->completion_tokens);
	tw_jw_end(w);
}

static void ours(struct tw_json_writer *w, const struct tw_chat_head *h, const struct tw_answer *a)
{
	tw_answer_sources_json(w, "sources", a->sources, a->n_sources);
	tw_jw_object(w, "twin");
	tw_jw_str(w, "finish", a->finish);
	if (a->support >= 0)
		tw_jw_real(w, "support", a->support);
	else
		tw_jw_null(w, "support");
	tw_jw_str(w, "deployment", h->label);
	tw_jw_str(w, "prediction", a->prediction[0] ? a->prediction : NULL);
	tw_jw_end(w);
}

static void end_chunk(struct tw_json_writer *w, struct tw_str *out, struct tw_str *json)
{
	tw_jw_end(w);
	tw_sse_frame(out, json);
	tw_str_release(json);
}

static const char chunk_object[] = "chat.completion.chunk";

void tw_chat_chunk_first(struct tw_str *out, const struct tw_chat_head *h,
			 const struct tw_answer_source *s, size_t n)
{
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	begin(&w, &json, h, chunk_object);
	choice(&w, "delta", "assistant", "", 0, NULL);
	tw_answer_sources_json(&w, "sources", s, n);
	end_chunk(&w, out, &json);
}

void tw_chat_chunk_text(struct tw_str *out, const struct tw_chat_head *h, const char *text,
			size_t len)
{
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	begin(&w, &json, h, chunk_object);
	choice(&w, "delta", NULL, text, len, NULL);
	end_chunk(&w, out, &json);
}

void tw_chat_chunk_last(struct tw_str *out, const struct tw_chat_head *h, const struct tw_answer *a,
			bool include_usage)
{
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	begin(&w, &json, h, chunk_object);
	choice(&w, "delta", NULL, NULL, 0, finish_reason(a->finish));
	ours(&w, h, a);
	end_chunk(&w, out, &json);
	if (include_usage) {
		begin(&w, &json, h, chunk_object);
		tw_jw_array(&w, "choices");
		tw_jw_end(&w);
		usage(&w, a);
		end_chunk(&w, out, &json);
	}
	tw_str_adds(out, "data: [DONE]\n\n");
}

void tw_chat_chunk_error(struct tw_str *out, int status, const char *msg)
{
	struct tw_str json = TW_STR_INIT;
	tw_error_json(&json, status, msg, NULL, NULL);
	tw_sse_frame(out, &json);
	tw_str_release(&json);
}

void tw_chat_whole(struct tw_str *out, const struct tw_chat_head *h, const struct tw_answer *a)
{
	struct tw_json_writer w;
	begin(&w, out, h, "chat.completion");
	choice(&w, "message", "assistant", a->text, strlen(a->text), finish_reason(a->finish));
	usage(&w, a);
	ours(&w, h, a);
	tw_jw_end(&w);
}
