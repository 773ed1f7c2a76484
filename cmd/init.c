/* mlops init */
#include "cmd.h"

#include "base/fs.h"
#include "mlops/project.h"

struct init_opts {
	const char *dir;
	bool git, hooks, remove_hooks;
};

static const struct opt_spec init_optv[] = {
	OPT(init_opts, git, .name = "git", .type = OPT_BOOL, .no_config = true, .help = "make a git repository too where there is none"),
	OPT(init_opts, hooks, .name = "hooks", .type = OPT_BOOL, .no_config = true, .help = "install git hooks that check out and push data along with commits"),
	OPT(init_opts, remove_hooks, .name = "remove-hooks", .type = OPT_BOOL, .no_config = true, .help = "take the git hooks out again"),
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

static int change_hooks(const char *root, bool wanted, bool *changed, struct mlops_error *err)
{
	struct project *project;

	if (mlops_project_open(root, &project, err))
		return -1;
	int rc = mlops_project_hooks(project, wanted, changed, err);
	mlops_project_free(project);
	return rc;
}

static int print(const struct cmd_ctx *ctx, const struct init_opts *o, const char *root,
		 bool created, bool changed)
{
	const char *done = o->hooks ? "installed" : "removed";

	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "root", js_str(root));
		js_set(v, "created", js_bool(created));
		js_set(v, "hooks", js_str(changed ? done : NULL));
		return cmd_print_json(v);
	}
	if (created || !(o->hooks || o->remove_hooks))
		printf("%s '%s'\n",
		       created ? "made the project" : "there is already a project in", root);
	if (o->hooks || o->remove_hooks)
		printf("git's hooks are %s%s\n", done, changed ? "" : " already");
	return 0;
}

static int init_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct init_opts *o = opts;
	const char *dir = o->dir ? o->dir : ".";
	autofree char *root = NULL;
	bool created, changed = false;

	if (o->hooks && o->remove_hooks)
		return err_set(err, MLOPS_EUSAGE, "--hooks and --remove-hooks exclude each other");
	int rc = mlops_project_init(dir, o->git, &created, err);

	if (rc && err->kind == MLOPS_ENOTFOUND && fs_is_dir(dir) && !o->git && wants_git(dir)) {
		mlops_error_clear(err);
		rc = mlops_project_init(dir, true, &created, err);
	}
	if (rc && err->kind == MLOPS_ENOTFOUND && fs_is_dir(dir))
		return err_hint(err, "make one as well with: mlops init --git");
	if (rc || fs_realpath(dir, &root, err))
		return -1;
	if ((o->hooks || o->remove_hooks) && change_hooks(root, o->hooks, &changed, err))
		return -1;
	return print(ctx, o, root, created, changed);
}

const struct cmd_spec cmd_init = {
	.group = "project", .name = "init", .summary = "make a git repository a project",
	.flags = CMD_JSON, .opts = init_optv, .args = init_argv,
	.opts_size = sizeof(struct init_opts), .run = init_run,
};
