/* What the names in the `if` of a stage stand for: parameters, the environment, metrics. */
#include "fmt/json.h"
#include "pipeline/condition.h"
#include "pipeline/metrics.h"
#include "pipeline/session.h"

struct look {
	struct session *run;
	const struct spec_stage *stage;
};

/* No secret decides, since what was decided is told. */
static struct json *environment_value(const struct look *look, const char *name)
{
	const char *value = strlist_has(&look->run->secrets.names, name) ? NULL : getenv(name);

	return value ? js_str(value) : NULL;
}

static int find(void *arg, const char *name, struct json **out, struct mlops_error *err)
{
	const struct look *look = arg;
	struct session *run = look->run;
	struct str rest;
	struct str kind = str_split(str_of(name), '.', &rest);

	if (str_eq(kind, "params"))
		return params_value(&run->params, look->stage, rest.p, out, err);
	if (str_eq(kind, "metrics"))
		return metrics_value(run->project, run->pipeline, rest.p, out, err);
	*out = environment_value(look, rest.p);
	return 0;
}

int session_condition(struct session *run, const struct state *s, bool *holds,
		      struct mlops_error *err)
{
	struct look look = { run, s->spec };
	const struct condition_names names = { find, &look };

	*holds = true;
	if (!s->spec->condition || !condition_holds(s->spec->condition, &names, holds, err))
		return 0;
	return err_wrap(err, "stage '%s'", s->spec->name);
}
