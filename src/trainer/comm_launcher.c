#include <stdlib.h>

#include "trainer/comm_int.h"

/* How mpirun and srun (pmix, pmi2) number the processes that they start; each sets some of these. */
static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", NULL};
static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS",
				    NULL};

/* NULL: none of them is set. */
static const char *first_of(const char *const *names)
{
	const char *value = NULL;
	for (; !value && *names; names++)
		value = getenv(*names);
	return value;
}

struct tw_launched tw_comm_launched(void)
{
	const char *rank = first_of(ranks), *size = first_of(sizes);
	if (!rank) /* in a batch job, Slurm's size is set for what it did not start by itself, too */
		return (struct tw_launched){.rank = 0, .size = 1};
	return (struct tw_launched){.rank = atoi(rank), .size = size ? atoi(size) : 0};
}
