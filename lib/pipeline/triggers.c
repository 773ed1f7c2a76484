/* Reading `on`: each key is one value or a list of them. */
#include "pipeline/triggers.h"

#include "base/clock.h"

struct triggers_reader {
	struct pipeline *p;
	struct mlops_error *err;
};

static int read_schedule(struct triggers_reader *r, const struct yaml_node *node)
{
	struct cron cron;

	if (cron_parse(node->text, &cron, r->err))
		return err_wrap(r->err, "%s:%d:%d", node->file, node->line, node->column);
	if (cron_next(&cron, clock_now_ms() / 1000) < 0)
		return yaml_error(node, r->err, "'%s' is a day that no month has", node->text);
	vec_push(&r->p->triggers.schedules, cron);
	return 0;
}

static int read_branch(struct triggers_reader *r, const struct yaml_node *node)
{
	vec_push(&r->p->triggers.branches, node->text);
	return 0;
}

static int read_deployment(struct triggers_reader *r, const struct yaml_node *node)
{
	vec_push(&r->p->triggers.deployments, node->text);
	return 0;
}

static int read_data(struct triggers_reader *r, const struct yaml_node *node)
{
	const char *path = NULL;

	if (spec_read_path(&r->p->arena, "", node, "path", &path, r->err))
		return -1;
	vec_push(&r->p->triggers.data, path);
	return 0;
}

static int read_each(struct triggers_reader *r, const struct yaml_node *on, const char *key,
		     int (*read_one)(struct triggers_reader *r, const struct yaml_node *node))
{
	struct yaml_node *node = yaml_get(on, key);
	bool is_list = node && node->kind == YAML_LIST;
	struct yaml_node **items = is_list ? node->values : &node;
	size_t n = is_list ? node->n : !yaml_is_null(node);

	for (size_t i = 0; i < n; i++) {
		if (yaml_want(items[i], YAML_SCALAR, key, r->err))
			return -1;
		if (!*items[i]->text)
			return yaml_error(items[i], r->err, "%s is empty", key);
		if (read_one(r, items[i]))
			return -1;
	}
	return 0;
}

/* push: true is any branch. */
static int read_push(struct triggers_reader *r, const struct yaml_node *on)
{
	const struct yaml_node *node = yaml_get(on, "push");

	if (node && node->kind == YAML_SCALAR && yaml_scalar_type(node) == YAML_S_BOOL)
		return yaml_get_bool(on, "push", &r->p->triggers.any_push, r->err);
	return read_each(r, on, "push", read_branch);
}

int triggers_read(struct pipeline *p, const struct yaml_node *node, struct mlops_error *err)
{
	static const char *const known[] = { "schedule", "push", "drift", "data", NULL };
	struct triggers_reader r = { p, err };

	if (yaml_is_null(node))
		return 0;
	if (yaml_want(node, YAML_MAP, "on", err) || yaml_check_keys(node, known, "on", err))
		return -1;
	return read_each(&r, node, "schedule", read_schedule) || read_push(&r, node) ||
			       read_each(&r, node, "drift", read_deployment) ||
			       read_each(&r, node, "data", read_data) ?
		       -1 :
		       0;
}

void triggers_clear(struct spec_triggers *triggers)
{
	vec_free(&triggers->schedules);
	vec_free(&triggers->branches);
	vec_free(&triggers->deployments);
	vec_free(&triggers->data);
}
