/* CSV: what was read, written again with every field quoted, reads back the same. */
#include "fuzz.h"

#include <sys/mman.h>

#include "fmt/csv.h"

static struct cell_block block;

static int memory_file(const void *p, size_t n)
{
	int fd = memfd_create("csv", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, p, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void add_field(struct strbuf *out, const char *p, size_t n, bool first)
{
	strbuf_adds(out, first ? "\"" : ",\"");
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			strbuf_addc(out, '"');
		strbuf_addc(out, p[i]);
	}
	strbuf_addc(out, '"');
}

static int read_all(struct csv *csv, struct strbuf *out, struct mlops_error *err)
{
	const struct strlist *names = csv_columns(csv);

	for (size_t i = 0; i < names->n; i++)
		add_field(out, names->v[i], strlen(names->v[i]), !i);
	strbuf_addc(out, '\n');
	do {
		if (csv_read(csv, &block, err))
			return -1;
		MUST(block.rows <= CELL_ROWS && block.columns == names->n);
		for (size_t r = 0; r < block.rows; r++) {
			for (size_t c = 0; c < block.columns; c++) {
				const struct cell *cell = &cell_column(&block, c)[r];

				add_field(out, cell->text, cell->kind == CELL_MISSING ? 0 : cell->len, !c);
			}
			strbuf_addc(out, '\n');
		}
	} while (block.rows);
	return 0;
}

static int quote(const void *p, size_t n, char separator, struct strbuf *out, struct mlops_error *err)
{
	struct csv *csv;
	int rc;

	if (csv_open(memory_file(p, n), "it", separator, &csv, err))
		return -1;
	rc = read_all(csv, out, err);
	csv_free(csv);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char separators[] = ",;\t|";
	autobuf once = { 0 }, twice = { 0 };
	autoerr err = ERR_INIT;

	if (!n)
		return 0;
	if (!block.cells)
		block.cells = xcalloc((size_t)CELL_COLUMNS * CELL_ROWS, sizeof(*block.cells));
	if (refused(quote(data + 1, n - 1, separators[*data % 4], &once, &err), &err))
		return 0;
	if (memchr(data, '\0', n))
		return 0; /* a name is cut at a NUL */
	MUST(!quote(once.buf, once.len, ',', &twice, &err));
	MUST(once.len == twice.len && !memcmp(once.buf, twice.buf, once.len));
	return 0;
}
