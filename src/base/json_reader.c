#include "base/json_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BUFFER	((size_t)1 << 16)
#define MAX_KEY 4096

struct level {
	char close;
	bool comma; /* a member came before */
};

struct tw_json_reader {
	tw_read_fn fn;
	void *ctx;
	size_t max_value;
	char *buf;
	size_t at, n;
	int64_t before; /* bytes of the buffers before this one */
	bool value;	/* it stands before a value */
	int depth;
	struct level levels[TW_JSON_MAX_DEPTH];
	struct tw_str text; /* of a value or key */
	struct tw_arena arena;
	const char *key;
};

struct tw_json_reader *tw_json_reader_new(tw_read_fn fn, void *ctx, size_t max_value)
{
	struct tw_json_reader *r = tw_xcalloc(1, sizeof(*r));
	*r = (struct tw_json_reader){.fn = fn, .ctx = ctx, .max_value = max_value, .value = true};
	r->buf = tw_xmalloc(BUFFER);
	tw_arena_init(&r->arena);
	return r;
}

void tw_json_reader_free(struct tw_json_reader *r)
{
	if (!r)
		return;
	tw_str_release(&r->text);
	tw_arena_release(&r->arena);
	free(r->buf);
	free(r);
}

static enum tw_status fail_at(const struct tw_json_reader *r, const char *what, struct tw_err *err)
{
	return tw_fail(err, TW_BAD_DATA, "JSON, at byte %lld: %s",
		       (long long)(r->before + (int64_t)r->at), what);
}

/* TW_DONE at the end of the text. */
static enum tw_status fill(struct tw_json_reader *r, struct tw_err *err)
{
	if (r->at < r->n)
		return TW_OK;
	r->before += (int64_t)r->n;
	r->at = r->n = 0;
	enum tw_status st = r->fn(r->ctx, r->buf, BUFFER, &r->n, err);
	return st == TW_OK && r->n == 0 ? TW_DONE : st;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The next byte that is no space, not taken. */
static enum tw_status look(char *out, struct tw_json_reader *r, struct tw_err *err)
{
	for (;;) {
		enum tw_status st = fill(r, err);
		if (st == TW_DONE)
			return fail_at(r, "the text ends too early", err);
		if (st != TW_OK)
			return st;
		if (!is_space(r->buf[r->at]))
			break;
		r->at++;
	}
	*out = r->buf[r->at];
	return TW_OK;
}

enum tw_status tw_json_seek(struct tw_json_reader *r, char c, struct tw_err *err)
{
	for (;;) {
		enum tw_status st = fill(r, err);
		if (st == TW_DONE)
			return tw_fail(err, TW_BAD_DATA, "JSON: no '%c' in the text", c);
		if (st != TW_OK)
			return st;
		const char *found = memchr(r->buf + r->at, c, r->n - r->at);
		r->at = found ? (size_t)(found - r->buf) : r->n;
		if (found)
			return TW_OK;
	}
}

/* --- where a value ends --- */

struct scan {
	int depth;
	bool quoted, escaped, scalar;
};

enum scan_end { SCAN_ON, SCAN_WITH, SCAN_BEFORE };

/* Whether the value ends with this byte, or ended before it. */
static enum scan_end scan_byte(struct scan *s, char c)
{
	if (s->quoted) {
		bool was_escaped = s->escaped;
		s->escaped = !was_escaped && c == '\\';
		s->quoted = was_escaped || c != '"';
		return s->quoted || s->depth ? SCAN_ON : SCAN_WITH;
	}
	if (s->scalar)
		return is_space(c) || strchr(",]}", c) ? SCAN_BEFORE : SCAN_ON;
	if (c == '"')
		s->quoted = true;
	else if (c == '{' || c == '[')
		s->depth++;
	else if (c == '}' || c == ']')
		return --s->depth > 0 ? SCAN_ON : SCAN_WITH;
	else
		s->scalar = s->depth == 0;
	return SCAN_ON;
}

/* Past one value; its text goes to `out` (may be NULL) as far as it has room. *len is what it would take. */
static enum tw_status pass_value(struct tw_str *out, size_t room, size_t *len,
				 struct tw_json_reader *r, struct tw_err *err)
{
	struct scan s = {0};
	enum scan_end end = SCAN_ON;
	*len = 0;
	while (end == SCAN_ON) {
		enum tw_status st = fill(r, err);
		if (st == TW_DONE && s.scalar && r->depth == 0)
			break;
		if (st == TW_DONE)
			return fail_at(r, "the text ends in the middle of a value", err);
		if (st != TW_OK)
			return st;
		size_t from = r->at;
		while (r->at < r->n && end == SCAN_ON) {
			end = scan_byte(&s, r->buf[r->at]);
			r->at += end != SCAN_BEFORE;
		}
		*len += r->at - from;
		if (out && *len <= room)
			tw_str_add(out, r->buf + from, r->at - from);
	}
	r->value = false;
	return TW_OK;
}

/* --- what services write --- */

static bool hex4(unsigned *out, const char *s)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdefABCDEF";
		const char *d = s[i] ? strchr(digits, s[i]) : NULL;
		if (!d)
			return false;
		unsigned v = (unsigned)(d - digits);
		*out = *out * 16 + (v > 15 ? v - 6 : v);
	}
	return true;
}

static bool is_low(const char *s)
{
	unsigned u;
	return s[0] == '\\' && s[1] == 'u' && hex4(&u, s + 2) && u >= 0xdc00 && u <= 0xdfff;
}

