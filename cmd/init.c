/* mlops init */
#include "cmd.h"

#include "base/fs.h"
#include "mlops/project.h"

struct init_opts {
	const char *dir;
	bool git;
};

static const struct opt_spec init_optv[] = {
	OPT(init_opts, git, .name = "git", .type = OPT_BOOL, .no_config = true, .help = "make a git repository too where there is none"),
	OPT_END,
};

static const struct arg_spec init_argv[] = {
	ARG(init_opts, dir, .name = "DIR", .max = 1, .complete = "dir", .help = "the folder (default: the current one)"),
	ARG_END,
};

/* Asked only where a person can answer. */
static bool wants_git(const char *dir)
{
	char answer[16];

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	fprintf(stderr, "'%s' is in no git repository. Make one there? [y/N] ", dir);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int init_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct init_opts *o = opts;
	const char *dir = o->dir ? o->dir : ".";
	autofree char *root = NULL;
	bool created;
	int rc = mlops_project_init(dir, o->git, &created, err);

	if (rc && err->kind == MLOPS_ENOTFOUND && fs_is_dir(dir) && !o->git && wants_git(dir)) {
		mlops_error_clear(err);
		rc = mlops_project_init(dir, true, &created, err);
	}
	if (rc && err->kind == MLOPS_ENOTFOUND && fs_is_dir(dir))
		return err_hint(err, "make one as well with: mlops init --git");
	if (rc || fs_realpath(dir, &root, err))
		return -1;
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "root", js_str(root));
		js_set(v, "created", js_bool(created));
		return cmd_print_json(v);
	}
	printf("%s '%s'\n", created ? "made the project" : "there is already a project in", root);
	return 0;
}

const struct cmd_spec cmd_init = {
	.group = "project", .name = "init", .summary = "make a git repository a project",
	.flags = CMD_JSON, .opts = init_optv, .args = init_argv,
	.opts_size = sizeof(struct init_opts), .run = init_run,
};
