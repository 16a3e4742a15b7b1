/* As much of TOML as front matter uses; the tree is that of base/json.h. */
#include "collect/file/files_int.h"

#include <ctype.h>
#include <string.h>

struct toml {
	const char *p, *end, *label;
	int line;
	struct tw_arena *a;
	struct tw_err *err;
};

static enum tw_status bad(const struct toml *t, const char *what)
{
	return tw_fail(t->err, TW_BAD_DATA, "%s:%d: %s", t->label, t->line, what);
}

static bool at(const struct toml *t, char c)
{
	return t->p < t->end && *t->p == c;
}

static void skip(struct toml *t, bool lines)
{
	while (t->p < t->end) {
		if (*t->p == '#') {
			while (t->p < t->end && *t->p != '\n')
				t->p++;
		} else if (*t->p == '\n' && lines) {
			t->line++;
			t->p++;
		} else if (*t->p == ' ' || *t->p == '\t' || *t->p == '\r') {
			t->p++;
		} else {
			return;
		}
	}
}

static void add_escape(struct tw_str *s, char c)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	const char *hit = c ? strchr(from, c) : NULL;
	tw_str_addc(s, hit ? to[hit - from] : c);
}

/* "text", 'text', and both in three quotes. \u escapes stay as they are written. */
static enum tw_status read_string(struct tw_json *v, struct toml *t)
{
	char q = *t->p;
	bool triple = t->end - t->p >= 3 && t->p[1] == q && t->p[2] == q;
	struct tw_str s = TW_STR_INIT;
	t->p += triple ? 3 : 1;
	if (triple && at(t, '\n'))
		t->p++, t->line++;
	for (; t->p < t->end; t->p++) {
		if (*t->p == q && (!triple || (t->end - t->p >= 3 && t->p[1] == q && t->p[2] == q)))
			break;
		if (*t->p == '\n' && !triple)
			break;
		t->line += *t->p == '\n';
		if (*t->p == '\\' && q == '"' && t->p + 1 < t->end)
			add_escape(&s, *++t->p);
		else
			tw_str_addc(&s, *t->p);
	}
	bool closed = at(t, q);
	t->p += closed ? (triple ? 3 : 1) : 0;
	v->type = TW_JSON_STRING;
	v->s = tw_strndup(t->a, tw_str_c(&s), s.len);
	v->len = s.len;
	tw_str_release(&s);
	return closed ? TW_OK : bad(t, "a text without its closing quote");
}

static enum tw_status read_value(struct tw_json *v, struct toml *t, int depth);

static enum tw_status read_array(struct tw_json *v, struct toml *t, int depth)
{
	struct tw_json **link = &v->child;
	v->type = TW_JSON_ARRAY;
	t->p++;
	for (;;) {
		skip(t, true);
		if (at(t, ']')) {
			t->p++;
			return TW_OK;
		}
		if (t->p >= t->end)
			return bad(t, "a list without its closing bracket");
		*link = TW_NEW(t->a, struct tw_json);
		enum tw_status st = read_value(*link, t, depth + 1);
		if (st != TW_OK)
			return st;
		link = &(*link)->next;
		v->n++;
		skip(t, true);
		if (at(t, ','))
			t->p++;
		else if (!at(t, ']'))
			return bad(t, "a list needs commas between its values");
	}
}

/* Numbers, dates and booleans: as written; the reader of dates takes the text. */
static enum tw_status read_bare(struct tw_json *v, struct toml *t)
{
	const char *from = t->p;
	while (t->p < t->end && !strchr(",]}#\r\n", *t->p))
		t->p++;
	size_t n = (size_t)(t->p - from);
	while (n && (from[n - 1] == ' ' || from[n - 1] == '\t'))
		n--;
	if (!n)
		return bad(t, "a value is missing");
	v->type = TW_JSON_STRING;
	v->s = tw_strndup(t->a, from, n);
	v->len = n;
	if (strcmp(v->s, "true") == 0 || strcmp(v->s, "false") == 0) {
		v->type = TW_JSON_BOOL;
		v->b = v->s[0] == 't';
	}
	return TW_OK;
}

/* An inline table is passed over: nothing that is read stands in one. */
static enum tw_status skip_table(struct tw_json *v, struct toml *t)
{
	int open = 0;
	v->type = TW_JSON_NULL;
	for (; t->p < t->end && *t->p != '\n'; t->p++) {
		open += (*t->p == '{') - (*t->p == '}');
		if (!open) {
			t->p++;
			return TW_OK;
		}
	}
	return bad(t, "a table without its closing brace");
}

static enum tw_status read_value(struct tw_json *v, struct toml *t, int depth)
{
	v->line = t->line;
	if (depth > TW_JSON_MAX_DEPTH)
		return bad(t, "nested too deeply");
	if (at(t, '"') || at(t, '\''))
		return read_string(v, t);
	if (at(t, '['))
		return read_array(v, t, depth);
	if (at(t, '{'))
		return skip_table(v, t);
	return read_bare(v, t);
}

static enum tw_status read_pair(struct tw_json *v, struct toml *t)
{
	struct tw_json key = {0};
	if (at(t, '"') || at(t, '\'')) {
		enum tw_status st = read_string(&key, t);
		if (st != TW_OK)
			return st;
	} else {
		const char *from = t->p;
		while (t->p < t->end && (isalnum((unsigned char)*t->p) || strchr("-_.", *t->p)))
			t->p++;
		key.s = tw_strndup(t->a, from, (size_t)(t->p - from));
	}
	skip(t, false);
	if (!key.s[0] || !at(t, '='))
		return bad(t, "expected `key = value`");
	t->p++;
	skip(t, false);
	v->key = key.s;
	return read_value(v, t, 0);
}

enum tw_status toml_parse(struct tw_json **out, const char *text, size_t len, const char *label,
			  struct tw_arena *a, struct tw_err *err)
{
	struct toml t = {text, text + len, label, 2, a, err};
	struct tw_json *root = TW_NEW(a, struct tw_json), **link = &root->child;
	root->type = TW_JSON_OBJECT;
	for (;;) {
		skip(&t, true);
		if (t.p >= t.end)
			break;
		if (at(&t, '[')) { /* [extra]: its keys count like the others */
			while (t.p < t.end && *t.p != '\n')
				t.p++;
			continue;
		}
		struct tw_json *v = TW_NEW(a, struct tw_json);
		enum tw_status st = read_pair(v, &t);
		if (st != TW_OK)
			return st;
		*link = v;
		link = &v->next;
		root->n++;
	}
	*out = root;
	return TW_OK;
}
