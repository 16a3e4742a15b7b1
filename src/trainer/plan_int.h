/*
 * trainer/plan_int.h: what a training will take of memory, told before its first step, and made to fit.
 *
 * Activations are most of it. They shrink in two ways: fewer rows of a step go through the net at a
 * time (the same gradients, a little slower), and then blocks are computed again in the backward pass instead of being
 * kept (gradient checkpointing: the same gradients, about a third slower; Chen et al. 2016).
 * A plan follows from its request alone, never from the state of the machine. Sums over portions of a step round, and a
 * run that goes on must round as it did before: it asks for the number of rows that it began with, under whatever limit.
 */
#ifndef TW_TRAINER_PLAN_INT_H
#define TW_TRAINER_PLAN_INT_H

#include "net/lora.h"
#include "net/qgemm.h"

enum { TW_PLAN_WORKERS = 8 }; /* threads whose scratch is counted, on every machine */

struct tw_plan_request {
	const struct tw_shape *shape;
	const struct tw_lora *lora;
	int row, rows;	 /* tokens of the longest row; rows of a step */
	int begun;	 /* rows at a time that the run began with; 0: it begins now */
	int longest;	 /* tokens of the longest document */
	int64_t weights; /* bytes of the model's file, which is mapped, and of what is made of it */
	int64_t states;	 /* bytes of parameters, gradients and optimiser */
	int64_t limit;	 /* bytes in all; 0: none, activations stay within a default */
	bool checkpointing;  /* asked for: never without */
	bool resident;	     /* the net is a GPU's (net.h) */
	bool whole_numbers;  /* activations are made whole numbers, too */
	enum tw_q_bits back; /* of what size on the way back */
};

struct tw_plan {
	int rows; /* at a time */
	bool checkpointing;
	int64_t program, weights, states, activations, buffers, total; /* bytes */
};

/* The fastest plan within the limit. TW_NO_MEMORY says what would fit. Of a run that has begun only whether blocks are
 * computed again is free. */
TW_MUST_USE enum tw_status tw_plan_make(struct tw_plan *out, const struct tw_plan_request *r,
					struct tw_err *err);

/* One line for people: "about 890 MB: weights 98 MB, …". In the arena. */
const char *tw_plan_text(const struct tw_plan *p, struct tw_arena *a);

#endif
