/* The Robots Exclusion Protocol: RFC 9309. */
#include "collect/feed_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/vec.h"

#define MAX_TEXT (512 * 1024) /* section 2.5: at least 500 kibibytes */

struct rules TW_VEC_BODY(struct robots_rule);

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f;
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

/* Section 2.2.2: octets outside US-ASCII are encoded; an encoded unreserved one is decoded; hex digits in capitals. */
static char *normalise(const char *s, size_t len, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		bool coded = c == '%' && i + 2 < len && isxdigit((unsigned char)s[i + 1]) &&
			     isxdigit((unsigned char)s[i + 2]);
		if (coded) {
			c = (unsigned char)(hex(s[i + 1]) * 16 + hex(s[i + 2]));
			i += 2;
			if (isalnum(c) || strchr("-._~", c))
				tw_str_addc(&out, (char)c);
			else
				tw_str_addf(&out, "%%%02X", c);
		} else if (is_plain(c)) {
			tw_str_addc(&out, (char)c);
		} else {
			tw_str_addf(&out, "%%%02X", c);
		}
	}
	char *copy = tw_str_dup(&out, a);
	tw_str_release(&out);
	return copy ? copy : tw_strdup(a, "");
}

/* '*' is any run, '$' at the end is the end; anything else is a prefix. Goes back to the last star only. */
static bool pattern_matches(const char *p, const char *path)
{
	const char *star = NULL, *at = NULL;
	for (;;) {
		if (!*p)
			return true;
		if (*p == '$' && !p[1] && !*path)
			return true;
		if (*p == '*') {
			star = ++p;
			at = path;
		} else if (*path && *p == *path) {
			p++;
			path++;
		} else if (star && *at) {
			p = star;
			path = ++at;
		} else {
			return false;
		}
	}
}

bool robots_allow(const struct robots *r, const char *path)
{
	struct tw_arena a;
	size_t longest = 0;
	bool allow = true;
	if (strcmp(path, "/robots.txt") == 0)
		return true;
	if (r->disallow_all)
		return false;
	tw_arena_init(&a);
	const char *here = normalise(path, strlen(path), &a);
	for (size_t i = 0; i < r->n; i++) {
		size_t n = strlen(r->rules[i].pattern);
		if (n < longest || !pattern_matches(r->rules[i].pattern, here))
			continue;
		/* The longest wins; of two as long, the one that allows. */
		allow = n == longest ? allow || r->rules[i].allow : r->rules[i].allow;
		longest = n;
	}
	tw_arena_release(&a);
	return allow;
}

struct line {
	const char *key, *value;
	size_t key_len, value_len;
};

static void trim(const char **s, size_t *len)
{
	while (*len && strchr(" \t\r", **s))
		(*s)++, (*len)--;
	while (*len && strchr(" \t\r", (*s)[*len - 1]))
		(*len)--;
}

static bool split(struct line *l, const char *s, size_t len)
{
	const char *comment = memchr(s, '#', len);
	if (comment)
		len = (size_t)(comment - s);
	const char *colon = memchr(s, ':', len);
	if (!colon)
		return false;
	*l = (struct line){s, colon + 1, (size_t)(colon - s), len - (size_t)(colon - s) - 1};
	trim(&l->key, &l->key_len);
	trim(&l->value, &l->value_len);
	return true;
}

static bool key_is(const struct line *l, const char *name)
{
	return l->key_len == strlen(name) && strncasecmp(l->key, name, l->key_len) == 0;
}

/* The product token: letters, '-' and '_' at the beginning of the value. */
static bool names(const struct line *l, const char *agent)
{
	size_t n = 0;
	while (n < l->value_len &&
	       (isalpha((unsigned char)l->value[n]) || strchr("-_", l->value[n])))
		n++;
	return n == strlen(agent) && strncasecmp(l->value, agent, n) == 0;
}

static void add_rule(struct rules *to, const struct line *l, struct tw_arena *a)
{
	if (!l->value_len)
		return;
	struct robots_rule r = {normalise(l->value, l->value_len, a), key_is(l, "allow")};
	tw_vec_push(to, r);
}

void robots_parse(struct robots *out, const char *text, size_t len, const char *agent,
		  struct tw_arena *a)
{
	struct rules own = {0}, all = {0};
	bool in_own = false, in_all = false, found = false, naming = false;
	*out = (struct robots){0};
	len = len < MAX_TEXT ? len : MAX_TEXT;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3, len -= 3;
	for (size_t at = 0; at < len;) {
		size_t n = 0;
		while (at + n < len && text[at + n] != '\n' && text[at + n] != '\r')
			n++;
		struct line l;
		bool ok = split(&l, text + at, n);
		at += n + 1;
		if (ok && key_is(&l, "user-agent")) {
			if (!naming) /* lines in a row name one group */
				in_own = in_all = false;
			naming = true;
			in_own = in_own || names(&l, agent);
			in_all = in_all || (l.value_len == 1 && *l.value == '*');
			found = found || in_own;
		} else if (ok && (key_is(&l, "allow") || key_is(&l, "disallow"))) {
			naming = false;
			if (in_own)
				add_rule(&own, &l, a);
			if (in_all)
				add_rule(&all, &l, a);
		}
	}
	const struct rules *use = found ? &own : &all;
	out->n = use->n;
	out->rules = TW_NEW_ARRAY(a, use->n, struct robots_rule);
	if (use->n)
		memcpy(out->rules, use->at, use->n * sizeof(*use->at));
	tw_vec_release(&own);
	tw_vec_release(&all);
}
