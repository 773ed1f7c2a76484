/* The job server's pipe: made by us, or inherited from make. */
#include "pipeline/tokens.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define MAX_JOBS 4096 /* fits into a pipe */

static bool is_pipe(int fd)
{
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

/* The descriptors of the pool that make told us of; it keeps them from commands not marked '+'. */
static bool find_pool(int *fds)
{
	static const char *const options[] = { "--jobserver-auth=", "--jobserver-fds=" };
	const char *flags = getenv("MAKEFLAGS");

	for (size_t i = 0; flags && i < 2; i++) {
		const char *at = strstr(flags, options[i]);

		if (at && sscanf(at + strlen(options[i]), "%d,%d", &fds[0], &fds[1]) == 2)
			return is_pipe(fds[0]) && is_pipe(fds[1]);
	}
	return false;
}

/* The pipe is shared with programs that expect it to block: we open it once more. */
static int open_again(struct tokens *t, struct mlops_error *err)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fds[0]);
	t->read_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return t->read_fd < 0 ? err_sys(err, "cannot open the pipe of job tokens") : 0;
}

static int make_pool(struct tokens *t, size_t jobs, struct mlops_error *err)
{
	if (pipe2(t->fds, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	for (size_t i = 1; i < jobs; i++)
		if (write(t->fds[1], "+", 1) != 1)
			return err_sys(err, "cannot fill the pipe of job tokens");
	t->makeflags = xasprintf("MAKEFLAGS= -j%zu --jobserver-auth=%d,%d", jobs, t->fds[0],
				 t->fds[1]);
	return 0;
}

int tokens_open(struct tokens *t, int64_t jobs, struct mlops_error *err)
{
	*t = TOKENS_INIT;
	if (jobs < 0 || jobs > MAX_JOBS)
		return err_set(err, MLOPS_EUSAGE, "the number of jobs must be 1 to %d, not %lld",
			       MAX_JOBS, (long long)jobs);
	t->inherited = !jobs && find_pool(t->fds);
	if (!t->inherited)
		t->fds[0] = t->fds[1] = -1;
	t->limit = t->inherited ? MAX_JOBS : jobs ? jobs : 1;
	t->held = xcalloc(t->limit, 1);
	if (t->limit == 1 || (!t->inherited && make_pool(t, t->limit, err)))
		return t->limit == 1 ? 0 : -1;
	return open_again(t, err);
}

void tokens_close(struct tokens *t)
{
	while (t->n_held)
		tokens_give(t, t->n_held);
	for (int i = 0; i < 2 && !t->inherited; i++)
		if (t->fds[i] >= 0)
			close(t->fds[i]);
	if (t->read_fd >= 0)
		close(t->read_fd);
	free(t->makeflags);
	free(t->held);
}

/* The first job runs on the token that whoever started us holds. */
bool tokens_take(struct tokens *t, size_t running)
{
	if (!running)
		return true;
	if (running >= t->limit || t->read_fd < 0 ||
	    read(t->read_fd, &t->held[t->n_held], 1) != 1)
		return false;
	t->n_held++;
	return true;
}

void tokens_give(struct tokens *t, size_t running)
{
	if (!t->n_held || running > t->n_held)
		return;
	t->n_held--;
	(void)!write(t->fds[1], &t->held[t->n_held], 1);
}

int tokens_fd(const struct tokens *t)
{
	return t->read_fd;
}
