/* mlops lfs fetch, pull, push, checkout, ls-files, fsck, and the hook pre-push. */
#include "base/log.h"
#include "base/num.h"
#include "lfs.h"
#include "transfer.h"

struct move_opts {
	const char *remote, *include, *exclude;
	struct opt_strs args;
	bool all, dry_run;
};

#define CHOICE_ROWS                                                                                \
	OPT(move_opts, include, .name = "include", .letter = 'I', .type = OPT_STR, .meta = "PATTERNS", .no_config = true, .help = "only paths of these patterns, with commas between (default: lfs.fetchinclude)"), \
	OPT(move_opts, exclude, .name = "exclude", .letter = 'X', .type = OPT_STR, .meta = "PATTERNS", .no_config = true, .help = "no paths of these (default: lfs.fetchexclude)")
#define DRY_RUN_ROW                                                                                \
	OPT(move_opts, dry_run, .name = "dry-run", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "say what would be moved, and move nothing")
#define REMOTE_ARG                                                                                 \
	ARG(move_opts, remote, .name = "REMOTE", .max = 1, .help = "of git's (default: the one that git takes)")
#define REVS_ARG(what)                                                                             \
	ARG(move_opts, args, .name = "REV", .max = ARGS_ANY, .complete = "rev", .help = what)

struct move {
	const struct move_opts *o;
	struct lfs_move_how how;
	struct transfer_counts moved, placed;
};

static void show(const struct transfer_counts *c, uint64_t objects, uint64_t bytes, void *arg)
{
	progress_show(arg, c->objects, objects, c->bytes, bytes);
}

static int run_move(struct cmd_ctx *ctx, const void *opts, const char *verb, struct move *m,
		    int (*fn)(struct lfs *lfs, void *arg, struct mlops_error *err),
		    struct mlops_error *err)
{
	const struct move_opts *o = opts;
	struct progress progress;

	*m = (struct move){ .o = o,
			    .how = { .remote = o->remote,
				     .include = o->include,
				     .exclude = o->exclude,
				     .all = o->all,
				     .dry_run = o->dry_run,
				     .progress = show,
				     .arg = &progress } };
	progress_start(&progress, verb, ctx->common.quiet);
	int rc = cmd_in_lfs(fn, m, err);
	progress_end(&progress);
	return rc;
}

/* ---- fetch ---- */

static const struct opt_spec fetch_optv[] = {
	CHOICE_ROWS,
	OPT(move_opts, all, .name = "all", .letter = 'a', .type = OPT_BOOL, .no_config = true, .help = "what any commit of the revisions names (none: of all branches and tags)"),
	DRY_RUN_ROW,
	OPT_END,
};

static const struct arg_spec fetch_argv[] = {
	REMOTE_ARG,
	REVS_ARG("revisions (default: what git's index has)"),
	ARG_END,
};

static int fetch_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct move *m = arg;

	return mlops_lfs_fetch(lfs, m->o->args.v, m->o->args.n, &m->how, &m->moved, err);
}

static int print_moved(const struct cmd_ctx *ctx, const struct move *m, const char *done,
		       const char *would)
{
	if (!ctx->common.json) {
		cmd_print_counts(&m->moved, m->o->dry_run ? would : done);
		return 0;
	}
	struct json *v = js_obj();
	cmd_set_counts(v, &m->moved);
	js_set(v, "dry_run", js_bool(m->o->dry_run));
	return cmd_print_json(v);
}

static int fetch_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct move m;

	if (run_move(ctx, opts, "fetching", &m, fetch_in, err))
		return -1;
	return print_moved(ctx, &m, "fetched", "to fetch");
}

const struct cmd_spec lfs_fetch = {
	.name = "fetch", .summary = "fetch objects, and leave the work tree alone", .flags = CMD_JSON,
	.opts = fetch_optv, .args = fetch_argv, .opts_size = sizeof(struct move_opts),
	.run = fetch_run,
};

/* ---- checkout, pull ---- */

static int print_placed(const struct cmd_ctx *ctx, const struct move *m)
{
	char size[NUM_SIZE];

	if (!ctx->common.json) {
		printf("%llu file%s, %s checked out\n", (unsigned long long)m->placed.objects,
		       m->placed.objects == 1 ? "" : "s", num_format_bytes(m->placed.bytes, size));
		return m->placed.missing ? CMD_EXIT_NO : 0;
	}
	struct json *v = js_obj();
	js_set(v, "fetched", js_int((int64_t)m->moved.objects));
	js_set(v, "written", js_int((int64_t)m->placed.objects));
	js_set(v, "bytes", js_int((int64_t)m->placed.bytes));
	js_set(v, "missing", js_int((int64_t)m->placed.missing));
	cmd_print_json(v);
	return m->placed.missing ? CMD_EXIT_NO : 0;
}

