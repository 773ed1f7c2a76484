/* A listener, and what is said of it to a command. */
#include "tracking_env.h"

#include "base/mem.h"
#include "mlops/project.h"

static void set(struct strlist *list, const char *name, const char *value)
{
	strlist_take(list, xasprintf("%s=%s", name, value));
}

static int add_listener(struct project *project, const char *run, const char *experiment,
			struct tracking_env *out, struct mlops_error *err)
{
	if (mlops_listener_start(project, run, &out->listener, err))
		return -1;
	set(&out->list, "MLFLOW_TRACKING_URI", mlops_listener_url(out->listener));
	set(&out->list, "MLFLOW_TRACKING_TOKEN", mlops_listener_token(out->listener));
	set(&out->list, "MLFLOW_EXPERIMENT_NAME", experiment);
	strlist_add(&out->list, "MLFLOW_EXPERIMENT_ID"); /* which would go before the name */
	if (run)
		set(&out->list, "MLFLOW_RUN_ID", run);
	return 0;
}

int tracking_env_open(struct project *project, const char *run, const char *experiment,
		      struct tracking_env *out, struct mlops_error *err)
{
	const char *other = getenv("MLFLOW_TRACKING_URI");

	*out = (struct tracking_env){ 0 };
	if (run)
		set(&out->list, "MLOPS_RUN_ID", run);
	set(&out->list, "MLOPS_PROJECT", mlops_project_root(project));
	if (!(other && *other) && add_listener(project, run, experiment, out, err)) {
		tracking_env_close(out);
		return -1;
	}
	out->env = xcalloc(out->list.n + 1, sizeof(*out->env));
	for (size_t i = 0; i < out->list.n; i++)
		out->env[i] = out->list.v[i];
	return 0;
}

void tracking_env_close(struct tracking_env *env)
{
	mlops_listener_stop(env->listener);
	strlist_clear(&env->list);
	free(env->env);
	*env = (struct tracking_env){ 0 };
}
