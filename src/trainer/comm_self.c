/* One process. Being one of several that were started together is an error: each would do the same work. */
#include <assert.h>

#include "trainer/comm_int.h"

enum tw_status tw_comm_open(struct tw_err *err)
{
	int rank = tw_comm_launched().rank;
	if (rank == 0)
		return TW_OK;
	return tw_fail(
		err, TW_UNSUPPORTED,
		"this twin was built without MPI and was started at least %d times side by side: every one "
		"would do the whole work. Build it with `make MPI=1`, or start it once",
		rank + 1);
}

void tw_comm_close(void)
{
}

int tw_comm_rank(void)
{
	return 0;
}

int tw_comm_size(void)
{
	return 1;
}

int tw_comm_threads(void)
{
	return 0;
}

const char *tw_comm_name(void)
{
	return "not built in (make MPI=1)";
}

enum tw_status tw_comm_send(int to, const void *data, size_t bytes, struct tw_err *err)
{
	(void)to;
	(void)data;
	(void)bytes;
	assert(!"there is nobody to talk to");
	return tw_fail(err, TW_UNSUPPORTED, "built without MPI");
}

enum tw_status tw_comm_recv(int from, void *data, size_t bytes, struct tw_err *err)
{
	(void)from;
	(void)data;
	(void)bytes;
	assert(!"there is nobody to talk to");
	return tw_fail(err, TW_UNSUPPORTED, "built without MPI");
}

void tw_comm_end(void)
{
}

void tw_comm_give_up(const struct tw_err *why)
{
	(void)why;
}

bool tw_comm_missing(char *text, size_t size)
{
	(void)text;
	(void)size;
	return false;
}
