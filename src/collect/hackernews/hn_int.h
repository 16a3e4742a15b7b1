/*
 * collect/hackernews/hn_int.h: items of Hacker News: stories, comments and polls,
 * as its API gives them (github.com/HackerNews/API).
 */
#ifndef TW_COLLECT_HN_INT_H
#define TW_COLLECT_HN_INT_H

#include "base/json.h"
#include "core/document.h"

/* An item's text as Markdown: paragraphs that begin with ">" are quotations, and addresses stand whole. "" when
 * there is none. */
const char *hn_text(const struct tw_json *item, struct tw_arena *a);

/* Whether it is a text of this person that stands there for everybody to read. */
bool hn_is_writing(const struct tw_json *item, const char *user);

/* The id of what a comment answers; 0 for none. */
int64_t hn_parent(const struct tw_json *item);

/* Fills all but key, which is there, and fingerprint. `parent` is what it answers, or NULL. */
void hn_fill(struct tw_document *doc, const struct tw_json *item, const struct tw_json *parent,
	     struct tw_arena *a);

#endif
