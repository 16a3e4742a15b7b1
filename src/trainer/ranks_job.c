/*
 * What rank 0 says, and what the others make of it. A job goes over as one block of bytes: all ranks are the same program on
 * the same kind of machine, and a block that begins with another version's name is refused.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/version.h"
#include "trainer/comm_int.h"
#include "trainer/ranks.h"
#include "trainer/ranks_int.h"
#include "trainer/train_loop_int.h"
#include "trainer/trainers.h"

#define PROBES	    64 /* places of the base's file that are compared */
#define PROBE_BYTES 4096

enum say { SAY_JOB, SAY_STEP, SAY_OVER };
struct command {
	int64_t say;
	int64_t step;
	int64_t bytes; /* of the job that follows */
};

struct job_head {
	char version[16]; /* the program's */
	uint64_t base;	  /* a hash that tells base models apart */
	uint64_t seed;
	int64_t total_rows;
	int32_t context, group, has_reference;
	struct tw_net_size net;
	uint64_t n_samples, n_rows;
	uint64_t path_len, options_len; /* with their NULs */
};

/* --- the block --- */

static void put(struct tw_str *s, const void *data, size_t bytes)
{
	static const char zeros[8] = {0};
	tw_str_add(s, data, bytes);
	tw_str_add(s, zeros, (8 - bytes % 8) % 8);
}

struct cursor {
	const char *at;
	size_t left;
	bool short_of;
};

static const void *get(struct cursor *c, size_t bytes)
{
	const char *data = c->at;
	size_t whole = (bytes + 7) / 8 * 8;
	if (whole < bytes || whole > c->left) {
		c->short_of = true;
		return NULL;
	}
	c->at += whole;
	c->left -= whole;
	return data;
}

static void put_samples(struct tw_str *s, const struct tw_pack *p)
{
	struct tw_str tokens = TW_STR_INIT, answers = TW_STR_INIT, lengths = TW_STR_INIT;
	for (size_t i = 0; i < p->n_samples; i++) {
		const struct tw_sample *x = &p->sample[i];
		tw_str_add(&lengths, (const char *)&x->n, sizeof(x->n));
		tw_str_add(&tokens, (const char *)x->tokens, (size_t)x->n * sizeof(*x->tokens));
		tw_str_add(&answers, (const char *)x->answer, (size_t)x->n);
	}
	put(s, lengths.data, lengths.len);
	put(s, tokens.data, tokens.len);
	put(s, answers.data, answers.len);
	tw_str_release(&lengths);
	tw_str_release(&tokens);
	tw_str_release(&answers);
}

static void put_pack(struct tw_str *s, const struct tw_pack *p)
{
	put_samples(s, p);
	put(s, p->order, p->n_samples / (size_t)p->group * sizeof(*p->order));
	put(s, p->row, p->n_rows * sizeof(*p->row));
	if (p->reference)
		put(s, p->reference, p->n_samples * sizeof(*p->reference));
}

static bool get_samples(struct tw_pack *p, struct cursor *c, struct tw_arena *a)
{
	const int *lengths = get(c, p->n_samples * sizeof(*lengths));
	size_t total = 0;
	for (size_t i = 0; !c->short_of && i < p->n_samples; i++)
		total += (size_t)lengths[i];
	const int32_t *tokens = get(c, total * sizeof(*tokens));
	const uint8_t *answers = get(c, total);
	if (c->short_of)
		return false;
	p->sample = TW_NEW_ARRAY(a, p->n_samples, struct tw_sample);
	for (size_t i = 0; i < p->n_samples; i++) {
		p->sample[i] = (struct tw_sample){tokens, answers, lengths[i]};
		tokens += lengths[i];
		answers += lengths[i];
	}
	return true;
}

/* What is not changed afterwards stays in the block. */
static bool get_pack(struct tw_pack *p, struct cursor *c, const struct job_head *h,
		     struct tw_arena *a)
{
	*p = (struct tw_pack){.group = h->group, .n_samples = h->n_samples, .n_rows = h->n_rows};
	if (!get_samples(p, c, a))
		return false;
	p->order = (size_t *)(uintptr_t)get(c, p->n_samples / (size_t)p->group * sizeof(*p->order));
	p->row = (struct tw_pack_row *)(uintptr_t)get(c, p->n_rows * sizeof(*p->row));
	if (h->has_reference)
		p->reference = (double *)(uintptr_t)get(c, p->n_samples * sizeof(*p->reference));
	return !c->short_of;
}

/* Of the file's length and some of its pages: another model, or another type of the same, differs in them. */
static uint64_t base_mark(const struct tw_weights *w)
{
	uint64_t mark = w->map.len;
	for (size_t i = 0; i < PROBES; i++) {
		size_t at = w->map.len / PROBES * i;
		size_t n = w->map.len - at < PROBE_BYTES ? w->map.len - at : PROBE_BYTES;
		mark = tw_hash64((const char *)w->map.data + at, n, mark);
	}
	return mark;
}

