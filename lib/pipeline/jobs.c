/* poll(2) over the commands, what they print, the job tokens and the signals. */
#include "pipeline/jobs.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "pipeline/stop.h"

enum { WATCH_STDOUT, WATCH_STDERR, WATCH_END, WATCH_JOB }; /* places of a job's descriptors */
enum { WATCH_STOP, WATCH_TOKEN, WATCH_JOBS };              /* and of those before them */

struct job *job_new(struct state *s)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->s = s;
	job->child = (struct child){ .pid_fd = -1, .print_fd = { -1, -1 } };
	job->output.log_fd = -1;
	return job;
}

void job_free(struct job *job)
{
	child_kill(&job->child);
	output_close(&job->output);
	free(job);
}

void jobs_remove(struct jobs *jobs, struct job *job)
{
	size_t i = 0;

	while (jobs->v.v[i] != job)
		i++;
	jobs->v.n--;
	memmove(&jobs->v.v[i], &jobs->v.v[i + 1], (jobs->v.n - i) * sizeof(*jobs->v.v));
}

static struct pollfd *make_watches(const struct jobs *jobs, int token_fd)
{
	struct pollfd *fds = xcalloc(WATCH_JOBS + WATCH_JOB * jobs->v.n, sizeof(*fds));

	fds[WATCH_STOP] = (struct pollfd){ .fd = stop_fd(), .events = POLLIN };
	fds[WATCH_TOKEN] = (struct pollfd){ .fd = token_fd, .events = POLLIN };
	for (size_t i = 0; i < jobs->v.n; i++) {
		const struct child *c = &jobs->v.v[i]->child;
		struct pollfd *at = &fds[WATCH_JOBS + WATCH_JOB * i];

		at[WATCH_STDOUT] = (struct pollfd){ .fd = c->print_fd[STAGE_STDOUT], .events = POLLIN };
		at[WATCH_STDERR] = (struct pollfd){ .fd = c->print_fd[STAGE_STDERR], .events = POLLIN };
		at[WATCH_END] = (struct pollfd){ .fd = c->pid_fd, .events = POLLIN };
	}
	return fds;
}

static void take_output(struct job *job, enum stage_stream stream)
{
	int *fd = &job->child.print_fd[stream];

	if (*fd < 0 || output_take(&job->output, stream, *fd))
		return;
	close(*fd);
	*fd = -1;
}

static struct job *take_events(const struct jobs *jobs, const struct pollfd *fds)
{
	struct job *ended = NULL;

	for (size_t i = 0; i < jobs->v.n; i++) {
		const struct pollfd *at = &fds[WATCH_JOBS + WATCH_JOB * i];
		bool ends = at[WATCH_END].revents;

		if (ends || at[WATCH_STDOUT].revents)
			take_output(jobs->v.v[i], STAGE_STDOUT);
		if (ends || at[WATCH_STDERR].revents)
			take_output(jobs->v.v[i], STAGE_STDERR);
		if (ends && !ended)
			ended = jobs->v.v[i];
	}
	return ended;
}

static void pass_signals(const struct jobs *jobs)
{
	stop_drain();
	for (size_t i = 0; i < jobs->v.n; i++)
		if (!jobs->v.v[i]->again_ms)
			child_pass_signals(&jobs->v.v[i]->child);
}

/* Milliseconds until the job needs us; -1: never. Signals do not wait for another try. */
static int job_due(struct job *job)
{
	int64_t left = job->again_ms - clock_mono_ms();

	if (!job->again_ms)
		return child_check_deadline(&job->child);
	return left > 0 && !stop_signal() ? (int)left : 0;
}

/* The least of the timeout and what is left to the jobs that need us by a time. */
static int next_timeout(const struct jobs *jobs, int timeout_ms)
{
	for (size_t i = 0; i < jobs->v.n; i++) {
		int left = job_due(jobs->v.v[i]);

		if (left >= 0 && (timeout_ms < 0 || left < timeout_ms))
			timeout_ms = left;
	}
	return timeout_ms;
}

static struct job *find_due_again(const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->v.n; i++)
		if (jobs->v.v[i]->again_ms && !job_due(jobs->v.v[i]))
			return jobs->v.v[i];
	return NULL;
}

int jobs_wait(struct jobs *jobs, int token_fd, int timeout_ms, struct job **ended,
	      struct mlops_error *err)
{
	autofree struct pollfd *fds = make_watches(jobs, token_fd);
	nfds_t n_fds = WATCH_JOBS + WATCH_JOB * jobs->v.n;

	*ended = find_due_again(jobs);
	if (*ended)
		return 0;
	int n = poll(fds, n_fds, next_timeout(jobs, timeout_ms));
	if (n < 0 && errno != EINTR)
		return err_sys(err, "cannot wait for a command");
	if (n <= 0)
		return 0;
	if (fds[WATCH_STOP].revents)
		pass_signals(jobs);
	*ended = take_events(jobs, fds);
	return 0;
}
