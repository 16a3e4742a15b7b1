/* Segments of vectors: opening and writing. The search is in vec_search.c. */
#include "store/vec_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"

#define MAGIC	    UINT64_C(0x3130434556575401) /* reads differently in the other byte order */
#define FLAG_BITS   1u
#define BUFFER_ROWS 256

struct header {
	uint64_t magic;
	uint32_t dim, flags;
	uint64_t n;
	uint64_t checksum;
	uint8_t rest[32];
};

struct layout {
	size_t rids, scale, mean, codes, bits, vecs, end;
};

size_t tw_vec_width(int dim)
{
	return ((size_t)dim + TW_VEC_PAD - 1) / TW_VEC_PAD * TW_VEC_PAD;
}

static struct layout lay_out(size_t n, size_t width, bool bits)
{
	struct layout l;

	l.rids = sizeof(struct header);
	l.scale = l.rids + n * sizeof(int64_t);
	l.mean = l.scale + n * sizeof(float);
	l.codes = l.mean + width * sizeof(float);
	l.bits = (l.codes + n * width + 7) / 8 * 8;
	l.vecs = (l.bits + (bits ? n * (width / 8) : 0) + 63) / 64 * 64;
	l.end = l.vecs + n * width * sizeof(float);
	return l;
}

static uint64_t checksum_of(const char *data, const struct layout *l, const struct header *h)
{
	uint64_t seed = h->n * 31 + h->dim * 7 + h->flags;

	return tw_hash64(data + l->rids, l->vecs - l->rids, seed);
}

void tw_segment_name(char out[80], int64_t table, uint64_t checksum)
{
	snprintf(out, 80, "v%" PRId64 "-%016" PRIx64 ".seg", table, checksum);
}

/* --- opening --- */

static bool fits(const struct header *h, const struct tw_mapping *m, int dim, uint64_t checksum)
{
	if (h->magic != MAGIC || (int64_t)h->dim != dim || h->checksum != checksum)
		return false;
	if (h->n == 0 || h->n > m->len / sizeof(int64_t) || dim <= 0)
		return false;
	struct layout l = lay_out(h->n, tw_vec_width(dim), (h->flags & FLAG_BITS) != 0);
	return l.end == m->len && checksum_of(m->data, &l, h) == checksum;
}

enum tw_status tw_segment_open(struct tw_segment *s, const char *path, int dim, uint64_t checksum,
			       struct tw_err *err)
{
	*s = (struct tw_segment){.n = 0};
	enum tw_status st = tw_map_file(&s->map, path, err);
	if (st != TW_OK)
		return st;
	const struct header *h = s->map.data;
	if (s->map.len < sizeof(*h) || !fits(h, &s->map, dim, checksum)) {
		tw_segment_release(s);
		return tw_fail(err, TW_BAD_DATA, "%s: damaged", path);
	}
	const char *base = s->map.data;
	s->n = h->n;
	s->dim = dim;
	s->width = tw_vec_width(dim);
	struct layout l = lay_out(s->n, s->width, (h->flags & FLAG_BITS) != 0);
	s->rids = (const int64_t *)(const void *)(base + l.rids);
	s->scale = (const float *)(const void *)(base + l.scale);
	s->mean = (const float *)(const void *)(base + l.mean);
	s->codes = (const int8_t *)(base + l.codes);
	s->bits = h->flags & FLAG_BITS ? (const uint64_t *)(const void *)(base + l.bits) : NULL;
	s->vecs = (const float *)(const void *)(base + l.vecs);
	s->dead = tw_xcalloc(s->n / 64 + 1, sizeof(uint64_t));
	return TW_OK;
}

void tw_segment_release(struct tw_segment *s)
{
	tw_unmap_file(&s->map);
	free(s->dead);
	*s = (struct tw_segment){.n = 0};
}

/* Whoever wipes the file begins at its beginning. */
bool tw_segment_whole(const struct tw_segment *s)
{
	const volatile struct header *h = s->map.data;

	atomic_thread_fence(memory_order_seq_cst);
	return h->magic == MAGIC;
}

void tw_segment_bury(struct tw_segment *s, int64_t rid)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (s->rids[mid] < rid)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->n || s->rids[lo] != rid || (s->dead[lo / 64] >> (lo % 64) & 1))
		return;
	s->dead[lo / 64] |= UINT64_C(1) << (lo % 64);
	s->n_dead++;
}

void tw_segment_revive(struct tw_segment *s)
{
	memset(s->dead, 0, (s->n / 64 + 1) * sizeof(uint64_t));
	s->n_dead = 0;
}

/* --- writing --- */

struct tw_segment_writer {
	char *dir, *tmp;
	int fd;
	int dim;
	size_t width, n, i;
	struct layout l;
	bool with_bits;
	char *head;    /* header to bits, as in the file */
	double *sums;  /* (dim): for the mean */
	float *buffer; /* (BUFFER_ROWS, width): vectors on their way to the file */
	size_t buffered;
};

void tw_segment_abort(struct tw_segment_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0) {
		close(w->fd);
		unlink(w->tmp);
	}
	free(w->head);
	free(w->sums);
	free(w->buffer);
	free(w->tmp);
	free(w->dir);
	free(w);
}

