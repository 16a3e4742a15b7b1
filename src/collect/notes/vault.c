/*
 * Which program's a folder of notes is, which of its files are no notes, and what
 * their names say. Obsidian's settings: help.obsidian.md, "Configuration folder"
 * and "Templates"; the plugin Templater keeps its own. Logseq's folders:
 * docs.logseq.com and the graphs that the program makes.
 */
#include <ctype.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "collect/notes/notes_int.h"

#define MAX_SETTINGS ((int64_t)1 << 20)

static const char obsidian_dir[] = ".obsidian/", logseq_mark[] = "logseq/config.edn";

/* Settings that name a folder of templates. */
static const struct {
	const char *file, *member;
} settings[] = {
	{".obsidian/templates.json", "folder"},
	{".obsidian/plugins/templater-obsidian/data.json", "templates_folder"},
};

static void read_settings(struct vault *v, size_t i, const struct tw_bytes *text,
			  struct tw_arena *a)
{
	struct tw_json *tree;
	if (tw_json_parse(&tree, text->data, text->len, a, NULL) != TW_OK)
		return;
	const char *folder = tw_json_str(tw_json_get(tree, settings[i].member), "");
	size_t from = strspn(folder, "/"), n = strlen(folder);
	while (n > from && folder[n - 1] == '/')
		n--;
	if (n > from)
		v->templates[i] = tw_sprintf(a, "%.*s/", (int)(n - from), folder + from);
}

void vault_find(struct vault *out, const char *folder, struct tw_arena *a)
{
	*out = (struct vault){.root = ""};
	if (tw_is_dir(tw_path_join(a, folder, obsidian_dir)))
		out->kind = VAULT_OBSIDIAN;
	else if (tw_exists(tw_path_join(a, folder, logseq_mark)))
		out->kind = VAULT_LOGSEQ;
	for (size_t i = 0; i < 2 && out->kind == VAULT_OBSIDIAN; i++) {
		struct tw_str s = TW_STR_INIT;
		if (tw_read_file(&s, tw_path_join(a, folder, settings[i].file), MAX_SETTINGS,
				 NULL) == TW_OK)
			read_settings(out, i, &(struct tw_bytes){tw_str_c(&s), s.len}, a);
		tw_str_release(&s);
	}
}

bool vault_wants(const char *name)
{
	return tw_ends_with(name, settings[0].file) || tw_ends_with(name, settings[1].file);
}

/* Where `mark` begins in the path as names of their own; NULL: nowhere. */
static const char *find_mark(const char *name, const char *mark)
{
	for (const char *p = name; (p = strstr(p, mark)); p++)
		if (p == name || p[-1] == '/')
			return p;
	return NULL;
}

void vault_see(struct vault *v, const char *name, const struct tw_bytes *text, struct tw_arena *a)
{
	const char *obsidian = find_mark(name, obsidian_dir);
	const char *logseq = obsidian ? NULL : find_mark(name, logseq_mark);
	const char *at = obsidian ? obsidian : logseq;
	if (!at || (v->kind == VAULT_OBSIDIAN && logseq))
		return;
	v->kind = obsidian ? VAULT_OBSIDIAN : VAULT_LOGSEQ;
	v->root = tw_strndup(a, name, (size_t)(at - name));
	for (size_t i = 0; i < 2 && obsidian && text; i++)
		if (strcmp(at, settings[i].file) == 0)
			read_settings(v, i, text, a);
}

bool vault_keeps_settings(const char *folder)
{
	const char *at = find_mark(folder, obsidian_dir);
	return at && !at[strlen(obsidian_dir)];
}

/* The path below the root of the vault; NULL: not below it. */
static const char *below(const struct vault *v, const char *rel)
{
	return v->kind && tw_starts_with(rel, v->root) ? rel + strlen(v->root) : NULL;
}

