#include "collect/markdown_int.h"

#include <string.h>

bool md_is_blank(const char *s, size_t len)
{
	size_t i = 0;
	while (i < len && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i == len;
}

size_t md_fence(const char *s, size_t len, char *c)
{
	size_t from = 0, n;
	while (from < len && (s[from] == ' ' || s[from] == '\t'))
		from++;
	for (n = from; n < len && (s[n] == '`' || s[n] == '~') && s[n] == s[from]; n++)
		;
	if (n - from < 3 || (s[from] == '`' && memchr(s + n, '`', len - n)))
		return 0;
	*c = s[from];
	return n - from;
}
