#include "core/plugin.h"

#include <string.h>

#include "base/str.h"

enum { MOST = 63 };

enum tw_status tw_plugin_find(const void **out, const void *types, const char *what,
			      const char *name, struct tw_err *err)
{
	const char *const *const *type = types; /* a struct's first member is at its address */
	const char *names[MOST + 1];
	size_t n = 0;
	for (*out = NULL; type[n] && n < MOST; n++) {
		names[n] = *type[n];
		if (strcmp(names[n], name) == 0)
			*out = type[n];
	}
	names[n] = NULL;
	return *out ? TW_OK : tw_unknown(err, what, name, names);
}

enum tw_status tw_plugin_configured(const void **out, const void *types, const char *what,
				    const char *key, const struct tw_config *conf,
				    struct tw_err *err)
{
	const struct tw_json *v = tw_config_section(conf, key);
	*out = *(const void *const *)types;
	if (!v)
		return TW_OK;
	enum tw_status st = tw_plugin_find(out, types, what, tw_json_str(v, ""), err);
	return st == TW_OK ? st : tw_wrap(err, st, "%s", tw_config_place(conf, v));
}
