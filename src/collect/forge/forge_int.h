/*
 * collect/forge/forge_int.h: what the sources of GitHub and GitLab share: asking
 * a REST API politely, page after page, and what of it is the author's text.
 *
 * A service (source_github.c, source_gitlab.c) is kinds of answers. A task is an
 * address that is still to be asked, and the kind of its answer; reading an
 * answer adds documents (items) and further tasks. The walk (forge_walk.c) asks
 * for one answer at a time, yields its items, and then keeps a record of it in
 * the source's state (forge_record.c): an answer that is "304 not modified" later,
 * or that an unfinished pass had already, gives the same documents and tasks.
 *
 * Addresses are paths at the one origin that the configuration names, whatever
 * a link or a redirect says: the token goes nowhere else.
 */
#ifndef TW_COLLECT_FORGE_INT_H
#define TW_COLLECT_FORGE_INT_H

#include "base/vec.h"
#include "collect/file/files_int.h"
#include "collect/site/polite_int.h"
#include "core/source.h"

#define FORGE_VERSION \
	1 /* part of a fingerprint: raise it when the same answer would give another document */
#define FORGE_PER_PAGE 100 /* the most that both services give */

struct forge;
struct forge_task;
struct forge_item;

struct forge_kind {
	const char *name; /* in stored records */
	void (*read)(struct forge *f, const struct forge_task *t, const struct tw_json *answer);
	const char *member; /* that the answer, an object, has; NULL: it is a list, in pages */
};

struct forge_service {
	const char *name;
	const char *api;		       /* path of the API where `url` is a host alone */
	const char *headers;		       /* "Name: value" lines, Accept first */
	const char *person, *login;	       /* members: {"user": {"login": "ann"}} */
	const char *text;		       /* member of an issue with its text */
	bool tells_all;			       /* of what is public, without a token */
	const struct forge_kind *const *kinds; /* NULL-terminated */
	const char *const *words;	       /* that `what` may have, likewise */
	void (*begin)(struct forge *f);	       /* adds the first tasks */
};

extern const struct forge_service forge_github, forge_gitlab;

/* Heap strings; arg and stamp may be NULL. */
struct forge_task {
	const struct forge_kind *kind;
	char *path;  /* at the origin, with query */
	char *repo;  /* "owner/name", "" for none */
	char *arg;   /* the kind's own */
	char *stamp; /* an answer that was read with the same stamp needs no asking */
};

/* Fills what key and fingerprint do not say. A blank body is no document; TW_SKIPPED: not to be had this time. */
typedef enum tw_status (*forge_fill)(struct tw_document *doc, struct forge *f,
				     const struct forge_item *it, struct tw_arena *a,
				     struct tw_err *err);

/* A document to be; strings live as long as the answer that it came with. */
struct forge_item {
	const char *key;
	const char *stamp; /* changes with the text: a date of change, a blob's id */
	forge_fill fill;   /* NULL: as it is stored */
	const struct tw_json *json, *list; /* it, and all of the answer */
	const struct forge_file *file;
};

struct forge_tasks TW_VEC_BODY(struct forge_task);

struct forge {
	/* options */
	const char *user, *token_env, *url, *since;
	struct tw_strings repositories, what, licenses, code;
	struct file_rules rules;
	int64_t most, max_wait;
	bool private_too, allow_private;
	double delay;
	/* state */
	const struct forge_service *service;
	const struct tw_source_host *host;
	struct polite polite;
	const char *origin, *root; /* "https://api.github.com", and "" or "/api/v3" */
	const char *authorization; /* the header; NULL without a token */
	const char *tag;	   /* of fingerprints */
	const char *rules_tag;	   /* of records: other options take other things from an answer */
	const char *pass;	   /* the moment when this pass began, before it was cut short */
	int64_t since_ms, taken;
	bool whole, stopped, dirty; /* dirty: something is to be committed */
	struct tw_map asked;	    /* by forge_ask_once() */
	struct forge_tasks tasks;   /* the last comes next */
	struct reports reports;
	struct tw_arena arena;
	/* the answer that is being read */
	struct forge_task task;
	struct forge_tasks children;
	TW_VEC(struct forge_item) items;
	TW_VEC(const char *) keys; /* those that became documents */
	size_t at;
	const char *etag; /* NULL: the answer makes no record */
	bool failed;	  /* a part of it could not be had */
	struct tw_arena page;
	/* what the last comment belongs to: forge_read_thread() */
	const char *thread_path;
	const struct tw_json *opener, *thread;
	struct tw_arena talk;
};

/* --- forge_open.c: slots of the source types --- */

TW_MUST_USE enum tw_status forge_open(struct forge *f, const struct forge_service *service,
				      const struct tw_opt *opts, const struct tw_source_host *host,
				      struct tw_err *err);
void forge_close(void *ctx);
void forge_hosts(const void *ctx, struct tw_str *out);

/* --- forge_walk.c: likewise, and for kinds --- */

TW_MUST_USE enum tw_status forge_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
				      struct tw_err *err);
bool forge_whole(const void *ctx);

/* For a kind's read(): a task with repo, arg and stamp of `like` (NULL: none) at a path behind the API's root. */
void forge_ask(struct forge *f, const struct forge_kind *kind, const struct forge_task *like,
	       const char *fmt, ...) TW_PRINTF(4, 5);
void forge_tasks_release(struct forge_tasks *all);
void forge_ask_at(struct forge *f,
		  const struct forge_task *task); /* a copy; a path at the origin */
void forge_add(struct forge *f, const struct forge_item *it);
void forge_not_whole(struct forge *f,
		     const char *why); /* says it; nothing is removed in this pass */

/* --- forge_record.c --- */

/* Whether the task needs no asking. *etag is what to ask with, NULL for nothing. */
bool forge_record_stands(struct forge *f, const char **etag);
/* Adds the items and tasks of the record that the task has. */
void forge_record_replay(struct forge *f);
void forge_record_save(struct forge *f);

#endif
