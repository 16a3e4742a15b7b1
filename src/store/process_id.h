/*
 * store/process_id.h: is the process that wrote this still there?
 *
 * A process is named by boot, pid namespace, pid and start time, so that a
 * number that the kernel gave again is not taken for the old process.
 */
#ifndef TW_STORE_PROCESS_ID_H
#define TW_STORE_PROCESS_ID_H

#include <stdbool.h>

#include "base/mem.h"

char *tw_process_id(struct tw_arena *a); /* of this one */

/* True only when it is surely gone: of another boot, or not among the processes that can be seen from here. */
bool tw_process_gone(const char *id);

#endif
