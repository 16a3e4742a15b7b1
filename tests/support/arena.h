/*
 * support/arena.h: for tests that make what they look at in an arena: one, new for each test, by
 * cmocka_unit_test_setup_teardown(test, arena_setup, arena_teardown).
 */
#ifndef TEST_SUPPORT_ARENA_H
#define TEST_SUPPORT_ARENA_H

#include "base/mem.h"

static struct tw_arena arena;

static int arena_setup(void **state)
{
	(void)state;
	tw_arena_init(&arena);
	return 0;
}

static int arena_teardown(void **state)
{
	(void)state;
	tw_arena_release(&arena);
	return 0;
}

#endif
