/* Files of repositories, gists and snippets. */
#include "collect/forge/forge_content_int.h"

#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/json.h"
#include "collect/forge/forge_get_int.h"

static bool is_readme(const char *path)
{
	return !strchr(path, '/') && strncasecmp(path, "readme", 6) == 0;
}

static bool folders_are_taken(const struct file_rules *r, const char *path)
{
	char folder[4096];
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		if ((size_t)(p - path) >= sizeof(folder))
			return false;
		memcpy(folder, path, (size_t)(p - path));
		folder[p - path] = '\0';
		if (!rules_enter_folder(r, folder))
			return false;
	}
	return true;
}

/* As readme, docs or code. */
bool forge_takes_file(const struct forge *f, struct forge_file *file)
{
	const struct file_rules code = {f->code, f->rules.exclude, f->rules.max_size};
	if (!folders_are_taken(&f->rules, file->path))
		return false;
	if (!rules_take_file(&f->rules, file->path))
		return file->license && rules_take_file(&code, file->path);
	file->license = NULL;
	return forge_wants(f, is_readme(file->path) ? "readme" : "docs");
}

const char *forge_code_license(const struct forge *f, const char *id)
{
	if (!f->code.n || !id || !*id || strcasecmp(id, "NOASSERTION") == 0 ||
	    strcasecmp(id, "other") == 0)
		return NULL;
	for (size_t i = 0; i < f->licenses.n; i++)
		if (strcasecmp(f->licenses.at[i], id) == 0)
			return id;
	return f->licenses.n ? NULL : id;
}

const char *forge_tree_arg(struct forge *f, const char *branch, const char *web,
			   const char *license)
{
	struct tw_str arg = TW_STR_INIT;
	struct tw_json_writer w;
	if (!branch || !web || !(forge_wants(f, "readme") || forge_wants(f, "docs") || license))
		return NULL;
	tw_jw_init(&w, &arg);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "branch", branch);
	tw_jw_str(&w, "web", web);
	tw_jw_str(&w, "license", license);
	tw_jw_end(&w);
	const char *text = tw_str_dup(&arg, &f->page);
	tw_str_release(&arg);
	return text;
}

const char *forge_arg(struct forge *f, const char *member)
{
	return forge_text_of(f->task.arg ? tw_json_of(f->task.arg, &f->page) : NULL, member);
}

struct forge_file forge_tree_file(struct forge *f)
{
	return (struct forge_file){.web = forge_arg(f, "web"), .license = forge_arg(f, "license")};
}

void forge_add_file(struct forge *f, const struct forge_file *like, const char *blob)
{
	struct forge_file *file = TW_NEW(&f->page, struct forge_file);
	*file = *like;
	file->repo = f->task.repo;
	if (like->web)
		file->web = tw_sprintf(&f->page, "%s/%s", like->web,
				       forge_encode(like->path, "/", &f->page));
	const struct forge_item it = {.key = tw_sprintf(&f->page, "%s:%s", file->repo, file->path),
				      .stamp = blob,
				      .fill = forge_fill_file,
				      .file = file};
	forge_add(f, &it);
}

static int64_t committed_ms(const struct tw_json *commits, const struct forge_file *file)
{
	const struct tw_json *v = commits && commits->type == TW_JSON_ARRAY ? commits->child : NULL;
	for (int i = 0; v && i < 2 && file->committed[i]; i++)
		v = tw_json_get(v, file->committed[i]);
	return v ? forge_date_of(v, file->committed[2]) : 0;
}

static enum tw_status read_dates(struct tw_document *doc, struct forge *f,
				 const struct forge_file *file, struct tw_arena *a,
				 struct tw_err *err)
{
	const struct tw_json *commits;
	enum tw_status st = TW_OK;
	if (file->dates && !doc->modified_ms) {
		st = forge_get_json(&commits, f, file->dates, a, err);
		if (st == TW_OK)
			doc->modified_ms = committed_ms(commits, file);
	}
	return st;
}

/* Of a file of code, the path says what it is. */
static void fill_rest(struct tw_document *doc, const struct forge_file *file, struct tw_arena *a)
{
	doc->url = doc->url ? doc->url : tw_strdup(a, file->web);
	doc->created_ms = doc->created_ms ? doc->created_ms : file->created_ms;
	doc->modified_ms = doc->modified_ms ? doc->modified_ms : file->changed_ms;
	if (file->license)
		doc->title = tw_strdup(a, file->path);
	if (!doc->extra || file->license)
		doc->extra = forge_extra(NULL, file->repo, file->license, NULL, a);
}

enum tw_status forge_parse_file(struct tw_document *doc, struct forge *f,
				const struct forge_file *file, const char *bytes, size_t len,
				struct tw_arena *a, struct tw_err *err)
{
	const struct file_input in = {.rel = file->path,
				      .label = doc->key,
				      .data = {tw_strndup(a, bytes, len), len},
				      .report = &f->reports};
	if (file_is_blank(&in.data))
		return TW_OK;
	enum tw_status st = forge_check_size(f, doc->key, (int64_t)len, a, err);
	if (st == TW_OK)
		st = parse_file(doc, &in, a, err);
	if (st == TW_OK)
		fill_rest(doc, file, a);
	return st;
}

enum tw_status forge_check_size(const struct forge *f, const char *key, int64_t size,
				struct tw_arena *a, struct tw_err *err)
{
	int64_t most = f->rules.max_size;
	if (size <= most)
		return TW_OK;
	return tw_fail(err, TW_SKIPPED, "%s: %s are more than max_size (%s)", key,
		       tw_human_size(a, size), tw_human_size(a, most));
}

enum tw_status forge_fill_file(struct tw_document *doc, struct forge *f,
			       const struct forge_item *it, struct tw_arena *a, struct tw_err *err)
{
	const struct forge_file *file = it->file;
	struct tw_http_response res = {0};
	enum tw_status st = forge_check_size(f, it->key, file->size, a, err);
	if (st != TW_OK)
		return st;
	st = forge_get(&res, f, file->raw, file->accept, NULL, err);
	if (st != TW_OK)
		tw_wrap(err, st, "%s", it->key);
	else
		st = forge_parse_file(doc, f, file, tw_str_c(&res.body), res.body.len, a, err);
	tw_http_response_release(&res);
	return st == TW_OK && doc->body.len ? read_dates(doc, f, file, a, err) : st;
}
