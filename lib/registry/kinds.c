/* What can be searched in the registry: models, and their versions. */
#include "registry/record.h"

#include "base/str.h"

#define IS_PROMPT "mlflow.prompt.is_prompt"

static const struct search_column model_columns[] = {
	{ .names = "name", .sql = "m.name", .type = 's', .is_id = true },
	{ .names = "creation_timestamp", .sql = "m.created_ms", .type = 'i' },
	{ .names = "last_updated_timestamp|timestamp", .sql = "ifnull(m.updated_ms, m.created_ms)",
	  .type = 'i' },
	{ .names = NULL },
};

static const struct search_pairs model_pairs[] = {
	{ FILTER_TAG, "model_tags", "model_id" },
	{ .table = NULL },
};

/* Clients ask so for what is no prompt, and most models have no such tag. */
static int not_prompt(const struct filter_term *t, struct search_query *q, const char *none)
{
	if (t->entity != FILTER_TAG || strcmp(t->key, IS_PROMPT) || t->op != FILTER_NE)
		return 0;
	query_add(q, none);
	query_text(q, t->key);
	query_add(q, " AND x.value = ");
	query_text(q, t->text);
	query_add(q, ")");
	return 1;
}

static int model_special(const struct filter_term *t, struct search_query *q,
			 struct mlops_error *err)
{
	(void)err;
	return not_prompt(t, q, "NOT EXISTS (SELECT 1 FROM model_tags x WHERE x.model_id = m.id"
				" AND x.key = ");
}

static const char *const model_order[] = { "m.name", NULL };

const struct search_kind search_models = {
	.from = "models m",
	.row = "m.id",
	.columns = model_columns,
	.pairs = model_pairs,
	.order = model_order,
	.special = model_special,
};

static const struct search_column version_columns[] = {
	{ .names = "name", .sql = "m.name", .type = 's', .is_id = true },
	{ .names = "version_number|version", .sql = "v.version", .type = 'i' },
	{ .names = "run_id", .type = 's', .is_id = true, .may_null = true,
	  .sql = "ifnull(v.run_uuid, (SELECT uuid FROM runs WHERE id = v.run_id))" },
	{ .names = "source_path", .sql = "v.source", .type = 's', .may_null = true },
	{ .names = "creation_timestamp", .sql = "v.created_ms", .type = 'i' },
	{ .names = "last_updated_timestamp", .sql = "ifnull(v.updated_ms, v.created_ms)", .type = 'i' },
	{ .names = NULL },
};

static const struct search_pairs version_pairs[] = {
	{ FILTER_TAG, "model_version_tags", "version_id" },
	{ .table = NULL },
};

static int version_special(const struct filter_term *t, struct search_query *q,
			   struct mlops_error *err)
{
	(void)err;
	return not_prompt(t, q, "NOT EXISTS (SELECT 1 FROM model_version_tags x"
				" WHERE x.version_id = v.id AND x.key = ");
}

static const char *const version_order[] = { "ifnull(v.updated_ms, v.created_ms) DESC", "m.name",
					     "v.version DESC", NULL };

const struct search_kind search_versions = {
	.from = "model_versions v JOIN models m ON m.id = v.model_id",
	.row = "v.id",
	.columns = version_columns,
	.pairs = version_pairs,
	.order = version_order,
	.special = version_special,
};
