/* SHA-256 by libcrypto; the fast hash is a 128-bit multiply and fold, 8 bytes at a time. */
#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/mem.h"

struct tw_hasher {
	EVP_MD_CTX *md;
};

/* libcrypto fails here only when memory is out or its build lacks SHA-256. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

struct tw_hasher *tw_hasher_new(void)
{
	struct tw_hasher *h = tw_xmalloc(sizeof(*h));

	h->md = EVP_MD_CTX_new();
	must(h->md != NULL);
	must(EVP_DigestInit_ex(h->md, EVP_sha256(), NULL));
	return h;
}

void tw_hasher_raw(struct tw_hasher *h, const void *data, size_t len)
{
	must(EVP_DigestUpdate(h->md, data, len));
}

/* Eight bytes, the lowest first, on every machine. */
static void put_u64(struct tw_hasher *h, uint64_t v)
{
	unsigned char b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (unsigned char)(v >> (8 * i));
	tw_hasher_raw(h, b, sizeof(b));
}

void tw_digest_bytes(struct tw_hasher *h, const void *data, size_t len)
{
	put_u64(h, len);
	tw_hasher_raw(h, data, len);
}

void tw_digest_str(struct tw_hasher *h, const char *s)
{
	if (s)
		tw_digest_bytes(h, s, strlen(s));
	else
		put_u64(h, UINT64_MAX); /* no string is that long */
}

void tw_digest_i64(struct tw_hasher *h, int64_t i)
{
	put_u64(h, 8);
	put_u64(h, (uint64_t)i);
}

void tw_digest_f64(struct tw_hasher *h, double f)
{
	uint64_t bits;

	if (f == 0)
		f = 0; /* -0 and 0 are one number */
	if (isnan(f))
		bits = UINT64_C(0x7ff8000000000000);
	else
		memcpy(&bits, &f, sizeof(bits));
	put_u64(h, 8);
	put_u64(h, bits);
}

struct tw_digest tw_hasher_end(struct tw_hasher *h)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	struct tw_digest d;
	unsigned len = 0;

	must(EVP_DigestFinal_ex(h->md, raw, &len));
	assert(len == TW_DIGEST_LEN / 2);
	for (unsigned i = 0; i < TW_DIGEST_LEN / 2; i++) {
		d.hex[2 * i] = digits[raw[i] >> 4];
		d.hex[2 * i + 1] = digits[raw[i] & 15];
	}
	d.hex[TW_DIGEST_LEN] = '\0';
	EVP_MD_CTX_free(h->md);
	free(h);
	return d;
}

struct tw_digest tw_sha256(const void *data, size_t len)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_hasher_raw(h, data, len);
	return tw_hasher_end(h);
}

enum tw_status tw_sha256_file(struct tw_digest *out, const char *path, struct tw_err *err)
{
	const size_t size = 256 * 1024;
	struct tw_hasher *h = NULL;
	enum tw_status st = TW_OK;
	char *buf = NULL;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return tw_fail_errno(err, errno == ENOENT ? TW_NOT_FOUND : TW_IO, "%s", path);
	buf = tw_xmalloc(size);
	h = tw_hasher_new();
	while ((n = read(fd, buf, size)) != 0) {
		if (n > 0)
			tw_hasher_raw(h, buf, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	if (n < 0)
		st = tw_fail_errno(err, TW_IO, "%s", path);
	*out = tw_hasher_end(h);
	free(buf);
	close(fd);
	return st;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Byte by byte, so that the order of bytes of the machine doesn't matter; compilers make it one load. */
static uint64_t load64(const unsigned char *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

uint64_t tw_hash64(const void *data, size_t len, uint64_t seed)
{
	const uint64_t k0 = UINT64_C(0x9e3779b97f4a7c15), k1 = UINT64_C(0xc2b2ae3d27d4eb4f);
	const unsigned char *p = data;
	uint64_t h = mix(seed ^ k0, k1 ^ len);
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		h = mix(h ^ load64(p), k0);
	if (left) {
		uint64_t tail = 0;

		for (size_t i = 0; i < left; i++)
			tail |= (uint64_t)p[i] << (8 * i);
		h = mix(h ^ tail, k1);
	}
	return mix(h ^ k1, k0 ^ (h >> 32));
}

uint64_t tw_random_u64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

double tw_random_unit(uint64_t *state)
{
	return (double)(tw_random_u64(state) >> 11) * 0x1p-53;
}
