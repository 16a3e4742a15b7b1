/*
 * collect/notes/logseq_int.h: one block of a Logseq outline, and what of it is the
 * author's text.
 */
#ifndef TW_COLLECT_LOGSEQ_INT_H
#define TW_COLLECT_LOGSEQ_INT_H

#include "collect/notes/notes_int.h"

struct lines TW_VEC_BODY(struct tw_bytes);

/* What the lines so far have opened: a fence of code, or "#+BEGIN_…". Begins zeroed. */
struct lines_state {
	size_t fence;
	char fence_sign;
	bool org;      /* within #+BEGIN_… */
	char kind[16]; /* of it, in upper case */
	bool edge;     /* this line opens or closes one */
};
void lines_step(struct lines_state *st, const char *s, size_t len);
bool lines_in_code(const struct lines_state *st);

struct logseq_block {
	struct tw_str text;		   /* lines of Markdown, or nothing */
	struct note_properties properties; /* in the arena; name and value by turns */
	bool quotation;			   /* a passage that was marked in a PDF */
	bool template;
};
/* `item`: it stands in a list, where headings are lines. */
void logseq_clean(struct logseq_block *out, struct note *n, const struct lines *lines, bool item);
void logseq_block_release(struct logseq_block *b);

#endif
