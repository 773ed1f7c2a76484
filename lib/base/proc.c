/*
 * Starting by vfork(2), which copies no page tables: the child borrows our memory until it
 * executes, so it calls nothing but the system, and tells why it failed by a variable.
 */
#include "base/proc.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/vec.h"

static int move_fd(int fd, int to)
{
	if (fd == to)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, to);
}

/* No handler of ours may run in the child, which would be in our memory. */
static void reset_signals(void)
{
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	struct sigaction now;
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (!sigaction(i, NULL, &now) && now.sa_handler != SIG_DFL &&
		    (now.sa_handler != SIG_IGN || i == SIGPIPE))
			sigaction(i, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_up_child(const struct proc_spec *s)
{
	reset_signals();
	if ((s->new_session && setsid() < 0) || (s->new_group && setpgid(0, 0)))
		return -1;
	if (s->die_with_us && prctl(PR_SET_PDEATHSIG, SIGTERM))
		return -1;
	int in = s->stdin_fd < 0 ? open("/dev/null", O_RDONLY) : s->stdin_fd;
	if (in < 0 || move_fd(in, 0) < 0)
		return -1;
	if ((s->stdout_fd >= 0 && move_fd(s->stdout_fd, 1) < 0) ||
	    (s->stderr_fd >= 0 && move_fd(s->stderr_fd, 2) < 0))
		return -1;
	for (size_t i = 0; i < s->n_keep_fds; i++)
		if (fcntl(s->keep_fds[i], F_SETFD, 0))
			return -1;
	return s->dir && chdir(s->dir) ? -1 : 0;
}

static bool is_same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return !strncmp(a, b, n) && b[n] == '=';
}

/* Ours with `changes` in it; new, its texts lent. */
static char **make_environment(const char *const *changes)
{
	VEC(char *) env = { 0 };

	for (char **e = environ; e && *e; e++)
		vec_push(&env, *e);
	for (const char *const *c = changes; c && *c; c++) {
		size_t i = 0;

		while (i < env.n && !is_same_name(*c, env.v[i]))
			i++;
		if (i == env.n)
			vec_push(&env, NULL);
		env.v[i] = (char *)*c;
		if (!strchr(*c, '='))
			env.v[i] = env.v[--env.n];
	}
	vec_push(&env, NULL);
	return env.v;
}

static pid_t spawn(const struct proc_spec *s, char **env, int *cause)
{
	volatile int failed = 0;
	pid_t pid = vfork();

	if (!pid) {
		if (!set_up_child(s))
			execvpe(s->argv[0], (char *const *)s->argv, env);
		failed = errno;
		_exit(127);
	}
	*cause = pid < 0 ? errno : failed;
	if (pid > 0 && failed)
		waitpid(pid, NULL, 0);
	return pid;
}

int proc_spawn(const struct proc_spec *s, pid_t *out, struct mlops_error *err)
{
	char **env = make_environment(s->env);
	sigset_t all, before;
	int cause;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = spawn(s, env, &cause);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(env);
	errno = cause;
	if (cause)
		return err_sys(err, "cannot start '%s'", s->argv[0]);
	*out = pid;
	return 0;
}

int proc_wait(pid_t pid, struct proc_result *out, struct mlops_error *err)
{
	int status;

	while (wait4(pid, &status, 0, &out->usage) < 0)
		if (errno != EINTR)
			return err_sys(err, "cannot wait for process %d", (int)pid);
	out->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

/* Whether something comes, or the end, before the deadline. */
static bool comes(int fd, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left = deadline_ms - clock_mono_ms();

	return !deadline_ms || (left > 0 && poll(&pfd, 1, left < INT_MAX ? (int)left : INT_MAX) != 0);
}

/* All is read, also what is too much, so that the child can end. */
static int drain(int fd, size_t max, const struct proc_spec *spec, struct strbuf *out, struct mlops_error *err)
{
	const char *name = spec->argv[0];
	size_t start = out->len;
	bool fits = true;
	char buf[4096];
	ssize_t n;

	for (;;) {
		if (!comes(fd, spec->deadline_ms))
			return err_set(err, MLOPS_EFAIL, "'%s' takes too long", name);
		n = read(fd, buf, sizeof(buf));
		if (!n)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read what '%s' writes", name);
		fits = fits && (size_t)n <= max - (out->len - start);
		if (fits)
			strbuf_add(out, buf, (size_t)n);
	}
	explicit_bzero(buf, sizeof(buf)); /* it may have been a secret */
	return fits ? 0 : err_set(err, MLOPS_EINVALID, "'%s' writes too much", name);
}

/* It may have closed its output and gone on. */
static int wait_for_end(pid_t pid, const struct proc_spec *spec, struct mlops_error *err)
{
	if (!spec->deadline_ms)
		return 0;
	autoclose int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return err_sys(err, "cannot watch '%s'", spec->argv[0]);
	return comes(fd, spec->deadline_ms) ? 0 :
					      err_set(err, MLOPS_EFAIL, "'%s' takes too long", spec->argv[0]);
}

int proc_read_of(const struct proc_spec *how, size_t max, struct strbuf *out,
		 struct proc_result *result, struct mlops_error *err)
{
	struct proc_spec spec = *how;
	autoclose int in = spec.stdin_fd;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	autoclose int from = fds[0];
	spec.stdout_fd = fds[1];
	int rc = proc_spawn(&spec, &pid, err);
	close(fds[1]);
	if (rc)
		return -1;
	rc = drain(from, max, &spec, out, err) || wait_for_end(pid, &spec, err) ? -1 : 0;
	if (rc && spec.deadline_ms && spec.new_group)
		kill(-pid, SIGKILL);
	autoerr wait_err = ERR_INIT;
	return proc_wait(pid, result, rc ? &wait_err : err) || rc ? -1 : 0;
}

int proc_read(const char *const *argv, size_t max, struct strbuf *out, struct proc_result *result,
	      struct mlops_error *err)
{
	const struct proc_spec spec = { .argv = argv, .stdin_fd = -1, .stderr_fd = -1 };

	return proc_read_of(&spec, max, out, result, err);
}

int proc_ask(const char *const *argv, const char *const *env, const struct strbuf *question,
	     size_t max, struct strbuf *out, struct proc_result *result, struct mlops_error *err)
{
	autoclose int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct proc_spec spec = { .argv = argv, .env = env, .stdin_fd = -1, .stderr_fd = null };
	int fds[2];

	if (null < 0 || pipe2(fds, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	spec.stdin_fd = fds[0];
	autoclose int to = fds[1];
	if (question->len > PROC_ASK_MAX ||
	    write(to, question->buf, question->len) != (ssize_t)question->len) {
		close(fds[0]);
		return err_set(err, MLOPS_EINVALID, "it is too long a question for '%s'", argv[0]);
	}
	close(steal_fd(&to));
	return proc_read_of(&spec, max, out, result, err);
}

int proc_self_path(char **out, struct mlops_error *err)
{
	return fs_realpath("/proc/self/exe", out, err);
}

bool proc_is_alive(pid_t pid)
{
	return pid > 0 && (!kill(pid, 0) || errno == EPERM);
}

/* The name in field 2 may hold anything, also spaces and ')': the fields after it count from its end. */
int64_t proc_start_time(pid_t pid)
{
	enum { STATE = 3, START_TIME = 22 };
	autofree char *path = xasprintf("/proc/%d/stat", (int)pid);
	autobuf text = { 0 };
	autoerr ignored = ERR_INIT;
	struct str rest, field;
	int64_t ticks;

	if (pid <= 0 || fs_read(path, 4096, &text, &ignored))
		return 0;
	const char *name_end = text.buf ? strrchr(text.buf, ')') : NULL;
	if (!name_end || name_end[1] != ' ')
		return 0;
	rest = str_of(name_end + 2);
	field = str_split(rest, ' ', &rest);
	if (str_eq(field, "Z") || str_eq(field, "X"))
		return 0;
	for (int i = STATE; i < START_TIME; i++)
		field = str_split(rest, ' ', &rest);
	autofree char *digits = xstrndup(field.p, field.n);
	return num_parse_i64(digits, &ticks) ? ticks : 0;
}

bool proc_is_variable(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	while (isalnum((unsigned char)*name) || *name == '_')
		name++;
	return !*name;
}
