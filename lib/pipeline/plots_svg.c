/* Plots as svg elements of a page, whose style sheet gives the colours (plots.css). */
#include <math.h>

#include "base/glyph.h"
#include "base/num.h"
#include "fmt/markup.h"
#include "pipeline/plots.h"

/* Pixels. */
#define WIDTH  720
#define HEIGHT 400
#define LEFT   72
#define RIGHT  16
#define TOP    16
#define BOTTOM 56

#define DOTS_MAX    200 /* of a line: with more, single points are not marked */
#define COLORS      8
#define LABELS_MAX  16 /* shown below bars */
#define LABEL_WIDTH 14 /* glyphs of a label */
#define NUMBERS_MAX 30 /* labels of a matrix whose cells show numbers */

/* What drawing one plot shares. */
struct chart {
	const struct plots *plots;
	const struct plot *plot;
	struct plot_axis x, y;
	struct strbuf *out;
};

static double x_of(const struct chart *c, double v)
{
	return LEFT + axis_share(&c->x, v) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct chart *c, double v)
{
	return HEIGHT - BOTTOM - axis_share(&c->y, v) * (HEIGHT - TOP - BOTTOM);
}

static void add_number(struct strbuf *out, double v)
{
	char text[NUM_SIZE];

	strbuf_adds(out, num_format_double(v, text));
}

/* Cut where it would be too wide. */
static void add_label(struct strbuf *out, const char *text)
{
	autobuf shown = { 0 };
	struct glyph g;

	for (size_t n = 0; *text; n++) {
		text += glyph_next(text, &g);
		if (n + 1 == LABEL_WIDTH && *text) {
			g.code = 0x2026; /* an ellipsis */
			text = "";
		}
		glyph_add(&shown, g.code);
	}
	markup_add(out, shown.buf ? shown.buf : "");
}

