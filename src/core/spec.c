#include "core/spec.h"

#include <string.h>

const char *tw_spec_rest(const char *spec, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(spec, prefix, n) == 0 && spec[n] == ':' ? spec + n + 1 : NULL;
}

enum tw_status tw_spec_unknown(const char *spec, const char *known, struct tw_err *err)
{
	return tw_fail(err, TW_BAD_USE,
		       "\"%s\" names no model; write KIND:WHERE, with one of these kinds: %s", spec,
		       known);
}
