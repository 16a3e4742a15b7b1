#include "core/opt.h"

#include <assert.h>
#include <string.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/vec.h"

#define MAX_OPTS   128
#define HELP_AT	   36 /* column of help texts */
#define HELP_WIDTH 100

/* What messages and paths are relative to, while a table is filled. */
struct reader {
	const char *where, *dir;
	struct tw_arena *a;
	struct tw_err *err;
	const char *const *others; /* keys that are not the table's; NULL: none */
};

static void *slot(void *ctx, const struct tw_opt *o)
{
	return (char *)ctx + o->offset;
}

static const char *place(const struct reader *rd, const struct tw_json *v)
{
	if (v && v->line > 0)
		return tw_sprintf(rd->a, "%s:%d", rd->where, v->line);
	return rd->where;
}

static bool has_range(const struct tw_opt *o)
{
	return o->max > o->min;
}

static enum tw_status check_range(const struct tw_opt *o, double x, const char *at,
				  struct tw_err *err)
{
	if (has_range(o) && !(x >= o->min && x <= o->max))
		return tw_fail(err, TW_BAD_USE, "%s: %s must be between %g and %g, not %g", at,
			       o->name, o->min, o->max, x);
	return TW_OK;
}

bool tw_opt_is_choice(const char *choices, const char *s)
{
	size_t len = strlen(s);
	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, s, len) == 0 && (p[len] == '|' || p[len] == '\0'))
			return true;
	return false;
}

/* "https://…", "git@host:path": not for the file system. */
static bool is_url(const char *s)
{
	size_t n = strcspn(s, "/:@");
	return strstr(s, "://") || (n && s[n] == '@' && s[n + strcspn(s + n, "/:")] == ':');
}

static const char *resolve_path(const struct reader *rd, const char *s)
{
	if (is_url(s))
		return tw_strdup(rd->a, s);
	const char *home = tw_expand_home(rd->a, s);
	if (home[0] == '/' || !rd->dir)
		return home;
	return tw_path_join(rd->a, rd->dir, home);
}

static enum tw_status set_string(const struct reader *rd, void *ctx, const struct tw_opt *o,
				 const char *s, const char *at)
{
	if (o->choices && !tw_opt_is_choice(o->choices, s))
		return tw_fail(rd->err, TW_BAD_USE, "%s: %s must be one of %s, not \"%s\"", at,
			       o->name, o->choices, s);
	*(const char **)slot(ctx, o) =
		o->type == TW_OPT_PATH ? resolve_path(rd, s) : tw_strdup(rd->a, s);
	return TW_OK;
}

static enum tw_status set_list(const struct reader *rd, void *ctx, const struct tw_opt *o,
			       const char *const *items, size_t n)
{
	const char **at = TW_NEW_ARRAY(rd->a, n + 1, const char *);
	for (size_t i = 0; i < n; i++)
		at[i] = tw_strdup(rd->a, items[i]);
	*(struct tw_strings *)slot(ctx, o) = (struct tw_strings){at, n};
	return TW_OK;
}

static enum tw_status set_list_text(const struct reader *rd, void *ctx, const struct tw_opt *o,
				    const char *s)
{
	TW_VEC(const char *) v = {0};
	for (const char *p = s; *p;) {
		size_t n = strcspn(p, ",");
		const char *end = p + n;
		while (p < end && *p == ' ')
			p++;
		while (end > p && end[-1] == ' ')
			end--;
		if (end > p)
			tw_vec_push(&v, tw_strndup(rd->a, p, (size_t)(end - p)));
		p += strcspn(p, ",");
		p += *p == ',';
	}
	enum tw_status st = set_list(rd, ctx, o, v.at, v.n);
	tw_vec_release(&v);
	return st;
}

static enum tw_status set_size(const struct reader *rd, void *ctx, const struct tw_opt *o,
			       const char *s, const char *at)
{
	int64_t bytes;
	if (tw_parse_size(&bytes, s, NULL) != TW_OK)
		return tw_fail(rd->err, TW_BAD_USE,
			       "%s: %s must be a size such as 4GiB or 512MB, not \"%s\"", at,
			       o->name, s);
	*(int64_t *)slot(ctx, o) = bytes;
	return check_range(o, (double)bytes, at, rd->err);
}

