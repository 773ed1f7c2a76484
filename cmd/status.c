/* mlops status */
#include "base/log.h"
#include "cmd.h"
#include "mlops/workspace.h"
#include "paths.h"

struct status_opts {
	struct opt_strs paths;
	bool exit_code;
};

static const struct opt_spec status_optv[] = {
	OPT(status_opts, exit_code, .name = "exit-code", .type = OPT_BOOL, .help = "exit with 3 when anything differs"),
	OPT_END,
};

static const struct arg_spec status_argv[] = {
	ARG(status_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path", .help = "tracked paths, or folders that hold some (default: all)"),
	ARG_END,
};

static const char *const kind_names[] = { "clean",   "modified", "added", "deleted",
					  "missing", "type",     "absent" };

struct report {
	struct json *changes; /* NULL: lines are printed */
	size_t changed, missing, absent;
};

static void print_entry(const struct status_entry *e)
{
	autofree char *path = cmd_show_path(e->path);

	if (e->kind == STATUS_ABSENT)
		printf("not here: %s (%llu file%s)\n", path, (unsigned long long)e->files,
		       e->files == 1 ? "" : "s");
	else
		printf("%s: %s\n", kind_names[e->kind], path);
}

static int take(const struct status_entry *e, void *arg, struct mlops_error *err)
{
	struct report *r = arg;

	(void)err;
	r->changed += e->kind != STATUS_ABSENT;
	r->missing += e->kind == STATUS_MISSING;
	r->absent += e->kind == STATUS_ABSENT;
	if (!r->changes) {
		print_entry(e);
		return 0;
	}
	struct json *entry = js_obj();
	js_set(entry, "kind", js_str(kind_names[e->kind]));
	js_set(entry, "path", js_str(e->path));
	js_set(entry, "target", js_str(e->target));
	if (e->kind == STATUS_ABSENT)
		js_set(entry, "files", js_int((int64_t)e->files));
	js_push(r->changes, entry);
	return 0;
}

static void print_report(struct report *r)
{
	if (r->changes) {
		struct json *top = js_obj();

		js_set(top, "clean", js_bool(!r->changed));
		js_set(top, "changes", js_ref(r->changes));
		cmd_print_json(top);
		return;
	}
	if (!r->changed && !r->absent)
		puts("nothing has changed");
	if (r->missing)
		log_info("get what is missing with: mlops checkout");
	if (r->absent)
		log_info("get what is not here with: mlops pull");
}

static int status_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct status_opts *o = opts;
	autojson *changes = ctx->common.json ? js_arr() : NULL;
	struct report report = { .changes = changes };
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    mlops_status(ctx->project, (const char *const *)paths.v, paths.n, take, &report, err))
		return -1;
	print_report(&report);
	return report.changed && o->exit_code ? CMD_EXIT_NO : 0;
}

const struct cmd_spec cmd_status = {
	.group = "data", .name = "status", .summary = "show how tracked data differs from its pointers",
	.flags = CMD_LOCK_READ | CMD_JSON, .opts = status_optv, .args = status_argv,
	.opts_size = sizeof(struct status_opts), .run = status_run,
};
