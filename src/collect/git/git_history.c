/*
 * When files were written, from the commits that touched them. Trees are
 * compared entry by entry and equal subtrees are passed over, so a commit
 * costs what it changed.
 */
#include "collect/git/git_lib_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/str.h"
#include "base/vec.h"
#include "collect/file/files_int.h"

#define STATE_VERSION 1
#define BAR_FROM      1000

struct history {
	struct history_want want;
	const struct tw_source_host *host;
	struct tw_map files; /* key → struct file_dates in the arena */
	struct tw_arena arena;
	bool unchanged, loaded;
};

/* --- the stored form: a line a file --- */

static void load_line(struct history *h, char *line)
{
	char *field[6];
	int n = 0;
	for (char *p = line; p && n < 6; n++) {
		field[n] = p;
		p = strchr(p, '\t');
		if (p && n < 5)
			*p++ = '\0';
	}
	if (n < 6 || strlen(field[2]) != GIT_ID_LEN)
		return;
	struct file_dates *f = TW_NEW(&h->arena, struct file_dates);
	f->first_ms = strtoll(field[0], NULL, 10);
	f->last_ms = strtoll(field[1], NULL, 10);
	memcpy(f->last, field[2], GIT_ID_LEN + 1);
	f->by_author = field[3][0] == '1';
	f->author = tw_strdup(&h->arena, field[4]);
	tw_map_set(&h->files, field[5], f);
}

static void load(struct history *h)
{
	const char *text = h->host->get_state(h->host->host, "history");
	if (h->loaded)
		return;
	h->loaded = true;
	char *copy = tw_strdup(&h->arena, text ? text : "");
	for (char *line = copy; *line;) {
		char *end = strchr(line, '\n');
		if (!end)
			break;
		*end = '\0';
		load_line(h, line);
		line = end + 1;
	}
}

static char *mark_of(const struct history *h, struct tw_arena *a)
{
	return tw_sprintf(a, "%d %s %s", STATE_VERSION, h->want.head, h->want.rules);
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(const struct tw_map_slot *const *)a)->key,
		      (*(const struct tw_map_slot *const *)b)->key);
}

void history_store(struct history *h)
{
	TW_VEC(const struct tw_map_slot *) slots = {0};
	struct tw_str s = TW_STR_INIT;
	const struct tw_map_slot *slot;
	if (h->unchanged)
		return;
	for (size_t it = 0; (slot = tw_map_next(&h->files, &it));)
		tw_vec_push(&slots, slot);
	if (slots.n)
		qsort(slots.at, slots.n, sizeof(*slots.at), by_key);
	for (size_t i = 0; i < slots.n; i++) {
		const struct file_dates *f = slots.at[i]->v.p;
		tw_str_addf(&s, "%lld\t%lld\t%s\t%d\t%s\t%s\n", (long long)f->first_ms,
			    (long long)f->last_ms, f->last, f->by_author, f->author,
			    slots.at[i]->key);
	}
	h->host->set_state(h->host->host, "history", tw_str_c(&s));
	h->host->set_state(h->host->host, "head", mark_of(h, &h->arena));
	tw_vec_release(&slots);
	tw_str_release(&s);
}

/* --- comparing two trees --- */

struct change {
	char *path; /* heap, within the prefix */
	git_oid blob;
	bool added; /* it was not there before */
};

struct changes TW_VEC_BODY(struct change);

struct compare {
	const struct history *h;
	struct changes now, gone; /* written or added; removed */
	struct tw_str path;
	int depth;
};

static void end_compare(struct compare *c)
{
	for (size_t i = 0; i < c->now.n; i++)
		free(c->now.at[i].path);
	for (size_t i = 0; i < c->gone.n; i++)
		free(c->gone.at[i].path);
	tw_vec_release(&c->now);
	tw_vec_release(&c->gone);
	tw_str_release(&c->path);
}

static bool is_tree(const git_tree_entry *e)
{
	return e && git_tree_entry_filemode(e) == GIT_FILEMODE_TREE;
}

static bool is_file(const git_tree_entry *e)
{
	return e && (git_tree_entry_filemode(e) == GIT_FILEMODE_BLOB ||
		     git_tree_entry_filemode(e) == GIT_FILEMODE_BLOB_EXECUTABLE);
}

static int compare_trees(struct compare *c, const git_tree *old, const git_tree *new);

static int compare_folders(struct compare *c, const git_tree_entry *old, const git_tree_entry *new)
{
	git_repository *g = c->h->want.repo->g;
	git_tree *a = NULL, *b = NULL;
	int rc = 0;
	if (c->depth >= 128)
		return 0;
	if (is_tree(old))
		rc = git_tree_lookup(&a, g, git_tree_entry_id(old));
	if (rc == 0 && is_tree(new))
		rc = git_tree_lookup(&b, g, git_tree_entry_id(new));
	tw_str_addc(&c->path, '/');
	c->depth++;
	if (rc == 0)
		rc = compare_trees(c, a, b);
	c->depth--;
	git_tree_free(a);
	git_tree_free(b);
	return rc;
}

