#include "base_test.h"

#include <math.h>

#include "base/fs.h"
#include "base/hash.h"
#include "normal.h"

/* FIPS 180-4's own examples. */
static void sha256_agrees_with_the_standard(void **state)
{
	(void)state;
	assert_string_equal(tw_sha256("", 0).hex,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(tw_sha256("abc", 3).hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static struct tw_digest two(const char *a, const char *b)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_str(h, a);
	tw_digest_str(h, b);
	return tw_hasher_end(h);
}

static void parts_of_a_digest_never_run_together(void **state)
{
	(void)state;
	assert_string_equal(two("a", "b").hex, two("a", "b").hex);
	assert_string_not_equal(two("ab", "c").hex, two("a", "bc").hex);
	assert_string_not_equal(two("", "a").hex, two("a", "").hex);
	assert_string_not_equal(two(NULL, "a").hex, two("", "a").hex);
}

static struct tw_digest of_f64(double f)
{
	struct tw_hasher *h = tw_hasher_new();

	tw_digest_f64(h, f);
	return tw_hasher_end(h);
}

static void equal_numbers_have_equal_digests(void **state)
{
	(void)state;
	assert_string_equal(of_f64(0.0).hex, of_f64(-0.0).hex);
	assert_string_equal(of_f64(NAN).hex, of_f64(-NAN).hex);
	assert_string_not_equal(of_f64(0.1).hex, of_f64(0.1000001).hex);
}

static void a_file_has_the_digest_of_its_content(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	size_t len = 1000003;
	char *data = malloc(len);
	struct tw_digest d;

	(void)state;
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 31);
	assert_ok(tw_write_file(tmp_path("data"), data, len, &err), &err);
	assert_ok(tw_sha256_file(&d, tmp_path("data"), &err), &err);
	assert_string_equal(d.hex, tw_sha256(data, len).hex);
	free(data);

	assert_int_equal(tw_sha256_file(&d, tmp_path("none"), &err), TW_NOT_FOUND);
	assert_contains(err.msg, "none");
	assert_int_equal(tw_sha256_file(&d, "/", NULL), TW_IO);
}

/* Written down once: a change would silently invalidate what was stored. */
static void fast_hash_and_random_numbers_never_change(void **state)
{
	uint64_t seed = 0;

	(void)state;
	assert_true(tw_hash64("", 0, 0) == tw_hash64("", 0, 0));
	assert_true(tw_hash64("hello world", 11, 0) != tw_hash64("hello world", 11, 1));
	/* SplitMix64 from 0: first value of the reference implementation. */
	assert_true(tw_random_u64(&seed) == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(tw_random_u64(&seed) == UINT64_C(0x6e789e6aa1b965f4));
}

/* Every bit of a short key moves about half of the bits of the hash. */
static void each_bit_of_the_key_counts(void **state)
{
	(void)state;
	for (size_t len = 1; len <= 24; len++) {
		unsigned char key[24] = {0};
		uint64_t before = tw_hash64(key, len, 0);
		int least = 64;

		for (size_t bit = 0; bit < len * 8; bit++) {
			int changed;

			key[bit / 8] ^= (unsigned char)(1 << bit % 8);
			changed = __builtin_popcountll(before ^ tw_hash64(key, len, 0));
			key[bit / 8] ^= (unsigned char)(1 << bit % 8);
			if (changed < least)
				least = changed;
		}
		assert_true(least >= 8);
	}
}

static void random_numbers_have_their_mean_and_variance(void **state)
{
	uint64_t seed = 42;
	double sum = 0, squares = 0, unit = 0;
	int n = 200000;

	(void)state;
	for (int i = 0; i < n; i++) {
		double x = random_normal(&seed), u = tw_random_unit(&seed);

		assert_true(isfinite(x) && u >= 0 && u < 1);
		sum += x;
		squares += x * x;
		unit += u;
	}
	assert_true(fabs(sum / n) < 0.02);
	assert_true(fabs(squares / n - 1) < 0.02);
	assert_true(fabs(unit / n - 0.5) < 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_agrees_with_the_standard),
		cmocka_unit_test(parts_of_a_digest_never_run_together),
		cmocka_unit_test(equal_numbers_have_equal_digests),
		cmocka_unit_test(a_file_has_the_digest_of_its_content),
		cmocka_unit_test(fast_hash_and_random_numbers_never_change),
		cmocka_unit_test(each_bit_of_the_key_counts),
		cmocka_unit_test(random_numbers_have_their_mean_and_variance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
