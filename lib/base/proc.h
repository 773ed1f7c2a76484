/* Child processes. */
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct proc_spec {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const char *dir;         /* folder to start in, or NULL */
	const char *const *env;  /* on top of ours: "NAME=value" sets, "NAME" unsets; or NULL */
	int stdin_fd, stdout_fd, stderr_fd; /* -1: /dev/null for stdin, ours for the others */
	const int *keep_fds;                /* descriptors above 2 that stay open in the child */
	size_t n_keep_fds;
	bool new_group;   /* lead a process group of its own, so that it can be ended whole */
	bool new_session; /* for what outlives us */
	bool die_with_us; /* SIGTERM when our thread that started it ends */
	/*
	 * Of proc_read_of() with new_group: what is still there by then (monotonic) is killed, which is
	 * MLOPS_EFAIL. 0: it takes as long as it takes.
	 */
	int64_t deadline_ms;
};

struct proc_result {
	int status;          /* exit status, or 128 + signal */
	struct rusage usage; /* of the child and what it waited for */
};

/* Starts a child. Failure to execute is reported here, not by a child that exits 127. */
int proc_spawn(const struct proc_spec *spec, pid_t *out, struct mlops_error *err);
/* Waits until it ends, whatever signals come in between. */
int proc_wait(pid_t pid, struct proc_result *out, struct mlops_error *err);
/*
 * Starts a child, appends what it writes to its standard output to `out`, and waits for it. More
 * than `max` bytes are MLOPS_EINVALID.
 */
int proc_read(const char *const *argv, size_t max, struct strbuf *out, struct proc_result *result,
	      struct mlops_error *err);
/* The same for any child; stdin_fd is closed, and stdout_fd does not matter. */
int proc_read_of(const struct proc_spec *spec, size_t max, struct strbuf *out,
		 struct proc_result *result, struct mlops_error *err);
/*
 * The same, where `question` (at most PROC_ASK_MAX bytes, which a pipe holds) is its standard
 * input, and what it writes to standard error is dropped. `env` as in struct proc_spec.
 */
#define PROC_ASK_MAX 4096
int proc_ask(const char *const *argv, const char *const *env, const struct strbuf *question,
	     size_t max, struct strbuf *out, struct proc_result *result, struct mlops_error *err);
/* The path of the running program (/proc/self/exe); new. */
int proc_self_path(char **out, struct mlops_error *err);
/* True while a process with this pid exists. */
bool proc_is_alive(pid_t pid);
/*
 * When it started, in clock ticks since boot: with the pid it names a process for good. 0 when
 * there is none, or only a zombie that its parent has not waited for.
 */
int64_t proc_start_time(pid_t pid);
/* Whether it can name a variable of the environment. */
bool proc_is_variable(const char *name);
