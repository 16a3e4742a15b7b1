/* A safe subset of YAML as one tree: events of libyaml in, struct tw_json out. */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/map.h"
#include "base/text.h"

struct reader {
	yaml_parser_t parser;
	const char *name;
	struct tw_arena *a;
	struct tw_err *err;
};

static int line_of(const yaml_mark_t *mark)
{
	return (int)mark->line + 1;
}

static enum tw_status refuse(struct reader *r, const yaml_event_t *e, const char *what)
{
	return tw_fail(r->err, TW_BAD_DATA, "%s:%d: %s", r->name, line_of(&e->start_mark), what);
}

static enum tw_status next_event(struct reader *r, yaml_event_t *e)
{
	const yaml_parser_t *p = &r->parser;

	if (yaml_parser_parse(&r->parser, e))
		return TW_OK;
	memset(e, 0, sizeof(*e));
	if (p->error == YAML_MEMORY_ERROR)
		return tw_fail(r->err, TW_NO_MEMORY, "%s: out of memory", r->name);
	if (p->error == YAML_READER_ERROR)
		return tw_fail(r->err, TW_BAD_DATA, "%s:%d: %s (byte %zu)", r->name,
			       line_of(&p->mark), p->problem, p->problem_offset);
	if (!p->problem)
		return tw_fail(r->err, TW_BAD_DATA, "%s: not valid YAML", r->name);
	/* Where the trouble began says more than where the reader gave up. */
	if (p->context && p->context_mark.line != p->problem_mark.line)
		return tw_fail(r->err, TW_BAD_DATA, "%s:%d: %s (%s that began in line %d)", r->name,
			       line_of(&p->problem_mark), p->problem, p->context,
			       line_of(&p->context_mark));
	return tw_fail(r->err, TW_BAD_DATA, "%s:%d: %s", r->name, line_of(&p->problem_mark),
		       p->problem);
}

static bool among(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

/* [-+]? (. digits | digits (. digits?)?) ([eE] [-+]? digits)?   YAML 1.2.2, section 10.3.2 */
static bool is_real(const char *s)
{
	size_t whole, part = 0;

	s += *s == '-' || *s == '+';
	whole = strspn(s, "0123456789");
	s += whole;
	if (*s == '.') {
		part = strspn(++s, "0123456789");
		s += part;
	}
	if (!whole && !part)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (!strspn(s, "0123456789"))
			return false;
		s += strspn(s, "0123456789");
	}
	return *s == '\0';
}

static int int_base(const char *s)
{
	size_t n;

	if (s[0] == '0' && s[1] == 'o')
		return s[2] && !s[2 + strspn(s + 2, "01234567")] ? 8 : 0;
	if (s[0] == '0' && s[1] == 'x')
		return s[2] && !s[2 + strspn(s + 2, "0123456789abcdefABCDEF")] ? 16 : 0;
	s += *s == '-' || *s == '+';
	n = strspn(s, "0123456789");
	return n && !s[n] ? 10 : 0;
}

static void type_plain(struct tw_json *v)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const yes[] = {"true", "True", "TRUE", NULL};
	static const char *const no[] = {"false", "False", "FALSE", NULL};
	static const char *const inf[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const nan_words[] = {".nan", ".NaN", ".NAN", NULL};
	const char *s = v->s, *unsigned_part = s + (*s == '-' || *s == '+');
	int base;

	if (among(s, nulls)) {
		v->type = TW_JSON_NULL;
	} else if (among(s, yes) || among(s, no)) {
		v->type = TW_JSON_BOOL;
		v->b = among(s, yes);
	} else if ((base = int_base(s))) {
		errno = 0;
		v->i = strtoll(base == 10 ? s : s + 2, NULL, base);
		v->r = (double)v->i;
		v->type = TW_JSON_INT;
		if (errno == ERANGE) {
			v->i = 0;
			v->r = strtod(s, NULL);
			v->type = TW_JSON_REAL;
		}
	} else if (is_real(s)) {
		v->type = TW_JSON_REAL;
		v->r = strtod(s, NULL);
	} else if (among(unsigned_part, inf)) {
		v->type = TW_JSON_REAL;
		v->r = *s == '-' ? -INFINITY : INFINITY;
	} else if (among(s, nan_words)) {
		v->type = TW_JSON_REAL;
		v->r = NAN;
	}
}

static enum tw_status read_scalar(struct tw_json *v, struct reader *r, const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value;

	if (e->data.scalar.anchor)
		return refuse(r, e, "anchors (&name) are not supported");
	if (e->data.scalar.tag)
		return refuse(r, e, "tags (!type) are not supported");
	v->len = e->data.scalar.length;
	if (memchr(s, '\0', v->len))
		return refuse(r, e, "a NUL character in a text");
	v->s = tw_strndup(r->a, s, v->len);
	v->type = TW_JSON_STRING;
	if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		type_plain(v);
	return TW_OK;
}

static enum tw_status read_node(struct tw_json **out, struct reader *r, yaml_event_t *e, int depth);

static enum tw_status read_sequence(struct tw_json *v, struct reader *r, int depth)
{
	struct tw_json **link = &v->child;

	for (;;) {
		yaml_event_t e;
		enum tw_status st = next_event(r, &e);
		bool end = e.type == YAML_SEQUENCE_END_EVENT;

		if (st == TW_OK && !end)
			st = read_node(link, r, &e, depth + 1);
		yaml_event_delete(&e);
		if (st != TW_OK || end)
			return st;
		link = &(*link)->next;
		v->n++;
	}
}

