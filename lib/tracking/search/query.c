/* From a kind, a filter and an order to SQL. Nothing that a client sent becomes part of the text. */
#include "tracking/search/kind.h"

#include "base/num.h"
#include "base/vec.h"

#define MAX_ORDER  50    /* SQLite joins 64 tables */
#define MAX_VALUES 32000 /* and binds 32766 values */

void query_clear(struct search_query *q)
{
	strbuf_clear(&q->sql);
	free(q->values);
	q->values = NULL;
	q->n = q->cap = 0;
}

void query_add(struct search_query *q, const char *sql)
{
	strbuf_adds(&q->sql, sql);
}

static void bind(struct search_query *q, struct db_value value)
{
	struct {
		struct db_value *v;
		size_t n, cap;
	} vec = { q->values, q->n, q->cap };

	vec_push(&vec, value);
	q->values = vec.v;
	q->n = vec.n;
	q->cap = vec.cap;
}

void query_text(struct search_query *q, const char *s)
{
	query_add(q, "?");
	bind(q, (struct db_value){ .type = 's', .s = s });
}

void query_int(struct search_query *q, int64_t v)
{
	query_add(q, "?");
	bind(q, (struct db_value){ .type = 'i', .i = v });
}

static void query_num(struct search_query *q, double v)
{
	query_add(q, "?");
	bind(q, (struct db_value){ .type = 'd', .d = v });
}

static const char *sign_of(enum filter_op op)
{
	static const char *const signs[] = { [FILTER_EQ] = " = ",  [FILTER_NE] = " != ",
					     [FILTER_LT] = " < ",  [FILTER_LE] = " <= ",
					     [FILTER_GT] = " > ",  [FILTER_GE] = " >= ",
					     [FILTER_LIKE] = " GLOB ", [FILTER_ILIKE] = " LIKE " };

	return signs[op];
}

/* LIKE minds case in MLflow and not in SQLite, whose GLOB does: its own signs go in brackets. */
static const char *glob_of(struct arena *arena, const char *like)
{
	autobuf glob = { 0 };

	for (; *like; like++) {
		if (*like == '%')
			strbuf_addc(&glob, '*');
		else if (*like == '_')
			strbuf_addc(&glob, '?');
		else if (strchr("*?[", *like))
			strbuf_addf(&glob, "[%c]", *like);
		else
			strbuf_addc(&glob, *like);
	}
	return arena_strndup(arena, glob.buf ? glob.buf : "", glob.len);
}

void query_compare_text(struct search_query *q, const char *sql, const struct filter_term *term)
{
	query_add(q, sql);
	if (term->op == FILTER_IS_NULL || term->op == FILTER_IS_NOT_NULL) {
		query_add(q, term->op == FILTER_IS_NULL ? " IS NULL" : " IS NOT NULL");
		return;
	}
	if (term->op != FILTER_IN && term->op != FILTER_NOT_IN) {
		query_add(q, sign_of(term->op));
		query_text(q, term->op == FILTER_LIKE ? glob_of(q->arena, term->text) : term->text);
		return;
	}
	query_add(q, term->op == FILTER_IN ? " IN (" : " NOT IN (");
	for (size_t i = 0; i < term->n; i++) {
		query_add(q, i ? "," : "");
		query_text(q, term->list[i]);
	}
	query_add(q, ")");
}

void query_compare_number(struct search_query *q, const char *sql, const struct filter_term *term)
{
	query_add(q, sql);
	query_add(q, sign_of(term->op));
	query_num(q, term->number);
}

static const char *entity_name(enum filter_entity entity)
{
	static const struct {
		enum filter_entity entity;
		const char *name;
	} names[] = { { FILTER_METRIC, "metric" },	   { FILTER_PARAM, "parameter" },
		      { FILTER_TAG, "tag" },		   { FILTER_DATASET, "dataset" },
		      { FILTER_METADATA, "metadata" },	   { FILTER_SPAN, "span" },
		      { FILTER_FEEDBACK, "feedback" },	   { FILTER_ISSUE, "issue" },
		      { FILTER_EXPECTATION, "expectation" } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].entity == entity)
			return names[i].name;
	return "attribute";
}

static int fail_op(const struct filter_term *t, struct mlops_error *err)
{
	return err_set(err, MLOPS_EINVALID, "Invalid comparator for %s '%.200s' in the filter",
		       entity_name(t->entity), t->key);
}

static int need_string(const struct filter_term *t, struct mlops_error *err)
{
	return err_set(err, MLOPS_EINVALID,
		       "Expected a quoted string value for %s (e.g. 'my-value'). Got value %.200s",
		       entity_name(t->entity), t->text);
}

static bool is_numeric(enum filter_op op)
{
	return op <= FILTER_GE;
}

