/*
 * What the names that people give to parts of a page say about them. A name is
 * cut into words ("article-body__shareTools" is article, body, share, tools);
 * a word matches an entry whole, or by its beginning where the entry ends in
 * '*'.
 */
#include "collect/extract/extract_int.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

static const char *const content_words[] = {
	"answer",      "message",	 "question", "reply",	 "article",	"articlebody",
	"articletext", "articlecontent", "blogpost", "body",	 "bodytext",	"content",
	"entry",       "entrycontent",	 "hentry",   "main",	 "mainbody",	"maincontent",
	"page",	       "paragraph",	 "post",     "postbody", "postcontent", "story",
	"storybody",   "text",		 NULL};

/* Never what a page is about, however long. */
static const char *const notice_words[] = {"footer*", "cookie*",     "consent",
					   "gdpr",    "newsletter*", NULL};

/* Around the content of a page. */
static const char *const frame_words[] = {
	"ad",	      "adbox",	      "addthis*",   "addtoany", "ads",	       "adslot",
	"adunit",     "advert*",      "aside",	    "banner",	"breadcrumb*", "jumplist",
	"login",      "masthead",     "menu*",	    "catlinks", "navbox*",     "modal",
	"nav",	      "navbar*",      "navigation", "overlay",	"pager",       "pagination",
	"popup",      "prevnext",     "rail",	    "share*",	"sharedaddy",  "shariff",
	"sharing",    "sidebar*",     "signup",	    "skip",	"skiplink",    "social*",
	"subscribe*", "subscription", "toolbar",    "topbar",	"toplinks",    "widget*",
	NULL};

/* Beside it: other content, and calls to do something. */
static const char *const chrome_words[] = {
	"also*",      "authorbox",    "bio",	   "bought",   "carousel",     "connections",
	"crosssell*", "cta",	      "donate",	   "donation", "interstitial", "jp",
	"mailmunch",  "mostpopular*", "optin",	   "outbrain", "paywall",      "poll",
	"popular",    "promo*",	      "readmore",  "recirc*",  "recommend*",   "related*",
	"roundup",    "similar*",     "slideshow", "sponsor*", "survey",       "taboola",
	"teaser*",    "trending",     "upsell",	   "yarpp*",   "zergnet",      NULL};

static const char *const comment_words[] = {"comment*", "disqus*",    "respond", "replies",
					    "livefyre", "fbcomments", NULL};

static const char *const caption_words[] = {"caption*", "legend*", "figcaption",
					    "gallery*", "credit*", NULL};

static const char *const furniture_words[] = {
	"author*",  "byline*",	  "category", "categories",  "copyright", "date",      "dateline",
	"datetime", "disclaimer", "edit",     "editsection", "eyebrow",	  "hidden",    "hide",
	"infobox",  "kicker",	  "legal",    "meta*",	     "metadata",  "noprint",   "offscreen",
	"overline", "permalink",  "postmeta", "print",	     "published", "pubdate",   "rating",
	"ratings",  "reader",	  "screen",   "source",	     "sr",	  "subhead",   "tag",
	"taglist",  "tags",	  "terms",    "time",	     "timestamp", "toc",       "tools",
	"topic",    "topics",	  "updated",  "utility",     "vcard",	  "wordcount", "readtime",
	NULL};

/* One entry of the lists, in the bucket of its first letter. */
struct entry {
	const char *word;
	size_t len; /* without the '*' */
	bool prefix;
	enum hint hint;
};

static struct {
	struct entry at[64];
	size_t n;
} buckets[26];

static void add_list(const char *const *words, enum hint hint)
{
	for (; *words; words++) {
		size_t b = (size_t)(**words - 'a'), len = strlen(*words);
		bool prefix = (*words)[len - 1] == '*';
		assert(buckets[b].n < sizeof(buckets[b].at) / sizeof(buckets[b].at[0]));
		buckets[b].at[buckets[b].n++] = (struct entry){*words, len - prefix, prefix, hint};
	}
}

static void fill_buckets(void)
{
	add_list(content_words, HINT_CONTENT);
	add_list(comment_words, HINT_COMMENTS);
	add_list(notice_words, HINT_NOTICE);
	add_list(frame_words, HINT_FRAME);
	add_list(chrome_words, HINT_CHROME);
	add_list(caption_words, HINT_CAPTION);
	add_list(furniture_words, HINT_FURNITURE);
}

