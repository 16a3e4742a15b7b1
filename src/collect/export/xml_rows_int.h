/*
 * collect/export/xml_rows_int.h: XML whose records are the attributes of empty
 * elements, `<row Id="1" … />`, row by row, however long the file.
 */
#ifndef TW_COLLECT_XML_ROWS_INT_H
#define TW_COLLECT_XML_ROWS_INT_H

#include "collect/export/export_int.h"

/* Begins zeroed but for the first; ends with xml_rows_release(). */
struct xml_rows {
	export_recognise recognise; /* of the files */
	char *name, *buf;	    /* of the present file */
	struct tw_str text;	    /* the row, from its "<" to its ">" */
	size_t at, n;
	bool over;
};

/* rows->text is the next row. TW_DONE behind the last of all files. TW_SKIPPED: one was too long; *key says where.
 * TW_BAD_DATA: a file is cut. */
TW_MUST_USE enum tw_status xml_rows_next(const char **key, struct xml_rows *rows,
					 struct export_in *x, struct tw_arena *a,
					 struct tw_err *err);
bool xml_row_has(const struct xml_rows *rows, const char *name);
/* An attribute's value, in the arena; NULL when the row has none. */
const char *xml_row_get(const struct xml_rows *rows, const char *name, struct tw_arena *a);
/* Whether it is exactly this; quicker, for values without characters that are escaped. */
bool xml_row_is(const struct xml_rows *rows, const char *name, const char *value);
void xml_rows_release(struct xml_rows *rows);

#endif
