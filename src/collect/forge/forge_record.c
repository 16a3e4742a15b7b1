/*
 * What an answer gave, kept between passes: its ETag, the keys of its documents
 * and the tasks that it led to. A record is written when all of that is stored.
 */
#include "collect/forge/forge_content_int.h"

#include <string.h>

#include "base/hash.h"
#include "base/json.h"

/* Of the task: an address may be asked for by one kind alone, so it is the name. */
static const char *name_of(const struct forge *f, struct tw_arena *a)
{
	struct tw_digest d = tw_sha256(f->task.path, strlen(f->task.path));
	return tw_sprintf(a, "answer:%s:%.24s", f->task.kind->name, d.hex);
}

static const struct tw_json *load(struct forge *f)
{
	const char *text = f->host->get_state(f->host->host, name_of(f, &f->page));
	const struct tw_json *v = text && *text ? tw_json_of(text, &f->page) : NULL;
	return tw_streq(tw_json_str(tw_json_get(v, "rules"), NULL), f->rules_tag) ? v : NULL;
}

static const struct tw_json *first(const struct tw_json *record, const char *list)
{
	const struct tw_json *v = tw_json_get(record, list);
	return v && v->type == TW_JSON_ARRAY ? v->child : NULL;
}

/* Its documents are there: what was forgotten, or read by an older twin, is asked for again. */
static bool is_stored(const struct forge *f, const struct tw_json *record)
{
	for (const struct tw_json *k = first(record, "keys"); k; k = k->next) {
		const char *known = f->host->known(f->host->host, tw_json_str(k, ""));
		if (!known || !tw_starts_with(known, f->tag))
			return false;
	}
	return true;
}

static bool same(const struct tw_json *record, const char *member, const char *now)
{
	return now && *now && tw_streq(tw_json_str(tw_json_get(record, member), NULL), now);
}

bool forge_record_stands(struct forge *f, const char **etag)
{
	const struct tw_json *record = load(f);
	*etag = NULL;
	if (!record || !is_stored(f, record))
		return false;
	*etag = forge_text_of(record, "etag");
	return same(record, "pass", f->pass) || same(record, "stamp", f->task.stamp);
}

static void replay_task(struct forge *f, const struct tw_json *task)
{
	const char *name = tw_json_str(tw_json_get(task, "kind"), "");
	const struct forge_kind *const *k = f->service->kinds;
	while (*k && strcmp((*k)->name, name) != 0)
		k++;
	const struct forge_task t = {.kind = *k,
				     .path = (char *)tw_json_str(tw_json_get(task, "path"), ""),
				     .repo = (char *)tw_json_str(tw_json_get(task, "repo"), ""),
				     .arg = (char *)tw_json_str(tw_json_get(task, "arg"), NULL),
				     .stamp =
					     (char *)tw_json_str(tw_json_get(task, "stamp"), NULL)};
	if (*k)
		forge_ask_at(f, &t);
}

void forge_record_replay(struct forge *f)
{
	const struct tw_json *record = load(f);
	for (const struct tw_json *k = first(record, "keys"); k; k = k->next)
		forge_add(f, &(struct forge_item){.key = tw_json_str(k, "")});
	for (const struct tw_json *t = first(record, "tasks"); t; t = t->next)
		replay_task(f, t);
}

static void add_task(struct tw_json_writer *w, const struct forge_task *t)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "kind", t->kind->name);
	tw_jw_str(w, "path", t->path);
	tw_jw_str(w, "repo", t->repo);
	if (t->arg)
		tw_jw_str(w, "arg", t->arg);
	if (t->stamp)
		tw_jw_str(w, "stamp", t->stamp);
	tw_jw_end(w);
}

void forge_record_save(struct forge *f)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "rules", f->rules_tag);
	tw_jw_str(&w, "etag", f->etag);
	tw_jw_str(&w, "stamp", f->task.stamp);
	tw_jw_str(&w, "pass", f->pass);
	tw_jw_array(&w, "keys");
	for (size_t i = 0; i < f->keys.n; i++)
		tw_jw_str(&w, NULL, f->keys.at[i]);
	tw_jw_end(&w);
	tw_jw_array(&w, "tasks");
	for (size_t i = 0; i < f->children.n; i++)
		add_task(&w, &f->children.at[i]);
	tw_jw_end(&w);
	tw_jw_end(&w);
	f->host->set_state(f->host->host, "pass",
			   tw_sprintf(&f->page, "%s %s", f->rules_tag, f->pass));
	f->host->set_state(f->host->host, name_of(f, &f->page), tw_str_c(&s));
	f->dirty = true;
	tw_str_release(&s);
}
