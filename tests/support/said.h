/*
 * support/said.h: what the code under test says on standard error.
 */
#ifndef TEST_SUPPORT_SAID_H
#define TEST_SUPPORT_SAID_H

#include "test.h"

#include "base/str.h"

/* From here on nothing of it is seen; one at a time. `terminal`: standard error is one, of a few kilobytes. */
void said_begin(bool terminal);
/* Standard error is as before. *out, which held nothing or another text, is what was said. */
void said_end(struct tw_str *out);

#endif
