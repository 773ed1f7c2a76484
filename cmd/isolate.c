/* mlops isolate: what a stage with `sandbox: true` has in front of its commands. Not listed in help. */
#include "cmd.h"
#include "argv.h"
#include "mlops/confine.h"

struct isolate_opts {
	const char *root, *stage, *wdir;
	struct opt_strs read, write, command;
};

static const struct opt_spec isolate_optv[] = {
	OPT(isolate_opts, wdir, .name = "wdir", .type = OPT_STR, .meta = "DIR", .def = "",
	    .no_config = true, .help = "folder below ROOT to run in"),
	OPT(isolate_opts, read, .name = "read", .type = OPT_STRS, .meta = "PATH", .no_config = true,
	    .help = "path below ROOT that can be read"),
	OPT(isolate_opts, write, .name = "write", .type = OPT_STRS, .meta = "PATH",
	    .no_config = true, .help = "path below ROOT that can be written"),
	OPT_END,
};

static const struct arg_spec isolate_argv[] = {
	ARG(isolate_opts, root, .name = "ROOT", .min = 1, .max = 1, .complete = "dir",
	    .help = "folder that is replaced"),
	ARG(isolate_opts, stage, .name = "STAGE", .min = 1, .max = 1, .complete = "dir",
	    .help = "empty folder that stands for it"),
	ARG(isolate_opts, command, .name = "COMMAND", .min = 1, .max = ARGS_ANY,
	    .help = "a program and its arguments, behind --"),
	ARG_END,
};

static int isolate_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct isolate_opts *o = opts;
	const struct isolation how = {
		.root = o->root,
		.stage = o->stage,
		.wdir = o->wdir,
		.read = o->read.v,
		.n_read = o->read.n,
		.write = o->write.v,
		.n_write = o->write.n,
	};

	autofree const char **argv = argv_of(&o->command);

	(void)ctx;
	return mlops_isolate(&how, argv, err);
}

const struct cmd_spec cmd_isolate = {
	.name = "isolate", .summary = "run a command that sees only a part of a folder",
	.opts = isolate_optv, .args = isolate_argv,
	.opts_size = sizeof(struct isolate_opts), .run = isolate_run,
};
