/*
 * trainer/ranks.h: one training on several processes (ranks), for app/main.c.
 *
 * Rank 0 is the program as it always is: it alone parses words, opens stores, writes and talks. The others come no further
 * than main(): they wait there until rank 0 trains, and compute gradients of their share of each step's rows.
 */
#ifndef TW_TRAINER_RANKS_H
#define TW_TRAINER_RANKS_H

#include <stdbool.h>

#include "base/err.h"

/* Where this process was started as one of several (mpirun, srun), joins the others; else does nothing. On TW_OK and
 * else, end with tw_ranks_close(). TW_UNSUPPORTED: it was, and this build has no MPI. */
TW_MUST_USE enum tw_status tw_ranks_open(struct tw_err *err);
bool tw_ranks_is_helper(void); /* any but rank 0 */
void tw_ranks_help(void); /* works for rank 0, until that closes; rank 0 says what went wrong */
void tw_ranks_close(void);

/* For people: "Open MPI 4.1.4 (MPI 3.1)", "not built in (make MPI=1)". */
const char *tw_ranks_text(void);

#endif
