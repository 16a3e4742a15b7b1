#include "base/json.h"

#include <jansson.h>

/* jansson's text may quote the input; only what can be shown is kept. */
static enum tw_status fail_parse(struct tw_err *err, const json_error_t *e)
{
	char text[JSON_ERROR_TEXT_LENGTH];
	size_t n = 0;

	for (const char *p = e->text; *p && n + 1 < sizeof(text); p++)
		text[n++] = *p >= ' ' && *p <= '~' ? *p : '?';
	text[n] = '\0';
	return tw_fail(err, TW_BAD_DATA, "JSON, line %d, column %d: %s", e->line, e->column, text);
}

static enum tw_status convert(struct tw_json **out, json_t *v, int depth, struct tw_arena *a,
			      struct tw_err *err);

static enum tw_status add_child(struct tw_json *parent, struct tw_json ***link, json_t *v,
				const char *key, int depth, struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = convert(*link, v, depth, a, err);

	if (st != TW_OK)
		return st;
	(**link)->key = tw_strdup(a, key);
	*link = &(**link)->next;
	parent->n++;
	return TW_OK;
}

static enum tw_status convert_children(struct tw_json *node, json_t *v, int depth,
				       struct tw_arena *a, struct tw_err *err)
{
	struct tw_json **link = &node->child;
	enum tw_status st = TW_OK;

	if (depth >= TW_JSON_MAX_DEPTH)
		return tw_fail(err, TW_BAD_DATA, "JSON is nested deeper than %d levels",
			       TW_JSON_MAX_DEPTH);
	if (json_is_array(v)) {
		size_t n = json_array_size(v);

		for (size_t i = 0; i < n && st == TW_OK; i++)
			st = add_child(node, &link, json_array_get(v, i), NULL, depth + 1, a, err);
	} else {
		void *it = json_object_iter(v);

		for (; it && st == TW_OK; it = json_object_iter_next(v, it))
			st = add_child(node, &link, json_object_iter_value(it),
				       json_object_iter_key(it), depth + 1, a, err);
	}
	return st;
}

static enum tw_status convert(struct tw_json **out, json_t *v, int depth, struct tw_arena *a,
			      struct tw_err *err)
{
	struct tw_json *node = TW_NEW(a, struct tw_json);

	*out = node;
	switch (json_typeof(v)) {
	case JSON_NULL:
		node->type = TW_JSON_NULL;
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		node->type = TW_JSON_BOOL;
		node->b = json_is_true(v);
		break;
	case JSON_INTEGER:
		node->type = TW_JSON_INT;
		node->i = json_integer_value(v);
		node->r = (double)node->i;
		break;
	case JSON_REAL:
		node->type = TW_JSON_REAL;
		node->r = json_real_value(v);
		break;
	case JSON_STRING:
		node->type = TW_JSON_STRING;
		node->len = json_string_length(v);
		node->s = tw_strndup(a, json_string_value(v), node->len);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		node->type = json_is_array(v) ? TW_JSON_ARRAY : TW_JSON_OBJECT;
		return convert_children(node, v, depth, a, err);
	}
	return TW_OK;
}

enum tw_status tw_json_parse(struct tw_json **out, const char *text, size_t len, struct tw_arena *a,
			     struct tw_err *err)
{
	json_error_t e;
	enum tw_status st;
	json_t *v = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);

	*out = NULL;
	if (!v)
		return fail_parse(err, &e);
	st = convert(out, v, 0, a, err);
	json_decref(v);
	if (st != TW_OK)
		*out = NULL;
	return st;
}