/* From text: a default or a word of the command line. */
static enum tw_status set_text(const struct reader *rd, void *ctx, const struct tw_opt *o,
			       const char *s, const char *at)
{
	struct tw_err why = TW_ERR_INIT;
	switch (o->type) {
	case TW_OPT_BOOL:
		if (!tw_streq(s, "true") && !tw_streq(s, "false"))
			return tw_fail(rd->err, TW_BAD_USE,
				       "%s: %s must be true or false, not \"%s\"", at, o->name, s);
		*(bool *)slot(ctx, o) = tw_streq(s, "true");
		return TW_OK;
	case TW_OPT_INT: {
		int64_t i;
		if (tw_parse_i64(&i, s, &why) != TW_OK)
			return tw_fail(rd->err, TW_BAD_USE,
				       "%s: %s must be a whole number, not \"%s\"", at, o->name, s);
		*(int64_t *)slot(ctx, o) = i;
		return check_range(o, (double)i, at, rd->err);
	}
	case TW_OPT_REAL: {
		double r;
		if (tw_parse_f64(&r, s, &why) != TW_OK)
			return tw_fail(rd->err, TW_BAD_USE, "%s: %s must be a number, not \"%s\"",
				       at, o->name, s);
		*(double *)slot(ctx, o) = r;
		return check_range(o, r, at, rd->err);
	}
	case TW_OPT_SIZE:
		return set_size(rd, ctx, o, s, at);
	case TW_OPT_STRING:
	case TW_OPT_PATH:
		return set_string(rd, ctx, o, s, at);
	case TW_OPT_LIST:
		return set_list_text(rd, ctx, o, s);
	}
	return TW_OK;
}

static enum tw_status wrong_type(const struct reader *rd, const struct tw_opt *o,
				 const struct tw_json *v, const char *wanted)
{
	return tw_fail(rd->err, TW_BAD_USE, "%s: %s must be %s", place(rd, v), o->name, wanted);
}

static enum tw_status set_list_json(const struct reader *rd, void *ctx, const struct tw_opt *o,
				    const struct tw_json *v)
{
	if (v->type == TW_JSON_OBJECT)
		return wrong_type(rd, o, v, "a list");
	if (v->type == TW_JSON_NULL)
		return set_list(rd, ctx, o, NULL, 0);
	if (v->type != TW_JSON_ARRAY)
		return v->s ? set_list(rd, ctx, o, &v->s, 1)
			    : wrong_type(rd, o, v, "a list of texts");
	const char **items = TW_NEW_ARRAY(rd->a, v->n + 1, const char *);
	size_t n = 0;
	for (const struct tw_json *c = v->child; c; c = c->next) {
		if (!c->s)
			return wrong_type(rd, o, v, "a list of texts");
		items[n++] = c->s;
	}
	return set_list(rd, ctx, o, items, n);
}

/* From a node of YAML or JSON. */
static enum tw_status set_json(const struct reader *rd, void *ctx, const struct tw_opt *o,
			       const struct tw_json *v)
{
	const char *at = place(rd, v);
	switch (o->type) {
	case TW_OPT_BOOL:
		if (v->type != TW_JSON_BOOL)
			return wrong_type(rd, o, v, "true or false");
		*(bool *)slot(ctx, o) = v->b;
		return TW_OK;
	case TW_OPT_INT:
		if (v->type != TW_JSON_INT)
			return wrong_type(rd, o, v, "a whole number");
		*(int64_t *)slot(ctx, o) = v->i;
		return check_range(o, (double)v->i, at, rd->err);
	case TW_OPT_REAL:
		if (v->type != TW_JSON_INT && v->type != TW_JSON_REAL)
			return wrong_type(rd, o, v, "a number");
		*(double *)slot(ctx, o) = v->r;
		return check_range(o, v->r, at, rd->err);
	case TW_OPT_SIZE:
		if (v->type != TW_JSON_INT && !v->s)
			return wrong_type(rd, o, v, "a size such as 4GiB");
		return set_size(rd, ctx, o,
				v->s ? v->s : tw_sprintf(rd->a, "%lld", (long long)v->i), at);
	case TW_OPT_STRING:
	case TW_OPT_PATH:
		if (v->type == TW_JSON_NULL)
			return TW_OK;
		if (!v->s || v->type == TW_JSON_ARRAY || v->type == TW_JSON_OBJECT)
			return wrong_type(rd, o, v, "a text");
		return set_string(rd, ctx, o, v->s, at);
	case TW_OPT_LIST:
		return set_list_json(rd, ctx, o, v);
	}
	return TW_OK;
}

