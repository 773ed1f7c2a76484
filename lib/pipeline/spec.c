/* Reading plain stages (expand.h): the keys of each, their types and the paths in them. */
#include "pipeline/spec.h"

#include <ctype.h>

#include "base/fs.h"
#include "base/glob.h"
#include "base/map.h"
#include "base/num.h"
#include "base/path.h"
#include "base/proc.h"
#include "pipeline/condition.h"
#include "pipeline/dvc/dvc.h"
#include "pipeline/graph.h"
#include "pipeline/keep.h"
#include "pipeline/override.h"
#include "pipeline/outside.h"
#include "pipeline/plots_spec.h"
#include "pipeline/triggers.h"
#include "project/project.h"

#define NAME_MAX_BYTES 100
#define RETRIES_MAX    100
#define RETRY_DELAY_MS 1000

/* What reading one stage shares. */
struct stage_reader {
	struct pipeline *p;
	struct arena *arena;
	struct spec_stage *stage;
	const char *dir; /* of the file it is in */
	bool any_name;
	struct map seen; /* deps */
	struct mlops_error *err;
};

int spec_read_path(struct arena *arena, const char *dir, const struct yaml_node *node,
		   const char *what, const char **out, struct mlops_error *err)
{
	if (yaml_want(node, YAML_SCALAR, what, err))
		return -1;
	if (!*node->text)
		return yaml_error(node, err, "%s is empty", what);
	autofree char *joined = path_join(dir, node->text);
	autofree char *path = path_normalize(joined);
	if (!path_is_safe(path) && strcmp(path, "."))
		return yaml_error(node, err, "%s '%s' leaves the project", what, node->text);
	if (project_is_private(path))
		return yaml_error(node, err,
				  "%s '%s' lies in a folder that git or mlops keeps for itself",
				  what, node->text);
	*out = arena_strdup(arena, path);
	return 0;
}

/* The same, for a path that can't be the project itself. */
static int read_inner_path(struct stage_reader *r, const struct yaml_node *node, const char *what,
			   const char **out)
{
	const char *path = "";

	if (spec_read_path(r->arena, r->stage->wdir, node, what, &path, r->err))
		return -1;
	if (!strcmp(path, "."))
		return yaml_error(node, r->err, "%s '%s' is the whole project", what, node->text);
	*out = path;
	return 0;
}

static int read_command(struct stage_reader *r, const struct yaml_node *node)
{
	if (yaml_want(node, YAML_SCALAR, "a command", r->err))
		return -1;
	if (!node->text[strspn(node->text, " \t\r\n")])
		return yaml_error(node, r->err, "the command is empty");
	vec_push(&r->stage->cmds, { .text = node->text });
	return 0;
}

/* A list is a program and its arguments, and needs no shell. */
static int read_argv(struct stage_reader *r, const struct yaml_node *list)
{
	const char **argv = arena_alloc(r->arena, (list->n + 1) * sizeof(*argv));
	autobuf text = { 0 };

	if (!list->n)
		return yaml_error(list, r->err, "the command is empty");
	for (size_t i = 0; i < list->n; i++) {
		if (yaml_want(list->values[i], YAML_SCALAR, "an argument", r->err))
			return -1;
		argv[i] = list->values[i]->text;
		if (i)
			strbuf_addc(&text, ' ');
		strbuf_add_shell(&text, argv[i]);
	}
	if (!*argv[0])
		return yaml_error(list, r->err, "the command is empty");
	vec_push(&r->stage->cmds, { .text = arena_strdup(r->arena, text.buf), .argv = argv });
	return 0;
}

static int read_cmd(struct stage_reader *r, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		return read_command(r, node);
	if (yaml_want(node, YAML_LIST, "cmd", r->err))
		return -1;
	if (!node->n)
		return yaml_error(node, r->err, "cmd is empty");
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *item = node->values[i];

		if (item->kind == YAML_LIST ? read_argv(r, item) : read_command(r, item))
			return -1;
	}
	return 0;
}

