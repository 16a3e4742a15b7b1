#include "trainer/checkpoint_int.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"

#define JOB_DIGITS 16
#define SUFFIX	   ".checkpoint"

static const char magic[16] = "twin-training-4";

static void place(struct tw_state *s, size_t n)
{
	float *at = (float *)((char *)s->head + sizeof(*s->head));
	s->p = at;
	s->best = at + n;
	s->loss = (double *)(void *)(at + 2 * n); /* 8 n bytes behind an aligned head */
	s->optim = s->loss + s->head->total_steps;
}

enum tw_status tw_state_init(struct tw_state *s, size_t n, size_t optim_bytes, int64_t total_steps,
			     const char *job_digest, struct tw_err *err)
{
	struct tw_digest job = tw_sha256(job_digest, strlen(job_digest));
	s->bytes = sizeof(*s->head) + 2 * n * sizeof(float) + (size_t)total_steps * sizeof(double) +
		   optim_bytes;
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

static bool is_whole(const struct tw_state *s, const struct tw_mapping *m)
{
	const struct tw_state_head *head = m->data;
	return m->len == s->bytes && memcmp(head->magic, magic, sizeof(magic)) == 0 &&
	       memcmp(head->job, s->head->job, sizeof(head->job)) == 0 && head->n == s->head->n &&
	       head->total_steps == s->head->total_steps &&
	       head->checksum == checksum(head, m->len);
}

/* A file that this run can go on from. *m is NULL where that is all the caller wants to know. */
static bool map_whole(struct tw_mapping *m, const struct tw_state *s, const char *path)
{
	struct tw_mapping own;
	m = m ? m : &own;
	if (!tw_exists(path) || tw_map_file(m, path, NULL) != TW_OK)
		return false;
	bool ok = is_whole(s, m);
	if (!ok)
		tw_warn("%s: damaged, or of another job; it is not used", path);
	if (!ok || m == &own)
		tw_unmap_file(m);
	return ok;
}

bool tw_state_load(struct tw_state *s, const char *path)
{
	struct tw_mapping m;
	if (!map_whole(&m, s, path))
		return false;
	memcpy(s->head, m.data, s->bytes);
	tw_unmap_file(&m);
	return true;
}

/* --- a folder of them --- */

struct search {
	const char *job; /* first digits of the job's digest */
	int64_t below, step;
};

/* "0123456789abcdef.120.checkpoint" is of step 120. */
static enum tw_status look(void *ctx, const char *name, const struct tw_stat *st,
			   const char *problem, struct tw_err *err)
{
	struct search *s = ctx;
	int64_t step;
	char number[24], *end;
	(void)st;
	(void)err;
	if (problem || strncmp(name, s->job, JOB_DIGITS) != 0 || name[JOB_DIGITS] != '.')
		return TW_OK;
	snprintf(number, sizeof(number), "%s", name + JOB_DIGITS + 1);
	end = strchr(number, '.');
	if (!end || strcmp(name + JOB_DIGITS + 1 + (end - number), SUFFIX) != 0)
		return TW_OK;
	*end = '\0';
	if (tw_parse_i64(&step, number, NULL) == TW_OK && step < s->below && step > s->step)
		s->step = step;
	return TW_OK;
}

static bool not_below(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return false;
}

/* Step of the newest file before step `below`; -1: none. */
static int64_t newest(const struct tw_state *s, const char *dir, int64_t below)
{
	struct search found = {.job = s->head->job, .below = below, .step = -1};
	return tw_walk(dir, not_below, look, &found, NULL) == TW_OK ? found.step : -1;
}

static char *path_of(const struct tw_state *s, const char *dir, int64_t step)
{
	struct tw_str path = TW_STR_INIT;
	tw_str_addf(&path, "%s/%.*s.%lld" SUFFIX, dir, JOB_DIGITS, s->head->job, (long long)step);
	return tw_str_detach(&path);
}

/* What was just saved stays, and `others` intact ones of the steps before it. Files of later steps were refused when
 * this run began: they would be taken for the newest. */
static enum tw_status drop_others(const struct tw_state *s, const char *dir, int others,
				  struct tw_err *err)
{
	enum tw_status st = TW_OK;
	int64_t step = INT64_MAX;
	while (st == TW_OK && (step = newest(s, dir, step)) >= 0) {
		if (step == s->head->step)
			continue;
		char *path = path_of(s, dir, step);
		if (step < s->head->step && others > 0 && map_whole(NULL, s, path))
			others--;
		else
			st = tw_remove_all(path, err);
		free(path);
	}
	return st;
}

enum tw_status tw_checkpoints_save(struct tw_state *s, const char *dir, int keep,
				   struct tw_err *err)
{
	char *path = path_of(s, dir, s->head->step);
	enum tw_status st = tw_state_save(s, path, err);
	free(path);
	return st == TW_OK ? drop_others(s, dir, keep - 1, err) : st;
}

bool tw_checkpoints_load(struct tw_state *s, const char *dir)
{
	int64_t step = INT64_MAX;
	bool ok = false;
	while (!ok && (step = newest(s, dir, step)) >= 0) {
		char *path = path_of(s, dir, step);
		ok = tw_state_load(s, path);
		free(path);
	}
	return ok;
}
