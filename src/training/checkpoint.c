#include "training/checkpoint_int.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"

static const char magic[16] = "twin-training-1";

static void place(struct tw_state *s, size_t n)
{
	float *at = (float *)((char *)s->head + sizeof(*s->head));
	s->p = at;
	s->m = at + n;
	s->v = at + 2 * n;
	s->best = at + 3 * n;
	s->loss = (double *)(void *)(at + 4 * n); /* 16 n bytes behind an aligned head */
}

enum tw_status tw_state_init(struct tw_state *s, size_t n, int64_t total_steps,
			     const char *job_digest, struct tw_err *err)
{
	struct tw_digest job = tw_sha256(job_digest, strlen(job_digest));
	s->bytes = sizeof(*s->head) + 4 * n * sizeof(float) + (size_t)total_steps * sizeof(double);
	s->head = tw_try_alloc(s->bytes,
			       "adapter and its optimiser; a lower training.rank needs less", err);
	if (!s->head)
		return TW_NO_MEMORY;
	memcpy(s->head->magic, magic, sizeof(magic));
	memcpy(s->head->job, job.hex, sizeof(job.hex));
	s->head->n = n;
	s->head->total_steps = total_steps;
	s->head->evaluated = -1;
	place(s, n);
	return TW_OK;
}

void tw_state_release(struct tw_state *s)
{
	free(s->head);
	s->head = NULL;
}

static uint64_t checksum(const struct tw_state_head *head, size_t bytes)
{
	size_t from = offsetof(struct tw_state_head, job);
	return tw_hash64((const char *)head + from, bytes - from, 0);
}

enum tw_status tw_state_save(struct tw_state *s, const char *path, struct tw_err *err)
{
	s->head->checksum = checksum(s->head, s->bytes);
	enum tw_status st = tw_write_file(path, s->head, s->bytes, err);
	return st == TW_OK ? st : tw_wrap(err, st, "saving a checkpoint of the training");
}

bool tw_state_load(struct tw_state *s, const char *path)
{
	struct tw_mapping m;
	if (!tw_exists(path) || tw_map_file(&m, path, NULL) != TW_OK)
		return false;
	const struct tw_state_head *head = m.data;
	bool ok = m.len == s->bytes && memcmp(head->magic, magic, sizeof(magic)) == 0 &&
		  memcmp(head->job, s->head->job, sizeof(head->job)) == 0 &&
		  head->n == s->head->n && head->total_steps == s->head->total_steps &&
		  head->checksum == checksum(head, m.len);
	if (ok)
		memcpy(s->head, head, s->bytes);
	else
		tw_warn("%s: damaged, or of another job; training starts from the beginning", path);
	tw_unmap_file(&m);
	return ok;
}
