/*
 * collect/office/table_int.h: tables, whatever their elements are called.
 *
 * Several rows of several cells with little in them are data, and become a table of
 * Markdown; others are there for their looks, and their cells follow each other.
 */
#ifndef TW_COLLECT_TABLE_INT_H
#define TW_COLLECT_TABLE_INT_H

#include "collect/html/dom_int.h"
#include "collect/office/rich_int.h"

struct office_table {
	const char *table, *row, *cell; /* names of elements */
	const char *covered; /* a cell that another one spreads over; NULL: none is called so */
	bool (*is_around)(const struct dom_node *n);		/* rows or cells may stand in it */
	bool (*is_gone)(const struct dom_node *row_or_cell);	/* NULL: none is */
	int (*span)(const struct dom_node *cell);		/* columns that it takes */
	void (*blocks)(void *ctx, const struct dom_node *cell); /* writes its content */
};

void office_write_table(struct rich *r, const struct dom_node *table, const struct office_table *t,
			void *ctx);

#endif
