#include "support/git_fixture.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <git2.h>

#include "base/mem.h"

struct git_fixture {
	git_repository *g;
	git_index *index;
	char id[GIT_OID_HEXSZ + 1];
};

static void check(int rc)
{
	if (rc >= 0)
		return;
	const git_error *e = git_error_last();
	fprintf(stderr, "git fixture: %s\n", e ? e->message : "?");
	abort();
}

struct git_fixture *git_fixture_new(const char *path, bool bare)
{
	struct git_fixture *g = tw_xcalloc(1, sizeof(*g));
	git_libgit2_init();
	check(git_repository_init(&g->g, path, bare));
	check(git_repository_set_head(g->g, "refs/heads/main"));
	check(git_index_new(&g->index));
	return g;
}

void git_fixture_free(struct git_fixture *g)
{
	git_index_free(g->index);
	git_repository_free(g->g);
	free(g);
	git_libgit2_shutdown();
}

void git_fixture_put(struct git_fixture *g, const char *path, const char *content)
{
	git_index_entry e = {.mode = GIT_FILEMODE_BLOB, .path = path};
	if (!content) {
		check(git_index_remove(g->index, path, 0));
		return;
	}
	check(git_blob_create_from_buffer(&e.id, g->g, content, strlen(content)));
	e.file_size = (uint32_t)strlen(content);
	check(git_index_add(g->index, &e));
}

static git_signature *signature(const char *author, int64_t seconds)
{
	git_signature *s = NULL;
	char *name = tw_xstrdup(author), *mail = strchr(name, '<');
	assert(mail && mail > name);
	mail[-1] = '\0';
	mail[strlen(mail) - 1] = '\0';
	check(git_signature_new(&s, name, mail + 1, seconds, 0));
	free(name);
	return s;
}

const char *git_fixture_commit(struct git_fixture *g, const char *branch, const char *merge,
			       const char *author, int64_t seconds)
{
	git_oid tree_id, id, tip;
	git_tree *tree = NULL;
	git_commit *parents[2] = {0};
	const git_commit *list[2];
	size_t n = 0;
	char ref[200];
	git_signature *by = signature(author, seconds);
	snprintf(ref, sizeof(ref), "refs/heads/%s", branch);
	check(git_index_write_tree_to(&tree_id, g->index, g->g));
	check(git_tree_lookup(&tree, g->g, &tree_id));
	if (git_reference_name_to_id(&tip, g->g, ref) == 0)
		check(git_commit_lookup(&parents[n++], g->g, &tip));
	if (merge) {
		check(git_oid_fromstr(&tip, merge));
		check(git_commit_lookup(&parents[n++], g->g, &tip));
	}
	for (size_t i = 0; i < n; i++)
		list[i] = parents[i];
	check(git_commit_create(&id, g->g, ref, by, by, NULL, "a change\n", tree, n, list));
	git_oid_tostr(g->id, sizeof(g->id), &id);
	for (size_t i = 0; i < n; i++)
		git_commit_free(parents[i]);
	git_tree_free(tree);
	git_signature_free(by);
	return g->id;
}

void git_fixture_reset(struct git_fixture *g, const char *id)
{
	git_commit *c = NULL;
	git_tree *t = NULL;
	git_oid oid;
	check(git_oid_fromstr(&oid, id));
	check(git_commit_lookup(&c, g->g, &oid));
	check(git_commit_tree(&t, c));
	check(git_index_read_tree(g->index, t));
	git_tree_free(t);
	git_commit_free(c);
}
