/*
 * What cmocka wants before its own header, and small helpers of the tests of base/.
 */
#ifndef TEST_BASE_TEST_H
#define TEST_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

/* Fails with the error's own words. */
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

/* A path in this program's own folder; the last eight results stay valid. */
static inline const char *tmp_path(const char *name)
{
	static char bufs[8][512];
	static unsigned i;
	const char *dir = getenv("TWIN_TEST_TMP");
	char *buf = bufs[i++ % 8];

	snprintf(buf, sizeof(bufs[0]), "%s/%s", dir ? dir : "/tmp", name);
	return buf;
}

#endif
