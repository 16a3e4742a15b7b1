/*
 * trainer/comm_int.h: messages between the processes of one training: the seam to MPI.
 *
 * comm_mpi.c sends them through Open MPI. comm_self.c is for builds without: there is one process, rank 0 of 1. A program is
 * linked with one of the two. What is said to whom is ranks.c's work.
 *
 * MPI's own world is one a process, and so is what lies behind this header; one thread, but for tw_comm_missing().
 * No wait lasts for ever: it ends when this process is asked to stop, when the other side gave up, or is gone. What is
 * left of the conversation then is tw_comm_end() on rank 0, tw_comm_give_up() elsewhere, tw_comm_close() on both.
 */
#ifndef TW_TRAINER_COMM_INT_H
#define TW_TRAINER_COMM_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What the environment says of who started this process; rank 0 and size 1: nobody that MPI knows. */
struct tw_launched {
	int rank;
	int size; /* 0: it does not say */
};
struct tw_launched tw_comm_launched(void);

/* Joins the other processes, where this one was started as one of several. TW_UNSUPPORTED: this build can't. */
TW_MUST_USE enum tw_status tw_comm_open(struct tw_err *err);
void tw_comm_close(void); /* also when it was not opened */

int tw_comm_rank(void);
int tw_comm_size(void);	   /* 1 after tw_comm_end() */
int tw_comm_threads(void); /* that fit on this rank's cores beside other ranks; 0: on all of them */
const char *tw_comm_name(void); /* for people */

/* Each takes place when the other side takes part: TW_CANCELLED, and what a rank that gave up says. */
TW_MUST_USE enum tw_status tw_comm_send(int to, const void *data, size_t bytes, struct tw_err *err);
TW_MUST_USE enum tw_status tw_comm_recv(int from, void *data, size_t bytes, struct tw_err *err);

/* Rank 0: every other is told that there is no more to do. */
void tw_comm_end(void);
/* Other ranks: tells rank 0 why (unless it was rank 0 that ended), and waits for its end. */
void tw_comm_give_up(const struct tw_err *why);

/* Whether a rank of this machine has vanished: "rank 1 (process 4711) is gone". Any thread. */
bool tw_comm_missing(char *text, size_t size);

#endif
