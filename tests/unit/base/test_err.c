#include <errno.h>
#include "test.h"

#include "base/err.h"

static void the_first_message_wins(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_int_equal(tw_fail(&err, TW_IO, "disk %d", 1), TW_IO);
	assert_int_equal(tw_fail(&err, TW_NETWORK, "later"), TW_NETWORK);
	assert_int_equal(err.code, TW_IO);
	assert_string_equal(err.msg, "disk 1");
}

static void context_goes_in_front_and_keeps_the_code(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	tw_fail(&err, TW_BAD_DATA, "not JSON");
	assert_int_equal(tw_wrap(&err, TW_IO, "reading %s", "a.json"), TW_BAD_DATA);
	assert_string_equal(err.msg, "reading a.json: not JSON");
}

static void context_without_a_message_is_the_message(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	assert_int_equal(tw_wrap(&err, TW_IO, "reading"), TW_IO);
	assert_string_equal(err.msg, "reading");
}

static void a_long_context_never_pushes_out_the_reason(void **state)
{
	struct tw_err err = TW_ERR_INIT;
	char context[3000];

	(void)state;
	memset(context, 'x', sizeof(context) - 1);
	context[sizeof(context) - 1] = '\0';
	tw_fail(&err, TW_IO, "no space left");
	tw_wrap(&err, TW_IO, "%s", context);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_string_equal(err.msg + strlen(err.msg) - 15, ": no space left");

	/* Once full, more context is dropped and nothing is overrun. */
	tw_wrap(&err, TW_IO, "%s", context);
	assert_string_equal(err.msg + strlen(err.msg) - 15, ": no space left");
}

static void errno_is_named_and_kept(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	errno = ENOSPC;
	tw_fail_errno(&err, TW_IO, "a.txt");
	assert_string_equal(err.msg, "a.txt: No space left on device");
	assert_int_equal(errno, ENOSPC);
}

static void null_error_is_fine(void **state)
{
	(void)state;
	assert_int_equal(tw_fail(NULL, TW_IO, "x"), TW_IO);
	assert_int_equal(tw_fail_errno(NULL, TW_IO, "x"), TW_IO);
	assert_int_equal(tw_wrap(NULL, TW_CONFLICT, "x"), TW_CONFLICT);
	tw_err_clear(NULL);
}

static void cleared_error_takes_a_new_message(void **state)
{
	struct tw_err err = TW_ERR_INIT;

	(void)state;
	tw_fail(&err, TW_IO, "old");
	tw_err_clear(&err);
	assert_int_equal(err.code, TW_OK);
	tw_fail(&err, TW_BAD_USE, "new");
	assert_string_equal(err.msg, "new");
}

static void every_status_has_a_name(void **state)
{
	(void)state;
	for (int code = TW_OK; code <= TW_CANCELLED; code++)
		assert_string_not_equal(tw_status_name((enum tw_status)code), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_message_wins),
		cmocka_unit_test(context_goes_in_front_and_keeps_the_code),
		cmocka_unit_test(context_without_a_message_is_the_message),
		cmocka_unit_test(a_long_context_never_pushes_out_the_reason),
		cmocka_unit_test(errno_is_named_and_kept),
		cmocka_unit_test(null_error_is_fine),
		cmocka_unit_test(cleared_error_takes_a_new_message),
		cmocka_unit_test(every_status_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