static bool is_textual(enum filter_op op)
{
	return op == FILTER_EQ || op == FILTER_NE || op == FILTER_LIKE || op == FILTER_ILIKE;
}

static int check_number(const struct filter_term *t, const char *what, struct mlops_error *err)
{
	if (!is_numeric(t->op))
		return fail_op(t, err);
	if (!t->is_string)
		return 0;
	return err_set(err, MLOPS_EINVALID, "Expected numeric value type for %s. Found '%.200s'", what,
		       t->text);
}

static int write_column(const struct search_column *c, const struct filter_term *t,
			struct search_query *q, struct mlops_error *err)
{
	bool is_list = t->op == FILTER_IN || t->op == FILTER_NOT_IN;

	if (c->type == 'i') {
		if (check_number(t, "numeric attribute", err))
			return -1;
		query_compare_number(q, c->sql, t);
		return 0;
	}
	bool null_op = t->op >= FILTER_IS_NULL;
	if (is_list ? !c->is_id : null_op ? !c->may_null : !is_textual(t->op))
		return fail_op(t, err);
	if (!is_list && !null_op && !t->is_string)
		return need_string(t, err);
	query_compare_text(q, c->sql, t);
	return 0;
}

/*
 * A term on a key that the owner does not have is false, but for IS NULL. NaN, a NULL, is no
 * number's equal, neither less nor greater.
 */
static int write_pairs(const struct search_kind *kind, const struct search_pairs *p,
		       const struct filter_term *t, struct search_query *q, struct mlops_error *err)
{
	bool null_op = t->op >= FILTER_IS_NULL, metric = p->entity == FILTER_METRIC;

	if (metric ? check_number(t, "metric", err) :
	    null_op || is_textual(t->op) ? 0 : fail_op(t, err))
		return -1;
	if (!metric && !null_op && !t->is_string)
		return need_string(t, err);
	strbuf_addf(&q->sql, "%sEXISTS (SELECT 1 FROM %s x WHERE x.%s = %s AND x.key = ",
		    t->op == FILTER_IS_NULL ? "NOT " : "", p->table, p->owner, kind->row);
	query_text(q, t->key);
	if (metric) {
		query_add(q, t->op == FILTER_NE ? " AND x.value IS NOT " : " AND x.value");
		query_add(q, t->op == FILTER_NE ? "" : sign_of(t->op));
		query_num(q, t->number);
	} else if (!null_op) {
		query_add(q, " AND ");
		query_compare_text(q, "x.value", t);
	}
	query_add(q, ")");
	return 0;
}

static bool has_name(const char *names, const char *name)
{
	struct str rest = str_of(names);

	while (rest.n)
		if (str_eq(str_split(rest, '|', &rest), name))
			return true;
	return false;
}

static const struct search_column *find_column(const struct search_kind *kind, const char *name)
{
	for (const struct search_column *c = kind->columns; c->names; c++)
		if (has_name(c->names, name))
			return c;
	return NULL;
}

static const struct search_pairs *find_pairs(const struct search_kind *kind,
					     enum filter_entity entity)
{
	for (const struct search_pairs *p = kind->pairs; p->table; p++)
		if (p->entity == entity)
			return p;
	return NULL;
}

static int fail_key(const struct search_kind *kind, enum filter_entity entity, const char *key,
		    struct mlops_error *err)
{
	autobuf names = { 0 };

	if (entity != FILTER_ATTRIBUTE)
		return err_set(err, MLOPS_EINVALID, "Invalid entity type '%s' for this search",
			       entity_name(entity));
	for (const struct search_column *c = kind->columns; c->names; c++)
		strbuf_addf(&names, "%s'%.*s'", names.len ? ", " : "", (int)strcspn(c->names, "|"),
			    c->names);
	return err_set(err, MLOPS_EINVALID,
		       "Invalid attribute key '%.200s' specified. Valid keys are [%s]", key,
		       names.buf);
}

static int write_term(const struct search_kind *kind, const struct filter_term *t,
		      struct search_query *q, struct mlops_error *err)
{
	int rc = kind->special ? kind->special(t, q, err) : 0;

	if (rc)
		return rc < 0 ? -1 : 0;
	const struct search_pairs *p = find_pairs(kind, t->entity);
	if (p)
		return write_pairs(kind, p, t, q, err);
	const struct search_column *c =
		t->entity == FILTER_ATTRIBUTE ? find_column(kind, t->key) : NULL;
	return c ? write_column(c, t, q, err) : fail_key(kind, t->entity, t->key, err);
}

static int write_and(const struct search_kind *kind, const struct filter_term *t, struct search_query *q,
		     struct mlops_error *err)
{
	query_add(q, " AND ");
	return write_term(kind, t, q, err);
}

static int write_group(const struct search_kind *kind, const struct filter *filter, struct search_query *q,
		       struct mlops_error *err)
{
	bool begun = false;

