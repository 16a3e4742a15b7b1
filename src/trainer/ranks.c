#include "trainer/ranks_int.h"

#include "trainer/comm_int.h"
#include "trainer/ranks.h"
#include "trainer/train_loop_int.h"

struct tw_block_of_rows tw_ranks_block(int64_t from, int64_t end, int rank, int size)
{
	int64_t n = end - from;
	return (struct tw_block_of_rows){from + n * rank / size, from + n * (rank + 1) / size};
}

int64_t tw_ranks_most_rows(int64_t rows, int size)
{
	return (rows + size - 1) / size;
}

int tw_ranks_parent(int rank)
{
	return rank & (rank - 1);
}

int tw_ranks_child(int rank, int i, int size)
{
	int step = 1 << i;
	return (rank & (2 * step - 1)) == 0 && step < size - rank ? rank + step : -1;
}

static int children(int size)
{
	int n = 0;
	while (tw_ranks_child(tw_comm_rank(), n, size) > 0)
		n++;
	return n;
}

/* The largest branch first: it takes longest. */
enum tw_status tw_ranks_spread(void *data, size_t bytes, struct tw_err *err)
{
	const int rank = tw_comm_rank(), size = tw_comm_size();
	enum tw_status st = TW_OK;
	if (rank > 0)
		st = tw_comm_recv(tw_ranks_parent(rank), data, bytes, err);
	for (int i = children(size) - 1; i >= 0 && st == TW_OK; i--)
		st = tw_comm_send(tw_ranks_child(rank, i, size), data, bytes, err);
	return st;
}

static enum tw_status add_from(struct tw_train_loop *l, struct tw_sums *sums, int rank,
			       struct tw_err *err)
{
	struct tw_sums theirs;
	enum tw_status st = tw_comm_recv(rank, &theirs, sizeof(theirs), err);
	if (st == TW_OK)
		st = tw_comm_recv(rank, l->their_g, l->lora.n * sizeof(*l->their_g), err);
	if (st != TW_OK)
		return st;
	sums->units += theirs.units;
	sums->tokens += theirs.tokens;
	for (int i = 0; i < TW_SUMS; i++)
		sums->at[i] += theirs.at[i];
	for (size_t i = 0; i < l->lora.n; i++)
		l->lora.g[i] += l->their_g[i];
	return TW_OK;
}

enum tw_status tw_ranks_add(struct tw_train_loop *l, struct tw_sums *sums, struct tw_err *err)
{
	const int rank = tw_comm_rank(), size = tw_comm_size();
	enum tw_status st = TW_OK;
	for (int i = 0; i < children(size) && st == TW_OK; i++)
		st = add_from(l, sums, tw_ranks_child(rank, i, size), err);
	if (st == TW_OK && rank > 0)
		st = tw_comm_send(tw_ranks_parent(rank), sums, sizeof(*sums), err);
	if (st == TW_OK && rank > 0)
		st = tw_comm_send(tw_ranks_parent(rank), l->lora.g, l->lora.n * sizeof(*l->lora.g),
				  err);
	return st;
}

/* --- for main() --- */

enum tw_status tw_ranks_open(struct tw_err *err)
{
	return tw_comm_open(err);
}

bool tw_ranks_is_helper(void)
{
	return tw_comm_rank() > 0;
}

void tw_ranks_close(void)
{
	tw_comm_close();
}

const char *tw_ranks_text(void)
{
	return tw_comm_name();
}
