#include "serve/embed_request.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"

static bool bad(struct tw_api_error *e, const char *param, const char *code, const char *what)
{
	tw_api_fail(e, 400, param, code, "%s", what);
	return false;
}

static bool is_number(const struct tw_json *v)
{
	return v->type == TW_JSON_INT || v->type == TW_JSON_REAL;
}

static bool read_input(struct tw_embed_request *out, const struct tw_json *v, struct tw_arena *a,
		       struct tw_api_error *e)
{
	static const char tokens[] =
		"input must be text: token numbers are refused, since they mean something else in each "
		"model's vocabulary (LangChain: check_embedding_ctx_length=False)";
	if (!v || (v->type != TW_JSON_STRING && v->type != TW_JSON_ARRAY))
		return bad(e, "input", "invalid_value", "input must be a text or a list of texts");
	size_t n = v->type == TW_JSON_ARRAY ? v->n : 1;
	if (n == 0 || n > TW_EMBED_MAX_TEXTS)
		return bad(e, "input", "invalid_value", "input must have 1 to 256 texts");
	struct tw_bytes *texts = TW_NEW_ARRAY(a, n, struct tw_bytes);
	const struct tw_json *t = v->type == TW_JSON_ARRAY ? v->child : v;
	for (size_t i = 0; i < n; i++, t = t->next) {
		if (is_number(t) || (t->type == TW_JSON_ARRAY && t->n > 0 && is_number(t->child)))
			return bad(e, "input", "unsupported_parameter", tokens);
		if (t->type != TW_JSON_STRING || t->len == 0)
			return bad(e, "input", "invalid_value",
				   "each input must be a text, not empty");
		texts[i] = (struct tw_bytes){t->s, t->len};
	}
	out->texts = texts;
	out->n = n;
	return true;
}

bool tw_embed_request_parse(struct tw_embed_request *out, const char *body, size_t len,
			    struct tw_arena *a, struct tw_api_error *e)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_json *b;
	*out = (struct tw_embed_request){0};
	*e = (struct tw_api_error){0};
	if (tw_json_parse(&b, body, len, a, &err) != TW_OK) {
		tw_api_fail(e, 400, NULL, "invalid_json", "the body is not JSON: %.300s", err.msg);
		return false;
	}
	const char *format = tw_json_str(tw_json_get(b, "encoding_format"), "float");
	out->base64 = strcmp(format, "base64") == 0;
	if (!out->base64 && strcmp(format, "float") != 0)
		return bad(e, "encoding_format", "invalid_value",
			   "encoding_format must be float or base64");
	const struct tw_json *dim = tw_json_get(b, "dimensions");
	if (dim && dim->type != TW_JSON_NULL) {
		int64_t d = tw_json_int(dim, 0);
		if (d < 1 || d > 1000000)
			return bad(e, "dimensions", "invalid_value",
				   "dimensions must be a whole number");
		out->dimensions = (int)d;
	}
	out->model = tw_json_str(tw_json_get(b, "model"), NULL);
	return read_input(out, tw_json_get(b, "input"), a, e);
}

void tw_base64(struct tw_str *out, const void *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)p[i] << 16;
		v |= i + 1 < len ? (unsigned)p[i + 1] << 8 : 0;
		v |= i + 2 < len ? p[i + 2] : 0;
		tw_str_addc(out, digits[v >> 18]);
		tw_str_addc(out, digits[v >> 12 & 63]);
		tw_str_addc(out, i + 1 < len ? digits[v >> 6 & 63] : '=');
		tw_str_addc(out, i + 2 < len ? digits[v & 63] : '=');
	}
}
