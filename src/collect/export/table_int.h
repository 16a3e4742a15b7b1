/*
 * collect/export/table_int.h: exports that are tables (CSV), row by row, however
 * long the file. Columns are found by their names, which may stand behind lines
 * of explanation and in any order.
 */
#ifndef TW_COLLECT_TABLE_INT_H
#define TW_COLLECT_TABLE_INT_H

#include "collect/export/csv_int.h"
#include "collect/export/export_int.h"

/* Begins zeroed but for the first three; ends with table_release(). */
struct table {
	export_recognise recognise;	 /* of the files, by table_is() */
	const char *const *columns;	 /* that stand in the line of names, NULL-terminated */
	bool backslash;			 /* struct csv */
	struct table_file *file;	 /* that is being read; heap */
	struct tw_strings names, fields; /* of the file, of the row */
};

/* Whether a file begins with a line of names that has all of these; case does not count. */
bool table_is(const char *head, size_t n, const char *const *columns);

/* TW_DONE behind the last row of all files. TW_SKIPPED: a row was too long; *key says where. TW_BAD_DATA: a file
 * is cut. */
TW_MUST_USE enum tw_status table_next(const char **key, struct table *t, struct export_in *x,
				      struct tw_arena *a, struct tw_err *err);
/* A field of the present row, "" when there is none. */
const char *table_get(const struct table *t, const char *column);
/* Of the present file. */
bool table_has(const struct table *t, const char *column);
/* The entry that the present row stands in. */
const char *table_entry(const struct table *t);
void table_release(struct table *t);

#endif
