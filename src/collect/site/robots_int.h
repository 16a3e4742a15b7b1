/*
 * collect/site/robots_int.h: what the host of a page asks of programs: robots.txt
 * (RFC 9309) with the two records beside it that everybody writes, and the
 * words of <meta name="robots"> and X-Robots-Tag.
 */
#ifndef TW_COLLECT_ROBOTS_INT_H
#define TW_COLLECT_ROBOTS_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

/* Section 2.5 wants at least 500 kibibytes to be read; what is behind them is not. */
#define ROBOTS_MAX_TEXT (512 * 1024)

struct robots_rule {
	const char *pattern; /* normalised */
	bool allow;
};

struct robots {
	struct robots_rule *rules; /* of the groups that name us, else of "*" */
	size_t n;
	const char *
		unread; /* why nothing is known of the rules, and nothing allowed; NULL: they are known */
	double crawl_delay;    /* seconds, 0 when none is asked for; of the same groups */
	const char **sitemaps; /* as written; they belong to no group */
	size_t n_sitemaps;
};

/* `agent` is our product token. Any bytes are some robots.txt. */
void robots_parse(struct robots *out, const char *text, size_t len, const char *agent,
		  struct tw_arena *a);
/* Octets as section 2.2.2 compares them, and as RFC 3986, 6.2.2 makes URLs equal: what is not US-ASCII is encoded, what needs
 * no encoding is decoded, hexadecimal digits are capitals. */
char *octets_normal(const char *s, size_t len, struct tw_arena *a);

/* `path` begins with a slash and may have a query. */
bool robots_allow(const struct robots *r, const char *path);

struct robots_words {
	bool noindex, nofollow;
};
/* Adds what "noindex, follow" says. A word before a colon names the program that is meant; what is for others is left out. */
void robots_words_add(struct robots_words *w, const char *text, const char *agent);

#endif