static void add_change(struct compare *c, const git_tree_entry *old, const git_tree_entry *new)
{
	struct change ch = {0};
	if (!c->h->want.take(c->h->want.ctx, c->path.data) || strpbrk(c->path.data, "\t\n"))
		return;
	ch.path = tw_xstrdup(c->path.data);
	ch.added = !is_file(old);
	git_oid_cpy(&ch.blob, git_tree_entry_id(is_file(new) ? new : old));
	if (is_file(new))
		tw_vec_push(&c->now, ch);
	else
		tw_vec_push(&c->gone, ch);
}

/* One name in both trees, either of them NULL. */
static int compare_entry(struct compare *c, const git_tree_entry *old, const git_tree_entry *new)
{
	if (old && new &&git_oid_equal(git_tree_entry_id(old), git_tree_entry_id(new)))
		return 0;
	size_t before = c->path.len;
	int rc = 0;
	tw_str_adds(&c->path, git_tree_entry_name(old ? old : new));
	if (is_file(old) || is_file(new))
		add_change(c, old, new);
	if (is_tree(old) || is_tree(new))
		rc = compare_folders(c, old, new);
	c->path.len = before;
	c->path.data[before] = '\0';
	return rc;
}

static int compare_trees(struct compare *c, const git_tree *old, const git_tree *new)
{
	size_t n_old = old ? git_tree_entrycount(old) : 0,
	       n_new = new ? git_tree_entrycount(new) : 0;
	size_t i = 0, j = 0;
	int rc = 0;
	while (rc == 0 && (i < n_old || j < n_new)) {
		const git_tree_entry *a = i < n_old ? git_tree_entry_byindex(old, i) : NULL;
		const git_tree_entry *b = j < n_new ? git_tree_entry_byindex(new, j) : NULL;
		int order = !a ? 1 : !b ? -1 : git_tree_entry_cmp(a, b);
		rc = compare_entry(c, order <= 0 ? a : NULL, order >= 0 ? b : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	return rc;
}

/* --- one commit --- */

static bool is_wanted_author(const struct tw_strings *authors, const git_signature *by)
{
	for (size_t i = 0; authors && by && i < authors->n; i++)
		if (strcasecmp(authors->at[i], by->name) == 0 ||
		    strcasecmp(authors->at[i], by->email) == 0)
			return true;
	return false;
}

static const char *without_tabs(const char *s, struct tw_arena *a)
{
	char *c = tw_strdup(a, s ? s : "");
	for (char *p = c; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return c;
}

/* A file that appears with the content of one that goes was moved. */
static const struct file_dates *moved_from(const struct history *h, const struct compare *c,
					   const struct change *ch)
{
	struct tw_arena a;
	const struct file_dates *from = NULL;
	tw_arena_init(&a);
	for (size_t i = 0; i < c->gone.n && !from; i++)
		if (git_oid_equal(&c->gone.at[i].blob, &ch->blob))
			from = tw_map_get(&h->files, key_from_path(c->gone.at[i].path, &a));
	tw_arena_release(&a);
	return from;
}

static void touch(struct history *h, const struct compare *c, const struct change *ch,
		  const git_commit *commit)
{
	const git_signature *by = git_commit_author(commit);
	int64_t ms = by ? (int64_t)by->when.time * 1000 : 0;
	const char *key = key_from_path(ch->path, &h->arena);
	struct file_dates *f = tw_map_get(&h->files, key);
	const struct file_dates *from = ch->added ? moved_from(h, c, ch) : NULL;
	if (!f) {
		f = TW_NEW(&h->arena, struct file_dates);
		f->first_ms = ms;
		f->author = without_tabs(by ? by->name : NULL, &h->arena);
		tw_map_set(&h->files, key, f);
	}
	if (from) {
		*f = *from;
		return;
	}
	f->first_ms = ms < f->first_ms ? ms : f->first_ms;
	f->last_ms = ms > f->last_ms ? ms : f->last_ms;
	git_oid_tostr(f->last, sizeof(f->last), git_commit_id(commit));
	f->by_author = f->by_author || is_wanted_author(h->want.authors, by);
}

/* The same file in another parent: then the merge did not touch it. */
static bool same_in_parent(const struct history *h, const git_commit *commit, unsigned n,
			   const struct change *ch)
{
	git_commit *parent = NULL;
	git_tree *tree = NULL;
	git_tree_entry *e = NULL;
	bool same = git_commit_parent(&parent, commit, n) == 0 &&
		    git_lib_tree(&tree, h->want.repo, parent, h->want.prefix, NULL) == TW_OK &&
		    git_tree_entry_bypath(&e, tree, ch->path) == 0 &&
		    git_oid_equal(git_tree_entry_id(e), &ch->blob);
	git_tree_entry_free(e);
	git_tree_free(tree);
	git_commit_free(parent);
	return same;
}

static bool touched_by_merge(const struct history *h, const git_commit *commit,
			     const struct change *ch)
{
	for (unsigned i = 1; i < git_commit_parentcount(commit); i++)
		if (same_in_parent(h, commit, i, ch))
			return false;
	return true;
}

static enum tw_status read_commit(struct history *h, const git_commit *commit, struct tw_err *err)
{
	const struct git_repo *r = h->want.repo;
	struct compare c = {.h = h};
	git_tree *old = NULL, *new = NULL;
	git_commit *parent = NULL;
	enum tw_status st = git_lib_tree(&new, r, commit, h->want.prefix, err);
	if (st == TW_NOT_FOUND) /* the folder is not there yet, or no more */
		st = TW_OK;
	if (st == TW_OK && git_commit_parentcount(commit)) {
		if (git_commit_parent(&parent, commit, 0) < 0)
			st = git_lib_fail(err, TW_BAD_DATA, "reading a commit of", r->path);
		else if (git_lib_tree(&old, r, parent, h->want.prefix, err) == TW_BAD_DATA)
			st = TW_BAD_DATA;
	}
	tw_str_adds(&c.path, "");
	if (st == TW_OK && compare_trees(&c, old, new) < 0)
		st = git_lib_fail(err, TW_BAD_DATA, "reading a tree of", r->path);
	for (size_t i = 0; st == TW_OK && i < c.now.n; i++)
		if (touched_by_merge(h, commit, &c.now.at[i]))
			touch(h, &c, &c.now.at[i], commit);
	end_compare(&c);
	git_tree_free(old);
	git_tree_free(new);
	git_commit_free(parent);
	return st;
}

/* --- all commits --- */

/* Those from `since` (exclusive, NULL: the first) to the head, parents before children. */
static enum tw_status walk(struct history *h, const git_oid *since, struct tw_err *err)
{
	git_repository *g = h->want.repo->g;
	struct tw_progress *bar = NULL; /* only for a history that takes a while */
	int64_t n = 0;
	git_revwalk *w = NULL;
	git_oid head, id;
	enum tw_status st = TW_OK;
	int rc = git_revwalk_new(&w, g);
	if (rc == 0)
		rc = git_oid_fromstr(&head, h->want.head);
	if (rc == 0)
		rc = git_revwalk_sorting(w, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
	if (rc == 0)
		rc = git_revwalk_push(w, &head);
	if (rc == 0 && since)
		rc = git_revwalk_hide(w, since);
	while (rc == 0 && st == TW_OK && (rc = git_revwalk_next(&id, w)) == 0) {
		git_commit *commit = NULL;
		rc = git_commit_lookup(&commit, g, &id);
		if (rc == 0)
			st = read_commit(h, commit, err);
		git_commit_free(commit);
		if (++n == BAR_FROM)
			bar = tw_progress_new("git history", "commits", 0);
		if (bar)
			tw_progress_set(bar, n);
		if (tw_stopping())
			st = tw_fail(err, TW_CANCELLED, "stopped");
	}
	if (st == TW_OK && rc < 0 && rc != GIT_ITEROVER)
		st = git_lib_fail(err, TW_BAD_DATA, "walking the history of", h->want.repo->path);
	git_revwalk_free(w);
	tw_progress_free(bar);
	return st;
}

/* The stored head, when its history can be continued to the present one. */
static bool can_continue(git_oid *since, const struct history *h, const char *mark)
{
	struct tw_arena a;
	git_oid head;
	char id[GIT_ID_LEN + 1];
	tw_arena_init(&a);
	const char *here = mark_of(h, &a);
	size_t at = strcspn(here, " ") + 1;
	bool ok = mark && strlen(mark) == strlen(here) && strncmp(mark, here, at) == 0 &&
		  strcmp(mark + at + GIT_ID_LEN, here + at + GIT_ID_LEN) == 0;
	tw_arena_release(&a);
	if (!ok)
		return false;
	memcpy(id, mark + at, GIT_ID_LEN);
	id[GIT_ID_LEN] = '\0';
	return git_oid_fromstr(since, id) == 0 && git_oid_fromstr(&head, h->want.head) == 0 &&
	       git_graph_descendant_of(h->want.repo->g, &head, since) == 1;
}

enum tw_status history_open(struct history **out, const struct history_want *want,
			    const struct tw_source_host *host, struct tw_err *err)
{
	struct history *h = tw_xcalloc(1, sizeof(*h));
	enum tw_status st = TW_OK;
	git_oid since;
	h->want = *want;
	h->host = host;
	tw_arena_init(&h->arena);
	const char *mark = host->get_state(host->host, "head");
	h->unchanged = tw_streq(mark, mark_of(h, &h->arena));
	if (!h->unchanged) {
		bool go_on = can_continue(&since, h, mark);
		if (go_on)
			load(h);
		h->loaded = true;
		st = walk(h, go_on ? &since : NULL, err);
	}
	if (st == TW_OK)
		*out = h;
	else
		history_free(h);
	return st;
}

bool history_unchanged(const struct history *h)
{
	return h->unchanged;
}

const struct file_dates *history_find(struct history *h, const char *key)
{
	load(h);
	return tw_map_get(&h->files, key);
}

void history_free(struct history *h)
{
	if (!h)
		return;
	tw_map_release(&h->files);
	tw_arena_release(&h->arena);
	free(h);
}
