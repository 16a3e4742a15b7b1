#include "core/dataset.h"

const char *tw_split_name(enum tw_split s)
{
	static const char *const names[] = {"train", "valid", "test"};
	return names[s];
}