static void open_svg(const struct chart *c, int height)
{
	strbuf_addf(c->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", WIDTH, height);
	markup_add(c->out, c->plot->title);
	strbuf_adds(c->out, "</title>\n");
}

static void add_names(const struct chart *c, int width, int height)
{
	strbuf_addf(c->out, "<text class=\"name\" x=\"%d\" y=\"%d\">", LEFT + width / 2,
		    height - 10);
	markup_add(c->out, c->plot->x_label);
	int middle = (TOP + height - BOTTOM) / 2;
	strbuf_addf(
		c->out,
		"</text>\n<text class=\"name\" transform=\"rotate(-90 14 %d)\" x=\"14\" y=\"%d\">",
		middle, middle);
	markup_add(c->out, c->plot->y_label);
	strbuf_adds(c->out, "</text>\n");
}

static void add_y_ticks(const struct chart *c)
{
	for (int i = 0; i < c->y.count; i++) {
		double y = y_of(c, axis_tick(&c->y, i));

		strbuf_addf(
			c->out,
			"<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">",
			LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4);
		add_number(c->out, axis_tick(&c->y, i));
		strbuf_adds(c->out, "</text>\n");
	}
}

static void add_x_ticks(const struct chart *c)
{
	for (int i = 0; i < c->x.count; i++) {
		double x = x_of(c, axis_tick(&c->x, i));

		strbuf_addf(
			c->out,
			"<path class=\"grid\" d=\"M%.1f %dV%d\"/><text class=\"x\" x=\"%.1f\" y=\"%d\">",
			x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 16);
		add_number(c->out, axis_tick(&c->x, i));
		strbuf_adds(c->out, "</text>\n");
	}
}

/* "HEAD: loss: 0.5 at 3", what a pointer that rests on a mark is told. */
static void add_title(const struct chart *c, const struct plot_series *s, const char *at, double v)
{
	autofree char *legend = plots_legend(c->plots, s);

	strbuf_adds(c->out, "<title>");
	markup_add(c->out, legend);
	strbuf_adds(c->out, ": ");
	add_number(c->out, v);
	strbuf_adds(c->out, " at ");
	markup_add(c->out, at);
	strbuf_adds(c->out, "</title>");
}

static void add_dots(const struct chart *c, const struct plot_series *s, size_t color,
		     const char *radius)
{
	char at[NUM_SIZE];

	for (size_t i = 0; i < s->n; i++) {
		if (isnan(s->v[i].y))
			continue;
		strbuf_addf(c->out, "<circle class=\"c%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\">",
			    color, x_of(c, s->v[i].x), y_of(c, s->v[i].y), radius);
		add_title(c, s, num_format_double(s->v[i].x, at), s->v[i].y);
		strbuf_adds(c->out, "</circle>\n");
	}
}

/* More series than colours: every next round of colours is dashed otherwise. */
static void add_line(const struct chart *c, const struct plot_series *s, size_t i)
{
	bool down = false; /* the pen */

	strbuf_addf(c->out, "<path class=\"line c%zu\"", i % COLORS);
	if (i >= COLORS)
		strbuf_addf(c->out, " stroke-dasharray=\"%zu 3\"", 2 * (i / COLORS) + 2);
	strbuf_adds(c->out, " d=\"");
	for (size_t k = 0; k < s->n; k++) {
		bool there = !isnan(s->v[k].y);

		if (there)
			strbuf_addf(c->out, "%c%.1f %.1f", down ? 'L' : 'M', x_of(c, s->v[k].x),
				    y_of(c, s->v[k].y));
		down = there;
	}
	strbuf_adds(c->out, "\"/>\n");
}

static void add_bars(const struct chart *c)
{
	const struct plot *p = c->plot;
	double group = (double)(WIDTH - LEFT - RIGHT) / (double)p->n_labels;
	double width = group * 0.8 / (double)p->n_series, base = y_of(c, 0);

	for (size_t i = 0; i < p->n_series; i++)
		for (size_t k = 0; k < p->series[i].n; k++) {
			const struct plot_point *v = &p->series[i].v[k];
			double y = y_of(c, v->y);

			if (isnan(v->y))
				continue;
			strbuf_addf(
				c->out,
				"<rect class=\"c%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\">",
				i % COLORS, LEFT + group * (v->x + 0.1) + width * (double)i,
				fmin(y, base), width, fabs(y - base));
			add_title(c, &p->series[i], p->labels[(size_t)v->x], v->y);
			strbuf_adds(c->out, "</rect>\n");
		}
	size_t every = (p->n_labels + LABELS_MAX - 1) / LABELS_MAX;
	for (size_t i = 0; i < p->n_labels; i += every) {
		strbuf_addf(c->out, "<text class=\"x\" x=\"%.1f\" y=\"%d\">",
			    LEFT + group * ((double)i + 0.5), HEIGHT - BOTTOM + 16);
		add_label(c->out, p->labels[i]);
		strbuf_adds(c->out, "</text>\n");
	}
}

static void add_chart(struct chart *c)
{
	const struct plot *p = c->plot;

	open_svg(c, HEIGHT);
	add_y_ticks(c);
	if (p->kind == PLOT_BAR)
		add_bars(c);
	else
		add_x_ticks(c);
	for (size_t i = 0; i < p->n_series && p->kind != PLOT_BAR; i++) {
		const struct plot_series *s = &p->series[i];

		if (p->kind == PLOT_LINE)
			add_line(c, s, i);
		if (p->kind == PLOT_SCATTER || s->n <= DOTS_MAX)
			add_dots(c, s, i % COLORS, p->kind == PLOT_SCATTER ? "3" : "2.5");
	}
	add_names(c, WIDTH - LEFT - RIGHT, HEIGHT);
	strbuf_adds(c->out, "</svg>\n");
}

static double largest_cell(const struct plot *p, const struct plot_series *s)
{
	double largest = 0;

	for (size_t i = 0; i < p->n_labels * p->n_labels; i++)
		largest = fmax(largest, mlops_plot_cell(p, s, i % p->n_labels, i / p->n_labels));
	return largest;
}

static void add_cell(const struct chart *c, const struct plot_series *s, size_t x, size_t y,
		     double size, double largest)
{
	const struct plot *p = c->plot;
	double v = mlops_plot_cell(p, s, x, y), share = largest > 0 ? v / largest : 0;
	double left = LEFT + size * (double)x, top = TOP + size * (double)y;

	strbuf_addf(c->out, "<rect class=\"cell\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" ", left, top,
		    size);
	strbuf_addf(c->out, "height=\"%.1f\" fill-opacity=\"%.2f\"><title>", size, share);
	markup_add(c->out, p->labels[x]);
	strbuf_adds(c->out, ", ");
	markup_add(c->out, p->labels[y]);
	strbuf_addf(c->out, ": %.4g</title></rect>", v);
	if (p->n_labels <= NUMBERS_MAX)
		strbuf_addf(c->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%.4g</text>",
			    share > 0.5 ? "x over" : "x", left + size / 2, top + size / 2 + 4, v);
	strbuf_addc(c->out, '\n');
}

static void add_matrix(struct chart *c, const struct plot_series *s)
{
	const struct plot *p = c->plot;
	size_t n = p->n_labels, every = (n + NUMBERS_MAX - 1) / NUMBERS_MAX;
	double largest = largest_cell(p, s);
	double size = fmin(80, (double)(WIDTH - LEFT - RIGHT) / (double)n);
	int height = TOP + BOTTOM + (int)(size * (double)n);

	open_svg(c, height);
	for (size_t i = 0; i < n * n; i++)
		add_cell(c, s, i % n, i / n, size, largest);
	for (size_t i = 0; i < n; i += every) {
		double middle = size * ((double)i + 0.5);

		strbuf_addf(c->out, "<text class=\"y\" x=\"%d\" y=\"%.1f\">", LEFT - 6,
			    TOP + middle + 4);
		add_label(c->out, p->labels[i]);
		strbuf_addf(c->out, "</text><text class=\"x\" x=\"%.1f\" y=\"%d\">", LEFT + middle,
			    height - BOTTOM + 16);
		add_label(c->out, p->labels[i]);
		strbuf_adds(c->out, "</text>\n");
	}
	add_names(c, (int)(size * (double)n), height);
	strbuf_adds(c->out, "</svg>\n");
}

void plots_svg(const struct plots *plots, const struct plot *plot, struct strbuf *out)
{
	struct chart c = { .plots = plots, .plot = plot, .out = out };

	if (plot->kind == PLOT_CONFUSION || plot->kind == PLOT_CONFUSION_NORMALIZED) {
		for (size_t i = 0; plot->n_labels && i < plot->n_series; i++) {
			autofree char *legend = plots_legend(plots, &plot->series[i]);

			strbuf_adds(out, "<h3>");
			markup_add(out, legend);
			strbuf_adds(out, "</h3>\n");
			add_matrix(&c, &plot->series[i]);
		}
	} else if (plots_axes(plot, &c.x, &c.y, 8, 6)) {
		add_chart(&c);
	}
}
