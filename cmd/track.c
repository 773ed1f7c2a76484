/* mlops track */
#include "base/num.h"
#include "cmd.h"
#include "dvc.h"
#include "mlops/workspace.h"
#include "paths.h"
#include "view.h"

struct track_opts {
	struct opt_strs paths;
	bool update, stdin0, move, dry_run;
};

static const struct opt_spec track_optv[] = {
	OPT(track_opts, update, .name = "update", .letter = 'u', .type = OPT_BOOL,
	    .no_config = true,
	    .help = "record changes of what is tracked: of all, or where a PATH is"),
	OPT(track_opts, stdin0, .name = "stdin0", .type = OPT_BOOL, .no_config = true,
	    .help = "read paths from standard input, a NUL byte behind each"),
	OPT(track_opts, move, .name = "move", .type = OPT_BOOL,
	    .help = "let the store take over large files, so that they are not held twice"),
	OPT(track_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL,
	    .no_config = true, .help = "say what would be tracked, and change nothing"),
	OPT_END,
};

static const struct arg_spec track_argv[] = {
	ARG(track_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path",
	    .help = "a file or folder of data, or a pattern such as 'data/**/*.csv'"),
	ARG_END,
};

struct report {
	struct json *tracked; /* NULL: lines are printed */
	bool dry_run, changes_only;
	size_t shown;
};

static void print_pointer(const struct report *r, const struct pointer *p, bool unchanged)
{
	autofree char *path = cmd_show_path(p->path);
	const char *done = r->dry_run ? "to track" : "tracked";
	char size[NUM_SIZE];

	num_format_bytes(p->ref.size, size);
	if (unchanged)
		printf("unchanged: %s\n", path);
	else if (p->ref.kind == OBJECT_TREE)
		printf("%s: %s (%llu files, %s)\n", done, path, (unsigned long long)p->ref.files,
		       size);
	else
		printf("%s: %s (%s)\n", done, path, size);
}

static void take(const struct pointer *p, bool unchanged, void *arg)
{
	struct report *r = arg;

	if (unchanged && r->changes_only)
		return;
	r->shown++;
	if (!r->tracked) {
		print_pointer(r, p, unchanged);
		return;
	}
	struct json *entry = view_ref(&p->ref);
	js_set(entry, "path", js_str(p->path));
	js_set(entry, "unchanged", js_bool(unchanged));
	js_push(r->tracked, entry);
}

static int check_opts(const struct track_opts *o, struct mlops_error *err)
{
	if (o->stdin0 && (o->paths.n || o->update))
		return err_set(err, MLOPS_EUSAGE, "--stdin0 takes no PATH and no --update");
	if (o->stdin0 || o->update || o->paths.n)
		return 0;
	err_set(err, MLOPS_EUSAGE, "no PATH is given");
	return err_hint(err, "record changes of all that is tracked with: mlops track --update");
}

static int get_paths(struct cmd_ctx *ctx, const struct track_opts *o, struct strlist *paths,
		     struct mlops_error *err)
{
	if (o->stdin0)
		return cmd_stdin0_paths(ctx->project, paths, err);
	return cmd_relpaths(ctx->project, &o->paths, paths, err);
}

/* What DVC tracks it goes on to track. */
static int track_all(struct cmd_ctx *ctx, const struct strlist *paths, unsigned how,
		     struct report *report, struct mlops_error *err)
{
	autodvcpaths split = { 0 };

	if (dvc_paths_split(ctx->project, paths, DVC_NEW, &split, err))
		return -1;
	if (!split.skip_own && mlops_track(ctx->project, (const char *const *)split.own.v,
					   split.own.n, how, take, report, err))
		return -1;
	return split.dvc ? mlops_dvc_track(split.dvc, (const char *const *)split.theirs.v,
					   split.theirs.n, how, take, report, err) :
			   0;
}

static int track_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct track_opts *o = opts;
	autojson *tracked = ctx->common.json ? js_arr() : NULL;
	struct report report = { .tracked = tracked,
				 .dry_run = o->dry_run,
				 .changes_only = o->update };
	unsigned how = (o->update ? TRACK_UPDATE : 0) | (o->stdin0 ? 0 : TRACK_EXPAND) |
		       (o->dry_run ? TRACK_DRY_RUN : 0) | (o->move ? TRACK_MOVE : 0);
	autostrlist paths = { 0 };

	if (check_opts(o, err) || get_paths(ctx, o, &paths, err) ||
	    track_all(ctx, &paths, how, &report, err))
		return -1;
	if (!tracked) {
		if (!report.shown)
			puts(o->update ? "nothing has changed" : "nothing to track");
		return 0;
	}
	struct json *top = js_obj();
	js_set(top, "tracked", js_ref(tracked));
	js_set(top, "dry_run", js_bool(o->dry_run));
	return cmd_print_json(top);
}

const struct cmd_spec cmd_track = {
	.group = "data",
	.name = "track",
	.summary = "store data and let git hold a pointer to it",
	.flags = CMD_LOCK_WRITE | CMD_DVC | CMD_JSON,
	.opts = track_optv,
	.args = track_argv,
	.opts_size = sizeof(struct track_opts),
	.run = track_run,
};
