/* Of GitHub: issues, pull requests, comments and reviews. */
#include "collect/forge/github_int.h"

#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"

#define HUNK_LINES 20
#define HUNK_BYTES 3000

/* "12" of ".../issues/12#issuecomment-5". A repository may be called "issues", too. */
static const char *number_in(const char *url, struct tw_arena *a)
{
	static const char *const before[] = {"/issues/", "/pulls/", "/pull/"};
	for (size_t i = 0; url && i < sizeof(before) / sizeof(*before); i++)
		for (const char *at = url; (at = strstr(at, before[i])); at++) {
			const char *number = at + strlen(before[i]);
			size_t n = strspn(number, "0123456789");
			if (n)
				return tw_strndup(a, number, n);
		}
	return NULL;
}

/* What every kind has in common. An app that speaks for a user is not the user. */
static bool is_taken(const struct forge *f, const struct tw_json *v)
{
	const struct tw_json *app = tw_json_get(v, "performed_via_github_app");
	return forge_is_own(f, v) && !forge_is_old(f, v) && (!app || app->type == TW_JSON_NULL);
}

static void fill_text(struct tw_document *doc, const struct forge_item *it, const char *text)
{
	doc->media = "text/markdown";
	doc->url = forge_text_of(it->json, "html_url");
	doc->created_ms = forge_date_of(it->json, "created_at");
	if (!doc->created_ms)
		doc->created_ms = forge_date_of(it->json, "submitted_at");
	doc->modified_ms = forge_date_of(it->json, "updated_at");
	doc->body = (struct tw_bytes){text, strlen(text)};
}

static enum tw_status fill_issue(struct tw_document *doc, struct forge *f,
				 const struct forge_item *it, struct tw_arena *a,
				 struct tw_err *err TW_UNUSED)
{
	fill_text(doc, it, forge_clean(forge_text_of(it->json, "body"), a));
	doc->title = forge_text_of(it->json, "title");
	doc->extra = forge_extra(tw_json_get(it->json, "labels"), f->task.repo, NULL, NULL, a);
	/* It changes with every comment and label, too. */
	doc->modified_ms = 0;
	return TW_OK;
}

static enum tw_status fill_comment(struct tw_document *doc, struct forge *f,
				   const struct forge_item *it, struct forge_talk *t,
				   struct tw_arena *a)
{
	t->comment = it->json;
	doc->extra = forge_extra(NULL, f->task.repo, NULL, forge_exchanges(t, f, a), a);
	return TW_OK;
}

/* The issue's own text is what a comment answers, and the comments before it. */
static enum tw_status fill_issue_comment(struct tw_document *doc, struct forge *f,
					 const struct forge_item *it, struct tw_arena *a,
					 struct tw_err *err)
{
	struct forge_talk t = {.text = forge_clean(forge_text_of(it->json, "body"), a)};
	fill_text(doc, it, t.text);
	if (!*t.text)
		return TW_OK;
	const char *issue = tw_sprintf(a, "%s/repos/%s/issues/%s", f->root, f->task.repo,
				       number_in(doc->url, a));
	enum tw_status st =
		forge_read_thread(f, issue, tw_sprintf(a, "%s/comments?" PAGE, issue), err);
	if (st != TW_OK)
		return st;
	t.opener = f->opener;
	t.list = f->thread;
	return fill_comment(doc, f, it, &t, a);
}

/* The last lines of what it is about: a comment stands below them. */
static const char *hunk_of(const struct tw_json *comment, struct tw_arena *a)
{
	const char *hunk = forge_text_of(comment, "diff_hunk");
	size_t n = hunk ? strlen(hunk) : 0, at = n;
	for (int lines = 0; at > 0; at--)
		if (hunk[at - 1] == '\n' && ++lines == HUNK_LINES)
			break;
	return n && n - at <= HUNK_BYTES ? tw_sprintf(a, "```diff\n%s\n```", hunk + at) : NULL;
}

/* A comment on code answers the first one there and those below it, or the code, when somebody else proposes it. */
static enum tw_status fill_review_comment(struct tw_document *doc, struct forge *f,
					  const struct forge_item *it, struct tw_arena *a,
					  struct tw_err *err)
{
	struct forge_talk t = {.text = forge_clean(forge_text_of(it->json, "body"), a)};
	int64_t parent = tw_json_int(tw_json_get(it->json, "in_reply_to_id"), 0);
	const char *repo = f->task.repo, *opener;
	fill_text(doc, it, t.text);
	if (!*t.text)
		return TW_OK;
	if (parent)
		opener = tw_sprintf(a, "%s/repos/%s/pulls/comments/%lld", f->root, repo,
				    (long long)parent);
	else
		opener = tw_sprintf(a, "%s/repos/%s/issues/%s", f->root, repo,
				    number_in(doc->url, a));
	enum tw_status st = forge_read_thread(f, opener, NULL, err);
	if (st != TW_OK)
		return st;
	t.root = parent;
	t.list = parent ? it->list : NULL;
	if (parent)
		t.opener = f->opener;
	else if (f->opener && !forge_is_own(f, f->opener))
		t.heard = hunk_of(it->json, a);
	return fill_comment(doc, f, it, &t, a);
}

