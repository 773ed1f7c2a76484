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
 * Calls ssh with a line of sh. A signal that asks us to stop ends it. What is printed there is one
 * short line that is taken, or goes to a program here.
 */
int ssh_send(struct ssh *s, const char *script, const struct ssh_sending *what,
	     struct strbuf *answer, struct ssh_end *end, struct mlops_error *err);
int ssh_fetch(struct ssh *s, const char *script, const char *const *argv, struct ssh_end *end,
	      struct mlops_error *err);
/* With no input and nothing to print. */
int ssh_run(struct ssh *s, const char *script, int *status, struct mlops_error *err);
/* The stage's own: it prints to where we do, and signals are passed on to it. */
int ssh_stage(struct ssh *s, const char *script, int *status, struct mlops_error *err);

/* The script that runs the stage's command there, given its folder; new. It holds secrets. */
char *ssh_script(const struct offload *stage);
