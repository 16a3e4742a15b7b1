/*
 * The text of one block of Logseq, without what the program keeps there: properties,
 * drawers, dates of tasks, queries. docs.logseq.com, "Properties", "Tasks",
 * "Queries", "Advanced commands" (#+BEGIN_…, as in Org mode).
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "collect/markdown_int.h"
#include "collect/notes/logseq_int.h"

static bool begins(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && strncasecmp(s, with, n) == 0;
}

static void trim(const char **s, size_t *len)
{
	while (*len && strchr(" \t", **s))
		++*s, --*len;
	while (*len && strchr(" \t", (*s)[*len - 1]))
		--*len;
}

bool lines_in_code(const struct lines_state *st)
{
	return st->fence || st->org;
}

static void open_org(struct lines_state *st, const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && n + 1 < sizeof(st->kind) && isalnum((unsigned char)s[n])) {
		st->kind[n] = (char)toupper((unsigned char)s[n]);
		n++;
	}
	st->kind[n] = '\0';
	st->org = true;
}

void lines_step(struct lines_state *st, const char *s, size_t len)
{
	char c;
	trim(&s, &len);
	size_t run = st->org ? 0 : md_fence(s, len, &c);
	st->edge = true;
	if (run && !st->fence) {
		st->fence = run;
		st->fence_sign = c;
	} else if (run >= st->fence && run && c == st->fence_sign) {
		st->fence = 0;
	} else if (!st->fence && !st->org && begins(s, len, "#+BEGIN_")) {
		open_org(st, s + 8, len - 8);
	} else if (st->org && begins(s, len, "#+END_")) {
		st->org = false;
	} else {
		st->edge = false;
	}
}

/* --- what a line is --- */

static bool is_kind(const struct lines_state *st, const char *const *kinds)
{
	for (; *kinds; kinds++)
		if (strcmp(st->kind, *kinds) == 0)
			return true;
	return false;
}

static bool is_hidden(const struct lines_state *st)
{
	static const char *const kinds[] = {"QUERY", "COMMENT", "EXPORT", NULL};
	return is_kind(st, kinds);
}

static bool is_source(const struct lines_state *st)
{
	static const char *const kinds[] = {"SRC", "EXAMPLE", NULL};
	return is_kind(st, kinds);
}

/* "key:: value": the length of the key, or 0. */
static size_t property_key(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && (isalnum((unsigned char)s[n]) || (s[n] && strchr("_-./?*", s[n])) ||
			   (unsigned char)s[n] >= 0x80))
		n++;
	bool is = n && n + 1 < len && s[n] == ':' && s[n + 1] == ':' &&
		  (n + 2 == len || s[n + 2] == ' ');
	return is ? n : 0;
}

