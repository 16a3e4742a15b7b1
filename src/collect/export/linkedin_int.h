/*
 * collect/export/linkedin_int.h: the messages in LinkedIn's copy of one's data.
 */
#ifndef TW_COLLECT_LINKEDIN_INT_H
#define TW_COLLECT_LINKEDIN_INT_H

#include "collect/export/export_int.h"

struct linkedin_messages; /* opaque, heap */

/* An export_recognise. */
bool linkedin_is_messages(const char *name, const char *head, size_t n);
/* As a format's next(); *m is NULL at first. One's own of a conversation in a month are a document, with what they
 * answer. */
TW_MUST_USE enum tw_status linkedin_messages_next(struct tw_document *doc,
						  struct linkedin_messages **m, struct export_in *x,
						  struct tw_arena *a, struct tw_err *err);
void linkedin_messages_free(struct linkedin_messages *m); /* NULL is fine */

#endif
