/*
 * collect/forge/forge_content_int.h: what of an answer is the author's writing:
 * Markdown of issues and comments, what they answer, and files.
 */
#ifndef TW_COLLECT_FORGE_CONTENT_INT_H
#define TW_COLLECT_FORGE_CONTENT_INT_H

#include "collect/forge/forge_int.h"

/* --- forge_values.c --- */

bool forge_wants(const struct forge *f, const char *what);
bool forge_wants_any(const struct forge *f,
		     const char *const *words); /* NULL-terminated; or code */
bool forge_is_user(const struct forge *f, const char *login);
bool forge_is_own(const struct forge *f,
		  const struct tw_json *v); /* v has the person who wrote it */
bool forge_is_old(const struct forge *f, const struct tw_json *v); /* was written before `since` */
const char *forge_text_of(const struct tw_json *v, const char *member); /* NULL: none, or empty */
int64_t forge_date_of(const struct tw_json *v, const char *member);	/* 0: none */
int64_t forge_created_of(const struct tw_json *v);
const char *forge_encode(const char *s, const char *keep,
			 struct tw_arena *a); /* for a path or a query */

/* --- forge_text.c --- */

/* What a person wrote of an issue's or a comment's Markdown: without HTML comments, answers that a form left empty; "" when
 * only headings, quotations, open boxes, commands and suggested code are left. */
const char *forge_clean(const char *body, struct tw_arena *a);
/* {"tags": labels, "repository": …, "license": …, "exchanges": …}; each may be NULL. */
const char *forge_extra(const struct tw_json *labels, const char *repo, const char *license,
			const char *exchanges, struct tw_arena *a);

/* --- forge_talk.c --- */

struct forge_talk {
	const struct tw_json *comment;
	const char *text;	      /* of it, clean */
	const struct tw_json *opener; /* the issue; NULL: not known */
	const struct tw_json *list;   /* comments on it in their order; NULL likewise */
	int64_t root;		      /* of the list those alone that reply to this one; 0: all */
	const char *heard;	      /* before it, besides; NULL: nothing */
};
/* What the comment answers, for forge_extra(): quotations in it; without one in front, what others wrote before it, from the
 * author's last turn on. NULL for none. */
const char *forge_exchanges(const struct forge_talk *t, struct forge *f, struct tw_arena *a);

/* Fills f->opener and f->thread by two paths at the origin, NULL for what is not there; kept until there is another opener. */
TW_MUST_USE enum tw_status forge_read_thread(struct forge *f, const char *opener, const char *list,
					     struct tw_err *err);

/* --- forge_files.c --- */

struct forge_file {
	const char *path;
	const char *raw;   /* the bytes: a path at the origin */
	const char *dates; /* the newest commit to it: likewise; NULL: not asked for */
	const char *web;
	const char *license;	  /* of code */
	const char *accept;	  /* for raw; NULL: anything */
	const char *committed[3]; /* members down to the date of commits */
	const char *repo;
	int64_t created_ms, changed_ms, size; /* 0 unknown */
};

/* The licence if the options allow code under it, else NULL. */
const char *forge_code_license(const struct forge *f, const char *id);
/* For tasks that list files, as forge_task.arg: `web` is the page of the branch. NULL when no file is wanted. */
const char *forge_tree_arg(struct forge *f, const char *branch, const char *web,
			   const char *license);
const char *forge_arg(struct forge *f, const char *member); /* of the answer's task; NULL: none */
/* Of a task that lists files: web and license, of all of them. */
struct forge_file forge_tree_file(struct forge *f);
/* Whether its path is taken, under its license; without one it is no code. */
bool forge_takes_file(const struct forge *f, struct forge_file *file);
/* A copy of it, with its page below that of the tree. */
void forge_add_file(struct forge *f, const struct forge_file *like, const char *blob);
/* TW_SKIPPED for a file that is too large. */
TW_MUST_USE enum tw_status forge_check_size(const struct forge *f, const char *key, int64_t size,
					    struct tw_arena *a, struct tw_err *err);
/* The bytes as a document; a blank file fills no body. TW_SKIPPED: too large. */
TW_MUST_USE enum tw_status forge_parse_file(struct tw_document *doc, struct forge *f,
					    const struct forge_file *file, const char *bytes,
					    size_t len, struct tw_arena *a, struct tw_err *err);
/* Asks for them first. */
TW_MUST_USE enum tw_status forge_fill_file(struct tw_document *doc, struct forge *f,
					   const struct forge_item *it, struct tw_arena *a,
					   struct tw_err *err);

#endif
