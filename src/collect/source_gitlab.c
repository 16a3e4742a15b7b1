/*
 * GitLab, on gitlab.com or on one's own server, through its REST API
 * (docs.gitlab.com/api/rest, version 4): what a user wrote in projects, issues,
 * merge requests, notes on them, wikis and snippets.
 *
 * Notes can't be listed by their author for longer than the three years that events
 * are kept, so they are read with what they are on; a date and a count of notes
 * say which of these have nothing new.
 */
#include "collect/collect.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"
#include "collect/forge/forge_content_int.h"
#include "collect/forge/forge_opts_int.h"

#define PAGE	 "per_page=100"
#define IN_ORDER "order_by=created_at&sort=asc&" PAGE

static const char *const all_kinds[] = {"readme", "docs",  "issues",   "merge_requests",
					"notes",  "wikis", "snippets", NULL};

static const struct tw_opt gitlab_opts[] = {
	FORGE_OPTS("https://gitlab.com", "GITLAB_TOKEN",
		   "readme,docs,issues,merge_requests,notes,wikis,snippets",
		   "which of readme, docs, issues, merge_requests, notes, wikis and snippets"),
	{0},
};

static const struct forge_kind me, projects, project, issues, merge_requests, notes, tree, wikis,
	snippets;

/* Projects and snippets have a visibility, issues may be confidential, and so may notes, which since 15.5 is called
 * internal. */
static bool is_open(const struct forge *f, const struct tw_json *v)
{
	return f->private_too || (!tw_streq(forge_text_of(v, "visibility"), "private") &&
				  !tw_json_bool(tw_json_get(v, "confidential"), false) &&
				  !tw_json_bool(tw_json_get(v, "internal"), false));
}

/* --- issues and merge requests --- */

static enum tw_status fill_text(struct tw_document *doc, const struct tw_json *v, const char *text)
{
	doc->media = "text/markdown";
	doc->created_ms = forge_date_of(v, "created_at");
	doc->body = (struct tw_bytes){text, strlen(text)};
	return TW_OK;
}

static enum tw_status fill_issue(struct tw_document *doc, struct forge *f,
				 const struct forge_item *it, struct tw_arena *a,
				 struct tw_err *err TW_UNUSED)
{
	const struct tw_json *v = it->json;
	doc->title = forge_text_of(v, "title");
	doc->url = forge_text_of(v, "web_url");
	doc->extra = forge_extra(tw_json_get(v, "labels"), f->task.repo, NULL, NULL, a);
	return fill_text(doc, v, forge_clean(forge_text_of(v, "description"), a));
}

/* `arg` of a task for notes: what they are on, as a path behind the API's root. Its number is the last part. */
static void ask_notes(struct forge *f, const struct forge_task *t, const struct tw_json *v,
		      const char *on)
{
	struct forge_task like = *t;
	int64_t n = tw_json_int(tw_json_get(v, "user_notes_count"), -1);
	if (!n)
		return;
	like.arg = (char *)on;
	like.stamp = tw_sprintf(&f->page, "%s %lld", tw_json_str(tw_json_get(v, "updated_at"), ""),
				(long long)n);
	forge_ask(f, &notes, &like, "%s/notes?" IN_ORDER, on);
}

/* `mark` of references: "#" or "!". `arg` of the task: the list's own path. */
static void read_list(struct forge *f, const struct forge_task *t, const struct tw_json *answer,
		      const char *what, char mark)
{
	for (const struct tw_json *v = answer->child; v; v = v->next) {
		long long number = (long long)tw_json_int(tw_json_get(v, "iid"), 0);
		if (!number || !is_open(f, v))
			continue;
		if (forge_wants(f, "notes"))
			ask_notes(f, t, v, tw_sprintf(&f->page, "%s/%lld", t->arg, number));
		if (!forge_is_own(f, v) || forge_is_old(f, v) || !forge_wants(f, what))
			continue;
		const struct forge_item it = {
			.key = tw_sprintf(&f->page, "%s%c%lld", t->repo, mark, number),
			.stamp = tw_json_str(tw_json_get(v, "updated_at"), ""),
			.fill = fill_issue,
			.json = v};
		forge_add(f, &it);
	}
}

static void read_issues(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	read_list(f, t, answer, "issues", '#');
}

static void read_merge_requests(struct forge *f, const struct forge_task *t,
				const struct tw_json *answer)
{
	read_list(f, t, answer, "merge_requests", '!');
}

/* --- notes --- */

