#include "app/print.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

/* Without the control characters of documents: see tw_text_plain(). */
static const char *clean(const char *s, size_t len, const char *but, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	tw_text_plain(&out, s, len, but);
	char *text = tw_str_dup(&out, a);
	tw_str_release(&out);
	return text;
}

static const char *plain(const struct tw_json *v, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	if (!v || v->type == TW_JSON_NULL)
		return "";
	if (v->type == TW_JSON_STRING)
		return clean(v->s, strlen(v->s), "\n\t", a);
	tw_jw_init(&w, &s);
	tw_jw_value(&w, NULL, v);
	const char *text = clean(tw_str_c(&s), s.len, "", a);
	tw_str_release(&s);
	return text;
}

/* One line of at most `width` code points. */
static const char *one_line(const char *s, int width, struct tw_arena *a)
{
	const char *line = clean(s, strlen(s), "", a);
	const size_t len = strlen(line);
	if (width <= 0 || tw_utf8_count(line, len) <= (size_t)width)
		return line;
	return tw_sprintf(a, "%.*s…", (int)tw_utf8_prefix(line, len, (size_t)width - 1), line);
}

static const char *cell(const struct tw_column *c, const struct tw_json *v, struct tw_arena *a)
{
	switch (c->kind) {
	case TW_COL_DIGEST:
		return tw_sprintf(a, "%.12s", plain(v, a));
	case TW_COL_DAY:
		return tw_format_date(a, tw_json_int(v, 0));
	case TW_COL_TIME:
		return tw_json_int(v, 0) ? tw_format_ago(a, tw_json_int(v, 0)) : "";
	case TW_COL_MARK:
		return tw_json_bool(v, false) ? "✓" : "";
	case TW_COL_NUMBER:
		if (v && v->type == TW_JSON_REAL)
			return tw_sprintf(a, "%.4g", v->r);
		/* fall through */
	default:
		return one_line(plain(v, a), c->width, a);
	}
}

static void print_cell(const char *text, size_t width, bool right, bool last)
{
	size_t len = tw_utf8_count(text, strlen(text));
	int pad = len < width ? (int)(width - len) : 0;
	if (right)
		printf("%*s%s", pad, "", text);
	else
		printf("%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", stdout);
}

static void print_table(const struct tw_json *list, const struct tw_column *cols,
			struct tw_arena *a)
{
	size_t nc = 0;
	while (cols[nc].key)
		nc++;
	const char **cells = TW_NEW_ARRAY(a, list->n * nc + 1, const char *);
	size_t *width = TW_NEW_ARRAY(a, nc, size_t);
	for (size_t c = 0; c < nc; c++)
		width[c] = tw_utf8_count(cols[c].title, strlen(cols[c].title));
	size_t row = 0;
	for (const struct tw_json *v = list->child; v; v = v->next, row++)
		for (size_t c = 0; c < nc; c++) {
			const char *text = cell(&cols[c], tw_json_get(v, cols[c].key), a);
			size_t len = tw_utf8_count(text, strlen(text));
			cells[row * nc + c] = text;
			width[c] = len > width[c] ? len : width[c];
		}
	fputs(tw_color(stdout, "dim"), stdout);
	for (size_t c = 0; c < nc; c++)
		print_cell(cols[c].title, width[c], cols[c].kind == TW_COL_NUMBER, c == nc - 1);
	fputs(tw_color(stdout, "reset"), stdout);
	for (row = 0; row < list->n; row++)
		for (size_t c = 0; c < nc; c++)
			print_cell(cells[row * nc + c], width[c], cols[c].kind == TW_COL_NUMBER,
				   c == nc - 1);
}

static struct tw_json *tree_of(const struct tw_str *json, struct tw_arena *a)
{
	struct tw_json *v = NULL;
	struct tw_err err = TW_ERR_INIT;
	if (tw_json_parse(&v, tw_str_c(json), json->len, a, &err) != TW_OK)
		tw_error("internal: %s", err.msg);
	return v;
}

void tw_print_list(struct tw_app *app, const struct tw_str *json, const struct tw_column *columns,
		   const char *empty)
{
	if (app->json) {
		tw_print_json(json);
		return;
	}
	struct tw_json *list = tree_of(json, &app->arena);
	if (list && list->n)
		print_table(list, columns, &app->arena);
	else
		tw_info("%s", empty);
}

void tw_print_more(size_t left)
{
	fflush(stdout);
	if (left)
		tw_info("… %zu more (--limit 0)", left);
}

static bool is_time(const char *key)
{
	return tw_ends_with(key, "_ms");
}

/* The key as people read it: "created_ms" is "created". */
static const char *name_of(const struct tw_json *v, struct tw_arena *a)
{
	char *name = (char *)(uintptr_t)clean(v->key, strlen(v->key), "", a);
	if (is_time(name))
		name[strlen(name) - 3] = '\0';
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = ' ';
	return name;
}

static void print_members(const struct tw_json *object, int indent, struct tw_arena *a);

static bool is_plain(const struct tw_json *v)
{
	return v->type != TW_JSON_OBJECT && v->type != TW_JSON_ARRAY;
}

static void print_list(const struct tw_json *list, int indent, struct tw_arena *a)
{
	const char *sep = "";
	for (const struct tw_json *v = list->child; v; v = v->next) {
		if (is_plain(v)) {
			printf("%s%s", sep, plain(v, a));
			sep = ", ";
		} else {
			fputs("\n", stdout);
			print_members(v, indent, a);
		}
	}
	if (!list->n || sep[0])
		fputs("\n", stdout);
}

static void print_member(const struct tw_json *v, int width, int indent, struct tw_arena *a)
{
	printf("%*s%s%-*s%s  ", indent, "", tw_color(stdout, "dim"), width, name_of(v, a),
	       tw_color(stdout, "reset"));
	if (is_time(v->key)) {
		printf("%s\n", tw_format_time(a, tw_json_int(v, 0)));
	} else if (is_plain(v)) {
		printf("%s\n", plain(v, a));
	} else if (v->type == TW_JSON_ARRAY) {
		print_list(v, indent + 2, a);
	} else {
		fputs("\n", stdout);
		print_members(v, indent + 2, a);
	}
}

static void print_members(const struct tw_json *object, int indent, struct tw_arena *a)
{
	int width = 0;
	for (const struct tw_json *m = object->child; m; m = m->next)
		width = (int)strlen(m->key) > width ? (int)strlen(m->key) : width;
	for (const struct tw_json *m = object->child; m; m = m->next)
		print_member(m, width, indent, a);
}

void tw_print_object(struct tw_app *app, const struct tw_str *json)
{
	if (app->json) {
		tw_print_json(json);
		return;
	}
	const struct tw_json *v = tree_of(json, &app->arena);
	if (v)
		print_members(v, 0, &app->arena);
}
