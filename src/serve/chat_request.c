#include "serve/chat_request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

#define MESSAGES_MAX 256
#define STOPS_MAX    16
#define STOP_BYTES   256
#define TOKENS_MAX   1000000

struct reader {
	struct tw_chat_request *out;
	struct tw_arena *a;
	struct tw_api_error *e;
};

int tw_api_fail(struct tw_api_error *e, int status, const char *param, const char *code,
		const char *fmt, ...)
{
	va_list ap;
	e->status = status;
	e->param = param;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return status;
}

static bool bad(const struct reader *r, const char *param, const char *what)
{
	tw_api_fail(r->e, 400, param, "invalid_value", "%s %s", param, what);
	return false;
}

static bool given(const struct tw_json *v)
{
	return v && v->type != TW_JSON_NULL;
}

/* --- messages --- */

/* A string, null, or parts of which all are text. */
static bool read_content(const struct reader *r, const char **out, const struct tw_json *v)
{
	*out = "";
	if (!given(v))
		return true;
	if (v->type == TW_JSON_STRING) {
		if (strlen(v->s) != v->len)
			return bad(r, "messages", "must not hold NUL characters");
		*out = v->s;
		return true;
	}
	if (v->type != TW_JSON_ARRAY)
		return bad(r, "messages", "need a content that is a text or a list of parts");
	struct tw_str s = TW_STR_INIT;
	for (const struct tw_json *p = v->child; p; p = p->next) {
		const char *type = tw_json_str(tw_json_get(p, "type"), "");
		const char *text = tw_json_str(tw_json_get(p, "text"), NULL);
		if (!text || (strcmp(type, "text") != 0 && strcmp(type, "input_text") != 0)) {
			tw_str_release(&s);
			return bad(r, "messages", "can have parts of type text only");
		}
		tw_str_adds(&s, text);
	}
	*out = tw_str_dup(&s, r->a);
	tw_str_release(&s);
	return true;
}

/* The conversation so far. Neighbours of one role become one message: chat templates refuse two in a row. */
struct conversation {
	struct tw_message *at;
	size_t n;
	struct tw_str system, last; /* last: of at[n - 1], which is still growing */
};

static void end_message(struct conversation *c, struct tw_arena *a)
{
	if (c->n > 0)
		c->at[c->n - 1].content = tw_str_dup(&c->last, a);
	tw_str_clear(&c->last);
}

static void join(struct tw_str *s, const char *content)
{
	if (s->len)
		tw_str_adds(s, "\n\n");
	tw_str_adds(s, content);
}

static void add_message(const struct reader *r, struct conversation *c, const char *role,
			const char *content)
{
	bool same = c->n > 0 && strcmp(c->at[c->n - 1].role, role) == 0;
	if (c->n == 0 && strcmp(role, "user") != 0)
		return; /* an answer without a question */
	if (!same) {
		end_message(c, r->a);
		c->at[c->n++].role = role;
	}
	join(&c->last, content);
}

static bool read_message(const struct reader *r, struct conversation *c, const struct tw_json *m)
{
	const char *content, *role = tw_json_str(tw_json_get(m, "role"), NULL);
	if (!role)
		return bad(r, "messages", "need a role each");
	if (!read_content(r, &content, tw_json_get(m, "content")))
		return false;
	if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0) {
		if (content[0])
			join(&c->system, content);
	} else if (strcmp(role, "user") == 0 || strcmp(role, "assistant") == 0) {
		if (content[0])
			add_message(r, c, strcmp(role, "user") == 0 ? "user" : "assistant",
				    content);
	} else if (strcmp(role, "tool") != 0 && strcmp(role, "function") != 0) {
		return bad(r, "messages",
			   "have the roles system, developer, user, assistant and tool");
	}
	return true;
}

static bool read_all(const struct reader *r, struct conversation *c, const struct tw_json *list)
{
	bool ok = true;
	for (const struct tw_json *m = list->child; ok && m; m = m->next)
		ok = read_message(r, c, m);
	end_message(c, r->a);
	r->out->system = tw_str_dup(&c->system, r->a);
	tw_str_release(&c->system);
	tw_str_release(&c->last);
	return ok;
}