static int add_outside(struct stage_reader *r, const struct spec_url *dep)
{
	if (map_put(&r->seen, dep->url, r->stage))
		return yaml_error(dep->at, r->err, "dependency '%s' is given twice", dep->url);
	vec_push(&r->stage->urls, *dep);
	return 0;
}

static int read_stage_dep(struct stage_reader *r, const struct yaml_node *node)
{
	static const char *const known[] = { "stage", NULL };
	struct spec_dep dep = { .at = node };

	if (yaml_check_keys(node, known, "a dependency", r->err) ||
	    yaml_get_text(node, "stage", &dep.stage, r->err))
		return -1;
	if (!dep.stage)
		return yaml_error(node, r->err, "a dependency is a path, a pattern, a URL, "
						"{stage: NAME} or {git: REPOSITORY, path: PATH}");
	vec_push(&r->stage->deps, dep);
	return 0;
}

static int read_dep(struct stage_reader *r, const struct yaml_node *node)
{
	struct spec_dep dep = { .at = node };
	struct spec_url outside;
	bool is_outside;

	if (outside_read(r->arena, r->dir, node, &outside, &is_outside, r->err))
		return -1;
	if (is_outside)
		return add_outside(r, &outside);
	if (node->kind == YAML_MAP)
		return read_stage_dep(r, node);
	if (read_inner_path(r, node, "dependency", &dep.path))
		return -1;
	dep.is_pattern = glob_is_pattern(dep.path);
	if (map_put(&r->seen, dep.path, r->stage))
		return yaml_error(node, r->err, "dependency '%s' is given twice", node->text);
	vec_push(&r->stage->deps, dep);
	return 0;
}

static int read_key(struct stage_reader *r, const char *file, const struct yaml_node *node)
{
	if (yaml_want(node, YAML_SCALAR, "a parameter", r->err))
		return -1;
	if (!*node->text)
		return yaml_error(node, r->err, "the parameter's name is empty");
	vec_push(&r->stage->params, { .file = file, .key = node->text, .at = node });
	return 0;
}

/* `file: [keys]` of a params list, or `file:` for all that it holds. */
static int read_params_file(struct stage_reader *r, const struct yaml_node *name,
			    const struct yaml_node *keys)
{
	const char *file;

	if (read_inner_path(r, name, "parameter file", &file))
		return -1;
	if (yaml_is_null(keys)) {
		vec_push(&r->stage->params, { .file = file, .at = name });
		return 0;
	}
	if (yaml_want(keys, YAML_LIST, "the keys of a parameter file", r->err))
		return -1;
	for (size_t i = 0; i < keys->n; i++)
		if (read_key(r, file, keys->values[i]))
			return -1;
	return 0;
}

static int read_param(struct stage_reader *r, const struct yaml_node *node)
{
	autofree char *joined = path_join(r->stage->wdir, PARAMS_FILE);

	if (node->kind != YAML_MAP)
		return read_key(r, arena_strdup(r->arena, joined), node);
	for (size_t i = 0; i < node->n; i++)
		if (read_params_file(r, node->keys[i], node->values[i]))
			return -1;
	return 0;
}

static int read_out_attributes(struct stage_reader *r, const struct yaml_node *node,
			       struct spec_out *out)
{
	static const char *const out_keys[] = { "cache", "type", "persist", "remote", "push", NULL };
	static const char *const metrics_keys[] = { "cache", "persist", "remote", "push", NULL };
	const char *type = NULL;

	if (yaml_is_null(node))
		return 0;
	if (yaml_want(node, YAML_MAP, "what is said of an output", r->err) ||
	    yaml_check_keys(node, out->is_metrics ? metrics_keys : out_keys, "an output", r->err) ||
	    yaml_get_bool(node, "cache", &out->cache, r->err) ||
	    yaml_get_bool(node, "persist", &out->persist, r->err) ||
	    object_place_read(node, &out->place, r->err) ||
	    yaml_get_text(node, "type", &type, r->err))
		return -1;
	if (type && strcmp(type, "model"))
		return yaml_error(yaml_get(node, "type"), r->err, "type can be model, not '%s'",
				  type);
	out->is_model = type;
	if (out->is_model && !out->cache)
		return yaml_error(yaml_get(node, "cache"), r->err, "a model is always cached");
	return 0;
}

