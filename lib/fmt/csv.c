/*
 * The reader keeps one window of the file. A record is scanned in place; only when it is whole are
 * its doubled quotes halved, so a record cut off by the window's end can be scanned again.
 */
#include "fmt/csv.h"

#include <errno.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/map.h"

#define WINDOW ((size_t)256 << 10)
#define SLACK 16 /* a vector may be loaded at the last byte */
#define MAX_NAME 1024

struct csv {
	int fd;
	char *name;
	char separator;
	bool at_end; /* nothing is behind `end` in the file */
	char *buf;
	size_t cap;      /* without SLACK */
	char *pos, *end; /* what is not yet handed out */
	uint64_t line;   /* of pos, from 1 */
	struct strlist columns;
};

/* Where a record being scanned puts its fields: every `stride` cells. */
struct target {
	struct cell *cells;
	size_t stride, max;
};

enum scan { SCAN_RECORD, SCAN_CUT, SCAN_FAILED };

/* A field that holds doubled quotes, until the record is whole. */
#define CELL_HALVE ((enum cell_kind)7)

static int fail_at(const struct csv *csv, uint64_t line, struct mlops_error *err, const char *what)
{
	return err_set(err, MLOPS_EINVALID, "cannot read '%s': line %llu: %s", csv->name,
		       (unsigned long long)line, what);
}

/* The first separator, line end or quote at or after p, or `end`. */
static char *find_special(char *p, char *end, char separator)
{
#ifdef __SSE2__
	const __m128i sep = _mm_set1_epi8(separator), lf = _mm_set1_epi8('\n');
	const __m128i cr = _mm_set1_epi8('\r'), quote = _mm_set1_epi8('"');

	for (; p < end; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		__m128i hit = _mm_or_si128(
			_mm_or_si128(_mm_cmpeq_epi8(v, sep), _mm_cmpeq_epi8(v, lf)),
			_mm_or_si128(_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(v, quote)));
		int mask = _mm_movemask_epi8(hit);

		if (mask) {
			p += __builtin_ctz((unsigned)mask);
			return p < end ? p : end;
		}
	}
	return end;
#else
	while (p < end && *p != separator && *p != '\n' && *p != '\r' && *p != '"')
		p++;
	return p;
#endif
}

/* From behind the opening quote to behind the closing one; NULL when that is not in the window. */
static char *scan_quoted(const struct csv *csv, char *p, struct cell *cell, uint64_t *line)
{
	char *start = p;
	bool doubled = false;

	for (;; p++) {
		if (p >= csv->end)
			return NULL;
		if (*p == '\n')
			++*line;
		if (*p != '"')
			continue;
		if (p + 1 == csv->end && !csv->at_end)
			return NULL;
		if (p + 1 == csv->end || p[1] != '"')
			break;
		doubled = true;
		p++;
	}
	cell->text = start;
	cell->len = (uint32_t)(p - start);
	cell->kind = doubled ? CELL_HALVE : cell->len ? CELL_TEXT : CELL_MISSING;
	return p + 1;
}

static void halve_quotes(struct cell *cell)
{
	char *to = (char *)cell->text;
	const char *from = to, *end = to + cell->len;

	while (from < end) {
		from += from[0] == '"';
		*to++ = *from++;
	}
	cell->len = (uint32_t)(to - cell->text);
	cell->kind = CELL_TEXT;
}

/* Behind the line end at p; NULL when the window ends before that is known. */
static char *skip_line_end(const struct csv *csv, char *p)
{
	if (*p == '\n')
		return p + 1;
	if (p + 1 == csv->end)
		return csv->at_end ? p + 1 : NULL;
	return p + (p[1] == '\n' ? 2 : 1);
}

/* One field into `cell`; what ends it is at the returned place. NULL: cut off, or *bad is set. */
static inline char *scan_field(const struct csv *csv, char *p, struct cell *cell, uint64_t *line,
			       const char **bad)
{
	if (p < csv->end && *p == '"') {
		p = scan_quoted(csv, p + 1, cell, line);
		if (p && p < csv->end && *p != csv->separator && *p != '\n' && *p != '\r') {
			*bad = "text after a closing quote";
			return NULL;
		}
	} else {
		char *start = p;

		p = find_special(p, csv->end, csv->separator);
		if (p < csv->end && *p == '"') {
			*bad = "a quote inside a field that is not quoted";
			return NULL;
		}
		cell->text = start;
		cell->len = (uint32_t)(p - start);
		cell->kind = cell->len ? CELL_TEXT : CELL_MISSING;
	}
	return p == csv->end && !csv->at_end ? NULL : p;
}

/* Scans the record at pos; *n fields went to the target (counted beyond its max, not stored). */
static enum scan scan_record(struct csv *csv, const struct target *to, size_t *n,
			     struct mlops_error *err)
{
	uint64_t line = csv->line;
	const char *bad = NULL;
	char *p = csv->pos;
	struct cell beyond;

	for (*n = 0;; p++) {
		struct cell *cell = *n < to->max ? &to->cells[*n * to->stride] : &beyond;

		p = scan_field(csv, p, cell, &line, &bad);
		if (bad)
			return fail_at(csv, line, err, bad), SCAN_FAILED;
		if (!p)
			break;
		++*n;
		if (p < csv->end && *p == csv->separator)
			continue;
		if (p < csv->end && !(p = skip_line_end(csv, p)))
			break;
		csv->pos = p;
		csv->line = line + 1;
		return SCAN_RECORD;
	}
	if (!csv->at_end)
		return SCAN_CUT;
	return fail_at(csv, csv->line, err, "a quoted field has no end"), SCAN_FAILED;
}

