/* mlops lfs lock, unlock, locks. */
#include "cli/table.h"
#include "lfs.h"

struct lock_opts {
	struct opt_strs paths;
	const char *remote, *id, *path;
	bool force, verify;
};

#define REMOTE_ROW                                                                                 \
	OPT(lock_opts, remote, .name = "remote", .letter = 'r', .type = OPT_STR, .meta = "NAME", .no_config = true, .help = "of git's (default: the one that git pushes to)")
#define ID_ROW                                                                                     \
	OPT(lock_opts, id, .name = "id", .letter = 'i', .type = OPT_STR, .meta = "ID", .no_config = true, .help = "the lock of this id")

struct locking {
	const struct lock_opts *o;
	struct json *list; /* or NULL */
	struct table *table;
};

static int add_lock(const struct lfs_lock_entry *l, void *arg, struct mlops_error *err)
{
	struct locking *s = arg;

	(void)err;
	if (!s->list) {
		const char *owner = l->ours == 1 ? "you" : l->owner;

		if (s->table)
			table_add(s->table, l->path, owner, l->id, l->locked_at);
		else
			printf("locked '%s' (%s)\n", l->path, l->id);
		return 0;
	}
	struct json *v = js_obj();
	js_set(v, "id", js_str(l->id));
	js_set(v, "path", js_str(l->path));
	js_set(v, "owner", js_str(l->owner));
	js_set(v, "locked_at", js_str(l->locked_at));
	js_set(v, "ours", l->ours < 0 ? js_null() : js_bool(l->ours));
	js_push(s->list, v);
	return 0;
}

static int print(struct locking *s, int rc)
{
	struct json *top;

	if (!s->list)
		return rc;
	top = js_obj();
	js_set(top, "locks", s->list);
	if (!rc)
		return cmd_print_json(top);
	js_free(top);
	return rc;
}

static const struct opt_spec lock_optv[] = { REMOTE_ROW, OPT_END };

static const struct arg_spec lock_argv[] = {
	ARG(lock_opts, paths, .name = "PATH", .min = 1, .max = ARGS_ANY, .complete = "path", .help = "files that nobody else is to change"),
	ARG_END,
};

static int lock_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct locking *s = arg;

	for (size_t i = 0; i < s->o->paths.n; i++)
		if (mlops_lfs_lock(lfs, s->o->remote, s->o->paths.v[i], add_lock, s, err))
			return -1;
	return 0;
}

static int lock_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct locking s = { opts, ctx->common.json ? js_arr() : NULL, NULL };

	return print(&s, cmd_in_lfs(lock_in, &s, err));
}

const struct cmd_spec lfs_lock = {
	.name = "lock", .summary = "lock files, so that you alone may change them", .flags = CMD_JSON,
	.opts = lock_optv, .args = lock_argv, .opts_size = sizeof(struct lock_opts), .run = lock_run,
};

static const struct opt_spec unlock_optv[] = {
	REMOTE_ROW,
	ID_ROW,
	OPT(lock_opts, force, .name = "force", .letter = 'f', .type = OPT_BOOL, .no_config = true, .help = "also a lock of another's, or of a file with changes"),
	OPT_END,
};

static const struct arg_spec unlock_argv[] = {
	ARG(lock_opts, paths, .name = "PATH", .max = ARGS_ANY, .complete = "path", .help = "files that are locked"),
	ARG_END,
};

static int unlock_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	const struct lock_opts *o = arg;

	if (o->id && mlops_lfs_unlock(lfs, o->remote, NULL, o->id, o->force, err))
		return -1;
	for (size_t i = 0; i < o->paths.n; i++) {
		if (mlops_lfs_unlock(lfs, o->remote, o->paths.v[i], NULL, o->force, err))
			return -1;
		printf("unlocked '%s'\n", o->paths.v[i]);
	}
	return 0;
}

static int unlock_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct lock_opts *o = opts;

	(void)ctx;
	if (!o->id == !o->paths.n)
		return err_set(err, MLOPS_EUSAGE, "give paths, or --id");
	return cmd_in_lfs(unlock_in, (void *)opts, err);
}

const struct cmd_spec lfs_unlock = {
	.name = "unlock", .summary = "end locks", .opts = unlock_optv, .args = unlock_argv,
	.opts_size = sizeof(struct lock_opts), .run = unlock_run,
};

static const struct opt_spec locks_optv[] = {
	REMOTE_ROW,
	ID_ROW,
	OPT(lock_opts, path, .name = "path", .letter = 'p', .type = OPT_STR, .meta = "PATH", .complete = "path", .no_config = true, .help = "the lock of this file"),
	OPT(lock_opts, verify, .name = "verify", .type = OPT_BOOL, .no_config = true, .help = "ask which are yours"),
	OPT_END,
};

static int locks_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct locking *s = arg;
	const struct lock_opts *o = s->o;

	return mlops_lfs_locks(lfs, o->remote, o->path, o->id, o->verify, add_lock, s, err);
}

static int locks_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	autotable *table = ctx->common.json ? NULL :
					      table_new("PATH", "OWNER", "ID", "LOCKED", NULL);
	struct locking s = { opts, ctx->common.json ? js_arr() : NULL, table };
	int rc = cmd_in_lfs(locks_in, &s, err);

	if (!rc && table)
		table_print(table, stdout);
	return print(&s, rc);
}

const struct cmd_spec lfs_locks = {
	.name = "locks", .summary = "list locks", .flags = CMD_JSON, .opts = locks_optv,
	.opts_size = sizeof(struct lock_opts), .run = locks_run,
};
