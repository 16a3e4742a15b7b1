/*
 * What the names that people give to parts of a page say about them. A name is
 * cut into words ("article-body__shareTools" is article, body, share, tools);
 * a word matches an entry whole, or by its beginning where the entry ends in
 * '*'.
 */
#include "collect/extract_int.h"

#include <ctype.h>
#include <string.h>

static const char *const content_words[] = {
	"article",     "articlebody", "articletext", "articlecontent", "blogpost", "body",
	"bodytext",    "content",     "entry",	     "entrycontent",   "hentry",   "main",
	"mainbody",    "maincontent", "page",	     "paragraph",      "post",	   "postbody",
	"postcontent", "story",	      "storybody",   "text",	       NULL};

static const char *const chrome_words[] = {
	"ad",	      "adbox",	     "ads",	    "adslot",	    "adunit",	    "advert*",
	"aside",      "banner",	     "breadcrumb*", "carousel",	    "connections",  "consent",
	"cookie*",    "footer*",     "gdpr",	    "jumplist",	    "login",	    "mailmunch",
	"masthead",   "menu*",	     "modal",	    "mostpopular*", "nav",	    "navbar*",
	"navigation", "newsletter*", "outbrain",    "overlay",	    "pager",	    "pagination",
	"paywall",    "popular",     "popup",	    "prevnext",	    "promo*",	    "rail",
	"readmore",   "recirc*",     "recommend*",  "related*",	    "share*",	    "sharing",
	"shariff",    "sharedaddy",  "sidebar*",    "signup",	    "skiplink",	    "slideshow",
	"social*",    "sponsor*",    "subscribe*",  "subscription", "taboola",	    "teaser*",
	"toolbar",    "trending",    "upsell",	    "widget*",	    "yarpp*",	    "zergnet",
	"addtoany",   "addthis*",    "authorbox",   "bio",	    "jp",	    "optin",
	"donate",     "donation",    "survey",	    "poll",	    "interstitial", NULL};

static const char *const comment_words[] = {"comment*", "disqus*",    "respond", "replies",
					    "livefyre", "fbcomments", NULL};

static const char *const furniture_words[] = {
	"author*",   "byline*",	  "caption*", "category",   "categories", "copyright", "credit*",
	"date",	     "dateline",  "datetime", "disclaimer", "edit",	  "eyebrow",   "figcaption",
	"hidden",    "hide",	  "infobox",  "kicker",	    "legal",	  "meta*",     "metadata",
	"noprint",   "offscreen", "overline", "permalink",  "postmeta",	  "print",     "published",
	"pubdate",   "rating",	  "ratings",  "reader",	    "screen",	  "source",    "sr",
	"subhead",   "tag",	  "taglist",  "tags",	    "terms",	  "time",      "timestamp",
	"toc",	     "tools",	  "topic",    "topics",	    "updated",	  "utility",   "vcard",
	"wordcount", "readtime",  NULL};

static bool word_in(const char *const *words, const char *w, size_t len)
{
	for (; *words; words++) {
		size_t n = strlen(*words);
		bool prefix = (*words)[n - 1] == '*';
		n -= prefix;
		if ((prefix ? len >= n : len == n) && memcmp(*words, w, n) == 0)
			return true;
	}
	return false;
}

/* The next word of s in lower case; returns where to go on, NULL at the end. A word begins after what is
 * no letter, or at a capital; made-up names ("hJpRRP") give scraps of the second kind: *camel says so. */
static const char *next_word(char *word, size_t cap, size_t *len, bool *camel, const char *s)
{
	*camel = isalpha((unsigned char)*s);
	while (*s && !isalpha((unsigned char)*s))
		s++;
	if (!*s)
		return NULL;
	*len = 0;
	bool lower = false;
	for (; isalpha((unsigned char)*s); s++) {
		if (isupper((unsigned char)*s) && lower)
			break;
		lower = lower || islower((unsigned char)*s);
		if (*len < cap)
			word[(*len)++] = (char)tolower((unsigned char)*s);
	}
	*camel = *camel || isalpha((unsigned char)*s);
	return s;
}

static void read_names(unsigned *seen, const char *names)
{
	char word[32];
	size_t len;
	bool camel;
	while (names && (names = next_word(word, sizeof(word), &len, &camel, names))) {
		if (camel && len < 4)
			continue;
		if (word_in(content_words, word, len))
			*seen |= 1u << HINT_CONTENT;
		else if (word_in(comment_words, word, len))
			*seen |= 1u << HINT_COMMENTS;
		else if (word_in(chrome_words, word, len))
			*seen |= 1u << HINT_CHROME;
		else if (word_in(furniture_words, word, len))
			*seen |= 1u << HINT_FURNITURE;
	}
}

enum hint hint_of(const struct dom_node *n)
{
	const char *role = dom_attr(n, "role"), *itemprop = dom_attr(n, "itemprop");
	unsigned seen = 0;
	if (itemprop && (strcmp(itemprop, "articleBody") == 0 || strcmp(itemprop, "text") == 0))
		return HINT_CONTENT;
	if (role && (strcmp(role, "navigation") == 0 || strcmp(role, "complementary") == 0 ||
		     strcmp(role, "banner") == 0 || strcmp(role, "contentinfo") == 0 ||
		     strcmp(role, "search") == 0 || strcmp(role, "dialog") == 0))
		return HINT_CHROME;
	read_names(&seen, dom_attr(n, "class"));
	read_names(&seen, dom_attr(n, "id"));
	for (enum hint h = HINT_FURNITURE; h > HINT_CONTENT; h--) {
		static const enum hint order[] = {[HINT_FURNITURE] = HINT_COMMENTS,
						  [HINT_COMMENTS] = HINT_CHROME,
						  [HINT_CHROME] = HINT_FURNITURE};
		if (seen & 1u << order[h])
			return order[h];
	}
	return seen & 1u << HINT_CONTENT ? HINT_CONTENT : HINT_NONE;
}

bool is_hidden(const struct dom_node *n)
{
	const char *style = dom_attr(n, "style"), *aria = dom_attr(n, "aria-hidden");
	if (dom_attr(n, "hidden") || (aria && strcmp(aria, "true") == 0))
		return true;
	for (; style && *style; style++) {
		if (strncmp(style, "display", 7) != 0 && strncmp(style, "visibility", 10) != 0)
			continue;
		const char *v = strchr(style, ':');
		v = v ? v + 1 + strspn(v + 1, " ") : "";
		if (strncmp(v, "none", 4) == 0 || strncmp(v, "hidden", 6) == 0)
			return true;
	}
	return false;
}
