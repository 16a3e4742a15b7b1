/* Of GitHub: the files of repositories, and gists. */
#include "collect/forge/github_int.h"

#include <string.h>

#include "base/json.h"

static void add_file(struct forge *f, struct forge_file file, const char *repo, const char *branch,
		     const struct tw_json *v)
{
	const char *path = forge_text_of(v, "path"), *sha = forge_text_of(v, "sha");
	const char *mode = tw_json_str(tw_json_get(v, "mode"), "");
	file.path = path;
	if (!path || !sha || !tw_starts_with(mode, "100") || /* 120000 is a link */
	    !forge_takes_file(f, &file))
		return;
	file.raw = tw_sprintf(&f->page, "%s/repos/%s/git/blobs/%s", f->root, repo, sha);
	file.dates = tw_sprintf(&f->page, "%s/repos/%s/commits?sha=%s&path=%s&per_page=1", f->root,
				repo, branch, forge_encode(path, "/", &f->page));
	file.size = tw_json_int(tw_json_get(v, "size"), 0);
	forge_add_file(f, &file, sha);
}

static void read_tree(struct forge *f, const struct forge_task *t, const struct tw_json *answer)
{
	const struct tw_json *list = tw_json_get(answer, "tree");
	const char *repo = forge_encode(t->repo, "/", &f->page), *branch = forge_arg(f, "branch");
	struct forge_file like = forge_tree_file(f);
	like.accept = "application/vnd.github.raw+json";
	memcpy(like.committed, (const char *[]){"commit", "committer", "date"},
	       sizeof(like.committed));
	for (const struct tw_json *v = list ? list->child : NULL; v; v = v->next)
		add_file(f, like, repo, branch ? branch : "", v);
	if (tw_json_bool(tw_json_get(answer, "truncated"), false))
		forge_not_whole(f, "the list of its files is too long; `type: git` reads them all");
}

/* --- gists --- */

static enum tw_status fill_gist(struct tw_document *doc, struct forge *f,
				const struct forge_item *it, struct tw_arena *a, struct tw_err *err)
{
	const char *id = forge_text_of(it->list, "id"), *name = it->file->path;
	enum tw_status st = forge_check_size(f, it->key, it->file->size, a, err);
	if (st == TW_OK)
		st = forge_read_thread(f, tw_sprintf(a, "%s/gists/%s", f->root, id), NULL, err);
	if (st != TW_OK)
		return st;
	if (!f->opener)
		return tw_fail(err, TW_SKIPPED, "%s: GitHub does not give it", it->key);
	const struct tw_json *fork = tw_json_get(f->opener, "fork_of");
	const struct tw_json *file = tw_json_get(tw_json_get(f->opener, "files"), name);
	const char *text = forge_text_of(file, "content");
	if (!text || (fork && fork->type == TW_JSON_OBJECT)) /* somebody else's */
		return TW_OK;
	if (tw_json_bool(tw_json_get(file, "truncated"), false))
		return tw_fail(err, TW_SKIPPED, "%s: GitHub gives only its beginning", it->key);
	return forge_parse_file(doc, f, it->file, text, strlen(text), a, err);
}

static void add_gist_file(struct forge *f, const struct tw_json *gist, const struct tw_json *v)
{
	const char *id = forge_text_of(gist, "id"), *name = v->key;
	if (!id || !name || !rules_take_file(&f->rules, name))
		return;
	struct forge_file *file = TW_NEW(&f->page, struct forge_file);
	*file = (struct forge_file){.path = name,
				    .web = forge_text_of(gist, "html_url"),
				    .created_ms = forge_date_of(gist, "created_at"),
				    .changed_ms = forge_date_of(gist, "updated_at"),
				    .size = tw_json_int(tw_json_get(v, "size"), 0)};
	forge_add(f, &(struct forge_item){.key = tw_sprintf(&f->page, "gist/%s/%s", id, name),
					  .stamp = tw_json_str(tw_json_get(gist, "updated_at"), ""),
					  .fill = fill_gist,
					  .json = v,
					  .list = gist,
					  .file = file});
}

static void read_gists(struct forge *f, const struct forge_task *t TW_UNUSED,
		       const struct tw_json *answer)
{
	for (const struct tw_json *g = answer->child; g; g = g->next) {
		const struct tw_json *files = tw_json_get(g, "files");
		const struct tw_json *owner = tw_json_get(g, "owner");
		bool open = tw_json_bool(tw_json_get(g, "public"), false);
		if (!forge_is_user(f, forge_text_of(owner, "login")) || forge_is_old(f, g) ||
		    (!open && !f->private_too))
			continue;
		for (const struct tw_json *v = files ? files->child : NULL; v; v = v->next)
			add_gist_file(f, g, v);
	}
}

const struct forge_kind github_tree = {"tree", read_tree, "tree"};
const struct forge_kind github_gists = {"gists", read_gists, NULL};
