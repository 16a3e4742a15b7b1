/*
 * feature/replies_int.h: pairs out of conversations, rows of the view "labels".
 *
 * What the author answered and to what stands in the document's `extra`
 * (core/document.h), as the source found it: neither cleaned nor scrubbed.
 */
#ifndef TW_FEATURE_REPLIES_INT_H
#define TW_FEATURE_REPLIES_INT_H

#include "core/row.h"
#include "feature/passage_int.h"

#define REPLY_KIND "reply"

struct reply_limits {
	bool on;
	struct passage_limits answer;
	int64_t max_context; /* bytes of what is answered, the newest */
	int64_t max_pairs;   /* of a document */
};

struct replies {
	const char *doc, *title;
	struct tw_bytes text; /* scrubbed: the answers are pieces of it */
	const char *media, *extra;
	const struct reply_limits *limits;
};

/* Adds a row for each usable pair, in their order. */
void tw_replies(struct tw_rows *out, const struct replies *r, struct tw_arena *a);

#endif
