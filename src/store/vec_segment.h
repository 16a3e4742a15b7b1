/*
 * store/vec_segment.h: an immutable file of vectors, and its search.
 *
 * A segment holds, for each row, its number, int8 codes with a scale, in large
 * segments also the sign bits around the mean, and the float32 vector. A search
 * narrows down in that order (bits, codes, floats) and is exact but for rows
 * that the coarser forms put too far back. Files are mapped and never change;
 * what is in them can always be written again from the view's rows.
 *
 * File: 64 bytes of header; row numbers int64 (n); scales float (n); mean float (width);
 * codes int8 (n, width); bits uint64 (n, width / 64) when the header says so; then, from a
 * multiple of 64, vectors float (n, width). The checksum covers all but the vectors; those
 * are held against the codes when they are used. The machine's byte order: the magic number tells.
 */
#ifndef TW_STORE_VEC_SEGMENT_H
#define TW_STORE_VEC_SEGMENT_H

#include <stdbool.h>

#include "base/fs.h"
#include "store/vec_kernels.h"

#define TW_SEGMENT_BITS_MIN 270000 /* rows: below, a scan of the codes is fast enough and exact */

struct tw_segment {
	struct tw_mapping map;
	size_t n, width;
	int dim;
	const int64_t *rids; /* ascending */
	const float *scale, *mean;
	const int8_t *codes;
	const uint64_t *bits; /* NULL in small segments */
	const float *vecs;
	uint64_t *dead; /* a bit a row, owned; rows that are no hits any more */
	size_t n_dead;
};

size_t tw_vec_width(int dim); /* padded */

/* TW_NOT_FOUND when it is gone, TW_BAD_DATA when it is not what the manifest says. */
TW_MUST_USE enum tw_status tw_segment_open(struct tw_segment *s, const char *path, int dim,
					   uint64_t checksum, struct tw_err *err);
void tw_segment_release(struct tw_segment *s);
bool tw_segment_whole(const struct tw_segment *s);	 /* nobody has begun to write over it */
void tw_segment_bury(struct tw_segment *s, int64_t rid); /* nothing when it isn't there */
void tw_segment_revive(struct tw_segment *s);		 /* all of its rows */

/* --- writing --- */

struct tw_segment_writer; /* opaque */

/* Exactly n rows follow, by ascending number. bits_min: TW_SEGMENT_BITS_MIN. */
TW_MUST_USE enum tw_status tw_segment_begin(struct tw_segment_writer **out, const char *dir,
					    int dim, size_t n, size_t bits_min, struct tw_err *err);
TW_MUST_USE enum tw_status tw_segment_add(struct tw_segment_writer *w, int64_t rid,
					  const float *vec, struct tw_err *err);
/* On disk and in place under `name` in the folder when it returns TW_OK. Frees the writer in any case. */
struct tw_segment_file {
	char name[80];
	int64_t size;
	uint64_t checksum;
};
TW_MUST_USE enum tw_status tw_segment_end(struct tw_segment_file *out, struct tw_segment_writer *w,
					  int64_t table, struct tw_err *err);
void tw_segment_abort(struct tw_segment_writer *w); /* NULL is fine */
/* The name that a segment with these has. */
void tw_segment_name(char out[80], int64_t table, uint64_t checksum);

/* --- search --- */

struct tw_vec_hit {
	float score;
	int64_t rid;
};
/* The best `want` hits, best first; a tie goes to the smaller number. */
struct tw_vec_top {
	struct tw_vec_hit *at; /* room for want, the caller's */
	size_t n, want;
};
void tw_vec_top_add(struct tw_vec_top *top, float score,
		    int64_t rid); /* keeps a heap, worst first */
void tw_vec_top_sort(struct tw_vec_top *top);

struct tw_vec_query {
	const struct tw_vec_kernels *k;
	int dim;
	size_t width;
	float *vec;	  /* (width), padded */
	int16_t *codes;	  /* (width) */
	float scale, sum; /* of the codes; sum of absolute values of vec */
};
void tw_vec_query_init(struct tw_vec_query *q, const float *vec, int dim, struct tw_arena *a);

/* Adds the segment's best rows. TW_BAD_DATA when vectors and codes don't agree (the file is damaged), or when it was
 * written over meanwhile, since what it held was forgotten. */
TW_MUST_USE enum tw_status tw_segment_search(struct tw_vec_top *top, const struct tw_segment *s,
					     const struct tw_vec_query *q, struct tw_err *err);

#endif