static const struct tw_opt *find(const struct tw_opt *opts, const char *name)
{
	for (const struct tw_opt *o = opts; o && o->name; o++) {
		const char *p = o->name, *q = name;
		while (*p && (*p == *q || (*p == '_' && *q == '-')))
			p++, q++;
		if (!*p && !*q)
			return o;
	}
	return NULL;
}

/* names (MAX_OPTS + 1), NULL-terminated. */
static size_t list_names(const char **names, const struct tw_opt *opts)
{
	size_t n = 0;
	for (const struct tw_opt *o = opts; o && o->name && n < MAX_OPTS; o++)
		names[n++] = o->name;
	names[n] = NULL;
	return n;
}

static enum tw_status unknown(const struct reader *rd, const struct tw_opt *opts,
			      const struct tw_json *v, const char *name, enum tw_status code)
{
	const char *names[MAX_OPTS + 1];
	size_t n = list_names(names, opts);
	for (const char *const *k = rd->others; k && *k && n < MAX_OPTS; k++)
		names[n++] = *k;
	names[n] = NULL;
	enum tw_status st = tw_unknown(rd->err, "key", name, names);
	tw_wrap(rd->err, st, "%s", place(rd, v));
	if (rd->err)
		rd->err->code = code;
	return code;
}

static size_t size_of(enum tw_opt_type type)
{
	switch (type) {
	case TW_OPT_BOOL:
		return sizeof(bool);
	case TW_OPT_INT:
	case TW_OPT_SIZE:
		return sizeof(int64_t);
	case TW_OPT_REAL:
		return sizeof(double);
	case TW_OPT_STRING:
	case TW_OPT_PATH:
		return sizeof(const char *);
	case TW_OPT_LIST:
		break;
	}
	return sizeof(struct tw_strings);
}

static enum tw_status set_defaults(const struct reader *rd, void *ctx, const struct tw_opt *opts)
{
	for (const struct tw_opt *o = opts; o && o->name; o++) {
		if (!o->def) {
			memset(slot(ctx, o), 0, size_of(o->type));
			continue;
		}
		enum tw_status st = set_text(rd, ctx, o, o->def, "default");
		if (st != TW_OK)
			return st;
	}
	return TW_OK;
}

static bool is_in(const char *const *list, const char *key)
{
	for (; list && *list; list++)
		if (tw_streq(*list, key))
			return true;
	return false;
}

enum tw_status tw_opt_parse(void *ctx, const struct tw_opt *opts, const struct tw_json *node,
			    const char *where, const char *dir, struct tw_arena *a,
			    struct tw_err *err)
{
	return tw_opt_parse_among(ctx, opts, node, NULL, where, dir, a, err);
}

enum tw_status tw_opt_parse_among(void *ctx, const struct tw_opt *opts, const struct tw_json *node,
				  const char *const *others, const char *where, const char *dir,
				  struct tw_arena *a, struct tw_err *err)
{
	const struct reader rd = {where, dir, a, err, others};
	enum tw_status st = set_defaults(&rd, ctx, opts);
	if (st != TW_OK)
		return st;
	if (node && node->type != TW_JSON_OBJECT && node->type != TW_JSON_NULL)
		return tw_fail(err, TW_BAD_USE, "%s: %s must be a map of keys and values",
			       place(&rd, node), node->key ? node->key : "this");
	for (const struct tw_json *v = node ? node->child : NULL; v; v = v->next) {
		const struct tw_opt *o = find(opts, v->key);
		if (!o && is_in(others, v->key))
			continue;
		if (!o)
			return unknown(&rd, opts, v, v->key, TW_BAD_USE);
		st = set_json(&rd, ctx, o, v);
		if (st != TW_OK)
			return st;
	}
	for (const struct tw_opt *o = opts; o && o->name; o++)
		if ((o->flags & TW_OPT_REQUIRED) && !tw_json_get(node, o->name))
			return tw_fail(err, TW_BAD_USE, "%s: %s is missing: %s", place(&rd, node),
				       o->name, o->help);
	return TW_OK;
}

struct tw_json *tw_opt_own(const struct tw_json *section, const struct tw_opt *opts,
			   struct tw_arena *a)
{
	const char *names[MAX_OPTS + 1];
	list_names(names, opts);
	return tw_json_only(section, names, a);
}

