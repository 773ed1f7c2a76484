/* mlops edit */
#include "cmd.h"
#include "mlops/workspace.h"
#include "paths.h"

struct edit_opts {
	struct opt_strs paths;
};

static const struct arg_spec edit_argv[] = {
	ARG(edit_opts, paths, .name = "PATH", .min = 1, .max = ARGS_ANY, .complete = "path", .help = "a file that is to be changed, or a folder of them"),
	ARG_END,
};

struct report {
	struct json *copied; /* NULL: lines are printed */
	int64_t others;
};

static void take(const char *path, bool copied, void *arg)
{
	struct report *r = arg;

	r->others += !copied;
	if (copied && r->copied)
		js_push(r->copied, js_str(path));
	if (!copied || r->copied)
		return;
	autofree char *shown = cmd_show_path(path);
	printf("own copy: %s\n", shown);
}

static int edit_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct edit_opts *o = opts;
	autojson *copied = ctx->common.json ? js_arr() : NULL;
	struct report report = { .copied = copied };
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    mlops_edit(ctx->project, (const char *const *)paths.v, paths.n, take, &report, err))
		return -1;
	if (copied) {
		struct json *top = js_obj();

		js_set(top, "copied", js_ref(copied));
		js_set(top, "unchanged", js_int(report.others));
		return cmd_print_json(top);
	}
	if (report.others)
		printf("%lld file%s no link to the store\n", (long long)report.others,
		       report.others == 1 ? " is" : "s are");
	return 0;
}

const struct cmd_spec cmd_edit = {
	.group = "data", .name = "edit", .summary = "make files that are links to the store writable copies",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .args = edit_argv,
	.opts_size = sizeof(struct edit_opts), .run = edit_run,
};