static int read_out_named(struct stage_reader *r, const struct yaml_node *name,
			  const struct yaml_node *attributes, bool is_metrics)
{
	struct spec_out out = { .at = name, .cache = true, .is_metrics = is_metrics };

	if (read_inner_path(r, name, is_metrics ? "metrics file" : "output", &out.path) ||
	    read_out_attributes(r, attributes, &out))
		return -1;
	vec_push(&r->stage->outs, out);
	return 0;
}

static int read_out_item(struct stage_reader *r, const struct yaml_node *node, bool is_metrics)
{
	if (node->kind != YAML_MAP)
		return read_out_named(r, node, NULL, is_metrics);
	for (size_t i = 0; i < node->n; i++)
		if (read_out_named(r, node->keys[i], node->values[i], is_metrics))
			return -1;
	return 0;
}

static int read_out(struct stage_reader *r, const struct yaml_node *node)
{
	return read_out_item(r, node, false);
}

static int read_metrics(struct stage_reader *r, const struct yaml_node *node)
{
	return read_out_item(r, node, true);
}

static int read_plots_file(struct stage_reader *r, const struct yaml_node *name,
			   const struct yaml_node *attributes)
{
	static const char *const known[] = { "cache", "persist",  "remote", "push", "x", "y",
					     "title", "template", "x_label", "y_label", NULL };
	struct spec_out out = { .at = name, .cache = true };
	struct plots_reader plots = { .p = r->p, .dir = r->stage->wdir };

	if (read_inner_path(r, name, "plots file", &out.path))
		return -1;
	if (!yaml_is_null(attributes) &&
	    (yaml_want(attributes, YAML_MAP, "what is said of a plots file", r->err) ||
	     yaml_check_keys(attributes, known, "a plots file", r->err) ||
	     yaml_get_bool(attributes, "cache", &out.cache, r->err) ||
	     yaml_get_bool(attributes, "persist", &out.persist, r->err) ||
	     object_place_read(attributes, &out.place, r->err)))
		return -1;
	vec_push(&r->stage->outs, out);
	return plots_read_out(&plots, out.path, name, attributes, r->err);
}

static int read_plots(struct stage_reader *r, const struct yaml_node *node)
{
	if (node->kind != YAML_MAP)
		return read_plots_file(r, node, NULL);
	for (size_t i = 0; i < node->n; i++)
		if (read_plots_file(r, node->keys[i], node->values[i]))
			return -1;
	return 0;
}

static int read_list(struct stage_reader *r, const struct yaml_node *stage, const char *key,
		     int (*read_item)(struct stage_reader *r, const struct yaml_node *item))
{
	const struct yaml_node *list = yaml_get(stage, key);

	if (yaml_is_null(list))
		return 0;
	if (yaml_want(list, YAML_LIST, key, r->err))
		return -1;
	for (size_t i = 0; i < list->n; i++)
		if (read_item(r, list->values[i]))
			return -1;
	return 0;
}

static int read_env(struct stage_reader *r, const struct yaml_node *env)
{
	if (yaml_is_null(env))
		return 0;
	if (yaml_want(env, YAML_MAP, "env", r->err))
		return -1;
	for (size_t i = 0; i < env->n; i++) {
		const struct yaml_node *name = env->keys[i], *value = env->values[i];

		if (!proc_is_variable(name->text))
			return yaml_error(name, r->err, "'%s' is no name of a variable",
					  name->text);
		if (yaml_want(value, YAML_SCALAR, "a variable", r->err))
			return -1;
		vec_push(&r->stage->env, arena_printf(r->arena, "%s=%s", name->text, value->text));
	}
	return 0;
}

static int read_secret(struct stage_reader *r, const struct yaml_node *node)
{
	if (yaml_want(node, YAML_SCALAR, "a secret", r->err))
		return -1;
	if (!proc_is_variable(node->text))
		return yaml_error(node, r->err, "'%s' is no name of a variable", node->text);
	vec_push(&r->stage->secrets, node->text);
	return 0;
}