enum tw_status tw_segment_begin(struct tw_segment_writer **out, const char *dir, int dim, size_t n,
				size_t bits_min, struct tw_err *err)
{
	struct tw_segment_writer *w = tw_xcalloc(1, sizeof(*w));

	w->fd = -1;
	w->dim = dim;
	w->n = n;
	w->width = tw_vec_width(dim);
	w->with_bits = n >= bits_min;
	w->l = lay_out(n, w->width, w->with_bits);
	w->dir = tw_xstrdup(dir);
	w->tmp = tw_xmalloc(strlen(dir) + 32);
	sprintf(w->tmp, "%s/.tmp-XXXXXX", dir);
	w->sums = tw_xcalloc((size_t)dim, sizeof(double));
	w->buffer = tw_xcalloc(BUFFER_ROWS * w->width, sizeof(float));
	w->head = tw_try_alloc(w->l.vecs, "the vector index", err);
	if (!w->head) {
		tw_segment_abort(w);
		return TW_NO_MEMORY;
	}
	w->fd = mkostemp(w->tmp, O_CLOEXEC);
	if (w->fd < 0) {
		enum tw_status st = tw_fail_errno(err, TW_IO, "%s", w->tmp);
		tw_segment_abort(w);
		return st;
	}
	*out = w;
	return TW_OK;
}

static enum tw_status write_at(struct tw_segment_writer *w, const void *data, size_t len,
			       size_t offset, struct tw_err *err)
{
	const char *p = data;

	while (len) {
		ssize_t n = pwrite(w->fd, p, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tw_fail_errno(err, TW_IO, "%s", w->tmp);
		p += n;
		len -= (size_t)n;
		offset += (size_t)n;
	}
	return TW_OK;
}

static enum tw_status flush(struct tw_segment_writer *w, struct tw_err *err)
{
	size_t row = w->width * sizeof(float);
	size_t at = w->l.vecs + (w->i - w->buffered) * row;
	enum tw_status st = write_at(w, w->buffer, w->buffered * row, at, err);

	w->buffered = 0;
	return st;
}

/* codes = round(x / scale), scale = max |x| / 127. */
static float quantise(int8_t *codes, const float *x, int dim)
{
	float max = 0;

	for (int j = 0; j < dim; j++)
		max = fmaxf(max, fabsf(x[j]));
	if (max == 0)
		return 0;
	for (int j = 0; j < dim; j++)
		codes[j] = (int8_t)lrintf(x[j] / max * 127);
	return max / 127;
}

enum tw_status tw_segment_add(struct tw_segment_writer *w, int64_t rid, const float *vec,
			      struct tw_err *err)
{
	if (w->i == w->n)
		return tw_fail(err, TW_CONFLICT, "more rows than were counted");
	int64_t *rids = (int64_t *)(void *)(w->head + w->l.rids);
	float *scale = (float *)(void *)(w->head + w->l.scale);
	int8_t *codes = (int8_t *)(w->head + w->l.codes) + w->i * w->width;
	rids[w->i] = rid;
	scale[w->i] = quantise(codes, vec, w->dim);
	for (int j = 0; j < w->dim; j++)
		w->sums[j] += (double)vec[j];
	memcpy(w->buffer + w->buffered * w->width, vec, (size_t)w->dim * sizeof(float));
	w->i++;
	w->buffered++;
	return w->buffered == BUFFER_ROWS ? flush(w, err) : TW_OK;
}

/* Bit j: x[j] lies above the mean of all rows. From the codes, which is near enough for a first sieve. */
static void set_bits(struct tw_segment_writer *w, const float *mean)
{
	const float *scale = (const float *)(void *)(w->head + w->l.scale);
	const int8_t *codes = (const int8_t *)(w->head + w->l.codes);
	uint64_t *bits = (uint64_t *)(void *)(w->head + w->l.bits);

	for (size_t i = 0; i < w->n; i++, codes += w->width, bits += w->width / 64)
		for (int j = 0; j < w->dim; j++)
			if ((float)codes[j] * scale[i] > mean[j])
				bits[j / 64] |= UINT64_C(1) << (j % 64);
}

static enum tw_status put_in_place(struct tw_segment_writer *w, const char *name,
				   struct tw_err *err)
{
	char *path = tw_xmalloc(strlen(w->dir) + strlen(name) + 2);
	enum tw_status st = TW_OK;

	sprintf(path, "%s/%s", w->dir, name);
	if (fsync(w->fd) != 0 || fchmod(w->fd, 0644) != 0 || rename(w->tmp, path) != 0)
		st = tw_fail_errno(err, TW_IO, "%s", path);
	free(path);
	if (st != TW_OK)
		return st;
	close(w->fd);
	w->fd = -1;
	return tw_sync_folder(w->dir, err);
}

enum tw_status tw_segment_end(struct tw_segment_file *out, struct tw_segment_writer *w,
			      int64_t table, struct tw_err *err)
{
	struct header h = {.magic = MAGIC,
			   .dim = (uint32_t)w->dim,
			   .flags = w->with_bits ? FLAG_BITS : 0,
			   .n = w->n};
	float *mean = (float *)(void *)(w->head + w->l.mean);
	enum tw_status st = TW_OK;

	if (w->i != w->n)
		st = tw_fail(err, TW_CONFLICT, "fewer rows than were counted");
	for (int j = 0; j < w->dim; j++)
		mean[j] = (float)(w->sums[j] / (double)(w->n ? w->n : 1));
	if (w->with_bits)
		set_bits(w, mean);
	if (st == TW_OK)
		st = flush(w, err);
	h.checksum = checksum_of(w->head, &w->l, &h);
	memcpy(w->head, &h, sizeof(h));
	if (st == TW_OK)
		st = write_at(w, w->head, w->l.vecs, 0, err);
	tw_segment_name(out->name, table, h.checksum);
	out->size = (int64_t)w->l.end;
	out->checksum = h.checksum;
	if (st == TW_OK)
		st = put_in_place(w, out->name, err);
	tw_segment_abort(w);
	return st;
}
