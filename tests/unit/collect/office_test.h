/*
 * Packages of parts, for the tests of documents that are a ZIP of XML.
 */
#ifndef TEST_OFFICE_TEST_H
#define TEST_OFFICE_TEST_H

#include "format_test.h"

#include "collect/office/office_int.h"

struct named {
	const char *name, *text;
};

/* Parts up to one without a name. */
static inline struct package package(const struct named *parts)
{
	size_t n = 0;
	struct package_part *all = TW_NEW_ARRAY(&arena, 32, struct package_part);
	for (; parts[n].name; n++)
		all[n] = (struct package_part){.name = parts[n].name,
					       .data = {parts[n].text, strlen(parts[n].text)}};
	return package_of(all, n);
}

#endif
