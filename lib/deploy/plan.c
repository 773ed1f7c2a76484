/* What a deployment would change, value by value. */
#include <inttypes.h>

#include "base/vec.h"
#include "deploy/deploy.h"

static const char *const action_names[] = {
	[DEPLOY_NOTHING] = "nothing",
	[DEPLOY_CREATE] = "create",
	[DEPLOY_UPDATE] = "update",
	[DEPLOY_START] = "start",
};

const char *mlops_deploy_action_name(enum deploy_action action)
{
	return action_names[action];
}

typedef VEC(struct deploy_change) changes_vec;

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void add(changes_vec *changes, const char *what, const char *before, const char *after)
{
	if (!before || !after ? before != after : strcmp(before, after) != 0)
		vec_push(changes, { copy(what), copy(before), copy(after) });
}

/* As people write it: texts without quotes. */
static char *value_text(const struct json *v)
{
	autobuf text = { 0 };

	if (!v)
		return NULL;
	if (js_text(v))
		return xstrdup(js_text(v));
	js_dump(v, JS_COMPACT, &text);
	return strbuf_steal(&text);
}

static void add_values(changes_vec *changes, const char *what, struct json *before,
		       struct json *after);

/* The keys of `from`; with `new_only` just those that the other lacks. */
static void add_keys(changes_vec *changes, const char *what, struct json *from, struct json *before,
		     struct json *after, bool new_only)
{
	const char *key;
	struct json *value;

	for (void *iter = NULL; js_next(from, &iter, &key, &value);) {
		autofree char *path = xasprintf("%s%s%s", what, *what ? "." : "", key);

		if (!new_only || !js_get(before, key))
			add_values(changes, path, js_get(before, key), js_get(after, key));
	}
}

static void add_values(changes_vec *changes, const char *what, struct json *before,
		       struct json *after)
{
	bool is_map =
		(!before || js_type(before) == JSON_OBJ) && (!after || js_type(after) == JSON_OBJ);

	if (is_map) {
		add_keys(changes, what, before, before, after, false);
		add_keys(changes, what, after, before, after, true);
		return;
	}
	autofree char *old = value_text(before), *new = value_text(after);
	add(changes, what, old, new);
}

static void add_number(changes_vec *changes, const char *what, int64_t before, int64_t after)
{
	autofree char *old = before ? xasprintf("%" PRId64, before) : NULL;
	autofree char *new = xasprintf("%" PRId64, after);

	add(changes, what, old, new);
}

static char *model_text(const char *model, int64_t version)
{
	return xasprintf("%s:%" PRId64, model, version);
}

/* `r` NULL: nothing serves. */
static int compare(changes_vec *changes, const struct target *target, const struct revision *r,
		   const struct revision *next, struct mlops_error *err)
{
	autofree char *before = r ? model_text(r->model, r->version) : NULL;
	autofree char *after = model_text(next->model, next->version);
	autojson *old = NULL, *new = NULL;

	if (target_config(target, next->config, &new, err) ||
	    (r && target_config(target, r->config, &old, err)))
		return -1;
	add(changes, "model", before, after);
	add_number(changes, "workers", r ? r->workers : 0, next->workers);
	add_values(changes, "", old, new);
	return 0;
}

static enum deploy_action action_of(const struct deploy_plan *plan, const struct deployment *d)
{
	if (!d || !mlops_deployment_active(d))
		return DEPLOY_CREATE;
	if (plan->n)
		return DEPLOY_UPDATE;
	return d->running ? DEPLOY_NOTHING : DEPLOY_START;
}

/* `d` NULL: there is none of that name. */
static int plan(const struct deploy_how *how, const struct deployment *d,
		const struct model_version *v, struct deploy_plan **out, struct mlops_error *err)
{
	const struct target *target;
	struct revision next;
	changes_vec changes = { 0 };

	if (deploy_next(how, d, v, &next, &target, err))
		return -1;
	int rc = compare(&changes, target, d ? mlops_deployment_active(d) : NULL, &next, err);
	if (how->port)
		add_number(&changes, "port", d ? d->port : 0, how->port);
	struct deploy_plan *p = xcalloc(1, sizeof(*p));
	*p = (struct deploy_plan){ .name = xstrdup(how->name ? how->name : v->model),
				   .target = xstrdup(target->name),
				   .changes = changes.v,
				   .n = changes.n };
	p->action = action_of(p, d);
	if (rc)
		mlops_deploy_plan_free(p);
	else
		*out = p;
	return rc;
}

static int plan_version(struct project *project, const struct deploy_how *how,
			const struct model_version *v, struct deploy_plan **out,
			struct mlops_error *err)
{
	const char *name = how->name ? how->name : v->model;
	struct deployment *d = NULL;

	if (mlops_model_check_usable(v, err) || deploy_check_name(name, err))
		return -1;
	if (mlops_deployment_get(project, name, &d, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
	}
	int rc = plan(how, d, v, out, err);
	mlops_deployment_free(d);
	return rc;
}

int mlops_deploy_plan(struct project *project, const struct deploy_how *how,
		      struct deploy_plan **out, struct mlops_error *err)
{
	struct model_version *v;

	if (mlops_model_resolve(project, how->model, &v, err))
		return -1;
	int rc = plan_version(project, how, v, out, err);
	mlops_model_version_free(v);
	return rc;
}

void mlops_deploy_plan_free(struct deploy_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n; i++) {
		free(plan->changes[i].what);
		free(plan->changes[i].before);
		free(plan->changes[i].after);
	}
	free(plan->changes);
	free(plan->name);
	free(plan->target);
	free(plan);
}
