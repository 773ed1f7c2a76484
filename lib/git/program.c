/* What git itself is run for: linked work trees, in which its filters hold, and what it pushes. */
#include "base/path.h"
#include "base/proc.h"
#include "base/vec.h"
#include "git/private.h"

static const char *const clean_env[] = { GIT_CLEAN_ENV, NULL };

static int run_git(const char *dir, const char *const *argv, struct mlops_error *err)
{
	const struct proc_spec spec = { .argv = argv,
					.dir = dir,
					.env = clean_env,
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1 };
	struct proc_result result;
	pid_t pid;

	if (proc_spawn(&spec, &pid, err) || proc_wait(pid, &result, err))
		return -1;
	return result.status ? err_set(err, MLOPS_EFAIL, "git failed with exit status %d in '%s'",
				       result.status, dir) :
			       0;
}

int git_linked_make(struct git_repo *r, const char *path, const char *commit,
		    struct mlops_error *err)
{
	/*
	 * Hooks are for what users do; data is checked out by who asked for this. Forced twice, git
	 * makes nothing of one that is gone, nor of one that a killed git was making.
	 */
	const char *argv[] = { "git",      "-c",      "core.hooksPath=/dev/null",
			       "worktree", "add",     "--quiet",
			       "--force",  "--force", "--detach",
			       path,       commit,    NULL };

	if (run_git(git_repository_workdir(r->repo), argv, err))
		return err_wrap(err, "cannot make the work tree '%s'", path);
	return 0;
}

/* A name as a pattern of gitignore(5) that means it alone. */
static char *pattern_of(const struct git_repo *r, const char *path)
{
	autobuf out = { 0 };
	autofree char *full = xasprintf("/%s%s", r->prefix, path);

	for (const char *p = full; *p; p++) {
		if (strchr("\\*?[ !#", *p))
			strbuf_addc(&out, '\\');
		strbuf_addc(&out, *p);
	}
	return strbuf_steal(&out);
}

int git_linked_reset(struct git_repo *r, const char *commit, const char *const *keep, size_t n,
		     struct mlops_error *err)
{
	const char *reset[] = { "git",   "-c",      "core.hooksPath=/dev/null",
				"reset", "--quiet", "--hard",
				commit,  NULL };
	const char *top = git_repository_workdir(r->repo);
	autostrlist patterns = { 0 };
	VEC(const char *) clean = { 0 };

	for (const char *const *word = (const char *const[]){ "git", "clean", "-ffdxq", NULL };
	     *word; word++)
		vec_push(&clean, *word);
	for (size_t i = 0; i < n; i++) {
		strlist_take(&patterns, pattern_of(r, keep[i]));
		vec_push(&clean, "-e");
		vec_push(&clean, patterns.v[i]);
	}
	vec_push(&clean, NULL);
	int rc = run_git(top, reset, err) || run_git(top, clean.v, err) ? -1 : 0;
	vec_free(&clean);
	return rc ? err_wrap(err, "cannot clean the work tree '%s'", top) : 0;
}

int git_linked_remove(struct git_repo *r, const char *path, struct mlops_error *err)
{
	const char *argv[] = { "git", "worktree", "remove", "--force", "--force", path, NULL };

	return run_git(git_repository_workdir(r->repo), argv, err);
}

int git_push_refs(struct git_repo *r, const char *remote, const char *const *refs, size_t n,
		  struct mlops_error *err)
{
	VEC(const char *) argv = { 0 };
	autostrlist specs = { 0 };

	for (const char *const *word =
		     (const char *const[]){ "git", "push", "--quiet", "--", remote, NULL };
	     *word; word++)
		vec_push(&argv, *word);
	for (size_t i = 0; i < n; i++) {
		strlist_take(&specs, xasprintf("+%s:%s", refs[i], refs[i]));
		vec_push(&argv, specs.v[i]);
	}
	vec_push(&argv, NULL);
	int rc = run_git(git_repository_workdir(r->repo), argv.v, err);
	vec_free(&argv);
	return rc ? err_set(err, MLOPS_EREMOTE, "git cannot push to '%s'", remote) : 0;
}
