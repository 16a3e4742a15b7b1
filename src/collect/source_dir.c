/*
 * A folder of files. The walk is made at open(), so that a pass sees one state
 * of the folder; files are read one by one as the pass goes on, and only those
 * whose size or time of change differ from the last pass.
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
	char *rel; /* heap */
	int64_t size, mtime_ns;
	char *problem; /* heap; of a folder that can't be read; NULL */
};

struct dir {
	/* options */
	const char *path, *author;
	struct file_rules rules;
	/* state */
	const struct tw_source_host *host;
	struct reports reports;
	TW_VEC(struct entry) files;
	size_t at;
	bool single;	    /* `path` is one file */
	const char *tag;    /* of parser version and options: part of the fingerprints */
	struct vault vault; /* that the folder is */
	struct git_repo *repo;
	struct history *history; /* NULL: not in a git work tree */
	char head[GIT_ID_LEN + 1];
	const char *prefix;
	struct tw_arena arena;
};

static const struct tw_opt dir_opts[] = {
	{"path", TW_OPT_PATH, offsetof(struct dir, path), .flags = TW_OPT_REQUIRED,
	 .help = "folder that holds the files, or one file"},
	FILE_RULE_OPTS(struct dir, rules),
	{"author", TW_OPT_STRING, offsetof(struct dir, author),
	 .help = "author of files that name none"},
	{0},
};

static bool take_folder(void *ctx, const char *rel)
{
	const struct dir *d = ctx;
	return rules_enter_folder(&d->rules, rel) && !vault_leaves_out(&d->vault, rel);
}

static bool take_file(void *ctx, const char *rel)
{
	const struct dir *d = ctx;
	return rules_take_file(&d->rules, rel) && !vault_leaves_out(&d->vault, rel);
}

static enum tw_status on_file(void *ctx, const char *rel, const struct tw_stat *st,
			      const char *problem, struct tw_err *err TW_UNUSED)
{
	struct dir *d = ctx;
	struct entry e = {.size = st->size, .mtime_ns = st->mtime_ns};
	if (!problem && !take_file(d, rel))
		return TW_OK;
	e.rel = tw_xstrdup(rel);
	e.problem = tw_xstrdup(problem);
	tw_vec_push(&d->files, e);
	return TW_OK;
}

static enum tw_status list_files(struct dir *d, struct tw_err *err)
{
	struct tw_stat st;
	enum tw_status rc = tw_stat_path(&st, d->path, err);
	if (rc != TW_OK)
		return rc;
	if (st.is_dir)
		return tw_walk(d->path, take_folder, on_file, d, err);
	if (!st.is_file)
		return tw_fail(err, TW_BAD_USE, "%s: neither a folder nor a file", d->path);
	d->single = true;
	struct entry e = {tw_xstrdup(tw_path_base(d->path)), st.size, st.mtime_ns, NULL};
	tw_vec_push(&d->files, e);
	return TW_OK;
}

/* Not being in git, or in a damaged repository, only means other dates. */
static enum tw_status open_history(struct dir *d, struct tw_err *err)
{
	struct tw_err why = TW_ERR_INIT;
	const char *at = d->single ? tw_path_dir(&d->arena, d->path) : d->path;
	if (git_repo_open(&d->repo, at, true, &why) != TW_OK)
		return TW_OK;
	d->prefix = git_repo_prefix(d->repo, at, &d->arena);
	if (!d->prefix || git_repo_is_shallow(d->repo) ||
	    git_repo_head(d->head, d->repo, NULL, &why) != TW_OK)
		return TW_OK;
	struct history_want want = {
		.repo = d->repo, .head = d->head, .prefix = d->prefix, .take = take_file, .ctx = d};
	want.rules = tw_sprintf(&d->arena, "%s:%s", d->tag, d->prefix);
	enum tw_status st = history_open(&d->history, &want, d->host, &why);
	if (st == TW_CANCELLED)
		return tw_fail(err, st, "%s", why.msg);
	if (st != TW_OK)
		report(&d->reports, "%s; dates come from the files instead", why.msg);
	return TW_OK;
}

static void dir_close(void *ctx);

static enum tw_status dir_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	struct dir *d = ctx;
	d->host = host;
	tw_arena_init(&d->arena);
	vault_find(&d->vault, d->path, &d->arena);
	d->tag = tw_source_tag(d, dir_opts, FILE_PARSER_VERSION, &d->arena);
	d->tag = tw_sprintf(&d->arena, "%s%s", d->tag, vault_tag(&d->vault, &d->arena));
	enum tw_status st = list_files(d, err);
	if (st == TW_OK)
		st = open_history(d, err);
	if (st != TW_OK)
		dir_close(d);
	return st;
}

static void dir_close(void *ctx)
{
	struct dir *d = ctx;
	reports_end(&d->reports, d->path);
	for (size_t i = 0; i < d->files.n; i++) {
		free(d->files.at[i].rel);
		free(d->files.at[i].problem);
	}
	tw_vec_release(&d->files);
	history_free(d->history);
	git_repo_free(d->repo);
	tw_arena_release(&d->arena);
}

