/* collect/git/git_lib_int.h: what the files over libgit2 share. Includes git2.h: for them alone. */
#ifndef TW_COLLECT_GIT_LIB_INT_H
#define TW_COLLECT_GIT_LIB_INT_H

#include <git2.h>

#include "collect/git/git_int.h"

struct git_repo {
	git_repository *g;
	const char *path; /* for messages */
	struct tw_arena arena;
};

void git_lib_init(void); /* any number of times */
/* Fills *err with libgit2's own reason: "opening REPO: …". */
enum tw_status git_lib_fail(struct tw_err *err, enum tw_status code, const char *what,
			    const char *where);

/* How smart HTTP gets to the other side; outlives the transport. */
struct git_way {
	struct tw_http *http;
	const char *dir; /* for what is too large for memory */
};
/* For git_remote_callbacks.transport; `way` is a struct git_way. */
int git_http_transport(git_transport **out, git_remote *owner, void *way);

/* The tree of a commit below the prefix; TW_NOT_FOUND when the commit has none there. */
TW_MUST_USE enum tw_status git_lib_tree(git_tree **out, const struct git_repo *r,
					const git_commit *commit, const char *prefix,
					struct tw_err *err);

#endif
