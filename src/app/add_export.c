#include "app/add_export.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "collect/collect.h"

struct addition {
	const char *kind, *name;
	const char *path;  /* real */
	const char *shown; /* as it is written: relative to twin.yaml where it lies below */
};

static const char *real(const char *dir, const char *path, struct tw_arena *a)
{
	char buf[PATH_MAX];
	const char *whole = tw_path_join(a, dir, tw_expand_home(a, path));
	return realpath(whole, buf) ? tw_strdup(a, buf) : whole;
}

/* "X (Twitter)" → "x": the first word. */
static const char *name_of(const char *kind, struct tw_arena *a)
{
	size_t n = 0;
	while (isalnum((unsigned char)kind[n]))
		n++;
	char *name = tw_strndup(a, kind, n);
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

static const char *path_of(const struct tw_config *c, const struct tw_config_source *s,
			   struct tw_arena *a)
{
	const char *path = tw_json_str(tw_json_get(s->node, "path"), NULL);
	return path && strcmp(s->type, "export") == 0 ? real(c->dir, path, a) : NULL;
}

/* TW_DONE: it is there. */
static enum tw_status check_sources(const struct tw_config *c, const struct addition *add,
				    struct tw_arena *a, struct tw_err *err)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (tw_streq(path_of(c, &c->sources[i], a), add->path))
			return TW_DONE;
	for (size_t i = 0; i < c->n_sources; i++) {
		const struct tw_config_source *s = &c->sources[i];
		if (strcmp(s->name, add->name) == 0)
			return tw_fail(err, TW_BAD_USE,
				       "%s: there is a source \"%s\" already. If this is a later "
				       "export of the same account, change its path:\n    path: "
				       "\"%s\"\nelse add a source with another name",
				       tw_config_place(c, s->node), s->name, add->shown);
	}
	return TW_OK;
}

static void add_lines(struct tw_str *out, const char *indent, size_t n, const struct addition *add)
{
	struct tw_str path = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &path); /* JSON's quoting is YAML's too */
	tw_jw_str(&w, NULL, add->shown);
	tw_str_addf(out, "%.*s- type: export   # %s\n%.*s  name: %s\n%.*s  path: %s\n", (int)n,
		    indent, add->kind, (int)n, indent, add->name, (int)n, indent, tw_str_c(&path));
	tw_str_release(&path);
}

/* Where the list's first entry begins, when it is written as "- …" lines; NULL otherwise. */
static const char *first_entry(const struct tw_config *c, const struct tw_str *text)
{
	const struct tw_json *list = tw_json_get(c->root, "sources");
	const char *p = tw_str_c(text);
	int line = list && list->child ? list->child->line : 0;
	if (line < 1)
		return NULL;
	while (--line > 0 && p)
		p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL;
	return p && p[strspn(p, " ")] == '-' ? p : NULL;
}

static enum tw_status edit(const struct tw_config *c, const struct addition *add,
			   struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT, edited = TW_STR_INIT;
	enum tw_status st = tw_read_file(&text, c->path, 1 << 20, err);
	const char *at = st == TW_OK ? first_entry(c, &text) : NULL;
	if (st == TW_OK && !at) {
		add_lines(&edited, "  ", 2, add);
		st = tw_fail(err, TW_BAD_USE,
			     "%s: this is an export of %s; add it to the sources yourself:\n%s",
			     c->path, add->kind, tw_str_c(&edited));
	} else if (st == TW_OK) {
		tw_str_add(&edited, text.data, (size_t)(at - text.data));
		add_lines(&edited, at, strspn(at, " "), add);
		tw_str_adds(&edited, at);
		st = tw_write_file(c->path, edited.data, edited.len, err);
	}
	tw_str_release(&text);
	tw_str_release(&edited);
	return st;
}

static enum tw_status load_again(struct tw_app *app, struct tw_err *err)
{
	tw_http_free(app->http);
	tw_config_free(app->conf);
	app->http = NULL;
	app->conf = NULL;
	return tw_app_load(app, app->dir, app->settings, err);
}

enum tw_status tw_add_export(struct tw_app *app, const char *path, struct tw_err *err)
{
	struct tw_arena *a = &app->arena;
	struct tw_str kind = TW_STR_INIT;
	struct addition add = {.path = real(".", path, a)};
	size_t n = strlen(app->conf->dir);
	bool below = tw_starts_with(add.path, app->conf->dir) && add.path[n] == '/';
	add.shown = below ? add.path + n + 1 : add.path;
	enum tw_status st = tw_export_kind(&kind, add.path, err);
	add.kind = tw_str_dup(&kind, a);
	add.name = name_of(add.kind, a);
	tw_str_release(&kind);
	if (st == TW_OK)
		st = check_sources(app->conf, &add, a, err);
	if (st == TW_DONE)
		return TW_OK;
	if (st == TW_OK)
		st = edit(app->conf, &add, err);
	if (st != TW_OK)
		return st;
	tw_info("%s: added the export of %s to the sources, as \"%s\"", app->conf->path, add.kind,
		add.name);
	return load_again(app, err);
}
