#include "support/backend_contract.h"

#include "base/fs.h"
#include "base/log.h"

struct backend_world world;

static int set_up(void **state)
{
	const struct tw_http_policy policy = {0};

	(void)state;
	snprintf(world.dir, sizeof(world.dir), "%s/twin-contract-XXXXXX", tmp_dir());
	unsetenv("TWIN_OPENAI_API_KEY");
	unsetenv("OPENAI_API_KEY");
	tw_log_set_level(TW_LOG_WARN);
	world.peer = openai_peer_new(NULL, NULL);
	return mkdtemp(world.dir) && tw_http_new(&world.http, &policy, NULL) == TW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	openai_peer_free(world.peer);
	tw_http_free(world.http);
	return tw_remove_all(world.dir, NULL) == TW_OK ? 0 : -1;
}

static void name_test(struct CMUnitTest *test, char name[160], const struct promise *p,
		      void *backend)
{
	snprintf(name, 160, "%s: %s", *(const char *const *)backend, p->name);
	*test = (struct CMUnitTest){.name = name, .test_func = p->fn, .initial_state = backend};
}

int run_promises(const struct promise *promises, size_t n, void *backends, size_t n_backends,
		 size_t size)
{
	struct CMUnitTest *tests = calloc(n * n_backends, sizeof(*tests));
	char(*names)[160] = calloc(n * n_backends, sizeof(*names));

	for (size_t b = 0; b < n_backends; b++)
		for (size_t i = 0; i < n; i++)
			name_test(&tests[b * n + i], names[b * n + i], &promises[i],
				  (char *)backends + b * size);
	int failed = _cmocka_run_group_tests("backends", tests, n * n_backends, set_up, tear_down);
	free(names);
	free(tests);
	return failed;
}
