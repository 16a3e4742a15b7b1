#include "app/facts.h"

static const char *text_of(const struct tw_json *v, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	if (v->type == TW_JSON_STRING)
		return v->s;
	tw_jw_init(&w, &s);
	tw_jw_value(&w, NULL, v);
	const char *text = tw_str_dup(&s, a);
	tw_str_release(&s);
	return text;
}

void tw_facts_add(struct tw_facts *out, const struct tw_json *object, const char *before,
		  struct tw_arena *a)
{
	for (const struct tw_json *m = object ? object->child : NULL; m; m = m->next) {
		const char *name = tw_sprintf(a, "%s%s", before, m->key);
		if (m->type == TW_JSON_OBJECT) {
			tw_facts_add(out, m,
				     tw_streq(m->key, "options") ? "" : tw_sprintf(a, "%s.", name),
				     a);
			continue;
		}
		const struct tw_pair p = {name, text_of(m, a)};
		tw_vec_push(out, p);
	}
}

const char *tw_facts_get(const struct tw_facts *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (tw_streq(f->at[i].name, name))
			return f->at[i].value;
	return NULL;
}
