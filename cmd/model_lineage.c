/* mlops model lineage: where a version comes from, and where it went. */
#include "model.h"

#include "mlops/lineage.h"
#include "mlops/project.h"

#define SHORT_ID 8

struct lineage_opts {
	const char *spec, *format;
};

static const struct opt_spec lineage_optv[] = {
	OPT(lineage_opts, format, .name = "format", .letter = 'f', .type = OPT_STR, .meta = "FORM",
	    .def = "text", .no_config = true, .help = "text or dot"),
	OPT_END,
};

static const struct arg_spec lineage_argv[] = {
	ARG(lineage_opts, spec, .name = "VERSION", .min = 1, .max = 1, .complete = "model",
	    .help = "NAME:N or NAME@ALIAS; NAME alone is its newest"),
	ARG_END,
};

static void print_json(const struct lineage *l)
{
	struct json *top = js_obj(), *nodes = js_arr(), *edges = js_arr();

	for (size_t i = 0; i < l->n_nodes; i++) {
		const struct lineage_node *n = &l->nodes[i];
		struct json *obj = js_obj();

		js_set(obj, "id", js_str(n->id));
		js_set(obj, "kind", js_str(mlops_lineage_kind_name(n->kind)));
		js_set(obj, "label", js_str(n->label));
		js_set(obj, "detail", js_str(n->detail));
		js_push(nodes, obj);
	}
	for (size_t i = 0; i < l->n_edges; i++) {
		struct json *obj = js_obj();

		js_set(obj, "from", js_str(l->nodes[l->edges[i].from].id));
		js_set(obj, "to", js_str(l->nodes[l->edges[i].to].id));
		js_push(edges, obj);
	}
	js_set(top, "nodes", nodes);
	js_set(top, "edges", edges);
	js_set(top, "cut", js_bool(l->cut));
	cmd_print_json(top);
}

/* A string of the dot language, in which quotes and line ends need a backslash. */
static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if (*text == '\n')
			fputs("\\n", stdout);
		else
			putchar(*text);
	}
	putchar('"');
}

static void print_dot(const struct lineage *l)
{
	static const char *const shapes[] = { "box3d", "ellipse", "cylinder", "note", "component" };

	puts("digraph lineage {\n\trankdir=LR;");
	for (size_t i = 0; i < l->n_nodes; i++) {
		autofree char *label = xasprintf("%s %s", mlops_lineage_kind_name(l->nodes[i].kind),
						 l->nodes[i].label);

		printf("\tn%zu [shape=%s, label=", i, shapes[l->nodes[i].kind]);
		print_quoted(label);
		puts("];");
	}
	for (size_t i = 0; i < l->n_edges; i++)
		printf("\tn%zu -> n%zu;\n", l->edges[i].from, l->edges[i].to);
	puts("}");
}

struct drawing {
	const struct lineage *l;
	bool *drawn;
};

static void print_node(const struct lineage_node *n, size_t depth, bool again)
{
	printf("%*s%s %s", (int)(2 * depth), "", mlops_lineage_kind_name(n->kind), n->label);
	if (*n->detail)
		printf("  %.*s", n->kind == LINEAGE_RUN || n->kind == LINEAGE_DATA ? SHORT_ID : 40,
		       n->detail);
	puts(again ? "  (see above)" : "");
}

/* What a node was made of below it, or with `down` what was made of it. */
static void draw(struct drawing *d, size_t node, size_t depth, bool down)
{
	bool again = d->drawn[node];

	print_node(&d->l->nodes[node], depth, again);
	d->drawn[node] = true;
	for (size_t i = 0; i < d->l->n_edges && !again; i++) {
		const struct lineage_edge *e = &d->l->edges[i];

		if ((down ? e->from : e->to) == node)
			draw(d, down ? e->to : e->from, depth + 1, down);
	}
}

static void print_text(const struct lineage *l)
{
	autofree bool *drawn = xcalloc(l->n_nodes, sizeof(*drawn));
	struct drawing d = { l, drawn };
	bool any = false;

	draw(&d, 0, 0, false);
	for (size_t i = 0; i < l->n_edges; i++) {
		if (l->edges[i].from != 0)
			continue;
		if (!any)
			puts("used by");
		any = true;
		draw(&d, l->edges[i].to, 1, true);
	}
	if (l->cut)
		printf("and more than %d others\n", LINEAGE_MAX);
}

static int lineage_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct lineage_opts *o = opts;
	struct lineage *lineage;
	bool dot = !strcmp(o->format, "dot");

	if (!dot && strcmp(o->format, "text") != 0)
		return err_set(err, MLOPS_EUSAGE, "there is no form '%s' but text and dot",
			       o->format);
	if (mlops_model_lineage(ctx->project, o->spec, &lineage, err))
		return -1;
	if (ctx->common.json)
		print_json(lineage);
	else if (dot)
		print_dot(lineage);
	else
		print_text(lineage);
	mlops_lineage_free(lineage);
	return 0;
}

const struct cmd_spec cmd_model_lineage = {
	.name = "lineage",
	.summary = "show what a version was made of, and what it was used for",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = lineage_optv,
	.args = lineage_argv,
	.opts_size = sizeof(struct lineage_opts),
	.run = lineage_run,
};
