#include "serve/current.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"

/* A revision that could not be opened is tried again after this long. */
#define RETRY_S 10.0

struct holder {
	struct tw_serving *s;
	int users; /* requests, and one for being current */
};

struct tw_current {
	struct tw_inference_env env;
	bool follow;
	pthread_mutex_t lock, switching;
	TW_VEC(struct holder *) all; /* the current one is the last */
	int64_t failed;		     /* revision */
	double failed_at;
};

static enum tw_status open_one(struct tw_serving **out, const struct tw_inference_env *env,
			       const char *ref, struct tw_err *err)
{
	struct tw_llm *llm;
	enum tw_status st = tw_deployment_open(out, env, ref, err);
	if (st != TW_OK)
		return st;
	st = tw_serving_llm(&llm, *out, err);
	if (st != TW_OK)
		tw_serving_close(*out);
	return st;
}

static struct holder *now(struct tw_current *c)
{
	return c->all.at[c->all.n - 1];
}

static void add(struct tw_current *c, struct tw_serving *s)
{
	struct holder *h = tw_xcalloc(1, sizeof(*h));
	h->s = s;
	h->users = 1;
	tw_vec_push(&c->all, h);
}

/* With the lock held. Returns what is to be closed, outside of it. */
static struct tw_serving *leave(struct tw_current *c, struct holder *h)
{
	if (--h->users > 0)
		return NULL;
	struct tw_serving *s = h->s;
	size_t i = 0;
	while (c->all.at[i] != h)
		i++;
	for (; i + 1 < c->all.n; i++)
		c->all.at[i] = c->all.at[i + 1];
	c->all.n--;
	free(h);
	return s;
}

enum tw_status tw_current_open(struct tw_current **out, const struct tw_inference_env *env,
			       const char *ref, struct tw_err *err)
{
	struct tw_serving *s;
	enum tw_status st = open_one(&s, env, ref, err);
	if (st != TW_OK)
		return st;
	struct tw_current *c = tw_xcalloc(1, sizeof(*c));
	c->env = *env;
	c->follow = !ref;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->switching, NULL);
	add(c, s);
	*out = c;
	return TW_OK;
}

void tw_current_close(struct tw_current *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->all.n; i++) {
		tw_serving_close(c->all.at[i]->s);
		free(c->all.at[i]);
	}
	tw_vec_release(&c->all);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->switching);
	free(c);
}

static int64_t revision_now(struct tw_current *c)
{
	pthread_mutex_lock(&c->lock);
	int64_t r = tw_serving_info(now(c)->s)->revision;
	pthread_mutex_unlock(&c->lock);
	return r;
}

static void switch_to(struct tw_current *c, int64_t active)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_serving *fresh, *old;
	if (open_one(&fresh, &c->env, NULL, &err) != TW_OK) {
		if (c->failed != active)
			tw_warn("revision %lld cannot be served, %s goes on: %s", (long long)active,
				tw_serving_info(now(c)->s)->label, err.msg);
		c->failed = active;
		c->failed_at = tw_monotonic_s();
		return;
	}
	tw_info("now serving %s", tw_serving_info(fresh)->label);
	pthread_mutex_lock(&c->lock);
	struct holder *before = now(c);
	add(c, fresh);
	old = leave(c, before);
	pthread_mutex_unlock(&c->lock);
	tw_serving_close(old);
}

static void follow(struct tw_current *c)
{
	struct tw_err err = TW_ERR_INIT;
	int64_t active;
	if (tw_deployment_active(&active, c->env.mr, &err) != TW_OK) {
		tw_debug("serve: %s", err.msg);
		return;
	}
	if (active == 0 || active == revision_now(c))
		return;
	/* One thread opens, the others wait: their request comes after the promotion. */
	pthread_mutex_lock(&c->switching);
	bool wait = c->failed == active && tw_monotonic_s() - c->failed_at < RETRY_S;
	if (active != revision_now(c) && !wait)
		switch_to(c, active);
	pthread_mutex_unlock(&c->switching);
}

struct tw_serving *tw_current_take(struct tw_current *c)
{
	if (c->follow)
		follow(c);
	pthread_mutex_lock(&c->lock);
	struct holder *h = now(c);
	h->users++;
	pthread_mutex_unlock(&c->lock);
	return h->s;
}

void tw_current_give_back(struct tw_current *c, struct tw_serving *s)
{
	struct tw_serving *old = NULL;
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->all.n; i++)
		if (c->all.at[i]->s == s) {
			old = leave(c, c->all.at[i]);
			break;
		}
	pthread_mutex_unlock(&c->lock);
	tw_serving_close(old);
}
