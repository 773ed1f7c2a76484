/* mlops hook: what git's hooks call, which `mlops init --hooks` installs (mlops-git(7)). */
#include "cmd.h"

#include "base/log.h"
#include "base/num.h"
#include "mlops/config.h"
#include "mlops/follow.h"
#include "mlops/project.h"
#include "paths.h"
#include "transfer.h"

#define SHOWN 10 /* paths that are named */

struct hook_opts {
	const char *name;
	struct opt_strs args;
};

static const struct arg_spec hook_argv[] = {
	ARG(hook_opts, name, .name = "NAME", .min = 1, .max = 1, .help = "of a hook of git"),
	ARG(hook_opts, args, .name = "ARG", .max = ARGS_ANY, .help = "what git gives the hook"),
	ARG_END,
};

static bool is_null_id(const char *id)
{
	return id[strspn(id, "0")] == '\0';
}

static bool is_off(struct project *project)
{
	static const char *const words[] = { "false", "no", "off", "0" };
	const char *value = mlops_config_lookup(project, "core.hooks");

	for (size_t i = 0; value && i < ARRAY_LEN(words); i++)
		if (!strcmp(value, words[i]))
			return true;
	return false;
}

/* ---- after git changed the work tree ---- */

struct revisions {
	const char *from, *to; /* from: NULL for all that there is */
};

struct shown {
	size_t kept, absent;
};

static void tell(const char *path, enum follow_obstacle obstacle, const struct mlops_error *why,
		 void *arg)
{
	struct shown *shown = arg;
	size_t *n = obstacle == FOLLOW_ABSENT ? &shown->absent : &shown->kept;
	autofree char *name = cmd_show_path(path);

	if (++*n > SHOWN)
		return;
	if (obstacle == FOLLOW_ABSENT)
		log_warn("'%s' is not all here", name);
	else
		log_warn("'%s' stays as it was: %s", name, why->msg);
}

static void sum_up(const struct checkout_counts *counts, const struct shown *shown)
{
	if (counts->written || counts->removed)
		log_info("%llu file%s checked out, %llu removed",
			 (unsigned long long)counts->written, counts->written == 1 ? "" : "s",
			 (unsigned long long)counts->removed);
	if (shown->absent > SHOWN || shown->kept > SHOWN)
		log_warn("and more of the kind: %zu are not here, %zu stay as they were",
			 shown->absent, shown->kept);
	if (shown->absent)
		log_info("fetch what is not here with: mlops pull");
}

static int follow(struct project *project, const struct revisions *r, struct mlops_error *err)
{
	struct checkout_counts counts;
	struct pointer_change *changes;
	struct shown shown = { 0 };
	size_t n;

	if (mlops_changes_list(project, r->from, r->to, &changes, &n, err))
		return -1;
	int rc = n ? mlops_project_lock(project, true, err) : 0;
	if (n && !rc)
		rc = mlops_follow(project, changes, n, tell, &shown, &counts, err);
	if (n && !rc)
		sum_up(&counts, &shown);
	mlops_changes_free(changes, n);
	return rc;
}

static int follow_in(const char *root, void *arg, struct mlops_error *err)
{
	struct project *project;
	int rc = 0;

	if (mlops_project_open(root, &project, err))
		return -1;
	if (!is_off(project))
		rc = follow(project, arg, err);
	mlops_project_free(project);
	return rc;
}

/* What went wrong here must not stop git, which is done with its part. */
static int follow_all(struct revisions r)
{
	autoerr err = ERR_INIT;

	if (!mlops_projects_each(".", follow_in, &r, &err))
		return 0;
	log_warn("tracked data was not checked out: %s", err.msg);
	if (err.hint)
		log_info("%s", err.hint);
	return 0;
}

/* OLD NEW FLAG; flag 1 for a branch, 0 for single files. OLD is zeroes in a new worktree. */
static int post_checkout(const struct opt_strs *args)
{
	if (args->n < 3 || strcmp(args->v[2], "1") || !strcmp(args->v[0], args->v[1]))
		return 0;
	const char *from = is_null_id(args->v[0]) ? NULL : args->v[0];
	return follow_all((struct revisions){ from, args->v[1] });
}

/* SQUASH; 1 when what was merged is not committed yet. */
static int post_merge(const struct opt_strs *args)
{
	if (args->n && !strcmp(args->v[0], "1"))
		return 0;
	return follow_all((struct revisions){ "ORIG_HEAD", "HEAD" });
}

/* Each commit of a rebase may have changed anything. An amended one changed nothing here. */
static int post_rewrite(const struct opt_strs *args)
{
	if (!args->n || strcmp(args->v[0], "rebase"))
		return 0;
	return follow_all((struct revisions){ NULL, "HEAD" });
}