static enum tw_status fill_review(struct tw_document *doc, struct forge *f,
				  const struct forge_item *it, struct tw_arena *a,
				  struct tw_err *err)
{
	struct forge_talk t = {.text = forge_clean(forge_text_of(it->json, "body"), a)};
	fill_text(doc, it, t.text);
	if (!*t.text)
		return TW_OK;
	enum tw_status st = forge_read_thread(f,
					      tw_sprintf(a, "%s/repos/%s/issues/%s", f->root,
							 f->task.repo, number_in(doc->url, a)),
					      NULL, err);
	if (st != TW_OK)
		return st;
	t.opener = f->opener;
	return fill_comment(doc, f, it, &t, a);
}

static const char *text_digest(const struct tw_json *v, struct tw_arena *a)
{
	const char *text = tw_json_str(tw_json_get(v, "body"), "");
	return tw_sprintf(a, "%.16s", tw_sha256(text, strlen(text)).hex);
}

static const char *stamp_of(const struct tw_json *v)
{
	const char *s = forge_text_of(v, "updated_at");
	s = s ? s : forge_text_of(v, "submitted_at");
	return s ? s : "";
}

static void read_issues(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	for (const struct tw_json *v = answer->child; v; v = v->next) {
		bool pull = tw_json_get(v, "pull_request") != NULL;
		int64_t number = tw_json_int(tw_json_get(v, "number"), 0);
		if (!number || !is_taken(f, v) || !forge_wants(f, pull ? "pulls" : "issues"))
			continue;
		struct forge_item it = {.stamp = stamp_of(v), .fill = fill_issue, .json = v};
		it.key = tw_sprintf(&f->page, "%s#%lld", t->repo, (long long)number);
		forge_add(f, &it);
	}
}

static void add_comments(struct forge *f, const struct forge_task *t, const struct tw_json *answer,
			 const char *name, forge_fill fill)
{
	for (const struct tw_json *v = answer->child; v; v = v->next) {
		const char *number = number_in(forge_text_of(v, "html_url"), &f->page);
		int64_t id = tw_json_int(tw_json_get(v, "id"), 0);
		/* What is "PENDING" was not sent to anybody. */
		if (!id || !number || !is_taken(f, v) || !forge_created_of(v))
			continue;
		struct forge_item it = {
			.stamp = stamp_of(v), .fill = fill, .json = v, .list = answer};
		it.key =
			tw_sprintf(&f->page, "%s#%s/%s/%lld", t->repo, number, name, (long long)id);
		if (fill == fill_review) /* has no date of an edit */
			it.stamp =
				tw_sprintf(&f->page, "%s %s", it.stamp, text_digest(v, &f->page));
		forge_add(f, &it);
	}
}

static void read_comments(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	add_comments(f, t, answer, "comment", fill_issue_comment);
}

static void read_review_comments(struct forge *f, const struct forge_task *t,
				 const struct tw_json *answer)
{
	add_comments(f, t, answer, "review-comment", fill_review_comment);
}

static void read_reviews(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	add_comments(f, t, answer, "review", fill_review);
}

/* --- pull requests that the user reviewed --- */

/* In the order of their making, so that the search goes on behind the last one (`from`, NULL at first). */
void github_search_reviewed(struct forge *f, const char *where, const char *from)
{
	struct forge_task like = {.arg = tw_strdup(&f->page, where)};
	const char *q = tw_sprintf(&f->page, "is:pull-request reviewed-by:%s %s%s%s%s%s", f->user,
				   where, from ? " created:>=" : "", from ? from : "",
				   f->since_ms ? " updated:>=" : "",
				   f->since_ms ? tw_format_date(&f->page, f->since_ms) : "");
	forge_ask(f, &github_reviewed, &like, "/search/issues?q=%s&sort=created&order=asc&" PAGE,
		  forge_encode(q, "", &f->page));
}

static void read_reviewed(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	const struct tw_json *items = tw_json_get(answer, "items"),
			     *v = items ? items->child : NULL;
	const char *first = forge_text_of(v, "created_at"), *last = NULL;
	for (; v; v = v->next) {
		const char *at = forge_text_of(v, "repository_url");
		const char *repo = at ? strstr(at, "/repos/") : NULL;
		int64_t number = tw_json_int(tw_json_get(v, "number"), 0);
		last = forge_text_of(v, "created_at");
		if (!repo || !number)
			continue;
		struct forge_task like = {.repo = tw_strdup(&f->page, repo + 7),
					  .stamp = tw_strdup(&f->page, stamp_of(v))};
		forge_ask(f, &github_reviews, &like, "/repos/%s/pulls/%lld/reviews?" PAGE,
			  like.repo, (long long)number);
	}
	bool cut = items && tw_json_int(tw_json_get(answer, "total_count"), 0) > (int64_t)items->n;
	if (cut && last && !tw_streq(first, last))
		github_search_reviewed(f, t->arg, last);
	if ((cut && tw_streq(first, last)) ||
	    tw_json_bool(tw_json_get(answer, "incomplete_results"), false))
		forge_not_whole(f, "the search gives only a part of its results");
}

const struct forge_kind github_issues = {"issues", read_issues, NULL};
const struct forge_kind github_comments = {"comments", read_comments, NULL};
const struct forge_kind github_review_comments = {"review_comments", read_review_comments, NULL};
const struct forge_kind github_reviewed = {"reviewed", read_reviewed, "items"};
const struct forge_kind github_reviews = {"reviews", read_reviews, NULL};
