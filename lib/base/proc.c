/* fork and exec, with the failure of exec brought back through a pipe. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/num.h"

static int move_fd(int fd, int to)
{
	if (fd == to)
		return fcntl(fd, F_SETFD, 0);
	return dup2(fd, to);
}

static int set_up_child(const struct proc_spec *s)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
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
	if (s->keep_fd > 2 && fcntl(s->keep_fd, F_SETFD, 0))
		return -1;
	if (s->dir && chdir(s->dir))
		return -1;
	for (const char *const *e = s->env; e && *e; e++)
		putenv((char *)*e);
	return 0;
}

int proc_spawn(const struct proc_spec *s, pid_t *out, struct mlops_error *err)
{
	int report[2], cause = 0;

	if (pipe2(report, O_CLOEXEC))
		return err_sys(err, "cannot make a pipe");
	pid_t pid = fork();
	if (pid < 0) {
		err_sys(err, "cannot start '%s'", s->argv[0]);
		close(report[0]);
		close(report[1]);
		return -1;
	}
	if (!pid) {
		if (!set_up_child(s))
			execvp(s->argv[0], (char *const *)s->argv);
		cause = errno;
		(void)!write(report[1], &cause, sizeof(cause));
		_exit(127);
	}
	close(report[1]);
	if (s->new_group)
		setpgid(pid, pid); /* both sides, so that neither can be first and wrong */
	ssize_t n;
	do
		n = read(report[0], &cause, sizeof(cause));
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n == sizeof(cause)) {
		waitpid(pid, NULL, 0);
		errno = cause;
		return err_sys(err, "cannot start '%s'", s->argv[0]);
	}
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
