/*
 * The call of ssh that a stage runs in, and that brings its outs: one call less is one start of the
 * shell that the user has there, with all that its files make it do.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/proc.h"
#include "pipeline/engines/ssh.h"
#include "pipeline/stop.h"

#define CHUNK ((size_t)64 << 10)

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int ssh_stage_start(struct ssh *s, struct ssh_stage *stage, struct mlops_error *err)
{
	static const char script[] = "read -r dir && exec sh \"$dir/run\" \"$dir\"";
	autoclose int input = -1, printed = -1;
	struct ssh_stage made = SSH_STAGE_NONE;

	if (ssh_pipe(&input, &made.tell, err) || ssh_pipe(&made.print, &printed, err) ||
	    ssh_start(s, script, input, printed, &made.pid, err)) {
		close_end(&made.tell);
		close_end(&made.print);
		return -1;
	}
	*stage = made;
	return 0;
}

/* A shell that still waits ends with its input. */
void ssh_stage_drop(struct ssh_stage *stage)
{
	struct proc_result result;
	autoerr ignored = ERR_INIT;

	close_end(&stage->tell);
	close_end(&stage->print);
	if (stage->pid) {
		kill(stage->pid, SIGTERM);
		proc_wait(stage->pid, &result, &ignored);
	}
	stage->pid = 0;
}

/* What is printed there on its way. */
struct relay {
	const char *mark;
	const char *const *argv;
	struct strbuf held; /* what may be the begin of the mark */
	pid_t here;         /* 0: the mark did not come yet */
	int to;             /* its input */
};

static int begin_program(struct relay *r, struct mlops_error *err)
{
	autoclose int from = -1;

	return ssh_pipe(&from, &r->to, err) || ssh_program(r->argv, from, -1, &r->here, err) ? -1 :
											       0;
}

/* A program that has enough is asked how it ended. */
static void feed(struct relay *r, const char *p, size_t n)
{
	autoerr ignored = ERR_INIT;

	if (r->to >= 0 && fs_write_all(r->to, p, n, "tar", &ignored))
		close_end(&r->to);
}

/* The most of the end of a text that is the begin of another. */
static size_t overlap(const struct strbuf *text, const char *begin)
{
	size_t n = strlen(begin);

	for (size_t k = text->len < n ? text->len : n; k; k--)
		if (!memcmp(text->buf + text->len - k, begin, k))
			return k;
	return 0;
}

static int print(const char *p, size_t n, struct mlops_error *err)
{
	return fs_write_all(STDOUT_FILENO, p, n, "standard output", err);
}

static int take(struct relay *r, const char *p, size_t n, struct mlops_error *err)
{
	if (r->here) {
		feed(r, p, n);
		return 0;
	}
	strbuf_add(&r->held, p, n);
	const char *mark = memmem(r->held.buf, r->held.len, r->mark, strlen(r->mark));
	if (mark) {
		const char *behind = mark + strlen(r->mark);

		if (print(r->held.buf, (size_t)(mark - r->held.buf), err) || begin_program(r, err))
			return -1;
		feed(r, behind, r->held.len - (size_t)(behind - r->held.buf));
		strbuf_clear(&r->held);
		return 0;
	}
	size_t keep = overlap(&r->held, r->mark);
	size_t done = r->held.len - keep;
	if (print(r->held.buf, done, err))
		return -1;
	memmove(r->held.buf, r->held.buf + done, keep);
	strbuf_trunc(&r->held, keep);
	return 0;
}

static int take_some(struct ssh_stage *stage, struct relay *r, struct mlops_error *err)
{
	autofree char *buf = xmalloc(CHUNK);
	ssize_t n = read(stage->print, buf, CHUNK);

	if (n < 0 && errno != EINTR)
		return err_sys(err, "cannot read what a stage prints");
	if (!n)
		close_end(&stage->print);
	return n > 0 ? take(r, buf, (size_t)n, err) : 0;
}

/* The script there passes it on, unless it cannot be told. */
static void pass_signal(const struct ssh_stage *stage)
{
	stop_drain();
	if (dprintf(stage->tell, "%s\n", stop_signal() == SIGINT ? "INT" : "TERM") < 0)
		kill(stage->pid, SIGTERM);
}

static int relay(struct ssh_stage *stage, struct relay *r, struct mlops_error *err)
{
	autoclose int ended = pidfd_open(stage->pid, 0);
	struct pollfd fds[] = { { .fd = stop_fd(), .events = POLLIN },
				{ .fd = ended, .events = POLLIN },
				{ .fd = stage->print, .events = POLLIN } };

	while (!fds[1].revents || fds[2].revents) {
		fds[2].fd = stage->print;
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for ssh");
		if (fds[0].revents & POLLIN)
			pass_signal(stage);
		if (fds[2].revents && take_some(stage, r, err))
			return -1;
	}
	return print(r->held.buf ? r->held.buf : "", r->held.len, err);
}

static int end_both(struct ssh_stage *stage, struct relay *r, struct ssh_end *end,
		    struct mlops_error *err)
{
	struct proc_result result;

	close_end(&r->to);
	if (proc_wait(stage->pid, &result, err))
		return -1;
	stage->pid = 0;
	end->there = result.status;
	return r->here ? ssh_await(r->here, &end->here, err) : 0;
}

int ssh_stage_run(struct ssh *s, struct ssh_stage *stage, const char *mark, const char *const *argv,
		  struct ssh_end *end, struct mlops_error *err)
{
	struct relay r = { .mark = mark, .argv = argv, .to = -1 };
	autofree char *line = xasprintf("%s\n", s->dir);
	autoerr ignored = ERR_INIT;

	fs_write_all(stage->tell, line, strlen(line), "ssh", &ignored);
	int rc = relay(stage, &r, err);
	if (rc)
		kill(stage->pid, SIGTERM);
	if (end_both(stage, &r, end, rc ? &ignored : err))
		rc = -1;
	strbuf_clear(&r.held);
	return rc;
}
