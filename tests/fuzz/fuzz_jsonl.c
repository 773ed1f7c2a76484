/* JSON lines: blocks are within their bounds, and each value is one of the kinds there are. */
#include "fuzz.h"

#include <sys/mman.h>

#include "fmt/jsonl.h"

static struct cell_block block;

static int read_all(struct jsonl *jsonl, struct mlops_error *err)
{
	volatile char last;

	do {
		if (jsonl_read(jsonl, &block, err))
			return -1;
		MUST(block.rows <= CELL_ROWS && block.columns == jsonl_columns(jsonl)->n);
		for (size_t c = 0; c < block.columns; c++)
			for (size_t r = 0; r < block.rows; r++) {
				const struct cell *cell = &cell_column(&block, c)[r];

				MUST(cell->kind <= CELL_NUMBER);
				if (cell->kind == CELL_TEXT && cell->len)
					last = cell->text[cell->len - 1]; /* it is there */
			}
	} while (block.rows);
	(void)last;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("jsonl", MFD_CLOEXEC);
	struct jsonl *jsonl;
	autoerr err = ERR_INIT;

	if (!block.cells)
		block.cells = xcalloc((size_t)CELL_COLUMNS * CELL_ROWS, sizeof(*block.cells));
	MUST(fd >= 0 && write(fd, data, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	MUST(!jsonl_open(fd, "it", &jsonl, &err));
	refused(read_all(jsonl, &err), &err);
	jsonl_free(jsonl);
	return 0;
}
