#include "serve/lane.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/vec.h"

#define POLL_MS 50

struct tw_lane {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	TW_VEC(struct tw_job) jobs; /* oldest first */
	size_t limit;
	bool running, ending;
};

static struct tw_job take_first(struct tw_lane *l)
{
	struct tw_job job = l->jobs.at[0];
	l->jobs.n--;
	memmove(l->jobs.at, l->jobs.at + 1, l->jobs.n * sizeof(*l->jobs.at));
	return job;
}

static void *loop(void *arg)
{
	struct tw_lane *l = arg;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (l->jobs.n == 0 && !l->ending)
			pthread_cond_wait(&l->work, &l->lock);
		if (l->jobs.n == 0)
			break;
		struct tw_job job = take_first(l);
		l->running = true;
		pthread_mutex_unlock(&l->lock);
		if (job.gone(job.ctx))
			job.drop(job.ctx);
		else
			job.run(job.ctx);
		pthread_mutex_lock(&l->lock);
		l->running = false;
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

enum tw_status tw_lane_new(struct tw_lane **out, size_t limit, struct tw_err *err)
{
	struct tw_lane *l = tw_xcalloc(1, sizeof(*l));
	l->limit = limit;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->work, NULL);
	int rc = pthread_create(&l->thread, NULL, loop, l);
	if (rc != 0) {
		free(l);
		return tw_fail(err, TW_IO, "cannot start a thread: %s", strerror(rc));
	}
	*out = l;
	return TW_OK;
}

/* With the lock held. Jobs without a client go to `out`, to be dropped outside of it. */
static size_t sweep(struct tw_lane *l, struct tw_job *out)
{
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < l->jobs.n; i++) {
		struct tw_job job = l->jobs.at[i];
		if (job.gone(job.ctx))
			out[n++] = job;
		else
			l->jobs.at[kept++] = job;
	}
	l->jobs.n = kept;
	return n;
}

bool tw_lane_push(struct tw_lane *l, const struct tw_job *job)
{
	struct tw_job *gone = tw_xcalloc(l->limit + 1, sizeof(*gone));
	size_t n = 0;
	pthread_mutex_lock(&l->lock);
	/* An idle lane takes one job even with no room to wait. */
	size_t room = l->limit + (l->running ? 0 : 1);
	if (l->jobs.n >= room)
		n = sweep(l, gone);
	bool ok = !l->ending && l->jobs.n < room;
	if (ok) {
		tw_vec_push(&l->jobs, *job);
		pthread_cond_signal(&l->work);
	}
	pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < n; i++)
		gone[i].drop(gone[i].ctx);
	free(gone);
	return ok;
}

size_t tw_lane_waiting(struct tw_lane *l)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->jobs.n;
	pthread_mutex_unlock(&l->lock);
	return n;
}

bool tw_lane_busy(struct tw_lane *l)
{
	pthread_mutex_lock(&l->lock);
	bool busy = l->running || l->jobs.n > 0;
	pthread_mutex_unlock(&l->lock);
	return busy;
}

bool tw_lane_drain(struct tw_lane *l, double seconds, bool (*hurry)(void *ctx), void *ctx)
{
	const struct timespec nap = {0, POLL_MS * 1000000L};
	double end = tw_monotonic_s() + seconds;
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->lock);
	while (tw_lane_busy(l) && tw_monotonic_s() < end && !hurry(ctx))
		nanosleep(&nap, NULL);
	TW_VEC(struct tw_job) rest = {0};
	pthread_mutex_lock(&l->lock);
	bool done = !l->running && l->jobs.n == 0;
	while (l->jobs.n > 0) {
		struct tw_job job = take_first(l);
		tw_vec_push(&rest, job);
	}
	pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < rest.n; i++)
		rest.at[i].drop(rest.at[i].ctx);
	tw_vec_release(&rest);
	return done;
}

void tw_lane_free(struct tw_lane *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_signal(&l->work);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->work);
	tw_vec_release(&l->jobs);
	free(l);
}
