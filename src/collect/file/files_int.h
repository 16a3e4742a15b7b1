/*
 * collect/file/files_int.h: what the sources of files (dir, git) share: which files
 * are writing, and how a file becomes a document.
 */
#ifndef TW_COLLECT_FILES_INT_H
#define TW_COLLECT_FILES_INT_H

#include "collect/reports_int.h"
#include "core/document.h"
#include "core/opt.h"
#include "core/source.h"

/* Part of a fingerprint: raise it when the same file would give another document. */
#define FILE_PARSER_VERSION 2

/* Options of dir and git; FILE_RULE_OPTS are their rows. */
struct file_rules {
	struct tw_strings include, exclude;
	int64_t max_size; /* bytes */
};

#define FILE_RULE_OPTS(type, member)                                                        \
	{"include", TW_OPT_LIST, offsetof(type, member.include),                            \
	 .def = "*.md,*.mdx,*.markdown,*.txt,*.html,*.htm,*.org,*.rst,"                     \
		"*.adoc,*.asciidoc,*.tex,*.ipynb,*.docx,*.odt",                             \
	 .help = "globs of the files to take"},                                             \
		{"exclude", TW_OPT_LIST, offsetof(type, member.exclude),                    \
		 .help = "globs of files and folders to leave out, beside hidden ones and " \
			 "node_modules"},                                                   \
	{                                                                                   \
		"max_size", TW_OPT_INT, offsetof(type, member.max_size),                    \
			.def = "5242880", .min = 1, .max = 1 << 30,                         \
			.help = "bytes; larger files are reported"                          \
	}

/* `rel` is a path below the root of the source, without a slash in front; a folder's may end in one. */
bool rules_leave_out(const struct file_rules *r, const char *rel); /* whatever `include` says */
bool rules_take_file(const struct file_rules *r, const char *rel);
bool rules_enter_folder(const struct file_rules *r, const char *rel);

/*
 * Globs: '*' and '?' stop at a slash, '**' does not, [a-z] and [!a-z] as usual;
 * ASCII letters match in either case. A pattern without a slash is tried on the
 * last name of the path, one with a slash on the whole path; a pattern that
 * ends in a slash matches folders only.
 */
bool glob_match(const char *pattern, const char *path, bool is_folder);

struct vault; /* collect/notes/notes_int.h */

struct file_input {
	const char *rel;	   /* path within the source: gives media, title, date */
	const char *label;	   /* how messages name it */
	struct tw_bytes data;	   /* must outlive the document when it is UTF-8 text */
	const char *author;	   /* when the file names none; NULL unknown */
	struct reports *report;	   /* bad front matter */
	const struct vault *vault; /* whose Markdown it is; NULL: nobody's */
};

/* Fills title, author, url, lang, media, extra, dates and body, never key and fingerprint. TW_SKIPPED says why not: empty, binary. */
TW_MUST_USE enum tw_status parse_file(struct tw_document *doc, const struct file_input *in,
				      struct tw_arena *a, struct tw_err *err);

/*
 * A kind of file. To add one: collect/file/format_x.c with a const struct
 * file_format, two lines in file_formats.c, a test in
 * tests/unit/collect/test_files.c, a row in docs/collection.md, and its
 * extension in `include`'s default above when such files are usually their
 * owner's own writing.
 */
struct file_format {
	const char *const *exts; /* of file names, lower case, without the dot, NULL-terminated */
	bool binary;		 /* NULs and control characters may stand in it */
	const char *program;	 /* that it is read with; NULL: none */
	/* Required. Fills the body (UTF-8; only what a person wrote), media, and what the file says of itself: title,
	 * author, url, lang, dates, extra. What it leaves out, parse_file() takes from the file's name and in->author. */
	enum tw_status (*parse)(struct tw_document *doc, const struct file_input *in,
				struct tw_arena *a, struct tw_err *err);
};
extern const struct file_format
	*const file_formats[]; /* NULL-terminated; the last takes every file */

/* Adds the programs that files of such a source, or the one file `path` (NULL: a folder), may be read with. */
void file_needs(struct tw_source_needs *out, const struct file_rules *r, const char *path);

/* --- for formats --- */

/* Whether the path ends in one of the extensions (of struct file_format); ASCII letters match in either case. */
bool file_has_ext(const char *path, const char *const *exts);

/* Whether there is nothing but white space. */
bool file_is_blank(const struct tw_bytes *b);

/* The file's bytes as UTF-8: valid UTF-8 is used where it lies, anything else is decoded into the arena. */
TW_MUST_USE enum tw_status file_to_utf8(struct tw_bytes *out, const struct tw_bytes *in,
					struct tw_arena *a, struct tw_err *err);

struct meta {
	const char *title, *author, *lang, *url, *extra;
	int64_t created_ms, modified_ms;
};

/* Finds "---" or "+++" front matter; *skip is where the body begins, 0 when there is none. */
void front_matter_read(struct meta *out, size_t *skip, const char *text, size_t len,
		       const char *label, struct reports *report, struct tw_arena *a);
/* A subset of TOML 1.0: keys with texts, numbers, dates, booleans, arrays of them, and tables, which are flattened. */
TW_MUST_USE enum tw_status toml_parse(struct tw_json **out, const char *text, size_t len,
				      const char *label, struct tw_arena *a, struct tw_err *err);
void meta_from_tree(struct meta *out, const struct tw_json *tree, struct tw_arena *a);

/* Text of the first heading of level 1, or of any level when the text begins with it. NULL when none. */
const char *markdown_title(const char *text, size_t len, struct tw_arena *a);
/* "2021-03-14-on_writing.md" → "On writing"; "notes/index.md" → "Notes". */
const char *title_from_path(const char *rel, struct tw_arena *a);
/* The date that begins or ends a file's name, 0 when none. */
int64_t date_from_path(const char *rel);

/* A path as a key: bytes that are not UTF-8 become %XX. */
const char *key_from_path(const char *rel, struct tw_arena *a);

#endif
