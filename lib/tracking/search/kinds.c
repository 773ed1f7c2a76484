/* What can be searched in tracking: runs, and experiments. */
#include "tracking/record.h"
#include "tracking/search/kind.h"

#define LOCATION "(SELECT " EXPERIMENT_LOCATION \
		 " FROM experiments e WHERE e.id = r.experiment_id)"

static const struct search_column run_columns[] = {
	{ .names = "run_id|run_uuid", .sql = "r.uuid", .type = 's', .is_id = true },
	{ .names = "run_name|Run name|Run Name|run name", .sql = "r.name", .type = 's' },
	{ .names = "status", .type = 's',
	  .sql = "CASE r.status WHEN 0 THEN 'RUNNING' WHEN 1 THEN 'FINISHED' WHEN 2 THEN 'FAILED'"
		 " WHEN 3 THEN 'KILLED' ELSE 'SCHEDULED' END" },
	{ .names = "artifact_uri", .sql = LOCATION " || '/' || r.uuid || '/artifacts'", .type = 's' },
	{ .names = "user_id|User", .sql = "r.user", .type = 's' },
	{ .names = "experiment_id", .sql = "CAST(r.experiment_id AS TEXT)", .type = 's', .is_id = true },
	{ .names = "lifecycle_stage", .sql = "iif(r.deleted_ms IS NULL, 'active', 'deleted')",
	  .type = 's' },
	{ .names = "start_time|created|Created|Start Time", .sql = "r.start_ms", .type = 'i' },
	{ .names = "end_time", .sql = "r.end_ms", .type = 'i', .may_null = true },
	{ .names = NULL },
};

static const struct search_pairs run_pairs[] = {
	{ FILTER_METRIC, "latest_metrics", "run_id" },
	{ FILTER_PARAM, "params", "run_id" },
	{ FILTER_TAG, "tags", "run_id" },
	{ .table = NULL },
};

static int compare_checked(struct search_query *q, const char *sql, const struct filter_term *t,
			   struct mlops_error *err)
{
	bool is_list = t->op == FILTER_IN || t->op == FILTER_NOT_IN;

	if (!is_list && t->op != FILTER_EQ && t->op != FILTER_NE && t->op != FILTER_LIKE &&
	    t->op != FILTER_ILIKE)
		return err_set(err, MLOPS_EINVALID, "Invalid comparator for dataset '%.200s'", t->key);
	if (!is_list && !t->is_string)
		return err_set(err, MLOPS_EINVALID,
			       "Expected a quoted string value for dataset (e.g. 'my-value'). Got value"
			       " %.200s", t->text);
	query_compare_text(q, sql, t);
	query_add(q, ")");
	return 1;
}

static int dataset_term(const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	if (!strcmp(t->key, "context")) {
		query_add(q, "EXISTS (SELECT 1 FROM run_dataset_tags d WHERE d.run_id = r.id"
			     " AND d.key = 'mlflow.data.context' AND ");
		return compare_checked(q, "d.value", t, err);
	}
	bool is_name = !strcmp(t->key, "name");
	if (!is_name && strcmp(t->key, "digest"))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid dataset attribute key '%.200s'. Valid keys are ['name',"
			       " 'digest', 'context']", t->key);
	query_add(q, "EXISTS (SELECT 1 FROM run_datasets JOIN datasets d ON d.id = dataset_id"
		     " WHERE run_id = r.id AND ");
	return compare_checked(q, is_name ? "d.name" : "d.digest", t, err);
}

/* The tag that holds a run's name is there for every run, also for those of `mlops run`. */
static int run_special(const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	if (t->entity == FILTER_DATASET)
		return dataset_term(t, q, err);
	if (t->entity != FILTER_TAG || strcmp(t->key, "mlflow.runName") ||
	    (!t->is_string && t->op < FILTER_IN))
		return 0;
	query_compare_text(q, "r.name", t);
	return 1;
}

static const char *const run_order[] = { "r.start_ms DESC", "r.uuid", NULL };

const struct search_kind search_runs = {
	.from = "runs r",
	.row = "r.id",
	.columns = run_columns,
	.pairs = run_pairs,
	.order = run_order,
	.special = run_special,
};

static const struct search_column experiment_columns[] = {
	{ .names = "name", .sql = "e.name", .type = 's' },
	{ .names = "experiment_id", .sql = "CAST(e.id AS TEXT)", .type = 's', .is_id = true },
	{ .names = "creation_time", .sql = "e.created_ms", .type = 'i' },
	{ .names = "last_update_time", .sql = "ifnull(e.updated_ms, e.created_ms)", .type = 'i' },
	{ .names = NULL },
};

static const struct search_pairs experiment_pairs[] = {
	{ FILTER_TAG, "experiment_tags", "experiment_id" },
	{ .table = NULL },
};

static const char *const experiment_order[] = { "e.created_ms DESC", "e.id", NULL };

const struct search_kind search_experiments = {
	.from = "experiments e",
	.row = "e.id",
	.columns = experiment_columns,
	.pairs = experiment_pairs,
	.order = experiment_order,
};
