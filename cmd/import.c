/* mlops import */
#include "base/path.h"
#include "convert.h"
#include "hub.h"
#include "mlops/dvc_stages.h"
#include "mlops/hub.h"
#include "mlops/project.h"
#include "paths.h"
#include "source.h"
#include "view.h"

struct import_opts {
	const char *url, *path, *rev, *output;
	bool force, cache;
	struct opt_strs include;
	int64_t jobs;
};

static const struct opt_spec import_optv[] = {
	OPT(import_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "PATH",
	    .no_config = true, .complete = "path",
	    .help = "track it here (default: its own name, in the current folder)"),
	OPT(import_opts, rev, .name = "rev", .type = OPT_STR, .meta = "REV", .no_config = true,
	    .help = "the branch, tag or commit to follow; then an '@' in PATH is part of it"),
	OPT(import_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true,
	    .help = "replace what is there"),
	OPT(import_opts, include, .name = "include", .type = OPT_STRS, .meta = "PATTERN",
	    .no_config = true, .help = "of a hub: only files that match; may be given again"),
	OPT(import_opts, cache, .name = "cache", .type = OPT_BOOL,
	    .help = "of a hub: let huggingface_hub find the files in its cache too"),
	OPT(import_opts, jobs, .name = "jobs", .letter = 'j', .type = OPT_INT, .meta = "N",
	    .help = "of a hub: move N files at a time (default: adapts)"),
	OPT_END,
};

static const struct arg_spec import_argv[] = {
	ARG(import_opts, url, .name = "URL", .min = 1, .max = 1, .complete = "dir",
	    .help = "a git repository: a URL, or a folder; or hf://ORG/NAME[@REVISION] of a hub"),
	ARG(import_opts, path, .name = "PATH[@REV]", .max = 1,
	    .help = "a file or folder in it, of a branch, tag or commit (default: HEAD)"),
	ARG_END,
};

static int import_from_hub(struct cmd_ctx *ctx, const struct import_opts *o,
			   struct mlops_error *err)
{
	const struct hub_import_opts hub = { .url = o->url,
					     .output = o->output,
					     .include = &o->include,
					     .cache = o->cache,
					     .jobs = o->jobs };

	if (o->path || o->rev || o->force)
		return err_set(err, MLOPS_EUSAGE, "a hub takes no PATH, --rev or --force");
	return hub_import(ctx, &hub, err);
}

static int import_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct import_opts *o = opts;
	const struct get_how how = { .force = o->force, .add_stages = mlops_dvc_add_stages };
	struct pointer got = { 0 };
	autofree char *path = NULL;
	autosource_of s = { 0 };

	if (mlops_hub_is_url(o->url))
		return import_from_hub(ctx, o, err);
	if (!o->path)
		return err_set(err, MLOPS_EUSAGE, "PATH, a file or folder there, is needed");
	if (cmd_source(o->url, o->path, o->rev, &s, err) ||
	    mlops_project_relpath(ctx->project, o->output ? o->output : path_base(s.path), &path,
				  err) ||
	    mlops_import(ctx->project, &s.source, path, &how, &got, err))
		return -1;
	free(got.path);
	autofree char *shown = cmd_show_path(path);
	if (ctx->common.json) {
		struct json *v = view_ref(&got.ref);

		js_set(v, "path", js_str(path));
		return cmd_print_json(v);
	}
	printf("imported: %s (%llu file%s)\n", shown, (unsigned long long)got.ref.files,
	       got.ref.files == 1 ? "" : "s");
	return 0;
}

static const struct cmd_spec *const import_subs[] = { &convert_from_dvc, &import_from_mlflow, NULL };

const struct cmd_spec cmd_import = {
	.group = "share",
	.name = "import",
	.summary = "track a file or folder of another project, or a model of a hub",
	.flags = CMD_PROJECT | CMD_LOCK_WRITE | CMD_JSON,
	.opts = import_optv,
	.args = import_argv,
	.opts_size = sizeof(struct import_opts),
	.run = import_run,
	.subs = import_subs,
};