bool vault_leaves_out(const struct vault *v, const char *rel)
{
	const char *path = below(v, rel);
	if (!path)
		return false;
	if (v->kind == VAULT_LOGSEQ)
		return tw_starts_with(path, "logseq/");
	for (size_t i = 0; i < 2; i++)
		if (v->templates[i] && tw_starts_with(path, v->templates[i]))
			return true;
	return tw_starts_with(path, obsidian_dir) || tw_starts_with(path, ".trash/") ||
	       tw_ends_with_nocase(path, ".excalidraw.md");
}

const char *vault_tag(const struct vault *v, struct tw_arena *a)
{
	return v->kind ? tw_sprintf(a, "v%d.%d", (int)v->kind, VAULT_VERSION) : "";
}

/* --- names --- */

/* "journals/2024_05_01.md": "2024-05-01", else NULL. */
static const char *journal_date(const char *path, struct tw_arena *a)
{
	char *day = tw_sprintf(a, "%.10s", tw_path_base(path));
	if (!tw_starts_with(path, "journals/") || strlen(day) != 10)
		return NULL;
	for (int i = 0; i < 10; i++) {
		bool sign = i == 4 || i == 7;
		if (sign ? !strchr("_-", day[i]) : !isdigit((unsigned char)day[i]))
			return NULL;
		day[i] = sign ? '-' : day[i];
	}
	return day;
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

/* "a___b" and "a%2Fb" are the page "a/b" (Logseq's file name formats, triple-lowbar and legacy). */
static const char *page_name(const char *stem, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	while (*stem) {
		bool coded = *stem == '%' && isxdigit((unsigned char)stem[1]) &&
			     isxdigit((unsigned char)stem[2]);
		int c = coded ? hex(stem[1]) << 4 | hex(stem[2]) : 0;
		if (coded && c >= ' ') {
			tw_str_addc(&s, (char)c);
			stem += 3;
		} else if (tw_starts_with(stem, "___")) {
			tw_str_addc(&s, '/');
			stem += 3;
		} else {
			tw_str_addc(&s, *stem++);
		}
	}
	const char *name = tw_str_dup(&s, a);
	tw_str_release(&s);
	return tw_utf8_valid(name, strlen(name)) ? name : NULL;
}

static const char *stem_of(const char *path, struct tw_arena *a)
{
	const char *base = tw_path_base(path), *ext = tw_path_ext(path);
	size_t n = strlen(base) - strlen(ext);
	return tw_strndup(a, base, *ext ? n - 1 : n);
}

static bool begins_with_date(const char *s)
{
	return strlen(s) > 11 && strspn(s, "0123456789-") >= 10 && s[4] == '-' && s[7] == '-';
}

static bool begins_with_title(const struct tw_bytes *body)
{
	size_t i = 0;
	while (i < body->len && strchr(" \t\r\n", body->data[i]))
		i++;
	return i + 1 < body->len && body->data[i] == '#' && body->data[i + 1] == ' ';
}

/* A note is called by its file, unless it begins with a title of its own. */
static void obsidian_name(struct meta *meta, const struct tw_bytes *body, const char *path,
			  struct tw_arena *a)
{
	const char *stem = stem_of(path, a);
	if (!meta->title && !begins_with_title(body) && !begins_with_date(stem) &&
	    tw_utf8_valid(stem, strlen(stem)))
		meta->title = stem;
}

static void logseq_name(struct meta *meta, const char *path, struct tw_arena *a)
{
	const char *day = journal_date(path, a);
	int64_t ms;
	if (!meta->title)
		meta->title = day ? day : page_name(stem_of(path, a), a);
	if (day && !meta->created_ms && tw_parse_date(&ms, day))
		meta->created_ms = ms;
}

/* --- metadata --- */

/* "[[a]], #b" without these signs. */
static const char *plain_value(const char *value, struct tw_arena *a)
{
	char *s = tw_strdup(a, value), *to = s;
	for (const char *p = s; *p; p++)
		if (!(p[0] == '#' && (p == s || strchr(" ,[", p[-1]))) &&
		    !(p[0] == '[' && p[1] == '[') && !(p[0] == '[' && p > s && p[-1] == '[') &&
		    !(p[0] == ']'))
			*to++ = *p;
	*to = '\0';
	return s;
}

static void take_properties(struct meta *meta, const struct note_properties *p, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_map names = TW_MAP_INIT;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	for (size_t i = 0; i + 1 < p->n; i += 2) {
		if (!tw_map_has(&names, p->at[i]))
			tw_jw_str(&w, p->at[i], plain_value(p->at[i + 1], a));
		tw_map_set_int(&names, p->at[i], 1);
	}
	tw_jw_end(&w);
	struct meta found = {0};
	const struct tw_json *tree = tw_json_of(tw_str_c(&s), a);
	if (tree)
		meta_from_tree(&found, tree, a);
	meta->title = found.title ? found.title : meta->title;
	meta->author = found.author ? found.author : meta->author;
	meta->lang = found.lang ? found.lang : meta->lang;
	meta->url = found.url ? found.url : meta->url;
	meta->extra = found.extra ? found.extra : meta->extra;
	meta->created_ms = found.created_ms ? found.created_ms : meta->created_ms;
	meta->modified_ms = found.modified_ms ? found.modified_ms : meta->modified_ms;
	tw_map_release(&names);
	tw_str_release(&s);
}

/* The tags that the metadata has already; Obsidian's have no spaces, and may stand in one text. */
static void add_known_tags(struct note *n, const struct tw_json *extra)
{
	const struct tw_json *tags = tw_json_get(extra, "tags");
	for (const struct tw_json *t = tags ? tags->child : NULL; t; t = t->next) {
		const char *s = tw_json_str(t, "");
		if (n->kind != VAULT_OBSIDIAN)
			note_tag(n, s, strlen(s));
		while (n->kind == VAULT_OBSIDIAN && *s) {
			s += strspn(s, " \t#");
			size_t len = strcspn(s, " \t");
			note_tag(n, s, len);
			s += len;
		}
	}
}

static void write_tags(struct meta *meta, const struct tw_json *extra, const struct note *n)
{
	static const char *const tags[] = {"tags", NULL};
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	const struct tw_json *rest = tw_json_without(extra, tags, n->a);
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	if (n->tags.n)
		tw_jw_array(&w, "tags");
	for (size_t i = 0; i < n->tags.n; i++)
		tw_jw_str(&w, NULL, n->tags.at[i]);
	if (n->tags.n)
		tw_jw_end(&w);
	for (const struct tw_json *v = rest ? rest->child : NULL; v; v = v->next)
		tw_jw_value(&w, v->key, v);
	tw_jw_end(&w);
	meta->extra = s.len > 2 ? tw_str_dup(&s, n->a) : NULL;
	tw_str_release(&s);
}

void vault_markdown(struct tw_bytes *body, struct meta *meta, const struct vault *v,
		    const char *rel, struct tw_arena *a)
{
	struct note n = {.kind = v->kind, .a = a}, known = {.kind = v->kind, .a = a};
	struct note_properties page = {0};
	const char *path = below(v, rel);
	if (!path)
		return;
	if (v->kind == VAULT_OBSIDIAN)
		obsidian_note(&n, body->data, body->len);
	else
		logseq_note(&n, &page, body->data, body->len);
	*body = (struct tw_bytes){tw_str_dup(&n.out, a), n.out.len};
	take_properties(meta, &page, a);
	if (v->kind == VAULT_OBSIDIAN)
		obsidian_name(meta, body, path, a);
	else
		logseq_name(meta, path, a);
	const struct tw_json *extra = meta->extra ? tw_json_of(meta->extra, a) : NULL;
	add_known_tags(&known, extra);
	for (size_t i = 0; i < n.tags.n; i++)
		note_tag(&known, n.tags.at[i], strlen(n.tags.at[i]));
	write_tags(meta, extra, &known);
	tw_vec_release(&n.tags);
	tw_vec_release(&known.tags);
	tw_vec_release(&page);
	tw_map_release(&n.seen);
	tw_map_release(&known.seen);
	tw_str_release(&n.out);
}
