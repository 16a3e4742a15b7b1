/*
 * Small helpers of the tests of llm/.
 */
#ifndef TEST_LLM_TEST_H
#define TEST_LLM_TEST_H

#include "test.h"

#include <fcntl.h>

#include "base/fs.h"
#include "base/log.h"
#include "core/embedder.h"
#include "core/llm.h"
#include "llm/llm_backends.h"
#include "llm/model_import.h"
#include "support/tiny_gguf.h"

static const struct tw_llm_type *const llms[] = {&tw_llm_llama, &tw_llm_openai, NULL};
static const struct tw_embedder_type *const embedders[] = {&tw_embedder_llama, &tw_embedder_openai,
							   NULL};

/* A path in this program's own folder; the last sixteen results stay valid. */
static inline const char *tmp_path(const char *name)
{
	static char bufs[16][512], own[64];
	static unsigned i;
	const char *dir = getenv("TWIN_TEST_TMP");
	char *buf = bufs[i++ % 16];
	if (!dir && !own[0]) {
		strcpy(own, "/tmp/twin-llm-XXXXXX");
		if (!mkdtemp(own))
			abort();
	}
	snprintf(buf, sizeof(bufs[0]), "%s/%s", dir ? dir : own, name);
	return buf;
}

/* Digests and bare names then live in the test's folder, not in the user's. */
static inline void use_own_cache(void)
{
	setenv("XDG_CACHE_HOME", tmp_path("cache"), 1);
	tw_log_set_level(TW_LOG_WARN);
}

static inline const char *tiny_model(const char *name, struct tiny_gguf spec)
{
	const char *path = tmp_path(name);
	assert_true(tiny_gguf_write(path, &spec));
	return path;
}

/* With defaults for what is NULL. */
static inline struct tw_llm *open_llama(const char *path, const struct tw_llm_options *o)
{
	static char spec[600];
	struct tw_err err = TW_ERR_INIT;
	struct tw_llm *llm = NULL;
	snprintf(spec, sizeof(spec), "llama:%s", path);
	assert_ok(tw_llm_open(&llm, llms, spec, o, &err), &err);
	return llm;
}

#endif
