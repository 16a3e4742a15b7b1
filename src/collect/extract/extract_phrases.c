/*
 * Lines that pages put into their text and that nobody wrote as part of it:
 * labels of advertisements and links, calls to subscribe and follow, rights,
 * notices about cookies. Known by the words that they begin with or hold, in
 * lower case. Only short blocks are asked about.
 */
#include "collect/extract/extract_int.h"

#include <ctype.h>
#include <string.h>

#define LONGEST 320 /* bytes of a block that may be such a line */

/* The whole line. Punctuation and digits around it do not count. */
static const char *const labels[] = {
	"ad",
	"advert",
	"advertisement",
	"advertising",
	"anuncio",
	"anzeige",
	"back to top",
	"comment",
	"comments",
	"continue reading",
	"continue reading below",
	"iklan",
	"leggi anche",
	"leia mais",
	"leia também",
	"lesen sie auch",
	"lire aussi",
	"lire la suite",
	"loading",
	"mehr zum thema",
	"publicidad",
	"publicidade",
	"publicité",
	"read more",
	"related",
	"related articles",
	"related news",
	"related posts",
	"related stories",
	"related topics",
	"reply",
	"scroll to top",
	"share",
	"share this",
	"share this article",
	"skip to content",
	"sponsored content",
	"sponsored links",
	"story continues below",
	"tags",
	"tell us what you think",
	"tweet",
	"weiterlesen",
	"werbung",
	"you may also be interested in",
	"you may also like",
	"you might also like",
	"реклама",
	"читайте также",
	NULL,
};

/* `begins`, and as whole words both of `holds`, where they are not NULL; `linked`: only where links are much of it, since writing begins so too. */
static const struct {
	const char *begins, *holds[2];
	bool linked;
} notices[] = {
	{"also on ", {NULL}, true},
	{"click here to subscribe", {NULL}, false},
	{"filed under", {NULL}, false},
	{"follow ", {" on ", "twitter"}, false},
	{"follow ", {" on ", "facebook"}, false},
	{"follow ", {" on ", "instagram"}, false},
	{"image ", {" of ", "image "}, false},
	{"like this story?", {NULL}, false},
	{"like us on ", {NULL}, false},
	{"more great ", {NULL}, true},
	{"posted in ", {NULL}, true},
	{"reporting by ", {"editing by", NULL}, false},
	{"share on ", {NULL}, true},
	{"share this ", {NULL}, true},
	{"sign up for our ", {NULL}, false},
	{"sign up for ", {NULL}, true},
	{"subscribe now", {NULL}, false},
	{"subscribe to our ", {NULL}, false},
	{"subscribe to ", {NULL}, true},
	{"tagged ", {NULL}, true},
	{"tags: ", {NULL}, false},
	{"tags ", {NULL}, true},
	{"©", {NULL}, false},
	{"copyright ©", {NULL}, false},
	{"copyright (c)", {NULL}, false},
	{"copyright 19", {NULL}, false},
	{"copyright 20", {NULL}, false},
	{NULL, {"all rights reserved", NULL}, false},
	{NULL, {"contributed to this report", NULL}, false},
	{NULL, {"may be reached at", "@"}, false},
	{NULL, {"newsletter", "sign up"}, false},
	{NULL, {"newsletter", "subscribe"}, false},
	{NULL, {"newsletter", "inbox"}, false},
	{NULL, {"follow us on", NULL}, false},
	{NULL, {"cookies", "by continuing"}, false},
	{NULL, {"cookies", "by browsing"}, false},
	{NULL, {"cookies", "you agree"}, false},
	{NULL, {"cookies", "your experience"}, false},
	{NULL, {"cookies", "best experience"}, false},
};

/* In lower case (ASCII), white space folded; what does not fit is cut. */
static size_t fold_block(char *out, size_t cap, const struct extraction *e, const struct block *b)
{
	size_t n = 0;
	const struct dom_node *last = b->first;
	for (const struct dom_node *t = last; t && t->id < b->end; t = dom_next(t, e->d->root)) {
		if (!t->text || e->drop[t->id])
			continue;
		for (size_t i = 0; i < t->len && n + 1 < cap; i++) {
			unsigned char c = (unsigned char)t->text[i];
			if (c > ' ')
				out[n++] = (char)tolower(c);
			else if (n && out[n - 1] != ' ')
				out[n++] = ' ';
		}
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n;
}

static bool is_label(char *line, size_t len)
{
	while (len && !isalpha((unsigned char)line[len - 1]) && !(line[len - 1] & 0x80))
		line[--len] = '\0';
	while (*line && !isalpha((unsigned char)*line) && !(*line & 0x80))
		line++;
	for (size_t i = 0; labels[i]; i++)
		if (strcmp(labels[i], line) == 0)
			return true;
	return false;
}

/* As whole words: "subscribe" is not in "subscribers". */
static bool holds(const char *line, const char *words)
{
	size_t n = strlen(words);
	for (const char *at = line; (at = strstr(at, words)); at++) {
		bool from = at == line || !isalpha((unsigned char)at[-1]) ||
			    !isalpha((unsigned char)words[0]);
		bool to = !isalpha((unsigned char)at[n]) || !isalpha((unsigned char)words[n - 1]);
		if (from && to)
			return true;
	}
	return false;
}

bool is_notice(const struct extraction *e, const struct block *b)
{
	char line[LONGEST * 2];
	if (b->chars > LONGEST)
		return false;
	size_t len = fold_block(line, sizeof(line), e, b);
	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
		const char *begins = notices[i].begins;
		bool hit = (!begins || strncmp(line, begins, strlen(begins)) == 0) &&
			   (!notices[i].linked || b->link_chars > 0.3 * b->chars);
		for (int h = 0; hit && h < 2 && notices[i].holds[h]; h++)
			hit = holds(line + (begins ? strlen(begins) : 0), notices[i].holds[h]);
		if (hit)
			return true;
	}
	return is_label(line, len);
}
