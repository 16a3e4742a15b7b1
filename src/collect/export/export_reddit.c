/*
 * Reddit: the data request (reddit.com/settings/data-request) is a ZIP of tables.
 * Reddit describes it only in its help centre ("How do I request a copy of my
 * Reddit data and information?"); posts.csv has id, permalink, date, ip, subreddit,
 * gildings, title, url, body, comments.csv has id, permalink, date, ip, subreddit,
 * gildings, link, parent, body, media. All in them is the user's own; bodies are
 * Reddit's Markdown. The headers (post_headers.csv, …) have no text and are never
 * read, nor are messages, chats and drafts.
 *
 * What a comment answers is not in the export but where the comment quotes it.
 */
#include <string.h>

#include "collect/export/exchange_int.h"
#include "collect/export/table_int.h"
#include "collect/quotation_int.h"

static const char *const columns[] = {"id", "permalink", "date", "subreddit", "body", NULL};

static bool is_table(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, columns);
}

/* "t3_" for posts and "t1_" for comments, as Reddit's API names things. */
static const char *key_of(const struct table *t, bool is_post, struct tw_arena *a)
{
	const char *id = table_get(t, "id");
	if (!*id || (id[0] == 't' && id[1] && id[2] == '_'))
		return tw_strdup(a, id);
	return tw_sprintf(a, "%s%s", is_post ? "t3_" : "t1_", id);
}

static bool is_gone(const char *body)
{
	return tw_streq(body, "[deleted]") || tw_streq(body, "[removed]");
}

static const char *url_of(const char *permalink, struct tw_arena *a)
{
	if (*permalink == '/')
		return tw_sprintf(a, "https://www.reddit.com%s", permalink);
	return *permalink ? tw_strdup(a, permalink) : NULL;
}

/* ">!…!<" hides words of the author's own; at the start of a line it would be a quotation in any other Markdown. */
static const char *escape_spoilers(const char *md, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	for (const char *p = md; *p;) {
		size_t indent = strspn(p, " "), n = strcspn(p, "\n");
		n += p[n] == '\n';
		tw_str_add(&out, p, indent);
		if (tw_starts_with(p + indent, ">!"))
			tw_str_addc(&out, '\\');
		tw_str_add(&out, p + indent, n - indent);
		p += n;
	}
	const char *escaped = tw_str_dup(&out, a);
	tw_str_release(&out);
	return escaped;
}

static void fill(struct tw_document *doc, const struct table *t, bool is_post, struct tw_arena *a)
{
	struct export_tags tags = {0};
	const char *title = table_get(t, "title"), *parent = table_get(t, "parent");
	const char *body = escape_spoilers(export_unescape(table_get(t, "body"), a), a);
	doc->url = url_of(table_get(t, "permalink"), a);
	doc->title = is_post && *title ? export_unescape(title, a) : NULL;
	doc->created_ms = export_parse_date(table_get(t, "date"));
	export_add_tag(&tags, table_get(t, "subreddit"));
	if (!is_post)
		tags.exchanges = exchanges_of_quotations(body, NULL, a);
	doc->extra = export_extra(&tags, NULL, is_post || !*parent ? NULL : parent, a);
	export_set_body(doc, "text/markdown", body);
}

static enum tw_status reddit_next(struct tw_document *doc, void *state, struct export_in *x,
				  struct tw_arena *a, struct tw_err *err)
{
	struct table *t = state;
	enum tw_status st;
	t->recognise = is_table;
	t->columns = columns;
	while (tw_arena_reset(a), (st = table_next(&doc->key, t, x, a, err)) == TW_OK) {
		bool is_post = table_has(t, "title");
		const char *body = table_get(t, "body");
		doc->key = key_of(t, is_post, a);
		if (!*doc->key || !*body || is_gone(body))
			continue;
		fill(doc, t, is_post, a);
		return TW_OK;
	}
	return st;
}

static void reddit_close(void *state)
{
	table_release(state);
}

const struct export_format export_reddit = {
	.name = "Reddit",
	.recognise = is_table,
	.state_size = sizeof(struct table),
	.next = reddit_next,
	.close = reddit_close,
};
