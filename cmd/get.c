/* mlops get */
#include "base/fs.h"
#include "base/path.h"
#include "mlops/dvc_stages.h"
#include "paths.h"
#include "source.h"

struct get_opts {
	const char *url, *path, *rev, *output;
	bool force;
};

static const struct opt_spec get_optv[] = {
	OPT(get_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "PATH",
	    .no_config = true, .complete = "path",
	    .help = "write it here (default: its own name, in the current folder)"),
	OPT(get_opts, rev, .name = "rev", .type = OPT_STR, .meta = "REV", .no_config = true,
	    .help = "the branch, tag or commit to take it from; then an '@' in PATH is part of it"),
	OPT(get_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true,
	    .help = "replace what is there"),
	OPT_END,
};

static const struct arg_spec get_argv[] = {
	ARG(get_opts, url, .name = "URL", .min = 1, .max = 1, .complete = "dir",
	    .help = "a git repository: a URL, or a folder"),
	ARG(get_opts, path, .name = "PATH[@REV]", .min = 1, .max = 1,
	    .help = "a file or folder in it, of a branch, tag or commit (default: HEAD)"),
	ARG_END,
};

static int get_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct get_opts *o = opts;
	const struct get_how how = { .force = o->force, .add_stages = mlops_dvc_add_stages };
	autofree char *here = NULL, *commit = NULL;
	autosource_of s = { 0 };

	if (cmd_source(o->url, o->path, o->rev, &s, err) || fs_getcwd(&here, err))
		return -1;
	const char *name = o->output ? o->output : path_base(s.path);
	autofree char *joined = path_join(here, name), *dest = path_normalize(joined);
	if (mlops_get(&s.source, dest, &how, &commit, err))
		return -1;
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "path", js_str(dest));
		js_set(v, "commit", js_str(commit));
		return cmd_print_json(v);
	}
	autofree char *shown = cmd_show_path(name);
	printf("got: %s (%.12s)\n", shown, commit);
	return 0;
}

const struct cmd_spec cmd_get = {
	.group = "share",
	.name = "get",
	.summary = "get a file or folder of another project",
	.flags = CMD_JSON,
	.opts = get_optv,
	.args = get_argv,
	.opts_size = sizeof(struct get_opts),
	.run = get_run,
};