static enum hint hint_of_word(const char *w, size_t len)
{
	if (!len || *w < 'a' || *w > 'z')
		return HINT_NONE;
	size_t b = (size_t)(*w - 'a');
	for (size_t i = 0; i < buckets[b].n; i++) {
		const struct entry *e = &buckets[b].at[i];
		if ((e->prefix ? len >= e->len : len == e->len) && memcmp(e->word, w, e->len) == 0)
			return e->hint;
	}
	return HINT_NONE;
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

static void read_name(unsigned *seen, const char *name)
{
	char word[32];
	size_t len;
	bool camel;
	while ((name = next_word(word, sizeof(word), &len, &camel, name))) {
		if (camel && len < 4)
			continue;
		*seen |= 1u << hint_of_word(word, len);
	}
}

/* "sharing-with-a-single-developer": made of a heading's words, it says what a section is about. */
static bool is_slug(const char *name, size_t len)
{
	int joints = 0;
	for (size_t i = 1; i + 1 < len; i++)
		joints += name[i] == '-' || name[i] == '_';
	return joints >= 3 && !memmem(name, len, "__", 2) && !memmem(name, len, "--", 2);
}

static void read_names(unsigned *seen, const char *names, bool ids)
{
	const size_t enough = 2000; /* who writes more wants something else than to name a part */
	for (const char *p = names; p && *p && p < names + enough;) {
		size_t n = strcspn(p, " \t\r\n");
		char name[200];
		if (n && n < sizeof(name) && !(ids && is_slug(p, n))) {
			memcpy(name, p, n);
			name[n] = '\0';
			read_name(seen, name);
		}
		p += n + strspn(p + n, " \t\r\n");
	}
}

static enum hint find_hint(const struct dom_node *n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fill_buckets);
	const char *role = dom_attr(n, "role"), *itemprop = dom_attr(n, "itemprop");
	unsigned seen = 0;
	if (itemprop && (strcmp(itemprop, "articleBody") == 0 || strcmp(itemprop, "text") == 0))
		return HINT_CONTENT;
	if (role && (strcmp(role, "navigation") == 0 || strcmp(role, "complementary") == 0 ||
		     strcmp(role, "banner") == 0 || strcmp(role, "contentinfo") == 0 ||
		     strcmp(role, "search") == 0 || strcmp(role, "dialog") == 0))
		return HINT_FRAME;
	read_names(&seen, dom_attr(n, "class"), false);
	read_names(&seen, dom_attr(n, "id"), true);
	static const enum hint order[] = {HINT_COMMENTS, HINT_NOTICE,  HINT_FRAME,
					  HINT_CHROME,	 HINT_CAPTION, HINT_FURNITURE};
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (seen & 1u << order[i])
			return order[i];
	return seen & 1u << HINT_CONTENT ? HINT_CONTENT : HINT_NONE;
}

enum hint hint_of(const struct extraction *e, const struct dom_node *n)
{
	if (!n->attrs)
		return HINT_NONE;
	if (!e->hints[n->id])
		e->hints[n->id] = (unsigned char)(1 + find_hint(n));
	return (enum hint)(e->hints[n->id] - 1);
}

static bool hides(const char *style)
{
	for (; *style; style++) {
		if (strncmp(style, "display", 7) != 0 && strncmp(style, "visibility", 10) != 0)
			continue;
		const char *v = strchr(style, ':');
		v = v ? v + 1 + strspn(v + 1, " ") : "";
		if (strncmp(v, "none", 4) == 0 || strncmp(v, "hidden", 6) == 0)
			return true;
	}
	return false;
}

bool is_hidden(const struct dom_node *n)
{
	for (const struct dom_attr *at = n->attrs; at; at = at->next) {
		bool hidden =
			(*at->name == 's' && strcmp(at->name, "style") == 0 && hides(at->value)) ||
			(*at->name == 'h' && strcmp(at->name, "hidden") == 0) ||
			(*at->name == 'a' && strcmp(at->name, "aria-hidden") == 0 &&
			 strcmp(at->value, "true") == 0);
		if (hidden)
			return true;
	}
	return false;
}

/* Hosts that pages of all sites link to, to be followed and shared there. */
static const char *const meeting_places[] = {
	"facebook.com", "twitter.com",	 "x.com",      "instagram.com", "pinterest.com",
	"linkedin.com", "whatsapp.com",	 "t.me",       "reddit.com",	"addthis.com",
	"youtube.com",	"flipboard.com", "google.com", "apple.com",	"bsky.app",
	"threads.net",	"tumblr.com",	 NULL};

/* The registered part of the URL's host, nearly: its last two labels, three where the second is short ("co.uk"). */
struct tw_bytes site_of(const char *url)
{
	const char *host = url ? strstr(url, "//") : NULL;
	if (!host || (host != url && strncasecmp(url, "http", 4) != 0))
		return (struct tw_bytes){0};
	host += 2;
	size_t len = strcspn(host, "/?#:"), from = len;
	for (int labels = 0; from > 0; from--) {
		if (host[from - 1] != '.')
			continue;
		if (++labels == 2 && (len - from > 6 || strcspn(host + from, ".") > 3))
			break;
		if (labels == 3)
			break;
	}
	return (struct tw_bytes){host + from, len - from};
}

static bool same_site(struct tw_bytes a, struct tw_bytes b)
{
	return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

/* By a vote of the page's absolute links (Boyer and Moore's); where most links are relative, all absolute ones lead
 * elsewhere: then it is a name that no site has. */
struct tw_bytes guess_site(const struct dom *d)
{
	struct tw_bytes leader = {0};
	size_t votes = 0, absolute = 0, relative = 0;
	for (const struct dom_node *n = d->root; n; n = dom_next(n, d->root)) {
		const char *href = n->tag == TAG_A ? dom_attr(n, "href") : NULL;
		struct tw_bytes to = site_of(href);
		relative += href && !to.len;
		absolute += to.len > 0;
		if (to.len && votes == 0)
			leader = to;
		if (to.len)
			votes += same_site(to, leader) ? 1 : (size_t)-1;
	}
	return absolute > relative ? leader : (struct tw_bytes){"-", 1};
}

bool leads_elsewhere(const struct dom_node *a, struct tw_bytes here)
{
	struct tw_bytes to = site_of(dom_attr(a, "href"));
	if (!to.len || !here.len || same_site(to, here))
		return false;
	for (size_t i = 0; meeting_places[i]; i++)
		if (same_site(to, (struct tw_bytes){meeting_places[i], strlen(meeting_places[i])}))
			return false;
	return true;
}
