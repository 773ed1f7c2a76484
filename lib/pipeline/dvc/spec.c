/* From dvc.yaml to the stages of spec.h: what DVC calls otherwise is renamed, then read as our own. */
#include <stdlib.h>

#include "base/fs.h"
#include "base/path.h"
#include "mlops/dvc.h"
#include "pipeline/dvc/dvc.h"
#include "pipeline/graph.h"
#include "pipeline/values.h"
#include "project/project.h"

#define NAME_MAX_BYTES 200

static struct yaml_node *new_node(struct arena *arena, enum yaml_kind kind,
				  const struct yaml_node *at, size_t room)
{
	struct yaml_node *node = arena_alloc(arena, sizeof(*node));

	*node = (struct yaml_node){
		.kind = kind, .file = at->file, .line = at->line, .column = at->column
	};
	node->values = arena_alloc(arena, room * sizeof(*node->values));
	if (kind == YAML_MAP)
		node->keys = arena_alloc(arena, room * sizeof(*node->keys));
	return node;
}

static struct yaml_node *new_text(struct arena *arena, const struct yaml_node *at, const char *text)
{
	struct yaml_node *node = arena_alloc(arena, sizeof(*node));

	*node = *at;
	node->kind = YAML_SCALAR;
	node->text = text;
	return node;
}

static void put(struct yaml_node *map, struct yaml_node *key, struct yaml_node *value)
{
	map->keys[map->n] = key;
	map->values[map->n++] = value;
}

/* Each line of a text is a command of its own. */
static struct yaml_node *split_lines(struct arena *arena, struct yaml_node *cmd)
{
	struct str rest = str_of(cmd->text);
	size_t lines = 1;

	for (size_t i = 0; i < rest.n; i++)
		lines += rest.p[i] == '\n';
	struct yaml_node *list = new_node(arena, YAML_LIST, cmd, lines);
	while (rest.n) {
		struct str line = str_split(rest, '\n', &rest);

		if (str_trim(line).n)
			list->values[list->n++] =
				new_text(arena, cmd, arena_strndup(arena, line.p, line.n));
	}
	return list->n ? list : cmd;
}

static const char *const out_keys[] = { "cache",  "persist", "checkpoint", "remote",   "push",
					"desc",	  "type",    "labels",	   "meta",     "template",
					"x",	  "y",	     "x_label",	   "y_label",  "title",
					"header", NULL };

/* What is said of an out that counts here. */
static int read_attributes(struct arena *arena, const struct yaml_node *said, struct yaml_node **out,
			   struct mlops_error *err)
{
	static const char *const counted[] = { "cache", "persist", OBJECT_PLACE_KEYS };
	struct yaml_node *map;

	*out = NULL;
	if (said->kind == YAML_LIST && said->n) /* several plots of one file */
		said = said->values[0];
	if (yaml_is_null(said) || said->kind == YAML_LIST)
		return 0;
	if (yaml_want(said, YAML_MAP, "what is said of an output", err) ||
	    yaml_check_keys(said, out_keys, "an output", err))
		return -1;
	map = new_node(arena, YAML_MAP, said, ARRAY_LEN(counted));
	for (size_t i = 0; i < ARRAY_LEN(counted); i++)
		if (yaml_get(said, counted[i]))
			put(map, yaml_key(said, counted[i]), yaml_get(said, counted[i]));
	*out = map;
	return 0;
}

static int add_out(struct arena *arena, struct yaml_node *item, struct yaml_node *list,
		   struct mlops_error *err)
{
	if (item->kind != YAML_MAP) {
		list->values[list->n++] = item;
		return 0;
	}
	struct yaml_node *map = new_node(arena, YAML_MAP, item, item->n);
	for (size_t i = 0; i < item->n; i++) {
		struct yaml_node *said;

		if (read_attributes(arena, item->values[i], &said, err))
			return -1;
		put(map, item->keys[i], said ? said : new_node(arena, YAML_MAP, item, 1));
	}
	list->values[list->n++] = map;
	return 0;
}

static int add_outs(struct arena *arena, const struct yaml_node *body, const char *key,
		    struct yaml_node *list, struct mlops_error *err)
{
	const struct yaml_node *outs = yaml_get(body, key);

