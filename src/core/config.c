#include "core/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "core/inbox.h"

static const char *const sections[] = {"twin",	   "sources",  "models",     "features",
				       "training", "tracking", "evaluation", "retrieval",
				       "answer",   "serve",    NULL};

static enum tw_status find_file(struct tw_config *c, const char *dir, struct tw_err *err)
{
	char start[4096];
	if (!realpath(dir ? dir : ".", start))
		return tw_fail_errno(err, TW_NOT_FOUND, "%s", dir ? dir : ".");
	for (char *d = tw_strdup(&c->arena, start);; d = tw_path_dir(&c->arena, d)) {
		const char *path = tw_path_join(&c->arena, d, "twin.yaml");
		if (tw_exists(path)) {
			c->dir = d;
			c->path = path;
			c->state = tw_path_join(&c->arena, d, ".twin");
			return TW_OK;
		}
		if (strcmp(d, "/") == 0)
			break;
	}
	return tw_fail(err, TW_NOT_FOUND,
		       "no twin.yaml in %s or above it; make one with `twin init`", start);
}

static enum tw_status check_sections(const struct tw_config *c, struct tw_err *err)
{
	if (c->root->type != TW_JSON_OBJECT)
		return tw_fail(err, TW_BAD_USE, "%s: must be a map of sections", c->path);
	for (const struct tw_json *v = c->root->child; v; v = v->next) {
		const char *const *s = sections;
		while (*s && strcmp(*s, v->key) != 0)
			s++;
		if (*s)
			continue;
		return tw_wrap(err, tw_unknown(err, "section", v->key, sections), "%s",
			       tw_config_place(c, v));
	}
	return TW_OK;
}

static bool name_taken(const struct tw_config_source *s, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s[i].name, name) == 0)
			return true;
	return false;
}

/* Without user and password: a name is shown and stored, and stays when a password changes. */
static const char *without_login(struct tw_arena *a, const char *url)
{
	const char *host = strstr(url, "://");
	if (!host)
		return url;
	host += 3;
	size_t n = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', n);
	return at ? tw_sprintf(a, "%.*s%s", (int)(host - url), url, at + 1) : url;
}

/* Of the source's own settings alone: a document's identity must not hang on the order of the list. */
static const char *default_name(struct tw_arena *a, const char *type, const struct tw_json *v)
{
	static const char *const places[] = {"path", "url", "user", NULL};
	for (const char *const *p = places; *p; p++) {
		const struct tw_json *place = tw_json_get(v, *p);
		if (place && place->s && place->len)
			return tw_sprintf(a, "%s:%s", type, without_login(a, place->s));
	}
	return type;
}

static enum tw_status read_source(struct tw_config *c, struct tw_config_source *all, size_t n,
				  const struct tw_json *v, struct tw_err *err)
{
	const char *type = tw_json_str(tw_json_get(v, "type"), NULL);
	const struct tw_json *given = tw_json_get(v, "name");
	if (!type)
		return tw_fail(err, TW_BAD_USE, "%s: a source needs a type, as in `- type: dir`",
			       tw_config_place(c, v));
	if (given && (given->type == TW_JSON_NULL || !given->s || !given->len))
		return tw_fail(err, TW_BAD_USE,
			       "%s: the name of a source must be a text; leave it out for one made "
			       "of its type and place",
			       tw_config_place(c, given));
	const char *name = given ? given->s : default_name(&c->arena, type, v);
	if (name_taken(all, n, name))
		return tw_fail(err, TW_BAD_USE,
			       "%s: two sources are named \"%s\"; give one another `name:`",
			       tw_config_place(c, v), name);
	all[n] = (struct tw_config_source){name, type, v};
	return TW_OK;
}

/* Whether a source of a folder reads `path`, which is there, with the rest of it. */
static bool reads(const struct tw_config *c, const struct tw_config_source *s, const char *path)
{
	char folder[4096], inside[4096];
	const char *of = tw_json_str(tw_json_get(s->node, "path"), NULL);
	struct tw_arena *a = &((struct tw_config *)(uintptr_t)c)->arena;
	if (strcmp(s->type, "dir") != 0 || !of || !realpath(tw_path_join(a, c->dir, of), folder) ||
	    !realpath(path, inside))
		return false;
	size_t n = strlen(folder);
	return strncmp(folder, inside, n) == 0 && (!inside[n] || inside[n] == '/');
}

/* The folder of what was handed in is a source as soon as it is there, unless another one reads it. */
static enum tw_status add_inbox(struct tw_config *c, struct tw_config_source *all,
				struct tw_err *err)
{
	static const char node[] = "{\"type\": \"dir\", \"path\": \"" TW_INBOX "\"}";
	const char *path = tw_path_join(&c->arena, c->dir, TW_INBOX);
	struct tw_json *v;
	if (!tw_is_dir(path))
		return TW_OK;
	for (size_t i = 0; i < c->n_sources; i++)
		if (reads(c, &all[i], path))
			return TW_OK;
	const char *name = name_taken(all, c->n_sources, TW_INBOX) ? "dir:" TW_INBOX : TW_INBOX;
	enum tw_status st = tw_json_parse(&v, node, strlen(node), &c->arena, err);
	if (st == TW_OK)
		all[c->n_sources++] = (struct tw_config_source){name, "dir", v};
	return st;
}

