#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void tw_jw_init(struct tw_json_writer *w, struct tw_str *out)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
}

/* `s` is valid UTF-8. */
static void add_escaped(struct tw_str *out, const char *s, size_t len)
{
	size_t from = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		const char *two = NULL;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		tw_str_add(out, s + from, i - from);
		from = i + 1;
		switch (c) {
		case '"':
			two = "\\\"";
			break;
		case '\\':
			two = "\\\\";
			break;
		case '\n':
			two = "\\n";
			break;
		case '\r':
			two = "\\r";
			break;
		case '\t':
			two = "\\t";
			break;
		}
		if (two)
			tw_str_add(out, two, 2);
		else
			tw_str_addf(out, "\\u%04x", c);
	}
	tw_str_add(out, s + from, len - from);
}

static void add_string(struct tw_str *out, const char *s, size_t len)
{
	struct tw_str repaired = TW_STR_INIT;

	tw_str_addc(out, '"');
	if (tw_utf8_valid(s, len)) {
		add_escaped(out, s, len);
	} else {
		tw_utf8_repair(&repaired, s, len);
		add_escaped(out, repaired.data, repaired.len);
		tw_str_release(&repaired);
	}
	tw_str_addc(out, '"');
}

/* Comma and key in front of a value. */
static void before(struct tw_json_writer *w, const char *key)
{
	if (w->depth > 0) {
		bool *comma = &w->comma[w->depth - 1];

		assert((key != NULL) == (w->close[w->depth - 1] == '}'));
		if (*comma)
			tw_str_addc(w->out, ',');
		*comma = true;
	}
	if (key) {
		add_string(w->out, key, strlen(key));
		tw_str_addc(w->out, ':');
	}
}

static void open_level(struct tw_json_writer *w, const char *key, char open, char close)
{
	assert(w->depth < TW_JSON_MAX_DEPTH);
	before(w, key);
	tw_str_addc(w->out, open);
	w->comma[w->depth] = false;
	w->close[w->depth++] = close;
}

void tw_jw_object(struct tw_json_writer *w, const char *key)
{
	open_level(w, key, '{', '}');
}

void tw_jw_array(struct tw_json_writer *w, const char *key)
{
	open_level(w, key, '[', ']');
}

void tw_jw_end(struct tw_json_writer *w)
{
	assert(w->depth > 0);
	tw_str_addc(w->out, w->close[--w->depth]);
}

void tw_jw_str(struct tw_json_writer *w, const char *key, const char *val)
{
	if (val)
		tw_jw_strn(w, key, val, strlen(val));
	else
		tw_jw_null(w, key);
}

void tw_jw_strn(struct tw_json_writer *w, const char *key, const char *val, size_t len)
{
	before(w, key);
	add_string(w->out, val, len);
}

void tw_jw_int(struct tw_json_writer *w, const char *key, int64_t val)
{
	before(w, key);
	tw_str_addf(w->out, "%" PRId64, val);
}

void tw_jw_real(struct tw_json_writer *w, const char *key, double val)
{
	char buf[40];

	if (!isfinite(val)) {
		tw_jw_null(w, key);
		return;
	}
	before(w, key);
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(buf, sizeof(buf), "%.*g", precision, val);
		if (strtod(buf, NULL) == val)
			break;
	}
	tw_str_adds(w->out, buf);
	if (!buf[strcspn(buf, ".e")]) /* a reader shall see that it is no integer */
		tw_str_adds(w->out, ".0");
}

void tw_jw_bool(struct tw_json_writer *w, const char *key, bool val)
{
	tw_jw_raw(w, key, val ? "true" : "false");
}

void tw_jw_null(struct tw_json_writer *w, const char *key)
{
	tw_jw_raw(w, key, "null");
}

void tw_jw_raw(struct tw_json_writer *w, const char *key, const char *json)
{
	before(w, key);
	tw_str_adds(w->out, json);
}

void tw_jw_value(struct tw_json_writer *w, const char *key, const struct tw_json *v)
{
	if (!v) {
		tw_jw_null(w, key);
		return;
	}
	switch (v->type) {
	case TW_JSON_NULL:
		tw_jw_null(w, key);
		break;
	case TW_JSON_BOOL:
		tw_jw_bool(w, key, v->b);
		break;
	case TW_JSON_INT:
		tw_jw_int(w, key, v->i);
		break;
	case TW_JSON_REAL:
		tw_jw_real(w, key, v->r);
		break;
	case TW_JSON_STRING:
		tw_jw_strn(w, key, v->s, v->len);
		break;
	case TW_JSON_ARRAY:
	case TW_JSON_OBJECT:
		open_level(w, key, v->type == TW_JSON_ARRAY ? '[' : '{',
			   v->type == TW_JSON_ARRAY ? ']' : '}');
		for (const struct tw_json *c = v->child; c; c = c->next)
			tw_jw_value(w, v->type == TW_JSON_ARRAY ? NULL : c->key, c);
		tw_jw_end(w);
		break;
	}
}
