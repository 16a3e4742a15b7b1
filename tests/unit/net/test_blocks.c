/* Our own reading of quantised types against ggml's, in every instruction set. */
#include <math.h>
#include <string.h>

#include "ggml.h"

#include "support/instruction_sets.h"
#include "support/train_rig.h"

enum { N = 32 * 41 };

static const struct {
	enum ggml_type type;
	const char *name;
} types[] = {{GGML_TYPE_Q4_0, "Q4_0"}, {GGML_TYPE_Q4_1, "Q4_1"}, {GGML_TYPE_Q8_0, "Q8_0"}};

static tw_to_float_fn of_set(const struct tw_row_kernels *k, int i)
{
	return i == 0 ? k->from_q4_0 : i == 1 ? k->from_q4_1 : k->from_q8_0;
}

/* As large as ggml's, but for one rounding: compilers may fuse d q + m. */
static void expect_same(const char *set, const char *type, const float *got, const float *want)
{
	for (int i = 0; i < N; i++) {
		bool same = isnan(want[i]) ? isnan(got[i])
			    : isinf(want[i])
				    ? got[i] == want[i]
				    : fabsf(got[i] - want[i]) <= 1e-6f * fabsf(want[i]) + 1e-7f;
		if (!same)
			fail_msg("%s of %s: value %d is %g, not %g", type, set, i, (double)got[i],
				 (double)want[i]);
	}
}

static void try_bytes(const uint8_t *bytes, int i)
{
	float want[N], got[N];
	ggml_get_type_traits(types[i].type)->to_float(bytes, want, N);
	for (const struct tw_row_kernels *const *k = rows_of_all_sets(); *k; k++) {
		memset(got, 0xff, sizeof(got));
		of_set(*k, i)(bytes, got, N);
		expect_same((*k)->name, types[i].name, got, want);
	}
	memset(got, 0xff, sizeof(got));
	tw_ggml_to_float(types[i].type)(bytes, got, N);
	expect_same("the file's reader", types[i].name, got, want);
}

static void quantised_rows_are_read_as_ggml_reads_them(void **state)
{
	float x[N];
	uint8_t bytes[N * 2];
	(void)state;
	fill(x, N, 1, 7);
	memset(x + 320, 0, 32 * sizeof(*x)); /* a block of nothing: its scale is 0 */
	for (int i = 0; i < 3; i++) {
		ggml_quantize_chunk(types[i].type, x, bytes, 0, 1, N, NULL);
		try_bytes(bytes, i);
	}
}

/* Numbers of 16 bits of every kind: normal, below that, zeros of both signs, infinite, none. */
static void every_scale_is_read_as_ggml_reads_it(void **state)
{
	static const uint16_t scales[] = {0x3c00, 0xbc00, 0x0001, 0x83ff, 0x0400, 0x7bff,
					  0x0000, 0x8000, 0x7c00, 0xfc00, 0x7e01, 0xfe00};
	(void)state;
	for (int i = 0; i < 3; i++)
		for (size_t s = 0; s < sizeof(scales) / sizeof(*scales); s++) {
			uint8_t bytes[N * 2];
			size_t block = ggml_type_size(types[i].type);
			for (size_t b = 0; b < sizeof(bytes); b++)
				bytes[b] = (uint8_t)(b * 37 + s);
			for (size_t b = 0; b + block <= sizeof(bytes); b += block) {
				memcpy(bytes + b, &scales[s], 2);
				if (types[i].type == GGML_TYPE_Q4_1)
					memcpy(bytes + b + 2, &scales[(s + b / block) % 7], 2);
			}
			try_bytes(bytes, i);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantised_rows_are_read_as_ggml_reads_them),
		cmocka_unit_test(every_scale_is_read_as_ggml_reads_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
