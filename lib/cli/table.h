/*
 * Tables for people, over libsmartcols (whose header only table.c includes):
 *
 *	autotable *t = table_new("RUN", "NAME~", "SIZE>", NULL);
 *	table_add(t, id, name, size);
 *	table_print(t, stdout);
 *
 * A header that ends in '>' has its column right-aligned; one that ends in '~' has it cut where
 * the terminal is too narrow. Nothing is cut when `out` is no terminal. Control characters in
 * cells are shown as \xNN.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct table;

const char *table_version(void); /* of libsmartcols; static */

struct table *table_new(const char *header, ...) __attribute__((sentinel));
/* One more column, before the first row is added. */
void table_add_column(struct table *t, const char *header);
/* A row of as many cells as there are columns, all const char *; NULL or "" shows as "-". */
void table_add(struct table *t, ...);
void table_add_cells(struct table *t, const char *const *cells);
/* Prints nothing for a table without rows. */
void table_print(struct table *t, FILE *out);
void table_free(struct table *t); /* NULL is fine */
static inline void cleanup_table(struct table **t)
{
	table_free(*t);
}
#define autotable __attribute__((cleanup(cleanup_table))) struct table
