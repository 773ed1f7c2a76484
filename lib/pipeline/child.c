/* A shell command in a process group. The group outlives its leader until that is waited for. */
#include "pipeline/child.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "pipeline/stop.h"

#define GRACE_MS 10000 /* between a signal that asks and SIGKILL */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Our end does not block: what a command leaves behind may keep the other one open. */
static int make_pipe(int *ours, int *theirs, struct mlops_error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	*ours = fds[0];
	*theirs = fds[1];
	return fcntl(fds[0], F_SETFL, O_NONBLOCK) ? err_sys(err, "cannot set up a pipe") : 0;
}

struct argv {
	VEC(const char *) v;
};

static void add_words(struct argv *a, const char *const *words)
{
	for (; words && *words; words++)
		vec_push(&a->v, *words);
}

static void make_argv(const struct child_spec *spec, struct argv *out)
{
	const char *const shell[] = { "/bin/sh", "-c", spec->command->text, NULL };

	add_words(out, spec->prefix);
	add_words(out, spec->command->argv ? spec->command->argv : shell);
	vec_push(&out->v, NULL);
}

static int spawn(const struct child_spec *spec, const int *print, struct child *c,
		 struct mlops_error *err)
{
	struct argv argv = { 0 };

	make_argv(spec, &argv);
	const struct proc_spec proc = {
		.argv = argv.v.v,
		.dir = spec->dir,
		.env = spec->env,
		.stdin_fd = -1,
		.stdout_fd = print[STAGE_STDOUT],
		.stderr_fd = print[STAGE_STDERR],
		.keep_fds = spec->keep_fds,
		.n_keep_fds = spec->n_keep_fds,
		.new_group = true,
		.die_with_us = true,
	};

	int rc = proc_spawn(&proc, &c->pid, err);
	vec_free(&argv.v);
	if (rc)
		return -1;
	c->pid_fd = pidfd_open(c->pid, 0);
	return c->pid_fd < 0 ? err_sys(err, "cannot watch a command") : 0;
}

int child_start(const struct child_spec *spec, struct child *out, struct mlops_error *err)
{
	struct child c = { .pid_fd = -1, .print_fd = { -1, -1 } };
	int print[2] = { -1, -1 };
	int rc = 0;

	for (int i = 0; i < 2 && !rc; i++)
		rc = make_pipe(&c.print_fd[i], &print[i], err);
	if (!rc)
		rc = spawn(spec, print, &c, err);
	close_fd(&print[STAGE_STDOUT]);
	close_fd(&print[STAGE_STDERR]);
	if (rc)
		child_kill(&c);
	else
		*out = c;
	return rc;
}

void child_pass_signals(struct child *c)
{
	if (stop_count() == c->signals)
		return;
	c->signals = stop_count();
	kill(-c->pid, c->signals > 1 ? SIGKILL : stop_signal());
	c->deadline_ms = clock_mono_ms() + GRACE_MS;
}

int child_check_deadline(struct child *c)
{
	int64_t now = clock_mono_ms();

	if (c->timeout_ms && c->timeout_ms <= now) {
		kill(-c->pid, SIGTERM);
		c->timed_out = true;
		c->timeout_ms = 0;
		c->deadline_ms = now + GRACE_MS;
	}
	if (c->deadline_ms && c->deadline_ms <= now) {
		kill(-c->pid, SIGKILL);
		c->deadline_ms = 0;
	}
	int64_t next = c->deadline_ms ? c->deadline_ms : c->timeout_ms;
	if (!next)
		return -1;
	return next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

static void forget(struct child *c)
{
	close_fd(&c->pid_fd);
	close_fd(&c->print_fd[STAGE_STDOUT]);
	close_fd(&c->print_fd[STAGE_STDERR]);
	c->pid = 0;
}

int child_reap(struct child *c, struct proc_result *out, struct mlops_error *err)
{
	if (stop_signal() || c->timed_out)
		kill(-c->pid, SIGKILL); /* what its leader left behind */
	int rc = proc_wait(c->pid, out, err);
	forget(c);
	return rc;
}

void child_kill(struct child *c)
{
	struct proc_result ignored;
	autoerr none = ERR_INIT;

	if (c->pid) {
		kill(-c->pid, SIGKILL);
		proc_wait(c->pid, &ignored, &none);
	}
	forget(c);
}
