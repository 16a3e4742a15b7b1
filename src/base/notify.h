/*
 * base/notify.h: waits until something changes below folders, over inotify(7).
 *
 * Folders are watched with all that they hold, hidden names, node_modules and what the caller names left out; folders that
 * come later are watched from then on. What changed is not told: who waits looks by itself. One thread.
 */
#ifndef TW_BASE_NOTIFY_H
#define TW_BASE_NOTIFY_H

#include <stdbool.h>

#include "base/err.h"

struct tw_notify; /* opaque */

TW_MUST_USE enum tw_status tw_notify_new(struct tw_notify **out, struct tw_err *err);

/* Whether changes of `rel`, a path below the folder that was added, don't count; a folder's ends in "/". */
typedef bool (*tw_notify_skip)(const void *ctx, const char *rel);

/* A folder with all below it, or one file, or what isn't there yet: then its folder is watched for its name. `skip` (NULL:
 * nothing is left out) is asked while n lives. */
void tw_notify_add(struct tw_notify *n, const char *path, tw_notify_skip skip, const void *ctx);

/* Folders that can't be watched: unreadable, or more than the system allows (fs.inotify.max_user_watches). */
int tw_notify_missing(const struct tw_notify *n);

/* True when something changed and then nothing for `quiet` seconds, or for ten times that all the while. False after
 * `timeout` seconds, and on tw_stopping(). */
bool tw_notify_wait(struct tw_notify *n, double quiet, double timeout);

void tw_notify_free(struct tw_notify *n); /* NULL is fine */

#endif
