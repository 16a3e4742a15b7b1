#include "core/spec.h"

#include <string.h>

#include "base/str.h"

static const char *rest_of(const char *spec, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(spec, prefix, n) == 0 && spec[n] == ':' ? spec + n + 1 : NULL;
}

enum tw_status tw_spec_find(const void **type, const char **rest, const void *types,
			    const char *spec, struct tw_err *err)
{
	const char *const *const *t = types; /* a struct's first member is at its address */
	struct tw_str known = TW_STR_INIT;
	*rest = NULL;
	for (size_t i = 0; t[i] && !*rest; i++) {
		*type = t[i];
		*rest = rest_of(spec, *t[i]);
		tw_str_addf(&known, "%s%s", i ? ", " : "", *t[i]);
	}
	enum tw_status st = TW_OK;
	if (!*rest)
		st = tw_fail(err, TW_BAD_USE,
			     "\"%s\" names no model; write KIND:WHERE, with one of these kinds: %s",
			     spec, tw_str_c(&known));
	tw_str_release(&known);
	return st;
}
