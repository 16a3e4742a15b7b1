/*
 * The Markdown of issues and comments (GitHub Flavored Markdown, GitLab Flavored
 * Markdown): what of it a person wrote, and what a template or a form put there.
 */
#include "collect/forge/forge_content_int.h"

#include <string.h>

#include "base/json.h"
#include "collect/markdown_int.h"

#define NO_ANSWER "_No response_" /* of a field that was left empty in GitHub's issue forms */

struct cleaner {
	struct tw_str out;
	bool in_comment; /* "<!--" is open */
	char fence;	 /* '`' or '~' when within fenced code, else 0 */
	size_t fence_len;
	bool suggestion; /* the fenced code is a change that was suggested */
	bool own;	 /* something was written */
};

static size_t indent_of(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i;
}

/* Opens and closes fenced code; true for the line of a fence. */
static bool follow_fence(struct cleaner *c, const char *s, size_t n)
{
	char mark;
	size_t len = md_fence(s, n, &mark), at = indent_of(s, n) + len;
	if (!len)
		return false;
	const char *info = s + at;
	size_t left = n - at;
	if (c->fence) {
		if (mark != c->fence || len < c->fence_len || !md_is_blank(info, left))
			return false;
		c->fence = 0;
		return true;
	}
	c->fence = mark;
	c->fence_len = len;
	info += indent_of(info, left);
	c->suggestion = left >= 10 && strncmp(info, "suggestion", 10) == 0;
	return true;
}

static void add_line(struct cleaner *c, const char *s, size_t n)
{
	size_t len = c->out.len;
	bool blank = md_is_blank(s, n);
	if (blank && !c->fence && (len < 2 || c->out.data[len - 2] == '\n'))
		return; /* one blank line is enough, and none in front */
	tw_str_add(&c->out, s, blank && !c->fence ? 0 : n);
	tw_str_addc(&c->out, '\n');
}

/* Takes the heading off again that an unanswered field stands under. */
static void drop_heading(struct cleaner *c)
{
	size_t n = c->out.len;
	while (n && strchr("\n ", c->out.data[n - 1]))
		n--;
	const char *end = n ? memrchr(c->out.data, '\n', n) : NULL;
	size_t at = end ? (size_t)(end - c->out.data) + 1 : 0;
	if (n && c->out.data[at] == '#')
		c->out.len = at;
	if (c->out.data)
		c->out.data[c->out.len] = '\0';
}

/* "/approve": a command to a program. */
static bool is_command(const char *s, size_t n)
{
	size_t i = 1;
	if (n < 2 || s[0] != '/')
		return false;
	while (i < n && ((s[i] >= 'a' && s[i] <= 'z') || s[i] == '-' || s[i] == '_'))
		i++;
	return i > 1 && (i == n || s[i] == ' ');
}

/* A box of a list that nobody ticked stands in the template. */
static bool is_open_box(const char *s, size_t n)
{
	return n >= 5 && strchr("-*+", s[0]) && strncmp(s + 1, " [ ]", 4) == 0;
}

static bool is_own_line(const char *s, size_t n)
{
	size_t at = indent_of(s, n);
	s += at;
	n -= at;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n && s[0] != '#' && s[0] != '>' && !is_command(s, n) && !is_open_box(s, n);
}

/* Outside of fenced code: without comments. `line` is what is left of it. */
static void strip_comments(struct tw_str *line, struct cleaner *c, const char *s, size_t n)
{
	bool code = false;
	for (size_t i = 0; i < n; i++) {
		bool at_end = c->in_comment && n - i >= 3 && memcmp(s + i, "-->", 3) == 0;
		bool at_start =
			!c->in_comment && !code && n - i >= 4 && memcmp(s + i, "<!--", 4) == 0;
		if (at_end || at_start) {
			c->in_comment = at_start;
			i += at_end ? 2 : 3;
		} else if (!c->in_comment) {
			code ^= s[i] == '`';
			tw_str_addc(line, s[i]);
		}
	}
}

static void clean_line(struct cleaner *c, struct tw_str *line, const char *s, size_t n)
{
	bool was_in = c->in_comment;
	tw_str_clear(line);
	strip_comments(line, c, s, n);
	const char *text = tw_str_c(line);
	if (md_is_blank(text, line->len) && (was_in || line->len < n))
		return; /* a comment was all that there was */
	if (line->len >= strlen(NO_ANSWER) && strncmp(text, NO_ANSWER, strlen(NO_ANSWER)) == 0 &&
	    md_is_blank(text + strlen(NO_ANSWER), line->len - strlen(NO_ANSWER))) {
		drop_heading(c);
		return;
	}
	if (!follow_fence(c, text, line->len))
		c->own |= is_own_line(text, line->len);
	add_line(c, text, line->len);
}

static void take_line(struct cleaner *c, struct tw_str *line, const char *s, size_t n)
{
	if (n && s[n - 1] == '\r')
		n--;
	if (c->in_comment || !c->fence) {
		clean_line(c, line, s, n);
		return;
	}
	bool suggestion = c->suggestion;
	if (!follow_fence(c, s, n))
		c->own |= !suggestion && !md_is_blank(s, n);
	add_line(c, s, n);
}

const char *forge_clean(const char *body, struct tw_arena *a)
{
	struct cleaner c = {0};
	struct tw_str line = TW_STR_INIT;
	for (const char *s = body ? body : ""; *s;) {
		size_t n = strcspn(s, "\n");
		take_line(&c, &line, s, n);
		s += n + (s[n] == '\n');
	}
	while (c.out.len && strchr("\n ", c.out.data[c.out.len - 1]))
		c.out.data[--c.out.len] = '\0';
	const char *text = c.own ? tw_strndup(a, tw_str_c(&c.out), c.out.len) : "";
	tw_str_release(&line);
	tw_str_release(&c.out);
	return text;
}

/* GitHub has objects with a name, GitLab has names. */
static void add_labels(struct tw_json_writer *w, const struct tw_json *labels)
{
	if (!labels || labels->type != TW_JSON_ARRAY || !labels->n)
		return;
	tw_jw_array(w, "tags");
	for (const struct tw_json *l = labels->child; l; l = l->next) {
		const char *name = tw_json_str(l, tw_json_str(tw_json_get(l, "name"), NULL));
		if (name && *name)
			tw_jw_str(w, NULL, name);
	}
	tw_jw_end(w);
}

const char *forge_extra(const struct tw_json *labels, const char *repo, const char *license,
			const char *exchanges, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	add_labels(&w, labels);
	if (repo && *repo)
		tw_jw_str(&w, "repository", repo);
	if (license)
		tw_jw_str(&w, "license", license);
	if (exchanges)
		tw_jw_raw(&w, "exchanges", exchanges);
	tw_jw_end(&w);
	const char *extra = s.len > 2 ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return extra;
}