static int read_condition(struct stage_reader *r, const struct yaml_node *stage)
{
	const struct yaml_node *node = yaml_get(stage, "if");

	if (yaml_is_null(node))
		return 0;
	if (yaml_get_text(stage, "if", &r->stage->condition, r->err))
		return -1;
	if (!condition_holds(r->stage->condition, NULL, NULL, r->err))
		return 0;
	return err_wrap(r->err, "%s:%d:%d", node->file, node->line, node->column);
}

static int check_name(const struct yaml_node *key, struct mlops_error *err)
{
	const char *name = key->text;
	size_t n = strlen(name);

	if (!n || n > NAME_MAX_BYTES || strchr(".-@", *name))
		return yaml_error(key, err, "'%s' is no name for a stage", name);
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-+=@", *name))
			return yaml_error(key, err,
					  "a stage's name has letters, digits, '.', '_', '-', '+' "
					  "and '=' only, not '%s'",
					  key->text);
	return 0;
}

static int read_wdir(struct stage_reader *r, const struct yaml_node *node)
{
	r->stage->wdir = r->dir;
	if (yaml_is_null(node))
		return 0;
	if (spec_read_path(r->arena, r->dir, node, "wdir", &r->stage->wdir, r->err))
		return -1;
	if (!strcmp(r->stage->wdir, "."))
		r->stage->wdir = "";
	return 0;
}

static int read_duration(const struct yaml_node *node, const char *key, int64_t *out,
			 struct mlops_error *err)
{
	const char *text = NULL;

	if (yaml_get_text(node, key, &text, err))
		return -1;
	if (!text || (num_parse_duration(text, out) && *out > 0))
		return 0;
	return yaml_error(yaml_get(node, key), err, "%s is a duration such as 90s or 2h, not '%s'", key,
			  text);
}

/* A number, or a map of limit and delay. */
static int read_retries(struct stage_reader *r, const struct yaml_node *stage)
{
	static const char *const known[] = { "limit", "delay", NULL };
	const struct yaml_node *node = yaml_get(stage, "retries");
	bool is_map = node && node->kind == YAML_MAP;
	int64_t *limit = &r->stage->retries;

	r->stage->retry_delay_ms = RETRY_DELAY_MS;
	if (yaml_is_null(node))
		return 0;
	if (is_map && (yaml_check_keys(node, known, "retries", r->err) ||
		       yaml_get_int(node, "limit", limit, r->err) ||
		       read_duration(node, "delay", &r->stage->retry_delay_ms, r->err)))
		return -1;
	if (!is_map && yaml_get_int(stage, "retries", limit, r->err))
		return -1;
	if (*limit < 0 || *limit > RETRIES_MAX)
		return yaml_error(node, r->err, "a stage is retried 0 to %d times", RETRIES_MAX);
	return 0;
}

static int read_resources(struct stage_reader *r, const struct yaml_node *node)
{
	static const char *const known[] = { "cpus", "memory", "gpus", NULL };
	struct spec_resources *out = &r->stage->resources;
	const char *memory = NULL;

	if (yaml_is_null(node))
		return 0;
	if (yaml_want(node, YAML_MAP, "resources", r->err) ||
	    yaml_check_keys(node, known, "resources", r->err) ||
	    yaml_get_int(node, "cpus", &out->cpus, r->err) ||
	    yaml_get_int(node, "gpus", &out->gpus, r->err) ||
	    yaml_get_text(node, "memory", &memory, r->err))
		return -1;
	if (out->cpus < 0 || out->gpus < 0)
		return yaml_error(node, r->err, "a stage cannot need less than nothing");
	if (memory && !num_parse_bytes(memory, &out->memory))
		return yaml_error(yaml_get(node, "memory"), r->err,
				  "memory is a size such as 4GiB, not '%s'", memory);
	return 0;
}

