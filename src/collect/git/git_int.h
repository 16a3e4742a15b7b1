/*
 * collect/git/git_int.h: git repositories, read in place: no checkout, no
 * submodules, nothing run that a repository configures.
 *
 * git_repo.c opens, lists and reads; git_remote.c keeps a bare copy of a
 * remote one; git_history.c finds out when files were written and by whom.
 * Only these files and git_transport.c know libgit2. One thread a handle.
 */
#ifndef TW_COLLECT_GIT_INT_H
#define TW_COLLECT_GIT_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/http.h"
#include "base/map.h"
#include "base/mem.h"
#include "core/source.h"

struct git_repo; /* opaque */

#define GIT_ID_LEN 40

/* `search`: `path` may lie anywhere in a work tree. TW_NOT_FOUND when there is no repository. */
TW_MUST_USE enum tw_status git_repo_open(struct git_repo **out, const char *path, bool search,
					 struct tw_err *err);
void git_repo_free(struct git_repo *r); /* NULL is fine */

/* Appends the folders in which the repository of `path` lies, a line each; nothing when there is none. */
void git_repo_places(struct tw_str *out, const char *path);

/* Where the folder `path` lies in the work tree: "" or "notes/"; NULL when it does not, or is ignored by git. */
const char *git_repo_prefix(const struct git_repo *r, const char *path, struct tw_arena *a);

/* The commit of `branch` (NULL: HEAD; also a tag or id). TW_NOT_FOUND for an unknown one and for an empty repository. */
TW_MUST_USE enum tw_status git_repo_head(char head[GIT_ID_LEN + 1], const struct git_repo *r,
					 const char *branch, struct tw_err *err);
bool git_repo_is_shallow(const struct git_repo *r);

/* Calls fn for each regular file of the commit below `prefix` ("" or "notes/"), in byte order; path without the prefix. */
typedef enum tw_status (*git_file_fn)(void *ctx, const char *path, const char *blob,
				      struct tw_err *err);
typedef bool (*git_folder_fn)(void *ctx, const char *path);
TW_MUST_USE enum tw_status git_repo_list(const struct git_repo *r, const char *head,
					 const char *prefix, git_folder_fn enter, git_file_fn fn,
					 void *ctx, struct tw_err *err);

/* Size first, so that a large blob is not read. */
TW_MUST_USE enum tw_status git_blob_size(int64_t *out, const struct git_repo *r, const char *blob,
					 struct tw_err *err);
TW_MUST_USE enum tw_status git_blob_read(struct tw_bytes *out, const struct git_repo *r,
					 const char *blob, struct tw_arena *a, struct tw_err *err);

/* --- remote repositories --- */

bool git_url_is_remote(const char *url);
/* Appends the host of a remote URL and a line end. */
void git_url_host(struct tw_str *out, const char *url);
/* Appends to `needs` what git_remote_sync() takes: folder, network, and with ssh the keys of the user's agent. */
void git_remote_needs(struct tw_source_needs *needs, const char *url);
/* Clones `url` bare below the cache folder, or fetches what is new; *path is where. A lock keeps processes apart.
 * http and https go through `http`; ssh is checked as far as its name goes. TW_NETWORK. */
TW_MUST_USE enum tw_status git_remote_sync(const char **path, const char *url, struct tw_http *http,
					   struct tw_arena *a, struct tw_err *err);

/* --- history --- */

struct file_dates {
	int64_t first_ms, last_ms;
	char last[GIT_ID_LEN + 1]; /* newest commit that touched it */
	bool by_author;		   /* some commit that touched it is by one of the wanted authors */
	const char *author;	   /* of the first commit */
};

struct history_want {
	const struct git_repo *repo;
	const char *head, *prefix;
	const struct tw_strings *authors;	   /* names or e-mails; NULL or empty: not asked */
	bool (*take)(void *ctx, const char *path); /* files that matter */
	void *ctx;
	const char *
		rules; /* names prefix, authors and what take() says yes to: another text, another history */
};

/*
 * Dates of the files below the prefix, by one walk over the commits, oldest
 * first; kept in the source's state, so that the same head costs nothing and a
 * later one only its new commits. A file that was moved without a change keeps
 * its dates; a merge counts where it differs from all its parents.
 */
struct history; /* opaque */
TW_MUST_USE enum tw_status history_open(struct history **out, const struct history_want *want,
					const struct tw_source_host *host, struct tw_err *err);
/* The head is the one of the last whole pass. */
bool history_unchanged(const struct history *h);
/* NULL when no commit touched it. Reads the stored history at the first call. */
const struct file_dates *history_find(struct history *h, const char *key);
/* At the end of a whole pass: keeps it for the next. */
void history_store(struct history *h);
void history_free(struct history *h); /* NULL is fine */

#endif
