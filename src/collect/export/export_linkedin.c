/*
 * LinkedIn: the copy of one's data (Settings, Data privacy, Get a copy of your
 * data) is a ZIP of tables and of pages in Articles/. LinkedIn describes only what
 * it holds (help: "Download your account data"). Shares.csv has Date, ShareLink,
 * ShareCommentary, SharedUrl, MediaUrl, Visibility; Comments.csv has Date, Link,
 * Message, with quotes as \"; in the complete copy the names end in the member's number.
 * An article has its title as a link in <h1>, then <p class="created">,
 * <p class="published"> and the text in a <div>. Messages: linkedin_messages.c.
 *
 * Posts, comments and articles; messages only with `direct`. What others wrote, and
 * what is only shared on, has no text of the author's and is left out.
 */
#include <string.h>

#include "base/hash.h"
#include "collect/export/linkedin_int.h"
#include "collect/export/table_int.h"
#include "collect/html/html_int.h"

static const char *const share_columns[] = {"Date", "ShareLink", "ShareCommentary", NULL};
static const char *const comment_columns[] = {"Date", "Link", "Message", NULL};

enum part { SHARES, COMMENTS, ARTICLES, MESSAGES, PARTS };

struct linkedin {
	enum part part; /* each is a go through the files */
	struct table shares, comments;
	struct linkedin_messages *messages;
};

static bool is_shares(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, share_columns);
}

static bool is_comments(const char *name, const char *head, size_t n)
{
	(void)name;
	return table_is(head, n, comment_columns);
}

static bool is_article(const char *name, const char *head, size_t n)
{
	(void)name;
	return export_has(head, n, "<p class=\"created\">") && export_has(head, n, "<h1>");
}

static bool is_linkedin(const char *name, const char *head, size_t n)
{
	return is_shares(name, head, n) || is_comments(name, head, n) ||
	       is_article(name, head, n) || linkedin_is_messages(name, head, n);
}

static void linkedin_close(void *state)
{
	struct linkedin *l = state;
	table_release(&l->shares);
	table_release(&l->comments);
	linkedin_messages_free(l->messages);
}

/* "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A744…": the name at the end. */
static const char *urn_of(const char *link, struct tw_arena *a)
{
	const char *from = strstr(link, "urn");
	while (from && from[3] != ':' && from[3] != '%')
		from = strstr(from + 3, "urn");
	if (!from)
		return tw_strdup(a, link);
	struct tw_str urn = TW_STR_INIT;
	for (const char *p = from; *p && !strchr("/?&#", *p);) {
		bool colon = tw_starts_with(p, "%3A") || tw_starts_with(p, "%3a");
		tw_str_addc(&urn, colon ? ':' : *p);
		p += colon ? 3 : 1;
	}
	const char *s = tw_str_dup(&urn, a);
	tw_str_release(&urn);
	return s;
}

static enum tw_status next_share(struct tw_document *doc, struct linkedin *l, struct export_in *x,
				 struct tw_arena *a, struct tw_err *err)
{
	struct table *t = &l->shares;
	enum tw_status st;
	t->recognise = is_shares;
	t->columns = share_columns;
	while (tw_arena_reset(a), (st = table_next(&doc->key, t, x, a, err)) == TW_OK) {
		const char *link = table_get(t, "ShareLink"),
			   *text = table_get(t, "ShareCommentary");
		if (!*link || !*text)
			continue;
		doc->key = urn_of(link, a);
		doc->url = tw_strdup(a, link);
		doc->created_ms = export_parse_date(table_get(t, "Date"));
		export_set_body(doc, "text/plain", tw_strdup(a, text));
		return TW_OK;
	}
	return st;
}

/* A comment has no id: the post and the time name it, or else its text. */
static const char *comment_key(const struct table *t, struct tw_arena *a)
{
	const char *date = table_get(t, "Date"), *text = table_get(t, "Message");
	const char *urn = urn_of(table_get(t, "Link"), a);
	if (*date)
		return tw_sprintf(a, "%s@%s", urn, date);
	return tw_sprintf(a, "%s@%.16s", urn, tw_sha256(text, strlen(text)).hex);
}

