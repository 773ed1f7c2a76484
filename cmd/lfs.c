/* mlops lfs: Git LFS without git-lfs: setting it up, and what git's filters and hooks call. */
#include "lfs.h"

#include "base/log.h"
#include "cli/table.h"

/* Runs fn in the repository of the current folder. */
int cmd_in_lfs(int (*fn)(struct lfs *lfs, void *arg, struct mlops_error *err), void *arg,
	       struct mlops_error *err)
{
	struct lfs *lfs;

	if (mlops_lfs_open(&lfs, err))
		return -1;
	int rc = fn(lfs, arg, err);
	mlops_lfs_close(lfs);
	return rc;
}

/* ---- install, uninstall ---- */

struct install_opts {
	bool local, worktree, system, skip_smudge, skip_repo, force;
};

#define SCOPE_ROWS                                                                                 \
	OPT(install_opts, local, .name = "local", .letter = 'l', .type = OPT_BOOL, .no_config = true, .help = "in the settings of this repository, not in yours"), \
	OPT(install_opts, worktree, .name = "worktree", .letter = 'w', .type = OPT_BOOL, .no_config = true, .help = "in the settings of this work tree"), \
	OPT(install_opts, system, .name = "system", .type = OPT_BOOL, .no_config = true, .help = "in the settings of the machine"), \
	OPT(install_opts, skip_repo, .name = "skip-repo", .type = OPT_BOOL, .no_config = true, .help = "leave the hooks of this repository alone")

static const struct opt_spec install_optv[] = {
	SCOPE_ROWS,
	OPT(install_opts, skip_smudge, .name = "skip-smudge", .letter = 's', .type = OPT_BOOL, .no_config = true, .help = "leave pointers in the work tree until they are pulled"),
	OPT(install_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true, .help = "replace settings that neither mlops nor git-lfs made"),
	OPT_END,
};

static const struct opt_spec uninstall_optv[] = { SCOPE_ROWS, OPT_END };

static int read_how(const struct install_opts *o, struct lfs_install_how *how,
		    struct mlops_error *err)
{
	if (o->local + o->worktree + o->system > 1)
		return err_set(err, MLOPS_EUSAGE,
			       "--local, --worktree and --system exclude each other");
	*how = (struct lfs_install_how){ .scope = o->local    ? LFS_SCOPE_LOCAL :
						  o->worktree ? LFS_SCOPE_WORKTREE :
						  o->system   ? LFS_SCOPE_SYSTEM :
								LFS_SCOPE_USER,
					 .skip_smudge = o->skip_smudge,
					 .force = o->force,
					 .skip_repo = o->skip_repo };
	return 0;
}

static int install_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct lfs_install_how how;
	bool hooks;

	if (read_how(opts, &how, err) || mlops_lfs_install(&how, &hooks, err))
		return -1;
	if (!ctx->common.quiet)
		printf("git's filter 'lfs' is mlops%s\n", hooks ? ", and the hooks of this repository call it" : "");
	return 0;
}

static const struct cmd_spec lfs_install = {
	.name = "install", .summary = "make mlops git's filter for Git LFS, and install its hooks",
	.opts = install_optv, .opts_size = sizeof(struct install_opts), .run = install_run,
};

static int uninstall_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct lfs_install_how how;
	bool hooks;

	if (read_how(opts, &how, err) || mlops_lfs_uninstall(&how, &hooks, err))
		return -1;
	if (!ctx->common.quiet)
		printf("git's filter 'lfs' is not mlops%s\n", hooks ? ", and no hook of this repository calls it" : "");
	return 0;
}

static const struct cmd_spec lfs_uninstall = {
	.name = "uninstall", .summary = "undo what install did", .opts = uninstall_optv,
	.opts_size = sizeof(struct install_opts), .run = uninstall_run,
};

/* ---- track, untrack ---- */

struct track_opts {
	struct opt_strs patterns;
	bool lockable, not_lockable;
};

static const struct opt_spec track_optv[] = {
	OPT(track_opts, lockable, .name = "lockable", .letter = 'l', .type = OPT_BOOL, .no_config = true, .help = "files are read-only unless you have locked them"),
	OPT(track_opts, not_lockable, .name = "not-lockable", .type = OPT_BOOL, .no_config = true, .help = "they no longer are"),
	OPT_END,
};

