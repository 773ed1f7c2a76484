/* mlops update */
#include "base/vec.h"
#include "cmd.h"
#include "mlops/dvc_stages.h"
#include "mlops/origin.h"
#include "paths.h"

struct update_opts {
	struct opt_strs paths;
	const char *rev;
	bool force, dry_run;
};

static const struct opt_spec update_optv[] = {
	OPT(update_opts, rev, .name = "rev", .type = OPT_STR, .meta = "REV", .no_config = true,
	    .help = "follow this branch, tag or commit from now on"),
	OPT(update_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true,
	    .help = "overwrite changes too; what they hold is stored first"),
	OPT(update_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true, .help = "say what has changed at its origin, and change nothing"),
	OPT_END,
};

static const struct arg_spec update_argv[] = {
	ARG(update_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path",
	    .help = "imported paths, or folders that hold some (default: all)"),
	ARG_END,
};

static const char *const words[] = {
	[UPDATE_SAME] = "unchanged", [UPDATE_NEW] = "updated", [UPDATE_WOULD] = "to update"
};

static void report(const struct update_report *r, void *arg)
{
	struct json *list = arg;

	if (!list) {
		autofree char *shown = cmd_show_path(r->path);

		printf("%s: %s (%.12s", words[r->outcome], shown, r->was);
		printf(r->outcome == UPDATE_SAME ? ")\n" : " -> %.12s)\n", r->now);
		return;
	}
	struct json *v = js_obj();
	js_set(v, "path", js_str(r->path));
	js_set(v, "outcome", js_str(words[r->outcome]));
	js_set(v, "was", js_str(r->was));
	js_set(v, "now", js_str(r->now));
	js_push(list, v);
}

static int update_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct update_opts *o = opts;
	const struct update_how how = { .rev = o->rev,
					.dry_run = o->dry_run,
					.get = { .force = o->force,
						 .add_stages = mlops_dvc_add_stages } };
	autojson *list = ctx->common.json ? js_arr() : NULL;
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    mlops_update(ctx->project, (const char *const *)paths.v, paths.n, &how, report, list,
			 err))
		return -1;
	if (!list)
		return 0;
	struct json *top = js_obj();
	js_set(top, "updates", js_ref(list));
	return cmd_print_json(top);
}

const struct cmd_spec cmd_update = {
	.group = "share",
	.name = "update",
	.summary = "bring imported data to what its origin has now",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON,
	.opts = update_optv,
	.args = update_argv,
	.opts_size = sizeof(struct update_opts),
	.run = update_run,
};
