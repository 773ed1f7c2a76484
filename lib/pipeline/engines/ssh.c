/*
 * Hosts that are logged in to by the ssh program, which knows the user's keys and settings. A stage
 * takes a free slot of a host: a locked file here, so that all runs of the project share them. It takes
 * two calls of ssh, over a connection that all stages of a run share: its files go there as a tar
 * stream into a folder of its own; it runs, and its outs come back as another stream.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/rand.h"
#include "pipeline/engines/ssh.h"
#include "pipeline/stop.h"
#include "pipeline/used.h"

#define TOLD_MAX ((size_t)64 << 10)

/*
 * All that a shell there is told is quoted once for it and once for the shell that the user has. The
 * script that runs the stage comes first, as many bytes as are told: no list of processes shows what
 * is in it.
 */
static void make_prepare_script(const struct ssh *s, size_t script_bytes, struct strbuf *out)
{
	const char *base = engine_setting(s->call->project, s->call->stage->engine, "dir");

	strbuf_adds(out, "base=");
	if (base)
		strbuf_add_shell(out, base);
	else
		strbuf_adds(out, "${TMPDIR:-/tmp}");
	strbuf_addf(out,
		    "; mkdir -p \"$base\" && dir=$(mktemp -d \"$base/mlops-%s.XXXXXX\") || exit 1\n"
		    "mkdir \"$dir/work\" && dd bs=1 count=%zu of=\"$dir/run\" 2>/dev/null && ",
		    s->call->stage->stage, script_bytes);
	if (s->call->files.n)
		strbuf_adds(out, "tar -xof - -C \"$dir/work\" && ");
	strbuf_adds(out, "echo \"$dir\" || { rm -rf \"$dir\"; exit 1; }");
}

/* A file that goes while it is packed is not one that the stage declares. */
static int send(struct ssh *s, struct strbuf *answer, struct ssh_end *end, struct mlops_error *err)
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
	autofree char *text = ssh_script(s->call->stage, s->mark);
	autobuf script = { 0 }, names = { 0 };
	const struct ssh_sending what = { text, s->call->files.n ? pack : NULL, &names };

	for (size_t i = 0; i < s->call->files.n; i++)
		strbuf_add(&names, s->call->files.v[i], strlen(s->call->files.v[i]) + 1);
	make_prepare_script(s, strlen(text), &script);
	return ssh_send(s, script.buf, &what, answer, end, err);
}

/* The folder of the stage, with all that it needs; *reached tells whether the host let us in. */
static int prepare(struct ssh *s, bool *reached, struct mlops_error *err)
{
	autobuf answer = { 0 };
	struct ssh_end end = { 0 };

	if (send(s, &answer, &end, err))
		return -1;
	struct str dir = str_trim((struct str){ answer.buf, answer.len });
	*reached = end.there != SSH_FAILED;
	if (!*reached)
		return 0;
	if (end.there || !dir.n || *dir.p != '/')
		return err_set(err, MLOPS_EREMOTE, "cannot put what the stage reads on '%s'",
			       s->host);
	s->dir = xstrndup(dir.p, dir.n);
	return end.here ? err_set(err, MLOPS_EFAIL,
				  "cannot pack what the stage reads: tar ended with status %d",
				  end.here) :
			  0;
}

static int lost(const struct ssh *s, struct mlops_error *err)
{
	if (stop_signal())
		return err_set(err, stop_kind(), "interrupted");
	return err_set(err, MLOPS_EREMOTE, "the connection to '%s' was lost", s->host);
}

/* The file that the script there wrote, from where its stream was unpacked; "" for none. */
static void read_told(const char *scratch, const char *name, struct strbuf *out)
{
	autofree char *file = path_join(scratch, name);
	autoerr ignored = ERR_INIT;

	if (fs_read(file, TOLD_MAX, out, &ignored))
		strbuf_trunc(out, 0);
	strbuf_adds(out, "");
}

