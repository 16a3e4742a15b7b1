/* The Robots Exclusion Protocol: RFC 9309. */
#include "collect/site/robots_int.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"

#define MAX_SITEMAPS 101 /* one more than a pass reads, so that it knows */

struct rules TW_VEC_BODY(struct robots_rule);

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f;
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 32) - 'a' + 10;
}

char *octets_normal(const char *s, size_t len, struct tw_arena *a)
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
		bool anchor = *p == '$' && !p[1];
		if (anchor && !*path)
			return true;
		if (*p == '*') {
			star = ++p;
			at = path;
		} else if (*path && *p == *path && !anchor) {
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
	if (r->unread)
		return false;
	tw_arena_init(&a);
	const char *here = octets_normal(path, strlen(path), &a);
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

static bool word_is(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(s, word, n) == 0;
}

static bool key_is(const struct line *l, const char *name)
{
	return word_is(l->key, l->key_len, name);
}

/* The product token: letters, '-' and '_' at the beginning of the value. */
static bool names(const struct line *l, const char *agent)
{
	size_t n = 0;
	while (n < l->value_len &&
	       (isalpha((unsigned char)l->value[n]) || strchr("-_", l->value[n])))
		n++;
	return word_is(l->value, n, agent);
}

/* Reading: the groups that name us, and those of everybody. */
struct parser {
	const char *agent;
	struct tw_arena *a;
	struct rules own, all;
	double own_delay, all_delay;
	TW_VEC(const char *) sitemaps;
	bool in_own, in_all, found;
	bool naming; /* the line before was a user-agent: lines in a row name one group */
};

static void add_rule(struct rules *to, const struct line *l, struct tw_arena *a)
{
	if (!l->value_len)
		return;
	struct robots_rule r = {octets_normal(l->value, l->value_len, a), key_is(l, "allow")};
	tw_vec_push(to, r);
}

static void take_agent(struct parser *p, const struct line *l)
{
	if (!p->naming)
		p->in_own = p->in_all = false;
	p->naming = true;
	p->in_own = p->in_own || names(l, p->agent);
	p->in_all = p->in_all || (l->value_len == 1 && *l->value == '*');
	p->found = p->found || p->in_own;
}

static void take_delay(struct parser *p, const struct line *l)
{
	char number[32] = "";
	if (l->value_len >= sizeof(number))
		return;
	memcpy(number, l->value, l->value_len);
	double s = strtod(number, NULL);
	if (!isfinite(s) || s < 0)
		return;
	if (p->in_own)
		p->own_delay = s;
	if (p->in_all)
		p->all_delay = s;
}

/* Records that are not of the protocol (the last two) neither begin nor end a group: section 2.2.4. */
static void take_line(struct parser *p, const struct line *l)
{
	if (key_is(l, "user-agent")) {
		take_agent(p, l);
	} else if (key_is(l, "allow") || key_is(l, "disallow")) {
		p->naming = false;
		if (p->in_own)
			add_rule(&p->own, l, p->a);
		if (p->in_all)
			add_rule(&p->all, l, p->a);
	} else if (key_is(l, "crawl-delay")) {
		take_delay(p, l);
	} else if (key_is(l, "sitemap") && l->value_len && p->sitemaps.n < MAX_SITEMAPS) {
		tw_vec_push(&p->sitemaps, tw_strndup(p->a, l->value, l->value_len));
	}
}

static void read_lines(struct parser *p, const char *text, size_t len)
{
	for (size_t at = tw_utf8_mark(text, len); at < len;) {
		size_t n = 0;
		while (at + n < len && text[at + n] != '\n' && text[at + n] != '\r')
			n++;
		struct line l;
		if (split(&l, text + at, n))
			take_line(p, &l);
		at += n + 1;
	}
}

void robots_parse(struct robots *out, const char *text, size_t len, const char *agent,
		  struct tw_arena *a)
{
	struct parser p = {.agent = agent, .a = a};
	read_lines(&p, text, len < ROBOTS_MAX_TEXT ? len : ROBOTS_MAX_TEXT);
	const struct rules *use = p.found ? &p.own : &p.all;
	*out = (struct robots){.n = use->n,
			       .crawl_delay = p.found ? p.own_delay : p.all_delay,
			       .n_sitemaps = p.sitemaps.n};
	out->rules = tw_copy_array(a, use->at, use->n, sizeof(*use->at));
	out->sitemaps = tw_copy_array(a, p.sitemaps.at, p.sitemaps.n, sizeof(*p.sitemaps.at));
	tw_vec_release(&p.own);
	tw_vec_release(&p.all);
	tw_vec_release(&p.sitemaps);
}

/* --- <meta name="robots">, X-Robots-Tag --- */

/* Directives that have a value, and so a colon, without being the name of a program. */
static bool takes_value(const char *s, size_t n)
{
	return word_is(s, n, "max-snippet") || word_is(s, n, "max-image-preview") ||
	       word_is(s, n, "max-video-preview") || word_is(s, n, "unavailable_after");
}

static void add_words(struct robots_words *w, const char *line, size_t len, const char *agent)
{
	bool meant = true;
	for (size_t at = 0; at < len;) {
		size_t n = 0;
		at += strspn(line + at, " \t\r,");
		while (at + n < len && !strchr(" \t\r,:", line[at + n]))
			n++;
		bool none = meant && word_is(line + at, n, "none");
		bool colon = at + n < len && line[at + n] == ':';
		if (colon && takes_value(line + at, n))
			n += strcspn(line + at + n, ",\n");
		else if (colon)
			meant = word_is(line + at, n, agent);
		w->noindex |= none || (meant && word_is(line + at, n, "noindex"));
		w->nofollow |= none || (meant && word_is(line + at, n, "nofollow"));
		at += n + 1;
	}
}

void robots_words_add(struct robots_words *w, const char *text, const char *agent)
{
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		add_words(w, line, n, agent);
		line += n + (line[n] == '\n');
	}
}
