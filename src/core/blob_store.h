/*
 * core/blob_store.h: files named by the SHA-256 of their content (adapters,
 * exports). A blob is written whole or not at all, and never changes.
 * Implemented in store/.
 */
#ifndef TW_CORE_BLOB_STORE_H
#define TW_CORE_BLOB_STORE_H

#include "base/hash.h"
#include "base/mem.h"

struct tw_blob_store; /* opaque; may be used by several threads */

TW_MUST_USE enum tw_status tw_blobs_open(struct tw_blob_store **out, const char *dir,
					 struct tw_err *err);
void tw_blobs_close(struct tw_blob_store *b); /* NULL is fine */

TW_MUST_USE enum tw_status tw_blob_put_file(struct tw_digest *out, struct tw_blob_store *b,
					    const char *path, struct tw_err *err);
/* Path of a local file with the blob's content, checked to be there with its size. TW_NOT_FOUND. */
TW_MUST_USE enum tw_status tw_blob_path(const char **out, struct tw_blob_store *b,
					const char *digest, struct tw_arena *a, struct tw_err *err);
/* Reads it all: TW_BAD_DATA when the content is not what the name says. */
TW_MUST_USE enum tw_status tw_blob_verify(struct tw_blob_store *b, const char *digest,
					  struct tw_err *err);
TW_MUST_USE enum tw_status tw_blob_remove(struct tw_blob_store *b, const char *digest,
					  struct tw_err *err);

#endif