static enum tw_status next_comment(struct tw_document *doc, struct linkedin *l, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	struct table *t = &l->comments;
	enum tw_status st;
	t->recognise = is_comments;
	t->columns = comment_columns;
	t->backslash = true;
	while (tw_arena_reset(a), (st = table_next(&doc->key, t, x, a, err)) == TW_OK) {
		struct export_tags none = {0};
		const char *link = table_get(t, "Link"), *text = table_get(t, "Message");
		if (!*link || !*text)
			continue;
		doc->key = comment_key(t, a);
		doc->url = tw_strdup(a, link);
		doc->created_ms = export_parse_date(table_get(t, "Date"));
		doc->extra = export_extra(&none, NULL, urn_of(link, a), a);
		export_set_body(doc, "text/plain", tw_strdup(a, text));
		return TW_OK;
	}
	return st;
}

/* --- articles --- */

/* "Published on 2026-02-24 00:09", in whatever language: the date is the digits. */
static int64_t date_in(const struct dom_node *n, struct tw_arena *a)
{
	const char *s = n ? dom_text_folded(n, a) : "";
	return export_parse_date(s + strcspn(s, "0123456789"));
}

static enum tw_status read_article(struct tw_document *doc, void *state TW_UNUSED,
				   const struct export_in *x, struct tw_str *html,
				   struct tw_arena *a, struct tw_err *err)
{
	struct dom d;
	const char *charset;
	struct tw_str md = TW_STR_INIT;
	enum tw_status st = html_tree(&d, &charset, html->data, html->len, NULL, a, err);
	if (st != TW_OK)
		return st;
	const struct dom_node *title = dom_find(d.root, TAG_H1),
			      *created = dom_find_class(d.root, "created");
	const struct dom_node *link = title ? dom_find(title, TAG_A) : NULL;
	const struct dom_node *body = created ? created->next : NULL;
	int64_t published = date_in(dom_find_class(d.root, "published"), a);
	while (body && body->tag != TAG_DIV)
		body = body->next;
	if (!body || (!published && !x->drafts))
		return TW_DONE;
	doc->title = title ? dom_text_folded(title, a) : NULL;
	doc->url = link ? dom_attr(link, "href") : NULL;
	doc->key = doc->url && *doc->url ? doc->url : doc->key;
	doc->created_ms = published ? published : date_in(created, a);
	html_markdown(&md, body, NULL, doc->url, a);
	export_set_body(doc, "text/markdown", tw_str_dup(&md, a));
	tw_str_release(&md);
	return TW_OK;
}

/* --- all of it --- */

static enum tw_status next_of_part(struct tw_document *doc, struct linkedin *l, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	switch (l->part) {
	case SHARES:
		return next_share(doc, l, x, a, err);
	case COMMENTS:
		return next_comment(doc, l, x, a, err);
	case ARTICLES:
		return export_next_page(doc, x, is_article, read_article, NULL, a, err);
	case MESSAGES:
		return x->direct ? linkedin_messages_next(doc, &l->messages, x, a, err) : TW_DONE;
	case PARTS:
		break;
	}
	return TW_DONE;
}

static enum tw_status linkedin_next(struct tw_document *doc, void *state, struct export_in *x,
				    struct tw_arena *a, struct tw_err *err)
{
	struct linkedin *l = state;
	while (l->part < PARTS) {
		enum tw_status st = next_of_part(doc, l, x, a, err);
		if (st == TW_DONE) {
			l->part++;
			st = bundle_rewind(x->files, err);
			if (st == TW_OK)
				continue;
		}
		return st;
	}
	return TW_DONE;
}

const struct export_format export_linkedin = {
	.name = "LinkedIn",
	.recognise = is_linkedin,
	.state_size = sizeof(struct linkedin),
	.next = linkedin_next,
	.close = linkedin_close,
};