/* More of the file behind what is not yet handed out; a larger window when that fills it. */
static int fill(struct csv *csv, struct mlops_error *err)
{
	size_t kept = (size_t)(csv->end - csv->pos);

	if (kept == csv->cap && csv->cap >= CSV_MAX_RECORD)
		return fail_at(csv, csv->line, err, "the record is larger than 16 MiB");
	if (kept)
		memmove(csv->buf, csv->pos, kept);
	if (kept == csv->cap) {
		csv->cap *= 2;
		csv->buf = xrealloc(csv->buf, csv->cap + SLACK);
	}
	csv->pos = csv->buf;
	csv->end = csv->buf + kept;
	while (csv->end < csv->buf + csv->cap) {
		ssize_t got = read(csv->fd, csv->end, csv->cap - (size_t)(csv->end - csv->buf));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read '%s'", csv->name);
		csv->end += got;
		csv->at_end = !got;
		if (!got)
			break;
	}
	memset(csv->end, 0, SLACK);
	return 0;
}

/* Over line ends that stand where a record should start. */
static void skip_empty_lines(struct csv *csv)
{
	for (; csv->pos < csv->end && (*csv->pos == '\n' || *csv->pos == '\r'); csv->pos++)
		csv->line += *csv->pos == '\n' || (csv->pos + 1 < csv->end && csv->pos[1] != '\n');
}

static int check_count(const struct csv *csv, uint64_t line, size_t got, struct mlops_error *err)
{
	if (got == csv->columns.n)
		return 0;
	return err_set(err, MLOPS_EINVALID, "cannot read '%s': line %llu: %zu fields, and the header has %zu",
		       csv->name, (unsigned long long)line, got, csv->columns.n);
}

/* One record into the target, whose cells stay cut-off free: 1, 0 when a fill is needed, or -1. */
static int next_record(struct csv *csv, const struct target *to, size_t *n, struct mlops_error *err)
{
	skip_empty_lines(csv);
	if (csv->pos == csv->end)
		return 0;
	switch (scan_record(csv, to, n, err)) {
	case SCAN_CUT:
		return 0;
	case SCAN_FAILED:
		return -1;
	default:
		break;
	}
	for (size_t i = 0; i < *n && i < to->max; i++)
		if (to->cells[i * to->stride].kind == CELL_HALVE)
			halve_quotes(&to->cells[i * to->stride]);
	return 1;
}

int csv_read(struct csv *csv, struct cell_block *block, struct mlops_error *err)
{
	block->columns = csv->columns.n;
	for (block->rows = 0; block->rows < CELL_ROWS;) {
		struct target to = { block->cells + block->rows, CELL_ROWS, block->columns };
		uint64_t line = csv->line;
		size_t n = 0;
		int rc = next_record(csv, &to, &n, err);

		if (rc < 0 || (rc && check_count(csv, line, n, err)))
			return -1;
		block->rows += (size_t)rc;
		if (rc)
			continue;
		if (block->rows || (csv->at_end && csv->pos == csv->end))
			break; /* the window must stay while its texts are lent */
		if (fill(csv, err))
			return -1;
	}
	return 0;
}

static int add_name(struct csv *csv, struct map *seen, const struct cell *cell, struct mlops_error *err)
{
	if (cell->kind == CELL_MISSING)
		return err_set(err, MLOPS_EINVALID, "cannot read '%s': column %zu has no name in line 1",
			       csv->name, csv->columns.n + 1);
	if (cell->len > MAX_NAME)
		return fail_at(csv, 1, err, "the name of a column is longer than 1024 bytes");
	if (map_putn(seen, cell->text, cell->len, csv))
		return err_set(err, MLOPS_EINVALID, "cannot read '%s': two columns are named '%.*s'",
			       csv->name, (int)cell->len, cell->text);
	strlist_take(&csv->columns, xstrndup(cell->text, cell->len));
	return 0;
}

static int read_header(struct csv *csv, struct mlops_error *err)
{
	autofree struct cell *cells = xcalloc(CELL_COLUMNS, sizeof(*cells));
	const struct target to = { cells, 1, CELL_COLUMNS };
	automap seen = { 0 };
	size_t n = 0;
	int rc;

	do {
		if (fill(csv, err))
			return -1;
		if (csv->pos == csv->buf && csv->line == 1 && csv->end - csv->pos >= 3 &&
		    !memcmp(csv->pos, "\xef\xbb\xbf", 3))
			csv->pos += 3;
		rc = next_record(csv, &to, &n, err);
		if (rc < 0)
			return -1;
	} while (!rc && !(csv->at_end && csv->pos == csv->end));
	if (!rc)
		return err_set(err, MLOPS_EINVALID, "cannot read '%s': it is empty", csv->name);
	if (n > CELL_COLUMNS)
		return fail_at(csv, 1, err, "more than 4096 columns");
	for (size_t i = 0; i < n; i++)
		if (add_name(csv, &seen, &cells[i], err))
			return -1;
	return 0;
}

int csv_open(int fd, const char *name, char separator, struct csv **out, struct mlops_error *err)
{
	struct csv *csv = xcalloc(1, sizeof(*csv));

	csv->fd = fd;
	csv->name = xstrdup(name);
	csv->separator = separator ? separator : ',';
	csv->cap = WINDOW;
	csv->buf = csv->pos = csv->end = xmalloc(csv->cap + SLACK);
	csv->line = 1;
	if (read_header(csv, err)) {
		csv_free(csv);
		return -1;
	}
	*out = csv;
	return 0;
}

const struct strlist *csv_columns(const struct csv *csv)
{
	return &csv->columns;
}

void csv_free(struct csv *csv)
{
	if (!csv)
		return;
	close(csv->fd);
	strlist_clear(&csv->columns);
	free(csv->buf);
	free(csv->name);
	free(csv);
}
