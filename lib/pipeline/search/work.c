/* A worker: takes trials from the queue and has a process of its own run each. */
#include "pipeline/search/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>

#include "base/proc.h"
#include "pipeline/stop.h"

#define LOOK_EVERY_MS 300 /* at what trials log */
#define JOBS_MAX      256

struct job {
	struct trial_key key;
	struct search *search;
	struct slot slot;
	pid_t pid;
	int pid_fd;  /* readable once it ended */
	size_t seen; /* points of the metric that were judged */
	bool pruned;
};

struct worker {
	struct project *project;
	struct db *db;
	const struct search_work *how;
	size_t *counts;
	int64_t search; /* row; 0: all */
	VEC(struct job) jobs;
	int signals; /* how many were passed on */
};

static int start_process(struct worker *w, struct job *job, struct mlops_error *err)
{
	autofree char *number = xasprintf("%lld", (long long)job->key.number);
	const char *argv[] = { w->how->program,
			       "-C",
			       mlops_project_root(w->project),
			       "trial",
			       job->search->id,
			       number,
			       job->slot.dir,
			       NULL };
	const char *const env[] = { "MLOPS_RUN_ID", "MLOPS_STAGE", NULL };
	const struct proc_spec spec = { .argv = argv,
					.env = env,
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1,
					.keep_fds = &job->slot.lock_fd,
					.n_keep_fds = 1,
					.new_group = true,
					.die_with_us = true };

	if (proc_spawn(&spec, &job->pid, err))
		return -1;
	job->pid_fd = (int)syscall(SYS_pidfd_open, job->pid, 0);
	if (job->pid_fd >= 0)
		return fcntl(job->pid_fd, F_SETFD, FD_CLOEXEC);
	err_sys(err, "cannot watch a process");
	kill(job->pid, SIGKILL);
	return -1;
}

static void job_clear(struct job *job)
{
	if (job->pid_fd >= 0)
		close(job->pid_fd);
	slot_give(&job->slot);
	mlops_search_free(job->search);
}

static int start_trial(struct worker *w, const struct trial_key *key, struct mlops_error *err)
{
	struct job job = { .key = *key, .pid_fd = -1 };
	autoerr ignored = ERR_INIT;

	if (!search_load(w->db, key->search, &job.search, err) &&
	    !slot_take(w->project, &job.slot, err)) {
		if (!start_process(w, &job, err)) {
			vec_push(&w->jobs, job);
			return 0;
		}
		job_clear(&job);
	} else {
		mlops_search_free(job.search);
	}
	queue_give_back(w->db, key, &ignored);
	return -1;
}

static int start_trials(struct worker *w, struct mlops_error *err)
{
	struct trial_key key;
	bool found = true;

	while (!stop_signal() && (int64_t)w->jobs.n < w->how->jobs) {
		if (queue_claim(w->db, w->search, &key, &found, err))
			return -1;
		if (!found)
			return 0;
		if (start_trial(w, &key, err))
			return -1;
	}
	return 0;
}

static int report(struct worker *w, const struct trial_key *key, struct mlops_error *err)
{
	autotrial *trial = NULL;

	if (!w->how->report)
		return 0;
	if (trial_load(w->db, key, &trial, err))
		return -1;
	w->how->report(trial, w->how->arg);
	return 0;
}

/* What it says by its exit status; one that we stopped for our own end waits for another worker. */
static int end_trial(struct worker *w, const struct job *job, int status, struct mlops_error *err)
{
	enum trial_status as = !status ? TRIAL_DONE : job->pruned ? TRIAL_PRUNED : TRIAL_FAILED;
	autofree char *why = NULL;

	if (status && !job->pruned && stop_signal())
		return queue_give_back(w->db, &job->key, err);
	if (as == TRIAL_FAILED)
		why = status > 128 ? xasprintf("its process was ended by signal %d", status - 128) :
				     xasprintf("its process ended with exit status %d", status);
	w->counts[as]++;
	if (queue_end(w->project, &job->key, as, why, err))
		return -1;
	return report(w, &job->key, err);
}

