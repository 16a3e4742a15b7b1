/*
 * collect/export/export_int.h: the formats of services' exports.
 *
 * The source `export` (source_export.c) opens the bundle, asks each format
 * whether it knows an entry by its beginning, and lets those that do read it.
 * A format turns entries into documents; it knows nothing of ZIP, folders,
 * twin.yaml or the store.
 *
 * To add one: collect/export_x.c with a const struct export_format, two lines
 * in export_formats.c, a test in tests/cli/test_export.py, a row in
 * docs/collection.md. What every format keeps to:
 *   - Only what the author wrote is text of a document. Answers of others, quoted
 *     mail, reposts, and titles that a program made are not; of a conversation
 *     they are context of what the author answered (exchange_int.h).
 *   - A key is the service's own id, so that exports of different days give the
 *     same documents. A title is the author's, or NULL.
 *   - Drafts only with x->drafts, what was deleted never.
 *   - Memory is bounded: an entry of any size is read in pieces (base/json_reader.h,
 *     collect/export/export_xml_int.h), one document at a time.
 *   - One piece that is broken is TW_SKIPPED with its key; only an entry that is
 *     unreadable as a whole ends the pass (TW_BAD_DATA).
 */
#ifndef TW_COLLECT_EXPORT_INT_H
#define TW_COLLECT_EXPORT_INT_H

#include "base/json_reader.h"
#include "collect/export/bundle_int.h"
#include "core/document.h"
#include "core/opt.h"

#define EXPORT_MAX_PIECE ((size_t)32 << 20) /* bytes of one post or conversation */

/* What a format works with. */
struct export_in {
	struct bundle *files;
	struct tw_strings author; /* options: names, handles, addresses; may be empty */
	const char *twin;	  /* whose twin it is, "" unknown */
	bool drafts;		  /* take them too */
	bool direct;		  /* take posts that were sent to single people too */
	struct reports *reports;  /* of what is wrong with single files */
};

/* Whether this is an entry that a format reads, by its first bytes (up to BUNDLE_HEAD). The name is the service's within
 * the export; that of a single file means nothing. */
typedef bool (*export_recognise)(const char *name, const char *head, size_t n);

struct export_format {
	const char *name; /* of the service */

	export_recognise recognise; /* required */

	size_t state_size; /* of what open() and next() get, zeroed */

	/* Optional. The bundle stands before its first entry. On failure leaves nothing for close(), and the pass ends. */
	enum tw_status (*open)(void *state, struct export_in *x, struct tw_err *err);
	/* Required. As a source's (core/source.h). A document without text is left out by the caller. */
	enum tw_status (*next)(struct tw_document *doc, void *state, struct export_in *x,
			       struct tw_arena *a, struct tw_err *err);
	void (*close)(void *state); /* optional */
};

extern const struct export_format *const export_formats[]; /* NULL-terminated */

/* --- for formats --- */

/* The next entry that recognise() takes; TW_DONE when there is none. */
TW_MUST_USE enum tw_status export_next_entry(struct bundle_entry *out, struct export_in *x,
					     export_recognise recognise, struct tw_err *err);

/* A document of each entry that recognise() takes, read whole; doc->key is its name at first. read(): TW_DONE goes on. */
typedef enum tw_status (*export_read_page)(struct tw_document *doc, void *state,
					   const struct export_in *x, struct tw_str *page,
					   struct tw_arena *a, struct tw_err *err);
TW_MUST_USE enum tw_status export_next_page(struct tw_document *doc, struct export_in *x,
					    export_recognise recognise, export_read_page read,
					    void *state, struct tw_arena *a, struct tw_err *err);

/* The JSON of the first entry that recognise() takes, from its first '{' or '[' on; *out is NULL when there is none.
 * The bundle stands before its first entry afterwards. */
TW_MUST_USE enum tw_status export_find_json(struct tw_json **out, struct export_in *x,
					    export_recognise recognise, struct tw_arena *a,
					    struct tw_err *err);

/* The elements of an array in each entry that recognise() takes, one at a time. Starts zeroed but for the first two. */
struct elements {
	export_recognise recognise;
	const char *
		member; /* of the object that is the entry; NULL: the entry is the array, perhaps behind "name =" */
	struct tw_json_reader *r;
	char *name; /* of the entry, heap */
};
/* TW_DONE behind the last of all entries. TW_SKIPPED: one that is no JSON or too long; *key says so (core/source.h). */
TW_MUST_USE enum tw_status elements_next(struct tw_json **out, const char **key, struct elements *e,
					 struct export_in *x, struct tw_arena *a,
					 struct tw_err *err);
void elements_release(struct elements *e);
void elements_close(void *elements); /* as a format's close(), where they are its state */

/* Whether `who` (a name, "@handle" or address; NULL: nobody) is one of `author:`, or without these the twin's name. */
bool export_is_author(const struct export_in *x, const char *who);

/* Whether all is the author's, whatever names stand there: nobody is named, or one writer and no `author:`. */
bool export_is_of_one(const struct export_in *x, size_t writers);
/* TW_BAD_USE: none of the writers is the author. Their names are added to a list, which it ends. */
void export_add_name(struct tw_str *names, const char *name);
TW_MUST_USE enum tw_status export_no_author(struct tw_str *names, struct tw_err *err);

/* JSON of an object with what there is, for a document's `extra`; NULL when there is nothing. */
struct export_tags {
	struct tw_str json;
	const char *exchanges; /* of exchanges_take() (collect/export/exchange_int.h); NULL none */
};
void export_add_tag(struct export_tags *t, const char *tag);	    /* NULL and "" are none */
const char *export_tags(struct export_tags *t, struct tw_arena *a); /* ends *t */
const char *export_extra(struct export_tags *t, const char *summary, const char *in_reply_to,
			 struct tw_arena *a); /* likewise; each may be NULL */

/* Whether the head has `text`, as it stands. */
bool export_has(const char *head, size_t n, const char *text);
bool export_is_array(const char *head, size_t n); /* whether it begins one of JSON */

/* HTML as Markdown, without the elements that have one of the classes (NULL-terminated; NULL: all stay). "" when there is no
 * text in it. */
const char *export_markdown(const char *html, const char *const *without, const char *url,
			    struct tw_arena *a);
struct dom;
/* One byte a node, set where it has one of the classes; NULL when these are. */
unsigned char *export_with_class(const struct dom *d, const char *const *classes,
				 struct tw_arena *a);

/* In place: valid UTF-8 stays, and a byte that is none is taken for Windows-1252, as text of old that was pasted in. */
void export_mend(struct tw_str *s);

/* Without the entities &amp; &lt; &gt; &quot; &#39;. */
const char *export_unescape(const char *text, struct tw_arena *a);

/* What the JSON member holds when it is a text that is not empty, else NULL. */
const char *export_text(const struct tw_json *v, const char *key);
/* A date as text, or seconds or milliseconds since 1970 as a number or text; 0 when there is none. */
int64_t export_date(const struct tw_json *v, const char *key);
/* The first element of a member that is an array, else NULL. */
const struct tw_json *export_list(const struct tw_json *v, const char *key);
/* A date as text; 0 when there is none (NULL). */
int64_t export_parse_date(const char *s);

void export_set_body(struct tw_document *doc, const char *media, const char *body);
/* Appends a paragraph: a blank line stands between two. */
void export_add_paragraph(struct tw_str *out, const char *text);

#endif