static bool read_messages(const struct reader *r, const struct tw_json *v)
{
	if (!v || v->type != TW_JSON_ARRAY || v->n == 0)
		return bad(r, "messages", "must be a list with at least one message");
	if (v->n > MESSAGES_MAX)
		return bad(r, "messages", "are more than 256");
	struct conversation c = {.at = TW_NEW_ARRAY(r->a, v->n, struct tw_message)};
	if (!read_all(r, &c, v))
		return false;
	if (c.n == 0 || strcmp(c.at[c.n - 1].role, "user") != 0)
		return bad(r, "messages", "must end with a question from the user");
	r->out->history = c.at;
	r->out->n_history = c.n - 1;
	r->out->question = c.at[c.n - 1].content;
	return true;
}

/* --- parameters --- */

static bool read_real(const struct reader *r, const struct tw_json *body, const char *name,
		      double max, double *out)
{
	const struct tw_json *v = tw_json_get(body, name);
	*out = -1;
	if (!given(v))
		return true;
	double x = tw_json_real(v, -1);
	if (!(x >= 0 && x <= max)) {
		tw_api_fail(r->e, 400, name, "invalid_value", "%s must be a number from 0 to %g",
			    name, max);
		return false;
	}
	*out = x;
	return true;
}

static bool read_max_tokens(const struct reader *r, const struct tw_json *body)
{
	static const char *const names[] = {"max_completion_tokens", "max_tokens", NULL};
	for (const char *const *p = names; *p; p++) {
		const struct tw_json *v = tw_json_get(body, *p);
		if (!given(v))
			continue;
		int64_t n = tw_json_int(v, 0);
		if (n < 1 || n > TOKENS_MAX)
			return bad(r, *p, "must be a whole number from 1 on");
		r->out->max_tokens = (int)n;
		break;
	}
	return true;
}

static bool read_seed(const struct reader *r, const struct tw_json *body)
{
	const struct tw_json *v = tw_json_get(body, "seed");
	if (!given(v))
		return true;
	if (v->type != TW_JSON_INT)
		return bad(r, "seed", "must be a whole number");
	r->out->has_seed = true;
	r->out->seed = (uint64_t)v->i;
	return true;
}

static bool read_stop(const struct reader *r, const struct tw_json *body)
{
	const struct tw_json *v = tw_json_get(body, "stop");
	if (!given(v))
		return true;
	size_t n = v->type == TW_JSON_ARRAY ? v->n : 1;
	if (n > STOPS_MAX)
		return bad(r, "stop", "can have 16 texts at most");
	const char **all = TW_NEW_ARRAY(r->a, n + 1, const char *);
	const struct tw_json *s = v->type == TW_JSON_ARRAY ? v->child : v;
	for (size_t i = 0; i < n; i++, s = s->next) {
		if (s->type != TW_JSON_STRING || s->len == 0 || s->len > STOP_BYTES ||
		    strlen(s->s) != s->len)
			return bad(r, "stop",
				   "must be a text, or a list of texts, up to 256 bytes");
		all[i] = s->s;
	}
	r->out->stop = n > 0 ? all : NULL;
	return true;
}

static bool read_bool(const struct reader *r, const struct tw_json *parent, const char *name,
		      bool *out)
{
	const struct tw_json *v = tw_json_get(parent, name);
	if (given(v) && v->type != TW_JSON_BOOL)
		return bad(r, name, "must be true or false");
	*out = tw_json_bool(v, false);
	return true;
}

/* --- what cannot be done --- */

static bool unsupported(const struct reader *r, const char *param, const char *why)
{
	tw_api_fail(r->e, 400, param, "unsupported_parameter", "%s is not supported: %s", param,
		    why);
	return false;
}

static bool nonzero(const struct tw_json *v)
{
	return given(v) && tw_json_real(v, 0) != 0;
}

static bool some(const struct tw_json *v)
{
	return given(v) && v->n > 0;
}