static bool take_property(struct logseq_block *b, struct note *n, const char *s, size_t len)
{
	trim(&s, &len);
	size_t key = property_key(s, len);
	if (!key)
		return false;
	const char *value = s + key + 2;
	size_t rest = len - key - 2;
	trim(&value, &rest);
	char *name = tw_strndup(n->a, s, key);
	for (char *p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	const char *text = tw_strndup(n->a, value, rest);
	tw_vec_push(&b->properties, name);
	tw_vec_push(&b->properties, text);
	b->template |= strcmp(name, "template") == 0;
	b->quotation |= strcmp(name, "ls-type") == 0 && strcmp(text, "annotation") == 0;
	return true;
}

static bool is_planning(const char *s, size_t len)
{
	trim(&s, &len);
	return begins(s, len, "SCHEDULED: <") || begins(s, len, "DEADLINE: <");
}

/* Past "TODO ", "[#A] ". */
static size_t skip_task(const char *s, size_t len)
{
	static const char *const words[] = {"TODO ",	  "DOING ",	  "DONE ", "LATER ",
					    "NOW ",	  "WAITING ",	  "WAIT ", "CANCELED ",
					    "CANCELLED ", "IN-PROGRESS ", NULL};
	for (const char *const *w = words; *w; w++) {
		size_t n = strlen(*w);
		if (len < n || memcmp(s, *w, n) != 0)
			continue;
		if (len >= n + 4 && memcmp(s + n, "[#", 2) == 0 && s[n + 3] == ']')
			n += 4;
		while (n < len && s[n] == ' ')
			n++;
		return n;
	}
	return 0;
}

/* --- the block --- */

struct cleaner {
	struct logseq_block *b;
	struct note *n;
	struct lines_state st;
	bool item;
	bool drawer;
};

static void add_line(struct cleaner *c, const char *mark, const char *s, size_t len)
{
	tw_str_adds(&c->b->text, mark);
	tw_str_add(&c->b->text, s, len);
	tw_str_addc(&c->b->text, '\n');
}

/* The first line: "## TODO [#A] text". */
static void first_line(struct cleaner *c, const char *s, size_t len)
{
	size_t level = 0;
	while (level < len && level < 7 && s[level] == '#')
		level++;
	bool heading = level && level < 7 && level < len && s[level] == ' ';
	size_t from = heading ? level + 1 : 0;
	from += skip_task(s + from, len - from);
	struct tw_str line = TW_STR_INIT;
	if (note_line(&line, c->n, s + from, len - from)) {
		if (heading && !c->item)
			tw_str_addf(&c->b->text, "%.*s ", (int)level, s);
		add_line(c, "", line.data, line.len);
	}
	tw_str_release(&line);
}

static void text_line(struct cleaner *c, const char *s, size_t len)
{
	const char *mark = c->st.org && strcmp(c->st.kind, "QUOTE") == 0 ? "> " : "";
	struct tw_str line = TW_STR_INIT;
	if (note_line(&line, c->n, s, len))
		add_line(c, mark, line.data, line.len);
	else if (md_is_blank(s, len) && c->b->text.len)
		add_line(c, mark, "", 0);
	tw_str_release(&line);
}

/* "#+BEGIN_SRC lang" as a fence. */
static void open_source(struct cleaner *c, const char *s, size_t len)
{
	const char *lang = memchr(s, ' ', len), *end = s + len;
	size_t n = 0;
	while (lang && lang + 1 + n < end && !strchr(" \t`", lang[1 + n]))
		n++;
	add_line(c, "```", lang ? lang + 1 : "", n);
}

/* A line that opens or closes code or "#+BEGIN_…". */
static void edge_line(struct cleaner *c, const char *s, size_t len)
{
	const char *text = s;
	size_t n = len;
	trim(&text, &n);
	if (!begins(text, n, "#+"))
		add_line(c, "", s, len);
	else if (is_source(&c->st) && c->st.org)
		open_source(c, text, n);
	else if (is_source(&c->st))
		add_line(c, "", "```", 3);
	else if (c->b->text.len) /* a block of its own */
		add_line(c, "", "", 0);
}

static bool in_drawer(struct cleaner *c, const char *s, size_t len)
{
	trim(&s, &len);
	bool was = c->drawer;
	if (!was && (begins(s, len, ":LOGBOOK:") || begins(s, len, ":PROPERTIES:")))
		c->drawer = true;
	else if (was && begins(s, len, ":END:"))
		c->drawer = false;
	return was || c->drawer;
}

static void clean_line(struct cleaner *c, const char *s, size_t len, bool first)
{
	if (!lines_in_code(&c->st) && in_drawer(c, s, len))
		return;
	lines_step(&c->st, s, len);
	if (c->st.edge)
		edge_line(c, s, len);
	else if (c->st.fence || (c->st.org && is_source(&c->st)))
		add_line(c, "", s, len);
	else if (c->st.org && is_hidden(&c->st))
		return;
	else if (is_planning(s, len) || take_property(c->b, c->n, s, len))
		return;
	else if (first)
		first_line(c, s, len);
	else
		text_line(c, s, len);
}

void logseq_clean(struct logseq_block *out, struct note *n, const struct lines *lines, bool item)
{
	struct cleaner c = {.b = out, .n = n, .item = item};
	for (size_t i = 0; i < lines->n; i++)
		clean_line(&c, lines->at[i].data, lines->at[i].len, i == 0);
	while (out->text.len && strchr(" \t\n", out->text.data[out->text.len - 1]))
		out->text.len--;
	if (out->text.data)
		out->text.data[out->text.len] = '\0';
}

void logseq_block_release(struct logseq_block *b)
{
	tw_str_release(&b->text);
	tw_vec_release(&b->properties);
}
