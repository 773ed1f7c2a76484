/* One value of a table, as the readers hand it out, and a block of rows of them. */
#pragma once

#include "base/mem.h"

enum cell_kind { CELL_MISSING, CELL_TEXT, CELL_NUMBER };

struct cell {
	union {
		const char *text; /* lent, not NUL-terminated */
		double number;
	};
	uint32_t len; /* bytes of text */
	enum cell_kind kind : 8;
	bool whole; /* of a number: it was written as an integer */
};

#define CELL_ROWS 256     /* rows of a block at most */
#define CELL_COLUMNS 4096 /* columns of a table at most: what bounds a block */

/* Column after column: the value of column c in row r is cells[c * CELL_ROWS + r]. */
struct cell_block {
	struct cell *cells;
	size_t rows, columns;
};

static inline struct cell *cell_column(const struct cell_block *block, size_t column)
{
	return block->cells + column * CELL_ROWS;
}
