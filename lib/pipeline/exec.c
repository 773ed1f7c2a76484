/* A shell command in a process group, watched through a pidfd beside the eventfd of signals. */
#include "pipeline/exec.h"

#include <errno.h>
#include <poll.h>
#include <sys/pidfd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "pipeline/stop.h"

#define GRACE_MS 10000 /* between a signal that asks and SIGKILL */

/* A group that is asked to end, and until when. */
struct watched {
	pid_t pid;
	int pid_fd;
	int signals;         /* how many were passed on */
	int64_t deadline_ms; /* monotonic; 0: it was not asked to end */
};

/* The group outlives its leader, which is not waited for yet, so the id is still ours. */
static void pass_signals(struct watched *w)
{
	stop_drain();
	if (stop_count() == w->signals)
		return;
	w->signals = stop_count();
	kill(-w->pid, w->signals > 1 ? SIGKILL : stop_signal());
	if (!w->deadline_ms)
		w->deadline_ms = clock_mono_ms() + GRACE_MS;
}

static int poll_timeout(const struct watched *w)
{
	int64_t left = w->deadline_ms - clock_mono_ms();

	if (!w->deadline_ms)
		return -1;
	return left > 0 ? (int)left : 0;
}

static int watch(struct watched *w, struct mlops_error *err)
{
	struct pollfd fds[] = { { .fd = w->pid_fd, .events = POLLIN },
				{ .fd = stop_fd(), .events = POLLIN } };

	for (;;) {
		int n = poll(fds, 2, poll_timeout(w));

		if (n < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for a command");
		if (n < 0)
			continue;
		if (fds[1].revents)
			pass_signals(w);
		if (fds[0].revents)
			return 0;
		if (!n) {
			kill(-w->pid, SIGKILL);
			w->deadline_ms = 0;
		}
	}
}

static int wait_for(pid_t pid, int *exit_status, struct mlops_error *err)
{
	autoclose int pid_fd = pidfd_open(pid, 0);
	struct watched w = { .pid = pid, .pid_fd = pid_fd };
	struct proc_result result;
	int rc = pid_fd < 0 ? err_sys(err, "cannot watch a command") : watch(&w, err);

	if (rc || stop_signal())
		kill(-pid, SIGKILL);
	if (proc_wait(pid, &result, err) || rc)
		return -1;
	*exit_status = result.status;
	return 0;
}

int exec_command(const struct exec_spec *spec, int *exit_status, struct mlops_error *err)
{
	const char *argv[] = { "sh", "-c", spec->command, NULL };
	const struct proc_spec proc = {
		.argv = argv,
		.dir = spec->dir,
		.env = spec->env,
		.stdin_fd = -1,
		.stdout_fd = spec->stdout_fd,
		.stderr_fd = -1,
		.keep_fd = spec->keep_fd,
		.new_group = true,
		.die_with_us = true,
	};
	pid_t pid;

	if (proc_spawn(&proc, &pid, err))
		return -1;
	return wait_for(pid, exit_status, err);
}
