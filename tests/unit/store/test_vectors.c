/* The kernels of vector search against plain ones, and the sieves of a large segment against a scan. */
#include "support/store_fixture.h"

#include <math.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "store/vec_segment.h"
#include "normal.h"

#define WIDTH_MAX 1024
#define ROWS_MAX  70

struct data {
	float a[ROWS_MAX * WIDTH_MAX], q[WIDTH_MAX];
	int8_t codes[ROWS_MAX * WIDTH_MAX];
	int16_t qcodes[WIDTH_MAX];
	uint64_t bits[ROWS_MAX * WIDTH_MAX / 64], qbits[WIDTH_MAX / 64];
};

static void randomise(struct data *d, uint64_t *rnd)
{
	for (size_t i = 0; i < sizeof(d->a) / sizeof(*d->a); i++) {
		d->a[i] = (float)random_normal(rnd);
		d->codes[i] = (int8_t)(tw_random_u64(rnd) % 255 - 127);
	}
	for (size_t i = 0; i < WIDTH_MAX; i++) {
		d->q[i] = (float)random_normal(rnd);
		d->qcodes[i] = (int16_t)(tw_random_u64(rnd) % 255 - 127);
	}
	for (size_t i = 0; i < sizeof(d->bits) / sizeof(*d->bits); i++)
		d->bits[i] = tw_random_u64(rnd);
	for (size_t i = 0; i < WIDTH_MAX / 64; i++)
		d->qbits[i] = tw_random_u64(rnd);
}

static void assert_agree(const struct tw_vec_kernels *k, const struct data *d, size_t n,
			 size_t width)
{
	const struct tw_vec_kernels *ref = &tw_vec_kernels_ref;
	int32_t x[ROWS_MAX], y[ROWS_MAX];
	uint16_t h[ROWS_MAX], g[ROWS_MAX];

	k->dot_i8(x, d->codes, n, width, d->qcodes);
	ref->dot_i8(y, d->codes, n, width, d->qcodes);
	assert_memory_equal(x, y, n * sizeof(*x));
	k->hamming(h, d->bits, n, width / 64, d->qbits);
	ref->hamming(g, d->bits, n, width / 64, d->qbits);
	assert_memory_equal(h, g, n * sizeof(*h));
	for (size_t i = 0; i < n; i++) {
		double sum = 0, size = 0;
		for (size_t j = 0; j < width; j++) {
			double p = (double)d->a[i * width + j] * (double)d->q[j];
			sum += p;
			size += fabs(p);
		}
		/* Rounding: each of width products and sums by half a unit in the last place. */
		double bound = size * 6e-8 * (double)width;
		assert_true(fabs((double)k->dot_f32(d->a + i * width, d->q, width) - sum) <= bound);
		assert_true(fabs((double)ref->dot_f32(d->a + i * width, d->q, width) - sum) <=
			    bound);
	}
}

static void fast_kernels_agree_with_plain_ones(void **state)
{
	(void)state;
	const struct tw_vec_kernels *best = tw_vec_kernels_best();
	struct data *d = malloc(sizeof(*d));
	uint64_t rnd = 1;

	assert_ptr_equal(best, tw_vec_kernels_avx2() ? tw_vec_kernels_avx2() : &tw_vec_kernels_ref);
	randomise(d, &rnd);
	for (size_t width = 64; width <= WIDTH_MAX; width += 64)
		for (size_t n = 1; n <= ROWS_MAX; n += 23)
			assert_agree(best, d, n, width);
	/* The largest sums that there can be. */
	memset(d->codes, -127, sizeof(d->codes));
	for (size_t i = 0; i < WIDTH_MAX; i++)
		d->qcodes[i] = -127;
	assert_agree(best, d, ROWS_MAX, WIDTH_MAX);
	free(d);
}

/* --- segments --- */

#define DIM  96
#define ROWS 12000
#define K    10

static float *make_cloud(void)
{
	float *v = malloc((size_t)ROWS * DIM * sizeof(*v)), center[DIM];

	/* In bunches, as embeddings are. */
	for (size_t i = 0; i < ROWS; i++) {
		float *x = v + i * DIM, noise[DIM], size = 0;
		fake_vector(center, DIM, 1, i % 40);
		fake_vector(noise, DIM, 2, i);
		for (int j = 0; j < DIM; j++) {
			x[j] = center[j] + 0.9f * noise[j];
			size += x[j] * x[j];
		}
		for (int j = 0; j < DIM; j++)
			x[j] /= sqrtf(size);
	}
	return v;
}

