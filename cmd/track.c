/* mlops track */
#include "base/num.h"
#include "cmd.h"
#include "mlops/workspace.h"
#include "paths.h"
#include "view.h"

struct track_opts {
	struct opt_strs paths;
};

static const struct arg_spec track_argv[] = {
	ARG(track_opts, paths, .name = "PATH", .min = 1, .max = ARGS_ANY, .complete = "path", .help = "a file or folder of data"),
	ARG_END,
};

static void print_pointer(const struct pointer *p, bool unchanged, void *arg)
{
	autofree char *path = cmd_show_path(p->path);
	char size[NUM_SIZE];

	(void)arg;
	num_format_bytes(p->ref.size, size);
	if (unchanged)
		printf("unchanged: %s\n", path);
	else if (p->ref.kind == OBJECT_TREE)
		printf("tracked: %s (%llu files, %s)\n", path, (unsigned long long)p->ref.files, size);
	else
		printf("tracked: %s (%s)\n", path, size);
}

static void collect_pointer(const struct pointer *p, bool unchanged, void *arg)
{
	struct json *entry = view_ref(&p->ref);

	js_set(entry, "path", js_str(p->path));
	js_set(entry, "unchanged", js_bool(unchanged));
	js_push(arg, entry);
}

static int track_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct track_opts *o = opts;
	autojson *tracked = js_arr();
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    mlops_track(ctx->project, (const char *const *)paths.v, paths.n, 0,
			ctx->common.json ? collect_pointer : print_pointer, tracked, err))
		return -1;
	if (!ctx->common.json)
		return 0;
	struct json *top = js_obj();
	js_set(top, "tracked", js_ref(tracked));
	return cmd_print_json(top);
}

const struct cmd_spec cmd_track = {
	.group = "data", .name = "track", .summary = "store data and let git hold a pointer to it",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .args = track_argv,
	.opts_size = sizeof(struct track_opts), .run = track_run,
};
