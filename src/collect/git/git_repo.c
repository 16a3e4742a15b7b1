/* Opening a repository, its tree, its blobs. */
#include "collect/git/git_lib_int.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/str.h"

static void init_libgit2(void)
{
	static const git_config_level_t levels[] = {GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_XDG,
						    GIT_CONFIG_LEVEL_SYSTEM,
						    GIT_CONFIG_LEVEL_PROGRAMDATA};
	git_libgit2_init();
	/* The user's own settings mean nothing here, and the sandbox does not show them. */
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	/* Packs are mapped in pieces, however large they are: address space has a limit, too. */
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)32 << 20);
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)1 << 30);
	/* Nothing of a repository is ever run here, so one of another user's is as good as one's own. */
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

void git_lib_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_libgit2);
}

enum tw_status git_lib_fail(struct tw_err *err, enum tw_status code, const char *what,
			    const char *where)
{
	const git_error *e = git_error_last();
	return tw_fail(err, code, "%s %s: %s", what, where,
		       e && e->message ? e->message : "git says no more");
}

enum tw_status git_repo_open(struct git_repo **out, const char *path, bool search,
			     struct tw_err *err)
{
	git_repository *g = NULL;
	git_lib_init();
	int flags = search ? 0 : GIT_REPOSITORY_OPEN_NO_SEARCH;
	int rc = git_repository_open_ext(&g, path, (unsigned)flags, NULL);
	if (rc == GIT_ENOTFOUND)
		return tw_fail(err, TW_NOT_FOUND, "%s: no git repository is there", path);
	if (rc < 0)
		return git_lib_fail(err, TW_IO, "opening", path);
	struct git_repo *r = tw_xcalloc(1, sizeof(*r));
	tw_arena_init(&r->arena);
	r->g = g;
	r->path = tw_strdup(&r->arena, path);
	*out = r;
	return TW_OK;
}

void git_repo_free(struct git_repo *r)
{
	if (!r)
		return;
	git_repository_free(r->g);
	tw_arena_release(&r->arena);
	free(r);
}

/* The first line of a file that names a folder, whole; NULL when there is none. */
static const char *named_folder(const char *dir, const char *file, struct tw_arena *a)
{
	struct tw_str text = TW_STR_INIT;
	const char *found = NULL;
	if (tw_read_file(&text, tw_path_join(a, dir, file), 1 << 16, NULL) == TW_OK)
		found = tw_path_join(
			a, dir, tw_strndup(a, tw_str_c(&text), strcspn(tw_str_c(&text), "\n")));
	tw_str_release(&text);
	return found;
}

/* From `path` upwards: where a work tree begins, and what it ignores. */
static void add_work_tree(struct tw_str *out, const char *path, struct tw_arena *a)
{
	char *real = realpath(path, NULL);
	for (const char *dir = tw_strdup(a, real); dir; dir = tw_path_dir(a, dir)) {
		const char *git = tw_path_join(a, dir, ".git");
		tw_str_addf(out, "%s\n%s/.gitignore\n", git, dir);
		if (tw_exists(git) || !dir[1])
			break;
	}
	free(real);
}

void git_repo_places(struct tw_str *out, const char *path)
{
	git_buf found = {0};
	struct tw_arena a;
	tw_arena_init(&a);
	git_lib_init();
	if (git_repository_discover(&found, path, 0, NULL) == 0) {
		/* A work tree beside others has its objects elsewhere, and a clone may have those of another. */
		const char *common = named_folder(found.ptr, "commondir", &a);
		const char *objects = tw_path_join(&a, common ? common : found.ptr, "objects");
		const char *other = named_folder(objects, "info/alternates", &a);
		tw_str_addf(out, "%s\n%s\n%s\n", found.ptr, common ? common : "",
			    other ? other : "");
		add_work_tree(out, path, &a);
	}
	git_buf_dispose(&found);
	tw_arena_release(&a);
}

