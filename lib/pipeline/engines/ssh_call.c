/* Calling the ssh program: one connection to a host, and what is run over it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "pipeline/engines/ssh.h"
#include "pipeline/stop.h"

#define ANSWER_MAX 4096
#define TMPDIR_MAX 64

/* The path of a Unix socket must be short, also with what ssh puts behind it at first. */
int ssh_connect(struct ssh *s, struct mlops_error *err)
{
	const char *tmp = getenv("TMPDIR");

	if (!tmp || *tmp != '/' || strlen(tmp) > TMPDIR_MAX)
		tmp = "/tmp";
	char *dir = path_join(tmp, "mlops-ssh.XXXXXX");
	if (!mkdtemp(dir)) {
		err_sys(err, "cannot make a folder in '%s'", tmp);
		free(dir);
		return -1;
	}
	s->control = dir;
	return 0;
}

struct command {
	VEC(const char *) v;
	char *path, *quoted;
};

static void command_init(struct command *c, const struct ssh *s)
{
	const char *const options[] = { "-T",
					"-oBatchMode=yes",
					"-oStrictHostKeyChecking=yes",
					"-oConnectTimeout=10",
					"-oServerAliveInterval=15",
					"-oServerAliveCountMax=4",
					"-oControlMaster=auto",
					"-oControlPersist=30" };

	*c = (struct command){ .path = xasprintf("-oControlPath=%s/s", s->control) };
	vec_push(&c->v, "ssh");
	if (s->config) {
		vec_push(&c->v, "-F");
		vec_push(&c->v, s->config);
	}
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		vec_push(&c->v, options[i]);
	vec_push(&c->v, c->path);
}

/* The user's own shell there may be any: it only has to know single quotes. */
static void command_end(struct command *c, const struct ssh *s, const char *script)
{
	autobuf line = { 0 };

	strbuf_adds(&line, "exec sh -c ");
	strbuf_add_shell(&line, script);
	c->quoted = strbuf_steal(&line);
	vec_push(&c->v, "--");
	vec_push(&c->v, s->host);
	vec_push(&c->v, c->quoted);
	vec_push(&c->v, NULL);
}

static void command_clear(struct command *c)
{
	vec_free(&c->v);
	free(c->path);
	free(c->quoted);
}

/* In a group of its own: what asks us to stop is passed on in a better way. */
static int start(const char *const *argv, int in, int out, pid_t *pid, struct mlops_error *err)
{
	const struct proc_spec spec = {
		.argv = argv,
		.stdin_fd = in,
		.stdout_fd = out,
		.stderr_fd = -1,
		.new_group = true,
		.die_with_us = true,
	};

	return proc_spawn(&spec, pid, err);
}

static int start_ssh(struct ssh *s, const char *script, int in, int out, pid_t *pid,
		     struct mlops_error *err)
{
	struct command c;

	command_init(&c, s);
	command_end(&c, s, script);
	int rc = start(c.v.v, in, out, pid, err);
	command_clear(&c);
	return rc;
}

void ssh_disconnect(struct ssh *s)
{
	struct command c;
	autoerr ignored = ERR_INIT;
	autobuf none = { 0 };
	struct proc_result result;
	autofree char *socket = path_join(s->control, "s");

	command_init(&c, s);
	vec_push(&c.v, "-q");
	vec_push(&c.v, "-Oexit");
	command_end(&c, s, "");
	if (fs_exists(socket))
		proc_read(c.v.v, ANSWER_MAX, &none, &result, &ignored);
	command_clear(&c);
	fs_remove_tree(s->control, &ignored);
	free(steal_ptr(&s->control));
}

/* A signal is told to the script over `tell` when that is open, else it ends the process. */
static void pass_signal(pid_t pid, int tell)
{
	stop_drain();
	if (tell < 0 || dprintf(tell, "%s\n", stop_signal() == SIGINT ? "INT" : "TERM") < 0)
		kill(pid, SIGTERM);
}

