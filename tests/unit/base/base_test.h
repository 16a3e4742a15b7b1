/*
 * Small helpers of the tests of base/.
 */
#ifndef TEST_BASE_TEST_H
#define TEST_BASE_TEST_H

#include "test.h"

/* A path in this program's own folder; the last eight results stay valid. */
static inline const char *tmp_path(const char *name)
{
	static char bufs[8][512];
	static unsigned i;
	char *buf = bufs[i++ % 8];

	snprintf(buf, sizeof(bufs[0]), "%s/%s", tmp_dir(), name);
	return buf;
}

#endif