	if (yaml_is_null(outs))
		return 0;
	if (yaml_want(outs, YAML_LIST, key, err))
		return -1;
	for (size_t i = 0; i < outs->n; i++)
		if (add_out(arena, outs->values[i], list, err))
			return -1;
	return 0;
}

static size_t length(const struct yaml_node *body, const char *key)
{
	const struct yaml_node *list = yaml_get(body, key);

	return list && list->kind == YAML_LIST ? list->n : 0;
}

static int put_outs(struct arena *arena, const struct yaml_node *body, const char *const *from,
		    const char *to, struct yaml_node *out, struct mlops_error *err)
{
	size_t n = 0;

	for (size_t i = 0; from[i]; i++)
		n += length(body, from[i]);
	struct yaml_node *list = new_node(arena, YAML_LIST, body, n);
	for (size_t i = 0; from[i]; i++)
		if (add_outs(arena, body, from[i], list, err))
			return -1;
	put(out, new_text(arena, body, to), list);
	return 0;
}

static int check_deps(const struct yaml_node *deps, struct mlops_error *err)
{
	for (size_t i = 0; deps && deps->kind == YAML_LIST && i < deps->n; i++) {
		const struct yaml_node *dep = deps->values[i];

		if (dep->kind == YAML_SCALAR && strstr(dep->text, "://"))
			return yaml_error(dep, err,
					  "dependency '%s' is not a file of the project; those of "
					  "other places are not read here",
					  dep->text);
	}
	return 0;
}

static int translate(struct arena *arena, struct plain_stage *stage, struct mlops_error *err)
{
	static const char *const known[] = { "cmd",    "wdir",	  "deps", "params",
					     "outs",   "metrics", "plots", "frozen",
					     "desc",   "meta",	  "always_changed", NULL };
	static const char *const same[] = { "wdir", "deps", "params", "frozen", "desc" };
	static const char *const outs[] = { "outs", "plots", NULL }, *const metrics[] = { "metrics", NULL };
	struct yaml_node *body = stage->body, *cmd = yaml_get(body, "cmd");
	struct yaml_node *out = new_node(arena, YAML_MAP, body, ARRAY_LEN(known));

	if (yaml_check_keys(body, known, "a stage", err) || check_deps(yaml_get(body, "deps"), err))
		return -1;
	if (cmd)
		put(out, yaml_key(body, "cmd"),
		    cmd->kind == YAML_SCALAR ? split_lines(arena, cmd) : cmd);
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (yaml_get(body, same[i]))
			put(out, yaml_key(body, same[i]), yaml_get(body, same[i]));
	if (yaml_get(body, "always_changed"))
		put(out, new_text(arena, yaml_key(body, "always_changed"), "always"),
		    yaml_get(body, "always_changed"));
	if (put_outs(arena, body, outs, "outs", out, err) ||
	    put_outs(arena, body, metrics, "metrics", out, err))
		return -1;
	stage->body = out;
	return 0;
}

static int name_stage(struct arena *arena, struct plain_stage *stage, struct mlops_error *err)
{
	const char *name = stage->name->text;

	if (*stage->dir)
		name = arena_printf(arena, "%s/" DVC_SPEC_NAME ":%s", stage->dir, name);
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return yaml_error(stage->name, err, "'%s' is no name for a stage", name);
	if (strlen(name) > NAME_MAX_BYTES)
		return yaml_error(stage->name, err, "the name '%s' is too long", name);
	stage->name = new_text(arena, stage->name, name);
	return 0;
}

const char *dvc_stage_name(const struct spec_stage *stage)
{
	size_t n = strlen(stage->dir);

	return n ? stage->name + n + strlen("/" DVC_SPEC_NAME ":") : stage->name;
}

char *dvc_command_text(const struct json *cmd)
{
	autobuf text = { 0 };

	if (js_type(cmd) == JSON_STR)
		return xstrdup(js_text(cmd));
	for (size_t i = 0; i < js_len(cmd); i++)
		strbuf_addf(&text, "%s- %s", i ? "\n" : "",
			    js_text(js_at(cmd, i)) ? js_text(js_at(cmd, i)) : "");
	return strbuf_steal(&text);
}

