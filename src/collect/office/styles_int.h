/*
 * collect/office/styles_int.h: styles of paragraphs and letters, as far as they
 * mean something to a reader: their role, and what they say of letters. They
 * are based on each other; what one does not say, its base does.
 */
#ifndef TW_COLLECT_STYLES_INT_H
#define TW_COLLECT_STYLES_INT_H

#include "base/map.h"
#include "collect/office/rich_int.h"

#define OFFICE_LEVELS 9 /* of headings and lists */

enum office_role {
	OFFICE_TEXT,
	OFFICE_HEADING,
	OFFICE_TITLE,
	OFFICE_QUOTE,
	OFFICE_CODE,
	OFFICE_LIST_OF_CONTENTS,
};

struct office_style {
	const char *name, *based_on; /* based_on: the id */
	enum office_role role;
	int heading;	    /* 1 … 9 of OFFICE_HEADING */
	int outline;	    /* 0 … 9, the last for none; -1 not said */
	const char *num_id; /* of a list; NULL: not said */
	int list_level;	    /* -1 not said */
	signed char bold, italic, strike, mono, hidden; /* -1 not said */
	const char *lang[3];				/* as struct rich_format's */
	bool resolved;					/* with what it is based on */
};

struct office_styles {
	struct tw_map by_id;	      /* of struct office_style * in the arena */
	struct office_style defaults; /* of the document and its normal paragraph */
};

extern const struct office_style office_style_unsaid; /* says nothing */

/* Never NULL. `id` may be. */
const struct office_style *office_style(const struct office_styles *s, const char *id);
/* Over *out, where it says something of letters, outline or lists. */
void office_style_over(struct office_style *out, const struct office_style *over);
/* After all are in by_id. */
void office_styles_settle(struct office_styles *s);
void office_styles_release(struct office_styles *s);

/* Letters in style `s` (without the paragraph's) in a paragraph of style `p`: one that is bold as a whole stresses
 * nothing. `typed`: a typewriter's letters mean nothing. */
struct rich_format office_format(const struct office_style *s, const struct office_style *p,
				 const struct office_styles *all, bool typed);
/* The role of a paragraph; one in a typewriter's letters among others is code. */
enum office_role office_paragraph_role(const struct office_style *p,
				       const struct office_styles *all, bool typed);

/* "Heading 3" → 3; 0 for another name. Names of old are English in every language's version. */
int office_heading_level(const char *style);
/* What a paragraph style of this name is for. */
enum office_role office_role_of(const char *style);
/* Letters of a typewriter, as code is set in. */
bool office_is_mono(const char *font);

#endif