/* ---- before git pushes ---- */

struct push {
	const char *remote; /* of git's, or NULL when it has no name */
	VEC(struct pushed_ref) refs;
	struct strlist ids; /* that refs borrow */
};

typedef VEC(struct placed_ref) ref_vec;

static int add_ref(const struct placed_ref *ref, void *arg, struct mlops_error *err)
{
	(void)err;
	vec_push((ref_vec *)arg, *ref);
	return 0;
}

/* The remote for data that is named like git's, else the default one. */
static int choose_remote(struct project *project, const char *name, char **out,
			 struct mlops_error *err)
{
	struct remote_info *list;
	size_t n;

	*out = NULL;
	if (mlops_remotes_list(project, &list, &n, err))
		return -1;
	for (size_t i = 0; name && i < n && !*out; i++)
		if (!strcmp(list[i].name, name))
			*out = xstrdup(name);
	mlops_remotes_free(list, n);
	return 0;
}

static int send(struct project *project, const struct push *p, const ref_vec *refs,
		struct mlops_error *err)
{
	autofree char *remote = NULL;
	struct transfer_counts counts;
	struct progress progress;
	char size[NUM_SIZE];

	if (choose_remote(project, p->remote, &remote, err) ||
	    mlops_project_lock(project, false, err))
		return -1;
	struct transfer_how how = { .remote = remote };
	cmd_transfer_how(&how, &progress);
	progress_start(&progress, "sending", false);
	int rc = mlops_push_placed(project, refs->v, refs->n, &how, &counts, err);
	progress_end(&progress);
	if (rc)
		return -1;
	if (counts.objects)
		log_info("%llu object%s, %s sent", (unsigned long long)counts.objects,
			 counts.objects == 1 ? "" : "s", num_format_bytes(counts.bytes, size));
	return 0;
}

static int push_in(const char *root, void *arg, struct mlops_error *err)
{
	const struct push *p = arg;
	struct project *project;
	ref_vec refs = { 0 };
	int rc = 0;

	if (mlops_project_open(root, &project, err))
		return -1;
	if (!is_off(project))
		rc = mlops_outgoing_visit(project, p->remote, p->refs.v, p->refs.n, add_ref, &refs,
					  err);
	if (!rc && refs.n)
		rc = send(project, p, &refs, err);
	vec_free(&refs);
	mlops_project_free(project);
	if (!rc)
		return 0;
	err_wrap(err, "cannot send the data that the commits name");
	autofree char *hint = err->hint ? xasprintf("%s; or ", err->hint) : xstrdup("");
	return err_hint(err, "%spush without it: git push --no-verify", hint);
}

/* LOCAL-REF LOCAL-ID REMOTE-REF REMOTE-ID on each line; local zeroes: a branch is deleted there. */
static void read_push(struct push *p)
{
	autofree char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct str field[4], rest = str_trim((struct str){ line, (size_t)n });

		for (size_t i = 0; i < ARRAY_LEN(field); i++)
			field[i] = str_split(rest, ' ', &rest);
		autofree char *local = xstrndup(field[1].p, field[1].n);
		autofree char *remote = xstrndup(field[3].p, field[3].n);
		if (!field[3].n || is_null_id(local))
			continue;
		strlist_take(&p->ids, steal_ptr(&local));
		strlist_take(&p->ids, steal_ptr(&remote));
		vec_push(&p->refs, { p->ids.v[p->ids.n - 2], p->ids.v[p->ids.n - 1] });
	}
}

/* NAME URL; for a remote without a name both are its URL. */
static int pre_push(const struct opt_strs *args, struct mlops_error *err)
{
	struct push p = { 0 };
	int rc = 0;

	if (args->n >= 2 && strcmp(args->v[0], args->v[1]))
		p.remote = args->v[0];
	read_push(&p);
	if (p.refs.n)
		rc = mlops_projects_each(".", push_in, &p, err);
	vec_free(&p.refs);
	strlist_clear(&p.ids);
	return rc;
}

static int hook_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct hook_opts *o = opts;

	(void)ctx;
	if (!strcmp(o->name, "post-checkout"))
		return post_checkout(&o->args);
	if (!strcmp(o->name, "post-merge"))
		return post_merge(&o->args);
	if (!strcmp(o->name, "post-rewrite"))
		return post_rewrite(&o->args);
	if (!strcmp(o->name, "pre-push"))
		return pre_push(&o->args, err);
	return err_set(err, MLOPS_EUSAGE, "'%s' is no hook that mlops takes part in", o->name);
}

const struct cmd_spec cmd_hook = {
	.name = "hook",
	.summary = "do what a hook of git asks for",
	.flags = CMD_REST,
	.args = hook_argv,
	.opts_size = sizeof(struct hook_opts),
	.run = hook_run,
};
