/* Schemas and lists of names as JSON, the form in which the views table holds them. */
#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "store/fs_int.h"

static const char *const type_names[] = {"text", "int", "real", "vector"};

void tw_schema_to_json(struct tw_str *out, const struct tw_field *schema)
{
	struct tw_json_writer w;

	tw_jw_init(&w, out);
	tw_jw_array(&w, NULL);
	for (int i = 0; schema[i].name; i++) {
		tw_jw_object(&w, NULL);
		tw_jw_str(&w, "name", schema[i].name);
		tw_jw_str(&w, "type", type_names[schema[i].type]);
		if (schema[i].search_weight > 0)
			tw_jw_real(&w, "search_weight", schema[i].search_weight);
		tw_jw_str(&w, "help", schema[i].help ? schema[i].help : "");
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
}

static bool read_type(enum tw_field_type *out, const char *name)
{
	for (int i = TW_FIELD_TEXT; i <= TW_FIELD_VECTOR; i++)
		if (strcmp(name, type_names[i]) == 0) {
			*out = (enum tw_field_type)i;
			return true;
		}
	return false;
}

enum tw_status tw_schema_from_json(const struct tw_field **out, const char *json, size_t len,
				   struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = tw_json_parse(&v, json, len, a, err);

	if (st != TW_OK)
		return st;
	struct tw_field *f = TW_NEW_ARRAY(a, v->n + 1, struct tw_field);
	size_t n = 0;
	for (const struct tw_json *e = v->child; e; e = e->next, n++) {
		f[n].name = tw_json_str(tw_json_get(e, "name"), NULL);
		f[n].help = tw_json_str(tw_json_get(e, "help"), "");
		f[n].search_weight = tw_json_real(tw_json_get(e, "search_weight"), 0);
		if (!f[n].name || !read_type(&f[n].type, tw_json_str(tw_json_get(e, "type"), "")))
			return tw_fail(err, TW_BAD_DATA, "the stored schema of a view is damaged");
	}
	*out = f;
	return TW_OK;
}

const struct tw_field *tw_schema_copy(const struct tw_field *schema, struct tw_arena *a)
{
	size_t n = (size_t)tw_schema_count(schema);
	struct tw_field *f = TW_NEW_ARRAY(a, n + 1, struct tw_field);

	for (size_t i = 0; i < n; i++) {
		f[i] = schema[i];
		f[i].name = tw_strdup(a, schema[i].name);
		f[i].help = tw_strdup(a, schema[i].help ? schema[i].help : "");
	}
	return f;
}

/* Names go into SQL between quotes, and other programs write them without. */
static bool is_name(const char *s)
{
	if (!islower((unsigned char)s[0]) || strlen(s) > 60)
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

enum tw_status tw_schema_check(const char *view, const struct tw_field *schema, struct tw_err *err)
{
	static const char *const taken[] = {"doc", "ord", "row_id", "rid", "rowid", "rank"};
	int vectors = 0;

	if (!is_name(view))
		return tw_fail(err, TW_BAD_USE,
			       "\"%s\" cannot name a view: use a-z, 0-9 and _, at most 60", view);
	for (int i = 0; schema[i].name; i++) {
		bool ok = is_name(schema[i].name);
		for (size_t k = 0; k < sizeof(taken) / sizeof(*taken); k++)
			ok = ok && strcmp(schema[i].name, taken[k]) != 0;
		for (int k = 0; k < i; k++)
			ok = ok && strcmp(schema[i].name, schema[k].name) != 0;
		if (!ok)
			return tw_fail(err, TW_BAD_USE,
				       "view %s: \"%s\" cannot name a field: use a-z, 0-9 and _, "
				       "once, and none of doc, ord, row_id, rid, rowid, rank",
				       view, schema[i].name);
		vectors += schema[i].type == TW_FIELD_VECTOR;
	}
	if (vectors > 1 || tw_schema_count(schema) > TW_FIELDS_MAX)
		return tw_fail(err, TW_BAD_USE,
			       "view %s: a view has at most one vector field and %d fields", view,
			       TW_FIELDS_MAX);
	return TW_OK;
}

void tw_strings_to_json(struct tw_str *out, const char *const *s, size_t n)
{
	struct tw_json_writer w;

	tw_jw_init(&w, out);
	tw_jw_array(&w, NULL);
	for (size_t i = 0; i < n; i++)
		tw_jw_str(&w, NULL, s[i]);
	tw_jw_end(&w);
}

enum tw_status tw_strings_from_json(const char *const **out, size_t *n, const char *json,
				    struct tw_arena *a, struct tw_err *err)
{
	struct tw_json *v;
	enum tw_status st = tw_json_parse(&v, json, strlen(json), a, err);

	if (st != TW_OK)
		return st;
	const char **s = TW_NEW_ARRAY(a, v->n + 1, const char *);
	*n = 0;
	for (const struct tw_json *e = v->child; e; e = e->next)
		s[(*n)++] = tw_json_str(e, "");
	*out = s;
	return TW_OK;
}