static const struct arg_spec track_argv[] = {
	ARG(track_opts, patterns, .name = "PATTERN", .max = ARGS_ANY, .complete = "path", .help = "as in gitattributes(5), seen from the current folder (none: list what is tracked)"),
	ARG_END,
};

struct track {
	const struct track_opts *o;
	bool json;
	struct json *list;
};

static int list_pattern(const struct lfs_pattern *p, void *arg, struct mlops_error *err)
{
	struct track *t = arg;

	(void)err;
	if (!t->json) {
		printf("%s (%s)%s\n", p->pattern, p->file, p->lockable ? " lockable" : "");
		return 0;
	}
	struct json *v = js_obj();
	js_set(v, "pattern", js_str(p->pattern));
	js_set(v, "file", js_str(p->file));
	js_set(v, "lockable", js_bool(p->lockable));
	js_push(t->list, v);
	return 0;
}

static int track_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct track *t = arg;
	int lockable = t->o->lockable ? 1 : t->o->not_lockable ? 0 : -1;
	bool changed;

	for (size_t i = 0; i < t->o->patterns.n; i++) {
		if (mlops_lfs_track(lfs, t->o->patterns.v[i], lockable, &changed, err))
			return -1;
		if (!t->json)
			printf("%s '%s'\n", changed ? "tracking" : "already tracked:",
			       t->o->patterns.v[i]);
	}
	return t->o->patterns.n && !t->json ? 0 : mlops_lfs_patterns(lfs, list_pattern, t, err);
}

static int track_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct track t = { opts, ctx->common.json, ctx->common.json ? js_arr() : NULL };

	if (t.o->lockable && t.o->not_lockable)
		return err_set(err, MLOPS_EUSAGE,
			       "--lockable and --not-lockable exclude each other");
	int rc = cmd_in_lfs(track_in, &t, err);
	if (!t.json)
		return rc;
	struct json *top = js_obj();
	js_set(top, "patterns", t.list);
	if (!rc)
		return cmd_print_json(top);
	js_free(top);
	return rc;
}

static const struct cmd_spec lfs_track = {
	.name = "track", .summary = "keep files of a pattern with Git LFS, or list the patterns",
	.flags = CMD_JSON, .opts = track_optv, .args = track_argv,
	.opts_size = sizeof(struct track_opts), .run = track_run,
};

static const struct arg_spec untrack_argv[] = {
	ARG(track_opts, patterns, .name = "PATTERN", .min = 1, .max = ARGS_ANY, .help = "as it was given to track"),
	ARG_END,
};

static int untrack_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	const struct track_opts *o = arg;
	bool changed;

	for (size_t i = 0; i < o->patterns.n; i++) {
		if (mlops_lfs_untrack(lfs, o->patterns.v[i], &changed, err))
			return -1;
		printf("%s '%s'\n", changed ? "no longer tracking" : "not tracked here:",
		       o->patterns.v[i]);
	}
	return 0;
}

static int untrack_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	(void)ctx;
	return cmd_in_lfs(untrack_in, (void *)opts, err);
}

static const struct cmd_spec lfs_untrack = {
	.name = "untrack", .summary = "keep files of a pattern in git itself again",
	.args = untrack_argv, .opts_size = sizeof(struct track_opts), .run = untrack_run,
};

/* ---- env ---- */

static int print_pair(const char *name, const char *value, void *arg, struct mlops_error *err)
{
	(void)arg, (void)err;
	printf("%s=%s\n", name, value);
	return 0;
}

static int env_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	return mlops_lfs_describe(lfs, print_pair, arg, err);
}

static int env_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	(void)ctx, (void)opts;
	return cmd_in_lfs(env_in, NULL, err);
}

static const struct cmd_spec lfs_env = {
	.name = "env", .summary = "show where objects are kept and sent, and the settings",
	.run = env_run,
};

/* ---- what git's filter calls ---- */

struct filter_opts {
	const char *path;
	bool skip;
};

static const struct opt_spec filter_optv[] = {
	OPT(filter_opts, skip, .name = "skip", .letter = 's', .type = OPT_BOOL, .no_config = true, .help = "leave pointers as they are"),
	OPT_END,
};