/*
 * "1.ab12:mtime:size", and in a work tree "@first.last" dates behind it: a
 * file that is committed gets its dates without being touched. While the head
 * is the same they can't have changed, and are not looked up.
 */
static bool is_unchanged(struct tw_document *doc, struct dir *d, const struct entry *e,
			 struct tw_arena *a)
{
	const char *known = d->host->known(d->host->host, doc->key);
	char *own =
		tw_sprintf(a, "%s:%lld:%lld", d->tag, (long long)e->mtime_ns, (long long)e->size);
	size_t n = strlen(own);
	doc->fingerprint = own;
	if (d->history && history_unchanged(d->history) && known && strncmp(known, own, n) == 0 &&
	    (!known[n] || known[n] == '@')) {
		doc->fingerprint = tw_strdup(a, known);
		return true;
	}
	const struct file_dates *f = d->history ? history_find(d->history, doc->key) : NULL;
	if (f)
		doc->fingerprint = tw_sprintf(a, "%s@%lld.%lld", own, (long long)f->first_ms,
					      (long long)f->last_ms);
	return tw_streq(known, doc->fingerprint);
}

static void fill_dates(struct tw_document *doc, struct dir *d, const struct entry *e)
{
	const struct file_dates *f = d->history ? history_find(d->history, doc->key) : NULL;
	if (f && !doc->created_ms)
		doc->created_ms = f->first_ms;
	if (f && !doc->modified_ms)
		doc->modified_ms = f->last_ms;
	/* The time of the file says least: a copy has another. So only when nothing else is known. */
	if (!doc->created_ms && !doc->modified_ms)
		doc->created_ms = doc->modified_ms = e->mtime_ns / 1000000;
}

static enum tw_status read_entry(struct tw_document *doc, struct dir *d, const struct entry *e,
				 struct tw_arena *a, struct tw_err *err)
{
	const char *path = d->single ? d->path : tw_path_join(a, d->path, e->rel);
	struct tw_str bytes = TW_STR_INIT;
	if (e->problem)
		return tw_fail(err, TW_SKIPPED, "%s: %s; what is known of it stays", path,
			       e->problem);
	if (e->size > d->rules.max_size)
		return tw_fail(err, TW_SKIPPED, "%s: %s are more than max_size (%s)", path,
			       tw_human_size(a, e->size), tw_human_size(a, d->rules.max_size));
	enum tw_status st = tw_source_enter(d->host, doc->key, err);
	if (st == TW_OK)
		st = tw_read_file(&bytes, path, d->rules.max_size, err);
	if (st == TW_OK) {
		struct file_input in = {
			.rel = e->rel, .label = path, .author = d->author, .report = &d->reports};
		in.vault = &d->vault;
		in.data = (struct tw_bytes){tw_strndup(a, tw_str_c(&bytes), bytes.len), bytes.len};
		st = parse_file(doc, &in, a, err);
	} else {
		st = TW_SKIPPED; /* gone since the listing, or not to be read */
	}
	tw_str_release(&bytes);
	if (st == TW_OK)
		fill_dates(doc, d, e);
	return st;
}

static enum tw_status dir_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
			       struct tw_err *err)
{
	struct dir *d = ctx;
	if (d->at == d->files.n) {
		if (d->history)
			history_store(d->history);
		return TW_DONE;
	}
	const struct entry *e = &d->files.at[d->at++];
	doc->key = key_from_path(e->rel, a);
	if (e->problem) {
		doc->key = tw_sprintf(a, "%s/", doc->key);
		return read_entry(doc, d, e, a, err);
	}
	doc->unchanged = is_unchanged(doc, d, e, a);
	return doc->unchanged ? TW_OK : read_entry(doc, d, e, a, err);
}

static void dir_places(const void *ctx, struct tw_str *out)
{
	tw_str_addf(out, "%s\n", ((const struct dir *)ctx)->path);
}

static bool dir_leaves_out(const void *ctx, const char *rel)
{
	return rules_leave_out(&((const struct dir *)ctx)->rules, rel);
}

/* Dates come from the repository that it lies in. */
static void dir_needs(const void *ctx, struct tw_source_needs *out)
{
	const struct dir *d = ctx;
	git_repo_places(&out->read, d->path);
	file_needs(out, &d->rules, d->path);
}

const struct tw_source_type tw_source_dir = {
	.name = "dir",
	.help = "a folder of Markdown, text, HTML, DOCX, ODT and other files",
	.opts = dir_opts,
	.ctx_size = sizeof(struct dir),
	.complete = true,
	.open = dir_open,
	.next = dir_next,
	.close = dir_close,
	.places = dir_places,
	.leaves_out = dir_leaves_out,
	.needs = dir_needs,
};
