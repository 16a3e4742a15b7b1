/*
 * What an author wrote, taken from a Markdown or MDX source by rules that are
 * simpler than the cleaner's and share no code with it: the measure that cleaned
 * text is held against.
 */
#ifndef TEST_STYLE_SOURCE_H
#define TEST_STYLE_SOURCE_H

#include "test.h"

#include "base/str.h"
#include "base/vec.h"

/* Lines of one fenced block, fences included, as they stand in the source. */
struct style_blocks TW_VEC_BODY(struct tw_bytes);

struct style_source {
	struct tw_str prose; /* all else, without markup */
	struct style_blocks code;
};

/* `body` without front matter; it outlives *out. */
void style_source_read(struct style_source *out, const char *body, bool mdx);
void style_source_release(struct style_source *s);

/* Marks of a text that say how somebody writes. */
struct style_marks {
	int apostrophes; /* ' and U+2019 */
	int hyphens;	 /* - and U+2010 to U+2015 */
	int emoji; /* U+2600 to U+27BF, U+1F000 and above; joiners and variation selectors too */
};
struct style_marks style_marks_of(const char *s, size_t n);

#endif
