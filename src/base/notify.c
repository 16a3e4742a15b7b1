#include "base/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/time.h"
#include "base/vec.h"

#define CHANGES                                                                                  \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | \
	 IN_MOVE_SELF)
#define TICK_MS 500 /* a request to stop may come between the question and the sleep */

/* What was added. */
struct root {
	int id;
	size_t len; /* of its path, with which those of all below begin */
	tw_notify_skip skip;
	const void *ctx;
};

struct watched {
	int wd;
	struct root root;
	char *path; /* heap */
	char *only; /* heap: of the folder this name alone; NULL: all */
};

struct tw_notify {
	int fd, missing, roots;
	TW_VEC(struct watched) at;
};

enum tw_status tw_notify_new(struct tw_notify **out, struct tw_err *err)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return tw_fail_errno(err, TW_UNSUPPORTED, "inotify");
	*out = tw_xcalloc(1, sizeof(**out));
	(*out)->fd = fd;
	return TW_OK;
}

void tw_notify_free(struct tw_notify *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->at.n; i++) {
		free(n->at.at[i].path);
		free(n->at.at[i].only);
	}
	tw_vec_release(&n->at);
	close(n->fd);
	free(n);
}

int tw_notify_missing(const struct tw_notify *n)
{
	return n->missing;
}

static bool add_one(struct tw_notify *n, const char *path, const char *only, struct root root)
{
	int wd = inotify_add_watch(n->fd, path, CHANGES | IN_ONLYDIR);
	if (wd < 0) {
		n->missing++;
		return false;
	}
	struct watched w = {wd, root, tw_xstrdup(path), only ? tw_xstrdup(only) : NULL};
	tw_vec_push(&n->at, w);
	return true;
}

static bool is_left_out(const struct root *r, const char *path, bool is_folder, struct tw_arena *a)
{
	const char *name = tw_path_base(path), *rel = path + r->len;
	if (name[0] == '.' || strcmp(name, "node_modules") == 0)
		return true;
	rel += strspn(rel, "/");
	return r->skip && r->skip(r->ctx, tw_sprintf(a, "%s%s", rel, is_folder ? "/" : ""));
}

struct walk {
	struct tw_notify *n;
	const char *path; /* of where it begins */
	struct root root;
};

/* `rel` ends in a slash. */
static bool enter(void *ctx, const char *rel)
{
	const struct walk *w = ctx;
	struct tw_arena a;
	tw_arena_init(&a);
	const char *path = tw_path_join(&a, w->path, tw_strndup(&a, rel, strlen(rel) - 1));
	bool added = !is_left_out(&w->root, path, true, &a) && add_one(w->n, path, NULL, w->root);
	tw_arena_release(&a);
	return added;
}

static enum tw_status pass_over(void *ctx, const char *rel, const struct tw_stat *st,
				const char *problem, struct tw_err *err)
{
	(void)ctx;
	(void)rel;
	(void)st;
	(void)problem;
	(void)err;
	return TW_OK;
}

static void add_tree(struct tw_notify *n, const char *path, struct root root)
{
	struct walk w = {n, path, root};
	if (add_one(n, path, NULL, root) && tw_walk(path, enter, pass_over, &w, NULL) != TW_OK)
		n->missing++;
}

void tw_notify_add(struct tw_notify *n, const char *path, tw_notify_skip skip, const void *ctx)
{
	struct tw_arena a;
	size_t len = strlen(path);
	const struct root root = {++n->roots, len, skip, ctx};
	if (tw_is_dir(path)) {
		add_tree(n, path, root);
		return;
	}
	while (len > 1 && path[len - 1] == '/')
		len--;
	tw_arena_init(&a);
	const char *plain = tw_strndup(&a, path, len);
	add_one(n, strchr(plain, '/') ? tw_path_dir(&a, plain) : ".", tw_path_base(plain), root);
	tw_arena_release(&a);
}

/* Whether a later one is of the same folder, for the same reason, and so knows where it is now. */
static bool is_old(const struct tw_notify *n, size_t i)
{
	for (size_t j = i + 1; j < n->at.n; j++)
		if (n->at.at[j].wd == n->at.at[i].wd && n->at.at[j].root.id == n->at.at[i].root.id)
			return true;
	return false;
}

/* Whether it is of concern to one of those who watch the folder. A new folder is watched, with what it holds by now. */
static bool concerns(struct tw_notify *n, const struct watched w, const struct inotify_event *e)
{
	const bool is_folder = e->mask & IN_ISDIR;
	struct tw_arena a;
	if (w.only)
		return strcmp(w.only, e->name) == 0;
	tw_arena_init(&a);
	const char *path = tw_path_join(&a, w.path, e->name);
	const bool counts = !is_left_out(&w.root, path, is_folder, &a);
	if (counts && is_folder && (e->mask & (IN_CREATE | IN_MOVED_TO)))
		add_tree(n, path, w.root);
	tw_arena_release(&a);
	return counts;
}

/* Whether the event is one to tell of. */
static bool counts(struct tw_notify *n, const struct inotify_event *e)
{
	bool matters = e->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF);
	const size_t known = n->at.n; /* add_tree() makes it longer */
	for (size_t i = 0; e->len && i < known; i++)
		if (n->at.at[i].wd == e->wd && !is_old(n, i))
			matters |= concerns(n, n->at.at[i], e);
	return matters;
}

/* Reads what is there; whether some of it counts. */
static bool drain(struct tw_notify *n)
{
	_Alignas(struct inotify_event) char buf[16384];
	bool changed = false;
	ssize_t len;
	while ((len = read(n->fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < len;) {
			const struct inotify_event *e = (const void *)(buf + i);
			changed |= counts(n, e);
			i += (ssize_t)(sizeof(*e) + e->len);
		}
	return changed;
}

/* Whether something changed within the time. */
static bool wait_once(struct tw_notify *n, double seconds)
{
	const double end = tw_monotonic_s() + seconds;
	for (double left = seconds; left > 0 && !tw_stopping(); left = end - tw_monotonic_s()) {
		struct pollfd p = {.fd = n->fd, .events = POLLIN};
		int ms = left * 1000 < TICK_MS ? (int)(left * 1000) + 1 : TICK_MS;
		if (poll(&p, 1, ms) > 0 && drain(n))
			return true;
	}
	return false;
}

bool tw_notify_wait(struct tw_notify *n, double quiet, double timeout)
{
	if (!wait_once(n, timeout))
		return false;
	const double end = tw_monotonic_s() + 10 * quiet;
	while (tw_monotonic_s() < end && wait_once(n, quiet))
		;
	return !tw_stopping();
}