enum tw_status tw_opt_set(void *ctx, const struct tw_opt *opts, const char *name, const char *text,
			  struct tw_arena *a, struct tw_err *err)
{
	const struct reader rd = {"command line", NULL, a, err, NULL};
	const struct tw_opt *o = find(opts, name);
	if (!o)
		return unknown(&rd, opts, NULL, name, TW_NOT_FOUND);
	return set_text(&rd, ctx, o, text, rd.where);
}

static void write_opt(struct tw_json_writer *w, void *ctx, const struct tw_opt *o)
{
	const struct tw_strings *list;
	switch (o->type) {
	case TW_OPT_BOOL:
		tw_jw_bool(w, o->name, *(bool *)slot(ctx, o));
		break;
	case TW_OPT_INT:
	case TW_OPT_SIZE:
		tw_jw_int(w, o->name, *(int64_t *)slot(ctx, o));
		break;
	case TW_OPT_REAL:
		tw_jw_real(w, o->name, *(double *)slot(ctx, o));
		break;
	case TW_OPT_STRING:
	case TW_OPT_PATH:
		tw_jw_str(w, o->name, *(const char **)slot(ctx, o));
		break;
	case TW_OPT_LIST:
		list = slot(ctx, o);
		tw_jw_array(w, o->name);
		for (size_t i = 0; i < list->n; i++)
			tw_jw_str(w, NULL, list->at[i]);
		tw_jw_end(w);
		break;
	}
}

char *tw_opt_canonical(const void *ctx, const struct tw_opt *opts, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	for (const struct tw_opt *o = opts; o && o->name; o++)
		if (!(o->flags & TW_OPT_NOT_IDENTITY))
			write_opt(&w, (void *)(uintptr_t)ctx, o);
	tw_jw_end(&w);
	char *text = tw_str_dup(&s, a);
	tw_str_release(&s);
	return text;
}

static bool equal(const void *a, const void *b, const struct tw_opt *o)
{
	struct tw_str text[2] = {TW_STR_INIT, TW_STR_INIT};
	for (int i = 0; i < 2; i++) {
		struct tw_json_writer w;
		tw_jw_init(&w, &text[i]);
		tw_jw_object(&w, NULL);
		write_opt(&w, (void *)(uintptr_t)(i ? b : a), o);
		tw_jw_end(&w);
	}
	bool same = tw_streq(tw_str_c(&text[0]), tw_str_c(&text[1]));
	tw_str_release(&text[0]);
	tw_str_release(&text[1]);
	return same;
}

bool tw_opt_is_changed(const void *ctx, const struct tw_opt *opts, const char *name)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const struct reader rd = {.where = "default", .a = &a};
	struct tw_opt o[2] = {*find(opts, name), {0}};
	char *fresh = tw_alloc(&a, o->offset + size_of(o->type));
	enum tw_status st = set_defaults(&rd, fresh, o);
	assert(st == TW_OK); /* as a table's defaults are */
	bool changed = st != TW_OK || !equal(ctx, fresh, o);
	tw_arena_release(&a);
	return changed;
}

/* Adds words from column HELP_AT on, where the line stands already. */
static void add_wrapped(struct tw_str *out, const char *words)
{
	size_t at = HELP_AT;
	while (*words) {
		size_t n = strcspn(words, " ");
		if (at > HELP_AT && at + 1 + n > HELP_WIDTH) {
			tw_str_addf(out, "\n%*s", HELP_AT, "");
			at = HELP_AT;
		} else if (at > HELP_AT) {
			tw_str_addc(out, ' ');
			at++;
		}
		tw_str_add(out, words, n);
		at += n;
		words += n + strspn(words + n, " ");
	}
	tw_str_addc(out, '\n');
}

void tw_opt_help(struct tw_str *out, const struct tw_opt *opts)
{
	for (const struct tw_opt *o = opts; o && o->name; o++) {
		const char *def = o->flags & TW_OPT_REQUIRED ? "(required)" : o->def ? o->def : "-";
		struct tw_str help = TW_STR_INIT;
		tw_str_adds(&help, o->help);
		if (o->choices)
			tw_str_addf(&help, " (%s)", o->choices);
		if (strlen(o->name) > 20 || strlen(def) > 12)
			tw_str_addf(out, "  %-20s %s\n%*s", o->name, def, HELP_AT, "");
		else
			tw_str_addf(out, "  %-20s %-12s ", o->name, def);
		add_wrapped(out, tw_str_c(&help));
		tw_str_release(&help);
	}
}
