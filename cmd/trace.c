/* mlops trace: what `mlops run --check-deps` puts in front of commands. Not listed in help. */
#include <stdlib.h>

#include "cmd.h"
#include "argv.h"
#include "mlops/confine.h"

struct trace_opts {
	const char *log;
	struct opt_strs command;
};

static const struct arg_spec trace_argv[] = {
	ARG(trace_opts, log, .name = "LOG", .min = 1, .max = 1, .complete = "path",
	    .help = "file that what is opened is appended to"),
	ARG(trace_opts, command, .name = "COMMAND", .min = 1, .max = ARGS_ANY,
	    .help = "a program and its arguments, behind --"),
	ARG_END,
};

static int trace_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct trace_opts *o = opts;
	autofree const char **argv = argv_of(&o->command);
	int status;

	(void)ctx;
	if (mlops_trace(argv, o->log, &status, err))
		return -1;
	exit(status);
}

const struct cmd_spec cmd_trace = {
	.name = "trace", .summary = "run a command and note which files it opens",
	.args = trace_argv, .opts_size = sizeof(struct trace_opts), .run = trace_run,
};
