/*
 * collect/export/export_posts_int.h: exports of short posts, of which those that answer
 * each other are joined into threads. All are held in memory until the last is read.
 */
#ifndef TW_COLLECT_EXPORT_POSTS_INT_H
#define TW_COLLECT_EXPORT_POSTS_INT_H

#include "collect/export/export_int.h"

struct post {
	const char *id;
	const char *parent; /* id of the post that it answers, or NULL */
	const char *text, *media, *url, *lang, *author, *title;
	const char *extra; /* JSON, or NULL */
	int64_t created_ms, modified_ms;
};

struct posts; /* opaque, heap */

/* From the arrays in which the two find them (struct elements). */
struct posts *posts_new(export_recognise recognise, const char *member);
void posts_free(struct posts *p); /* NULL is fine */
/* Copies. A second post of the same id is left out. */
void posts_add(struct posts *p, const struct post *post);
/* The entry that is being read, for messages. */
const char *posts_entry(const struct posts *p);

/* Adds what is a post in the element of an array. TW_SKIPPED: a broken one; *key says which. */
typedef enum tw_status (*posts_take)(const char **key, void *state, const struct export_in *x,
				     const struct tw_json *item, struct tw_arena *a,
				     struct tw_err *err);
/* As a format's next(). A post that answers another of them belongs to that one's document: texts in the order of their
 * dates, the rest from the first. */
TW_MUST_USE enum tw_status posts_next(struct tw_document *doc, struct posts *p, posts_take take,
				      void *state, struct export_in *x, struct tw_arena *a,
				      struct tw_err *err);

#endif