static enum tw_status fill_note(struct tw_document *doc, struct forge *f,
				const struct forge_item *it, struct tw_arena *a, struct tw_err *err)
{
	const char *text = forge_clean(forge_text_of(it->json, "body"), a);
	fill_text(doc, it->json, text);
	if (!*text)
		return TW_OK;
	enum tw_status st =
		forge_read_thread(f, tw_sprintf(a, "%s%s", f->root, f->task.arg), NULL, err);
	if (st != TW_OK)
		return st;
	/* On later pages it is far away. */
	const bool first = !strstr(f->task.path, "&page=") && !strstr(f->task.path, "?page=");
	const struct forge_talk talk = {.comment = it->json,
					.text = text,
					.opener = first ? f->opener : NULL,
					.list = it->list};
	const char *web = forge_text_of(f->opener, "web_url");
	if (web)
		doc->url = tw_sprintf(a, "%s#note_%lld", web,
				      (long long)tw_json_int(tw_json_get(it->json, "id"), 0));
	doc->modified_ms = forge_date_of(it->json, "updated_at");
	doc->extra = forge_extra(NULL, f->task.repo, NULL, forge_exchanges(&talk, f, a), a);
	return TW_OK;
}

static void read_notes(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	const char *number = t->arg ? strrchr(t->arg, '/') : NULL;
	char mark = t->arg && strstr(t->arg, "/merge_requests/") ? '!' : '#';
	for (const struct tw_json *v = answer->child; number && v; v = v->next) {
		long long id = (long long)tw_json_int(tw_json_get(v, "id"), 0);
		if (!id || tw_json_bool(tw_json_get(v, "system"), false) || !forge_is_own(f, v) ||
		    forge_is_old(f, v) || !is_open(f, v))
			continue;
		const struct forge_item it = {.key = tw_sprintf(&f->page, "%s%c%s/note/%lld",
								t->repo, mark, number + 1, id),
					      .stamp =
						      tw_json_str(tw_json_get(v, "updated_at"), ""),
					      .fill = fill_note,
					      .json = v,
					      .list = answer};
		forge_add(f, &it);
	}
}

/* --- files, wikis, snippets --- */

static void read_tree(struct forge *f, const struct forge_task *t TW_UNUSED,
		      const struct tw_json *answer)
{
	const char *at = forge_arg(f, "project"), *branch = forge_arg(f, "branch");
	struct forge_file like = forge_tree_file(f);
	like.accept = "*/*";
	like.committed[2] = "committed_date";
	for (const struct tw_json *v = answer->child; at && branch && v; v = v->next) {
		const char *path = forge_text_of(v, "path"), *blob = forge_text_of(v, "id");
		struct forge_file file = like;
		file.path = path;
		if (!path || !blob ||
		    !tw_starts_with(tw_json_str(tw_json_get(v, "mode"), ""), "100") ||
		    !forge_takes_file(f, &file))
			continue;
		file.raw = tw_sprintf(&f->page, "%s%s/repository/blobs/%s/raw", f->root, at, blob);
		file.dates = tw_sprintf(&f->page,
					"%s%s/repository/commits?ref_name=%s&path=%s&per_page=1",
					f->root, at, branch, forge_encode(path, "", &f->page));
		forge_add_file(f, &file, blob);
	}
}

static enum tw_status fill_page(struct tw_document *doc, struct forge *f,
				const struct forge_item *it, struct tw_arena *a, struct tw_err *err)
{
	const char *text = tw_json_str(tw_json_get(it->json, "content"), "");
	enum tw_status st = forge_parse_file(doc, f, it->file, text, strlen(text), a, err);
	if (st == TW_OK && doc->body.len)
		doc->title = forge_text_of(it->json, "title");
	return st;
}

/* Of the four kinds of markup, RDoc is read as it is. */
static const char *suffix_of(const char *format)
{
	if (strcmp(format, "markdown") == 0)
		return "md";
	if (strcmp(format, "asciidoc") == 0)
		return "adoc";
	return strcmp(format, "org") == 0 ? "org" : "txt";
}

/* A page has no date. */
static void read_wikis(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	for (const struct tw_json *v = answer->child; v; v = v->next) {
		const char *slug = forge_text_of(v, "slug"), *text = forge_text_of(v, "content");
		const char *format = tw_json_str(tw_json_get(v, "format"), "");
		struct forge_file *file = TW_NEW(&f->page, struct forge_file);
		if (!slug || !text)
			continue;
		file->path = tw_sprintf(&f->page, "%s.%s", slug, suffix_of(format));
		file->web = tw_sprintf(&f->page, "%s/%s", t->arg ? t->arg : "",
				       forge_encode(slug, "/", &f->page));
		file->repo = t->repo;
		const char *title = tw_json_str(tw_json_get(v, "title"), "");
		const char *all = tw_sprintf(&f->page, "%s\n%s", title, text);
		const struct forge_item it = {
			.key = tw_sprintf(&f->page, "%s/wiki/%s", t->repo, slug),
			.stamp = tw_sprintf(&f->page, "%.24s", tw_sha256(all, strlen(all)).hex),
			.fill = fill_page,
			.json = v,
			.file = file};
		forge_add(f, &it);
	}
}

