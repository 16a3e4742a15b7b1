/*
 * GitHub, through its REST API (docs.github.com/rest, version 2022-11-28): what a
 * user wrote in repositories, issues, pull requests, reviews, comments and gists.
 *
 * Lists are walked by repository, for a search gives no more than its first 1,000
 * results. Only the pull requests that somebody reviewed can't be had otherwise:
 * that search begins anew where its results end.
 */
#include "collect/collect.h"

#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "collect/forge/forge_opts_int.h"
#include "collect/forge/github_int.h"

static const char *const all_kinds[] = {"readme",  "docs",     "issues", "pulls",
					"reviews", "comments", "gists",	 NULL};

static const struct tw_opt github_opts[] = {
	FORGE_OPTS("https://api.github.com", "GITHUB_TOKEN",
		   "readme,docs,issues,pulls,reviews,comments,gists",
		   "which of readme, docs, issues, pulls, reviews, comments and gists"),
	{0},
};

/* --- repositories --- */

static void ask_tree(struct forge *f, const struct tw_json *repo, const char *name)
{
	const char *license = forge_text_of(tw_json_get(repo, "license"), "spdx_id");
	const char *branch = forge_text_of(repo, "default_branch");
	if (!branch)
		return;
	branch = forge_encode(branch, "", &f->page);
	const char *web = tw_sprintf(&f->page, "%s/blob/%s",
				     tw_json_str(tw_json_get(repo, "html_url"), ""), branch);
	struct forge_task like = {.repo = (char *)name};
	like.arg = (char *)forge_tree_arg(f, branch, web, forge_code_license(f, license));
	if (like.arg)
		forge_ask(f, &github_tree, &like, "/repos/%s/git/trees/%s?recursive=1",
			  forge_encode(name, "/", &f->page), branch);
}

static void take_repo(struct forge *f, const struct tw_json *repo)
{
	const char *name = forge_text_of(repo, "full_name");
	if (!name)
		return;
	const char *since = f->since_ms ? tw_sprintf(&f->page, "&since=%s",
						     tw_format_time(&f->page, f->since_ms))
					: "";
	struct forge_task like = {.repo = tw_strdup(&f->page, name)};
	name = forge_encode(name, "/", &f->page);
	const struct tw_json *owner = tw_json_get(repo, "owner");
	if (forge_is_user(f, forge_text_of(owner, "login")))
		ask_tree(f, repo, like.repo);
	if (forge_wants(f, "issues") || forge_wants(f, "pulls"))
		forge_ask(f, &github_issues, &like,
			  "/repos/%s/issues?creator=%s&state=all&" IN_ORDER "%s", name,
			  forge_encode(f->user, "", &f->page), since);
	if (forge_wants(f, "comments"))
		forge_ask(f, &github_comments, &like, "/repos/%s/issues/comments?" IN_ORDER "%s",
			  name, since);
	if (forge_wants(f, "reviews"))
		forge_ask(f, &github_review_comments, &like,
			  "/repos/%s/pulls/comments?" IN_ORDER "%s", name, since);
}

static void read_repos(struct forge *f, const struct forge_task *t TW_UNUSED,
		       const struct tw_json *answer)
{
	for (const struct tw_json *v = answer->child; v; v = v->next) {
		const struct tw_json *owner = tw_json_get(v, "owner");
		if (tw_json_bool(tw_json_get(v, "fork"), false) ||
		    !forge_is_user(f, forge_text_of(owner, "login")) ||
		    (tw_json_bool(tw_json_get(v, "private"), false) && !f->private_too))
			continue;
		take_repo(f, v);
	}
}

static void read_repo(struct forge *f, const struct forge_task *t TW_UNUSED,
		      const struct tw_json *answer)
{
	take_repo(f, answer);
	if (forge_wants(f, "reviews") && forge_text_of(answer, "full_name"))
		github_search_reviewed(
			f, tw_sprintf(&f->page, "repo:%s", forge_text_of(answer, "full_name")),
			NULL);
}

/* --- the source --- */

static const struct forge_kind repos = {"repositories", read_repos, NULL};
static const struct forge_kind repo_alone = {"repository", read_repo, "full_name"};

static const char *const in_repos[] = {"readme",  "docs",     "issues", "pulls",
				       "reviews", "comments", NULL};

/* Lists that have no name in them are those of the token's owner. */
static void ask_for_repos(struct forge *f, const char *user, bool is_owner)
{
	if (is_owner)
		forge_ask(f, &repos, NULL, "/user/repos?affiliation=owner&sort=full_name&" PAGE);
	else
		forge_ask(f, &repos, NULL, "/users/%s/repos?type=owner&sort=full_name&" PAGE, user);
	if (forge_wants(f, "reviews"))
		github_search_reviewed(
			f, tw_sprintf(&f->page, "user:%s%s", f->user, is_owner ? "" : " is:public"),
			NULL);
}

static void ask_for_own(struct forge *f, bool is_owner)
{
	const char *user = forge_encode(f->user, "", &f->page);
	if (!f->repositories.n && forge_wants_any(f, in_repos))
		ask_for_repos(f, user, is_owner);
	if (forge_wants(f, "gists") && is_owner)
		forge_ask(f, &github_gists, NULL, "/gists?" PAGE);
	else if (forge_wants(f, "gists"))
		forge_ask(f, &github_gists, NULL, "/users/%s/gists?" PAGE, user);
}

static void read_me(struct forge *f, const struct forge_task *t TW_UNUSED,
		    const struct tw_json *answer)
{
	bool is_owner = forge_is_user(f, forge_text_of(answer, "login"));
	if (!is_owner)
		forge_not_whole(f, "the token is somebody else's, so only what is public is read");
	ask_for_own(f, is_owner);
}

static const struct forge_kind me = {"user", read_me, "login"};

static const struct forge_kind *const kinds[] = {&repos,
						 &repo_alone,
						 &github_issues,
						 &github_comments,
						 &github_review_comments,
						 &github_reviewed,
						 &github_reviews,
						 &github_tree,
						 &github_gists,
						 &me,
						 NULL};

static void begin(struct forge *f)
{
	bool repos_too = forge_wants_any(f, in_repos);
	for (size_t i = 0; repos_too && i < f->repositories.n; i++)
		forge_ask(f, &repo_alone, NULL, "/repos/%s",
			  forge_encode(f->repositories.at[i], "/", &f->page));
	if (f->private_too && f->authorization)
		forge_ask(f, &me, NULL, "/user");
	else
		ask_for_own(f, false);
}

const struct forge_service forge_github = {
	.name = "github",
	.api = "/api/v3",
	.headers = "Accept: application/vnd.github+json\nX-GitHub-Api-Version: 2022-11-28",
	.person = "user",
	.login = "login",
	.text = "body",
	.tells_all = true,
	.kinds = kinds,
	.words = all_kinds,
	.begin = begin,
};

static enum tw_status github_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	return forge_open(ctx, &forge_github, github_opts, host, err);
}

const struct tw_source_type tw_source_github = {
	.name = "github",
	.help = "what a user of GitHub wrote: repositories, issues, pull requests, reviews, "
		"comments, gists",
	.opts = github_opts,
	.ctx_size = sizeof(struct forge),
	.complete = true,
	.whole = forge_whole,
	.open = github_open,
	.next = forge_next,
	.close = forge_close,
	.hosts = forge_hosts,
};
