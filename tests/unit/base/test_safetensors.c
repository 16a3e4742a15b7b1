#include "base_test.h"

#include "base/fs.h"
#include "base/safetensors.h"

static const float numbers[6] = {1, -2.5f, 3, 0, 1e-30f, -6};

static const struct tw_st_tensor two[] = {
	{.name = "a.weight",
	 .dtype = "F32",
	 .n_dims = 2,
	 .shape = {2, 3},
	 .data = numbers,
	 .bytes = sizeof(numbers)},
	{.name = "b \"quoted\" é",
	 .dtype = "F16",
	 .n_dims = 1,
	 .shape = {3},
	 .data = numbers,
	 .bytes = 6},
};

static void what_was_written_is_read(void **state)
{
	struct tw_safetensors s;
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	tw_arena_init(&a);
	assert_ok(tw_safetensors_write(tmp_path("two"), two, 2, "pt", &err), &err);
	assert_ok(tw_safetensors_open(&s, tmp_path("two"), &a, &err), &err);
	assert_int_equal(s.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct tw_st_tensor *t = tw_safetensors_find(&s, two[i].name);
		assert_non_null(t);
		assert_string_equal(t->dtype, two[i].dtype);
		assert_int_equal(t->n_dims, two[i].n_dims);
		assert_memory_equal(t->shape, two[i].shape, sizeof(t->shape));
		assert_int_equal(t->bytes, two[i].bytes);
		assert_memory_equal(t->data, two[i].data, t->bytes);
	}
	float *values;
	assert_ok(tw_st_floats(&values, tw_safetensors_find(&s, "a.weight"), &a, &err), &err);
	assert_memory_equal(values, numbers, sizeof(numbers));
	tw_safetensors_close(&s);
	tw_arena_release(&a);
}

/* Eight bytes of length, a header whose end is a multiple of 8, metadata that names the format. */
static void the_file_is_as_other_readers_want_it(void **state)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	uint64_t header;
	(void)state;
	assert_ok(tw_safetensors_write(tmp_path("two"), two, 2, "pt", &err), &err);
	assert_ok(tw_read_file(&s, tmp_path("two"), 0, &err), &err);
	memcpy(&header, s.data, sizeof(header));
	assert_int_equal(header % 8, 0);
	assert_int_equal(s.len, 8 + header + sizeof(numbers) + 6);
	assert_contains(s.data + 8,
			"{\"__metadata__\":{\"format\":\"pt\"},\"a.weight\":{\"dtype\":\"F32\","
			"\"shape\":[2,3],\"data_offsets\":[0,24]}");
	tw_str_release(&s);
}

static void every_part_of_a_file_is_refused(void **state)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_safetensors t;
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	tw_arena_init(&a);
	assert_ok(tw_safetensors_write(tmp_path("two"), two, 2, "pt", &err), &err);
	assert_ok(tw_read_file(&s, tmp_path("two"), 0, &err), &err);
	for (size_t n = 0; n < s.len; n++) {
		assert_ok(tw_write_file(tmp_path("part"), s.data, n, &err), &err);
		assert_int_equal(tw_safetensors_open(&t, tmp_path("part"), &a, NULL), TW_BAD_DATA);
	}
	tw_str_release(&s);
	tw_arena_release(&a);
}

static void a_file_that_can_not_be_written_names_its_path(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_int_not_equal(tw_safetensors_write(tmp_path("no/such/folder"), two, 2, "pt", &err),
			     TW_OK);
	assert_contains(err.msg, "no/such/folder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(the_file_is_as_other_readers_want_it),
		cmocka_unit_test(every_part_of_a_file_is_refused),
		cmocka_unit_test(a_file_that_can_not_be_written_names_its_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
