/* Plots in characters. A cell of a chart is one character, or the 2 by 4 dots of a braille one. */
#include <math.h>

#include "base/glyph.h"
#include "base/num.h"
#include "pipeline/plots.h"

#define ROWS      16
#define MARGIN    11 /* columns left of a chart, for numbers */
#define MIN_WIDTH 20
#define MAX_WIDTH 100
#define BRAILLE   0x2800u
#define BLOCK     0x2588u
#define LABEL_MAX 24 /* columns of a bar's label */
#define VALUE_MAX 12

static const char marks[] = "*+x#o@%&"; /* of series, where colours can't tell them apart */
static const int colors[] = { 34, 31, 32, 33, 35, 36, 95, 37 };
#define COLORS (sizeof(colors) / sizeof(*colors))

/* Whether one shape will do for all series. */
static bool can_tell(const struct plot *plot, const struct plot_page *page)
{
	return page->utf8 && (page->color || plot->n_series < 2);
}

static uint32_t shape_of(const struct plot *plot, const struct plot_page *page, size_t series)
{
	return can_tell(plot, page) ? BLOCK : (uint32_t)marks[series % COLORS];
}

struct screen {
	const struct plot_page *page;
	struct plot_axis x, y;
	size_t width;   /* cells */
	bool dots;      /* braille */
	uint8_t *bits;  /* of each cell: dots, or 1 */
	uint8_t *owner; /* of each cell: the series that was drawn last, from 1 */
};

static size_t step_of(double share, size_t steps)
{
	double at = share * (double)(steps - 1) + 0.5;

	return at < 0 ? 0 : at > (double)(steps - 1) ? steps - 1 : (size_t)at;
}

/* Sets a dot, or the cell, at finer steps of which a braille cell has 2 by 4. */
static void set(struct screen *s, size_t x, size_t y, size_t series)
{
	static const uint8_t dot[4][2] = { { 1, 8 }, { 2, 16 }, { 4, 32 }, { 64, 128 } };
	size_t cell = s->dots ? y / 4 * s->width + x / 2 : y * s->width + x;

	s->bits[cell] |= s->dots ? dot[y % 4][x % 2] : 1;
	s->owner[cell] = (uint8_t)(series % COLORS + 1);
}

static void place(const struct screen *s, const struct plot_point *p, size_t *x, size_t *y)
{
	size_t rows = s->dots ? 4 * ROWS : ROWS;

	*x = step_of(axis_share(&s->x, p->x), s->dots ? 2 * s->width : s->width);
	*y = rows - 1 - step_of(axis_share(&s->y, p->y), rows);
}

static void draw_line(struct screen *s, const struct plot_point *a, const struct plot_point *b,
		      size_t series)
{
	size_t x1, y1, x2, y2;

	place(s, a, &x1, &y1);
	place(s, b, &x2, &y2);
	double dx = (double)x2 - (double)x1, dy = (double)y2 - (double)y1;
	int steps = (int)fmax(fmax(fabs(dx), fabs(dy)), 1);
	for (int i = 0; i <= steps; i++)
		set(s, (size_t)((double)x1 + dx * i / steps + 0.5),
		    (size_t)((double)y1 + dy * i / steps + 0.5), series);
}

static void draw_series(struct screen *s, const struct plot *plot, size_t i)
{
	const struct plot_series *series = &plot->series[i];
	const struct plot_point *last = NULL;

	for (size_t k = 0; k < series->n; k++) {
		const struct plot_point *p = &series->v[k];

		if (isnan(p->y)) {
			last = NULL;
			continue;
		}
		draw_line(s, last && plot->kind == PLOT_LINE ? last : p, p, i);
		last = p;
	}
}

static void begin_color(const struct plot_page *page, size_t series, struct strbuf *out)
{
	if (page->color)
		strbuf_addf(out, "\033[%dm", colors[series % COLORS]);
}

static void end_color(const struct plot_page *page, struct strbuf *out)
{
	if (page->color)
		strbuf_adds(out, "\033[m");
}

static void print_row(const struct screen *s, size_t row, struct strbuf *out)
{
	size_t end = s->width;

	while (end && !s->bits[row * s->width + end - 1])
		end--;
	for (size_t i = 0; i < end; i++) {
		size_t cell = row * s->width + i, series = s->owner[cell] - 1u;

		if (!s->bits[cell]) {
			strbuf_addc(out, ' ');
			continue;
		}
		begin_color(s->page, series, out);
		glyph_add(out, s->dots ? BRAILLE + s->bits[cell] : (uint32_t)marks[series]);
		end_color(s->page, out);
	}
	strbuf_addc(out, '\n');
}

/* The number that stands left of a row: the ends of the range, and its middle. */
static void print_margin(const struct screen *s, size_t row, struct strbuf *out)
{
	char text[NUM_SIZE] = "";

	if (row == 0)
		snprintf(text, sizeof(text), "%.4g", s->y.high);
	else if (row == ROWS / 2)
		snprintf(text, sizeof(text), "%.4g", s->y.low * 0.5 + s->y.high * 0.5);
	else if (row == ROWS - 1)
		snprintf(text, sizeof(text), "%.4g", s->y.low);
	strbuf_addf(out, "%*s %s", MARGIN - 2, text, s->page->utf8 ? "│" : "|");
}