static bool check_unsupported(const struct reader *r, const struct tw_json *b)
{
	const struct tw_json *n = tw_json_get(b, "n"), *format = tw_json_get(b, "response_format");
	const char *choice = tw_json_str(tw_json_get(b, "tool_choice"), "");
	if (given(n) && tw_json_int(n, 0) != 1)
		return unsupported(r, "n", "one answer a request");
	if (some(tw_json_get(b, "tools")) && strcmp(choice, "none") != 0)
		return unsupported(r, "tools",
				   "this model answers from what was written, it calls nothing");
	if (some(tw_json_get(b, "functions")))
		return unsupported(r, "functions",
				   "this model answers from what was written, it calls nothing");
	if (tw_json_bool(tw_json_get(b, "logprobs"), false) || nonzero(tw_json_get(b, "logprobs")))
		return unsupported(r, "logprobs", "leave it out");
	if (nonzero(tw_json_get(b, "top_logprobs")))
		return unsupported(r, "top_logprobs", "leave it out");
	if (given(format) && strcmp(tw_json_str(tw_json_get(format, "type"), "text"), "text") != 0)
		return unsupported(r, "response_format", "answers are text");
	if (nonzero(tw_json_get(b, "frequency_penalty")))
		return unsupported(r, "frequency_penalty",
				   "set answer.repeat_penalty in twin.yaml");
	if (nonzero(tw_json_get(b, "presence_penalty")))
		return unsupported(r, "presence_penalty", "set answer.repeat_penalty in twin.yaml");
	if (some(tw_json_get(b, "logit_bias")))
		return unsupported(r, "logit_bias", "leave it out");
	if (given(tw_json_get(b, "audio")))
		return unsupported(r, "audio", "answers are text");
	return true;
}

/* --- bodies --- */

static bool read_body(const struct reader *r, struct tw_json **b, const char *body, size_t len)
{
	struct tw_err err = TW_ERR_INIT;
	*r->out = (struct tw_chat_request){.system = ""};
	*r->e = (struct tw_api_error){0};
	if (tw_json_parse(b, body, len, r->a, &err) != TW_OK) {
		tw_api_fail(r->e, 400, NULL, "invalid_json", "the body is not JSON: %.300s",
			    err.msg);
		return false;
	}
	if ((*b)->type != TW_JSON_OBJECT) {
		tw_api_fail(r->e, 400, NULL, "invalid_json", "the body must be a JSON object");
		return false;
	}
	const struct tw_json *model = tw_json_get(*b, "model");
	if (given(model) && model->type != TW_JSON_STRING)
		return bad(r, "model", "must be a text");
	r->out->model = tw_json_str(model, NULL);
	return true;
}

static bool read_sampling(const struct reader *r, const struct tw_json *b)
{
	return read_max_tokens(r, b) && read_real(r, b, "temperature", 2, &r->out->temperature) &&
	       read_real(r, b, "top_p", 1, &r->out->top_p) && read_seed(r, b) && read_stop(r, b) &&
	       read_bool(r, b, "stream", &r->out->stream) &&
	       read_bool(r, tw_json_get(b, "stream_options"), "include_usage",
			 &r->out->include_usage);
}

bool tw_chat_request_parse(struct tw_chat_request *out, const char *body, size_t len,
			   struct tw_arena *a, struct tw_api_error *e)
{
	const struct reader r = {out, a, e};
	struct tw_json *b;
	return read_body(&r, &b, body, len) && check_unsupported(&r, b) &&
	       read_messages(&r, tw_json_get(b, "messages")) && read_sampling(&r, b);
}

/* A text, or a list with one text; lists of tokens mean something else in each vocabulary. */
static bool read_prompt(const struct reader *r, const struct tw_json *v)
{
	if (v && v->type == TW_JSON_ARRAY && v->n == 1)
		v = v->child;
	if (!v || v->type != TW_JSON_STRING || v->len == 0 || strlen(v->s) != v->len)
		return bad(r, "prompt", "must be a text, not empty");
	r->out->question = v->s;
	return true;
}

bool tw_completion_request_parse(struct tw_chat_request *out, const char *body, size_t len,
				 struct tw_arena *a, struct tw_api_error *e)
{
	const struct reader r = {out, a, e};
	struct tw_json *b;
	if (!read_body(&r, &b, body, len) || !check_unsupported(&r, b))
		return false;
	if (tw_json_bool(tw_json_get(b, "echo"), false))
		return unsupported(&r, "echo", "the text alone is sent back");
	if (tw_json_str(tw_json_get(b, "suffix"), "")[0])
		return unsupported(&r, "suffix", "text is continued at its end");
	if (tw_json_int(tw_json_get(b, "best_of"), 1) != 1)
		return unsupported(&r, "best_of", "one answer a request");
	return read_prompt(&r, tw_json_get(b, "prompt")) && read_sampling(&r, b);
}
