/*
 * The script that runs a stage on a host. It needs no more than sh: where there is setsid(1) the
 * command leads a process group, so that all of it can be ended. Standard input is how we tell it
 * to: a name of a signal a line, and its end, when we or the connection are gone, ends the command
 * and removes everything.
 */
#include "pipeline/engines/ssh.h"
#include "pipeline/used.h"

static const char head[] = "dir=$1\n"
			   "cd \"$dir/work\" || exit 1\n"
			   "MLOPS_PROJECT=$PWD; export MLOPS_PROJECT\n";

static const char body[] = "command -v setsid >/dev/null 2>&1 && group=setsid || group=\n"
			   "used_begin \"$dir/used\"\n"
			   "exec 3<&0\n"
			   "$group sh -c \"$command\" </dev/null 3<&- &\n"
			   "pid=$! target=${group:+-}$!\n"
			   "used_watch \"$pid\" \"$dir/used\" 3<&- </dev/null & meter=$!\n"
			   "tell() { kill -s \"$1\" -- \"$target\"; } 2>/dev/null\n"
			   "{\n"
			   "	while read -r signal; do tell \"$signal\"; done\n"
			   "	: >\"$dir/lost\"\n"
			   "	tell TERM; n=0\n"
			   "	while tell 0 && [ $n -lt 10 ]; do sleep 1; n=$((n + 1)); done\n"
			   "	tell KILL; cd /; rm -rf \"$dir\"\n"
			   "} <&3 >/dev/null 2>&1 &\n"
			   "watch=$!\n"
			   "exec 3<&-\n"
			   "wait \"$pid\"; status=$?\n"
			   "[ -e \"$dir/lost\" ] && exit\n"
			   "kill \"$watch\" \"$meter\" 2>/dev/null\n"
			   "tell KILL\n"
			   "used_end \"$dir/used\"\n"
			   "echo $status >\"$dir/status\"\n";

static void add_variable(struct strbuf *out, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_addf(out, "%s=", name);
	strbuf_add_shell(out, value);
	strbuf_addf(out, "; export %s\n", name);
}

/* No tar is of nothing, which some do not take. */
static void add_giving(struct strbuf *out, const struct offload *stage, const char *mark)
{
	strbuf_adds(out, "cd \"$dir\"; [ -e used ] || : >used\n"
			 "set -- status used; [ $status != 0 ] || for f in");
	for (size_t i = 0; i < stage->n_outs; i++) {
		strbuf_adds(out, " work/");
		strbuf_add_shell(out, stage->outs[i]);
	}
	strbuf_adds(out, "; do\n"
			 "	{ [ ! -e \"$f\" ] && [ ! -L \"$f\" ]; } || set -- \"$@\" \"$f\"\n"
			 "done\n"
			 "printf %s ");
	strbuf_add_shell(out, mark);
	strbuf_adds(out, "; tar -cf - \"$@\"; rc=$?; cd /; rm -rf \"$dir\"; exit $rc\n");
}

char *ssh_script(const struct offload *stage, const char *mark)
{
	autobuf out = { 0 };

	strbuf_adds(&out, used_script);
	strbuf_adds(&out, head);
	for (size_t i = 0; i < stage->n_env; i++)
		add_variable(&out, stage->env[i], getenv(stage->env[i]));
	for (size_t i = 0; i < stage->n_secrets; i++)
		add_variable(&out, stage->secrets[i], getenv(stage->secrets[i]));
	add_variable(&out, "MLOPS_RUN_ID", stage->run_id);
	add_variable(&out, "MLOPS_STAGE", stage->stage);
	if (*stage->wdir) {
		strbuf_adds(&out, "mkdir -p ");
		strbuf_add_shell(&out, stage->wdir);
		strbuf_adds(&out, " && cd ");
		strbuf_add_shell(&out, stage->wdir);
		strbuf_adds(&out, " || exit 1\n");
	}
	/* locally the folders that outs lie in are there, too */
	for (size_t i = 0; i < stage->n_outs; i++) {
		const char *slash = strrchr(stage->outs[i], '/');
		autofree char *above =
			slash ? xstrndup(stage->outs[i], (size_t)(slash - stage->outs[i])) : NULL;

		if (!above)
			continue;
		strbuf_adds(&out, "mkdir -p \"$dir/work\"/");
		strbuf_add_shell(&out, above);
		strbuf_adds(&out, " || exit 1\n");
	}
	strbuf_adds(&out, "command=");
	strbuf_add_shell(&out, stage->command);
	strbuf_addc(&out, '\n');
	strbuf_adds(&out, body);
	add_giving(&out, stage, mark);
	return strbuf_steal(&out);
}