static void print_foot(const struct screen *s, struct strbuf *out)
{
	char low[NUM_SIZE], high[NUM_SIZE];

	snprintf(low, sizeof(low), "%.4g", s->x.low);
	snprintf(high, sizeof(high), "%.4g", s->x.high);
	strbuf_addf(out, "%*s%s", MARGIN - 1, "", s->page->utf8 ? "└" : "+");
	for (size_t i = 0; i < s->width; i++)
		strbuf_adds(out, s->page->utf8 ? "─" : "-");
	strbuf_addf(out, "\n%*s%s%*s\n", MARGIN, "", low, (int)(s->width - strlen(low)), high);
}

static void print_legend(const struct plots *plots, const struct plot *plot,
			 const struct plot_page *page, struct strbuf *out)
{
	for (size_t i = 0; i < plot->n_series; i++) {
		autofree char *legend = plots_legend(plots, &plot->series[i]);

		strbuf_addf(out, "%*s", MARGIN, "");
		begin_color(page, i, out);
		glyph_add(out, shape_of(plot, page, i));
		end_color(page, out);
		strbuf_addc(out, ' ');
		glyph_add_text(out, legend);
		strbuf_addc(out, '\n');
	}
}

static void print_chart(const struct plots *plots, const struct plot *plot,
			const struct plot_page *page, struct strbuf *out)
{
	struct screen s = { .page = page, .dots = can_tell(plot, page) };
	size_t width = page->columns < MAX_WIDTH ? page->columns : MAX_WIDTH;

	if (!plots_axes(plot, &s.x, &s.y, 8, 6)) {
		strbuf_adds(out, "no data\n");
		return;
	}
	s.width = width > MARGIN + MIN_WIDTH ? width - MARGIN : MIN_WIDTH;
	s.bits = xcalloc(s.width * ROWS, 1);
	s.owner = xcalloc(s.width * ROWS, 1);
	for (size_t i = 0; i < plot->n_series; i++)
		draw_series(&s, plot, i);
	for (size_t row = 0; row < ROWS; row++) {
		print_margin(&s, row, out);
		print_row(&s, row, out);
	}
	print_foot(&s, out);
	print_legend(plots, plot, page, out);
	free(s.bits);
	free(s.owner);
}

/* Its label, cut or filled up. */
static void print_label(const char *label, struct strbuf *out)
{
	size_t columns = 0;
	struct glyph g;

	while (*label) {
		size_t n = glyph_next(label, &g);

		if (columns + g.columns > LABEL_MAX)
			break;
		glyph_add(out, g.code);
		columns += g.columns;
		label += n;
	}
	strbuf_addf(out, "%*s", (int)(LABEL_MAX - columns + 1), "");
}

static void print_bar(const struct plot *plot, size_t i, const struct plot_point *p,
		      const struct plot_axis *range, const struct plot_page *page, size_t width,
		      struct strbuf *out)
{
	char value[NUM_SIZE];

	print_label(plot->labels[(size_t)p->x], out);
	if (isnan(p->y)) {
		strbuf_addf(out, "%*s\n", VALUE_MAX, "-");
		return;
	}
	snprintf(value, sizeof(value), "%.6g", p->y);
	strbuf_addf(out, "%*s ", VALUE_MAX, value);
	size_t from = step_of(axis_share(range, fmin(p->y, 0)), width);
	size_t to = step_of(axis_share(range, fmax(p->y, 0)), width);
	strbuf_addf(out, "%*s", (int)from, "");
	begin_color(page, i, out);
	for (size_t k = from; k < to || k == from; k++)
		glyph_add(out, shape_of(plot, page, i));
	end_color(page, out);
	strbuf_addc(out, '\n');
}

/* The bars of a label one below the other, by series. */
static void print_bars(const struct plots *plots, const struct plot *plot,
		       const struct plot_page *page, struct strbuf *out)
{
	size_t columns = page->columns < MAX_WIDTH ? page->columns : MAX_WIDTH;
	size_t taken = LABEL_MAX + VALUE_MAX + 2;
	size_t width = columns > taken + MIN_WIDTH ? columns - taken : MIN_WIDTH;
	struct plot_axis x, range;

	if (!plots_axes(plot, &x, &range, 8, 6)) {
		strbuf_adds(out, "no data\n");
		return;
	}
	for (size_t label = 0; label < plot->n_labels; label++)
		for (size_t i = 0; i < plot->n_series; i++)
			for (size_t k = 0; k < plot->series[i].n; k++)
				if (plot->series[i].v[k].x == (double)label)
					print_bar(plot, i, &plot->series[i].v[k], &range, page,
						  width, out);
	print_legend(plots, plot, page, out);
}

char *mlops_plot_text(const struct plots *plots, const struct plot *plot,
		      const struct plot_page *page)
{
	autobuf out = { 0 };

	if (plot->kind == PLOT_BAR)
		print_bars(plots, plot, page, &out);
	else if (plot->kind <= PLOT_SCATTER)
		print_chart(plots, plot, page, &out);
	return strbuf_steal(&out);
}
