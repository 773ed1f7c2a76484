/* Running git: what it tells is what users of all its versions and settings see. */
#include <fcntl.h>
#include <sys/mman.h>

#include "base/proc.h"
#include "lfs/lfs.h"

int lfs_git_start(const struct lfs *l, const char *const *argv, int stdin_fd, struct lfs_git *out,
		  struct mlops_error *err)
{
	autoclose int null = out->quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	const struct proc_spec spec = { .argv = argv,
					.dir = l->top,
					.env = (const char *const *)l->env,
					.stdin_fd = stdin_fd,
					.stdout_fd = fds[1],
					.stderr_fd = null };
	int rc = proc_spawn(&spec, &out->pid, err);
	close(fds[1]);
	out->out = rc ? NULL : fdopen(fds[0], "r");
	if (!rc && !out->out)
		abort(); /* out of memory */
	if (rc)
		close(fds[0]);
	return rc;
}

int lfs_git_end(struct lfs_git *g, const char *const *argv, int *status, struct mlops_error *err)
{
	struct proc_result result;

	fclose(g->out);
	if (proc_wait(g->pid, &result, err))
		return -1;
	if (status)
		*status = result.status;
	else if (result.status)
		return err_set(err, MLOPS_EFAIL,
			       "cannot run 'git %s': it ended with exit status %d", argv[1],
			       result.status);
	return 0;
}

int lfs_git_each(const struct lfs *l, const char *const *argv, int stdin_fd, int end,
		 int (*fn)(char *record, size_t n, void *arg, struct mlops_error *err), void *arg,
		 int *status, struct mlops_error *err)
{
	autofree char *record = NULL;
	autoerr ignored = ERR_INIT;
	struct lfs_git g = { 0 };
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	if (lfs_git_start(l, argv, stdin_fd, &g, err))
		return -1;
	while (!rc && (n = getdelim(&record, &cap, end, g.out)) > 0) {
		if (record[n - 1] == end)
			record[--n] = '\0';
		rc = fn(record, (size_t)n, arg, err);
	}
	int ignored_status;
	if (lfs_git_end(&g, argv, rc ? &ignored_status : status, rc ? &ignored : err))
		return rc ? rc : -1;
	return rc;
}

int lfs_memory_file(struct mlops_error *err)
{
	int fd = memfd_create("mlops-lfs", MFD_CLOEXEC);

	return fd < 0 ? err_sys(err, "cannot make a file in memory") : fd;
}

int lfs_rewind(int fd, struct mlops_error *err)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? err_sys(err, "cannot read a file in memory again") : 0;
}
