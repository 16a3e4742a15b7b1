/*
 * Notion: a page or the whole workspace, exported as "Markdown & CSV" or as HTML
 * (notion.com/help, "Export your content"). A page is "Title 32-digits.md" or
 * ".html", its subpages stand in a folder of its name; a database is a CSV and a
 * folder of the same name with its pages, which have their properties below the
 * title. The form of the files is described nowhere; programs that import them
 * (obsidianmd/obsidian-importer) show it.
 */
#include <string.h>

#include "base/fs.h"
#include "collect/export/csv_int.h"
#include "collect/export/notion_int.h"

struct notion {
	struct tw_map columns; /* "folder\ncolumn" of each database */
};

/* The 32 digits at the end of a name without its extension; NULL: none. */
static const char *find_id(const char *stem, size_t len)
{
	if (len < NOTION_ID)
		return NULL;
	const char *id = stem + len - NOTION_ID;
	for (size_t i = 0; i < NOTION_ID; i++)
		if (!id[i] || !strchr("0123456789abcdef", id[i]))
			return NULL;
	return id == stem || strchr(" -/", id[-1]) ? id : NULL;
}

static const char *id_of(const char *name, const char *ext)
{
	return tw_ends_with(name, ext) ? find_id(name, strlen(name) - strlen(ext)) : NULL;
}

static bool is_html(const char *name, const char *head, size_t n)
{
	return id_of(name, ".html") &&
	       (export_has(head, n, ".page-title") || export_has(head, n, "\"page-title\""));
}

/* Exports that are large come as an archive of archives. */
static bool is_part(const char *name, const char *head, size_t n)
{
	const char *part = strstr(name, "-Part-");
	return part && tw_ends_with(name, ".zip") && n > 4 && memcmp(head, "PK\3\4", 4) == 0;
}

static bool is_page(const char *name, const char *head, size_t n)
{
	return (id_of(name, ".md") && n > 2 && memcmp(head, "# ", 2) == 0) ||
	       is_html(name, head, n);
}

static bool is_notion(const char *name, const char *head, size_t n)
{
	return is_page(name, head, n) || is_part(name, head, n);
}

/* "a 32-digits/b 32-digits" → "a/b": later exports name the folder of a page without its digits. */
static const char *plain_path(const char *path, size_t len, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	for (size_t at = 0; at < len;) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t n = slash ? (size_t)(slash - path) - at : len - at;
		const char *id = find_id(path + at, n);
		size_t keep = id ? (size_t)(id - path) - at : n;
		while (keep && path[at + keep - 1] == ' ')
			keep--;
		tw_str_addf(&s, "%s%.*s", at ? "/" : "", (int)keep, path + at);
		at += n + 1;
	}
	const char *plain = tw_str_dup(&s, a);
	tw_str_release(&s);
	return plain;
}

static const char *folder_of(const char *name, struct tw_arena *a)
{
	const char *base = tw_path_base(name);
	return plain_path(name, base > name ? (size_t)(base - name) - 1 : 0, a);
}

bool notion_has_column(const struct tw_map *columns, const char *folder, const char *name,
		       size_t len)
{
	struct tw_str s = TW_STR_INIT;
	tw_str_addf(&s, "%s\n%.*s", folder, (int)len, name);
	bool has = tw_map_has(columns, s.data);
	tw_str_release(&s);
	return has;
}

/* The columns of a database, but for the first, which is the title. */
static void add_database(struct notion *s, const char *name, const struct tw_bytes *head,
			 struct tw_arena *a)
{
	size_t mark = head->len > 3 && memcmp(head->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct csv csv = {.at = head->data + mark, .end = head->data + head->len};
	struct tw_strings names;
	size_t len = strlen(name) - strlen(".csv");
	if (len > 4 && memcmp(name + len - 4, "_all", 4) == 0)
		len -= 4;
	const char *folder = plain_path(name, len, a);
	if (!csv_next(&names, &csv, a) || csv.cut)
		return;
	for (size_t i = 1; i < names.n; i++)
		tw_map_set_int(&s->columns, tw_sprintf(a, "%s\n%s", folder, names.at[i]), 1);
}

static enum tw_status scan(bool *pages, struct notion *s, struct export_in *x, struct tw_arena *a,
			   struct tw_err *err)
{
	struct bundle_entry e;
	struct tw_bytes head;
	enum tw_status st;
	while ((st = bundle_next(&e, x->files, err)) == TW_OK) {
		st = bundle_peek(&head, x->files, err);
		if (st != TW_OK)
			return st;
		tw_arena_reset(a);
		*pages |= is_page(e.name, head.data, head.len);
		if (tw_ends_with(e.name, ".csv"))
			add_database(s, e.name, &head, a);
	}
	return st == TW_DONE ? TW_OK : st;
}

static void notion_close(void *state)
{
	tw_map_release(&((struct notion *)state)->columns);
}

static enum tw_status notion_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct tw_arena a;
	bool pages = false;
	tw_arena_init(&a);
	enum tw_status st = scan(&pages, state, x, &a, err);
	if (st == TW_OK && !pages)
		st = tw_fail(err, TW_BAD_DATA,
			     "this export of Notion is an archive of archives: unpack it, and "
			     "those in it, into one folder, and give this as the path");
	if (st == TW_OK)
		st = bundle_rewind(x->files, err);
	tw_arena_release(&a);
	if (st != TW_OK)
		notion_close(state);
	return st;
}

static enum tw_status read_page(struct tw_document *doc, void *state,
				const struct export_in *x TW_UNUSED, struct tw_str *text,
				struct tw_arena *a, struct tw_err *err)
{
	const struct notion *s = state;
	const char *name = doc->key;
	bool html = tw_ends_with(name, ".html");
	doc->key = tw_strndup(a, id_of(name, html ? ".html" : ".md"), NOTION_ID);
	if (html)
		return notion_html(doc, text, a, err);
	export_mend(text);
	notion_markdown(doc, text->data, text->len, folder_of(name, a), &s->columns, a);
	return TW_OK;
}

static enum tw_status notion_next(struct tw_document *doc, void *state, struct export_in *x,
				  struct tw_arena *a, struct tw_err *err)
{
	return export_next_page(doc, x, is_page, read_page, state, a, err);
}

const struct export_format export_notion = {
	.name = "Notion",
	.recognise = is_notion,
	.state_size = sizeof(struct notion),
	.open = notion_open,
	.next = notion_next,
	.close = notion_close,
};
