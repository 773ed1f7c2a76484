/* mlops checkout */
#include "base/log.h"
#include "cmd.h"
#include "mlops/workspace.h"
#include "paths.h"

struct checkout_opts {
	struct opt_strs paths;
	bool force;
};

static const struct opt_spec checkout_optv[] = {
	OPT(checkout_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true, .help = "overwrite changes too; what they hold is stored first"),
	OPT_END,
};

static const struct arg_spec checkout_argv[] = {
	ARG(checkout_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path", .help = "tracked paths, or folders that hold some (default: all)"),
	ARG_END,
};

static int print_json(const struct checkout_counts *c)
{
	struct json *v = js_obj();

	js_set(v, "written", js_int((int64_t)c->written));
	js_set(v, "removed", js_int((int64_t)c->removed));
	js_set(v, "unchanged", js_int((int64_t)c->unchanged));
	js_set(v, "absent", js_int((int64_t)c->absent));
	return cmd_print_json(v);
}

static int checkout_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct checkout_opts *o = opts;
	struct checkout_counts counts;
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    mlops_checkout(ctx->project, (const char *const *)paths.v, paths.n, o->force, &counts, err))
		return -1;
	if (ctx->common.json)
		return print_json(&counts);
	printf("%llu written, %llu removed, %llu unchanged\n", (unsigned long long)counts.written,
	       (unsigned long long)counts.removed, (unsigned long long)counts.unchanged);
	if (counts.absent)
		log_info("%llu file%s not here: mlops pull fetches what is missing",
			 (unsigned long long)counts.absent, counts.absent == 1 ? " is" : "s are");
	return 0;
}

const struct cmd_spec cmd_checkout = {
	.group = "data", .name = "checkout", .summary = "make tracked data what its pointers say",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .opts = checkout_optv, .args = checkout_argv,
	.opts_size = sizeof(struct checkout_opts), .run = checkout_run,
};
