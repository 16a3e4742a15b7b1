/*
 * What cmocka wants before its own header, and small helpers of the tests of inference/.
 */
#ifndef TEST_INFERENCE_TEST_H
#define TEST_INFERENCE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

#define assert_ok(call, err)                                                 \
	do {                                                                 \
		enum tw_status st_ = (call);                                 \
		if (st_ != TW_OK)                                            \
			fail_msg("%s: %s", tw_status_name(st_), (err)->msg); \
	} while (0)

#define assert_contains(text, part)                                          \
	do {                                                                 \
		if (!strstr((text), (part)))                                 \
			fail_msg("\"%s\" is not in \"%s\"", (part), (text)); \
	} while (0)

static inline const char *tmp_dir(void)
{
	const char *dir = getenv("TWIN_TEST_TMP");
	return dir ? dir : "/tmp";
}

#endif
