/* Globs, and which files of a source they choose. */
#include "collect/file/files_int.h"

#include <ctype.h>
#include <string.h>

#include "base/fs.h"
#include "base/str.h"

static int lower(char c)
{
	return tolower((unsigned char)c);
}

/* "[a-z]" at p against c; *next is behind the bracket, NULL when it is none. */
static bool in_class(const char *p, char c, const char **next)
{
	bool negated = p[1] == '!' || p[1] == '^', hit = false;
	const char *s = p + 1 + negated, *first = s;
	for (; *s && (*s != ']' || s == first); s++) {
		if (s[1] == '-' && s[2] && s[2] != ']') {
			hit = hit || (lower(s[0]) <= lower(c) && lower(c) <= lower(s[2]));
			s += 2;
		} else {
			hit = hit || lower(*s) == lower(c);
		}
	}
	*next = *s ? s + 1 : NULL;
	return hit != negated;
}

/* One element of the pattern that is no star against one character; NULL when it does not match. */
static const char *match_one(const char *p, char c)
{
	const char *next;
	if (*p == '?')
		return c != '/' ? p + 1 : NULL;
	if (*p == '[') {
		bool hit = in_class(p, c, &next);
		if (next)
			return hit && c != '/' ? next : NULL;
	}
	if (*p == '\\' && p[1])
		p++;
	return *p && lower(*p) == lower(c) ? p + 1 : NULL;
}

/* Where a failed match may start anew. */
struct retry {
	const char *p, *s; /* NULL: nowhere */
};

/* The next place for a double star: anywhere, or with a slash behind it, at the next name. */
static bool retry_deep(struct retry *r, bool names)
{
	if (!r->p || !*r->s)
		return false;
	if (!names)
		return r->s++ != NULL;
	r->s = strchr(r->s, '/');
	return r->s && r->s++ != NULL;
}

/* Goes back to the last star only, and to the last double star when that fails: O(pattern * path^2) at worst. */
static bool match(const char *p, const char *s)
{
	struct retry star = {0}, deep = {0};
	bool names = false;
	for (;;) {
		if (p[0] == '*' && p[1] == '*') {
			names = p[2] ==
				'/'; /* one that is followed by a slash matches no name too */
			p += 2 + names;
			deep = (struct retry){p, s};
			star.p = NULL;
			continue;
		}
		if (*p == '*') {
			star = (struct retry){++p, s};
			continue;
		}
		const char *next = *s ? match_one(p, *s) : NULL;
		if (next) {
			p = next;
			s++;
		} else if (!*p && !*s) {
			return true;
		} else if (star.p && *star.s && *star.s != '/') {
			p = star.p;
			s = ++star.s;
		} else if (retry_deep(&deep, names)) {
			p = deep.p;
			s = deep.s;
			star.p = NULL;
		} else {
			return false;
		}
	}
}

bool glob_match(const char *pattern, const char *path, bool is_folder)
{
	char buf[1024], dir[4096];
	size_t n = strlen(pattern), len = strlen(path);
	if (n && pattern[n - 1] == '/') {
		if (!is_folder || n > sizeof(buf))
			return false;
		memcpy(buf, pattern, n - 1);
		buf[n - 1] = '\0';
		pattern = buf;
	}
	if (len && path[len - 1] == '/' && len <= sizeof(dir)) {
		memcpy(dir, path, len - 1);
		dir[len - 1] = '\0';
		path = dir;
	}
	if (!strchr(pattern, '/'))
		path = tw_path_base(path);
	return match(pattern + (*pattern == '/'), path);
}

static bool any(const struct tw_strings *globs, const char *rel, bool is_folder)
{
	for (size_t i = 0; i < globs->n; i++)
		if (glob_match(globs->at[i], rel, is_folder))
			return true;
	return false;
}

/* "~$report.docx": what Word leaves beside a document that is open in it. */
static bool is_hidden_name(const char *rel)
{
	const char *name = tw_path_base(rel);
	return name[0] == '.' || (name[0] == '~' && name[1] == '$');
}

bool rules_leave_out(const struct file_rules *r, const char *rel)
{
	return is_hidden_name(rel) || any(&r->exclude, rel, tw_ends_with(rel, "/"));
}

bool rules_take_file(const struct file_rules *r, const char *rel)
{
	return any(&r->include, rel, false) && !rules_leave_out(r, rel);
}

bool rules_enter_folder(const struct file_rules *r, const char *rel)
{
	char name[4096];
	size_t len = strlen(rel);
	while (len && rel[len - 1] == '/')
		len--;
	if (len >= sizeof(name))
		return false;
	memcpy(name, rel, len);
	name[len] = '\0';
	if (is_hidden_name(name) || strcmp(tw_path_base(name), "node_modules") == 0)
		return false;
	return !any(&r->exclude, name, true);
}