static void add_snippet(struct forge *f, const struct tw_json *v, const char *name, const char *raw)
{
	struct forge_file *file = TW_NEW(&f->page, struct forge_file);
	if (!name || !rules_take_file(&f->rules, name))
		return;
	*file = (struct forge_file){.path = name,
				    .raw = raw,
				    .accept = "*/*",
				    .web = forge_text_of(v, "web_url"),
				    .created_ms = forge_date_of(v, "created_at"),
				    .changed_ms = forge_date_of(v, "updated_at")};
	const struct forge_item it = {
		.key = tw_sprintf(&f->page, "snippet/%lld/%s",
				  (long long)tw_json_int(tw_json_get(v, "id"), 0), name),
		.stamp = tw_json_str(tw_json_get(v, "updated_at"), ""),
		.fill = forge_fill_file,
		.file = file};
	forge_add(f, &it);
}

/* The branch of a snippet's own repository stands in the address of its page, ".../raw/main/name". */
static void add_snippet_file(struct forge *f, const struct tw_json *v, const struct tw_json *one)
{
	const char *name = forge_text_of(one, "path"), *page = forge_text_of(one, "raw_url");
	const char *raw = page ? strstr(page, "/raw/") : NULL;
	size_t n = raw ? strcspn(raw + 5, "/") : 0;
	if (!name || !n)
		return;
	add_snippet(f, v, name,
		    tw_sprintf(&f->page, "%s/snippets/%lld/files/%.*s/%s/raw", f->root,
			       (long long)tw_json_int(tw_json_get(v, "id"), 0), (int)n, raw + 5,
			       forge_encode(name, "", &f->page)));
}

static void read_snippets(struct forge *f, const struct forge_task *t TW_UNUSED,
			  const struct tw_json *answer)
{
	for (const struct tw_json *v = answer->child; v; v = v->next) {
		const struct tw_json *files = tw_json_get(v, "files");
		if (!forge_is_own(f, v) || forge_is_old(f, v) || !is_open(f, v))
			continue;
		for (const struct tw_json *one = files ? files->child : NULL; one; one = one->next)
			add_snippet_file(f, v, one);
		if (!files || !files->n) /* GitLab before 13.0 */
			add_snippet(f, v, forge_text_of(v, "file_name"),
				    tw_sprintf(&f->page, "%s/snippets/%lld/raw", f->root,
					       (long long)tw_json_int(tw_json_get(v, "id"), 0)));
	}
}

/* --- projects --- */

/* What a project has turned off answers with an error. */
static bool has(const struct tw_json *p, const char *level, const char *enabled)
{
	const char *s = forge_text_of(p, level);
	return s ? strcmp(s, "disabled") != 0 : tw_json_bool(tw_json_get(p, enabled), true);
}

static void ask_tree(struct forge *f, const struct tw_json *p, const char *at, char *name)
{
	const char *branch = forge_text_of(p, "default_branch");
	const char *license = forge_text_of(tw_json_get(p, "license"), "key");
	if (!branch || tw_json_bool(tw_json_get(p, "empty_repo"), false))
		return;
	branch = forge_encode(branch, "", &f->page);
	const char *web = tw_sprintf(&f->page, "%s/-/blob/%s",
				     tw_json_str(tw_json_get(p, "web_url"), ""), branch);
	const char *arg = forge_tree_arg(f, branch, web, forge_code_license(f, license));
	if (!arg)
		return;
	struct forge_task like = {.repo = name};
	like.arg = tw_sprintf(&f->page, "%.*s,\"project\":\"%s\"}", (int)strlen(arg) - 1, arg, at);
	forge_ask(f, &tree, &like,
		  "%s/repository/tree?recursive=true&ref=%s&pagination=keyset&" PAGE, at, branch);
}

static void ask_list(struct forge *f, const struct forge_kind *kind, const char *at, char *name)
{
	struct forge_task like = {.repo = name,
				  .arg = tw_sprintf(&f->page, "%s/%s", at, kind->name)};
	const char *since = f->since_ms ? tw_sprintf(&f->page, "&updated_after=%s",
						     tw_format_time(&f->page, f->since_ms))
					: "";
	/* Notes of the user stand on others' issues, too. */
	const char *by = forge_wants(f, "notes") ? ""
						 : tw_sprintf(&f->page, "&author_username=%s",
							      forge_encode(f->user, "", &f->page));
	if (forge_wants(f, kind->name) || forge_wants(f, "notes"))
		forge_ask(f, kind, &like, "%s?scope=all&" IN_ORDER "%s%s", like.arg, by, since);
}

