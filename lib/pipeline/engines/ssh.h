/* What the files of the ssh engine share: hosts, the connection to one, the script that runs there. */
#pragma once

#include "pipeline/engine.h"

#define SSH_FAILED 255 /* the exit status of ssh when it did not get through */

struct ssh_host {
	const char *name; /* as ssh takes it; owned by the list */
	int64_t slots;
	bool dead;
};

struct ssh_hosts {
	VEC(struct ssh_host) v;
};

/* Of engine.NAME.hosts: "host=slots user@host". */
int ssh_hosts_read(const struct engine_call *call, struct ssh_hosts *out, struct mlops_error *err);
void ssh_hosts_clear(struct ssh_hosts *hosts);

struct ssh {
	const struct engine_call *call;
	const char *config; /* a file for ssh -F, or NULL; lent */
	const char *host;
	char *control; /* the socket of the connection that all calls of the run share */
	char *dir;     /* of the stage, on the host */
	char mark[40]; /* ends what the stage prints */
};

/* Waits for a slot of a host that is not dead: *slot is to be closed. *out NULL: there is none. */
int ssh_take_slot(const struct ssh *s, struct ssh_hosts *hosts, struct ssh_host **out, int *slot,
		  struct mlops_error *err);

/* Sets s->control, which is new; the first call that finds no connection there makes one. */
int ssh_share(struct ssh *s, struct mlops_error *err);
/* Ends the connections of a run (engine.h). */
void ssh_leave(const char *run_id);

/* How ssh and the program at our end of it ended. */
struct ssh_end {
	int there, here;
};

/* Standard input for a script there: a text, and behind it what a program prints. */
struct ssh_sending {
	const char *text;
	const char *const *argv;    /* or NULL */
	const struct strbuf *input; /* of the program */
};

/*
 * Calls ssh with a line of sh, to its end, which a signal that asks us to stop brings. What is printed
 * there is one short line.
 */
int ssh_send(struct ssh *s, const char *script, const struct ssh_sending *what,
	     struct strbuf *answer, struct ssh_end *end, struct mlops_error *err);
/* The same with no input and nothing to print. */
int ssh_run(struct ssh *s, const char *script, int *status, struct mlops_error *err);

/* The call that the stage runs in. */
struct ssh_stage {
	pid_t pid;       /* of ssh; 0: not started */
	int tell, print; /* its input and its output, or -1 */
};
#define SSH_STAGE_NONE                                                                             \
	{                                                                                          \
		.tell = -1, .print = -1                                                            \
	}

/* Has a shell wait there for the folder of the stage. */
int ssh_stage_start(struct ssh *s, struct ssh_stage *stage, struct mlops_error *err);
/*
 * Runs the script in s->dir. What it prints is printed here, but behind `mark` it is the input of a
 * program, `argv`. Signals that ask us to stop are passed on to the stage.
 */
int ssh_stage_run(struct ssh *s, struct ssh_stage *stage, const char *mark, const char *const *argv,
		  struct ssh_end *end, struct mlops_error *err);
void ssh_stage_drop(struct ssh_stage *stage);

/*
 * The script that runs the stage's command there, given its folder; new. It holds secrets. What it
 * prints ends with the mark, and a tar stream: "status", "used", and the outs in "work" of a command
 * that succeeded. The folder is gone then.
 */
char *ssh_script(const struct offload *stage, const char *mark);

/* Of ssh_call.c, for ssh_stage.c: programs here in a group of their own, and pipes to them. */
int ssh_program(const char *const *argv, int in, int out, pid_t *pid, struct mlops_error *err);
int ssh_start(struct ssh *s, const char *script, int in, int out, pid_t *pid,
	      struct mlops_error *err);
int ssh_await(pid_t pid, int *status, struct mlops_error *err);
int ssh_pipe(int *from, int *to, struct mlops_error *err);
