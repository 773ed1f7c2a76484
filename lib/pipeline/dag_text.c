/*
 * The graph as boxes and lines of characters, layer by layer: three rows of boxes, then rows in
 * which each place's edges spread. Where two lines cross the one that goes down stays whole. As no
 * two lines go down in one column (see dag_place()), any row does for a line that goes across.
 */
#include "pipeline/dag.h"

#include "base/glyph.h"

#define BOX_ROWS   3
#define INDENT_MAX 16
#define MIDDLE_ROW 1

enum {
	UP = 1,
	DOWN = 2,
	LEFT = 4,
	RIGHT = 8
}; /* the arms of a line's character, or a code point */
#define ARMS 16
#define TAIL UINT32_MAX /* the second column of a wide character */

struct canvas {
	const struct dag_layout *l;
	uint32_t *cells;
	size_t rows, cap;
	const char *const *lines; /* by arms */
};

static const char *const utf8_lines[ARMS] = { " ", "╵", "╷", "│", "╴", "┘", "┐", "┤",
					      "╶", "└", "┌", "├", "─", "┴", "┬", "┼" };
static const char *const ascii_lines[ARMS] = { " ", "|", "|", "|", "-", "+", "+", "+",
					       "-", "+", "+", "+", "-", "+", "+", "+" };

static uint32_t *cell(struct canvas *c, size_t row, size_t column)
{
	return &c->cells[row * c->l->width + column];
}

static void clear(struct canvas *c, size_t rows)
{
	if (rows > c->cap) {
		c->cells = xrealloc(c->cells, rows * c->l->width * sizeof(*c->cells));
		c->cap = rows;
	}
	memset(c->cells, 0, rows * c->l->width * sizeof(*c->cells));
	c->rows = rows;
}

static void draw_across(struct canvas *c, size_t row, size_t from, size_t to)
{
	for (size_t i = from; i <= to; i++)
		*cell(c, row, i) |= (i > from ? LEFT : 0) | (i < to ? RIGHT : 0);
}

static void draw_down(struct canvas *c, size_t column, size_t from, size_t to)
{
	for (size_t i = from; i <= to; i++) {
		bool inside = i > from && i < to;

		if (inside)
			*cell(c, i, column) = 0;
		*cell(c, i, column) |= (i > from ? UP : 0) | (i < to ? DOWN : 0);
	}
}

static void draw_label(struct canvas *c, size_t column, const char *text)
{
	struct glyph g;

	while (*text) {
		text += glyph_next(text, &g);
		*cell(c, MIDDLE_ROW, column) = g.code;
		if (g.columns == 2)
			*cell(c, MIDDLE_ROW, column + 1) = TAIL;
		column += g.columns;
	}
}

static void draw_place(struct canvas *c, const struct dag *dag, size_t i)
{
	const struct dag_layout *l = c->l;
	const struct dag_place *p = &l->places[i];
	size_t right = p->left + p->width - 1, last = BOX_ROWS - 1;

	if (i >= l->n_nodes) {
		for (size_t row = 0; row < BOX_ROWS; row++)
			*cell(c, row, p->out) = UP | DOWN;
		return;
	}
	draw_across(c, 0, p->left, right);
	draw_across(c, last, p->left, right);
	draw_down(c, p->left, 0, last);
	draw_down(c, right, 0, last);
	draw_label(c, p->left + (p->width - glyph_columns(dag->nodes[i].name)) / 2,
		   dag->nodes[i].name);
	for (size_t k = l->up[i]; k < l->up[i + 1]; k++)
		*cell(c, 0, l->links[l->up_links[k]].in) |= UP;
	if (l->down[i] < l->down[i + 1])
		*cell(c, last, p->out) |= DOWN;
}

/* The line that the edges of a place share below it, from column to column. */
struct track {
	size_t place, from, to, row;
};

