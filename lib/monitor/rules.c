/* Reading `monitors` of mlops.yaml (mlops.yaml(5)), and measuring what one watches. */
#include "monitor/rules.h"

#include <math.h>

#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "fmt/yaml.h"
#include "mlops/monitor.h"
#include "project/project.h"

static double missing_share(const struct profile_view *v)
{
	return v->rows ? (double)v->missing / (double)v->rows : NAN;
}

static double mean(const struct profile_view *v)
{
	return v->mean;
}

static double lowest(const struct profile_view *v)
{
	return v->min;
}

static double highest(const struct profile_view *v)
{
	return v->max;
}

static double distinct(const struct profile_view *v)
{
	return v->distinct;
}

/* Figures of one column of the current data. */
static const struct figure {
	const char *name;
	double (*get)(const struct profile_view *v);
} figures[] = {
	{ "missing", missing_share }, { "mean", mean },         { "min", lowest },
	{ "max", highest },           { "distinct", distinct },
};

static const struct figure *find_figure(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		if (!strcmp(figures[i].name, name))
			return &figures[i];
	return NULL;
}

static int read_for(const struct yaml_node *node, struct alert *a, struct mlops_error *err)
{
	const char *text = NULL;

	if (yaml_get_text(node, "for", &text, err))
		return -1;
	if (text && (!num_parse_duration(text, &a->for_ms) || a->for_ms < 0))
		return yaml_error(yaml_get(node, "for"), err,
				  "for is a duration such as 90s or 2h, not '%s'", text);
	return 0;
}

static int check_path(const struct yaml_node *node, const char *key, const char *path,
		      struct mlops_error *err)
{
	if (!path || path_is_safe(path))
		return 0;
	return yaml_error(yaml_get(node, key), err, "%s '%s' is no path inside the project", key, path);
}

static int check_monitor(const struct yaml_node *name, const struct yaml_node *node,
			 const struct alert *a, struct mlops_error *err)
{
	bool drift = !strcmp(a->watch, "drift");

	if (!a->current)
		return yaml_error(name, err, "monitor '%s' has no current data", a->name);
	if (!drift && !find_figure(a->watch))
		return yaml_error(yaml_get(node, "watch"), err,
				  "watch is one of drift, missing, mean, min, max and distinct, not '%s'",
				  a->watch);
	if (drift != (a->reference != NULL) || drift == (a->column != NULL))
		return yaml_error(name, err, "monitor '%s' watches %s", a->name,
				  drift ? "drift, which needs a reference and no column" :
					  "a figure, which needs a column and no reference");
	if (!isfinite(a->above) || !isfinite(a->clear) || a->clear > a->above)
		return yaml_error(name, err, "monitor '%s' needs a number 'above', and 'clear' not over it",
				  a->name);
	if (strcmp(a->severity, "warning") && strcmp(a->severity, "critical"))
		return yaml_error(yaml_get(node, "severity"), err,
				  "severity is one of warning and critical, not '%s'", a->severity);
	return check_path(node, "reference", a->reference, err) ||
			       check_path(node, "current", a->current, err) ?
		       -1 :
		       0;
}

static int read_monitor(const struct yaml_node *name, const struct yaml_node *node,
			struct alert *out, struct mlops_error *err)
{
	static const char *const known[] = { "reference", "current", "watch", "column", "above", "clear",
					     "for", "severity", "owner", "runbook", NULL };
	struct alert a = { .name = name->text, .watch = "drift", .severity = "warning",
			   .above = NAN, .clear = NAN };

	if (!path_is_safe_name(name->text, strlen(name->text)))
		return yaml_error(name, err, "'%s' is no name for a monitor", name->text);
	if (yaml_want(node, YAML_MAP, "a monitor", err) ||
	    yaml_check_keys(node, known, "a monitor", err) ||
	    yaml_get_text(node, "reference", &a.reference, err) ||
	    yaml_get_text(node, "current", &a.current, err) ||
	    yaml_get_text(node, "watch", &a.watch, err) ||
	    yaml_get_text(node, "column", &a.column, err) ||
	    yaml_get_num(node, "above", &a.above, err) ||
	    yaml_get_num(node, "clear", &a.clear, err) || read_for(node, &a, err) ||
	    yaml_get_text(node, "severity", &a.severity, err) ||
	    yaml_get_text(node, "owner", &a.owner, err) ||
	    yaml_get_text(node, "runbook", &a.runbook, err))
		return -1;
	if (!yaml_get(node, "clear"))
		a.clear = a.above;
	if (check_monitor(name, node, &a, err))
		return -1;
	*out = a;
	return 0;
}

int rules_load(struct project *project, struct alerts *out, struct mlops_error *err)
{
	autofree char *path = project_abspath(project, SPEC_FILE);
	const struct yaml_node *all;
	struct yaml_node *root;

	if (!fs_exists(path))
		return 0;
	if (yaml_load(out->arena, path, SPEC_FILE, &root, err))
		return -1;
	all = yaml_get(root, "monitors");
	if (yaml_is_null(all))
		return 0;
	if (yaml_want(all, YAML_MAP, "monitors", err))
		return -1;
	out->v = arena_alloc(out->arena, (all->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < all->n; i++, out->n++)
		if (read_monitor(all->keys[i], all->values[i], &out->v[i], err))
			return -1;
	return 0;
}

static int measure_drift(const char *reference, const char *current, double *out,
			 struct mlops_error *err)
{
	const struct mlops_drift_opts how = MLOPS_DRIFT_DEFAULTS;
	struct drift_report *report;

	if (mlops_drift(reference, current, &how, &report, err))
		return -1;
	*out = report->share;
	mlops_drift_free(report);
	return 0;
}

static int measure_figure(const struct alert *a, const char *current, double *out,
			  struct mlops_error *err)
{
	const struct mlops_table_opts how = { .columns = &a->column, .n_columns = 1 };
	struct profile *profile;
	struct profile_view view;
	double value = NAN;

	if (mlops_is_profile(current) ? mlops_profile_load(current, &profile, err) :
					mlops_profile_table(current, &how, &profile, err))
		return -1;
	for (size_t i = 0; mlops_profile_column(profile, i, &view); i++)
		if (!strcmp(view.name, a->column))
			value = find_figure(a->watch)->get(&view);
	mlops_profile_free(profile);
	if (isnan(value))
		return err_set(err, MLOPS_EINVALID, "column '%s' of '%s' has no %s", a->column,
			       a->current, a->watch);
	*out = value;
	return 0;
}

int rule_measure(struct project *project, struct alert *a, struct mlops_error *err)
{
	autofree char *current = project_abspath(project, a->current);
	autofree char *reference = a->reference ? project_abspath(project, a->reference) : NULL;

	if (reference ? measure_drift(reference, current, &a->value, err) :
			measure_figure(a, current, &a->value, err))
		return err_wrap(err, "monitor '%s'", a->name);
	return 0;
}
