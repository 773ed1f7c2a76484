/*
 * The run's side of engines. Everything that the stage is was judged here, so all of it goes into
 * the arguments: the file mlops.yaml may be another by the time they are read.
 */
#include "pipeline/offload.h"

#include "base/fs.h"
#include "base/num.h"
#include "pipeline/engine.h"
#include "pipeline/used.h"

#define FAILURE_MAX ((size_t)64 << 10)

char *offload_failure_file(struct project *project, const char *stage)
{
	autofree char *name = xasprintf("run/offload/%s", stage);

	return project_file(project, name);
}

static int choose(struct session *run, struct state *s, struct mlops_error *err)
{
	const char *name = run->how->on ? run->how->on : s->spec->engine;
	const struct engine *engine;

	if (!name)
		return 0;
	if (engine_find(run->project, name, &engine, err))
		return err_wrap(err, "stage '%s'", s->spec->name);
	if (engine->caps & ENGINE_HERE)
		return 0;
	if (!run->how->program)
		return err_set(err, MLOPS_EINVALID,
			       "stage '%s' needs the mlops program for engine '%s'", s->spec->name,
			       name);
	if (!engine->run) {
		err_set(err, MLOPS_EUSAGE, "stage '%s': nothing runs on '%s'", s->spec->name, name);
		return err_hint(err, "write the pipeline for it with: mlops export %s", name);
	}
	s->engine = name;
	s->engine_secrets = engine->caps & ENGINE_SECRETS;
	return 0;
}

int offload_choose(struct session *run, struct mlops_error *err)
{
	for (size_t i = 0; i < run->pipeline->stages.n; i++)
		if (run->wanted[i] && choose(run, &run->states[i], err))
			return -1;
	return 0;
}

struct argv {
	VEC(const char *) v;
	struct arena *arena;
};

static void add(struct argv *a, const char *option, const char *value)
{
	vec_push(&a->v, option);
	vec_push(&a->v, value);
}

static void add_number(struct argv *a, const char *option, uint64_t n)
{
	if (n)
		add(a, option, arena_printf(a->arena, "%llu", (unsigned long long)n));
}

/* Dependencies as they were judged, parameters, and outs that are there from before. */
static void add_paths(struct session *run, const struct state *s, struct argv *a)
{
	const struct spec_stage *spec = s->spec;

	for (size_t i = 0; i < s->now.n_deps; i++)
		add(a, "--read", s->now.deps[i].path);
	for (size_t i = 0; i < spec->params.n; i++)
		add(a, "--read", spec->params.v[i].file);
	for (size_t i = 0; i < spec->sandbox_shows.n; i++)
		add(a, "--read", spec->sandbox_shows.v[i]);
	for (size_t i = 0; i < spec->outs.n; i++) {
		autofree char *path = project_abspath(run->project, spec->outs.v[i].path);

		add(a, "--out", spec->outs.v[i].path);
		if (spec->outs.v[i].persist && fs_exists(path))
			add(a, "--read", spec->outs.v[i].path);
	}
	if (!spec->sandbox)
		vec_push(&a->v, "--code");
}

/* By name: values that all can see in the list of processes would be no secret. */
static void add_variables(const struct spec_stage *spec, struct argv *a)
{
	for (size_t i = 0; i < spec->env.n; i++) {
		size_t n = strcspn(spec->env.v[i], "=");

		add(a, "--env", arena_printf(a->arena, "%.*s", (int)n, spec->env.v[i]));
	}
	for (size_t i = 0; i < spec->secrets.n; i++)
		add(a, "--secret", spec->secrets.v[i]);
}

int offload_prefix(struct session *run, const struct state *s, struct arena *arena,
		   const char *const **prefix, struct spec_cmd *command, struct mlops_error *err)
{
	autofree char *failure = offload_failure_file(run->project, s->spec->name);
	autofree char *text = stage_shell_command(s->spec);
	struct argv a = { .arena = arena };
	struct run_usage former;

	if (fs_mkdirs_for(failure, err) || fs_remove_tree(failure, err))
		return -1;
	used_take(run->project, s->spec->name, &former);
	vec_push(&a.v, run->how->program);
	add(&a, "offload", s->engine);
	add(&a, s->spec->name, "--run");
	vec_push(&a.v, run->recorder.id);
	add(&a, "--wdir", s->spec->wdir);
	add_paths(run, s, &a);
	add_variables(s->spec, &a);
	add_number(&a, "--cpus", (uint64_t)s->spec->resources.cpus);
	add_number(&a, "--gpus", (uint64_t)s->spec->resources.gpus);
	add_number(&a, "--memory", s->spec->resources.memory);
	if (s->spec->timeout_ms)
		add(&a, "--timeout", arena_printf(arena, "%lldms", (long long)s->spec->timeout_ms));
	vec_push(&a.v, "--");
	vec_push(&a.v, NULL);
	const char **copy = arena_alloc(arena, a.v.n * sizeof(*copy));
	memcpy(copy, a.v.v, a.v.n * sizeof(*copy));
	vec_free(&a.v);
	const char **argv = arena_alloc(arena, 2 * sizeof(*argv));
	argv[0] = arena_strdup(arena, text);
	argv[1] = NULL;
	*prefix = copy;
	*command = (struct spec_cmd){ .text = argv[0], .argv = argv };
	return 0;
}

void offload_take_usage(struct session *run, const struct state *s, struct run_usage *out)
{
	used_take(run->project, s->spec->name, out);
}

void offload_end(struct session *run)
{
	for (size_t i = 0; *run->recorder.id && i < run->pipeline->stages.n; i++) {
		const char *name = run->states[i].engine;
		const struct engine *engine;
		autoerr ignored = ERR_INIT;

		if (name && !engine_find(run->project, name, &engine, &ignored) && engine->leave)
			engine->leave(run->recorder.id);
	}
}

/* The kind, the message and the hint, a line each. */
bool offload_failed(struct session *run, const struct state *s, struct mlops_error *err)
{
	autofree char *file = offload_failure_file(run->project, s->spec->name);
	autobuf text = { 0 };
	autoerr ignored = ERR_INIT;
	struct str rest;
	int64_t kind;

	if (!fs_exists(file) || fs_read(file, FAILURE_MAX, &text, &ignored))
		return false;
	struct str first = str_split((struct str){ text.buf, text.len }, '\n', &rest);
	struct str message = str_split(rest, '\n', &rest);
	autofree char *number = xstrndup(first.p, first.n);
	if (!num_parse_i64(number, &kind) || kind <= MLOPS_OK || kind > MLOPS_ETERMINATED)
		return false;
	err_set(err, (enum mlops_error_kind)kind, "stage '%s' failed: " STR_FMT, s->spec->name,
		STR_ARG(message));
	struct str hint = str_trim(rest);
	if (hint.n)
		err_hint(err, STR_FMT, STR_ARG(hint));
	return true;
}
