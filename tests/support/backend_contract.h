/*
 * support/backend_contract.h: for contract tests that ask every backend of a
 * kind for the same promises: each promise on each backend is a test.
 */
#ifndef TEST_SUPPORT_BACKEND_CONTRACT_H
#define TEST_SUPPORT_BACKEND_CONTRACT_H

#include "test.h"

#include "base/http.h"
#include "support/openai_peer.h"

/* Made by run_promises() for its tests, gone after them. No key is in the environment meanwhile. */
struct backend_world {
	struct openai_peer *peer;
	struct tw_http *http;
	char dir[512];
};
extern struct backend_world world;

struct promise {
	const char *name;
	CMUnitTestFunction fn; /* *state is the backend */
};
#define PROMISE(fn)     \
	{               \
#fn, fn \
	}

/* `backends` is an array of n_backends structs of `size` bytes whose first member is a const char *, the name.
 * Returns how many tests failed. */
int run_promises(const struct promise *promises, size_t n, void *backends, size_t n_backends,
		 size_t size);

#endif
