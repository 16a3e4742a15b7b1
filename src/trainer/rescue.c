#include "trainer/rescue_int.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/stop.h"
#include "trainer/comm_int.h"
#include "trainer/train_loop_int.h"

struct tw_rescue {
	struct tw_train_loop *l;
	pthread_t thread;
	pthread_mutex_t state; /* held by the loop outside of windows */
	atomic_bool quit, told;
};

void tw_rescue_tell(struct tw_rescue *r)
{
	char missing[128];
	if (!r || atomic_exchange(&r->told, true))
		return;
	bool gone = tw_comm_missing(missing, sizeof(missing));
	tw_warn("%s%sthe checkpoint of step %lld is saved; the same command goes on from it, with any "
		"number of ranks",
		gone ? missing : "", gone ? ": " : "", (long long)r->l->state.head->step);
}

static void save(struct tw_rescue *r)
{
	struct tw_train_loop *l = r->l;
	struct tw_err err = TW_ERR_INIT;
	pthread_mutex_lock(&r->state);
	if (tw_checkpoints_save(&l->state, l->job->work_dir, (int)l->o->save_total_limit, &err) ==
	    TW_OK)
		tw_rescue_tell(r);
	else
		tw_warn("%s", err.msg);
	pthread_mutex_unlock(&r->state);
}

static void *wait_for_stop(void *arg)
{
	struct tw_rescue *r = arg;
	const struct timespec nap = {0, 20 * 1000 * 1000};
	while (!atomic_load(&r->quit)) {
		if (tw_stopping()) {
			save(r);
			break;
		}
		nanosleep(&nap, NULL);
	}
	return NULL;
}

struct tw_rescue *tw_rescue_new(struct tw_train_loop *l)
{
	if (tw_comm_size() == 1)
		return NULL;
	struct tw_rescue *r = tw_xcalloc(1, sizeof(*r));
	r->l = l;
	pthread_mutex_init(&r->state, NULL);
	pthread_mutex_lock(&r->state);
	if (pthread_create(&r->thread, NULL, wait_for_stop, r) == 0)
		return r;
	pthread_mutex_unlock(&r->state);
	pthread_mutex_destroy(&r->state);
	free(r);
	return NULL;
}

void tw_rescue_free(struct tw_rescue *r)
{
	if (!r)
		return;
	atomic_store(&r->quit, true);
	pthread_mutex_unlock(&r->state);
	pthread_join(r->thread, NULL);
	pthread_mutex_destroy(&r->state);
	free(r);
}

void tw_rescue_open_window(struct tw_rescue *r)
{
	if (r)
		pthread_mutex_unlock(&r->state);
}

void tw_rescue_close_window(struct tw_rescue *r)
{
	if (r)
		pthread_mutex_lock(&r->state);
}
