/*
 * The gateway in front of a deployment on this machine: its process, and taking a revision in. All of it
 * is in .mlops/run/deploy/NAME: control.sock and its lock, log.
 */
#include "deploy/front.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/proc.h"
#include "deploy/canary.h"
#include "deploy/gatewayctl.h"
#include "project/project.h"

#define START_TIMEOUT_MS 15000
#define POLL_MS          5
#define LOG_TAIL_MAX     (1u << 20)

char *front_file(const struct target_call *call, const char *file)
{
	autofree char *name = xasprintf("run/deploy/%s/%s", call->name, file);

	return project_shared_file(call->project, name);
}

static char *socket_of(const struct target_call *call)
{
	return front_file(call, "control.sock");
}

struct starting {
	pid_t pid;
	char *log;
	off_t log_start; /* where its part of the log begins */
	bool ended;
};

static int spawn_gateway(const struct target_call *call, struct starting *s,
			 struct mlops_error *err)
{
	autofree char *self = NULL, *socket = socket_of(call);
	autofree char *listen = xasprintf("127.0.0.1:%" PRId64, call->port);
	autoclose int log = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (log < 0)
		return err_sys(err, "cannot open '%s'", s->log);
	s->log_start = lseek(log, 0, SEEK_END);
	if (proc_self_path(&self, err))
		return -1;
	const char *timeout = mlops_config_lookup(call->project, "serve.timeout");
	const char *argv[] = { self,
			       "serve",
			       "--control",
			       socket,
			       "--listen",
			       listen,
			       timeout ? "--timeout" : NULL,
			       timeout,
			       NULL };
	const struct proc_spec spec = {
		.argv = argv,
		.dir = mlops_project_root(call->project),
		.stdin_fd = -1,
		.stdout_fd = log,
		.stderr_fd = log,
		.new_session = true,
	};
	return proc_spawn(&spec, &s->pid, err);
}

/* The last line that the gateway wrote. */
static int log_error_of(const struct starting *s, struct mlops_error *err)
{
	autoerr ignored = ERR_INIT;
	autobuf text = { 0 };
	const char *line = "";

	if (!fs_read(s->log, LOG_TAIL_MAX, &text, &ignored) && text.len > (size_t)s->log_start) {
		struct str tail = str_trim(str_of(text.buf + s->log_start));
		text.buf[tail.p + tail.n - text.buf] = '\0';
		const char *end = strrchr(tail.p, '\n');
		line = end ? end + 1 : tail.p;
	}
	if (str_starts(line, "mlops: "))
		line += strlen("mlops: ");
	err_set(err, MLOPS_EFAIL, "the gateway does not start: %s", line);
	return err_hint(err, "see '%s'; another port: mlops deploy --port", s->log);
}

/* Whether our process is still there; ending because another one holds the lock is no failure. */
static int check_process(struct starting *s, struct mlops_error *err)
{
	int status;

	if (s->ended || waitpid(s->pid, &status, WNOHANG) != s->pid)
		return 0;
	s->ended = true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == mlops_error_exit_code(MLOPS_ELOCKED))
		return 0;
	return log_error_of(s, err);
}

static int wait_answering(const struct target_call *call, struct starting *s,
			  struct mlops_error *err)
{
	int64_t deadline = clock_mono_ms() + START_TIMEOUT_MS;
	autofree char *socket = socket_of(call);

	for (;;) {
		autostate state = { 0 };

		if (gatewayctl_status(socket, &state, err))
			return -1;
		if (state.running)
			return 0;
		if (check_process(s, err))
			return -1;
		if (clock_mono_ms() >= deadline)
			return err_set(err, MLOPS_EFAIL, "the gateway of '%s' does not answer",
				       call->name);
		clock_sleep_ms(POLL_MS);
	}
}

static int ensure(const struct target_call *call, struct mlops_error *err)
{
	autofree char *socket = socket_of(call), *log = front_file(call, "log");
	struct starting s = { .log = log };
	autostate state = { 0 };

	if (gatewayctl_status(socket, &state, err))
		return -1;
	if (state.running)
		return 0;
	return spawn_gateway(call, &s, err) ? -1 : wait_answering(call, &s, err);
}

/* ---- a revision ---- */

/* Beside the active one when that is there to be compared with; what a killed deployer left is ended. */
static int apply_beside(const struct target_call *call, const struct revision *r, const char *where,
			const struct json *config, int64_t timeout_ms, struct mlops_error *err)
{
	autofree char *socket = socket_of(call);
	int64_t active = call->active->number;

	return gatewayctl_share(socket, active, 100, 0, err) ||
			       gatewayctl_apply(socket, r, where, timeout_ms, true, err) ||
			       canary_run(socket, call, r, config, err) ?
		       -1 :
		       0;
}

int front_apply(const struct target_call *call, const struct revision *r, const char *where,
		const struct json *config, int64_t timeout_ms, struct mlops_error *err)
{
	autofree char *socket = socket_of(call);
	autostate state = { 0 };

	if (ensure(call, err) || gatewayctl_status(socket, &state, err))
		return -1;
	if (FAULT("deploy.gateway"))
		return err_sys(err, "cannot ask the gateway of '%s'", call->name);
	if (canary_wanted(config) && !r->rollback_of && call->active &&
	    call->active->number != r->number && state.revision == call->active->number)
		return apply_beside(call, r, where, config, timeout_ms, err);
	return gatewayctl_apply(socket, r, where, timeout_ms, false, err);
}

int front_status(const struct target_call *call, struct target_state *out, struct mlops_error *err)
{
	autofree char *socket = socket_of(call);

	return gatewayctl_status(socket, out, err);
}

int front_stop(const struct target_call *call, struct mlops_error *err)
{
	autofree char *dir = front_file(call, ""), *socket = socket_of(call);
	autofree char *lock = xasprintf("%s.lock", socket);

	if (!fs_is_dir(dir))
		return 0;
	if (gatewayctl_stop(socket, err) || fs_remove_tree(socket, err))
		return -1;
	return fs_remove_tree(lock, err); /* nobody starts another one: the deployment is locked */
}
