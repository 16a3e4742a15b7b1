/*
 * support/git_fixture.h: small git repositories, made commit by commit.
 */
#ifndef TEST_SUPPORT_GIT_FIXTURE_H
#define TEST_SUPPORT_GIT_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

struct git_fixture; /* opaque */

/* A repository with a work tree (or bare) at `path`, which is made. */
struct git_fixture *git_fixture_new(const char *path, bool bare);
void git_fixture_free(struct git_fixture *g);

/* Stages a file's content, NULL removes it; nothing is written to the work tree. */
void git_fixture_put(struct git_fixture *g, const char *path, const char *content);

/* Commits what is staged onto `branch` ("main"), with its tip (and `merge`, an id, when not NULL) as parents. HEAD points to
 * main. `author` is "Name <mail>"; `seconds` since 1970. The id lies in *g until the next commit. */
const char *git_fixture_commit(struct git_fixture *g, const char *branch, const char *merge,
			       const char *author, int64_t seconds);
/* Makes the staging area that of a commit. */
void git_fixture_reset(struct git_fixture *g, const char *id);

#endif
