/* Opening and closing the feature store. */
#include "core/feature_store.h"

#include <stdlib.h>

#include "store/dialect.h"
#include "store/fs_int.h"

enum tw_status tw_fs_open(struct tw_feature_store **out, const char *url, struct tw_err *err)
{
	struct tw_feature_store *fs = tw_xcalloc(1, sizeof(*fs));
	enum tw_status st = tw_db_open(&fs->db, url, &tw_features_schema, err);

	pthread_mutex_init(&fs->lock, NULL);
	tw_arena_init(&fs->arena);
	if (st != TW_OK) {
		tw_fs_close(fs);
		return st;
	}
	fs->documents = tw_view_table_documents(fs);
	fs->vectors = tw_vector_index_new(fs->db);
	if (tw_db_was_alone(fs->db)) {
		tw_vector_index_sweep(fs->vectors, TW_SWEEP_ALONE);
		tw_forget_settle(fs);
	}
	*out = fs;
	return TW_OK;
}

void tw_fs_close(struct tw_feature_store *fs)
{
	if (!fs)
		return;
	tw_vector_index_free(fs->vectors);
	tw_db_close(fs->db);
	tw_arena_release(&fs->arena);
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}
