/*
 * collect/export/export_files_int.h: files of a person's own in an archive that no
 * format of exports knows. The source asks for it last, by the kinds of files.
 */
#ifndef TW_COLLECT_EXPORT_FILES_INT_H
#define TW_COLLECT_EXPORT_FILES_INT_H

#include "collect/export/export_int.h"

struct export_kinds {
	size_t notes, others; /* files of these kinds */
};
void export_count_kind(struct export_kinds *k, const char *name);
bool export_are_notes(const struct export_kinds *k);

extern const struct export_format export_files;

#endif