static void mend_escapes(struct tw_str *s)
{
	for (size_t i = 0; i + 6 <= s->len; i++) {
		char *p = s->data + i;
		unsigned u;
		if (*p != '\\')
			continue;
		if (p[1] != 'u' || !hex4(&u, p + 2)) {
			i++;
			continue;
		}
		i += 5;
		if (u >= 0xd800 && u <= 0xdbff && i + 7 <= s->len && is_low(p + 6))
			i += 6;
		else if (u == 0 || (u >= 0xd800 && u <= 0xdfff))
			memcpy(p + 2, "fffd", 4);
	}
}

static void mend(struct tw_str *s)
{
	mend_escapes(s);
	if (tw_utf8_valid(s->data, s->len))
		return;
	struct tw_str whole = TW_STR_INIT;
	tw_utf8_repair(&whole, s->data, s->len);
	tw_str_release(s);
	*s = whole;
}

/* --- values --- */

/* The first byte of the value that it stands before. */
static enum tw_status look_at_value(char *out, struct tw_json_reader *r, struct tw_err *err)
{
	return r->value ? look(out, r, err) : fail_at(r, "no value here", err);
}

enum tw_status tw_json_value(struct tw_json **out, struct tw_json_reader *r, struct tw_arena *a,
			     struct tw_err *err)
{
	char c;
	size_t len = 0;
	*out = NULL;
	enum tw_status st = look_at_value(&c, r, err);
	tw_str_clear(&r->text);
	if (st == TW_OK)
		st = pass_value(&r->text, r->max_value, &len, r, err);
	if (st != TW_OK)
		return st;
	if (len > r->max_value)
		return tw_fail(err, TW_SKIPPED, "a value of %s is too long",
			       tw_human_size(a, (int64_t)len));
	mend(&r->text);
	struct tw_err why = TW_ERR_INIT;
	st = tw_json_parse(out, tw_str_c(&r->text), r->text.len, a, &why);
	return st == TW_OK ? st : tw_fail(err, TW_SKIPPED, "%s", why.msg);
}

enum tw_status tw_json_enter(struct tw_json_reader *r, struct tw_err *err)
{
	char c;
	enum tw_status st = look_at_value(&c, r, err);
	if (st != TW_OK)
		return st;
	if (c != '{' && c != '[')
		return fail_at(r, "an object or an array is missing", err);
	if (r->depth == TW_JSON_MAX_DEPTH)
		return fail_at(r, "nested too deep", err);
	r->levels[r->depth++] = (struct level){c == '{' ? '}' : ']', false};
	r->at++;
	r->value = false;
	return TW_OK;
}

static enum tw_status read_key(struct tw_json_reader *r, struct tw_err *err)
{
	char c;
	size_t len;
	struct tw_json *v;
	enum tw_status st = look(&c, r, err);
	if (st == TW_OK && c != '"')
		return fail_at(r, "the name of a member is missing", err);
	tw_str_clear(&r->text);
	if (st == TW_OK)
		st = pass_value(&r->text, MAX_KEY, &len, r, err);
	if (st != TW_OK)
		return st;
	if (len > MAX_KEY)
		return fail_at(r, "the name of a member is too long", err);
	mend(&r->text);
	tw_arena_reset(&r->arena);
	st = tw_json_parse(&v, tw_str_c(&r->text), r->text.len, &r->arena, err);
	if (st == TW_OK)
		r->key = v->s;
	if (st == TW_OK)
		st = look(&c, r, err);
	if (st == TW_OK && c != ':')
		return fail_at(r, "a colon is missing", err);
	r->at += st == TW_OK;
	return st;
}

/* TW_DONE at the end of the container, which is left. */
static enum tw_status pass_comma(struct tw_json_reader *r, struct tw_err *err)
{
	char c;
	struct level *l = &r->levels[r->depth - 1];
	enum tw_status st = look(&c, r, err);
	if (st != TW_OK)
		return st;
	if (c == l->close) {
		r->at++;
		r->depth--;
		return TW_DONE;
	}
	if (l->comma && c != ',')
		return fail_at(r, "a comma is missing", err);
	r->at += l->comma;
	l->comma = true;
	return TW_OK;
}

enum tw_status tw_json_next(const char **key, struct tw_json_reader *r, struct tw_err *err)
{
	size_t len;
	char c;
	enum tw_status st = r->depth ? TW_OK : fail_at(r, "nothing was entered", err);
	if (st == TW_OK && r->value)
		st = look(&c, r, err);
	if (st == TW_OK && r->value)
		st = pass_value(NULL, 0, &len, r, err);
	if (st == TW_OK)
		st = pass_comma(r, err);
	r->key = "";
	if (st == TW_OK && r->levels[r->depth - 1].close == '}')
		st = read_key(r, err);
	if (st == TW_OK)
		st = look(&c, r, err);
	if (st == TW_OK && strchr(",:]}", c))
		return fail_at(r, "a value is missing", err);
	r->value = st == TW_OK;
	if (key)
		*key = r->key;
	return st;
}

enum tw_status tw_json_enter_member(struct tw_json_reader *r, const char *name, struct tw_err *err)
{
	const char *key;
	enum tw_status st;
	while ((st = tw_json_next(&key, r, err)) == TW_OK)
		if (strcmp(key, name) == 0)
			return tw_json_enter(r, err);
	return st;
}

enum tw_status tw_json_leave(struct tw_json_reader *r, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	while (st == TW_OK)
		st = tw_json_next(NULL, r, err);
	return st == TW_DONE ? TW_OK : st;
}