const char *git_repo_prefix(const struct git_repo *r, const char *path, struct tw_arena *a)
{
	const char *work = git_repository_workdir(r->g);
	char *real = realpath(path, NULL), *real_work = work ? realpath(work, NULL) : NULL;
	const char *prefix = NULL;
	size_t n = real_work ? strlen(real_work) : 0;
	int ignored = 0;
	if (real && real_work && strncmp(real, real_work, n) == 0 && (!real[n] || real[n] == '/')) {
		prefix = real[n] ? tw_sprintf(a, "%s/", real + n + 1) : "";
		if (*prefix && git_ignore_path_is_ignored(&ignored, r->g, prefix) == 0 && ignored)
			prefix = NULL;
	}
	free(real);
	free(real_work);
	return prefix;
}

/* A branch or a tag by name, a commit by its id or the beginning of it; no expressions such as "HEAD~2". */
static int find_commit(git_object **commit, git_repository *g, const char *branch)
{
	git_reference *ref = NULL;
	git_object *o = NULL;
	git_oid id;
	size_t n = branch ? strlen(branch) : 0;
	int rc = n ? git_reference_dwim(&ref, g, branch) : git_repository_head(&ref, g);
	if (rc == 0)
		rc = git_reference_peel(commit, ref, GIT_OBJECT_COMMIT);
	else if (n >= 7 && n <= GIT_ID_LEN && git_oid_fromstrn(&id, branch, n) == 0 &&
		 git_object_lookup_prefix(&o, g, &id, n, GIT_OBJECT_ANY) == 0)
		rc = git_object_peel(commit, o, GIT_OBJECT_COMMIT);
	git_object_free(o);
	git_reference_free(ref);
	return rc;
}

enum tw_status git_repo_head(char head[GIT_ID_LEN + 1], const struct git_repo *r,
			     const char *branch, struct tw_err *err)
{
	git_object *commit = NULL;
	if (find_commit(&commit, r->g, branch) < 0)
		return branch && *branch
			       ? tw_fail(err, TW_NOT_FOUND,
					 "%s: no branch, tag or commit \"%s\" in it", r->path,
					 branch)
			       : tw_fail(err, TW_NOT_FOUND, "%s: no commit in it yet", r->path);
	git_oid_tostr(head, GIT_ID_LEN + 1, git_object_id(commit));
	git_object_free(commit);
	return TW_OK;
}

bool git_repo_is_shallow(const struct git_repo *r)
{
	return git_repository_is_shallow(r->g) == 1;
}

enum tw_status git_lib_tree(git_tree **out, const struct git_repo *r, const git_commit *commit,
			    const char *prefix, struct tw_err *err)
{
	git_tree *root = NULL;
	git_tree_entry *e = NULL;
	enum tw_status st = TW_OK;
	size_t n = strlen(prefix);
	*out = NULL;
	if (git_commit_tree(&root, commit) < 0)
		return git_lib_fail(err, TW_BAD_DATA, "reading a tree of", r->path);
	if (!n) {
		*out = root;
		return TW_OK;
	}
	char *name = tw_xstrdup(prefix);
	name[n - (name[n - 1] == '/')] = '\0';
	if (git_tree_entry_bypath(&e, root, name) < 0 || git_tree_entry_type(e) != GIT_OBJECT_TREE)
		st = TW_NOT_FOUND;
	else if (git_tree_lookup(out, r->g, git_tree_entry_id(e)) < 0)
		st = git_lib_fail(err, TW_BAD_DATA, "reading a tree of", r->path);
	git_tree_entry_free(e);
	git_tree_free(root);
	free(name);
	return st;
}

struct listing {
	const struct git_repo *r;
	git_folder_fn enter;
	git_file_fn fn;
	void *ctx;
	struct tw_str path;
	int depth;
	struct tw_err *err;
};

static enum tw_status list_tree(struct listing *l, const git_tree *t);

