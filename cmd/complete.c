/*
 * mlops complete WORD...: the hidden mode behind the three shells' completions. Names that only a
 * project knows are looked up here; the shells are left with the names of files.
 */
#include "cmd.h"

#include "base/map.h"
#include "cli/usage.h"
#include "fmt/yaml.h"
#include "mlops/config.h"
#include "mlops/deploy.h"
#include "mlops/project.h"
#include "mlops/remote.h"
#include "mlops/revision.h"

struct complete_opts {
	struct opt_strs words;
};

static const struct arg_spec complete_argv[] = {
	ARG(complete_opts, words, .name = "WORD", .max = ARGS_ANY,
	    .help = "the words typed so far; the last one is being typed"),
	ARG_END,
};

#define MAX_RUNS 50 /* the newest: a longer list helps nobody */

/* What is being completed: the text behind "--option=", or the whole word. */
struct typed {
	const char *word, *text;
};

static void offer(const struct typed *typed, const char *name, const char *help)
{
	if (str_starts(name, typed->text))
		printf("%.*s%s\t%s\n", (int)(typed->text - typed->word), typed->word, name, help);
}

static void offer_commands(struct project *project, const struct typed *typed)
{
	(void)project;
	for (const struct cmd_spec *const *c = cmd_registry; *c; c++)
		if ((*c)->group)
			offer(typed, (*c)->name, (*c)->summary);
}

static void offer_remotes(struct project *project, const struct typed *typed)
{
	struct remote_info *remotes;
	autoerr err = ERR_INIT;
	size_t n;

	if (mlops_remotes_list(project, &remotes, &n, &err))
		return;
	for (size_t i = 0; i < n; i++)
		offer(typed, remotes[i].name, remotes[i].url);
	mlops_remotes_free(remotes, n);
}

static void offer_runs(struct project *project, const struct typed *typed)
{
	const struct run_query query = { .limit = MAX_RUNS };
	autoerr err = ERR_INIT;
	struct run **runs;
	size_t n;

	offer(typed, "last", "the newest run");
	if (mlops_runs_list(project, &query, &runs, &n, &err))
		return;
	for (size_t i = 0; i < n; i++)
		offer(typed, runs[i]->name, mlops_run_status_name(runs[i]->status));
	mlops_runs_free(runs, n);
}

static void offer_models(struct project *project, const struct typed *typed)
{
	autoerr err = ERR_INIT;
	struct model **models;
	size_t n;

	if (mlops_models_list(project, &models, &n, &err))
		return;
	for (size_t i = 0; i < n; i++)
		offer(typed, models[i]->name,
		      models[i]->description ? models[i]->description : "model");
	mlops_models_free(models, n);
}

static void offer_deployments(struct project *project, const struct typed *typed)
{
	struct deployment **deployments;
	autoerr err = ERR_INIT;
	size_t n;

	if (mlops_deployments_list(project, &deployments, &n, &err))
		return;
	for (size_t i = 0; i < n; i++)
		offer(typed, deployments[i]->name, deployments[i]->target);
	mlops_deployments_free(deployments, n);
}

static void offer_stages(struct project *project, const struct typed *typed)
{
	autofree char *file = xasprintf("%s/mlops.yaml", mlops_project_root(project));
	autoarena arena = { 0 };
	autoerr err = ERR_INIT;
	struct yaml_node *doc;

	if (yaml_load(&arena, file, "mlops.yaml", &doc, &err))
		return;
	const struct yaml_node *stages = yaml_get(doc, "stages");
	for (size_t i = 0; stages && stages->kind == YAML_MAP && i < stages->n; i++)
		offer(typed, stages->keys[i]->text, "stage");
}

/* Of the newest runs, each once. */
static void offer_experiments(struct project *project, const struct typed *typed)
{
	const struct run_query query = { .limit = MAX_RUNS };
	autoerr err = ERR_INIT;
	automap seen = { 0 };
	struct run **runs;
	size_t n;

	if (mlops_runs_list(project, &query, &runs, &n, &err))
		return;
	for (size_t i = 0; i < n; i++)
		if (!map_put(&seen, runs[i]->experiment, runs[i]))
			offer(typed, runs[i]->experiment, "experiment");
	mlops_runs_free(runs, n);
}

static int offer_name(const char *name, void *arg, struct mlops_error *err)
{
	(void)err;
	offer(arg, name, "revision");
	return 0;
}

/* Paths may stand in their place. */
static void offer_revisions(struct project *project, const struct typed *typed)
{
	struct typed copy = *typed;
	autoerr err = ERR_INIT;

	offer(typed, "HEAD", "the commit that is checked out");
	mlops_revision_names(project, offer_name, &copy, &err);
	puts(":path");
}

static int offer_setting(enum config_scope scope, const char *key, const char *value, void *arg,
			 struct mlops_error *err)
{
	(void)scope, (void)value, (void)err;
	offer(arg, key, "setting"); /* not its value: that may be a secret */
	return 0;
}

static void offer_config(struct project *project, const struct typed *typed)
{
	struct typed copy = *typed;
	autoerr err = ERR_INIT;

	mlops_config_list(project, offer_setting, &copy, &err);
}

static const struct {
	const char *kind;
	bool needs_project;
	void (*offer)(struct project *project, const struct typed *typed);
} kinds[] = {
	{ "command", false, offer_commands },
	{ "remote", true, offer_remotes },
	{ "run", true, offer_runs },
	{ "model", true, offer_models },
	{ "experiment", true, offer_experiments },
	{ "config", true, offer_config },
	{ "rev", true, offer_revisions },
	{ "stage", true, offer_stages },
	{ "deployment", true, offer_deployments },
};

/* Answers the kind here, or hands it on to the shell. */
static void complete_kind(struct cmd_ctx *ctx, const char *kind, const struct typed *typed)
{
	autoerr err = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].kind, kind))
			continue;
		if (!kinds[i].needs_project || ctx->project ||
		    !mlops_project_open(".", &ctx->project, &err))
			kinds[i].offer(ctx->project, typed);
		return;
	}
	printf(":%s\n", kind);
}

static struct typed last_word(const struct opt_strs *words)
{
	const char *word = words->n ? words->v[words->n - 1] : "";
	const char *equals = str_starts(word, "--") ? strchr(word, '=') : NULL;

	return (struct typed){ word, equals ? equals + 1 : word };
}

/* Names are those of the project that "-C DIR" in front of the command leads to. */
static void follow_dirs(const struct opt_strs *words)
{
	for (size_t i = 0; i + 2 < words->n && !strcmp(words->v[i], "-C"); i += 2)
		if (chdir(words->v[i + 1]))
			return;
}

static int complete_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct complete_opts *o = opts;
	const struct typed typed = last_word(&o->words);
	autobuf out = { 0 };
	struct str rest;

	(void)err;
	follow_dirs(&o->words);
	usage_complete(cmd_registry, (char **)o->words.v, o->words.n, &out);
	for (rest = (struct str){ out.buf, out.len }; rest.n;) {
		struct str line = str_split(rest, '\n', &rest);
		autofree char *text = xstrndup(line.p, line.n);

		if (*text == ':')
			complete_kind(ctx, text + 1, &typed);
		else
			puts(text);
	}
	return 0;
}

const struct cmd_spec cmd_complete = {
	.name = "complete",
	.summary = "list completions of a command line",
	.flags = CMD_REST,
	.args = complete_argv,
	.opts_size = sizeof(struct complete_opts),
	.run = complete_run,
};
