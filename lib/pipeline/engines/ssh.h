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
	char *control; /* folder of the socket that all calls share one connection by */
	char *dir;     /* of the stage, on the host */
};

/* Waits for a slot of a host that is not dead: *slot is to be closed. *out NULL: there is none. */
int ssh_take_slot(const struct ssh *s, struct ssh_hosts *hosts, struct ssh_host **out, int *slot,
		  struct mlops_error *err);

int ssh_connect(struct ssh *s, struct mlops_error *err);
void ssh_disconnect(struct ssh *s);

/* A program here at one end of the connection. */
struct ssh_stream {
	const char *const *argv;
	const struct strbuf *input; /* its standard input, or NULL */
	bool sends; /* what it prints goes there; else it gets what is printed there */
};
/*
 * Runs a line of sh there; *status is that of ssh. A stream that fails is an error. A signal that
 * asks us to stop ends it.
 */
int ssh_run(struct ssh *s, const char *script, const struct ssh_stream *stream, int *status,
	    struct mlops_error *err);
/* The same with `input` for it, and what it prints (one short line) taken. */
int ssh_ask(struct ssh *s, const char *script, const char *input, struct strbuf *out, int *status,
	    struct mlops_error *err);
/* The same for the stage's own: it prints to where we do, and signals are passed on to it. */
int ssh_stage(struct ssh *s, const char *script, int *status, struct mlops_error *err);

/* The script that runs the stage's command there, given its folder; new. It holds secrets. */
char *ssh_script(const struct offload *stage);
