/* mlops runs tag, rm and restore. */
#include "cmd.h"

#include "mlops/tracking.h"
#include "pair.h"

struct tag_opts {
	const char *run;
	struct opt_strs pairs, remove;
};

static const struct opt_spec tag_optv[] = {
	OPT(tag_opts, remove, .name = "remove", .letter = 'd', .type = OPT_STRS, .meta = "KEY",
	    .no_config = true, .help = "take this tag away; may be given again"),
	OPT_END,
};

static const struct arg_spec tag_argv[] = {
	ARG(tag_opts, run, .name = "RUN", .min = 1, .max = 1, .complete = "run", .help = "the run"),
	ARG(tag_opts, pairs, .name = "KEY=VALUE", .max = ARGS_ANY, .help = "what to note"),
	ARG_END,
};

static int set_tags(struct cmd_ctx *ctx, const struct tag_opts *o, const char *id,
		    struct mlops_error *err)
{
	for (size_t i = 0; i < o->pairs.n; i++) {
		autofree char *key = NULL;
		const char *value;

		if (cmd_split_pair(o->pairs.v[i], &key, &value, err) ||
		    mlops_run_set_tag(ctx->project, id, key, value, err))
			return -1;
	}
	for (size_t i = 0; i < o->remove.n; i++)
		if (mlops_run_delete_tag(ctx->project, id, o->remove.v[i], err))
			return -1;
	return 0;
}

static int tag_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct tag_opts *o = opts;
	char id[MLOPS_RUN_ID];

	if (!o->pairs.n && !o->remove.n)
		return err_set(err, MLOPS_EUSAGE,
			       "there is nothing to change: neither KEY=VALUE nor --remove");
	return mlops_run_find(ctx->project, o->run, id, err) || set_tags(ctx, o, id, err) ? -1 : 0;
}

struct runs_opts {
	struct opt_strs runs;
};

static const struct arg_spec runs_argv[] = {
	ARG(runs_opts, runs, .name = "RUN", .min = 1, .max = ARGS_ANY, .complete = "run",
	    .help = "a run"),
	ARG_END,
};

/* All are found before the first is changed. */
static int set_deleted(struct cmd_ctx *ctx, const struct runs_opts *o, bool deleted,
		       struct mlops_error *err)
{
	char(*ids)[MLOPS_RUN_ID] = xcalloc(o->runs.n, sizeof(*ids));
	struct json *list = js_arr();
	int rc = 0;

	for (size_t i = 0; !rc && i < o->runs.n; i++)
		rc = mlops_run_find(ctx->project, o->runs.v[i], ids[i], err);
	for (size_t i = 0; !rc && i < o->runs.n; i++) {
		rc = mlops_run_set_deleted(ctx->project, ids[i], deleted, err);
		js_push(list, js_str(ids[i]));
		if (!rc && !ctx->common.json && !ctx->common.quiet)
			printf("%s: %s\n", deleted ? "removed" : "restored", ids[i]);
	}
	free(ids);
	if (rc || !ctx->common.json) {
		js_free(list);
		return rc;
	}
	return cmd_print_json(js_pack("{s:o}", "runs", list));
}

static int rm_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return set_deleted(ctx, opts, true, err);
}

static int restore_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	return set_deleted(ctx, opts, false, err);
}

const struct cmd_spec cmd_runs_tag = {
	.name = "tag",
	.summary = "note something of a run, or take a note away",
	.flags = CMD_PROJECT,
	.opts = tag_optv,
	.args = tag_argv,
	.opts_size = sizeof(struct tag_opts),
	.run = tag_run,
};

const struct cmd_spec cmd_runs_rm = {
	.name = "rm",
	.summary = "take runs out of all lists; what they have is kept",
	.flags = CMD_PROJECT | CMD_JSON,
	.args = runs_argv,
	.opts_size = sizeof(struct runs_opts),
	.run = rm_run,
};

const struct cmd_spec cmd_runs_restore = {
	.name = "restore",
	.summary = "put runs back that were removed",
	.flags = CMD_PROJECT | CMD_JSON,
	.args = runs_argv,
	.opts_size = sizeof(struct runs_opts),
	.run = restore_run,
};