/* true, or a map of what it shows beside dependencies and parameters. */
static int read_sandbox(struct stage_reader *r, const struct yaml_node *stage)
{
	static const char *const known[] = { "show", NULL };
	const struct yaml_node *node = yaml_get(stage, "sandbox"), *show;

	if (!node || node->kind != YAML_MAP)
		return yaml_get_bool(stage, "sandbox", &r->stage->sandbox, r->err);
	r->stage->sandbox = true;
	show = yaml_get(node, "show");
	if (yaml_check_keys(node, known, "sandbox", r->err) || yaml_want(show, YAML_LIST, "show", r->err))
		return -1;
	for (size_t i = 0; i < show->n; i++) {
		const char *path;

		if (read_inner_path(r, show->values[i], "path", &path))
			return -1;
		vec_push(&r->stage->sandbox_shows, path);
	}
	return 0;
}

static int read_limits(struct stage_reader *r, const struct yaml_node *node)
{
	return read_duration(node, "timeout", &r->stage->timeout_ms, r->err) ||
			       read_retries(r, node) || read_sandbox(r, node) ||
			       read_resources(r, yaml_get(node, "resources")) ||
			       yaml_get_bool(node, "always", &r->stage->always, r->err) ||
			       yaml_get_bool(node, "frozen", &r->stage->frozen, r->err) ?
		       -1 :
		       0;
}

static int read_stage(struct stage_reader *r, const struct yaml_node *key,
		      const struct yaml_node *node)
{
	static const char *const known[] = { "desc",	"cmd",	  "wdir",    "deps",	"params",
					     "outs",	"metrics", "plots", "env",    "always",	"frozen",
					     "timeout", "retries", "resources", "meta", "secrets", "if", "sandbox",
					     "engine",
					     NULL };
	struct spec_stage *stage = r->stage;

	stage->name = key->text;
	stage->at = key;
	stage->dir = r->dir;
	stage->cmd = yaml_get(node, "cmd");
	if ((!r->any_name && check_name(key, r->err)) || yaml_want(node, YAML_MAP, "a stage", r->err) ||
	    yaml_check_keys(node, known, "a stage", r->err))
		return -1;
	if (!yaml_get(node, "cmd"))
		return yaml_error(key, r->err, "stage '%s' has no cmd", key->text);
	if (yaml_get_text(node, "desc", &stage->desc, r->err) ||
	    yaml_get_text(node, "engine", &stage->engine, r->err) ||
	    read_cmd(r, stage->cmd) || read_wdir(r, yaml_get(node, "wdir")) ||
	    read_list(r, node, "deps", read_dep) || read_list(r, node, "params", read_param) ||
	    read_list(r, node, "outs", read_out) || read_list(r, node, "metrics", read_metrics) ||
	    read_list(r, node, "plots", read_plots) ||
	    read_env(r, yaml_get(node, "env")) || read_list(r, node, "secrets", read_secret) ||
	    read_condition(r, node))
		return -1;
	return read_limits(r, node);
}

static int read_top_plots(struct pipeline *p, const struct expansion *x, struct mlops_error *err)
{
	for (size_t i = 0; i < x->plots.n; i++) {
		struct plots_reader r = { .p = p, .dir = x->plots.v[i].dir };

		if (plots_read_top(&r, x->plots.v[i].node, err))
			return -1;
	}
	return 0;
}

int spec_read_stages(struct pipeline *p, const struct expansion *x, struct mlops_error *err)
{
	automap names = { 0 };

	vec_reserve(&p->stages, x->stages.n);
	for (size_t i = 0; i < x->stages.n; i++) {
		const struct plain_stage *plain = &x->stages.v[i];
		const struct yaml_node *first = map_put(&names, plain->name->text, plain->name);

		if (first)
			return yaml_error(plain->name, err, "stage '%s' is already on line %d of %s",
					  plain->name->text, first->line, first->file);
		vec_push(&p->stages, { 0 });
		struct stage_reader r = { .p = p,
					  .arena = &p->arena,
					  .stage = &p->stages.v[i],
					  .dir = plain->dir,
					  .any_name = x->dvc,
					  .err = err };
		int rc = read_stage(&r, plain->name, plain->body);

		map_clear(&r.seen);
		if (rc)
			return -1;
	}
	return 0;
}

