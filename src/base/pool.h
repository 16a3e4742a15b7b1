/*
 * base/pool.h: a fixed set of threads for loops whose items are independent.
 *
 * tw_pool_run() calls fn(ctx, i, worker) once for each i in [0, n), on the pool's
 * threads and the caller's own, and returns when all are done. Which worker takes which i is not
 * fixed: results must not depend on it. One run at a time a pool.
 */
#ifndef TW_BASE_POOL_H
#define TW_BASE_POOL_H

#include <stddef.h>

#include "base/err.h"

struct tw_pool; /* opaque */

/* threads 0: one a core (tw_cores()). */
struct tw_pool *tw_pool_new(int threads);
void tw_pool_free(struct tw_pool *p);
int tw_pool_size(const struct tw_pool *p); /* workers, the caller's thread included */

typedef void (*tw_pool_fn)(void *ctx, size_t i, int worker);
void tw_pool_run(struct tw_pool *p, size_t n, tw_pool_fn fn, void *ctx);

int tw_cores(void); /* that this process may use */

/* Of those, how many no other program keeps busy at this moment, and at least 1: for libraries whose threads wait for
 * each other by spinning, which costs many times the work when they have to share a core. */
int tw_idle_cores(void);

#endif
