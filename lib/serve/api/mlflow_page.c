/* What MLflow's web page asks for beside the API that clients use. */
#include "serve/api/mlflow.h"

/* The page sends what is done in it to its makers, unless it is told not to. */
static int tell_no_one(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	(void)db, (void)err;
	js_set(c->out, "disable_ui_telemetry", js_bool(true));
	js_set(c->out, "disable_ui_events", js_arr());
	js_set(c->out, "ui_rollout_percentage", js_int(0));
	return 0;
}

static int no_endpoints(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	(void)db, (void)err;
	js_set(c->out, "endpoints", js_arr());
	return 0;
}

/* An empty list is left out. */
static int none(struct db *db, struct mlflow_call *c, struct mlops_error *err)
{
	(void)db, (void)c, (void)err;
	return 0;
}

const struct mlflow_method mlflow_page_methods[] = {
	{ "GET", "ui-telemetry", NULL, tell_no_one, false },
	{ "GET", "gateway-proxy", NULL, no_endpoints, false },
	{ "GET", "gateway/endpoints/list", NULL, none, false },
	{ "GET", "gateway/secrets/list", NULL, none, false },
	{ "GET", "scorers/list", NULL, none, false },
	{ .verb = NULL },
};
