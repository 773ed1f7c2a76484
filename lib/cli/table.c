/* Tables over libsmartcols. */
#include "cli/table.h"

#include <libsmartcols.h>
#include <locale.h>

#include "base/str.h"
#include "cli/term.h"

struct table {
	struct libscols_table *raw;
};

/* libsmartcols fails for want of memory only, which ends the program as it does elsewhere. */
static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct table *table_new(const char *header, ...)
{
	struct table *t = xcalloc(1, sizeof(*t));
	va_list ap;

	t->raw = must(scols_new_table());
	scols_table_set_column_separator(t->raw, "  ");
	va_start(ap, header);
	for (; header; header = va_arg(ap, const char *))
		table_add_column(t, header);
	va_end(ap);
	return t;
}

void table_add_column(struct table *t, const char *header)
{
	int flags = str_ends(header, ">") ? SCOLS_FL_RIGHT :
		    str_ends(header, "~") ? SCOLS_FL_TRUNC :
					    0;
	autofree char *name = xstrndup(header, strlen(header) - (flags ? 1 : 0));

	must(scols_table_new_column(t->raw, name, 0, flags));
}

static void set_cell(struct libscols_line *line, size_t column, const char *text)
{
	if (scols_line_set_data(line, column, text && *text ? text : "-"))
		abort();
}

void table_add_cells(struct table *t, const char *const *cells)
{
	struct libscols_line *line = must(scols_table_new_line(t->raw, NULL));

	for (size_t i = 0; i < scols_table_get_ncols(t->raw); i++)
		set_cell(line, i, cells[i]);
}

void table_add(struct table *t, ...)
{
	struct libscols_line *line = must(scols_table_new_line(t->raw, NULL));
	va_list ap;

	va_start(ap, t);
	for (size_t i = 0; i < scols_table_get_ncols(t->raw); i++)
		set_cell(line, i, va_arg(ap, const char *));
	va_end(ap);
}

static void embolden_header(struct libscols_table *raw)
{
	scols_table_enable_colors(raw, 1);
	for (size_t i = 0; i < scols_table_get_ncols(raw); i++)
		scols_cell_set_color(scols_column_get_header(scols_table_get_column(raw, i)),
				     "bold");
}

/* The widths of UTF-8 text need a UTF-8 locale, which only this call gets, in this thread. */
void table_print(struct table *t, FILE *out)
{
	if (!scols_table_get_nlines(t->raw))
		return;
	scols_table_set_stream(t->raw, out);
	scols_table_set_termforce(t->raw, term_is_tty(out) ? SCOLS_TERMFORCE_ALWAYS :
							     SCOLS_TERMFORCE_NEVER);
	if (term_has_color(out))
		embolden_header(t->raw);
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL), before = uselocale(utf8);
	scols_print_table(t->raw);
	uselocale(before);
	if (utf8)
		freelocale(utf8);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	scols_unref_table(t->raw);
	free(t);
}

const char *table_version(void)
{
	const char *version;

	scols_get_library_version(&version);
	return version;
}
