/*
 * Writing, or a list of links to it: home, tags, archives, pages two and three.
 *
 * Judged by the main content alone: of a list most letters are links, or its
 * headings are (those of teasers lead to what they announce). A page that says
 * that it is an article is believed, unless nearly all of it is links; one that
 * says nothing must be long enough to be a text, too.
 */
#include "collect/site/crawl_int.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MIN_LETTERS	200 /* bytes: some 35 words */
#define MAX_LINK_SHARE	0.5
#define MAX_LINK_STATED 0.8
#define MAX_LINK	4000   /* bytes of its text, and of its target */
#define MAX_JUDGED	200000 /* bytes: the beginning tells */
#define MANY_LINK_HEADS 3

struct count {
	size_t letters, linked; /* bytes of words, digits left out: dates stand beside links */
	int heads, linked_heads;
};

static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Of "[text](target)" at s: what is behind it, or NULL when it is no link, or too long for one. */
static const char *link_end(const char **text_end, const char **target, const char *s)
{
	int depth = 0;
	const char *p = s;
	for (; *p && *p != '\n' && p - s < MAX_LINK; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '[')
			depth++;
		else if (*p == ']' && --depth == 0)
			break;
	}
	if (*p != ']' || p[1] != '(')
		return NULL;
	*text_end = p;
	*target = p + 2;
	const char *end = memchr(p, ')', strnlen(p, MAX_LINK));
	return end && !memchr(p, '\n', (size_t)(end - p)) ? end + 1 : NULL;
}

/* A place on the same page. */
static bool is_here(const char *target, const char *url)
{
	size_t n = strlen(url);
	target += *target == '<';
	return *target == '#' || (strncmp(target, url, n) == 0 && target[n] == '#');
}

static void count_line(struct count *c, const char *line, size_t len, const char *url)
{
	const char *end = line + len, *text_end, *target;
	size_t marks = strspn(line, "#");
	bool head = marks > 0 && marks <= 6 && line[marks] == ' ', all_linked = head;
	c->heads += head;
	for (const char *p = line; p < end;) {
		bool image = *p == '!' && p[1] == '[';
		if (*p == '\\' && p[1]) { /* an escaped sign, no letter */
			p += 2;
			continue;
		}
		const char *next =
			*p == '[' || image ? link_end(&text_end, &target, p + image) : NULL;
		if (next) {
			bool counts = !image && !is_here(target, url);
			for (const char *q = p + 1; q < text_end && !image; q++) {
				c->letters += is_letter(*q);
				c->linked += counts && is_letter(*q);
			}
			all_linked = all_linked && (counts || image);
			p = next;
			continue;
		}
		c->letters += is_letter(*p);
		all_linked = all_linked && !is_letter(*p);
		p++;
	}
	/* "### " before anything else has no letters and no link */
	c->linked_heads += all_linked && memchr(line, '[', len);
}

static struct count count_markdown(const char *md, const char *url)
{
	struct count c = {0};
	bool code = false;
	const char *end = md + strnlen(md, MAX_JUDGED);
	for (const char *line = md; line < end;) {
		size_t n = strcspn(line, "\n");
		n = n < (size_t)(end - line) ? n : (size_t)(end - line);
		bool fence = strncmp(line, "```", 3) == 0;
		code ^= fence;
		if (code || fence)
			for (size_t i = 0; i < n; i++)
				c.letters += is_letter(line[i]);
		else
			count_line(&c, line, n, url);
		line += n + (line[n] == '\n');
	}
	return c;
}

static bool is_number(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && isdigit((unsigned char)s[n]))
		n++;
	return n == len && n > 0 && n <= 4;
}

static bool is_one_of(const char *s, size_t len, const char *const *names)
{
	for (; *names; names++)
		if (strlen(*names) == len && strncasecmp(s, *names, len) == 0)
			return true;
	return false;
}

/* "/tags/boats/", "/blog/page/2", "/2021/03/": where programs that make blogs put their lists. */
static bool has_list_path(const char *url)
{
	static const char *const all[] = {"tags",   "categories", "archive", "archives", "labels",
					  "topics", "authors",	  "search",  NULL};
	static const char *const one[] = {"tag",     "category", "label",  "topic",	 "author",
					  "tags",    "labels",	 "topics", "categories", "authors",
					  "archive", "archives", "search", NULL};
	static const char *const page[] = {"page", NULL};
	const char *path = strstr(url, "://");
	path = path ? path + 3 + strcspn(path + 3, "/") : url;
	size_t len = strcspn(path, "?#");
	while (len && path[len - 1] == '/')
		len--;
	const char *last = len ? memrchr(path, '/', len) : NULL;
	if (!last)
		return false;
	const char *above = last > path ? memrchr(path, '/', (size_t)(last - path)) : NULL;
	size_t n = len - (size_t)(last + 1 - path),
	       n_above = above ? (size_t)(last - above - 1) : 0;
	bool number = is_number(last + 1, n);
	if (above &&
	    (is_one_of(above + 1, n_above, one) || (number && is_one_of(above + 1, n_above, page))))
		return true;
	return is_one_of(last + 1, n, all) || (number && (!above || is_number(above + 1, n_above)));
}

bool crawl_is_writing(const struct page *page, bool says_list, const char *url)
{
	struct count c = count_markdown(page->body, url);
	double share = c.letters ? (double)c.linked / (double)c.letters : 1;
	if (!c.letters)
		return false;
	if (page->is_article)
		return share < MAX_LINK_STATED;
	if (says_list || has_list_path(url) || c.letters < MIN_LETTERS)
		return false;
	bool teasers = c.linked_heads >= MANY_LINK_HEADS ||
		       (c.linked_heads >= 2 && 2 * c.linked_heads > c.heads);
	return share < MAX_LINK_SHARE && !teasers;
}
