#include "trainer/plan_int.h"

#include "base/str.h"
#include "net/net.h"
#include "net/qnet.h"

#define ACTIVATIONS ((int64_t)800 << 20) /* where there is no limit; one row always goes */
#define PROGRAM	    ((int64_t)160 << 20) /* all that is not the trainer: stores, tokenizer, libraries */

static int64_t bytes_of_pass(const struct tw_plan_request *r, const struct tw_net_size *size)
{
	return tw_net_bytes(r->shape, r->lora, size, TW_PLAN_WORKERS) +
	       (r->whole_numbers ? tw_net_q_scratch_bytes(r->shape, r->back, size, TW_PLAN_WORKERS)
				 : 0);
}

static struct tw_plan plan_of(const struct tw_plan_request *r, int rows, int row,
			      bool checkpointing)
{
	struct tw_plan p = {.rows = rows,
			    .checkpointing = checkpointing,
			    .program = PROGRAM,
			    .weights = r->weights,
			    .states = r->states};
	struct tw_net_size size = {.longest = row < r->longest ? row : r->longest,
				   .recompute = checkpointing,
				   .apart = r->whole_numbers,
				   .resident = r->resident};
	int64_t fixed = bytes_of_pass(r, &size);
	size.cap = rows * row;
	p.activations = bytes_of_pass(r, &size) - fixed;
	p.buffers = fixed + TW_PLAN_WORKERS * tw_gemm_bytes();
	p.total = p.program + p.weights + p.states + p.activations + p.buffers;
	return p;
}

static bool fits(const struct tw_plan_request *r, const struct tw_plan *p)
{
	return r->limit ? p->total <= r->limit : p->activations <= ACTIVATIONS || p->rows == 1;
}

/* The longest rows, a power of two, that would fit one at a time with checkpointing; 0: none. */
static int row_that_fits(const struct tw_plan_request *r)
{
	for (int row = 1 << 14; row >= 16; row /= 2) {
		struct tw_plan p = plan_of(r, 1, row, true);
		if (row < r->row && fits(r, &p))
			return row;
	}
	return 0;
}

static enum tw_status say_what_would(const struct tw_plan_request *r, const struct tw_plan *least,
				     struct tw_err *err)
{
	struct tw_arena a;
	tw_arena_init(&a);
	int row = row_that_fits(r);
	const char *advice =
		row ? tw_sprintf(&a, "training.sequence: %d would fit", row)
		    : "a lower training.rank, training.optim: adafactor or a smaller model takes less";
	enum tw_status st =
		tw_fail(err, TW_NO_MEMORY,
			"training.max_memory is %s, and the least that this training takes is "
			"%s; %s",
			tw_human_size(&a, r->limit), tw_plan_text(least, &a), advice);
	tw_arena_release(&a);
	return st;
}

/* A run that goes on can't take fewer rows at a time than it began with. */
static enum tw_status say_it_began_with_more(const struct tw_plan_request *r,
					     const struct tw_plan *least, struct tw_err *err)
{
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = tw_fail(
		err, TW_NO_MEMORY,
		"training.max_memory is %s, and this training began with %d %s at a time, which take at "
		"least %s. Give it as much (--max-memory %lldMiB), or begin anew: remove its checkpoints "
		"in .twin/train",
		tw_human_size(&a, r->limit), r->begun, r->begun == 1 ? "row" : "rows",
		tw_plan_text(least, &a), (long long)(least->total >> 20) + 1);
	tw_arena_release(&a);
	return st;
}

enum tw_status tw_plan_make(struct tw_plan *out, const struct tw_plan_request *r,
			    struct tw_err *err)
{
	struct tw_plan p = {0};
	const int most = r->begun ? r->begun : r->rows, least = r->begun ? r->begun : 1;
	for (int checkpointing = r->checkpointing; checkpointing <= 1; checkpointing++)
		for (int rows = most; rows >= least; rows--) {
			p = plan_of(r, rows, r->row, checkpointing);
			if (fits(r, &p)) {
				*out = p;
				return TW_OK;
			}
		}
	*out = p; /* without a limit, it goes on as it began */
	if (!r->limit)
		return TW_OK;
	return r->begun ? say_it_began_with_more(r, &p, err) : say_what_would(r, &p, err);
}

const char *tw_plan_text(const struct tw_plan *p, struct tw_arena *a)
{
	return tw_sprintf(a,
			  "about %s: the program %s, weights %s, adapter and optimiser %s, "
			  "activations %s (%d %s at a time%s), buffers %s",
			  tw_human_size(a, p->total), tw_human_size(a, p->program),
			  tw_human_size(a, p->weights), tw_human_size(a, p->states),
			  tw_human_size(a, p->activations), p->rows, p->rows == 1 ? "row" : "rows",
			  p->checkpointing ? ", blocks computed again" : "",
			  tw_human_size(a, p->buffers));
}
