/* A bare copy of a remote repository, kept in the cache folder. */
#include "collect/git/git_lib_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/progress.h"
#include "base/stop.h"

/* "git@example.org:notes.git": not a URL, but how people write ssh. */
static bool is_scp(const char *url)
{
	size_t n = strcspn(url, "/:@");
	return !strstr(url, "://") && n && url[n] == '@' && url[n + strcspn(url + n, "/:")] == ':';
}

bool git_url_is_remote(const char *url)
{
	return is_scp(url) || (strstr(url, "://") && !tw_starts_with(url, "file://"));
}

static bool is_http(const char *url)
{
	return tw_starts_with(url, "http://") || tw_starts_with(url, "https://");
}

static const char *host_of(const char *url, struct tw_arena *a)
{
	if (!is_scp(url))
		return tw_url_host(a, url);
	const char *host = strchr(url, '@') + 1;
	return tw_strndup(a, host, strcspn(host, ":"));
}

void git_url_host(struct tw_str *out, const char *url)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const char *host = git_url_is_remote(url) ? host_of(url, &a) : NULL;
	if (host)
		tw_str_addf(out, "%s\n", host);
	tw_arena_release(&a);
}

struct sync {
	struct git_way way;
	struct tw_progress *bar;
	int tries; /* of keys */
};

static int on_transport(git_transport **out, git_remote *owner, void *payload)
{
	struct sync *s = payload;
	return git_http_transport(out, owner, &s->way);
}

static int on_progress(const git_indexer_progress *p, void *payload)
{
	struct sync *s = payload;
	tw_progress_set(s->bar, p->received_objects);
	return tw_stopping() ? GIT_EUSER : 0;
}

/* Keys of the user's agent; a passphrase is never asked for. */
static int on_credential(git_credential **out, const char *url TW_UNUSED, const char *user,
			 unsigned allowed, void *payload)
{
	struct sync *s = payload;
	if (s->tries++ > 1)
		return GIT_EAUTH;
	if (allowed & GIT_CREDENTIAL_USERNAME)
		return git_credential_username_new(out, user ? user : "git");
	if (allowed & GIT_CREDENTIAL_SSH_KEY)
		return git_credential_ssh_key_from_agent(out, user ? user : "git");
	return GIT_EAUTH;
}

static int fetch(git_repository *g, const char *url, struct sync *s)
{
	char all[] = "+refs/heads/*:refs/heads/*";
	char *specs[] = {all};
	const git_strarray refspecs = {specs, 1};
	git_fetch_options opts;
	git_remote_create_options create;
	git_buf branch = {0};
	git_remote *remote = NULL;
	git_fetch_options_init(&opts, GIT_FETCH_OPTIONS_VERSION);
	git_remote_create_options_init(&create, GIT_REMOTE_CREATE_OPTIONS_VERSION);
	create.repository = g;
	/* The user's url.*.insteadOf could lead past the check of the host. */
	create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
	opts.callbacks.payload = s;
	opts.callbacks.transfer_progress = on_progress;
	opts.callbacks.credentials = on_credential;
	if (is_http(url))
		opts.callbacks.transport = on_transport;
	opts.prune = GIT_FETCH_PRUNE;
	opts.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	opts.update_fetchhead = 0;
	opts.proxy_opts.type = GIT_PROXY_NONE;
	int rc = git_remote_create_with_opts(&remote, url, &create);
	if (rc == 0)
		rc = git_remote_fetch(remote, &refspecs, &opts, NULL);
	if (rc == 0 && git_remote_default_branch(&branch, remote) == 0)
		rc = git_repository_set_head(g, branch.ptr);
	git_buf_dispose(&branch);
	git_remote_free(remote);
	return rc;
}

static bool is_ssh(const char *url)
{
	return is_scp(url) || tw_starts_with(url, "ssh://");
}

/* Where the copy of `url` lies. Its name is a digest: a URL may hold what no file name may. */
static char *copy_path(const char *url, struct tw_arena *a)
{
	struct tw_digest d = tw_sha256(url, strlen(url));
	return tw_sprintf(a, "%s/git/%.32s", tw_cache_dir(a), d.hex);
}

void git_remote_needs(struct tw_source_needs *needs, const char *url)
{
	static const char for_names[] =
		"/etc/resolv.conf\n/etc/hosts\n/etc/host.conf\n/etc/nsswitch.conf\n/etc/gai.conf\n"
		"/run/systemd/resolve\n";
	const char *home = getenv("HOME");
	struct tw_arena a;
	tw_arena_init(&a);
	tw_str_addf(&needs->write, "%s\n", copy_path(url, &a));
	if (is_ssh(url)) {
		needs->sockets = true;
		tw_str_adds(&needs->env, "SSH_AUTH_SOCK\n");
		tw_str_addf(&needs->read, "%s%s/.ssh/known_hosts\n%s/.gitconfig\n", for_names,
			    home ? home : "", home ? home : "");
	}
	tw_arena_release(&a);
}

static enum tw_status sync_locked(const char *path, const char *url, const char *host,
				  struct tw_http *http, struct tw_err *err)
{
	struct sync s = {.way = {http, path}};
	git_repository *g = NULL;
	enum tw_status st = TW_OK;
	git_lib_init();
	if (is_ssh(url) && getenv("HOME")) /* for the keys of known hosts */
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, getenv("HOME"));
	if (git_repository_open_bare(&g, path) < 0 && git_repository_init(&g, path, 1) < 0)
		return git_lib_fail(err, TW_IO, "making", path);
	s.bar = tw_progress_new(host, "objects", 0);
	if (fetch(g, url, &s) < 0)
		st = tw_stopping() ? tw_fail(err, TW_CANCELLED, "stopped")
				   : git_lib_fail(err, TW_NETWORK, "fetching git from", host);
	tw_progress_free(s.bar);
	git_repository_free(g);
	return st;
}

enum tw_status git_remote_sync(const char **path, const char *url, struct tw_http *http,
			       struct tw_arena *a, struct tw_err *err)
{
	const char *host = host_of(url, a);
	bool ssh = is_ssh(url);
	enum tw_status st = TW_OK;
	int lock = -1;
	if (!host || (!ssh && !is_http(url)))
		return tw_fail(
			err, TW_BAD_USE,
			"\"%.100s\" is no git URL that twin reads: a folder, file://, http(s)://, "
			"ssh:// or user@host:path",
			url);
	if (ssh)
		st = tw_http_check_host(http, tw_strndup(a, host, strcspn(host, ":")), err);
	char *dir = copy_path(url, a);
	if (st == TW_OK)
		st = tw_mkdirs(dir, err);
	if (st == TW_OK) /* in the folder: a source may write to no other */
		st = tw_lock_file(&lock, tw_path_join(a, dir, "twin.lock"), err);
	if (st == TW_OK)
		st = sync_locked(dir, url, host, http, err);
	if (lock >= 0)
		tw_unlock_file(lock);
	*path = dir;
	return st;
}
