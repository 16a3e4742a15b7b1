#include "trainer/reference_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/str.h"
#include "trainer/train_loop_int.h"

static const char magic[16] = "twin-reference1";

struct file_head { /* then 2 doubles a pair: those of the training, then those of the validation */
	char magic[16];
	uint64_t checksum; /* of the doubles */
	char job[TW_DIGEST_LEN];
	uint64_t n;
};

/* --- computing them --- */

/* Sums over the targets of each document of the batch. */
static void keep_sums(const struct tw_train_loop *l, struct tw_pack *p)
{
	const struct tw_batch *b = &l->batch;
	for (int d = 0; d < b->n_docs; d++) {
		double sum = 0;
		for (int t = b->doc_loss[d]; t < b->doc_loss[d + 1]; t++)
			sum += l->logp[t];
		p->reference[2 * b->id[d] + d % 2] = sum;
	}
}

static enum tw_status compute_row(struct tw_train_loop *l, struct tw_pack *p, size_t row,
				  struct tw_progress *progress, struct tw_err *err)
{
	if (tw_stopping())
		return tw_fail(err, TW_CANCELLED, "stopped");
	tw_batch_clear(&l->batch);
	tw_train_loop_add_row(l, p, row);
	tw_net_logps(&l->net, &l->batch, l->logp);
	enum tw_status st = tw_net_check(&l->net, err);
	keep_sums(l, p);
	tw_progress_add(progress, 1);
	return st;
}

/* Rows of the first epoch that the steps get to: all of them, unless max_steps ends before. */
static int64_t rows_reached(const struct tw_train_loop *l)
{
	int64_t n = (int64_t)l->train.n_rows, most = l->state.head->total_steps * l->o->batch;
	return most < n ? most : n;
}

static enum tw_status compute_both(struct tw_train_loop *l, struct tw_err *err)
{
	const int64_t n = rows_reached(l), n_valid = (int64_t)l->valid_pairs.n_rows;
	struct tw_progress *progress = tw_progress_new("reference", "rows", n + n_valid);
	enum tw_status st = TW_OK;
	for (int64_t k = 0; k < n && st == TW_OK; k++)
		st = compute_row(l, &l->train, tw_train_loop_row(l, k), progress, err);
	for (int64_t k = 0; k < n_valid && st == TW_OK; k++)
		st = compute_row(l, &l->valid_pairs, (size_t)k, progress, err);
	tw_progress_free(progress);
	return st;
}

/* With what training began with in place of what it has learnt since. */
static enum tw_status compute_at_start(struct tw_train_loop *l, struct tw_err *err)
{
	float *now = l->lora.p;
	l->lora.p =
		tw_try_alloc(l->lora.n * sizeof(*now), "the adapter that training began with", err);
	enum tw_status st = l->lora.p ? tw_train_loop_begin(l, err) : TW_NO_MEMORY;
	if (st == TW_OK)
		st = compute_both(l, err);
	free(l->lora.p);
	l->lora.p = now;
	return st;
}

static enum tw_status compute_on_base(struct tw_train_loop *l, struct tw_err *err)
{
	l->lora.off = true;
	enum tw_status st = compute_both(l, err);
	l->lora.off = false;
	return st;
}

/* --- keeping them --- */

static bool load(double *to, size_t n, const char *path, const char *job)
{
	struct tw_mapping m;
	if (!tw_exists(path) || tw_map_file(&m, path, NULL) != TW_OK)
		return false;
	const struct file_head *h = m.data;
	size_t bytes = n * sizeof(*to);
	bool ok = m.len == sizeof(*h) + bytes && memcmp(h->magic, magic, sizeof(magic)) == 0 &&
		  memcmp(h->job, job, sizeof(h->job)) == 0 && h->n == n &&
		  h->checksum == tw_hash64(h + 1, bytes, 0);
	if (ok)
		memcpy(to, h + 1, bytes);
	else
		tw_warn("%s: damaged; computed again", path);
	tw_unmap_file(&m);
	return ok;
}

static enum tw_status save(const double *values, size_t n, const char *path, const char *job,
			   struct tw_err *err)
{
	struct tw_str s = TW_STR_INIT;
	struct file_head h = {.n = n, .checksum = tw_hash64(values, n * sizeof(*values), 0)};
	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.job, job, sizeof(h.job));
	tw_str_add(&s, (const char *)&h, sizeof(h));
	tw_str_add(&s, (const char *)values, n * sizeof(*values));
	enum tw_status st = tw_write_file(path, s.data, s.len, err);
	tw_str_release(&s);
	return st;
}

enum tw_status tw_reference_prepare(struct tw_train_loop *l, struct tw_err *err)
{
	const char *job = l->state.head->job;
	const char *path = tw_sprintf(&l->arena, "%s/%.16s.reference", l->job->work_dir, job);
	size_t n = l->train.n_samples + l->valid_pairs.n_samples;
	double *all = TW_NEW_ARRAY(&l->arena, n, double);
	l->train.reference = all;
	l->valid_pairs.reference = all + l->train.n_samples;
	if (load(all, n, path, job))
		return TW_OK;
	enum tw_status st = strcmp(l->o->reference, "base") == 0 ? compute_on_base(l, err)
								 : compute_at_start(l, err);
	return st == TW_OK ? save(all, n, path, job, err) : st;
}