static enum tw_status list_folder(struct listing *l, const git_tree_entry *e)
{
	git_tree *sub = NULL;
	tw_str_addc(&l->path, '/');
	if (l->depth >= 128 || !l->enter(l->ctx, l->path.data))
		return TW_OK;
	if (git_tree_lookup(&sub, l->r->g, git_tree_entry_id(e)) < 0)
		return git_lib_fail(l->err, TW_BAD_DATA, "reading a tree of", l->r->path);
	l->depth++;
	enum tw_status st = list_tree(l, sub);
	l->depth--;
	git_tree_free(sub);
	return st;
}

static enum tw_status list_file(struct listing *l, const git_tree_entry *e)
{
	char id[GIT_ID_LEN + 1];
	git_oid_tostr(id, sizeof(id), git_tree_entry_id(e));
	return l->fn(l->ctx, l->path.data, id, l->err);
}

/* Git keeps trees sorted as if folders ended in a slash: byte order of whole paths. */
static enum tw_status list_tree(struct listing *l, const git_tree *t)
{
	enum tw_status st = TW_OK;
	size_t before = l->path.len;
	for (size_t i = 0; i < git_tree_entrycount(t) && st == TW_OK; i++) {
		const git_tree_entry *e = git_tree_entry_byindex(t, i);
		git_filemode_t mode = git_tree_entry_filemode(e);
		tw_str_adds(&l->path, git_tree_entry_name(e));
		if (mode == GIT_FILEMODE_TREE)
			st = list_folder(l, e);
		else if (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE)
			st = list_file(l, e);
		l->path.len = before;
		l->path.data[before] = '\0';
	}
	return st;
}

enum tw_status git_repo_list(const struct git_repo *r, const char *head, const char *prefix,
			     git_folder_fn enter, git_file_fn fn, void *ctx, struct tw_err *err)
{
	struct listing l = {.r = r, .enter = enter, .fn = fn, .ctx = ctx, .err = err};
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	git_oid id;
	enum tw_status st;
	if (git_oid_fromstr(&id, head) < 0 || git_commit_lookup(&commit, r->g, &id) < 0)
		return git_lib_fail(err, TW_BAD_DATA, "reading a commit of", r->path);
	st = git_lib_tree(&tree, r, commit, prefix, err);
	if (st == TW_NOT_FOUND)
		st = tw_fail(err, TW_NOT_FOUND, "%s: no folder \"%s\" in it", r->path, prefix);
	if (st == TW_OK)
		st = list_tree(&l, tree);
	tw_str_release(&l.path);
	git_tree_free(tree);
	git_commit_free(commit);
	return st;
}

enum tw_status git_blob_size(int64_t *out, const struct git_repo *r, const char *blob,
			     struct tw_err *err)
{
	git_odb *odb = NULL;
	git_object_t type;
	git_oid id;
	size_t len = 0;
	int rc = git_repository_odb(&odb, r->g);
	if (rc == 0)
		rc = git_oid_fromstr(&id, blob);
	if (rc == 0)
		rc = git_odb_read_header(&len, &type, odb, &id);
	git_odb_free(odb);
	*out = (int64_t)len;
	return rc == 0 ? TW_OK : git_lib_fail(err, TW_BAD_DATA, "reading a file of", r->path);
}

enum tw_status git_blob_read(struct tw_bytes *out, const struct git_repo *r, const char *blob,
			     struct tw_arena *a, struct tw_err *err)
{
	git_blob *b = NULL;
	git_oid id;
	if (git_oid_fromstr(&id, blob) < 0 || git_blob_lookup(&b, r->g, &id) < 0)
		return git_lib_fail(err, TW_BAD_DATA, "reading a file of", r->path);
	out->len = (size_t)git_blob_rawsize(b);
	out->data = tw_strndup(a, git_blob_rawcontent(b), out->len);
	git_blob_free(b);
	return TW_OK;
}
