/* The graph for programs that draw: dot and mermaid, which lay it out themselves, and SVG. */
#include "pipeline/dag.h"

#include "base/glyph.h"
#include "fmt/markup.h"

/* The string of the DOT language, whose labels read backslashes once more. */
static void add_dot_string(struct strbuf *out, const char *name)
{
	autobuf shown = { 0 };

	glyph_add_text(&shown, name);
	strbuf_addc(out, '"');
	for (const char *c = shown.buf ? shown.buf : ""; *c; c++) {
		if (strchr("\"\\", *c))
			strbuf_addc(out, '\\');
		strbuf_addc(out, *c);
	}
	strbuf_addc(out, '"');
}

void dag_dot(const struct dag *dag, struct strbuf *out)
{
	strbuf_adds(out, "digraph pipeline {\n\tnode [shape=box];\n");
	for (size_t i = 0; i < dag->n_nodes; i++) {
		strbuf_addf(out, "\tn%zu [label=", i + 1);
		add_dot_string(out, dag->nodes[i].name);
		strbuf_adds(out, "];\n");
	}
	for (size_t i = 0; i < dag->n_edges; i++)
		strbuf_addf(out, "\tn%zu -> n%zu;\n", dag->edges[i].from + 1, dag->edges[i].to + 1);
	strbuf_adds(out, "}\n");
}

/* Mermaid's entities, which are '#' and a decimal number, for all that it might read in a label. */
static void add_mermaid_string(struct strbuf *out, const char *name)
{
	autobuf shown = { 0 };

	glyph_add_text(&shown, name);
	strbuf_addc(out, '"');
	for (const char *c = shown.buf ? shown.buf : ""; *c; c++) {
		if (strchr("\"#&;<>`*_~\\", *c))
			strbuf_addf(out, "#%d;", *c);
		else
			strbuf_addc(out, *c);
	}
	strbuf_addc(out, '"');
}

void dag_mermaid(const struct dag *dag, struct strbuf *out)
{
	strbuf_adds(out, "flowchart TD\n");
	for (size_t i = 0; i < dag->n_nodes; i++) {
		strbuf_addf(out, "\tn%zu[", i + 1);
		add_mermaid_string(out, dag->nodes[i].name);
		strbuf_adds(out, "]\n");
	}
	for (size_t i = 0; i < dag->n_edges; i++)
		strbuf_addf(out, "\tn%zu --> n%zu\n", dag->edges[i].from + 1, dag->edges[i].to + 1);
}

/* Sizes in pixels. */
#define COLUMN 8
#define MARGIN 8
#define BOX    32
#define LAYER  80 /* from one to the next */

static const char svg_style[] =
	"<style>text{font:13px ui-monospace,monospace;text-anchor:middle;fill:#1f2328}"
	"rect{fill:#f6f8fa;stroke:#59636e}path{fill:none;stroke:#59636e}marker path{fill:#59636e}"
	"@media (prefers-color-scheme:dark){text{fill:#f0f6fc}rect{fill:#151b23;stroke:#9198a1}"
	"path{stroke:#9198a1}marker path{fill:#9198a1}}</style>\n"
	"<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
	"markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";

static size_t column_x(size_t column)
{
	return MARGIN + column * COLUMN + COLUMN / 2;
}

static size_t layer_y(size_t layer)
{
	return MARGIN + layer * LAYER;
}

/* A curve down to the next place, and when that is a bend, through its layer. */
static void add_svg_link(const struct dag_layout *l, const struct dag_link *link,
			 struct strbuf *out)
{
	const struct dag_place *from = &l->places[link->from], *to = &l->places[link->to];
	size_t x1 = column_x(from->out), y1 = layer_y(from->layer) + BOX;
	size_t x2 = column_x(to->out), y2 = layer_y(to->layer), half = (y2 - y1) / 2;

	strbuf_addf(out, "<path d=\"M%zu %zuC%zu %zu %zu %zu %zu %zu", x1, y1, x1, y1 + half, x2,
		    y2 - half, x2, y2);
	if (link->to >= l->n_nodes)
		strbuf_addf(out, "V%d\"/>\n", (int)(y2 + BOX));
	else
		strbuf_adds(out, "\" marker-end=\"url(#arrow)\"/>\n");
}

static void add_svg_node(const struct dag_place *p, const char *name, struct strbuf *out)
{
	size_t y = layer_y(p->layer);

	strbuf_addf(out, "<rect x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%d\" rx=\"4\"/>",
		    MARGIN + p->left * COLUMN, y, p->width * COLUMN, BOX);
	strbuf_addf(out, "<text x=\"%zu\" y=\"%zu\">",
		    MARGIN + p->left * COLUMN + p->width * COLUMN / 2, y + BOX / 2 + 5);
	autobuf shown = { 0 };
	glyph_add_text(&shown, name);
	markup_add(out, shown.buf ? shown.buf : "");
	strbuf_adds(out, "</text>\n");
}

void dag_svg(const struct dag *dag, struct strbuf *out)
{
	struct dag_layout l;
	struct dag_size size;

	dag_measure(dag, &size);
	const struct dag_style style = { .bends = size.bends <= DAG_BENDS_MAX };
	dag_lay_out(dag, style, &l);
	size_t width = 2 * MARGIN + l.width * COLUMN;
	size_t height = 2 * MARGIN + (l.n_layers ? (l.n_layers - 1) * LAYER + BOX : 0);

	strbuf_addf(out,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" "
		    "viewBox=\"0 0 %zu %zu\" role=\"img\">\n<title>pipeline</title>\n%s",
		    width, height, width, height, svg_style);
	for (size_t i = 0; i < l.n_links; i++)
		add_svg_link(&l, &l.links[i], out);
	for (size_t i = 0; i < dag->n_nodes; i++)
		add_svg_node(&l.places[i], dag->nodes[i].name, out);
	strbuf_adds(out, "</svg>\n");
	dag_layout_clear(&l);
}
