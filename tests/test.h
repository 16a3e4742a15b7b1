/*
 * test.h: what every test of Twin begins with: cmocka, which wants its headers
 * in this order, assertions that speak, and the program's own folder.
 */
#ifndef TEST_TEST_H
#define TEST_TEST_H

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

/* Says why, for the runner's last lines. "missing: …" is what a build machine must have: with CI=true the runner
 * counts it as failed. */
#define skip_because(...)                               \
	do {                                            \
		print_message("skipped: " __VA_ARGS__); \
		print_message("\n");                    \
		skip();                                 \
	} while (0)

/* Where this program may write; emptied for it by the runner. */
static inline const char *tmp_dir(void)
{
	const char *dir = getenv("TWIN_TEST_TMP");
	return dir ? dir : "/tmp";
}

#endif
