#include "feature/clean_int.h"

#include <string.h>

/*
 * Whole paragraphs, folded to letters and single spaces. Only lines that a page's
 * machinery writes: a paragraph that says more than this is the author's.
 */
static const char *const lines[] = {
	"advertisement",
	"all rights reserved",
	"back to blog",
	"back to home",
	"back to top",
	"click here to subscribe",
	"comments",
	"comments are closed",
	"continue reading",
	"discuss on hacker news",
	"discuss on twitter",
	"facebook",
	"follow me on twitter",
	"leave a comment",
	"leave a reply",
	"like this",
	"like this post",
	"loading",
	"next post",
	"older posts",
	"newer posts",
	"permalink",
	"previous post",
	"print this page",
	"read more",
	"related",
	"related posts",
	"share",
	"share on facebook",
	"share on linkedin",
	"share on mastodon",
	"share on reddit",
	"share on twitter",
	"share on x",
	"share this",
	"share this article",
	"share this post",
	"sign up for my newsletter",
	"sign up for our newsletter",
	"skip to content",
	"skip to main content",
	"subscribe",
	"subscribe now",
	"subscribe to my newsletter",
	"subscribe to our newsletter",
	"subscribe to the newsletter",
	"thanks for subscribing",
	"toggle navigation",
	"tweet",
	"tweet this",
	"view comments",
	"you might also like",
	"you may also like",
	NULL,
};

#define LONGEST 40

/* Letters in lower case with single spaces; false when the paragraph is too long or holds other scripts. */
static bool fold(char out[LONGEST + 2], const char *s, size_t n)
{
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)s[i];
		bool upper = ch >= 'A' && ch <= 'Z', lower = ch >= 'a' && ch <= 'z';
		if (ch >= '0' && ch <= '9')
			return false;
		if (upper || lower)
			out[len++] = (char)(upper ? ch + 32 : ch);
		else if (len && out[len - 1] != ' ')
			out[len++] = ' ';
		if (len > LONGEST)
			return false;
	}
	while (len && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	return len > 0;
}

bool tw_clean_is_boilerplate(const char *s, size_t n)
{
	char folded[LONGEST + 2];
	if (n > 2 * (size_t)LONGEST || memchr(s, '`', n) || !fold(folded, s, n))
		return false;
	for (const char *const *l = lines; *l; l++)
		if (strcmp(*l, folded) == 0)
			return true;
	return false;
}
