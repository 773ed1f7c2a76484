/*
 * Starting and ending worker processes. The channel is the child's standard input, so that no
 * other descriptor has to be inherited; the runner itself is read from a memory file.
 */
#include "serve/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#include "base/embed.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/proc.h"
#include "fmt/json.h"

#define LOG_LINE_MAX 2048
#define LOG_READS    16 /* at a time: a worker that prints without end must not hold up the rest */

EMBED(runner_py, "serve/runner.py");

static int runner_fd = -1; /* inherited by workers; made once, under `once` */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_runner(void)
{
	autoerr ignored = ERR_INIT;
	int fd = memfd_create("mlops-runner", 0);

	if (fd >= 0 &&
	    fs_write_all(fd, embed_runner_py, strlen(embed_runner_py), "runner", &ignored)) {
		close(fd);
		fd = -1;
	}
	runner_fd = fd;
}

static int spawn(struct worker *w, const char *model_dir, int channel, int log,
		 struct mlops_error *err)
{
	const char *python = getenv("MLOPS_PYTHON");
	char runner[32];

	pthread_once(&once, make_runner);
	if (runner_fd < 0)
		return err_set(err, MLOPS_EIO, "cannot make the memory file of the model runner");
	snprintf(runner, sizeof(runner), "/dev/fd/%d", runner_fd);
	/* -B: bytecode files would change the model's folder. -u: what it prints is logged at once. */
	const char *argv[] = { python && *python ? python : "python3", "-Bu", runner, model_dir,
			       NULL };
	const struct proc_spec spec = {
		.argv = argv,
		.dir = model_dir,
		.stdin_fd = channel,
		.stdout_fd = log,
		.stderr_fd = log,
		.new_group = true,
		.die_with_us = true,
	};
	if (proc_spawn(&spec, &w->pid, err))
		return err_hint(err, "set MLOPS_PYTHON to the Python 3 that the model needs");
	w->channel.pidfd = pidfd_open(w->pid, 0);
	return 0;
}

int worker_start(struct worker *w, const char *model_dir, struct mlops_error *err)
{
	int pair[2], log[2];

	*w = (struct worker)WORKER_NONE;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_sys(err, "cannot make a socket pair");
	autoclose int ours = pair[0], theirs = pair[1];
	if (pipe2(log, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	autoclose int log_in = log[0], log_out = log[1];
	if (fcntl(log_in, F_SETFL, O_NONBLOCK))
		return err_sys(err, "cannot set up a pipe");
	if (spawn(w, model_dir, theirs, log_out, err))
		return -1;
	w->channel.fd = steal_fd(&ours);
	w->log_fd = steal_fd(&log_in);
	return 0;
}

int worker_read_ready(struct worker *w, int64_t deadline_ms, struct mlops_error *err)
{
	autobuf body = { 0 };
	autojson *v = NULL;
	const char *why;

	if (frame_receive(w->channel, &body, deadline_ms))
		return err_set(err, MLOPS_EFAIL, "the worker ended before the model was loaded");
	if (js_parse(body.buf, body.len, "the worker's first message", &v, err))
		return -1;
	why = js_get_text(v, "error");
	return why ? err_set(err, MLOPS_EINVALID, "the model does not load: %s", why) : 0;
}

static void log_line(struct worker *w)
{
	if (!w->line.len)
		return;
	log_info("worker %d: %s", (int)w->pid, w->line.buf);
	free(w->last_line);
	w->last_line = strbuf_steal(&w->line);
}

static void take_log(struct worker *w, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n')
			strbuf_addc(&w->line, p[i]);
		if (p[i] == '\n' || w->line.len >= LOG_LINE_MAX)
			log_line(w);
	}
}

void worker_read_log(struct worker *w)
{
	char buf[4096];

	for (int i = 0; i < LOG_READS && w->log_fd >= 0; i++) {
		ssize_t n = read(w->log_fd, buf, sizeof(buf));

		if (n < 0)
			return;
		if (!n) /* nobody is left to print */
			close(steal_fd(&w->log_fd));
		take_log(w, buf, (size_t)n);
	}
}

void worker_hang_up(struct worker *w)
{
	if (w->channel.fd >= 0)
		close(steal_fd(&w->channel.fd));
}

void worker_kill(const struct worker *w)
{
	kill(-w->pid, SIGKILL); /* the group: also what the model started */
}

static char *describe_end(const struct worker *w, int status)
{
	if (status > 128)
		return xasprintf("ended by signal %d (%s)", status - 128, strsignal(status - 128));
	return xasprintf("ended with status %d%s%s", status, w->last_line ? ", having said: " : "",
			 w->last_line ? w->last_line : "");
}

char *worker_end(struct worker *w)
{
	autoerr ignored = ERR_INIT;
	struct proc_result result = { 0 };
	char *how;

	worker_kill(w);
	proc_wait(w->pid, &result, &ignored);
	worker_read_log(w);
	log_line(w);
	how = describe_end(w, result.status);
	worker_hang_up(w);
	if (w->channel.pidfd >= 0)
		close(w->channel.pidfd);
	if (w->log_fd >= 0)
		close(w->log_fd);
	strbuf_clear(&w->line);
	free(w->last_line);
	*w = (struct worker)WORKER_NONE;
	return how;
}
