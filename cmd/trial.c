/* mlops trial: one trial of a search, as `mlops exp` starts it. Not listed in help. */
#include "cmd.h"

#include "base/num.h"
#include "base/proc.h"
#include "mlops/search.h"

struct trial_opts {
	const char *search, *number, *slot;
};

static const struct arg_spec trial_argv[] = {
	ARG(trial_opts, search, .name = "SEARCH", .min = 1, .max = 1, .help = "the search"),
	ARG(trial_opts, number, .name = "NUMBER", .min = 1, .max = 1, .help = "the trial"),
	ARG(trial_opts, slot, .name = "DIR", .min = 1, .max = 1, .help = "the work tree to use"),
	ARG_END,
};

/* Why it failed is in the database, for whoever asks for the trial. */
static int trial_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct trial_opts *o = opts;
	autofree char *program = NULL;
	int64_t number;

	if (!num_parse_i64(o->number, &number))
		return err_set(err, MLOPS_EUSAGE, "'%s' is no number of a trial", o->number);
	if (proc_self_path(&program, err))
		return -1;
	return mlops_trial_run(ctx->project, o->search, number, o->slot, program, err) ? 1 : 0;
}

const struct cmd_spec cmd_trial = {
	.name = "trial",
	.summary = "run one trial of a search",
	.flags = CMD_PROJECT,
	.args = trial_argv,
	.opts_size = sizeof(struct trial_opts),
	.run = trial_run,
};
