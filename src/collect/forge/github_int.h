/*
 * collect/forge/github_int.h: the kinds of answers of GitHub's REST API. source_github.c
 * asks for repositories, github_talk.c reads what people say on them, github_files.c
 * their files and gists.
 */
#ifndef TW_COLLECT_GITHUB_INT_H
#define TW_COLLECT_GITHUB_INT_H

#include "collect/forge/forge_content_int.h"

#define PAGE	 "per_page=100"
#define IN_ORDER "sort=created&direction=asc&" PAGE

extern const struct forge_kind github_issues, github_comments, github_review_comments,
	github_reviewed, github_reviews, github_tree, github_gists;

/* Asks for the pull requests that the user reviewed; `where` is a part of the query: "repo:ann/boats". */
void github_search_reviewed(struct forge *f, const char *where, const char *from);

#endif