static const struct arg_spec filter_argv[] = {
	ARG(filter_opts, path, .name = "PATH", .max = 1, .help = "of the file, from the top of the work tree"),
	ARG_END,
};

static int filter_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	const struct filter_opts *o = arg;

	return mlops_lfs_filter(lfs, STDIN_FILENO, STDOUT_FILENO, o->skip, err);
}

static int filter_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	(void)ctx;
	return cmd_in_lfs(filter_in, (void *)opts, err);
}

static const struct cmd_spec lfs_filter_process = {
	.name = "filter-process", .summary = "filter files as long as git asks (filter.lfs.process)",
	.opts = filter_optv, .opts_size = sizeof(struct filter_opts), .run = filter_run,
};

static int clean_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	const struct filter_opts *o = arg;

	return mlops_lfs_clean(lfs, o->path ? o->path : "", STDIN_FILENO, STDOUT_FILENO, err);
}

static int clean_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	(void)ctx;
	return cmd_in_lfs(clean_in, (void *)opts, err);
}

static const struct cmd_spec lfs_clean = {
	.name = "clean", .summary = "turn a file into its pointer (filter.lfs.clean)",
	.args = filter_argv, .opts_size = sizeof(struct filter_opts), .run = clean_run,
};

static int smudge_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	const struct filter_opts *o = arg;

	return mlops_lfs_smudge(lfs, o->path ? o->path : "", STDIN_FILENO, STDOUT_FILENO, o->skip,
				err);
}

static int smudge_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	(void)ctx;
	return cmd_in_lfs(smudge_in, (void *)opts, err);
}

static const struct cmd_spec lfs_smudge = {
	.name = "smudge", .summary = "turn a pointer into its file (filter.lfs.smudge)",
	.opts = filter_optv, .args = filter_argv, .opts_size = sizeof(struct filter_opts),
	.run = smudge_run,
};

/* ---- what git's hooks call ---- */

struct hook_opts {
	struct opt_strs args;
};

static const struct arg_spec hook_argv[] = {
	ARG(hook_opts, args, .name = "ARG", .max = ARGS_ANY, .help = "what git gives the hook"),
	ARG_END,
};

static int protect_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	(void)arg;
	return mlops_lfs_protect(lfs, err);
}

/* Git is done with its part, and must not be stopped. */
static int protect_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *ignored)
{
	autoerr err = ERR_INIT;

	(void)ctx, (void)opts, (void)ignored;
	if (cmd_in_lfs(protect_in, NULL, &err))
		log_warn("lockable files keep the rights they have: %s", err.msg);
	return 0;
}

#define PROTECT(variable, hook)                                                                    \
	static const struct cmd_spec variable = {                                                  \
		.name = hook, .summary = "make lockable files read-only (the hook " hook ")",      \
		.flags = CMD_REST, .args = hook_argv, .opts_size = sizeof(struct hook_opts),       \
		.run = protect_run,                                                                \
	}
PROTECT(lfs_post_checkout, "post-checkout");
PROTECT(lfs_post_commit, "post-commit");
PROTECT(lfs_post_merge, "post-merge");

extern const struct cmd_spec lfs_fetch, lfs_pull, lfs_push, lfs_pre_push, lfs_checkout, lfs_ls_files,
	lfs_fsck, lfs_lock, lfs_unlock, lfs_locks;

static const struct cmd_spec *const lfs_subs[] = {
	&lfs_install,	     &lfs_uninstall, &lfs_track,	&lfs_untrack,
	&lfs_ls_files,	     &lfs_fetch,     &lfs_pull,		&lfs_push,
	&lfs_checkout,	     &lfs_lock,	     &lfs_unlock,	&lfs_locks,
	&lfs_fsck,	     &lfs_env,	     &lfs_clean,	&lfs_smudge,
	&lfs_filter_process, &lfs_pre_push,  &lfs_post_checkout, &lfs_post_commit,
	&lfs_post_merge,     NULL,
};

const struct cmd_spec cmd_lfs = {
	.group = "share", .name = "lfs", .summary = "work in a Git LFS repository without git-lfs",
	.subs = lfs_subs,
};