static const struct arg_spec checkout_argv[] = {
	ARG(move_opts, args, .name = "PATH", .max = ARGS_ANY, .complete = "path", .help = "files, or folders that hold some (default: all)"),
	ARG_END,
};

static int checkout_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct move *m = arg;

	return mlops_lfs_checkout(lfs, m->o->args.v, m->o->args.n, &m->how, &m->placed, err);
}

static int checkout_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct move m;

	if (run_move(ctx, opts, "checking out", &m, checkout_in, err))
		return -1;
	return print_placed(ctx, &m);
}

const struct cmd_spec lfs_checkout = {
	.name = "checkout", .summary = "put files in the place of pointers, of objects that are here",
	.flags = CMD_JSON, .args = checkout_argv, .opts_size = sizeof(struct move_opts),
	.run = checkout_run,
};

static const struct opt_spec pull_optv[] = { CHOICE_ROWS, OPT_END };
static const struct arg_spec pull_argv[] = { REMOTE_ARG, ARG_END };

static int pull_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct move *m = arg;

	return mlops_lfs_fetch(lfs, NULL, 0, &m->how, &m->moved, err) ||
			       mlops_lfs_checkout(lfs, NULL, 0, &m->how, &m->placed, err) ?
		       -1 :
		       0;
}

static int pull_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct move m;

	if (run_move(ctx, opts, "pulling", &m, pull_in, err))
		return -1;
	if (!ctx->common.json)
		cmd_print_counts(&m.moved, "fetched");
	return print_placed(ctx, &m);
}

const struct cmd_spec lfs_pull = {
	.name = "pull", .summary = "fetch what the work tree needs, and check it out", .flags = CMD_JSON,
	.opts = pull_optv, .args = pull_argv, .opts_size = sizeof(struct move_opts), .run = pull_run,
};

/* ---- push ---- */

static const struct opt_spec push_optv[] = {
	OPT(move_opts, all, .name = "all", .letter = 'a', .type = OPT_BOOL, .no_config = true, .help = "also what the remote's branches are known to have (no REV: all branches and tags)"),
	DRY_RUN_ROW,
	OPT_END,
};

static const struct arg_spec push_argv[] = {
	REMOTE_ARG,
	REVS_ARG("revisions (default: HEAD)"),
	ARG_END,
};

static int push_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct move *m = arg;

	return mlops_lfs_push(lfs, m->o->args.v, m->o->args.n, &m->how, &m->moved, err);
}

static int push_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct move m;

	if (run_move(ctx, opts, "sending", &m, push_in, err))
		return -1;
	return print_moved(ctx, &m, "sent", "to send");
}

const struct cmd_spec lfs_push = {
	.name = "push", .summary = "send the objects that commits name", .flags = CMD_JSON,
	.opts = push_optv, .args = push_argv, .opts_size = sizeof(struct move_opts), .run = push_run,
};

/* ---- pre-push ---- */

struct pre_push {
	struct move move;
	VEC(struct lfs_pushed) refs;
	struct strlist texts; /* that they borrow */
};

/* LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID on each line; a branch that is deleted has no local id. */
static void read_pushed(struct pre_push *p)
{
	autofree char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct str rest = str_trim((struct str){ line, (size_t)n });
		char *field[4];

		for (size_t i = 0; i < ARRAY_LEN(field); i++) {
			struct str one = str_split(rest, ' ', &rest);

			field[i] = xstrndup(one.p, one.n);
			strlist_take(&p->texts, field[i]);
		}
		if (*field[3] && field[1][strspn(field[1], "0")])
			vec_push(&p->refs, { field[1], field[2], field[3] });
	}
}

static int pre_push_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct pre_push *p = arg;

	return mlops_lfs_pre_push(lfs, p->refs.v, p->refs.n, &p->move.how, &p->move.moved, err);
}

struct hook_opts {
	struct opt_strs args;
};

static const struct arg_spec pre_push_argv[] = {
	ARG(hook_opts, args, .name = "ARG", .min = 1, .max = ARGS_ANY, .help = "what git gives the hook: the remote and its URL"),
	ARG_END,
};

static int send_pushed(struct pre_push *p, struct mlops_error *err)
{
	struct progress progress;

	progress_start(&progress, "sending", false);
	p->move.how.progress = show;
	p->move.how.arg = &progress;
	int rc = cmd_in_lfs(pre_push_in, p, err);
	progress_end(&progress);
	if (!rc)
		return 0;
	autofree char *hint = err->hint ? xasprintf("%s; or ", err->hint) : xstrdup("");
	return err_hint(err, "%spush without it: git push --no-verify", hint);
}

