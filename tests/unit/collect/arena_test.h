/*
 * An arena and an error, both new for each test: cmocka_unit_test_setup_teardown(test, setup, teardown).
 */
#ifndef TEST_ARENA_TEST_H
#define TEST_ARENA_TEST_H

#include "support/arena.h"

#include "base/err.h"

static struct tw_err err;

static int setup(void **state)
{
	tw_err_clear(&err);
	return arena_setup(state);
}

static int teardown(void **state)
{
	return arena_teardown(state);
}

#endif
