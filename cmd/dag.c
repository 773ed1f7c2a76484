/* mlops dag: a drawing of the pipeline's graph. */
#include "cmd.h"

#include <string.h>

#include "cli/term.h"
#include "mlops/dag.h"

#define FALLBACK_COLUMNS 100

struct dag_opts {
	struct opt_strs stages;
	const char *format, *rev;
	int64_t width;
	bool outs;
};

static const struct opt_spec dag_optv[] = {
	OPT(dag_opts, format, .name = "format", .letter = 'f', .type = OPT_STR, .meta = "FORMAT",
	    .choices = "text|dot|mermaid|svg", .def = "text", .help = "how to draw it"),
	OPT(dag_opts, outs, .name = "outs", .letter = 'o', .type = OPT_BOOL, .no_config = true,
	    .help = "the files that stages read and write, in place of stages"),
	OPT(dag_opts, rev, .name = "rev", .type = OPT_STR, .meta = "REV", .complete = "rev",
	    .no_config = true, .help = "the pipeline of this revision (default: the work tree's)"),
	OPT(dag_opts, width, .name = "width", .letter = 'w', .type = OPT_INT, .meta = "N",
	    .help = "a list where text would be wider (default: the terminal's, else 100)"),
	OPT_END,
};

static const struct arg_spec dag_argv[] = {
	ARG(dag_opts, stages, .name = "STAGE", .max = ARGS_ANY, .complete = "stage",
	    .help = "only this stage and those that it needs"),
	ARG_END,
};

static int print_json(const struct dag *dag)
{
	struct json *top = js_obj(), *nodes = js_arr(), *edges = js_arr();

	for (size_t i = 0; i < dag->n_nodes; i++) {
		struct json *node = js_obj();

		js_set(node, "name", js_str(dag->nodes[i].name));
		js_set(node, "layer", js_int((int64_t)dag->nodes[i].layer));
		js_push(nodes, node);
	}
	for (size_t i = 0; i < dag->n_edges; i++) {
		struct json *edge = js_obj();

		js_set(edge, "from", js_str(dag->nodes[dag->edges[i].from].name));
		js_set(edge, "to", js_str(dag->nodes[dag->edges[i].to].name));
		js_push(edges, edge);
	}
	js_set(top, "nodes", nodes);
	js_set(top, "edges", edges);
	return cmd_print_json(top);
}

static enum dag_format format_of(const char *name)
{
	return !strcmp(name, "dot")     ? DAG_DOT :
	       !strcmp(name, "mermaid") ? DAG_MERMAID :
	       !strcmp(name, "svg")     ? DAG_SVG :
					  DAG_TEXT;
}

static int dag_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct dag_opts *o = opts;
	const struct dag_how how = {
		.rev = o->rev, .stages = o->stages.v, .n_stages = o->stages.n, .files = o->outs
	};
	struct dag dag;

	if (o->width < 0)
		return err_set(err, MLOPS_EUSAGE, "--width is a number of columns, not %lld",
			       (long long)o->width);
	if (mlops_dag_load(ctx->project, &how, &dag, err))
		return -1;
	if (ctx->common.json) {
		print_json(&dag);
	} else {
		const struct dag_page page = {
			.columns = o->width ? (size_t)o->width :
					      term_columns(stdout, FALLBACK_COLUMNS),
			.utf8 = term_has_utf8(),
		};
		autofree char *text = mlops_dag_draw(&dag, format_of(o->format), &page);

		fputs(text, stdout);
	}
	mlops_dag_clear(&dag);
	return 0;
}

const struct cmd_spec cmd_dag = {
	.group = "pipelines and runs",
	.name = "dag",
	.summary = "draw the graph of the pipeline's stages or files",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = dag_optv,
	.args = dag_argv,
	.opts_size = sizeof(struct dag_opts),
	.run = dag_run,
};
