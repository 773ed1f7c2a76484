/* mlops log: metrics, parameters and tags of a run, from inside a training script. */
#include "cmd.h"

#include "base/num.h"
#include "mlops/tracking.h"
#include "pair.h"

struct log_opts {
	const char *run;
	int64_t step;
	struct opt_strs pairs;
};

#define RUN_OPTION                                                                                 \
	OPT(log_opts, run, .name = "run", .letter = 'r', .type = OPT_STR, .meta = "RUN",           \
	    .complete = "run", .no_config = true,                                                  \
	    .help = "the run; default: $MLOPS_RUN_ID, which `mlops run` sets for its stages")

static const struct opt_spec metric_optv[] = {
	RUN_OPTION,
	OPT(log_opts, step, .name = "step", .letter = 's', .type = OPT_INT, .meta = "N", .def = "0", .no_config = true, .help = "the step that the values belong to"),
	OPT_END,
};

static const struct opt_spec pair_optv[] = { RUN_OPTION, OPT_END };

static const struct arg_spec log_argv[] = {
	ARG(log_opts, pairs, .name = "KEY=VALUE", .min = 1, .max = ARGS_ANY, .help = "what to record"),
	ARG_END,
};

static int find_run(struct cmd_ctx *ctx, const struct log_opts *o, char id[MLOPS_RUN_ID],
		    struct mlops_error *err)
{
	const char *current = getenv("MLOPS_RUN_ID");

	if (o->run)
		return mlops_run_find(ctx->project, o->run, id, err);
	if (current && *current) {
		snprintf(id, MLOPS_RUN_ID, "%s", current);
		return 0;
	}
	err_set(err, MLOPS_EUSAGE, "no run to log to: there is neither --run nor MLOPS_RUN_ID");
	return err_hint(err, "name one with --run, or log from a stage of `mlops run`");
}

static int parse_metrics(const struct log_opts *o, struct run_metric *metrics,
			 struct mlops_error *err)
{
	for (size_t i = 0; i < o->pairs.n; i++) {
		const char *value;

		metrics[i].step = o->step;
		if (cmd_split_pair(o->pairs.v[i], &metrics[i].key, &value, err))
			return -1;
		if (!num_parse_double(value, &metrics[i].value))
			return err_set(err, MLOPS_EUSAGE, "metric '%s' takes a number, not '%s'",
				       metrics[i].key, value);
	}
	return 0;
}

static int metric_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct log_opts *o = opts;
	struct run_metric *metrics = xcalloc(o->pairs.n, sizeof(*metrics));
	char id[MLOPS_RUN_ID];
	int rc = -1;

	if (!parse_metrics(o, metrics, err) && !find_run(ctx, o, id, err))
		rc = mlops_run_log_metrics(ctx->project, id, metrics, o->pairs.n, err);
	mlops_metrics_free(metrics, o->pairs.n);
	return rc;
}

static int log_pairs(struct cmd_ctx *ctx, const struct log_opts *o,
		     int (*log)(struct project *, const char *, const char *, const char *,
				struct mlops_error *),
		     struct mlops_error *err)
{
	char id[MLOPS_RUN_ID];

	if (find_run(ctx, o, id, err))
		return -1;
	for (size_t i = 0; i < o->pairs.n; i++) {
		autofree char *key = NULL;
		const char *value;

		if (cmd_split_pair(o->pairs.v[i], &key, &value, err) ||
		    log(ctx->project, id, key, value, err))
			return -1;
	}
	return 0;
}

static int param_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return log_pairs(ctx, opts, mlops_run_log_param, err);
}

static int tag_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return log_pairs(ctx, opts, mlops_run_set_tag, err);
}

static const struct cmd_spec log_metric = {
	.name = "metric", .summary = "record numbers that change with the step",
	.flags = CMD_PROJECT, .opts = metric_optv, .args = log_argv,
	.opts_size = sizeof(struct log_opts), .run = metric_run,
};

static const struct cmd_spec log_param = {
	.name = "param", .summary = "record settings, each once",
	.flags = CMD_PROJECT, .opts = pair_optv, .args = log_argv,
	.opts_size = sizeof(struct log_opts), .run = param_run,
};

static const struct cmd_spec log_tag = {
	.name = "tag", .summary = "record notes, which can be replaced",
	.flags = CMD_PROJECT, .opts = pair_optv, .args = log_argv,
	.opts_size = sizeof(struct log_opts), .run = tag_run,
};

static const struct cmd_spec *const log_subs[] = { &log_metric, &log_param, &log_tag, NULL };

const struct cmd_spec cmd_log = {
	.group = "pipelines and runs", .name = "log",
	.summary = "record metrics, parameters and tags of a run", .subs = log_subs,
};