static int pre_push_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct hook_opts *o = opts;
	struct pre_push p = { .move.how.remote = o->args.v[0] };
	char size[NUM_SIZE];
	int rc = 0;

	(void)ctx;
	read_pushed(&p);
	if (p.refs.n)
		rc = send_pushed(&p, err);
	const struct transfer_counts *c = &p.move.moved;
	if (!rc && c->objects)
		log_info("%llu object%s of Git LFS, %s sent", (unsigned long long)c->objects,
			 c->objects == 1 ? "" : "s", num_format_bytes(c->bytes, size));
	vec_free(&p.refs);
	strlist_clear(&p.texts);
	return rc;
}

const struct cmd_spec lfs_pre_push = {
	.name = "pre-push", .summary = "send the objects of what git is about to push (the hook)",
	.flags = CMD_REST, .args = pre_push_argv, .opts_size = sizeof(struct hook_opts),
	.run = pre_push_run,
};

/* ---- ls-files, fsck ---- */

struct ls_opts {
	const char *rev;
	bool long_oid, size, name_only;
};

static const struct opt_spec ls_optv[] = {
	OPT(ls_opts, long_oid, .name = "long", .letter = 'l', .type = OPT_BOOL, .no_config = true, .help = "show whole names of objects"),
	OPT(ls_opts, size, .name = "size", .letter = 's', .type = OPT_BOOL, .no_config = true, .help = "show sizes too"),
	OPT(ls_opts, name_only, .name = "name-only", .letter = 'n', .type = OPT_BOOL, .no_config = true, .help = "show paths only"),
	OPT_END,
};

static const struct arg_spec ls_argv[] = {
	ARG(ls_opts, rev, .name = "REV", .max = 1, .complete = "rev", .help = "a revision (default: git's index)"),
	ARG_END,
};

struct ls {
	const struct ls_opts *o;
	struct json *list; /* or NULL */
	uint64_t found;
};

static struct json *describe(const struct lfs_file *f)
{
	struct json *v = js_obj();
	char hex[MLOPS_OID_HEX + 1];

	js_set(v, "path", js_str(f->path));
	js_set(v, "oid", js_str(mlops_oid_hex(&f->oid, hex)));
	js_set(v, "size", js_int((int64_t)f->size));
	js_set(v, "here", js_bool(f->here));
	js_set(v, "checked_out", js_bool(f->checked_out));
	return v;
}

static int list_file(const struct lfs_file *f, void *arg, struct mlops_error *err)
{
	struct ls *s = arg;
	char hex[MLOPS_OID_HEX + 1], size[NUM_SIZE];

	(void)err;
	if (s->list) {
		js_push(s->list, describe(f));
		return 0;
	}
	mlops_oid_hex(&f->oid, hex);
	if (!s->o->name_only)
		printf("%.*s %c ", s->o->long_oid ? MLOPS_OID_HEX : 10, hex,
		       f->checked_out ? '*' : '-');
	fputs(f->path, stdout);
	if (s->o->size)
		printf(" (%s)", num_format_bytes(f->size, size));
	putchar('\n');
	return 0;
}

static int ls_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	struct ls *s = arg;

	return mlops_lfs_files(lfs, s->o->rev, list_file, s, err);
}

static int ls_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct ls s = { .o = opts, .list = ctx->common.json ? js_arr() : NULL };
	int rc = cmd_in_lfs(ls_in, &s, err);

	if (!s.list)
		return rc;
	struct json *top = js_obj();
	js_set(top, "files", s.list);
	if (!rc)
		return cmd_print_json(top);
	js_free(top);
	return rc;
}

const struct cmd_spec lfs_ls_files = {
	.name = "ls-files", .summary = "list the files that Git LFS keeps", .flags = CMD_JSON,
	.opts = ls_optv, .args = ls_argv, .opts_size = sizeof(struct ls_opts), .run = ls_run,
};

static int report_bad(const struct lfs_file *f, void *arg, struct mlops_error *err)
{
	struct ls *s = arg;
	char hex[MLOPS_OID_HEX + 1];

	(void)err;
	s->found++;
	printf("%s: %s (%s)\n", f->here ? "damaged" : "missing", f->path,
	       mlops_oid_hex(&f->oid, hex));
	return 0;
}

static int fsck_in(struct lfs *lfs, void *arg, struct mlops_error *err)
{
	return mlops_lfs_check(lfs, report_bad, arg, err);
}

static int fsck_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct ls s = { 0 };

	(void)opts;
	if (cmd_in_lfs(fsck_in, &s, err))
		return -1;
	if (!s.found && !ctx->common.quiet)
		puts("all objects are here and whole");
	return s.found ? CMD_EXIT_NO : 0;
}

const struct cmd_spec lfs_fsck = {
	.name = "fsck", .summary = "read the objects of git's index, and compare them with their names",
	.run = fsck_run,
};
