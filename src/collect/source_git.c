/*
 * A git repository, local or remote: the files of one commit, with the dates
 * of the commits that touched them. Nothing is checked out.
 */
#include "collect/collect.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/vec.h"
#include "collect/file/files_int.h"
#include "collect/git/git_int.h"
#include "collect/notes/notes_int.h"

struct entry {
	char *rel; /* heap, below subdir */
	char blob[GIT_ID_LEN + 1];
};

struct git {
	/* options */
	const char *url, *branch, *subdir;
	struct tw_strings author;
	struct file_rules rules;
	bool allow_private;
	/* state */
	const struct tw_source_host *host;
	struct tw_http *own_http; /* with this source's allow_private; NULL: the host's has it */
	struct reports reports;
	TW_VEC(struct entry) files;
	size_t at;
	const char *prefix;
	char head[GIT_ID_LEN + 1];
	const char *tag;
	struct vault vault; /* that it is, or a folder in it */
	struct git_repo *repo;
	struct history *history; /* NULL in a shallow clone */
	bool left_out;		 /* a file was, which the next pass shall try again */
	struct tw_arena arena;
};

static const struct tw_opt git_opts[] = {
	{"url", TW_OPT_PATH, offsetof(struct git, url), .flags = TW_OPT_REQUIRED,
	 .help = "folder of a repository, bare or not, or its http(s) or ssh URL"},
	{"branch", TW_OPT_STRING, offsetof(struct git, branch),
	 .help = "branch, tag or commit to read (default: HEAD)"},
	{"subdir", TW_OPT_STRING, offsetof(struct git, subdir),
	 .help = "folder within the repository to read"},
	FILE_RULE_OPTS(struct git, rules),
	{"author", TW_OPT_LIST, offsetof(struct git, author),
	 .help = "names or e-mails: only files that one of them committed to"},
	{"allow_private", TW_OPT_BOOL, offsetof(struct git, allow_private), .def = "false",
	 .help = "the host may be in a private network", .flags = TW_OPT_NOT_IDENTITY},
	{0},
};

static bool take_file(void *ctx, const char *rel)
{
	const struct git *g = ctx;
	return rules_take_file(&g->rules, rel);
}

static bool take_folder(void *ctx, const char *rel)
{
	struct git *g = ctx;
	vault_see(&g->vault, rel, NULL, &g->arena);
	return rules_enter_folder(&g->rules, rel) || vault_keeps_settings(rel);
}

static enum tw_status see_file(struct git *g, const char *path, const char *blob,
			       struct tw_err *err)
{
	struct tw_bytes text = {0};
	enum tw_status st = TW_OK;
	if (vault_wants(path))
		st = git_blob_read(&text, g->repo, blob, &g->arena, err);
	vault_see(&g->vault, path, text.data ? &text : NULL, &g->arena);
	return st;
}

static enum tw_status on_file(void *ctx, const char *path, const char *blob, struct tw_err *err)
{
	struct git *g = ctx;
	struct entry e;
	enum tw_status st = see_file(g, path, blob, err);
	if (st != TW_OK || !rules_take_file(&g->rules, path))
		return st;
	e.rel = tw_xstrdup(path);
	snprintf(e.blob, sizeof(e.blob), "%s", blob);
	tw_vec_push(&g->files, e);
	return TW_OK;
}

/* "notes/", "" for the root. */
static const char *prefix_of(const char *subdir, struct tw_arena *a)
{
	const char *s = subdir ? subdir : "";
	s += strspn(s, "/");
	size_t n = strlen(s);
	while (n && s[n - 1] == '/')
		n--;
	return n ? tw_sprintf(a, "%.*s/", (int)n, s) : "";
}

static enum tw_status sync_remote(const char **path, struct git *g, struct tw_err *err)
{
	struct tw_http *http = g->host->http;
	if (!http)
		return tw_fail(err, TW_NETWORK, "%s: no network is to be used", g->url);
	struct tw_http_policy policy = tw_http_policy_of(http);
	if (policy.allow_private != g->allow_private) {
		policy.allow_private = g->allow_private;
		enum tw_status st = tw_http_new(&g->own_http, &policy, err);
		if (st != TW_OK)
			return st;
		http = g->own_http;
	}
	return git_remote_sync(path, g->url, http, &g->arena, err);
}

static enum tw_status open_history(struct git *g, struct tw_err *err)
{
	struct history_want want = {.repo = g->repo,
				    .head = g->head,
				    .prefix = g->prefix,
				    .authors = &g->author,
				    .take = take_file,
				    .ctx = g,
				    .rules = g->tag};
	if (!git_repo_is_shallow(g->repo))
		return history_open(&g->history, &want, g->host, err);
	if (g->author.n)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s is a shallow clone, which knows no authors; `git fetch "
			       "--unshallow` there, or leave `author` out",
			       g->url);
	report(&g->reports,
	       "%s is a shallow clone: its files get no dates; `git fetch --unshallow`", g->url);
	return TW_OK;
}

