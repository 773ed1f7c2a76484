/* mlops exec: a command whose MLflow client logs to this project. */
#include "cmd.h"

#include <errno.h>
#include <signal.h>

#include "argv.h"
#include "base/proc.h"
#include "mlops/listener.h"
#include "mlops/tracking.h"
#include "tracking_env.h"

struct exec_opts {
	const char *name, *experiment;
	bool no_run;
	struct opt_strs command;
};

static const struct opt_spec exec_optv[] = {
	OPT(exec_opts, name, .name = "name", .type = OPT_STR, .meta = "NAME", .no_config = true,
	    .help = "name of the run (default: one is made up)"),
	OPT(exec_opts, experiment, .name = "experiment", .letter = 'e', .type = OPT_STR,
	    .meta = "NAME", .def = "Default", .help = "experiment of the run, or of those that the command starts"),
	OPT(exec_opts, no_run, .name = "no-run", .type = OPT_BOOL,
	    .help = "start no run: the command starts those that it wants"),
	OPT_END,
};

static const struct arg_spec exec_argv[] = {
	ARG(exec_opts, command, .name = "COMMAND", .min = 1, .max = ARGS_ANY,
	    .help = "a program and its arguments, behind --"),
	ARG_END,
};

/* The command gets what the terminal sends to all of us; what is for us alone is handed on. */
static volatile sig_atomic_t child_pid, early;

static void hand_on(int number)
{
	int saved = errno;

	if (child_pid > 0)
		kill(child_pid, number);
	else
		early = number;
	errno = saved;
}

static void leave(int number)
{
	(void)number; /* no SIG_IGN, which the command would inherit */
}

static void take_signals(void)
{
	struct sigaction hand = { .sa_handler = hand_on, .sa_flags = SA_RESTART };
	struct sigaction left = { .sa_handler = leave, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &hand, NULL);
	sigaction(SIGHUP, &hand, NULL);
	sigaction(SIGINT, &left, NULL);
	sigaction(SIGQUIT, &left, NULL);
}

static int run_command(const struct exec_opts *o, const char *const *env, int *status, struct mlops_error *err)
{
	autofree const char **argv = argv_of(&o->command);
	const struct proc_spec spec = { .argv = argv, .env = env, .stdin_fd = STDIN_FILENO,
					.stdout_fd = -1, .stderr_fd = -1 };
	struct proc_result result;
	pid_t pid;

	take_signals();
	if (proc_spawn(&spec, &pid, err))
		return -1;
	child_pid = pid;
	if (early)
		kill(pid, early);
	if (proc_wait(pid, &result, err))
		return -1;
	child_pid = 0;
	*status = result.status;
	return 0;
}

static int run_logged(struct cmd_ctx *ctx, const struct exec_opts *o, const char *run, int *status,
		      struct mlops_error *err)
{
	struct tracking_env env;

	if (tracking_env_open(ctx->project, run, o->experiment, &env, err))
		return -1;
	int rc = run_command(o, env.env, status, err);
	tracking_env_close(&env);
	return rc;
}

static int exec_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct exec_opts *o = opts;
	const struct run_new how = { .experiment = o->experiment, .name = o->name };
	char id[MLOPS_RUN_ID] = "";
	autoerr second = ERR_INIT;
	int status = 1;

	if (o->no_run && o->name)
		return err_set(err, MLOPS_EUSAGE, "with --no-run there is no run that --name could name");
	if (!o->no_run && mlops_run_start(ctx->project, &how, id, err))
		return -1;
	int rc = run_logged(ctx, o, *id ? id : NULL, &status, err);
	if (*id && mlops_run_end(ctx->project, id, !rc && !status ? RUN_FINISHED : RUN_FAILED, status, &second))
		return rc ? -1 : err_move(err, &second);
	if (rc)
		return -1;
	if (*id && !ctx->common.quiet)
		fprintf(stderr, "run %s: %s\n", id, status ? "failed" : "finished");
	return status;
}

const struct cmd_spec cmd_exec = {
	.group = "pipelines and runs",
	.name = "exec",
	.summary = "run a command whose MLflow client logs to this project",
	.flags = CMD_PROJECT,
	.opts = exec_optv,
	.args = exec_argv,
	.opts_size = sizeof(struct exec_opts),
	.run = exec_run,
};
