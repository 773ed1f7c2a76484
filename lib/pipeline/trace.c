/*
 * Seeing which files a command opens. Every process of it is a tracee that stops in open(2) and its
 * relatives only, which a seccomp filter picks out.
 */
#include "mlops/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"

#define OPTIONS                                                                                    \
	(PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |  \
	 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

/* Stops at the calls that open files; one of another architecture (32 bits) is let pass. */
static int install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 1, 0),
#ifdef SYS_open
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_open, 0, 1),
#else
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
#endif
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_LEN(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static _Noreturn void become(const char *const *argv)
{
	if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL) && !raise(SIGSTOP) && !install_filter())
		execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "mlops: cannot start '%s': %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct opened {
	int dir_fd;
	uint64_t path; /* addresses in the tracee */
	uint64_t flags, how;
};

/* False for a call that opens nothing that we know of. */
static bool decode(const struct __ptrace_syscall_info *info, struct opened *out)
{
	const uint64_t *a = info->seccomp.args;

	switch (info->seccomp.nr) {
#ifdef SYS_open
	case SYS_open:
		*out = (struct opened){ AT_FDCWD, a[0], a[1], 0 };
		return true;
#endif
	case SYS_openat:
		*out = (struct opened){ (int)a[0], a[1], a[2], 0 };
		return true;
	case SYS_openat2:
		*out = (struct opened){ (int)a[0], a[1], 0, a[2] };
		return true;
	default:
		return false;
	}
}

static ssize_t peek(pid_t pid, uint64_t address, void *out, size_t n)
{
	struct iovec ours = { out, n }, theirs = { (void *)(uintptr_t)address, n };

	return process_vm_readv(pid, &ours, 1, &theirs, 1, 0);
}

/* Page by page, since what is behind the text may not be readable. */
static bool peek_text(pid_t pid, uint64_t address, char *out, size_t size)
{
	size_t have = 0;

	while (have < size) {
		size_t page = 4096 - (address + have) % 4096;
		size_t want = page < size - have ? page : size - have;
		ssize_t n = peek(pid, address + have, out + have, want);

		if (n <= 0)
			return false;
		if (memchr(out + have, '\0', (size_t)n))
			return true;
		have += (size_t)n;
	}
	return false;
}

/* The folder that a relative path starts from; new, or NULL. */
static char *base_of(pid_t pid, int dir_fd)
{
	autofree char *link = dir_fd == AT_FDCWD ? xasprintf("/proc/%d/cwd", (int)pid) :
						   xasprintf("/proc/%d/fd/%d", (int)pid, dir_fd);
	char base[4096];
	ssize_t n = readlink(link, base, sizeof(base));

	return n > 0 ? xstrndup(base, (size_t)n) : NULL;
}

static int note(pid_t pid, const struct opened *o, int log, const char *shown,
		struct mlops_error *err)
{
	char path[4096];
	uint64_t flags = o->flags;

	if (!peek_text(pid, o->path, path, sizeof(path)) ||
	    (o->how && peek(pid, o->how, &flags, sizeof(flags)) != sizeof(flags)))
		return 0;
	autofree char *base = *path == '/' ? xstrdup("/") : base_of(pid, o->dir_fd);
	if (!base)
		return 0;
	autofree char *joined = path_join(base, path);
	autofree char *whole = path_normalize(joined);
	autobuf record = { 0 };
	strbuf_addc(&record, (flags & O_ACCMODE) == O_RDONLY ? 'r' : 'w');
	strbuf_add(&record, whole, strlen(whole) + 1);
	return fs_write_all(log, record.buf, record.len, shown, err);
}

static int on_seccomp(pid_t pid, int log, const char *shown, struct mlops_error *err)
{
	struct __ptrace_syscall_info info;
	struct opened opened;
	long n = ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info);

	if (n <= 0 || info.op != PTRACE_SYSCALL_INFO_SECCOMP || !decode(&info, &opened))
		return 0;
	return note(pid, &opened, log, shown, err);
}

/* What a stopped tracee is to get: its signal, or none where the stop is ptrace's own. */
static int signal_to_deliver(int status)
{
	int event = status >> 16, number = WSTOPSIG(status);

	return event || number == SIGSTOP || number == SIGTRAP ? 0 : number;
}

static int follow(pid_t first, int log, const char *shown, int *result, struct mlops_error *err)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return err_sys(err, "cannot follow a command");
		if (!WIFSTOPPED(status)) {
			if (pid != first)
				continue;
			*result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			return 0;
		}
		if (status >> 16 == PTRACE_EVENT_SECCOMP && on_seccomp(pid, log, shown, err))
			return -1;
		ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal_to_deliver(status));
	}
}

int mlops_trace(const char *const *argv, const char *log, int *status, struct mlops_error *err)
{
	autoclose int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int stopped;

	if (fd < 0)
		return err_sys(err, "cannot write '%s'", log);
	pid_t pid = fork();
	if (pid < 0)
		return err_sys(err, "cannot start '%s'", argv[0]);
	if (!pid)
		become(argv);
	if (waitpid(pid, &stopped, 0) != pid || !WIFSTOPPED(stopped)) {
		err_set(err, MLOPS_EFAIL, "cannot trace '%s'", argv[0]);
		return err_hint(err, "ptrace(2) may be forbidden here, as in some containers");
	}
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)OPTIONS) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL))
		return err_sys(err, "cannot trace '%s'", argv[0]);
	return follow(pid, fd, log, status, err);
}
