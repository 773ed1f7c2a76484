/* What can be searched in traces: their fields, tags and metadata, their spans, and assessments. */
#include "tracking/trace.h"

#define NAME "(SELECT x.value FROM trace_tags x WHERE x.trace_id = t.id AND x.key = 'mlflow.traceName')"
#define RUN                                                                                        \
	"(SELECT x.value FROM trace_metadata x WHERE x.trace_id = t.id AND x.key = 'mlflow.sourceRun')"
/* An attribute is JSON as a text; a text in it is compared as it is. */
#define ATTRIBUTE "iif(json_valid(a.value), json_extract(a.value, '$'), a.value)"

static const struct search_column trace_columns[] = {
	{ .names = "request_id|trace_id", .sql = "t.uuid", .type = 's', .is_id = true },
	{ .names = "timestamp_ms|timestamp", .sql = "t.request_ms", .type = 'i' },
	{ .names = "execution_time_ms|execution_time", .sql = "t.duration_ms", .type = 'i', .may_null = true },
	{ .names = "end_time_ms|end_time", .sql = "(t.request_ms + ifnull(t.duration_ms, 0))", .type = 'i' },
	{ .names = "status|state", .type = 's', .is_id = true,
	  .sql = "CASE t.state WHEN 1 THEN 'OK' WHEN 2 THEN 'ERROR' WHEN 3 THEN 'IN_PROGRESS'"
		 " ELSE 'STATE_UNSPECIFIED' END" },
	{ .names = "client_request_id", .sql = "t.client_request_id", .type = 's', .is_id = true,
	  .may_null = true },
	{ .names = "experiment_id", .sql = "CAST(t.experiment_id AS TEXT)", .type = 's', .is_id = true },
	{ .names = "name", .sql = NAME, .type = 's', .is_id = true, .may_null = true },
	{ .names = "run_id", .sql = RUN, .type = 's', .is_id = true, .may_null = true },
	{ .names = NULL },
};

static const struct search_pairs trace_pairs[] = {
	{ FILTER_TAG, "trace_tags", "trace_id" },
	{ FILTER_METADATA, "trace_metadata", "trace_id" },
	{ .table = NULL },
};

static int fail_op(const char *what, const struct filter_term *t, struct mlops_error *err)
{
	return err_set(err, MLOPS_EINVALID, "Invalid comparator for %s '%.200s' in the filter", what, t->key);
}

static int need_string(const char *what, const struct filter_term *t, struct mlops_error *err)
{
	return err_set(err, MLOPS_EINVALID,
		       "Expected a quoted string value for %s (e.g. 'my-value'). Got value %.200s", what,
		       t->text);
}

static bool is_list(enum filter_op op)
{
	return op == FILTER_IN || op == FILTER_NOT_IN;
}

static bool is_like(enum filter_op op)
{
	return op == FILTER_LIKE || op == FILTER_ILIKE;
}

/* A trace is of the run that made it, and of those that it was linked to. */
static int run_term(const struct filter_term *t, struct search_query *q)
{
	if (t->op != FILTER_EQ || !t->is_string)
		return 0;
	query_add(q, "(" RUN " = ");
	query_text(q, t->text);
	query_add(q, " OR EXISTS (SELECT 1 FROM trace_links x WHERE x.kind = 'run' AND x.target = ");
	query_text(q, t->text);
	query_add(q, " AND x.trace_id = t.id))");
	return 1;
}

static int prompt_term(const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	if (t->op != FILTER_EQ)
		return err_set(err, MLOPS_EINVALID,
			       "Invalid comparator for prompts filter. Only '=' is supported with format:"
			       " prompt = \"name/version\"");
	const char *slash = t->is_string ? strchr(t->text, '/') : NULL;
	if (!slash || strchr(slash + 1, '/'))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid prompts filter value '%.200s'. Expected format: prompt ="
			       " \"name/version\"", t->text);
	query_add(q, "EXISTS (SELECT 1 FROM trace_links x WHERE x.kind = 'prompt' AND x.target = ");
	query_text(q, t->text);
	query_add(q, " AND x.trace_id = t.id)");
	return 1;
}

static int text_term(const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	if (!is_like(t->op))
		return fail_op("attribute", t, err);
	if (!t->is_string)
		return need_string("attribute", t, err);
	query_add(q, "EXISTS (SELECT 1 FROM spans x WHERE x.trace_id = t.id AND ");
	query_compare_text(q, "x.content", t);
	query_add(q, ")");
	return 1;
}