int spec_finish(struct pipeline *p, struct expansion *x, int rc, struct pipeline **out)
{
	p->var_files = x->var_files;
	p->included = x->included;
	x->var_files = x->included = (struct strlist){ 0 };
	expand_clear(x);
	if (rc)
		mlops_pipeline_free(p);
	else
		*out = p;
	return rc ? -1 : 0;
}

int spec_parse(const struct spec_files *files, const char *text, size_t n, struct pipeline **out,
	       struct mlops_error *err)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));
	struct expansion x = { .arena = &p->arena, .files = files };
	struct yaml_node *root;
	int rc = yaml_parse(&p->arena, SPEC_FILE, text, n, &root, err) ||
		 expand_pipeline(&x, SPEC_FILE, root, err) || spec_read_stages(p, &x, err) ||
		 read_top_plots(p, &x, err) || triggers_read(p, yaml_get(root, "on"), err) ||
		 graph_build(p, err);

	p->keep = &keep_own;
	return spec_finish(p, &x, rc, out);
}

struct project_files {
	struct project *project;
	const struct overrides *overrides;
};

static int read_project_file(void *arg, const char *file, struct strbuf *text,
			     struct mlops_error *err)
{
	const struct project_files *files = arg;
	const struct strbuf *edited =
		files->overrides ? overrides_text(files->overrides, file) : NULL;
	autofree char *path = project_abspath(files->project, file);

	if (!edited)
		return fs_read(path, SPEC_BYTES_MAX, text, err);
	strbuf_add(text, edited->buf, edited->len);
	return 0;
}

int spec_load(struct project *project, const struct overrides *overrides, struct pipeline **out,
	      struct mlops_error *err)
{
	struct project_files arg = { project, overrides };
	const struct spec_files files = { read_project_file, &arg };
	autofree char *path = project_abspath(project, SPEC_FILE);
	autobuf text = { 0 };

	if (!fs_read(path, SPEC_BYTES_MAX, &text, err))
		return spec_parse(&files, text.buf, text.len, out, err);
	if (err->kind == MLOPS_ENOTFOUND && dvc_spec_is_here(project)) {
		autostrlist names = { 0 };

		mlops_error_clear(err);
		return dvc_spec_names(project, &names, err) ||
				       dvc_spec_load(project, &files, &names, out, err) ?
			       -1 :
			       0;
	}
	if (err->kind == MLOPS_ENOTFOUND) {
		err_set(err, MLOPS_ENOTFOUND, "there is no pipeline: no '%s'", path);
		err_hint(err, "see mlops.yaml(5) for how to write one");
	}
	return -1;
}

int mlops_pipeline_load(struct project *project, struct pipeline **out, struct mlops_error *err)
{
	return spec_load(project, NULL, out, err);
}

void mlops_pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->stages.n; i++) {
		struct spec_stage *s = &p->stages.v[i];

		vec_free(&s->cmds);
		vec_free(&s->secrets);
		vec_free(&s->sandbox_shows);
		vec_free(&s->env);
		vec_free(&s->deps);
		vec_free(&s->urls);
		vec_free(&s->params);
		vec_free(&s->outs);
		vec_free(&s->needs);
	}
	vec_free(&p->stages);
	for (size_t i = 0; i < p->plots.n; i++)
		vec_free(&p->plots.v[i].series);
	vec_free(&p->plots);
	triggers_clear(&p->triggers);
	strlist_clear(&p->var_files);
	strlist_clear(&p->included);
	free(p->order);
	arena_clear(&p->arena);
	free(p);
}

bool spec_is_named(const char *stage, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(stage, name, n) && (!stage[n] || stage[n] == '@');
}

char *spec_command_text(const struct spec_stage *stage)
{
	autobuf text = { 0 };

	if (stage->recorded)
		return xstrdup(stage->recorded);
	if (*stage->wdir)
		strbuf_addf(&text, "cd %s\n", stage->wdir);
	for (size_t i = 0; i < stage->env.n; i++)
		strbuf_addf(&text, "%s\n", stage->env.v[i]);
	for (size_t i = 0; i < stage->cmds.n; i++)
		strbuf_addf(&text, "%s%s", i ? "\n" : "", stage->cmds.v[i].text);
	return strbuf_steal(&text);
}
