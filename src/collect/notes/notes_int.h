/*
 * collect/notes/notes_int.h: folders of programs for notes, which write Markdown of
 * their own: Obsidian (vaults, known by .obsidian/) and Logseq (graphs, known by
 * logseq/config.edn).
 *
 * Owns what their Markdown means: it becomes plain Markdown with only the
 * author's words, and metadata. Which files there are and how they are read is
 * the work of the sources. What is within code stays as it is.
 *
 * To add one: a value of enum vault_kind, its mark in vault.c, its file beside
 * obsidian.c, a test in tests/unit/collect/test_notes.c, a row in
 * docs/collection.md.
 */
#ifndef TW_COLLECT_NOTES_INT_H
#define TW_COLLECT_NOTES_INT_H

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "collect/file/files_int.h"

/* Part of the fingerprints of a vault's notes: raise it when the same note would give another document. */
#define VAULT_VERSION 1

enum vault_kind { VAULT_NONE, VAULT_OBSIDIAN, VAULT_LOGSEQ };

struct vault {
	enum vault_kind kind;
	const char *root;	  /* path within the source, "" or with a slash at its end */
	const char *templates[2]; /* folders of templates, below the root; NULL: none */
};

/* What the folder is, in the arena. */
void vault_find(struct vault *out, const char *folder, struct tw_arena *a);
/* The same of a list of files: tells it each of their names, in any order. `text` is the file's when vault_wants() it. */
bool vault_wants(const char *name);
bool vault_keeps_settings(
	const char *folder); /* those that it wants are in it; "/" ends its name */
void vault_see(struct vault *v, const char *name, const struct tw_bytes *text, struct tw_arena *a);

/* Whether a file, or a folder with "/" at its end, is none of the author's notes: templates, drawings, copies. */
bool vault_leaves_out(const struct vault *v, const char *rel);
/* For fingerprints; "" without a vault. */
const char *vault_tag(const struct vault *v, struct tw_arena *a);

/* The note `rel` of a vault, whose front matter was read: its body becomes plain Markdown in the arena, and what the
 * note and its name say goes to *meta. */
void vault_markdown(struct tw_bytes *body, struct meta *meta, const struct vault *v,
		    const char *rel, struct tw_arena *a);

/* --- within this folder --- */

/* A note as it is rewritten. Strings are the heap's or the arena's. */
struct note {
	enum vault_kind kind;
	struct tw_str out;
	struct tw_arena *a;
	TW_VEC(const char *) tags;
	struct tw_map seen;	 /* the tags, in lower case */
	bool tagless;		 /* tags do not count here */
	bool commented;		 /* within %%…%% */
	const char *last_remark; /* the last "%%" of the text, NULL: none */
};

void note_tag(struct note *n, const char *s, size_t len); /* without '#' */

/* Appends a line of text, which is no code, without what is not the author's words. False: it held nothing else. */
bool note_line(struct tw_str *out, struct note *n, const char *s, size_t len);

void obsidian_note(struct note *n, const char *text, size_t len);
/* Properties of the page, as a list of name and value by turns. */
struct note_properties TW_VEC_BODY(const char *);
void logseq_note(struct note *n, struct note_properties *page, const char *text, size_t len);

#endif
