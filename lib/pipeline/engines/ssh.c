/*
 * Hosts that are logged in to by the ssh program, which knows the user's keys and settings. A stage
 * takes a free slot of a host: a locked file here, so that all runs of the project share them. Its
 * files go there as a tar stream into a folder of its own, its outs come back as one.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "pipeline/engines/ssh.h"
#include "pipeline/stop.h"

/* All that a shell there is told is quoted once for it and once for the shell that the user has. */
static int run_quietly(struct ssh *s, const char *script, int *status, struct mlops_error *err)
{
	return ssh_run(s, script, NULL, status, err);
}

/* The folder of the stage, with its script in it; *reached tells whether the host let us in. */
static int prepare(struct ssh *s, bool *reached, struct mlops_error *err)
{
	const char *base = engine_setting(s->call->project, s->call->stage->engine, "dir");
	autobuf script = { 0 }, made = { 0 };
	autofree char *text = ssh_script(s->call->stage);
	int status;

	strbuf_adds(&script, "umask 077; base=");
	if (base)
		strbuf_add_shell(&script, base);
	else
		strbuf_adds(&script, "${TMPDIR:-/tmp}");
	strbuf_addf(&script,
		    "; mkdir -p \"$base\" && dir=$(mktemp -d \"$base/mlops-%s.XXXXXX\") && "
		    "mkdir \"$dir/work\" && cat >\"$dir/run\" && echo \"$dir\"",
		    s->call->stage->stage);
	if (ssh_ask(s, script.buf, text, &made, &status, err))
		return -1;
	*reached = status != SSH_FAILED;
	struct str dir = str_trim((struct str){ made.buf, made.len });
	if (*reached && (status || !dir.n || *dir.p != '/'))
		return err_set(err, MLOPS_EREMOTE, "cannot make a folder on '%s'", s->host);
	if (*reached)
		s->dir = xstrndup(dir.p, dir.n);
	return 0;
}

static int lost(const struct ssh *s, struct mlops_error *err)
{
	if (stop_signal())
		return err_set(err, stop_kind(), "interrupted");
	return err_set(err, MLOPS_EREMOTE, "the connection to '%s' was lost", s->host);
}

/* A file that goes while it is packed is not one that the stage declares. */
static int send_files(struct ssh *s, struct mlops_error *err)
{
	const char *const pack[] = { "tar",
				     "-C",
				     mlops_project_root(s->call->project),
				     "--ignore-failed-read",
				     "--null",
				     "-cf",
				     "-",
				     "-T",
				     "-",
				     NULL };
	autobuf script = { 0 }, names = { 0 };
	int status;

	for (size_t i = 0; i < s->call->files.n; i++)
		strbuf_add(&names, s->call->files.v[i], strlen(s->call->files.v[i]) + 1);
	if (!names.len)
		return 0;
	strbuf_adds(&script, "tar -xof - -C ");
	strbuf_add_shell(&script, s->dir);
	strbuf_adds(&script, "/work");
	const struct ssh_stream packed = { pack, &names, true };
	if (ssh_run(s, script.buf, &packed, &status, err))
		return -1;
	if (status == SSH_FAILED)
		return lost(s, err);
	return status ?
		       err_set(err, MLOPS_EREMOTE, "cannot unpack what was sent to '%s'", s->host) :
		       0;
}

/* ssh gives 255 when it fails itself, and when the command gave that: then it is written there. */
static int run_command(struct ssh *s, int *status, struct mlops_error *err)
{
	autobuf script = { 0 };
	int asked;

	strbuf_adds(&script, "exec sh ");
	strbuf_add_shell(&script, s->dir);
	strbuf_adds(&script, "/run ");
	strbuf_add_shell(&script, s->dir);
	if (ssh_stage(s, script.buf, status, err))
		return -1;
	if (*status != SSH_FAILED)
		return 0;
	strbuf_trunc(&script, 0);
	strbuf_adds(&script, "exec test -s ");
	strbuf_add_shell(&script, s->dir);
	strbuf_adds(&script, "/status");
	if (run_quietly(s, script.buf, &asked, err))
		return -1;
	return asked ? lost(s, err) : 0;
}

