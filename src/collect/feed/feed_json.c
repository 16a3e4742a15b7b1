/* JSON Feed 1.1 (jsonfeed.org) as struct feed. */
#include "collect/feed/feed_int.h"

#include <string.h>

#include "base/http.h"
#include "base/json.h"
#include "base/map.h"
#include "base/time.h"

static const char *text(const struct tw_json *v, const char *key)
{
	const char *s = tw_json_str(tw_json_get(v, key), NULL);
	return s && *s ? s : NULL;
}

static int64_t date(const struct tw_json *v, const char *key)
{
	const char *s = text(v, key);
	int64_t ms;
	return s && tw_parse_date(&ms, s) ? ms : 0;
}

/* `authors` of 1.1, `author` of 1.0. */
static const char *author_of(const struct tw_json *v, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	const struct tw_json *list = tw_json_get(v, "authors");
	for (const struct tw_json *c = list && list->type == TW_JSON_ARRAY ? list->child : NULL; c;
	     c = c->next)
		if (text(c, "name"))
			tw_str_addf(&s, "%s%s", s.len ? ", " : "", text(c, "name"));
	const char *copy = s.len ? tw_str_dup(&s, a) : text(tw_json_get(v, "author"), "name");
	tw_str_release(&s);
	return copy;
}

static const char *tags_of(const struct tw_json *v, struct tw_arena *a)
{
	const struct tw_json *list = tw_json_get(v, "tags");
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	if (!list || list->type != TW_JSON_ARRAY)
		return NULL;
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	for (const struct tw_json *c = list->child; c; c = c->next)
		if (c->type == TW_JSON_STRING)
			tw_jw_str(&w, NULL, c->s);
	tw_jw_end(&w);
	const char *copy = s.len > 2 ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return copy;
}

/* An id is a text; numbers are common and taken as written. */
static const char *id_of(const struct tw_json *v, struct tw_arena *a)
{
	const struct tw_json *id = tw_json_get(v, "id");
	if (id && id->type == TW_JSON_INT)
		return tw_sprintf(a, "%lld", (long long)id->i);
	return text(v, "id");
}

static struct feed_item item_of(const struct tw_json *v, const char *url, struct tw_arena *a)
{
	const char *link = text(v, "url");
	struct feed_item it = {.key = id_of(v, a),
			       .title = text(v, "title"),
			       .author = author_of(v, a),
			       .lang = text(v, "language"),
			       .tags = tags_of(v, a)};
	if (!link)
		link = text(v, "external_url");
	it.link = link ? tw_url_resolve(a, url, link) : NULL;
	if (!it.key)
		it.key = it.link;
	it.created_ms = date(v, "date_published");
	it.modified_ms = date(v, "date_modified");
	it.content.html = text(v, "content_html");
	it.content.plain = text(v, "content_text");
	it.summary.plain = text(v, "summary");
	return it;
}

enum tw_status feed_parse_json(struct feed *out, const char *data, size_t len, const char *url,
			       struct tw_arena *a, struct tw_err *err)
{
	struct tw_map seen = TW_MAP_INIT;
	struct tw_json *root = NULL;
	if (tw_json_parse(&root, data, len, a, err) != TW_OK)
		return tw_wrap(err, TW_BAD_DATA, "%s", url);
	const char *version = text(root, "version");
	const struct tw_json *items = tw_json_get(root, "items");
	if (!version || !strstr(version, "jsonfeed.org") || !items || items->type != TW_JSON_ARRAY)
		return tw_fail(err, TW_BAD_DATA, "%s: JSON, but no JSON Feed", url);
	out->lang = text(root, "language");
	out->author = author_of(root, a);
	out->items = TW_NEW_ARRAY(a, items->n, struct feed_item);
	for (const struct tw_json *v = items->child; v; v = v->next) {
		struct feed_item it = item_of(v, url, a);
		if (!it.key || tw_map_has(&seen, it.key))
			continue;
		tw_map_set_int(&seen, it.key, 1);
		out->items[out->n++] = it;
	}
	tw_map_release(&seen);
	return TW_OK;
}
