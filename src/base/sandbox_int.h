/*
 * base/sandbox_int.h: the layers of a sandbox, each in a file of its own. False: it does not stand.
 */
#ifndef TW_BASE_SANDBOX_INT_H
#define TW_BASE_SANDBOX_INT_H

#include "base/sandbox.h"

bool tw_sandbox_files(const struct tw_sandbox *box);
bool tw_sandbox_calls(const struct tw_sandbox *box);

#endif