static enum tw_status read_sources(struct tw_config *c, struct tw_err *err)
{
	const struct tw_json *list = tw_json_get(c->root, "sources");
	if (!list || list->type != TW_JSON_ARRAY || !list->n)
		return tw_fail(err, TW_BAD_USE,
			       "%s: no sources; say where your writing is, for example\n"
			       "  sources:\n    - type: dir\n      path: ~/notes",
			       c->path);
	struct tw_config_source *all =
		TW_NEW_ARRAY(&c->arena, list->n + 1, struct tw_config_source);
	for (const struct tw_json *v = list->child; v; v = v->next) {
		enum tw_status st = read_source(c, all, c->n_sources, v, err);
		if (st != TW_OK)
			return st;
		c->n_sources++;
	}
	c->sources = all;
	return add_inbox(c, all, err);
}

struct models {
	const char *llm, *embedder;
};

static const struct tw_opt model_opts[] = {
	{"llm", TW_OPT_STRING, offsetof(struct models, llm), .help = "the LLM that answers"},
	{"embedder", TW_OPT_STRING, offsetof(struct models, embedder),
	 .help = "the model that turns passages into vectors"},
	{0},
};

static enum tw_status read_names(struct tw_config *c, struct tw_err *err)
{
	const struct tw_json *name = tw_json_get(c->root, "twin");
	if (name && !name->s)
		return tw_fail(err, TW_BAD_USE, "%s: twin must be a name",
			       tw_config_place(c, name));
	c->twin = name ? name->s : "the author";
	struct models m = {0};
	enum tw_status st = tw_config_read(&m, model_opts, c, "models", err);
	c->llm = m.llm;
	c->embedder = m.embedder;
	return st;
}

/* The names, sources and models that the struct holds beside the tree. */
static enum tw_status read_all(struct tw_config *c, struct tw_err *err)
{
	c->n_sources = 0;
	enum tw_status st = check_sections(c, err);
	if (st == TW_OK)
		st = read_sources(c, err);
	return st == TW_OK ? read_names(c, err) : st;
}

static enum tw_status load(struct tw_config *c, const char *dir, struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT;
	enum tw_status st = find_file(c, dir, err);
	if (st == TW_OK)
		st = tw_read_file(&text, c->path, 1 << 20, err);
	struct tw_json *root = NULL;
	if (st == TW_OK &&
	    tw_yaml_parse(&root, tw_str_c(&text), text.len, c->path, &c->arena, err) != TW_OK)
		st = TW_BAD_USE;
	c->root = root;
	if (st == TW_OK)
		st = read_all(c, err);
	tw_str_release(&text);
	return st;
}

enum tw_status tw_config_load(struct tw_config **out, const char *dir, struct tw_err *err)
{
	struct tw_config *c = tw_xcalloc(1, sizeof(*c));
	tw_arena_init(&c->arena);
	enum tw_status st = load(c, dir, err);
	if (st == TW_OK)
		*out = c;
	else
		tw_config_free(c);
	return st;
}

void tw_config_free(struct tw_config *c)
{
	if (!c)
		return;
	tw_arena_release(&c->arena);
	free(c);
}

static struct tw_json *member(struct tw_config *c, struct tw_json *map, const char *key)
{
	struct tw_json *v = tw_json_get(map, key);
	if (v)
		return v;
	v = TW_NEW(&c->arena, struct tw_json);
	v->type = TW_JSON_OBJECT;
	v->key = key;
	struct tw_json **last = &map->child;
	while (*last)
		last = &(*last)->next;
	*last = v;
	map->n++;
	return v;
}

enum tw_status tw_config_set(struct tw_config *c, const char *assignment, struct tw_err *err)
{
	const char *eq = strchr(assignment, '=');
	if (!eq || eq == assignment)
		return tw_fail(err, TW_BAD_USE, "--set wants section.key=value, not \"%s\"",
			       assignment);
	struct tw_json *value;
	if (tw_yaml_parse(&value, eq + 1, strlen(eq + 1), "--set", &c->arena, err) != TW_OK)
		return TW_BAD_USE;
	struct tw_json *v = (struct tw_json *)(uintptr_t)c->root;
	for (const char *p = assignment; p < eq;) {
		size_t n = strcspn(p, ".=");
		if (v->type == TW_JSON_NULL) /* "features:" with nothing behind it */
			v->type = TW_JSON_OBJECT;
		if (v->type != TW_JSON_OBJECT)
			return tw_fail(err, TW_BAD_USE, "--set %s: \"%.*s\" is not a map",
				       assignment, (int)(p - assignment), assignment);
		v = member(c, v, tw_strndup(&c->arena, p, n));
		p += n + 1;
	}
	struct tw_json *next = v->next;
	const char *key = v->key;
	*v = *value;
	v->next = next;
	v->key = key;
	v->line = 0;
	return read_all(c, err);
}

const struct tw_json *tw_config_section(const struct tw_config *c, const char *name)
{
	const struct tw_json *v = c->root;
	for (const char *p = name; v && *p;) {
		size_t n = strcspn(p, ".");
		const struct tw_json *m = v->child;
		while (m && (!m->key || strlen(m->key) != n || strncmp(m->key, p, n) != 0))
			m = m->next;
		v = m;
		p += n + (p[n] == '.');
	}
	return v;
}

const char *tw_config_place(const struct tw_config *c, const struct tw_json *v)
{
	if (v->line)
		return tw_sprintf(&((struct tw_config *)(uintptr_t)c)->arena, "%s:%d", c->path,
				  v->line);
	return "--set";
}

enum tw_status tw_config_read(void *ctx, const struct tw_opt *opts, const struct tw_config *c,
			      const char *section, struct tw_err *err)
{
	struct tw_arena *a = &((struct tw_config *)(uintptr_t)c)->arena;
	enum tw_status st =
		tw_opt_parse(ctx, opts, tw_config_section(c, section), c->path, c->dir, a, err);
	return st == TW_OK ? st : tw_wrap(err, st, "%s", section);
}