static void write_segment(struct tw_segment *s, const float *v, size_t bits_min)
{
	struct tw_segment_writer *w;
	struct tw_segment_file f;
	struct tw_err err = TW_ERR_INIT;
	const char *dir = fresh_path(".vectors");
	char path[700];

	assert_int_equal(mkdir(dir, 0755), 0);
	assert_ok(tw_segment_begin(&w, dir, DIM, ROWS, bits_min, &err), &err);
	for (size_t i = 0; i < ROWS; i++)
		assert_ok(tw_segment_add(w, (int64_t)(3 * i), v + i * DIM, &err), &err);
	assert_ok(tw_segment_end(&f, w, 1, &err), &err);
	snprintf(path, sizeof(path), "%s/%s", dir, f.name);
	assert_ok(tw_segment_open(s, path, DIM, f.checksum, &err), &err);
	assert_int_equal(s->map.len, f.size);
	assert_int_equal(
		tw_segment_open(&(struct tw_segment){.n = 0}, path, DIM, f.checksum + 1, NULL),
		TW_BAD_DATA);
	assert_int_equal(
		tw_segment_open(&(struct tw_segment){.n = 0}, path, DIM + 1, f.checksum, NULL),
		TW_BAD_DATA);
}

/* The best K of all that are not dead: every third row, or none. */
static void scan(struct tw_vec_top *top, const float *v, const float *q, bool dead)
{
	top->n = 0;
	for (size_t i = 0; i < ROWS; i++)
		if (!dead || i % 3)
			tw_vec_top_add(top, tw_vec_kernels_ref.dot_f32(v + i * DIM, q, DIM),
				       (int64_t)(3 * i));
	tw_vec_top_sort(top);
}

static double recall(struct tw_segment *s, const float *v, bool dead, int queries)
{
	struct tw_vec_hit a[K], b[K];
	struct tw_vec_top exact = {.at = a, .want = K}, got = {.at = b, .want = K};
	struct tw_err err = TW_ERR_INIT;
	struct tw_arena arena;
	float noise[DIM], q[DIM];
	int found = 0;

	tw_arena_init(&arena);
	for (int i = 0; i < queries; i++) {
		struct tw_vec_query query;
		fake_vector(noise, DIM, 7, (size_t)i);
		for (int j = 0; j < DIM; j++)
			q[j] = v[(size_t)i * 101 * DIM + (size_t)j] + 0.5f * noise[j];
		scan(&exact, v, q, dead);
		tw_vec_query_init(&query, q, DIM, &arena);
		got.n = 0;
		assert_ok(tw_segment_search(&got, s, &query, &err), &err);
		tw_vec_top_sort(&got);
		assert_int_equal(got.n, K);
		for (int k = 0; k < K; k++) {
			assert_true(!dead || got.at[k].rid / 3 % 3);
			for (int m = 0; m < K; m++)
				found += got.at[k].rid == exact.at[m].rid;
		}
		tw_arena_reset(&arena);
	}
	tw_arena_release(&arena);
	return found / (double)(queries * K);
}

static void both_sieves_find_the_nearest(void **state)
{
	(void)state;
	struct tw_segment codes, bits;
	float *v = make_cloud();

	write_segment(&codes, v, ROWS + 1);
	write_segment(&bits, v, ROWS);
	assert_null(codes.bits);
	assert_non_null(bits.bits);
	assert_true(recall(&codes, v, false, 40) >= 0.9999);
	assert_true(recall(&bits, v, false, 40) >= 0.997);
	for (int64_t i = 0; i < ROWS; i += 3) {
		tw_segment_bury(&codes, 3 * i);
		tw_segment_bury(&bits, 3 * i);
		tw_segment_bury(&bits, 3 * i);	   /* twice is once */
		tw_segment_bury(&bits, 3 * i + 1); /* is not there */
	}
	assert_int_equal(bits.n_dead, ROWS / 3);
	assert_true(recall(&codes, v, true, 40) >= 0.9999);
	assert_true(recall(&bits, v, true, 40) >= 0.997);
	tw_segment_revive(&bits);
	assert_int_equal(bits.n_dead, 0);
	assert_true(recall(&bits, v, false, 10) >= 0.99);
	tw_segment_release(&codes);
	tw_segment_release(&bits);
	free(v);
}

static void a_half_written_segment_is_never_in_place(void **state)
{
	(void)state;
	struct tw_segment_writer *w;
	struct tw_segment_file f;
	struct tw_err err = TW_ERR_INIT;
	const char *dir = fresh_path(".vectors");
	const float v[2] = {1, 0};

	assert_int_equal(mkdir(dir, 0755), 0);
	assert_ok(tw_segment_begin(&w, dir, 2, 3, 100, &err), &err);
	assert_ok(tw_segment_add(w, 1, v, &err), &err);
	assert_int_equal(tw_segment_end(&f, w, 1, &err), TW_CONFLICT);
	tw_err_clear(&err);
	assert_ok(tw_segment_begin(&w, dir, 2, 1, 100, &err), &err);
	assert_ok(tw_segment_add(w, 1, v, &err), &err);
	assert_int_equal(tw_segment_add(w, 2, v, &err), TW_CONFLICT);
	tw_segment_abort(w);
	/* Neither left anything: the folder can go. */
	assert_int_equal(remove(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fast_kernels_agree_with_plain_ones),
		cmocka_unit_test(both_sieves_find_the_nearest),
		cmocka_unit_test(a_half_written_segment_is_never_in_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
