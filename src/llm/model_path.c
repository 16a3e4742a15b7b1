#include <string.h>

#include "base/fs.h"
#include "llm/llm_backends.h"
#include "llm/model_file_int.h"
#include "llm/model_import.h"

const char *const tw_llm_default_spec = "llama:smollm2-135m-instruct.q8_0.gguf";
const char *const tw_embedder_default_spec = "llama:all-minilm-l6-v2.f32.gguf";

char *tw_models_dir(struct tw_arena *a)
{
	return tw_path_join(a, tw_cache_dir(a), "models");
}

static enum tw_status check_there(const char *path, const char *hint, struct tw_err *err)
{
	if (!tw_exists(path))
		return tw_fail(err, TW_NOT_FOUND, "%s: no such model; %s", path, hint);
	if (tw_is_dir(path))
		return tw_fail(err, TW_BAD_USE,
			       "%s: a folder, not a GGUF file; `twin import` makes one of it",
			       path);
	return TW_OK;
}

enum tw_status tw_model_path(const char **out, const char *name, const char *dir,
			     struct tw_arena *a, struct tw_err *err)
{
	if (!name[0])
		return tw_fail(err, TW_BAD_USE, "\"llama:\" needs the path of a GGUF file");
	const char *path = tw_expand_home(a, name);
	*out = path[0] == '/' || !dir ? path : tw_path_join(a, dir, path);
	if (strchr(path, '/') || tw_exists(*out))
		return check_there(*out, "set models.llm and models.embedder in twin.yaml", err);
	*out = tw_path_join(a, tw_models_dir(a), path);
	return check_there(*out,
			   "`make models` (tools/deps.sh models) fetches the default ones; "
			   "or set models.llm and models.embedder in twin.yaml",
			   err);
}