static const char *unquoted(const char *key, struct arena *arena)
{
	size_t n = strlen(key);

	return n > 2 && strchr("`\"", *key) && key[n - 1] == *key ? arena_strndup(arena, key + 1, n - 2) : key;
}

/* Within the condition on one span. */
static int span_term(const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	const char *attribute = str_starts(t->key, "attributes.") ? t->key + strlen("attributes.") : NULL;
	const char *column = !strcmp(t->key, "name") ? "s.name" : !strcmp(t->key, "type") ? "s.type" :
			     !strcmp(t->key, "status") ? "s.status" : !strcmp(t->key, "content") ? "s.content" :
												     NULL;

	if (!column && (!attribute || !*attribute))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid span attribute '%.200s'. Supported attributes: name, status, type,"
			       " attributes.<attribute_name>.", t->key);
	if (t->op >= FILTER_IS_NULL || (t->op > FILTER_NE && t->op < FILTER_LIKE) ||
	    (!strcmp(t->key, "content") && !is_like(t->op)))
		return fail_op("span", t, err);
	if (!is_list(t->op) && !t->is_string)
		return need_string("span", t, err);
	if (column) {
		query_compare_text(q, column, t);
		return 1;
	}
	query_add(q, "EXISTS (SELECT 1 FROM json_each(s.content, '$.attributes') a WHERE a.key = ");
	query_text(q, unquoted(attribute, q->arena));
	query_add(q, " AND ");
	query_compare_text(q, "CAST(" ATTRIBUTE " AS TEXT)", t);
	query_add(q, ")");
	return 1;
}

static void assessment_value(const struct filter_term *t, struct search_query *q)
{
	query_add(q, " AND ");
	if (t->is_string)
		query_compare_text(q, "x.value", t);
	else
		query_compare_number(q, "x.number", t);
}

/* What there is no valid assessment of is found by IS NULL alone. */
static int assessment_term(const struct filter_term *t, const char *kind, struct search_query *q,
			   struct mlops_error *err)
{
	bool null_op = t->op >= FILTER_IS_NULL, orders = t->op > FILTER_NE && t->op < FILTER_LIKE;

	if (is_list(t->op))
		return fail_op(kind, t, err);
	if (!null_op && (t->is_string ? orders : is_like(t->op)))
		return orders ? err_set(err, MLOPS_EINVALID, "Expected numeric value type for %s. Found '%.200s'",
					kind, t->text) :
				need_string(kind, t, err);
	query_add(q, t->op == FILTER_IS_NULL ? "NOT " : "");
	query_add(q, "EXISTS (SELECT 1 FROM assessments x WHERE x.trace_id = t.id AND x.valid AND x.kind = ");
	query_text(q, kind);
	query_add(q, " AND x.name = ");
	query_text(q, t->key);
	if (!null_op)
		assessment_value(t, q);
	query_add(q, ")");
	return 1;
}

static int issue_term(const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	if (strcmp(t->key, "id"))
		return err_set(err, MLOPS_EINVALID,
			       "Invalid issue attribute '%.200s'. Supported attributes: id", t->key);
	if (t->op != FILTER_EQ)
		return fail_op("issue", t, err);
	if (!t->is_string)
		return need_string("issue", t, err);
	query_add(q, "EXISTS (SELECT 1 FROM assessments x WHERE x.trace_id = t.id AND x.kind = 'issue'"
		     " AND x.name = ");
	query_text(q, t->text);
	query_add(q, ")");
	return 1;
}

static int trace_special(const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	switch (t->entity) {
	case FILTER_ATTRIBUTE:
		return !strcmp(t->key, "run_id") ? run_term(t, q) :
		       !strcmp(t->key, "prompt") ? prompt_term(t, q, err) :
		       !strcmp(t->key, "text")	 ? text_term(t, q, err) :
						   0;
	case FILTER_SPAN:
		return span_term(t, q, err);
	case FILTER_FEEDBACK:
		return assessment_term(t, "feedback", q, err);
	case FILTER_EXPECTATION:
		return assessment_term(t, "expectation", q, err);
	case FILTER_ISSUE:
		return issue_term(t, q, err);
	default:
		return 0;
	}
}

static const char *const trace_order[] = { "t.request_ms DESC", "t.uuid", NULL };

const struct search_kind search_traces = {
	.from = "traces t",
	.row = "t.id",
	.columns = trace_columns,
	.pairs = trace_pairs,
	.order = trace_order,
	.special = trace_special,
	.group = FILTER_SPAN,
	.group_sql = "EXISTS (SELECT 1 FROM spans s WHERE s.trace_id = t.id",
};
