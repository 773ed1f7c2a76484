/* Calling the ssh program: one connection to a host, and what is run over it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/xxh.h"
#include "pipeline/engines/ssh.h"
#include "pipeline/stop.h"

#define ANSWER_MAX 4096
#define TMPDIR_MAX 64

/*
 * The folder of a run's connections, which no other run has. The path of a Unix socket must be short,
 * also with what ssh puts behind it at first.
 */
static char *control_dir(const char *run_id)
{
	const char *tmp = getenv("TMPDIR");

	if (!tmp || *tmp != '/' || strlen(tmp) > TMPDIR_MAX)
		tmp = "/tmp";
	return xasprintf("%s/mlops-ssh-%.16s", tmp, run_id);
}

/* Others may write to the folder that it is in. */
static int make_private(const char *dir, struct mlops_error *err)
{
	struct stat st;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return err_sys(err, "cannot make folder '%s'", dir);
	if (lstat(dir, &st))
		return err_sys(err, "cannot look at '%s'", dir);
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077))
		return 0;
	return err_set(err, MLOPS_EINVALID, "'%s' is no folder that only we can enter", dir);
}

/* A name for each host as it is asked for: two of them may be one machine under other rules. */
int ssh_share(struct ssh *s, struct mlops_error *err)
{
	autofree char *dir = control_dir(s->call->stage->run_id);
	autofree char *whole = xasprintf("%s\n%s", s->host, s->config ? s->config : "");

	if (make_private(dir, err))
		return -1;
	s->control = xasprintf("%s/%016llx", dir, (unsigned long long)xxh_64(whole, strlen(whole)));
	return 0;
}

static int end_connection(const char *name, void *arg, struct mlops_error *err)
{
	autofree char *control = xasprintf("-oControlPath=%s/%s", (const char *)arg, name);
	const char *const argv[] = {
		"ssh", "-F", "/dev/null", "-q", control, "-Oexit", "host", NULL
	};
	autobuf none = { 0 };
	struct proc_result result;

	return proc_read(argv, ANSWER_MAX, &none, &result, err);
}

/* What cannot be ended now ends by itself a while after its last use. */
void ssh_leave(const char *run_id)
{
	autofree char *dir = control_dir(run_id);
	autoerr ignored = ERR_INIT;
	struct stat st;

	if (lstat(dir, &st))
		return;
	fs_each_name(dir, end_connection, dir, &ignored);
	fs_remove_tree(dir, &ignored);
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

	*c = (struct command){ .path = xasprintf("-oControlPath=%s", s->control) };
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
int ssh_program(const char *const *argv, int in, int out, pid_t *pid, struct mlops_error *err)
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

int ssh_start(struct ssh *s, const char *script, int in, int out, pid_t *pid,
	      struct mlops_error *err)
{
	struct command c;

	command_init(&c, s);
	command_end(&c, s, script);
	int rc = ssh_program(c.v.v, in, out, pid, err);
	command_clear(&c);
	return rc;
}

/* A signal that asks us to stop ends it, as it has nobody to tell. */
int ssh_await(pid_t pid, int *status, struct mlops_error *err)
{
	autoclose int ended = pidfd_open(pid, 0);
	struct pollfd fds[] = { { .fd = stop_fd(), .events = POLLIN },
				{ .fd = ended, .events = POLLIN } };
	struct proc_result result;

	while (!fds[1].revents) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for ssh");
		if (fds[0].revents & POLLIN) {
			stop_drain();
			kill(pid, SIGTERM);
		}
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

int ssh_pipe(int *from, int *to, struct mlops_error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	*from = fds[0];
	*to = fds[1];
	return 0;
}

int ssh_run(struct ssh *s, const char *script, int *status, struct mlops_error *err)
{
	pid_t pid;

	return ssh_start(s, script, -1, -1, &pid, err) || ssh_await(pid, status, err) ? -1 : 0;
}

/* The end of ssh, when that comes before the end of what it is sent, is the error that matters. */
static int send_input(const struct ssh_sending *what, int to, pid_t *here, struct mlops_error *err)
{
	autoclose int input = -1;
	autoerr ignored = ERR_INIT;

	if (fs_write_all(to, what->text, strlen(what->text), "ssh", &ignored) || !what->argv)
		return 0;
	return file_of(what->input->buf, what->input->len, &input, err) ||
			       ssh_program(what->argv, input, to, here, err) ?
		       -1 :
		       0;
}

/* The pipes are ours alone by now, but for the ends that `there` and `here` have. */
static int await_both(pid_t there, pid_t here, struct ssh_end *end, struct mlops_error *err)
{
	int rc = ssh_await(there, &end->there, err);

	if (here) {
		autoerr ignored = ERR_INIT;

		if (ssh_await(here, &end->here, rc ? &ignored : err))
			rc = -1;
	}
	return rc;
}

static void close_end(int *fd)
{
	close(*fd);
	*fd = -1;
}

/* What is printed there fits into the pipe. */
int ssh_send(struct ssh *s, const char *script, const struct ssh_sending *what,
	     struct strbuf *answer, struct ssh_end *end, struct mlops_error *err)
{
	autoclose int input = -1, to = -1, printed = -1, from = -1;
	pid_t there, here = 0;
	char buf[ANSWER_MAX];
	size_t n;

	if (ssh_pipe(&input, &to, err) || ssh_pipe(&from, &printed, err) ||
	    ssh_start(s, script, input, printed, &there, err))
		return -1;
	close_end(&input);
	close_end(&printed);
	int rc = send_input(what, to, &here, err);
	close_end(&to);
	if (rc)
		kill(there, SIGTERM);
	autoerr ignored = ERR_INIT;
	if (await_both(there, here, end, rc ? &ignored : err) || rc ||
	    fs_read_some(from, buf, sizeof(buf), "what ssh prints", &n, err))
		return -1;
	strbuf_add(answer, buf, n);
	return 0;
}