static void write_job(struct tw_str *s, struct tw_train_loop *l)
{
	const struct tw_llm_info *info = tw_llm_info(l->job->llm);
	const char *options = tw_opt_canonical(l->o, tw_trainer_native.opts, &l->arena);
	struct job_head h = {.version = TW_VERSION,
			     .base = base_mark(&l->w),
			     .seed = l->job->seed,
			     .total_rows = l->total_rows,
			     .context = info->context,
			     .group = l->train.group,
			     .has_reference = l->train.reference != NULL,
			     .net = l->net.size,
			     .n_samples = l->train.n_samples,
			     .n_rows = l->train.n_rows,
			     .path_len = strlen(info->path) + 1,
			     .options_len = strlen(options) + 1};
	put(s, &h, sizeof(h));
	put(s, info->path, h.path_len);
	put(s, options, h.options_len);
	put_pack(s, &l->train);
}

/* --- rank 0 --- */

enum tw_status tw_ranks_share(struct tw_train_loop *l, struct tw_err *err)
{
	if (tw_comm_size() == 1)
		return TW_OK;
	struct tw_str s = TW_STR_INIT;
	write_job(&s, l);
	struct command c = {.say = SAY_JOB, .bytes = (int64_t)s.len};
	enum tw_status st = tw_ranks_spread(&c, sizeof(c), err);
	if (st == TW_OK)
		st = tw_ranks_spread(s.data, s.len, err);
	tw_str_release(&s);
	return st;
}

enum tw_status tw_ranks_begin_step(struct tw_train_loop *l, struct tw_err *err)
{
	if (tw_comm_size() == 1)
		return TW_OK;
	struct command c = {.say = SAY_STEP, .step = l->state.head->step};
	enum tw_status st = tw_ranks_spread(&c, sizeof(c), err);
	return st == TW_OK ? tw_ranks_spread(l->lora.p, l->lora.n * sizeof(*l->lora.p), err) : st;
}

void tw_ranks_dismiss(enum tw_status st)
{
	struct command c = {.say = SAY_OVER};
	if (tw_comm_size() == 1)
		return;
	if (st != TW_OK || tw_ranks_spread(&c, sizeof(c), NULL) != TW_OK)
		tw_comm_end();
}

/* --- the others --- */

struct helper {
	struct tw_train_loop l;
	struct tw_train_options o;
	struct tw_train_job job;
	char *block; /* the job's */
	struct tw_arena arena;
};

static enum tw_status read_options(struct helper *h, const char *text, size_t len,
				   struct tw_err *err)
{
	struct tw_json *options;
	enum tw_status st = tw_json_parse(&options, text, len, &h->arena, err);
	return st == TW_OK ? tw_opt_parse(&h->o, tw_trainer_native.opts, options, "rank 0", "/",
					  &h->arena, err)
			   : st;
}

static enum tw_status read_job(struct helper *h, struct cursor *c, struct tw_err *err)
{
	struct job_head head = {0};
	const struct job_head *at = get(c, sizeof(head));
	if (at)
		head = *at;
	if (strncmp(head.version, TW_VERSION, sizeof(head.version)) != 0)
		return tw_fail(err, TW_CONFLICT, "not the same version of twin as rank 0");
	const char *path = get(c, head.path_len), *options = get(c, head.options_len);
	if (!path || !options || !get_pack(&h->l.train, c, &head, &h->arena))
		return tw_fail(err, TW_BAD_DATA, "what rank 0 sent is not whole");
	enum tw_status st = read_options(h, options, head.options_len - 1, err);
	if (st != TW_OK)
		return st;
	h->job.seed = head.seed;
	h->l.total_rows = head.total_rows;
	st = tw_train_loop_join(&h->l, path, head.context, &head.net, err);
	if (st == TW_OK && base_mark(&h->l.w) != head.base)
		st = tw_fail(err, TW_CONFLICT, "%s is another file than rank 0's", path);
	return st;
}

static void leave_job(struct helper *h)
{
	if (!h->block)
		return;
	tw_train_loop_release(&h->l);
	tw_arena_release(&h->arena);
	free(h->block);
	h->block = NULL;
}

static enum tw_status take_job(struct helper *h, size_t bytes, struct tw_err *err)
{
	*h = (struct helper){.block = tw_try_alloc(bytes, "the training's tokens", err)};
	if (!h->block)
		return TW_NO_MEMORY;
	tw_arena_init(&h->arena);
	tw_train_loop_prepare(&h->l, &h->o, &h->job);
	enum tw_status st = tw_ranks_spread(h->block, bytes, err);
	return st == TW_OK ? read_job(h, &(struct cursor){h->block, bytes, false}, err) : st;
}

static enum tw_status take_step(struct helper *h, int64_t step, struct tw_err *err)
{
	struct tw_sums sums = {0};
	struct tw_lora *lora = &h->l.lora;
	enum tw_status st = tw_ranks_spread(lora->p, lora->n * sizeof(*lora->p), err);
	h->l.state.head->step = step;
	return st == TW_OK ? tw_train_loop_gradient(&h->l, &sums, err) : st;
}

static enum tw_status obey(struct helper *h, struct tw_err *err)
{
	struct command c;
	enum tw_status st = tw_ranks_spread(&c, sizeof(c), err);
	if (st != TW_OK)
		return st;
	if (c.say == SAY_STEP)
		return take_step(h, c.step, err);
	leave_job(h);
	return c.say == SAY_JOB ? take_job(h, (size_t)c.bytes, err) : TW_OK;
}

void tw_ranks_help(void)
{
	struct helper h = {.block = NULL};
	struct tw_err err = TW_ERR_INIT;
	while (obey(&h, &err) == TW_OK)
		;
	tw_comm_give_up(&err);
	leave_job(&h);
}
