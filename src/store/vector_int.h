/*
 * store/vector_int.h: the vector index of a view in memory.
 *
 * Segments cover ranges of row numbers; all rows that no segment covers (new
 * ones, and those of a segment that is missing or damaged) are held as they
 * are. vector_index.c brings it up to a snapshot and searches it,
 * vector_grow.c writes segments.
 */
#ifndef TW_STORE_VECTOR_INT_H
#define TW_STORE_VECTOR_INT_H

#include "store/fs_int.h"
#include "store/vec_segment.h"

#define TW_SEGMENT_ROWS_MIN 2048 /* fewer rows are not worth a file */

struct tw_listed_segment {
	int64_t id, first, last;
	uint64_t checksum;
	int64_t n;
	struct tw_segment seg; /* n 0: could not be used */
};
struct tw_listed_segments TW_VEC_BODY(struct tw_listed_segment);

struct tw_view_vectors {
	int64_t table;
	pthread_rwlock_t lock;
	int64_t indexed; /* the view's count of changes that this has followed; -1: none */
	int dim;
	struct tw_listed_segments segments;
	TW_VEC(int64_t) rest_rids;
	TW_VEC(float) rest; /* (rest_rids.n, width), padded */
	bool damaged;	    /* a segment is missing or not what the manifest says */
	struct tw_view_vectors *next;
};

struct tw_vector_index {
	struct tw_db *db;
	char *dir;
	size_t bits_min;
	pthread_mutex_t lock;	 /* guards first */
	pthread_mutex_t growing; /* one writer of segments at a time */
	struct tw_view_vectors *first;
};

/* The manifest of a table, by ascending range; seg is not opened. */
TW_MUST_USE enum tw_status tw_segments_list(struct tw_listed_segments *out, struct tw_conn *c,
					    int64_t table, struct tw_err *err);
/* Takes segments that can't be used off the manifest and writes new ones. */
void tw_vector_index_repair(struct tw_vector_index *x, const struct tw_view_table *t);

/* True for one caller once a search has found the table's segments damaged; *indexed: in which state of the view. */
bool tw_vector_index_take_damage(int64_t *indexed, struct tw_vector_index *x, int64_t table);

/* The k best rows of the view, best first, by row number. */
TW_MUST_USE enum tw_status tw_vector_index_search(struct tw_vec_top *top, struct tw_vector_index *x,
						  struct tw_conn *c, const struct tw_view_table *t,
						  const float *vec, int dim, bool *damaged,
						  struct tw_arena *a, struct tw_err *err);

#endif
