/*
 * base/hash.h: digests (SHA-256, FIPS 180-4, by libcrypto) and a fast 64-bit hash.
 *
 * A digest names content: 64 lower-case hexadecimal digits. Where a digest is
 * made of several parts, add each with tw_digest_str() or tw_digest_bytes():
 * they put the length in front, so ("ab","c") and ("a","bc") differ.
 */
#ifndef TW_BASE_HASH_H
#define TW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define TW_DIGEST_LEN 64

struct tw_digest {
	char hex[TW_DIGEST_LEN + 1];
};

struct tw_hasher; /* opaque, heap */

struct tw_hasher *tw_hasher_new(void);
void tw_hasher_raw(struct tw_hasher *h, const void *data, size_t len); /* no length in front */
void tw_digest_bytes(struct tw_hasher *h, const void *data, size_t len);
void tw_digest_str(struct tw_hasher *h, const char *s); /* NULL differs from "" */
void tw_digest_i64(struct tw_hasher *h, int64_t i);
void tw_digest_f64(struct tw_hasher *h, double f);
struct tw_digest tw_hasher_end(struct tw_hasher *h); /* frees h */

struct tw_digest tw_sha256(const void *data, size_t len);

/* Of a file's content: TW_NOT_FOUND, TW_IO. */
TW_MUST_USE enum tw_status tw_sha256_file(struct tw_digest *out, const char *path,
					  struct tw_err *err);

/* Not for digests: maps, MinHash, seeds. Same value on every machine. */
uint64_t tw_hash64(const void *data, size_t len, uint64_t seed);

/* SplitMix64 (Steele et al. 2014): advances *state, returns the next number. */
uint64_t tw_random_u64(uint64_t *state);
double tw_random_unit(uint64_t *state); /* [0, 1) */

#endif
