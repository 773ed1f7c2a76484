/* mlops export: the pipeline in the form of another program, or tracked data to a hub. */
#include "base/fs.h"
#include "convert.h"
#include "hub.h"
#include "mlops/engine.h"
#include "mlops/hub.h"

struct export_opts {
	const char *target, *path, *output, *message;
};

static const struct opt_spec export_optv[] = {
	OPT(export_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "FILE",
	    .no_config = true, .complete = "path",
	    .help = "of an engine: write to a file (default: standard output)"),
	OPT(export_opts, message, .name = "message", .letter = 'm', .type = OPT_STR, .meta = "TEXT",
	    .no_config = true, .help = "of a hub: the title of the commit"),
	OPT_END,
};

static const struct arg_spec export_argv[] = {
	ARG(export_opts, target, .name = "TARGET", .min = 1, .max = 1,
	    .help = "an engine: local, make, kubernetes, or one that the settings name; or hf://ORG/NAME[@BRANCH]"),
	ARG(export_opts, path, .name = "PATH", .max = 1, .complete = "path",
	    .help = "of a hub: what is tracked and is to be sent"),
	ARG_END,
};

static int export_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct export_opts *o = opts;
	autofree char *text = NULL;

	if (mlops_hub_is_url(o->target))
		return hub_export(ctx, o->target, o->path, o->message, err);
	if (o->path || o->message || ctx->common.json)
		return err_set(err, MLOPS_EUSAGE, "an engine takes no PATH, --message or --json");
	if (mlops_export(ctx->project, o->target, &text, err))
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
	.summary = "write the pipeline for another program to run, or send data to a hub",
	.flags = CMD_LOCK_READ | CMD_JSON,
	.opts = export_optv,
	.args = export_argv,
	.opts_size = sizeof(struct export_opts),
	.run = export_run,
	.subs = export_subs,
};
