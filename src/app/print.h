/*
 * app/print.h: what a command found, for programs and for people.
 *
 * A command writes its data once, as JSON. With --json that is what is printed;
 * otherwise a list is drawn as a table by its columns, and a single object as
 * lines of names and values.
 */
#ifndef TW_APP_PRINT_H
#define TW_APP_PRINT_H

#include "app/app.h"
#include "base/str.h"

enum tw_column_kind {
	TW_COL_TEXT,
	TW_COL_NUMBER, /* right-aligned */
	TW_COL_DIGEST, /* first 12 digits */
	TW_COL_DAY,    /* milliseconds, as a date */
	TW_COL_TIME,   /* milliseconds, as "3 min ago" */
	TW_COL_MARK,   /* bool: a tick or nothing */
};

struct tw_column {
	const char *key; /* member of the list's objects */
	const char *title;
	enum tw_column_kind kind;
	int width; /* cut there; 0: as wide as needed */
};

/* `json` is an array of objects; `empty` is said when it has none. Columns end with {0}. */
void tw_print_list(struct tw_app *app, const struct tw_str *json, const struct tw_column *columns,
		   const char *empty);

/* Behind a list that was cut: "… 18 more (--limit 0)"; nothing for 0. */
void tw_print_more(size_t left);

/* `json` is an object; what is nested in it is indented. */
void tw_print_object(struct tw_app *app, const struct tw_str *json);

#endif
