/* mlops untrack */
#include "base/log.h"
#include "cmd.h"
#include "mlops/workspace.h"
#include "paths.h"

struct untrack_opts {
	struct opt_strs paths;
	bool remove, force, dry_run;
};

static const struct opt_spec untrack_optv[] = {
	OPT(untrack_opts, remove, .name = "rm", .type = OPT_BOOL, .no_config = true, .help = "delete the data from the work tree too"),
	OPT(untrack_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true, .help = "also where no commit names the data; changes that would go are stored first"),
	OPT(untrack_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be done, and change nothing"),
	OPT_END,
};

static const struct arg_spec untrack_argv[] = {
	ARG(untrack_opts, paths, .name = "PATH", .min = 1, .max = ARGS_ANY, .complete = "path", .help = "a tracked path, or a path inside a tracked folder"),
	ARG_END,
};

static int print_json(const struct untrack_opts *o, const struct strlist *paths,
		      const struct untrack_counts *counts)
{
	struct json *v = js_obj(), *list = js_arr();

	for (size_t i = 0; i < paths->n; i++)
		js_push(list, js_str(paths->v[i]));
	js_set(v, "untracked", list);
	js_set(v, "restored", js_int((int64_t)counts->restored));
	js_set(v, "removed", js_int((int64_t)counts->removed));
	js_set(v, "absent", js_int((int64_t)counts->absent));
	js_set(v, "dry_run", js_bool(o->dry_run));
	return cmd_print_json(v);
}

static void print_count(uint64_t n, const char *what)
{
	if (n)
		printf("%llu file%s %s\n", (unsigned long long)n, n == 1 ? "" : "s", what);
}

static int print(const struct untrack_opts *o, const struct strlist *paths,
		 const struct untrack_counts *counts)
{
	for (size_t i = 0; i < paths->n; i++) {
		autofree char *path = cmd_show_path(paths->v[i]);

		printf("%s: %s\n", o->dry_run ? "to untrack" : "untracked", path);
	}
	print_count(counts->restored, o->dry_run ? "to restore from the store" : "restored from the store");
	print_count(counts->removed, o->dry_run ? "to delete" : "deleted");
	if (counts->absent)
		log_info("%llu file%s never pulled; only commits that track them name them now",
			 (unsigned long long)counts->absent, counts->absent == 1 ? " was" : "s were");
	return 0;
}

static int untrack_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct untrack_opts *o = opts;
	unsigned how = (o->remove ? UNTRACK_REMOVE : 0) | (o->force ? UNTRACK_FORCE : 0) |
		       (o->dry_run ? UNTRACK_DRY_RUN : 0);
	struct untrack_counts counts;
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &o->paths, &paths, err) ||
	    mlops_untrack(ctx->project, (const char *const *)paths.v, paths.n, how, &counts, err))
		return -1;
	return ctx->common.json ? print_json(o, &paths, &counts) : print(o, &paths, &counts);
}

const struct cmd_spec cmd_untrack = {
	.group = "data", .name = "untrack", .summary = "stop tracking data and keep it",
	.flags = CMD_LOCK_WRITE | CMD_JSON, .opts = untrack_optv, .args = untrack_argv,
	.opts_size = sizeof(struct untrack_opts), .run = untrack_run,
};