	for (size_t i = 0; i < filter->n; i++) {
		if (filter->v[i].entity != kind->group)
			continue;
		if (!begun) {
			query_add(q, " AND ");
			query_add(q, kind->group_sql);
		}
		begun = true;
		if (write_and(kind, &filter->v[i], q, err))
			return -1;
	}
	query_add(q, begun ? ")" : "");
	return 0;
}

static int write_filter(const struct search_kind *kind, const char *text, struct search_query *q,
			struct mlops_error *err)
{
	struct filter filter;

	if (!text || filter_parse(text, q->arena, &filter, err))
		return text ? -1 : 0;
	for (size_t i = 0; i < filter.n; i++)
		if (filter.v[i].entity != kind->group && write_and(kind, &filter.v[i], q, err))
			return -1;
	return write_group(kind, &filter, q, err);
}

struct ordering {
	const struct search_kind *kind;
	struct order_term *v;
	size_t n;
};

static int parse_order(const struct search_how *how, struct ordering *o, struct arena *arena,
		       struct mlops_error *err)
{
	if (how->n_order > MAX_ORDER)
		return err_set(err, MLOPS_EINVALID, "There are more than %d clauses in `order_by`",
			       MAX_ORDER);
	o->v = arena_alloc(arena, (how->n_order + 1) * sizeof(*o->v));
	for (size_t i = 0; i < how->n_order; i++) {
		struct order_term *t = &o->v[o->n];

		if (order_parse(how->order[i], arena, t, err))
			return -1;
		for (size_t j = 0; j < o->n; j++)
			if (o->v[j].entity == t->entity && !strcmp(o->v[j].key, t->key))
				return err_set(err, MLOPS_EINVALID,
					       "`order_by` contains duplicate fields: '%.200s'", t->key);
		if (t->entity == FILTER_ATTRIBUTE ? !find_column(o->kind, t->key) :
						    !find_pairs(o->kind, t->entity))
			return fail_key(o->kind, t->entity, t->key, err);
		o->n++;
	}
	return 0;
}

static void write_joins(const struct ordering *o, struct search_query *q)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct search_pairs *p = find_pairs(o->kind, o->v[i].entity);

		if (!p)
			continue;
		strbuf_addf(&q->sql, " LEFT JOIN %s o%zu ON o%zu.%s = %s AND o%zu.key = ", p->table, i,
			    i, p->owner, o->kind->row, i);
		query_text(q, o->v[i].key);
	}
}

/* What has no value comes last, whichever way the order goes; NaN (null in a row) before that. */
static void write_order(const struct ordering *o, struct search_query *q)
{
	query_add(q, " ORDER BY ");
	for (size_t i = 0; i < o->n; i++) {
		const struct order_term *t = &o->v[i];
		const struct search_pairs *p = find_pairs(o->kind, t->entity);
		const char *direction = t->descending ? " DESC, " : ", ";
		const struct search_column *c = p ? NULL : find_column(o->kind, t->key);

		if (p)
			strbuf_addf(&q->sql, "o%zu.%s IS NULL, o%zu.value IS NULL, o%zu.value%s", i,
				    p->owner, i, i, direction);
		else if (c->may_null)
			strbuf_addf(&q->sql, "%s IS NULL, %s%s", c->sql, c->sql, direction);
		else
			strbuf_addf(&q->sql, "%s%s", c->sql, direction);
	}
	for (size_t i = 0; o->kind->order[i]; i++)
		strbuf_addf(&q->sql, "%s%s", i ? ", " : "", o->kind->order[i]);
}

int search_compile(const struct search_kind *kind, const struct search_how *how,
		   const struct search_query *where, struct search_query *q,
		   struct mlops_error *err)
{
	struct ordering o = { .kind = kind };

	if (parse_order(how, &o, q->arena, err))
		return -1;
	strbuf_addf(&q->sql, "SELECT %s FROM %s", kind->row, kind->from);
	write_joins(&o, q);
	query_add(q, " WHERE ");
	query_add(q, where && where->sql.len ? where->sql.buf : "1");
	for (size_t i = 0; where && i < where->n; i++)
		bind(q, where->values[i]);
	if (write_filter(kind, how->filter, q, err))
		return -1;
	write_order(&o, q);
	query_add(q, " LIMIT ");
	query_int(q, how->limit);
	query_add(q, " OFFSET ");
	query_int(q, how->offset);
	if (q->n > MAX_VALUES)
		return err_set(err, MLOPS_EINVALID, "The search has more than %d values", MAX_VALUES);
	return 0;
}

int search_run(struct db *db, const struct search_query *q, struct db_stmt **out,
	       struct mlops_error *err)
{
	return db_query_values(db, out, err, q->sql.buf, q->values, q->n);
}
