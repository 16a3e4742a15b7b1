#include "base/pool.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

struct worker {
	struct tw_pool *pool;
	pthread_t thread;
	int number; /* from 1; the caller of run() is 0 */
};

struct tw_pool {
	struct worker *workers;
	int n; /* threads of the pool, without the caller */
	pthread_mutex_t lock;
	pthread_cond_t start, finished;
	unsigned long round; /* counts runs; a new value wakes the workers */
	int busy;	     /* workers that have not finished this round */
	bool quit;

	/* The run of now; written under the lock before the round starts. */
	tw_pool_fn fn;
	void *ctx;
	size_t items;
	atomic_size_t next;
};

static void take_items(struct tw_pool *p, int number)
{
	size_t i;

	while ((i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed)) < p->items)
		p->fn(p->ctx, i, number);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct tw_pool *p = w->pool;
	unsigned long seen = 0;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->round == seen && !p->quit)
			pthread_cond_wait(&p->start, &p->lock);
		if (p->quit)
			break;
		seen = p->round;
		pthread_mutex_unlock(&p->lock);
		take_items(p, w->number);
		pthread_mutex_lock(&p->lock);
		if (--p->busy == 0)
			pthread_cond_signal(&p->finished);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int tw_cores(void)
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	else
		n = (int)sysconf(_SC_NPROCESSORS_ONLN); /* more than 1,024 cores */
	return n > 0 ? n : 1;
}

/* The fourth field of /proc/loadavg: threads that run or could, ours among them, of all the machine. */
static int running(void)
{
	char text[128];
	int n = 1;
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return n;
	ssize_t len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return sscanf(text, "%*s %*s %*s %d/", &n) == 1 ? n : 1;
}

int tw_idle_cores(void)
{
	int mine = tw_cores(), all = (int)sysconf(_SC_NPROCESSORS_ONLN);
	int idle = all - (running() - 1);
	return idle < 1 ? 1 : idle < mine ? idle : mine;
}

struct tw_pool *tw_pool_new(int threads)
{
	struct tw_pool *p = tw_xcalloc(1, sizeof(*p));
	int want = (threads > 0 ? threads : tw_cores()) - 1;

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->start, NULL);
	pthread_cond_init(&p->finished, NULL);
	p->workers = tw_xcalloc((size_t)want, sizeof(*p->workers));
	for (int i = 0; i < want; i++) {
		struct worker *w = &p->workers[i];

		w->pool = p;
		w->number = i + 1;
		/* With fewer threads than asked for the work gets done all the same. */
		if (pthread_create(&w->thread, NULL, work, w) != 0)
			break;
		p->n++;
	}
	return p;
}

void tw_pool_free(struct tw_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_cond_broadcast(&p->start);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->n; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->finished);
	pthread_cond_destroy(&p->start);
	pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p);
}

int tw_pool_size(const struct tw_pool *p)
{
	return p->n + 1;
}

void tw_pool_run(struct tw_pool *p, size_t n, tw_pool_fn fn, void *ctx)
{
	if (n == 0)
		return;
	pthread_mutex_lock(&p->lock);
	assert(p->busy == 0 && !p->fn);
	p->fn = fn;
	p->ctx = ctx;
	p->items = n;
	atomic_store(&p->next, 0);
	p->busy = p->n;
	p->round++;
	pthread_cond_broadcast(&p->start);
	pthread_mutex_unlock(&p->lock);

	take_items(p, 0);

	pthread_mutex_lock(&p->lock);
	while (p->busy > 0)
		pthread_cond_wait(&p->finished, &p->lock);
	p->fn = NULL;
	pthread_mutex_unlock(&p->lock);
}