static enum tw_status open_repo(struct git *g, struct tw_err *err)
{
	const char *path = tw_starts_with(g->url, "file://") ? g->url + 7 : g->url;
	enum tw_status st = TW_OK;
	if (git_url_is_remote(g->url))
		st = sync_remote(&path, g, err);
	if (st == TW_OK)
		st = git_repo_open(&g->repo, path, false, err);
	if (st == TW_OK)
		st = git_repo_head(g->head, g->repo, g->branch, err);
	if (st == TW_OK)
		st = git_repo_list(g->repo, g->head, g->prefix, take_folder, on_file, g, err);
	g->tag = tw_sprintf(&g->arena, "%s%s", g->tag, vault_tag(&g->vault, &g->arena));
	return st == TW_OK ? open_history(g, err) : st;
}

static void git_close(void *ctx);

static enum tw_status git_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	struct git *g = ctx;
	g->host = host;
	tw_arena_init(&g->arena);
	g->tag = tw_source_tag(g, git_opts, FILE_PARSER_VERSION, &g->arena);
	g->prefix = prefix_of(g->subdir, &g->arena);
	g->vault.root = "";
	enum tw_status st = open_repo(g, err);
	if (st != TW_OK)
		git_close(g);
	return st;
}

static void git_close(void *ctx)
{
	struct git *g = ctx;
	reports_end(&g->reports, g->url);
	for (size_t i = 0; i < g->files.n; i++)
		free(g->files.at[i].rel);
	tw_vec_release(&g->files);
	history_free(g->history);
	git_repo_free(g->repo);
	tw_http_free(g->own_http);
	tw_arena_release(&g->arena);
}

static enum tw_status read_entry(struct tw_document *doc, struct git *g, const struct entry *e,
				 const struct file_dates *f, struct tw_arena *a, struct tw_err *err)
{
	struct file_input in = {
		.rel = e->rel, .author = f ? f->author : NULL, .report = &g->reports};
	int64_t size = 0;
	in.vault = &g->vault;
	in.label = tw_sprintf(a, "%s: %s%s", g->url, g->prefix, e->rel);
	enum tw_status st = git_blob_size(&size, g->repo, e->blob, err);
	if (st == TW_OK && size > g->rules.max_size)
		return tw_fail(err, TW_SKIPPED, "%s: %s are more than max_size (%s)", in.label,
			       tw_human_size(a, size), tw_human_size(a, g->rules.max_size));
	if (st == TW_OK && (st = tw_source_enter(g->host, doc->key, err)) != TW_OK)
		g->left_out = true;
	if (st == TW_OK)
		st = git_blob_read(&in.data, g->repo, e->blob, a, err);
	if (st != TW_OK)
		return TW_SKIPPED;
	st = parse_file(doc, &in, a, err);
	if (st == TW_OK && f && !doc->created_ms)
		doc->created_ms = f->first_ms;
	if (st == TW_OK && f && !doc->modified_ms)
		doc->modified_ms = f->last_ms;
	return st;
}

/* The same head and rules as in the last whole pass: the stored fingerprint still holds. */
static bool same_as_before(struct tw_document *doc, const struct git *g, struct tw_arena *a)
{
	const char *known = g->host->known(g->host->host, doc->key);
	if (!known || !g->history || !history_unchanged(g->history))
		return false;
	doc->fingerprint = tw_strdup(a, known);
	doc->unchanged = true;
	return true;
}

static enum tw_status git_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
			       struct tw_err *err)
{
	struct git *g = ctx;
	while (g->at < g->files.n) {
		const struct entry *e = &g->files.at[g->at++];
		if (vault_leaves_out(&g->vault, e->rel))
			continue;
		doc->key = key_from_path(e->rel, a);
		if (same_as_before(doc, g, a))
			return TW_OK;
		const struct file_dates *f = g->history ? history_find(g->history, doc->key) : NULL;
		if (g->author.n && !(f && f->by_author))
			continue;
		doc->fingerprint = tw_sprintf(a, "%s:%s:%s", g->tag, e->blob, f ? f->last : "");
		doc->unchanged =
			tw_streq(g->host->known(g->host->host, doc->key), doc->fingerprint);
		return doc->unchanged ? TW_OK : read_entry(doc, g, e, f, a, err);
	}
	if (g->history && !g->left_out)
		history_store(g->history);
	return TW_DONE;
}

static void git_hosts(const void *ctx, struct tw_str *out)
{
	const struct git *g = ctx;
	git_url_host(out, g->url);
}

static void git_needs(const void *ctx, struct tw_source_needs *out)
{
	const struct git *g = ctx;
	const char *path = tw_starts_with(g->url, "file://") ? g->url + 7 : g->url;
	file_needs(out, &g->rules, NULL);
	if (git_url_is_remote(g->url)) {
		git_remote_needs(out, g->url);
		return;
	}
	tw_str_addf(&out->read, "%s\n", path);
	git_repo_places(&out->read, path);
}

const struct tw_source_type tw_source_git = {
	.name = "git",
	.help = "the text files of a git repository, local or remote",
	.opts = git_opts,
	.ctx_size = sizeof(struct git),
	.complete = true,
	.open = git_open,
	.next = git_next,
	.close = git_close,
	.hosts = git_hosts,
	.needs = git_needs,
};
