/* mlops offload: stands for a stage that runs on another engine. Not listed in help. */
#include <stdlib.h>

#include "cmd.h"
#include "mlops/engine.h"

struct offload_opts {
	const char *engine, *stage, *run, *wdir, *command;
	struct opt_strs read, out, env, secret;
	bool code;
	int64_t cpus, gpus, timeout;
	uint64_t memory;
};

static const struct opt_spec offload_optv[] = {
	OPT(offload_opts, run, .name = "run", .type = OPT_STR, .meta = "RUN", .def = "",
	    .no_config = true, .help = "experiment run that the stage is of"),
	OPT(offload_opts, wdir, .name = "wdir", .type = OPT_STR, .meta = "DIR", .def = "",
	    .no_config = true, .help = "folder below the root to run in"),
	OPT(offload_opts, read, .name = "read", .type = OPT_STRS, .meta = "PATH", .no_config = true,
	    .help = "path below the root that is sent"),
	OPT(offload_opts, code, .name = "code", .type = OPT_BOOL, .no_config = true,
	    .help = "send the files that git has, too"),
	OPT(offload_opts, out, .name = "out", .type = OPT_STRS, .meta = "PATH", .no_config = true,
	    .help = "path below the root that is brought back"),
	OPT(offload_opts, env, .name = "env", .type = OPT_STRS, .meta = "NAME", .no_config = true,
	    .help = "variable that is passed on"),
	OPT(offload_opts, secret, .name = "secret", .type = OPT_STRS, .meta = "NAME",
	    .no_config = true, .help = "variable that is passed on unseen"),
	OPT(offload_opts, cpus, .name = "cpus", .type = OPT_INT, .meta = "N", .no_config = true,
	    .help = "processors that it needs"),
	OPT(offload_opts, gpus, .name = "gpus", .type = OPT_INT, .meta = "N", .no_config = true,
	    .help = "GPUs that it needs"),
	OPT(offload_opts, memory, .name = "memory", .type = OPT_BYTES, .meta = "SIZE",
	    .no_config = true, .help = "memory that it needs"),
	OPT(offload_opts, timeout, .name = "timeout", .type = OPT_DURATION, .meta = "TIME",
	    .no_config = true, .help = "time after which it is ended"),
	OPT_END,
};

static const struct arg_spec offload_argv[] = {
	ARG(offload_opts, engine, .name = "ENGINE", .min = 1, .max = 1, .help = "engine to run on"),
	ARG(offload_opts, stage, .name = "STAGE", .min = 1, .max = 1, .complete = "stage",
	    .help = "stage that it stands for"),
	ARG(offload_opts, command, .name = "COMMAND", .min = 1, .max = 1,
	    .help = "text for sh -c, behind --"),
	ARG_END,
};

static int offload_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct offload_opts *o = opts;
	const struct offload what = {
		.engine = o->engine,
		.stage = o->stage,
		.run_id = o->run,
		.wdir = o->wdir,
		.command = o->command,
		.read = o->read.v,
		.n_read = o->read.n,
		.outs = o->out.v,
		.n_outs = o->out.n,
		.env = o->env.v,
		.n_env = o->env.n,
		.secrets = o->secret.v,
		.n_secrets = o->secret.n,
		.code = o->code,
		.cpus = o->cpus,
		.gpus = o->gpus,
		.memory = o->memory,
		.timeout_ms = o->timeout,
	};
	int status;

	if (mlops_offload(ctx->project, &what, &status, err))
		return -1;
	exit(status);
}

const struct cmd_spec cmd_offload = {
	.name = "offload",
	.summary = "run a stage on another engine",
	.flags = CMD_PROJECT,
	.opts = offload_optv,
	.args = offload_argv,
	.opts_size = sizeof(struct offload_opts),
	.run = offload_run,
};