static int await(pid_t pid, int tell, int *status, struct mlops_error *err)
{
	autoclose int ended = pidfd_open(pid, 0);
	struct pollfd fds[] = { { .fd = stop_fd(), .events = POLLIN },
				{ .fd = ended, .events = POLLIN } };
	struct proc_result result;

	while (!fds[1].revents) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for ssh");
		if (fds[0].revents & POLLIN)
			pass_signal(pid, tell);
	}
	if (proc_wait(pid, &result, err))
		return -1;
	*status = result.status;
	return 0;
}

/* A file in memory, to be read from its start; -1 for none. */
static int file_of(const void *text, size_t n, int *out, struct mlops_error *err)
{
	autoclose int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_SET))
		return err_sys(err, "cannot make a file in memory");
	if (fs_write_all(fd, text, n, "a file in memory", err))
		return -1;
	if (lseek(fd, 0, SEEK_SET))
		return err_sys(err, "cannot read a file in memory");
	*out = fd;
	fd = -1;
	return 0;
}

static int open_pipe(int *from, int *to, struct mlops_error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	*from = fds[0];
	*to = fds[1];
	return 0;
}

/* The program here and ssh, a pipe between them. */
static int start_both(struct ssh *s, const char *script, const struct ssh_stream *stream,
		      pid_t *here, pid_t *there, struct mlops_error *err)
{
	autoclose int from = -1, to = -1, input = -1;

	if (open_pipe(&from, &to, err) ||
	    (stream->input && file_of(stream->input->buf, stream->input->len, &input, err)) ||
	    start(stream->argv, stream->sends ? input : from, stream->sends ? to : -1, here, err))
		return -1;
	if (!start_ssh(s, script, stream->sends ? from : -1, stream->sends ? -1 : to, there, err))
		return 0;
	kill(*here, SIGKILL);
	return -1;
}

int ssh_run(struct ssh *s, const char *script, const struct ssh_stream *stream, int *status,
	    struct mlops_error *err)
{
	pid_t here = 0, there = 0;
	int here_status = 0;

	if (!stream)
		return start_ssh(s, script, -1, -1, &there, err) || await(there, -1, status, err) ?
			       -1 :
			       0;
	if (start_both(s, script, stream, &here, &there, err) || await(there, -1, status, err) ||
	    await(here, -1, &here_status, err))
		return -1;
	if (here_status && !*status)
		return err_set(err, MLOPS_EFAIL, "cannot %s: tar ended with status %d",
			       stream->sends ? "pack what the stage reads" : "unpack what it wrote",
			       here_status);
	return 0;
}

static int read_answer(int fd, struct strbuf *out, struct mlops_error *err)
{
	char buf[ANSWER_MAX];
	size_t n;

	if (fs_read_some(fd, buf, sizeof(buf), "what ssh prints", &n, err))
		return -1;
	strbuf_add(out, buf, n);
	return 0;
}

int ssh_ask(struct ssh *s, const char *script, const char *input, struct strbuf *out, int *status,
	    struct mlops_error *err)
{
	autoclose int from = -1, to = -1, in = -1;
	pid_t pid;

	if (open_pipe(&from, &to, err) || file_of(input, strlen(input), &in, err) ||
	    start_ssh(s, script, in, to, &pid, err))
		return -1;
	close(to);
	to = -1;
	int rc = read_answer(from, out, err);
	if (rc)
		kill(pid, SIGTERM);
	autoerr ignored = ERR_INIT;
	return await(pid, -1, status, rc ? &ignored : err) || rc ? -1 : 0;
}

int ssh_stage(struct ssh *s, const char *script, int *status, struct mlops_error *err)
{
	autoclose int from = -1, to = -1;
	pid_t pid;

	if (open_pipe(&from, &to, err) || start_ssh(s, script, from, -1, &pid, err))
		return -1;
	close(from);
	from = -1;
	return await(pid, to, status, err);
}
