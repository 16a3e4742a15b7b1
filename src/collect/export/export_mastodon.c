/*
 * Mastodon, and what speaks ActivityPub like it: outbox.json of the archive
 * (Preferences, Import and export, Data export), beside actor.json.
 * The outbox is an OrderedCollection of Create and Announce activities with
 * Note, Question and Article objects: ActivityStreams 2.0 and ActivityPub of the
 * W3C; docs.joinmastodon.org/spec/activitypub says what Mastodon writes.
 *
 * Posts that answer the author's own are one document with them. Boosts
 * (Announce) are left out, and so are posts to single people ("direct").
 */
#include <string.h>

#include "collect/export/export_posts_int.h"

struct mastodon {
	struct posts *posts;
	const char *author;
	struct tw_arena arena;
};

static bool is_outbox(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "\"orderedItems\"") &&
	       export_has(head, n, "OrderedCollection") && export_has(head, n, "\"actor\"");
}

static bool is_actor(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "\"outbox\"") && export_has(head, n, "\"preferredUsername\"");
}

static void mastodon_close(void *state)
{
	struct mastodon *m = state;
	posts_free(m->posts);
	tw_arena_release(&m->arena);
}

static enum tw_status mastodon_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct mastodon *m = state;
	struct tw_json *actor;
	tw_arena_init(&m->arena);
	m->posts = posts_new(is_outbox, "orderedItems");
	enum tw_status st = export_find_json(&actor, x, is_actor, &m->arena, err);
	m->author = export_text(actor, "name");
	if (!m->author)
		m->author = export_text(actor, "preferredUsername");
	if (st != TW_OK)
		mastodon_close(m);
	return st;
}

static bool names(const struct tw_json *object, const char *field, const char *ending)
{
	const char *one = export_text(object, field);
	if (one)
		return tw_ends_with(one, ending);
	for (const struct tw_json *v = export_list(object, field); v; v = v->next)
		if (v->type == TW_JSON_STRING && tw_ends_with(v->s, ending))
			return true;
	return false;
}

/* Neither for everybody nor for the followers. */
static bool is_direct(const struct tw_json *object)
{
	static const char *const fields[] = {"to", "cc"};
	for (size_t i = 0; i < 2; i++)
		if (names(object, fields[i], "#Public") || names(object, fields[i], "as:Public") ||
		    names(object, fields[i], "/followers"))
			return false;
	return tw_json_get(object, "to") != NULL;
}

/* An answer begins with those whom it is for: "[@ann](https://…) ". */
static const char *without_mentions(const char *md)
{
	for (const char *p = md; tw_starts_with(p, "[@"); md = p) {
		const char *link = strstr(p, "](");
		const char *end = link ? strchr(link, ')') : NULL;
		if (!end || memchr(p, '\n', (size_t)(end - p)))
			return md;
		p = end + 1;
		p += strspn(p, " \n");
	}
	return md;
}

static const char *lang_of(const struct tw_json *object)
{
	const struct tw_json *map = tw_json_get(object, "contentMap");
	return map && map->type == TW_JSON_OBJECT && map->n == 1 ? map->child->key : NULL;
}

static const char *extra_of(const struct tw_json *object, const char *parent, struct tw_arena *a)
{
	struct export_tags tags = {0};
	for (const struct tw_json *t = export_list(object, "tag"); t; t = t->next) {
		const char *name = export_text(t, "name");
		if (name && tw_streq(export_text(t, "type"), "Hashtag"))
			export_add_tag(&tags, name + (*name == '#'));
	}
	return export_extra(&tags, export_text(object, "summary"), parent, a);
}

static enum tw_status take(const char **key, void *state, const struct export_in *x,
			   const struct tw_json *item, struct tw_arena *a, struct tw_err *err)
{
	struct mastodon *m = state;
	const struct tw_json *object = tw_json_get(item, "object");
	const char *type = export_text(object, "type");
	if (!tw_streq(export_text(item, "type"), "Create") || !type || tw_streq(type, "Tombstone"))
		return TW_OK;
	const char *content = tw_json_str(tw_json_get(object, "content"), NULL);
	*key = export_text(object, "id");
	if (!*key || !content)
		return tw_fail(err, TW_SKIPPED, "%s: a post without id or content",
			       *key ? *key : posts_entry(m->posts));
	if (is_direct(object) && !x->direct)
		return TW_OK;
	struct post p = {.id = *key, .parent = export_text(object, "inReplyTo")};
	p.url = export_text(object, "url");
	p.text = export_markdown(content, NULL, p.url, a);
	p.text = p.parent ? without_mentions(p.text) : p.text;
	p.media = "text/markdown";
	p.lang = lang_of(object);
	p.author = m->author;
	p.title = export_text(object, "name");
	p.extra = extra_of(object, p.parent, a);
	p.created_ms = export_date(object, "published");
	p.modified_ms = export_date(object, "updated");
	posts_add(m->posts, &p);
	return TW_OK;
}

static enum tw_status mastodon_next(struct tw_document *doc, void *state, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	struct mastodon *m = state;
	return posts_next(doc, m->posts, take, m, x, a, err);
}

const struct export_format export_mastodon = {
	.name = "Mastodon",
	.recognise = is_outbox,
	.state_size = sizeof(struct mastodon),
	.open = mastodon_open,
	.next = mastodon_next,
	.close = mastodon_close,
};