/* The work tree stays for the next trial. */
static int reap(struct worker *w, size_t i, struct mlops_error *err)
{
	struct job job = w->jobs.v[i];
	struct proc_result result;

	w->jobs.v[i] = w->jobs.v[--w->jobs.n];
	int rc =
		proc_wait(job.pid, &result, err) || end_trial(w, &job, result.status, err) ? -1 : 0;
	job_clear(&job);
	return rc;
}

static void pass_signals(struct worker *w)
{
	stop_drain();
	for (; w->signals < stop_count(); w->signals++)
		for (size_t i = 0; i < w->jobs.n; i++)
			kill(w->jobs.v[i].pid, SIGTERM);
}

static int look_at_metrics(struct worker *w, struct mlops_error *err)
{
	for (size_t i = 0; i < w->jobs.n; i++) {
		struct job *job = &w->jobs.v[i];

		if (job->search->pruner == PRUNER_NONE || job->pruned)
			continue;
		if (prune_poll(w->project, job->search, &job->key, &job->seen, &job->pruned, err))
			return -1;
		if (job->pruned)
			kill(job->pid, SIGTERM);
	}
	return 0;
}

static int timeout_of(const struct worker *w)
{
	for (size_t i = 0; i < w->jobs.n; i++)
		if (w->jobs.v[i].search->pruner != PRUNER_NONE && !w->jobs.v[i].pruned)
			return LOOK_EVERY_MS;
	return -1;
}

static int wait_for_trial(struct worker *w, struct mlops_error *err)
{
	autofree struct pollfd *fds = xcalloc(w->jobs.n + 1, sizeof(*fds));
	size_t n = w->jobs.n;

	fds[n] = (struct pollfd){ .fd = stop_fd(), .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = w->jobs.v[i].pid_fd, .events = POLLIN };
	if (poll(fds, n + 1, timeout_of(w)) < 0)
		return errno == EINTR ? 0 : err_sys(err, "cannot wait for trials");
	if (fds[n].revents)
		pass_signals(w);
	for (size_t i = n; i-- > 0;) /* from the end, which reaping moves into its place */
		if (fds[i].revents && reap(w, i, err))
			return -1;
	return look_at_metrics(w, err);
}

static int work(struct worker *w, struct mlops_error *err)
{
	for (;;) {
		if (start_trials(w, err))
			return -1;
		if (!w->jobs.n)
			return 0;
		if (wait_for_trial(w, err))
			return -1;
	}
}

/* After an error of our own: what still runs is ended and waits for another worker. */
static void abandon(struct worker *w)
{
	struct proc_result result;
	autoerr ignored = ERR_INIT;

	for (size_t i = 0; i < w->jobs.n; i++)
		kill(w->jobs.v[i].pid, SIGTERM);
	for (size_t i = 0; i < w->jobs.n; i++) {
		struct job *job = &w->jobs.v[i];

		proc_wait(job->pid, &result, &ignored);
		queue_give_back(w->db, &job->key, &ignored);
		job_clear(job);
	}
	vec_free(&w->jobs);
}

int mlops_search_work(struct project *project, const struct search_work *how,
		      size_t counts[TRIAL_STATUSES], struct mlops_error *err)
{
	struct worker w = { .project = project, .how = how, .counts = counts };
	struct run_key key = { 0 };
	struct stop stop;

	memset(counts, 0, TRIAL_STATUSES * sizeof(*counts));
	if (how->jobs < 1 || how->jobs > JOBS_MAX)
		return err_set(err, MLOPS_EUSAGE, "from 1 to %d trials run at a time, not %lld",
			       JOBS_MAX, (long long)how->jobs);
	if (project_db(project, &w.db, err) ||
	    (how->search && search_find(w.db, how->search, &key, err)) || stop_catch(&stop, err))
		return -1;
	w.search = key.row;
	int rc = work(&w, err);
	abandon(&w);
	slots_sweep(project);
	if (!rc && stop_signal()) {
		rc = err_set(err, stop_kind(),
			     "interrupted; trials that have not ended wait in the queue");
		err_hint(err, "go on with: mlops exp work");
	}
	stop_release(&stop);
	return rc;
}
