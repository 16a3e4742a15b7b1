/* Looking into a tree. Reading is in json_jansson.c and yaml_libyaml.c, writing in json_write.c. */
#include "base/json.h"

#include <string.h>

struct tw_json *tw_json_of(const char *text, struct tw_arena *a)
{
	struct tw_json *v;
	return tw_json_parse(&v, text, strlen(text), a, NULL) == TW_OK ? v : NULL;
}

struct tw_json *tw_json_get(const struct tw_json *v, const char *key)
{
	if (!v || v->type != TW_JSON_OBJECT)
		return NULL;
	for (struct tw_json *c = v->child; c; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

static bool is_in(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

static struct tw_json *copy_members(const struct tw_json *v, const char *const *keys, bool named,
				    struct tw_arena *a)
{
	if (!v)
		return NULL;
	struct tw_json *copy = TW_NEW(a, struct tw_json);
	*copy = *v;
	copy->child = NULL;
	copy->n = 0;
	struct tw_json **last = &copy->child;
	for (const struct tw_json *m = v->child; m; m = m->next) {
		if (v->type == TW_JSON_OBJECT && is_in(m->key, keys) != named)
			continue;
		*last = TW_NEW(a, struct tw_json);
		**last = *m;
		(*last)->next = NULL;
		last = &(*last)->next;
		copy->n++;
	}
	return copy;
}

struct tw_json *tw_json_without(const struct tw_json *v, const char *const *keys,
				struct tw_arena *a)
{
	return copy_members(v, keys, false, a);
}

struct tw_json *tw_json_only(const struct tw_json *v, const char *const *keys, struct tw_arena *a)
{
	return copy_members(v, keys, true, a);
}

const char *tw_json_str(const struct tw_json *v, const char *absent)
{
	return v && v->type == TW_JSON_STRING ? v->s : absent;
}

int64_t tw_json_int(const struct tw_json *v, int64_t absent)
{
	return v && v->type == TW_JSON_INT ? v->i : absent;
}

double tw_json_real(const struct tw_json *v, double absent)
{
	return v && (v->type == TW_JSON_REAL || v->type == TW_JSON_INT) ? v->r : absent;
}

bool tw_json_bool(const struct tw_json *v, bool absent)
{
	return v && v->type == TW_JSON_BOOL ? v->b : absent;
}