/* The command may have ended as ssh does when it fails: what the script wrote is what counts. */
static int conclude(struct ssh *s, const char *scratch, const struct ssh_end *ends,
		    struct engine_end *end, struct mlops_error *err)
{
	autofree char *work = path_join(scratch, "work");
	autobuf status = { 0 }, used = { 0 };

	read_told(scratch, "status", &status);
	read_told(scratch, "used", &used);
	if (sscanf(status.buf, "%9d", &end->status) != 1)
		return lost(s, err);
	used_read(used.buf, &end->usage);
	if (ends->there == SSH_FAILED)
		return lost(s, err);
	if (ends->there || ends->here)
		return err_set(err, MLOPS_EREMOTE, "cannot get the outputs from '%s'", s->host);
	free(steal_ptr(&s->dir));
	return end->status ? 0 : engine_bring_home(s->call, work, err);
}

static int run_stage(struct ssh *s, struct ssh_stage *stage, struct engine_end *end,
		     struct mlops_error *err)
{
	autofree char *scratch = NULL;
	struct ssh_end ends = { 0 };
	autoerr ignored = ERR_INIT;

	if (stop_signal())
		return lost(s, err);
	if ((!stage->pid && ssh_stage_start(s, stage, err)) ||
	    engine_scratch(s->call, &scratch, err))
		return -1;
	const char *const unpack[] = { "tar", "-xof", "-", "-C", scratch, NULL };
	int rc = ssh_stage_run(s, stage, s->mark, unpack, &ends, err) ||
		 conclude(s, scratch, &ends, end, err);
	fs_remove_tree(scratch, &ignored);
	return rc ? -1 : 0;
}

static void clean_up(struct ssh *s)
{
	autobuf script = { 0 };
	autoerr ignored = ERR_INIT;
	int status;

	strbuf_adds(&script, "exec rm -rf ");
	strbuf_add_shell(&script, s->dir);
	if (ssh_run(s, script.buf, &status, &ignored) || status)
		log_warn("folder '%s' is left on '%s'", s->dir, s->host);
	free(steal_ptr(&s->dir));
}

/* Where there is a connection already, the second call starts while the first one sends. */
static int run_on_host(struct ssh *s, bool *reached, struct engine_end *end,
		       struct mlops_error *err)
{
	struct ssh_stage stage = SSH_STAGE_NONE;

	if (fs_exists(s->control) && ssh_stage_start(s, &stage, err))
		return -1;
	int rc = prepare(s, reached, err);
	if (!rc && *reached)
		rc = run_stage(s, &stage, end, err);
	ssh_stage_drop(&stage);
	if (s->dir)
		clean_up(s);
	return rc;
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
static int run_somewhere(struct ssh *s, struct ssh_hosts *hosts, struct engine_end *end,
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
		if (ssh_share(s, err))
			return -1;
		int rc = run_on_host(s, &reached, end, err);
		free(steal_ptr(&s->control));
		if (rc || reached)
			return rc;
		host->dead = true;
		if (!stop_signal())
			log_warn("host '%s' cannot be reached and is left out", host->name);
	}
}

static int run(const struct engine_call *call, struct engine_end *end, struct mlops_error *err)
{
	struct ssh s = { .call = call };
	struct ssh_hosts hosts = { 0 };
	char random[RAND_HEX_SIZE(16)];

	snprintf(s.mark, sizeof(s.mark), "\001%s\n", rand_hex(random, 16));

	int rc = engine_own_setting(call->project, call->stage->engine, "sshconfig", &s.config,
				    err) ||
		 ssh_hosts_read(call, &hosts, err) || run_somewhere(&s, &hosts, end, err);
	ssh_hosts_clear(&hosts);
	return rc ? -1 : 0;
}

const struct engine engine_ssh = {
	.name = "ssh",
	.run = run,
	.leave = ssh_leave,
};