static int by_column(const void *a, const void *b)
{
	const struct track *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Rows for the lines across: each gets the first that is free where it begins; gives how many. */
static size_t set_rows(struct track *tracks, size_t n)
{
	autofree size_t *ends =
		xcalloc(n + 1, sizeof(*ends)); /* of each row, the column behind it */
	size_t rows = 0;

	if (n)
		qsort(tracks, n, sizeof(*tracks), by_column);
	for (size_t i = 0; i < n; i++) {
		size_t row = 0;

		while (ends[row] > tracks[i].from)
			row++;
		ends[row] = tracks[i].to + 1;
		tracks[i].row = row;
		rows = row + 1 > rows ? row + 1 : rows;
	}
	return rows;
}

static size_t find_tracks(const struct dag_layout *l, size_t layer, struct track *tracks)
{
	size_t n = 0;

	for (size_t i = l->layers[layer]; i < l->layers[layer + 1]; i++) {
		size_t place = l->ranks[i], column = l->places[place].out;
		struct track t = { place, column, column, 0 };

		for (size_t k = l->down[place]; k < l->down[place + 1]; k++) {
			size_t in = l->links[k].in;

			t.from = in < t.from ? in : t.from;
			t.to = in > t.to ? in : t.to;
		}
		if (l->down[place] < l->down[place + 1])
			tracks[n++] = t;
	}
	return n;
}

static void draw_tracks(struct canvas *c, const struct track *tracks, size_t n)
{
	const struct dag_layout *l = c->l;
	size_t last = c->rows - 1;

	for (size_t i = 0; i < n; i++)
		draw_across(c, BOX_ROWS + tracks[i].row, tracks[i].from, tracks[i].to);
	for (size_t i = 0; i < n; i++) {
		size_t place = tracks[i].place, row = BOX_ROWS + tracks[i].row;

		draw_down(c, l->places[place].out, BOX_ROWS - 1, row);
		for (size_t k = l->down[place]; k < l->down[place + 1]; k++) {
			size_t column = l->links[k].in;

			draw_down(c, column, row, last);
			*cell(c, last, column) =
				row < last ? UP | DOWN : *cell(c, last, column) | DOWN;
		}
	}
}

static void print(struct canvas *c, struct strbuf *out)
{
	for (size_t row = 0; row < c->rows; row++) {
		size_t n = c->l->width;

		while (n && !*cell(c, row, n - 1))
			n--;
		for (size_t i = 0; i < n; i++) {
			uint32_t code = *cell(c, row, i);

			if (code < ARMS)
				strbuf_adds(out, c->lines[code]);
			else if (code != TAIL)
				glyph_add(out, code);
		}
		strbuf_addc(out, '\n');
	}
}

static void draw(const struct dag *dag, const struct dag_layout *l, bool utf8, struct strbuf *out)
{
	struct canvas c = { .l = l, .lines = utf8 ? utf8_lines : ascii_lines };
	autofree struct track *tracks = xcalloc(l->n_places + 1, sizeof(*tracks));

	for (size_t k = 0; k < l->n_layers; k++) {
		size_t n = find_tracks(l, k, tracks);

		clear(&c, BOX_ROWS + set_rows(tracks, n));
		for (size_t i = l->layers[k]; i < l->layers[k + 1]; i++)
			draw_place(&c, dag, l->ranks[i]);
		draw_tracks(&c, tracks, n);
		print(&c, out);
	}
	free(c.cells);
}

/* A node a line, further in the deeper it is, and what it needs. */
static void list(const struct dag *dag, struct strbuf *out)
{
	autofree size_t *starts = xcalloc(dag->n_nodes + 1, sizeof(*starts));
	autofree size_t *needs = xcalloc(dag->n_edges + 1, sizeof(*needs));
	autofree size_t *filled = xcalloc(dag->n_nodes + 1, sizeof(*filled));

	for (size_t i = 0; i < dag->n_edges; i++)
		starts[dag->edges[i].to + 1]++;
	for (size_t i = 0; i < dag->n_nodes; i++)
		starts[i + 1] += starts[i];
	for (size_t i = 0; i < dag->n_edges; i++) {
		size_t to = dag->edges[i].to;

		needs[starts[to] + filled[to]++] = dag->edges[i].from;
	}
	for (size_t i = 0; i < dag->n_nodes; i++) {
		size_t layer = dag->nodes[i].layer;
		int indent = 2 * (int)(layer < INDENT_MAX ? layer : INDENT_MAX);

		strbuf_addf(out, "%*s", indent, "");
		glyph_add_text(out, dag->nodes[i].name);
		for (size_t k = starts[i]; k < starts[i + 1]; k++) {
			strbuf_adds(out, k == starts[i] ? " <- " : ", ");
			glyph_add_text(out, dag->nodes[needs[k]].name);
		}
		strbuf_addc(out, '\n');
	}
}

void dag_text(const struct dag *dag, const struct dag_page *page, struct strbuf *out)
{
	const struct dag_style style = { .bends = true, .ports = true };
	struct dag_layout layout;
	struct dag_size size;

	dag_measure(dag, &size);
	if (size.columns > page->columns || size.bends > DAG_BENDS_MAX) {
		list(dag, out);
		return;
	}
	dag_lay_out(dag, style, &layout);
	if (layout.width > page->columns)
		list(dag, out);
	else
		draw(dag, &layout, page->utf8, out);
	dag_layout_clear(&layout);
}