static enum tw_status read_key(const char **key, struct reader *r, const yaml_event_t *e,
			       struct tw_map *seen)
{
	struct tw_json k = {0};
	enum tw_status st;

	if (e->type == YAML_ALIAS_EVENT)
		return refuse(r, e, "aliases (*name) are not supported");
	if (e->type != YAML_SCALAR_EVENT)
		return refuse(r, e, "a key must be a text");
	st = read_scalar(&k, r, e);
	if (st != TW_OK)
		return st;
	if (tw_map_has(seen, k.s)) {
		char *shown = tw_strndup(r->a, k.s, tw_utf8_floor(k.s, k.len < 80 ? k.len : 80));

		for (char *p = shown; *p; p++) /* a message is one line */
			if ((unsigned char)*p < ' ')
				*p = ' ';
		return tw_fail(r->err, TW_BAD_DATA, "%s:%d: the key \"%s\" is there twice", r->name,
			       line_of(&e->start_mark), shown);
	}
	tw_map_set_int(seen, k.s, 1);
	*key = k.s;
	return TW_OK;
}

static enum tw_status read_mapping(struct tw_json *v, struct reader *r, int depth)
{
	struct tw_json **link = &v->child;
	struct tw_map seen = TW_MAP_INIT;
	enum tw_status st;

	for (;;) {
		const char *key = NULL;
		yaml_event_t e;
		bool end;

		st = next_event(r, &e);
		end = e.type == YAML_MAPPING_END_EVENT;
		if (st == TW_OK && !end)
			st = read_key(&key, r, &e, &seen);
		yaml_event_delete(&e);
		if (st != TW_OK || end)
			break;
		st = next_event(r, &e);
		if (st == TW_OK)
			st = read_node(link, r, &e, depth + 1);
		yaml_event_delete(&e);
		if (st != TW_OK)
			break;
		(*link)->key = key;
		link = &(*link)->next;
		v->n++;
	}
	tw_map_release(&seen);
	return st;
}

/* *e is the caller's to delete. */
static enum tw_status read_node(struct tw_json **out, struct reader *r, yaml_event_t *e, int depth)
{
	struct tw_json *v = TW_NEW(r->a, struct tw_json);

	*out = v;
	v->line = line_of(&e->start_mark);
	if (e->type == YAML_SCALAR_EVENT)
		return read_scalar(v, r, e);
	if (e->type == YAML_ALIAS_EVENT)
		return refuse(r, e, "aliases (*name) are not supported");
	if (e->type != YAML_SEQUENCE_START_EVENT && e->type != YAML_MAPPING_START_EVENT)
		return refuse(r, e, "not valid YAML");
	if (e->data.mapping_start.anchor) /* both starts begin with anchor and tag */
		return refuse(r, e, "anchors (&name) are not supported");
	if (e->data.mapping_start.tag)
		return refuse(r, e, "tags (!type) are not supported");
	if (depth >= TW_JSON_MAX_DEPTH)
		return refuse(r, e, "nested too deeply (more than 64 levels)");
	if (e->type == YAML_SEQUENCE_START_EVENT) {
		v->type = TW_JSON_ARRAY;
		return read_sequence(v, r, depth);
	}
	v->type = TW_JSON_OBJECT;
	return read_mapping(v, r, depth);
}

static enum tw_status read_document(struct tw_json **out, struct reader *r)
{
	yaml_event_t e;
	enum tw_status st = next_event(r, &e);

	if (st == TW_OK)
		st = read_node(out, r, &e, 0);
	yaml_event_delete(&e);
	/* "---" alone says as little as an empty file. */
	if (st == TW_OK && (*out)->type == TW_JSON_NULL && (*out)->len == 0)
		*out = NULL;
	return st;
}

static enum tw_status read_stream(struct tw_json **out, struct reader *r)
{
	enum tw_status st = TW_OK;
	bool end = false;
	int documents = 0;

	while (st == TW_OK && !end) {
		yaml_event_t e;

		st = next_event(r, &e);
		end = e.type == YAML_STREAM_END_EVENT;
		if (st == TW_OK && e.type == YAML_DOCUMENT_START_EVENT) {
			const yaml_tag_directive_t *tags =
				e.data.document_start.tag_directives.start;

			if (++documents > 1)
				st = refuse(r, &e, "a second document (---) in one file");
			else if (tags != e.data.document_start.tag_directives.end)
				st = refuse(r, &e, "tags (%TAG) are not supported");
			else
				st = read_document(out, r);
		}
		yaml_event_delete(&e);
	}
	return st;
}

enum tw_status tw_yaml_parse(struct tw_json **out, const char *text, size_t len, const char *name,
			     struct tw_arena *a, struct tw_err *err)
{
	struct reader r = {.name = name ? name : "YAML", .a = a, .err = err};
	enum tw_status st;

	*out = NULL;
	if (!yaml_parser_initialize(&r.parser))
		return tw_fail(err, TW_NO_MEMORY, "%s: out of memory", r.name);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	st = read_stream(out, &r);
	yaml_parser_delete(&r.parser);
	if (st != TW_OK) {
		*out = NULL;
	} else if (!*out) {
		*out = TW_NEW(a, struct tw_json);
		(*out)->type = TW_JSON_OBJECT;
		(*out)->line = 1;
	}
	return st;
}
