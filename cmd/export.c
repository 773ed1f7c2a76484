/* mlops export: the pipeline in the form of another program. */
#include "base/fs.h"
#include "cmd.h"
#include "convert.h"
#include "mlops/engine.h"

struct export_opts {
	const char *engine, *output;
};

static const struct opt_spec export_optv[] = {
	OPT(export_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "FILE",
	    .no_config = true, .complete = "path",
	    .help = "write to a file (default: standard output)"),
	OPT_END,
};

static const struct arg_spec export_argv[] = {
	ARG(export_opts, engine, .name = "ENGINE", .min = 1, .max = 1,
	    .help = "local, make, kubernetes, or one that the settings name"),
	ARG_END,
};

static int export_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct export_opts *o = opts;
	autofree char *text = NULL;

	if (mlops_export(ctx->project, o->engine, &text, err))
		return -1;
	if (o->output)
		return fs_write_atomic(o->output, text, strlen(text), 0666, err);
	fputs(text, stdout);
	return 0;
}

static const struct cmd_spec *const export_subs[] = { &convert_to_dvc, NULL };

const struct cmd_spec cmd_export = {
	.group = "pipelines and runs",
	.name = "export",
	.summary = "write the pipeline for another program to run",
	.flags = CMD_PROJECT,
	.opts = export_optv,
	.args = export_argv,
	.opts_size = sizeof(struct export_opts),
	.run = export_run,
	.subs = export_subs,
};