/* No tar is of nothing, which some do not take. */
static int fetch_outs(struct ssh *s, struct mlops_error *err)
{
	const struct offload *stage = s->call->stage;
	autofree char *scratch = NULL;
	autobuf script = { 0 };
	int status;

	if (!stage->n_outs)
		return 0;
	strbuf_adds(&script, "cd ");
	strbuf_add_shell(&script, s->dir);
	strbuf_adds(&script, " && set -- status && for f in");
	for (size_t i = 0; i < stage->n_outs; i++) {
		strbuf_adds(&script, " work/");
		strbuf_add_shell(&script, stage->outs[i]);
	}
	strbuf_adds(&script,
		    "; do { [ ! -e \"$f\" ] && [ ! -L \"$f\" ]; } || set -- \"$@\" \"$f\"; "
		    "done; exec tar -cf - \"$@\"");
	if (engine_scratch(s->call, &scratch, err))
		return -1;
	autofree char *work = path_join(scratch, "work");
	const char *const unpack[] = { "tar", "-xof", "-", "-C", scratch, NULL };
	const struct ssh_stream unpacked = { unpack, NULL, false };
	int rc = ssh_run(s, script.buf, &unpacked, &status, err);
	if (!rc && status == SSH_FAILED)
		rc = lost(s, err);
	if (!rc && status)
		rc = err_set(err, MLOPS_EREMOTE, "cannot get the outputs from '%s'", s->host);
	if (!rc)
		rc = engine_bring_home(s->call, work, err);
	autoerr ignored = ERR_INIT;
	fs_remove_tree(scratch, &ignored);
	return rc;
}

static void clean_up(struct ssh *s)
{
	autobuf script = { 0 };
	autoerr ignored = ERR_INIT;
	int status;

	strbuf_adds(&script, "exec rm -rf ");
	strbuf_add_shell(&script, s->dir);
	if (run_quietly(s, script.buf, &status, &ignored) || status)
		log_warn("folder '%s' is left on '%s'", s->dir, s->host);
	free(steal_ptr(&s->dir));
}

static int run_there(struct ssh *s, int *status, struct mlops_error *err)
{
	int rc = send_files(s, err) || run_command(s, status, err);

	if (!rc && !*status)
		rc = fetch_outs(s, err);
	clean_up(s);
	return rc ? -1 : 0;
}

static int none_left(const struct ssh *s, const struct ssh_hosts *hosts, struct mlops_error *err)
{
	if (stop_signal())
		return err_set(err, stop_kind(), "interrupted");
	err_set(err, MLOPS_EREMOTE, "none of the %zu hosts of engine '%s' can be reached",
		hosts->v.n, s->call->stage->engine);
	return err_hint(err, "each must be known and take a key: ssh -o BatchMode=yes HOST true");
}

/* On the first host that has a free slot and lets us in. */
static int run_somewhere(struct ssh *s, struct ssh_hosts *hosts, int *status,
			 struct mlops_error *err)
{
	struct ssh_host *host;
	bool reached;

	for (;;) {
		autoclose int slot = -1;

		if (ssh_take_slot(s, hosts, &host, &slot, err))
			return -1;
		if (!host || stop_signal())
			return none_left(s, hosts, err);
		s->host = host->name;
		if (ssh_connect(s, err))
			return -1;
		int rc = prepare(s, &reached, err);
		if (!rc && reached)
			rc = run_there(s, status, err);
		ssh_disconnect(s);
		if (rc || reached)
			return rc;
		host->dead = true;
		if (!stop_signal())
			log_warn("host '%s' cannot be reached and is left out", host->name);
	}
}

static int run(const struct engine_call *call, int *status, struct mlops_error *err)
{
	struct ssh s = { .call = call };
	struct ssh_hosts hosts = { 0 };

	int rc = engine_own_setting(call->project, call->stage->engine, "sshconfig", &s.config,
				    err) ||
		 ssh_hosts_read(call, &hosts, err) || run_somewhere(&s, &hosts, status, err);
	ssh_hosts_clear(&hosts);
	return rc ? -1 : 0;
}

const struct engine engine_ssh = {
	.name = "ssh",
	.run = run,
};