/* DVC runs commands by the shell of the user, which must not read their settings. */
static void set_shell(struct arena *arena, struct spec_stage *stage)
{
	const char *shell = getenv("SHELL");
	const char *path = shell && *shell ? shell : "/bin/sh", *name = path_base(path);

	for (size_t i = 0; i < stage->cmds.n; i++) {
		struct spec_cmd *cmd = &stage->cmds.v[i];
		const char **argv = arena_alloc(arena, 6 * sizeof(*argv));
		size_t n = 0;

		argv[n++] = path;
		if (!strcmp(name, "bash")) {
			argv[n++] = "--noprofile";
			argv[n++] = "--norc";
		} else if (!strcmp(name, "zsh")) {
			argv[n++] = "--no-rcs";
		}
		argv[n++] = "-c";
		argv[n++] = cmd->text;
		argv[n] = NULL;
		cmd->argv = argv;
	}
}

/* What our own stages do not have: a name may have any character, a command is pinned as written. */
static void finish_stage(struct project *project, struct arena *arena, struct spec_stage *stage,
			 const struct yaml_node *cmd)
{
	autojson *value = values_of_node(cmd);
	autofree char *text = dvc_command_text(value);

	stage->cmd = cmd;
	stage->recorded = arena_strdup(arena, text);
	stage->always |= !stage->deps.n && !stage->params.n && !stage->outs.n;
	for (size_t i = 0; i < stage->deps.n; i++)
		stage->deps.v[i].is_pattern = false;
	set_shell(arena, stage);
	if (!getenv("DVC_ROOT"))
		vec_push(&stage->env,
			 arena_printf(arena, "DVC_ROOT=%s", mlops_project_root(project)));
	vec_push(&stage->env, arena_printf(arena, "DVC_STAGE=%s", stage->name));
}

static int read_stages(struct project *project, struct pipeline *p, struct expansion *x,
		       struct mlops_error *err)
{
	VEC(const struct yaml_node *) bodies = { 0 };
	int rc = 0;

	for (size_t i = 0; i < x->stages.n && !rc; i++) {
		vec_push(&bodies, x->stages.v[i].body);
		rc = name_stage(&p->arena, &x->stages.v[i], err) ||
		     translate(&p->arena, &x->stages.v[i], err);
	}
	if (!rc)
		rc = spec_read_stages(p, x, err);
	for (size_t i = 0; i < p->stages.n && !rc; i++) {
		dvc_plots_of_stage(p, &p->stages.v[i], bodies.v[i]);
		finish_stage(project, &p->arena, &p->stages.v[i], yaml_get(bodies.v[i], "cmd"));
	}
	vec_free(&bodies);
	if (!rc)
		dvc_plots_finish(project, p, x);
	return rc;
}

static int expand_one(struct pipeline *p, struct expansion *x, const char *file,
		      struct mlops_error *err)
{
	autobuf text = { 0 };
	struct yaml_node *root;

	if (x->files->read(x->files->arg, file, &text, err) ||
	    yaml_parse(&p->arena, arena_strdup(&p->arena, file), text.buf, text.len, &root, err))
		return -1;
	return expand_pipeline(x, file, root, err);
}

static int expand_all(struct pipeline *p, struct expansion *x, const struct strlist *names,
		      struct mlops_error *err)
{
	for (size_t i = 0; i < names->n; i++) {
		strlist_add(&x->included, names->v[i]);
		if (expand_one(p, x, names->v[i], err))
			return -1;
	}
	return 0;
}

bool dvc_spec_is_here(struct project *project)
{
	autofree char *path = project_abspath(project, DVC_SPEC_NAME);

	return mlops_dvc_is_here(project) && fs_exists(path);
}

int dvc_spec_load(struct project *project, const struct spec_files *files,
		  const struct strlist *names, struct pipeline **out, struct mlops_error *err)
{
	struct pipeline *p = xcalloc(1, sizeof(*p));
	struct expansion x = { .arena = &p->arena, .files = files, .dvc = true };

	p->keep = &keep_dvc;
	int rc = expand_all(p, &x, names, err) || read_stages(project, p, &x, err) ||
		 graph_build(p, err);
	return spec_finish(p, &x, rc, out);
}