static void take_project(struct forge *f, const struct tw_json *p)
{
	const char *path = forge_text_of(p, "path_with_namespace");
	const struct tw_json *space = tw_json_get(p, "namespace");
	long long id = (long long)tw_json_int(tw_json_get(p, "id"), 0);
	if (!path || !id)
		return;
	char *name = tw_strdup(&f->page, path);
	const char *at = tw_sprintf(&f->page, "/projects/%lld", id);
	/* Only to a token a project says that it is a fork. */
	bool may_be_fork = !f->authorization && !f->repositories.n;
	if (!may_be_fork && tw_streq(forge_text_of(space, "kind"), "user") &&
	    forge_is_user(f, forge_text_of(space, "path"))) {
		struct forge_task like = {
			.repo = name,
			.arg = tw_sprintf(&f->page, "%s/-/wikis",
					  tw_json_str(tw_json_get(p, "web_url"), ""))};
		ask_tree(f, p, at, name);
		if (forge_wants(f, "wikis") && has(p, "wiki_access_level", "wiki_enabled"))
			forge_ask(f, &wikis, &like, "%s/wikis?with_content=1", at);
	}
	if (has(p, "issues_access_level", "issues_enabled"))
		ask_list(f, &issues, at, name);
	if (has(p, "merge_requests_access_level", "merge_requests_enabled"))
		ask_list(f, &merge_requests, at, name);
}

static void read_project(struct forge *f, const struct forge_task *t TW_UNUSED,
			 const struct tw_json *answer)
{
	take_project(f, answer);
}

/* Only a project's own answer names its licence. */
static void read_projects(struct forge *f, const struct forge_task *t TW_UNUSED,
			  const struct tw_json *answer)
{
	for (const struct tw_json *p = answer->child; p; p = p->next) {
		const struct tw_json *from = tw_json_get(p, "forked_from_project");
		if ((from && from->type == TW_JSON_OBJECT) || !is_open(f, p))
			continue;
		if (f->code.n)
			forge_ask(f, &project, NULL, "/projects/%lld?license=true",
				  (long long)tw_json_int(tw_json_get(p, "id"), 0));
		else
			take_project(f, p);
	}
}

/* --- the source --- */

/* Its list is that of the token's owner. */
static void read_me(struct forge *f, const struct forge_task *t TW_UNUSED,
		    const struct tw_json *answer)
{
	if (forge_is_user(f, forge_text_of(answer, "username")))
		forge_ask(f, &snippets, NULL, "/snippets?" PAGE);
	else
		forge_not_whole(f, "the token is somebody else's, so snippets are not read");
}

static const struct forge_kind me = {"user", read_me, "username"};
static const struct forge_kind projects = {"projects", read_projects, NULL};
static const struct forge_kind project = {"project", read_project, "path_with_namespace"};
static const struct forge_kind issues = {"issues", read_issues, NULL};
static const struct forge_kind merge_requests = {"merge_requests", read_merge_requests, NULL};
static const struct forge_kind notes = {"notes", read_notes, NULL};
static const struct forge_kind tree = {"tree", read_tree, NULL};
static const struct forge_kind wikis = {"wikis", read_wikis, NULL};
static const struct forge_kind snippets = {"snippets", read_snippets, NULL};

static const struct forge_kind *const kinds[] = {
	&projects, &project, &issues, &merge_requests, &notes, &tree, &wikis, &snippets, &me, NULL};

static void begin(struct forge *f)
{
	static const char *const in_projects[] = {"readme", "docs",  "issues", "merge_requests",
						  "notes",  "wikis", NULL};
	bool projects_too = forge_wants_any(f, in_projects);
	for (size_t i = 0; projects_too && i < f->repositories.n; i++)
		forge_ask(f, &project, NULL, "/projects/%s?license=true",
			  forge_encode(f->repositories.at[i], "", &f->page));
	if (projects_too && !f->repositories.n)
		forge_ask(f, &projects, NULL, "/users/%s/projects?order_by=id&sort=asc&" PAGE,
			  forge_encode(f->user, "", &f->page));
	if (forge_wants(f, "snippets") && f->authorization)
		forge_ask(f, &me, NULL, "/user");
}

const struct forge_service forge_gitlab = {
	.name = "gitlab",
	.api = "/api/v4",
	.headers = "Accept: application/json",
	.person = "author",
	.login = "username",
	.text = "description",
	.kinds = kinds,
	.words = all_kinds,
	.begin = begin,
};

static enum tw_status gitlab_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	return forge_open(ctx, &forge_gitlab, gitlab_opts, host, err);
}

const struct tw_source_type tw_source_gitlab = {
	.name = "gitlab",
	.help = "what a user of GitLab wrote: projects, issues, merge requests, notes, wikis, snippets",
	.opts = gitlab_opts,
	.ctx_size = sizeof(struct forge),
	.complete = true,
	.whole = forge_whole,
	.open = gitlab_open,
	.next = forge_next,
	.close = forge_close,
	.hosts = forge_hosts,
};
